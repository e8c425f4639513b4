package mp

import "testing"

// withTOS sets the octet that says how a packet wants to be served.
func withTOS(p []byte, tos byte) []byte {
	if p[0]>>4 == 6 {
		p[0], p[1] = p[0]&0xf0|tos>>4, p[1]&0x0f|tos<<4
	} else {
		p[1] = tos
	}
	return p
}

func TestUrgent(t *testing.T) {
	const always, byKeyword, never = "always", "with telnettos", "never"
	tcp6 := func(from, to byte) []byte { return packet6(protoTCP, 0, from, 0, to, 0, 0, 0, 0) }
	for _, tt := range []struct {
		name string
		p    []byte
		when string
	}{
		{"ping", packet4(protoICMP, 8, 0), byKeyword},
		{"ping of IPv6", packet6(protoICMPv6, 128, 0), byKeyword},
		{"to telnet", tcp4(23, 0), byKeyword},
		{"from telnet", packet4(protoTCP, 0, 23, 0x9c, 0x40, 0, 0, 0, 0), byKeyword},
		{"to login", tcp4(513, 0), byKeyword},
		{"to talk", tcp4(518, 0), byKeyword},
		{"to telnet by IPv6", tcp6(99, 23), byKeyword},
		{"from telnet by IPv6", tcp6(23, 99), byKeyword},
		{"port 514", tcp4(514, 0), never},
		{"web", tcp4(80, 0), never},
		{"UDP to port 23", packet4(protoUDP, 0x9c, 0x40, 0, 23, 0, 0, 0, 0), never},
		{"a later fragment", func() []byte { p := tcp4(23, 0); p[7] = 1; return p }(), never},
		{"no ports", packet4(protoTCP, 0, 23), never},
		{"TOS low delay", withTOS(tcp4(80, 0), 0x10), always},
		{"TOS low delay with congestion bits", withTOS(tcp4(80, 0), 0x12), always},
		{"TOS low delay and throughput", withTOS(tcp4(80, 0), 0x18), always},
		{"TOS low delay and reliability", withTOS(tcp4(80, 0), 0x14), always},
		{"TOS low delay of IPv6", withTOS(tcp6(99, 80), 0x18), always},
		{"DSCP EF", withTOS(packet4(protoUDP, 1, 1, 1, 1, 0, 0, 0, 0), 46<<2), always},
		{"DSCP EF with congestion bits", withTOS(packet4(protoUDP, 1, 1, 1, 1, 0, 0, 0, 0), 46<<2|1), always},
		{"DSCP CS6", withTOS(tcp4(179, 0), 48<<2), always},
		{"DSCP EF of IPv6", withTOS(packet6(protoUDP, 1, 1, 1, 1, 0, 0, 0, 0), 46<<2), always},
		{"DSCP CS6 of IPv6", withTOS(tcp6(99, 179), 48<<2), always},
		{"TOS throughput", withTOS(tcp4(80, 0), 0x08), never},
		{"DSCP CS1", withTOS(tcp4(80, 0), 8<<2), never},
		{"DSCP AF11", withTOS(tcp4(80, 0), 10<<2), never},
		{"DSCP AF12", withTOS(tcp4(80, 0), 12<<2), never},
		{"DSCP AF13", withTOS(tcp4(80, 0), 14<<2), never},
		{"DSCP AF41", withTOS(tcp4(80, 0), 34<<2), never},
	} {
		if got, want := urgent(tt.p, false), tt.when == always; got != want {
			t.Errorf("%s: urgent %v without telnettos, want %v", tt.name, got, want)
		}
		if got, want := urgent(tt.p, true), tt.when != never; got != want {
			t.Errorf("%s: urgent %v with telnettos, want %v", tt.name, got, want)
		}
	}
}
