package mp

import (
	"net/netip"
	"slices"
	"testing"
	"time"
)

// packet4 is an IPv4 packet of a protocol whose body begins as given.
func packet4(proto byte, body ...byte) []byte {
	p := make([]byte, 20, 64)
	p[0], p[9] = 0x45, proto
	copy(p[12:], []byte{10, 0, 0, 1, 10, 0, 0, 2})
	return append(p, body...)
}

// tcp4 is a TCP segment from port 40000 with flags.
func tcp4(port uint16, flags byte) []byte {
	body := make([]byte, 20)
	body[0], body[1], body[2], body[3], body[12], body[13] = 40000>>8, 40000&255, byte(port>>8), byte(port), 0x50, flags
	return packet4(protoTCP, body...)
}

// back is a packet as the other end sends it.
func back(p []byte) []byte {
	return slices.Concat(p[:12], p[16:20], p[12:16], p[22:24], p[20:22], p[24:])
}

func packet6(next byte, body ...byte) []byte {
	p := make([]byte, 40, 64)
	p[0], p[6] = 0x60, next
	return append(p, body...)
}

func TestActivityCounts(t *testing.T) {
	a := activity{cfg: IdleConfig{IgnorePorts: []uint16{123, 520}, IgnoreICMP: []uint8{0, 3, 9, 12}}}
	for _, tc := range []struct {
		name string
		p    []byte
		want bool
	}{
		{"UDP", packet4(protoUDP, 0x9c, 0x40, 0, 53, 0, 0, 0, 0), true},
		{"UDP to NTP", packet4(protoUDP, 0x9c, 0x40, 0, 123, 0, 0, 0, 0), false},
		{"UDP from NTP", packet4(protoUDP, 0, 123, 0x9c, 0x40, 0, 0, 0, 0), false},
		{"TCP", tcp4(80, tcpSYN), true},
		{"TCP to an ignored port", tcp4(520, tcpSYN), false},
		{"ping", packet4(protoICMP, 8, 0), true},
		{"unreachable", packet4(protoICMP, 3, 1), false},
		{"router advertisement", packet4(protoICMP, 9, 0), false},
		{"time exceeded", packet4(protoICMP, 11, 0), true},
		{"another protocol", packet4(47, 0, 0), true},
		{"a later fragment", func() []byte { p := packet4(protoUDP, 0, 123); p[7] = 1; return p }(), true},
		{"ping6", packet6(protoICMPv6, 128, 0), true},
		{"echo reply of IPv6", packet6(protoICMPv6, 129, 0), false},
		{"unreachable of IPv6", packet6(protoICMPv6, 1, 4), false},
		{"packet too big of IPv6", packet6(protoICMPv6, 2, 0), false},
		{"time exceeded of IPv6", packet6(protoICMPv6, 3, 0), true},
		{"parameter problem of IPv6", packet6(protoICMPv6, 4, 1), false},
		{"an ICMPv6 type of its own", packet6(protoICMPv6, 139, 0), true},
		{"an ICMPv6 type that is ignored in ICMP", packet6(protoICMPv6, 9, 0), true},
		{"neighbour solicitation", packet6(protoICMPv6, 135, 0), false},
		{"router solicitation", packet6(protoICMPv6, 133, 0), false},
		{"multicast listener report", packet6(protoICMPv6, 143, 0), false},
		{"hop-by-hop options", packet6(0, protoICMPv6, 0), false},
		{"UDP over IPv6", packet6(protoUDP, 0x9c, 0x40, 0, 53, 0, 0, 0, 0), true},
	} {
		if got := a.counts(tc.p); got != tc.want {
			t.Errorf("%s: activity %v, want %v", tc.name, got, tc.want)
		}
	}
}

