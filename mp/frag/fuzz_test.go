package frag

import (
	"testing"
	"time"

	"pppdial/mp/mptest"
	"pppdial/mp/wire"
)

// FuzzReassembler reads its input as what happens to a reassembler: each
// octet says what, the octets behind it how.
func FuzzReassembler(f *testing.F) {
	f.Add(uint8(Long), []byte("\x00\x05\xc0\x00\x00\x00x\x01\x06\x80\x00\x00\x01ab"))
	f.Add(uint8(Short), []byte("\x00\x03\xc0\x01x\x10\xff\x00\x03\xc0\x03y\x20\x30"))
	f.Add(uint8(Classes), []byte("\x00\x05\x84\x00\x00\x00x\x00\x05\x44\x00\x00\x01y"))
	f.Add(uint8(ShortClasses), []byte("\x00\x03\x90\x00x\x00\x03\x40\x01y"))
	for _, said := range mptest.ByPPPD(uint16(wire.MP)) { // cut short, there is not more room
		var in []byte
		for _, b := range said {
			b = b[:min(len(b), 30)]
			in = append(append(in, 0, byte(len(b))), b...)
		}
		f.Add(uint8(Long), in)
		f.Add(uint8(Short), in)
	}
	f.Fuzz(func(t *testing.T, format uint8, in []byte) {
		ft := Format(format % 4)
		r := NewReassembler(ReassemblerConfig{Format: ft, Classes: 2, MRRU: 64})
		now := time.Unix(1, 0)
		src := []*Source{r.Add()}
		var packets uint64
		for len(in) > 1 {
			what, how := in[0], in[1]
			in = in[2:]
			link := src[int(what)%len(src)]
			switch what >> 4 {
			case 1:
				now = now.Add(time.Duration(how) * 10 * time.Millisecond)
			case 2:
				link.Rest(how&1 != 0)
			case 3:
				if len(src) < 8 {
					src = append(src, r.Add())
				}
			case 4:
				r.Remove(link)
			default:
				n := min(int(how), len(in))
				r.Input(now, link, in[:n])
				in = in[n:]
			}
			for {
				p, ok := r.Next(now)
				if !ok {
					break
				}
				if packets++; len(p) == 0 || len(p) > r.maxPacket() {
					t.Fatalf("a packet of %d octets", len(p))
				}
			}
			checkReassembler(t, r)
			if d := r.Deadline(); !d.IsZero() && !d.After(now) {
				t.Fatalf("the deadline was %v ago", now.Sub(d))
			}
		}
		if c := r.Counters(); c.Packets != packets {
			t.Fatalf("%d packets came out, %d are counted", packets, c.Packets)
		}
	})
}
