package tun

import (
	"bytes"
	"encoding/binary"
	"math/rand/v2"
	"testing"

	"golang.org/x/sys/unix"
)

func payload(n int) []byte {
	b := make([]byte, n)
	r := rand.New(rand.NewPCG(1, uint64(n)))
	for i := range b {
		b[i] = byte(r.Uint32())
	}
	return b
}

var timestamps = []byte{1, 1, 8, 10, 0, 0, 1, 2, 0, 0, 3, 4}

func TestChecksum(t *testing.T) {
	for n := range 200 {
		for _, b := range [][]byte{payload(n), bytes.Repeat([]byte{0xff}, n), make([]byte, n)} {
			got, want := sum16(b), sumModel(b)
			if got != want {
				t.Errorf("sum of %d octets is %#04x, want %#04x", n, got, want)
			}
		}
	}
	if got := sum16(bytes.Repeat([]byte{0xff}, maxDatagram)); got != sumModel(bytes.Repeat([]byte{0xff}, maxDatagram)) {
		t.Errorf("sum of the longest is %#04x", got)
	}
}

func TestSplit(t *testing.T) {
	tests := []struct {
		name string
		tcp  tcp
		size int
		n    int // segments
	}{
		{"one segment", tcp{seq: 7, payload: payload(100)}, 100, 1},
		{"one that is not full", tcp{payload: payload(99)}, 100, 1},
		{"two alike", tcp{payload: payload(200)}, 100, 2},
		{"a last octet", tcp{payload: payload(201)}, 100, 3},
		{"odd sizes", tcp{payload: payload(1001)}, 33, 31},
		{"the longest, by one octet", tcp{payload: payload(maxDatagram - 40)}, 1448, 46},
		{"options", tcp{options: timestamps, payload: payload(3000)}, 1448, 3},
		{"most options", tcp{options: bytes.Repeat([]byte{1}, 40), payload: payload(3000)}, 1400, 3},
		{"sequence numbers that wrap", tcp{seq: 0xfffffff0, payload: payload(64)}, 16, 4},
		{"identifications that wrap", tcp{id: 0xfffe, payload: payload(64)}, 16, 4},
		{"fragmentation allowed", tcp{id: 3, fragment: true, payload: payload(64)}, 16, 4},
		{"FIN and PSH are the last's", tcp{flags: tcpFIN | tcpPSH, payload: payload(64)}, 16, 4},
		{"CWR is the first's", tcp{flags: tcpCWR, payload: payload(64)}, 16, 4},
		{"IPv6", tcp{ipv6: true, seq: 9, tos: 0x2a, payload: payload(5000)}, 1428, 4},
		{"IPv6, options, last flags", tcp{ipv6: true, flags: tcpPSH, options: timestamps, payload: payload(2857)}, 1428, 3},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			w := whole(tt.tcp, tt.size)
			got, err := cut(w)
			if err != nil {
				t.Fatal(err)
			}
			if d := differs(got, cutModel(w)); d != "" {
				t.Error(d)
			}
			if len(got) != tt.n {
				t.Errorf("%d segments, want %d", len(got), tt.n)
			}
			for i, p := range got {
				if s, ok := shapeOf(p); !ok || !s.intact(p) || s.length(p) != len(p) {
					t.Errorf("segment %d is damaged: %x", i, p)
				}
			}
		})
	}
}

// TestSplitKeepsWhatStandsBetween: IP options and extension headers go with
// every segment.
func TestSplitKeepsWhatStandsBetween(t *testing.T) {
	for _, v6 := range []bool{false, true} {
		w := whole(tcp{ipv6: v6, payload: payload(300)}, 100)
		ip := int(w.v.sumStart)
		between := []byte{unix.IPPROTO_TCP, 0, 1, 4, 0, 0, 0, 0} // destination options: padding
		if !v6 {
			between = []byte{1, 1, 1, 0} // three of no operation, and the end
			w.p[0]++
		} else {
			w.p[6] = unix.IPPROTO_DSTOPTS
		}
		w.p = append(append(bytes.Clone(w.p[:ip]), between...), w.p[ip:]...)
		w.v.sumStart += uint16(len(between))
		got, err := cut(w)
		if err != nil {
			t.Fatal(err)
		}
		if d := differs(got, cutModel(w)); d != "" {
			t.Errorf("IPv6 %v: %s", v6, d)
		}
	}
}

