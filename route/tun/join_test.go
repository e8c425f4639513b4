package tun

import (
	"bytes"
	"testing"
)

func TestJoin(t *testing.T) {
	seg := func(seq uint32, n int, more ...func(*tcp)) []byte {
		s := tcp{from: 1, to: 2, seq: seq, id: uint16(seq / 100), payload: payload(n)}
		for _, f := range more {
			f(&s)
		}
		return s.bytes()
	}
	v6 := func(t *tcp) { t.ipv6 = true }
	with := func(f func(*tcp)) func(*tcp) { return f }
	tests := []struct {
		name    string
		packets [][]byte
		want    []int // segments of each packet written
	}{
		{"one", [][]byte{seg(0, 100)}, []int{1}},
		{"in sequence", [][]byte{seg(0, 100), seg(100, 100), seg(200, 100)}, []int{3}},
		{"in sequence, IPv6", [][]byte{seg(0, 100, v6), seg(100, 100, v6), seg(200, 100, v6)}, []int{3}},
		{"sequence numbers wrap", [][]byte{seg(0xffffff9c, 100), seg(0, 100)}, []int{2}},
		{"a shorter one ends it", [][]byte{seg(0, 100), seg(100, 99), seg(199, 100)}, []int{2, 1}},
		{"a longer one begins another", [][]byte{seg(0, 100), seg(100, 101), seg(201, 101)}, []int{1, 2}},
		{"a gap", [][]byte{seg(0, 100), seg(200, 100), seg(300, 100)}, []int{1, 2}},
		{"the same again", [][]byte{seg(0, 100), seg(0, 100)}, []int{1, 1}},
		{"backwards", [][]byte{seg(100, 100), seg(0, 100), seg(200, 100)}, []int{1, 1, 1}},
		{"PSH ends it", [][]byte{seg(0, 100), seg(100, 100, with(func(t *tcp) { t.flags = tcpPSH })), seg(200, 100), seg(300, 100)}, []int{2, 2}},
		{"PSH alone", [][]byte{seg(0, 100, with(func(t *tcp) { t.flags = tcpPSH })), seg(100, 100)}, []int{1, 1}},
		{"FIN goes alone", [][]byte{seg(0, 100), seg(100, 100, with(func(t *tcp) { t.flags = tcpFIN })), seg(201, 100)}, []int{1, 1, 1}},
		{"CWR goes alone", [][]byte{seg(0, 100), seg(100, 100, with(func(t *tcp) { t.flags = tcpCWR }))}, []int{1, 1}},
		{"acknowledgements", [][]byte{seg(0, 0), seg(0, 0, with(func(t *tcp) { t.ack = 9 }))}, []int{1, 1}},
		{"an acknowledgement between", [][]byte{seg(0, 100), seg(100, 0), seg(100, 100)}, []int{1, 1, 1}},
		{"another acknowledged", [][]byte{seg(0, 100), seg(100, 100, with(func(t *tcp) { t.ack = 9 })), seg(200, 100, with(func(t *tcp) { t.ack = 9 }))}, []int{1, 2}},
		{"another window", [][]byte{seg(0, 100), seg(100, 100, with(func(t *tcp) { t.window = 9 }))}, []int{1, 1}},
		{"another type of service", [][]byte{seg(0, 100), seg(100, 100, with(func(t *tcp) { t.tos = 4 }))}, []int{1, 1}},
		{"another type of service, IPv6", [][]byte{seg(0, 100, v6), seg(100, 100, v6, with(func(t *tcp) { t.tos = 4 }))}, []int{1, 1}},
		{"another time to live", [][]byte{seg(0, 100), seg(100, 100, with(func(t *tcp) { t.ttl = 4 }))}, []int{1, 1}},
		{"another hop limit", [][]byte{seg(0, 100, v6), seg(100, 100, v6, with(func(t *tcp) { t.ttl = 4 }))}, []int{1, 1}},
		{"options alike", [][]byte{seg(0, 100, with(func(t *tcp) { t.options = timestamps })), seg(100, 100, with(func(t *tcp) { t.options = timestamps }))}, []int{2}},
		{"options that differ", [][]byte{seg(0, 100, with(func(t *tcp) { t.options = timestamps })), seg(100, 100, with(func(t *tcp) { t.options = append(bytes.Clone(timestamps[:11]), 5) }))}, []int{1, 1}},
		{"options in one", [][]byte{seg(0, 100, with(func(t *tcp) { t.options = timestamps })), seg(100, 100)}, []int{1, 1}},
		{"identifications do not count", [][]byte{seg(0, 100), seg(100, 100, with(func(t *tcp) { t.id = 1 })), seg(200, 100, with(func(t *tcp) { t.id = 1 }))}, []int{3}},
		{"where there may be fragments they do", [][]byte{
			seg(0, 100, with(func(t *tcp) { t.fragment = true })), seg(100, 100, with(func(t *tcp) { t.fragment = true })),
			seg(200, 100, with(func(t *tcp) { t.fragment, t.id = true, 9 })),
		}, []int{2, 1}},
		{"fragmentation allowed in one", [][]byte{seg(0, 100), seg(100, 100, with(func(t *tcp) { t.fragment = true }))}, []int{1, 1}},
		{"the first one broken", [][]byte{seg(0, 100, with(func(t *tcp) { t.broken = true })), seg(100, 100), seg(200, 100)}, []int{1, 2}},
		{"the second one broken", [][]byte{seg(0, 100), seg(100, 100, with(func(t *tcp) { t.broken = true })), seg(200, 100)}, []int{1, 1, 1}},
		{"two connections in turn", [][]byte{
			seg(0, 100), seg(0, 100, with(func(t *tcp) { t.from = 3 })), seg(100, 100), seg(100, 100, with(func(t *tcp) { t.from = 3 })), seg(200, 100),
		}, []int{3, 2}},
		{"the same ports, two versions", [][]byte{seg(0, 100), seg(0, 100, v6), seg(100, 100), seg(100, 100, v6)}, []int{2, 2}},
		{"no IP", [][]byte{{1, 2, 3}, nil, seg(0, 100), {0x45}, seg(100, 100)}, []int{1, 1, 2, 1}},
		{"more than its length says", [][]byte{append(seg(0, 100), 1), seg(100, 100)}, []int{1, 1}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			ws := joined(tt.packets...)
			if len(ws) != len(tt.want) {
				t.Fatalf("%d packets are written, want %v", len(ws), tt.want)
			}
			for i, w := range ws {
				if n := len(cutModel(w)); n != tt.want[i] {
					t.Errorf("packet %d has %d segments, want %v", i, n, tt.want)
				}
			}
			checkJoined(t, tt.packets, ws)
		})
	}
}

