package frag

import (
	"fmt"
	"testing"
	"time"

	"pppdial/mp/wire"
)

var counts = []int{2, 4, 8}

// A splitting hands out whole packets over equal lines, in virtual time.
type splitting struct {
	s     *Splitter
	lines []*Line
	now   time.Time
	info  []byte
}

func newSplitting(lines int) *splitting {
	p := &splitting{s: NewSplitter(SplitterConfig{Mark: []byte{0x21}}), now: time.Unix(1, 0), info: make([]byte, simPacket)}
	for range lines {
		l := p.s.Add(LineConfig{Overhead: simFraming})
		l.Update(11520, simDelay)
		p.lines = append(p.lines, l)
	}
	return p
}

// packet splits one packet and calls f for every fragment.
func (p *splitting) packet(f func(line int, frag Fragment)) {
	p.s.Load(false, wire.IPv4, p.info)
	for !p.s.Takes(false) {
		for i, l := range p.lines {
			if l.free.After(p.now) {
				continue
			}
			if frag, ok := p.s.Next(p.now, l, 0, 4*simPacket); ok {
				f(i, frag)
			}
			if p.s.Takes(false) {
				break
			}
		}
		p.now = p.now.Add(time.Millisecond)
	}
}

func BenchmarkSplit(b *testing.B) {
	for _, n := range counts {
		b.Run(fmt.Sprintf("%d_links", n), func(b *testing.B) {
			p := newSplitting(n)
			b.ReportAllocs()
			b.SetBytes(simPacket)
			fragments := 0
			for b.Loop() {
				p.packet(func(int, Fragment) { fragments++ })
			}
			b.ReportMetric(float64(fragments)/float64(b.N), "fragments/op")
		})
	}
}

// A reassembling gives a reassembler packets of four fragments over links
// whose fragments come in the wrong order.
type reassembling struct {
	r     *Reassembler
	src   []*Source
	now   time.Time
	frags [4][]byte
	seq   Seq
}

func newReassembling(links int) *reassembling {
	p := &reassembling{r: NewReassembler(ReassemblerConfig{MRRU: simPacket}), now: time.Unix(1, 0)}
	for range links {
		p.src = append(p.src, p.r.Add())
	}
	for i := range p.frags {
		p.frags[i] = make([]byte, 0, maxHeader+simPacket/len(p.frags))
	}
	return p
}

func (p *reassembling) packet() (packets int) {
	for i := range p.frags {
		i ^= 1 // each second fragment before the one in front of it
		h := Header{Begin: i == 0, End: i == len(p.frags)-1, Seq: LongNumbers.Add(p.seq, i)}
		f := AppendHeader(p.frags[i][:0], Long, h)
		f = f[:cap(f)]
		p.r.Input(p.now, p.src[i%len(p.src)], f)
		for {
			if _, ok := p.r.Next(p.now); !ok {
				break
			}
			packets++
		}
	}
	p.seq = LongNumbers.Add(p.seq, len(p.frags))
	p.now = p.now.Add(time.Millisecond)
	return packets
}

func BenchmarkReassemble(b *testing.B) {
	for _, n := range counts {
		b.Run(fmt.Sprintf("%d_links", n), func(b *testing.B) {
			p := newReassembling(n)
			b.ReportAllocs()
			b.SetBytes(simPacket)
			packets := 0
			for b.Loop() {
				packets += p.packet()
			}
			if packets != b.N {
				b.Fatalf("%d packets of %d", packets, b.N)
			}
		})
	}
}

func TestNoAllocations(t *testing.T) {
	for _, n := range counts {
		s := newSplitting(n)
		if a := testing.AllocsPerRun(1000, func() { s.packet(func(int, Fragment) {}) }); a != 0 {
			t.Errorf("splitting over %d lines: %v allocations a packet", n, a)
		}
		r := newReassembling(n)
		if a := testing.AllocsPerRun(1000, func() { r.packet() }); a != 0 {
			t.Errorf("reassembling from %d links: %v allocations a packet", n, a)
		}
	}
}