func TestIdleDeadline(t *testing.T) {
	start := time.Unix(1_000_000, 0)
	at := func(secs float64) time.Time { return start.Add(time.Duration(secs * float64(time.Second))) }
	udp := packet4(protoUDP, 0x9c, 0x40, 0, 53, 0, 0, 0, 0)
	for _, tc := range []struct {
		name string
		cfg  IdleConfig
		do   func(a *activity)
		want float64 // seconds after start; -1: never
	}{
		{"nothing asked for", IdleConfig{}, func(*activity) {}, -1},
		{"nothing carried", IdleConfig{Inactive: 30e9, Active: 300e9}, func(*activity) {}, 30},
		{"a packet", IdleConfig{Inactive: 30e9, Active: 300e9}, func(a *activity) { a.sent(at(10), udp) }, 40},
		{"a packet received", IdleConfig{Inactive: 30e9, Active: 300e9}, func(a *activity) { a.received(at(12), udp) }, 42},
		{"an open connection", IdleConfig{Inactive: 30e9, Active: 300e9}, func(a *activity) { a.sent(at(10), tcp4(22, tcpSYN)) }, 310},
		{"a closed connection", IdleConfig{Inactive: 30e9, Active: 300e9}, func(a *activity) {
			a.sent(at(10), tcp4(22, tcpSYN))
			a.sent(at(20), tcp4(22, tcpFIN))
		}, 50},
		{"a connection from before", IdleConfig{Inactive: 30e9, Active: 300e9}, func(a *activity) { a.sent(at(10), tcp4(22, tcpACK)) }, 310},
		{"closed, and the peer's FIN acknowledged twice", IdleConfig{Inactive: 30e9, Active: 300e9}, func(a *activity) {
			a.sent(at(10), tcp4(22, tcpSYN))
			a.sent(at(20), tcp4(22, tcpFIN|tcpACK))
			a.sent(at(21), tcp4(22, tcpACK))
			a.sent(at(22), tcp4(22, tcpACK))
		}, 52},
		{"closed by the peer first", IdleConfig{Inactive: 30e9, Active: 300e9}, func(a *activity) {
			a.sent(at(10), tcp4(22, tcpSYN))
			a.sent(at(20), tcp4(22, tcpACK))
			a.sent(at(20), tcp4(22, tcpFIN|tcpACK))
		}, 50},
		{"closed before it was known", IdleConfig{Inactive: 30e9, Active: 300e9}, func(a *activity) {
			a.sent(at(20), tcp4(22, tcpFIN|tcpACK))
			a.sent(at(21), tcp4(22, tcpACK))
		}, 51},
		{"closed, and its ports used again", IdleConfig{Inactive: 30e9, Active: 300e9}, func(a *activity) {
			a.sent(at(20), tcp4(22, tcpFIN|tcpACK))
			a.sent(at(21), tcp4(22, tcpSYN))
		}, 321},
		{"one that was made in the call before", IdleConfig{Inactive: 30e9, Active: 300e9}, func(a *activity) {
			a.sent(at(10), tcp4(22, tcpSYN))
			a.sent(at(10), tcp4(80, tcpSYN))
			a.sent(at(11), tcp4(80, tcpACK))
			a.end()
			a.begin(at(500))
		}, 800},
		{"no answer", IdleConfig{Inactive: 30e9, Active: 300e9}, func(a *activity) {
			a.sent(at(10), tcp4(22, tcpSYN))
			a.end()
			a.begin(at(500))
		}, 530},
		{"one of two closed", IdleConfig{Inactive: 30e9, Active: 300e9}, func(a *activity) {
			a.sent(at(10), tcp4(22, tcpSYN))
			a.sent(at(10), tcp4(80, tcpSYN))
			a.sent(at(20), tcp4(22, tcpRST))
		}, 320},
		{"a connection that only receives", IdleConfig{Inactive: 30e9, Active: 300e9}, func(a *activity) { a.received(at(5), tcp4(22, tcpSYN)) }, 35},
		{"only active_timeout", IdleConfig{Active: 300e9}, func(a *activity) {}, -1},
		{"only active_timeout, an open connection", IdleConfig{Active: 300e9}, func(a *activity) { a.sent(at(10), tcp4(22, tcpACK)) }, 310},
		{"only inactive_timeout, an open connection", IdleConfig{Inactive: 30e9}, func(a *activity) { a.sent(at(10), tcp4(22, tcpACK)) }, 7210},
		{"only inactive_timeout, a closed one", IdleConfig{Inactive: 30e9}, func(a *activity) {
			a.sent(at(10), tcp4(22, tcpSYN))
			a.sent(at(20), tcp4(22, tcpFIN))
		}, 50},
		{"only inactive_timeout, a connection that nobody answers", IdleConfig{Inactive: 30e9}, func(a *activity) { a.sent(at(10), tcp4(22, tcpSYN)) }, 40},
		{"only inactive_timeout, one that is answered", IdleConfig{Inactive: 30e9}, func(a *activity) {
			a.sent(at(10), tcp4(22, tcpSYN))
			a.sent(at(11), tcp4(22, tcpACK))
		}, 7211},
		{"only inactive_timeout, one that the peer aborts", IdleConfig{Inactive: 30e9}, func(a *activity) {
			a.sent(at(10), tcp4(22, tcpACK))
			a.received(at(12), back(tcp4(22, tcpRST|tcpACK)))
		}, 42},
		{"only inactive_timeout, and a long one", IdleConfig{Inactive: 10800e9}, func(a *activity) { a.sent(at(10), tcp4(22, tcpACK)) }, 10810},
		{"toll", IdleConfig{Inactive: 30e9, Toll: 60e9}, func(*activity) {}, 57},
		{"toll, idle in the next unit", IdleConfig{Inactive: 30e9, Toll: 60e9}, func(a *activity) { a.sent(at(40), udp) }, 117},
		{"toll, idle just in time", IdleConfig{Inactive: 30e9, Toll: 60e9}, func(a *activity) { a.sent(at(27), udp) }, 57},
		{"toll, idle just too late", IdleConfig{Inactive: 30e9, Toll: 60e9}, func(a *activity) { a.sent(at(27.5), udp) }, 117},
		{"a short unit", IdleConfig{Inactive: 5e9, Toll: 10e9}, func(*activity) {}, 9},
	} {
		t.Run(tc.name, func(t *testing.T) {
			a := activity{cfg: tc.cfg}
			a.begin(start)
			tc.do(&a)
			got := a.deadline()
			want := at(tc.want)
			if tc.want < 0 {
				want = time.Time{}
			}
			if !got.Equal(want) {
				t.Errorf("deadline %v s after the start, want %v", got.Sub(start).Seconds(), tc.want)
			}
		})
	}
}

