package mp

import (
	"encoding/binary"
	"testing"
)

// tcpSum is the checksum over the pseudo header and the segment, 0 when right.
func tcpSum(p []byte) uint16 {
	var s uint32
	for i := 12; i < 20; i += 2 {
		s += uint32(binary.BigEndian.Uint16(p[i:]))
	}
	tcp := append([]byte(nil), p[20:]...)
	s += protoTCP + uint32(len(tcp))
	if len(tcp)%2 == 1 {
		tcp = append(tcp, 0)
	}
	for i := 0; i < len(tcp); i += 2 {
		s += uint32(binary.BigEndian.Uint16(tcp[i:]))
	}
	for s > 0xffff {
		s = s>>16 + s&0xffff
	}
	return ^uint16(s)
}

func syn(options ...byte) []byte {
	p := make([]byte, 40, 80)
	p[0], p[8], p[9] = 0x45, 64, protoTCP
	copy(p[12:], []byte{10, 0, 0, 1, 10, 0, 0, 2})
	p[32], p[33] = byte(20+len(options))/4<<4, tcpSYN
	p = append(p, options...)
	binary.BigEndian.PutUint16(p[2:], uint16(len(p)))
	binary.BigEndian.PutUint16(p[36:], tcpSum(p))
	return p
}

func TestClampMSS(t *testing.T) {
	for _, tc := range []struct {
		name    string
		options []byte
		at      int // of the MSS behind the clamp
		want    uint16
	}{
		{"large", []byte{2, 4, 1460 >> 8, 1460 & 255}, 42, 960},
		{"small", []byte{2, 4, 0x02, 0x00}, 42, 512},
		{"at an odd place", []byte{1, 2, 4, 1460 >> 8, 1460 & 255, 1, 1, 0}, 43, 960},
		{"behind others", []byte{3, 3, 7, 1, 2, 4, 0xff, 0xff}, 46, 960},
	} {
		t.Run(tc.name, func(t *testing.T) {
			p := syn(tc.options...)
			clampMSS(p, 1000)
			if got := binary.BigEndian.Uint16(p[tc.at:]); got != tc.want {
				t.Errorf("MSS %d, want %d", got, tc.want)
			}
			if tcpSum(p) != 0 {
				t.Error("the checksum is wrong now")
			}
		})
	}
	for _, bad := range [][]byte{{2, 40, 1, 1}, {2, 0, 1, 1}, {1, 1, 1, 2}, {0, 2, 4, 9}} {
		p := syn(bad...)
		before := string(p)
		if clampMSS(p, 1000); string(p) != before {
			t.Errorf("options % x were changed to % x", bad, p[40:])
		}
	}
}