func TestSplitRefusesNonsense(t *testing.T) {
	for name, spoil := range map[string]func(w *written){
		"no segment size":       func(w *written) { w.v.segmentSize = 0 },
		"no payload":            func(w *written) { w.p = w.p[:w.v.headers] },
		"UDP":                   func(w *written) { w.v.gso = unix.VIRTIO_NET_HDR_GSO_UDP_L4 },
		"the other version":     func(w *written) { w.v.gso = unix.VIRTIO_NET_HDR_GSO_TCPV6 },
		"no checksum to finish": func(w *written) { w.v.flags = 0 },
		"another checksum":      func(w *written) { w.v.sumOffset = udpSumOffset },
		"TCP beyond the end":    func(w *written) { w.v.sumStart = uint16(len(w.p) - tcpHeader + 1) },
		"TCP within IP":         func(w *written) { w.v.sumStart = 12 },
		"IP with options":       func(w *written) { w.p[0] = 0x46 },
		"short TCP header":      func(w *written) { w.p[ipv4Header+12] = 0x40 },
		"long TCP header":       func(w *written) { w.p[ipv4Header+12] = 0xf0; w.p = w.p[:60] },
		"nothing":               func(w *written) { w.p = nil },
	} {
		w := whole(tcp{payload: payload(100)}, 50)
		spoil(&w)
		if got, err := cut(w); err == nil {
			t.Errorf("%s: %d segments", name, len(got))
		}
	}
}

func TestFinish(t *testing.T) {
	udp := make([]byte, 29)
	copy(udp, []byte{0x45, 0, 0, 29, 0, 0, 0, 0, 64, unix.IPPROTO_UDP, 0, 0, 10, 0, 0, 1, 10, 0, 0, 2, 0, 7, 0, 7, 0, 9, 0, 0, 'x'})
	pseudo := sumModel([]byte{10, 0, 0, 1, 10, 0, 0, 2, 0, unix.IPPROTO_UDP, 0, 9})
	binary.BigEndian.PutUint16(udp[26:], pseudo)
	v := vnet{flags: unix.VIRTIO_NET_HDR_F_NEEDS_CSUM, sumStart: 20, sumOffset: udpSumOffset}
	p := bytes.Clone(udp)
	if err := v.finish(p); err != nil {
		t.Fatal(err)
	}
	if got := add(sumModel([]byte{10, 0, 0, 1, 10, 0, 0, 2, 0, unix.IPPROTO_UDP, 0, 9}), sumModel(p[20:])); got != 0xffff {
		t.Errorf("the sum over a finished datagram is %#04x, want 0xffff", got)
	}
	// So that what is summed up comes to nothing.
	p = bytes.Clone(udp)
	p[28] = 0
	binary.BigEndian.PutUint16(p[20:], ^add(pseudo, 7, 9))
	if err := v.finish(p); err != nil || binary.BigEndian.Uint16(p[26:]) != 0xffff {
		t.Errorf("a checksum of 0 became %x, %v; want ffff", p[26:28], err)
	}
	if err := v.finish(udp[:27]); err == nil {
		t.Error("a checksum beyond the end is put in")
	}
	p = bytes.Clone(udp)
	if err := (vnet{sumStart: 20, sumOffset: 6}).finish(p); err != nil || !bytes.Equal(p, udp) {
		t.Error("a finished datagram is changed")
	}
}

func FuzzSplit(f *testing.F) {
	for _, w := range []written{whole(tcp{payload: payload(300)}, 100), whole(tcp{ipv6: true, options: timestamps, payload: payload(301)}, 100)} {
		b := make([]byte, vnetLen)
		w.v.put(b)
		f.Add(append(b, w.p...))
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		if len(b) < vnetLen || len(b) > vnetLen+maxDatagram {
			return
		}
		w := written{parseVnet(b), b[vnetLen:]}
		p := bytes.Clone(w.p)
		if w.v.finish(p) == nil && len(p) != len(w.p) {
			t.Fatal("finish has changed the length")
		}
		got, err := cut(w)
		if err != nil {
			return
		}
		n := 0
		for _, p := range got {
			n += len(p) - len(got[0]) + min(len(got[0]), int(w.v.segmentSize))
		}
		if s := int(w.p[w.v.sumStart+12]>>4) * 4; len(got[0]) > int(w.v.sumStart)+s+int(w.v.segmentSize) || n == 0 {
			t.Fatalf("%d segments, the first of %d octets", len(got), len(got[0]))
		}
		if s, known := shapeOf(w.p); known && int(w.v.sumStart) == s.tcp {
			fit := written{w.v, bytes.Clone(w.p)} // only what the kernel would give: with the right sum in it
			binary.BigEndian.PutUint16(fit.p[s.tcp+tcpSumAt:], s.pseudoHeader(fit.p, len(fit.p)-s.tcp))
			again, err := cut(fit)
			if err != nil {
				t.Fatal(err)
			}
			if d := differs(again, cutModel(fit)); d != "" {
				t.Fatal(d)
			}
		}
	})
}
