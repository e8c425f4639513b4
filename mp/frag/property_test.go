package frag

import (
	"bytes"
	"encoding/binary"
	"testing"
	"time"

	"pgregory.net/rapid"
)

// A wireFragment is one on its way over a link.
type wireFragment struct {
	info   []byte
	packet int // that it belongs to
	class  uint8
	lost   bool
}

// drawPackets makes packets, cuts them anyhow, and puts the pieces on links in
// the order of their numbers, each piece on any link.
func drawPackets(t *rapid.T, f Format, first []Seq, links int) (packets [][]byte, queues [][]wireFragment) {
	queues = make([][]wireFragment, links)
	seq := append([]Seq(nil), first...)
	n := rapid.IntRange(1, 40).Draw(t, "packets")
	for i := range n {
		p := make([]byte, rapid.IntRange(5, 300).Draw(t, "size"))
		binary.BigEndian.PutUint32(p, uint32(i))
		class := uint8(rapid.IntRange(0, len(first)-1).Draw(t, "class"))
		p[4] = class
		for j := 5; j < len(p); j++ {
			p[j] = byte(i + j)
		}
		packets = append(packets, p)
		rest := p
		for begin := true; begin || len(rest) > 0; begin = false {
			k := rapid.IntRange(0, len(rest)).Draw(t, "piece")
			if rapid.Bool().Draw(t, "rest") {
				k = len(rest)
			}
			h := Header{Begin: begin, End: k == len(rest), Class: class, Seq: seq[class]}
			seq[class] = f.Numbers().Next(seq[class])
			link := rapid.IntRange(0, links-1).Draw(t, "link")
			queues[link] = append(queues[link], wireFragment{
				info:   append(AppendHeader(nil, f, h), rest[:k]...),
				packet: i, class: class,
				lost: rapid.IntRange(0, 9).Draw(t, "loss") == 0,
			})
			rest = rest[k:]
		}
	}
	return packets, queues
}

// Whatever is cut how, comes over which link in which order, and is lost:
// what comes out is what went in and lost no piece, whole, in order and once.
func TestReassembleAnything(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		f := rapid.SampledFrom([]Format{Long, Short, Classes, ShortClasses}).Draw(t, "format")
		first := make([]Seq, 1)
		if f.MaxClasses() > 1 {
			first = make([]Seq, rapid.IntRange(1, 3).Draw(t, "classes"))
		}
		for i := range first {
			// Near the end of the circle, so that numbers wrap.
			first[i] = f.Numbers().Add(0, -rapid.IntRange(0, 50).Draw(t, "first"))
		}
		links := rapid.IntRange(1, 4).Draw(t, "links")
		packets, queues := drawPackets(t, f, first, links)

		now := time.Unix(100, 0)
		r := NewReassembler(ReassemblerConfig{Format: f, Classes: len(first), MRRU: 300})
		var src []*Source
		for i := range first {
			r.row(uint8(i)).next = int64(first[i])
		}
		for range links {
			src = append(src, r.Add())
		}
		intact := make([]bool, len(packets))
		for i := range intact {
			intact[i] = true
		}
		var got [][]byte
		drain := func() {
			for {
				p, ok := r.Next(now)
				if !ok {
					break
				}
				got = append(got, bytes.Clone(p))
			}
			checkReassembler(t, r)
		}
		removed := -1
		for {
			link := rapid.IntRange(0, links-1).Draw(t, "from")
			for i := 0; i < links && len(queues[link]) == 0; i++ {
				link = (link + 1) % links
			}
			if len(queues[link]) == 0 {
				break
			}
			w := queues[link][0]
			queues[link] = queues[link][1:]
			if w.lost || link == removed {
				intact[w.packet] = false
				continue
			}
			if removed < 0 && rapid.IntRange(0, 99).Draw(t, "remove") == 0 {
				removed = link
				intact[w.packet] = false
				r.Remove(src[link])
				drain()
				continue
			}
			now = now.Add(time.Millisecond)
			r.Input(now, src[link], w.info)
			drain()
			if rapid.IntRange(0, 9).Draw(t, "twice") == 0 {
				r.Input(now, src[link], w.info)
				drain()
			}
		}
		for d := r.Deadline(); !d.IsZero(); d = r.Deadline() {
			if d.Before(now) {
				t.Fatalf("the deadline was %v ago", now.Sub(d))
			}
			now = d
			drain()
		}
		compare(t, packets, intact, got, len(first))
	})
}

// compare checks that what came out is, for each class, what went in intact.
func compare(t *rapid.T, packets [][]byte, intact []bool, got [][]byte, classes int) {
	want := make([][][]byte, classes)
	for i, p := range packets {
		if intact[i] {
			want[p[4]] = append(want[p[4]], p)
		}
	}
	for _, p := range got {
		if len(p) < 5 || int(p[4]) >= classes {
			t.Fatalf("%x came out", p)
		}
		w := want[p[4]]
		if len(w) == 0 || !bytes.Equal(w[0], p) {
			t.Fatalf("class %d: %x came out; %d were to come: %x", p[4], p, len(w), w)
		}
		want[p[4]] = w[1:]
	}
	for c, w := range want {
		if len(w) > 0 {
			t.Fatalf("class %d: %d packets did not come out: %x", c, len(w), w)
		}
	}
}