// TestJoinEndsAtTheLongestPacket: 65535 octets, headers included.
func TestJoinEndsAtTheLongestPacket(t *testing.T) {
	var packets [][]byte
	for i := range 50 {
		packets = append(packets, tcp{seq: uint32(i * 1400), id: uint16(i), payload: payload(1400)}.bytes())
	}
	ws := joined(packets...)
	if len(ws) != 2 || len(ws[0].p) != 40+46*1400 {
		t.Errorf("%d packets, the first of %d octets", len(ws), len(ws[0].p))
	}
	checkJoined(t, packets, ws)
}

// checkJoined wants that the kernel makes the packets that there were of what
// it is given, those of each connection in order. (Which number a datagram has
// that is not fragmented, does not matter.)
func checkJoined(t *testing.T, packets [][]byte, ws []written) {
	t.Helper()
	flows := func(all [][]byte) map[string][][]byte {
		m := map[string][][]byte{}
		for _, p := range all {
			s, ok := shapeOf(p)
			name := "rest"
			if p = bytes.Clone(p); ok {
				name = string(p[s.tcp-8:s.tcp+4]) + string(p[0]>>4)
				if !s.ipv6 && p[6]&0x40 != 0 {
					p[4], p[5], p[10], p[11] = 0, 0, 0, 0
				}
			}
			m[name] = append(m[name], p)
		}
		return m
	}
	var cutAgain [][]byte
	for i, w := range ws {
		model := cutModel(w)
		if w.v.joined() {
			ours, err := cut(w)
			if err != nil {
				t.Fatalf("packet %d cannot be cut: %v", i, err)
			}
			if d := differs(ours, model); d != "" {
				t.Errorf("cut by Read: %s", d)
			}
		}
		cutAgain = append(cutAgain, model...)
	}
	got, want := flows(cutAgain), flows(packets)
	for name := range want {
		if d := differs(got[name], want[name]); d != "" {
			t.Errorf("connection %x: %s", name, d)
		}
	}
	if len(cutAgain) != len(packets) {
		t.Errorf("%d packets come out, %d went in", len(cutAgain), len(packets))
	}
}

// FuzzJoin makes packets by a script, two octets each: what is odd about one,
// and its length.
func FuzzJoin(f *testing.F) {
	f.Add([]byte{0, 100, 0, 100, 0, 100, 1, 50, 0, 100})
	f.Add([]byte{16, 100, 2, 100, 16, 100, 2, 100, 18, 7, 2, 100, 3, 0})
	f.Add([]byte{4, 9, 5, 9, 6, 9, 7, 9, 8, 9, 9, 9, 10, 9, 11, 9, 12, 9, 13, 9, 14, 9, 15, 9})
	f.Fuzz(func(t *testing.T, script []byte) {
		if len(script) > 200 {
			return
		}
		var flows [4]tcp
		for i := range flows {
			flows[i] = tcp{ipv6: i&1 != 0, from: i / 2, seq: 0xffffff00, id: 0xfff8, options: timestamps[:12*(i/2)]}
		}
		var packets [][]byte
		for ; len(script) >= 2; script = script[2:] {
			s := &flows[script[0]>>4&3]
			s.payload = payload(int(script[1]))
			odd := *s
			switch script[0] & 15 {
			case 1:
				odd.flags = tcpPSH
			case 2:
				odd.flags = tcpFIN
			case 3:
				odd.broken = true
			case 4:
				odd.tos = 1
			case 5:
				odd.ttl = 1
			case 6:
				odd.window = 1
			case 7:
				s.ack++
			case 8:
				odd.id += 5
			case 9:
				odd.fragment = true
			case 10:
				odd.seq += 3
			case 11:
				odd.options = []byte{1, 1, 1, 0}
			case 12:
				odd.flags = tcpCWR
			case 13:
				s.fragment = !s.fragment
			}
			b := odd.bytes()
			switch script[0] & 15 {
			case 14:
				b = b[:len(b)-min(len(b), 3)]
			case 15:
				b[script[1]%40] ^= 0x11
			}
			packets = append(packets, b)
			s.seq += uint32(len(odd.payload))
			s.id++
		}
		checkJoined(t, packets, joined(packets...))
	})
}