// TestConnectionsAreBounded: there are no more connections than so many, those
// of which nothing was heard for hours make room for new ones, and others do not.
func TestConnectionsAreBounded(t *testing.T) {
	a := activity{cfg: IdleConfig{Active: time.Hour}}
	now := time.Unix(1_000_000, 0)
	a.begin(now)
	syn := tcp4(80, tcpSYN)
	for port := range maxConnections + 10 {
		syn[20], syn[21] = byte(port>>8), byte(port)
		a.sent(now, syn)
	}
	if len(a.conns) != maxConnections {
		t.Errorf("%d connections", len(a.conns))
	}
	kept := tcp4(80, 0)
	kept[20], kept[21] = 0, 1
	a.sent(now.Add(connectionLife/2), kept)
	a.sent(now.Add(connectionLife+time.Second), tcp4(443, tcpSYN))
	if len(a.conns) != 2 {
		t.Errorf("%d connections after the old ones have made room", len(a.conns))
	}
	for port := range uint16(maxConnections) {
		a.sent(now.Add(connectionLife+2*time.Second), tcp4(port, tcpACK))
	}
	a.sent(now.Add(connectionLife+3*time.Second), tcp4(443, tcpFIN))
	a.sent(now.Add(connectionLife+3*time.Second+2*briefLife), tcp4(5000, tcpACK))
	if _, ok := a.conns[connection{netip.MustParseAddrPort("10.0.0.1:40000"), netip.MustParseAddrPort("10.0.0.2:5000")}]; !ok || a.open != len(a.conns) {
		t.Errorf("%d connections, %d open, after a closed one has made room", len(a.conns), a.open)
	}
}
