package frag

import (
	"bytes"
	"encoding/binary"
	"testing"
	"time"

	"pgregory.net/rapid"

	"pppdial/mp/wire"
)

// Whatever the lines are told to be, however they are offered: all that is put
// in is handed out without anybody being stuck, fits the lines, and a
// reassembler makes the same packets of it.
func TestSplitAnything(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		cfg := SplitterConfig{
			Format: rapid.SampledFrom([]Format{Long, Short, Classes, ShortClasses}).Draw(t, "format"),
			Whole:  rapid.Bool().Draw(t, "whole"),
		}
		if cfg.Format.MaxClasses() > 1 {
			cfg.Urgent = OwnClass
		}
		if rapid.Bool().Draw(t, "marks") {
			cfg.Mark = []byte{0xc0, 0x21, 11, 1, 0, 4}
		}
		w := &splitWorld{t: t, s: NewSplitter(cfg), now: time.Unix(100, 0), ids: map[bool]uint32{}}
		w.r = NewReassembler(ReassemblerConfig{Format: cfg.Format, Classes: 2, MRRU: 1600})
		for range rapid.IntRange(1, 6).Draw(t, "lines") {
			l := w.s.Add(LineConfig{
				Overhead: rapid.IntRange(4, 8).Draw(t, "overhead"),
				MRU:      rapid.SampledFrom([]int{128, 576, 1500, 1600}).Draw(t, "mru"),
			})
			l.Update(rapid.SampledFrom([]float64{0, 30, 960, 3360, 11520, 1e6}).Draw(t, "rate"),
				time.Duration(rapid.IntRange(0, 300).Draw(t, "delay"))*time.Millisecond)
			w.lines = append(w.lines, l)
			w.src = append(w.src, w.r.Add())
		}
		for range rapid.IntRange(1, 60).Draw(t, "steps") {
			w.step()
		}
		for _, l := range w.lines {
			l.Rest(false)
		}
		w.finish()
	})
}

type splitWorld struct {
	t     *rapid.T
	s     *Splitter
	r     *Reassembler
	now   time.Time
	lines []*Line
	src   []*Source
	sent  int
	got   int
	ids   map[bool]uint32 // of the last packet that came, urgent or not
}

func (w *splitWorld) step() {
	switch rapid.IntRange(0, 9).Draw(w.t, "what") {
	case 0, 1, 2:
		w.load()
	case 3:
		w.pass()
	case 4:
		rapid.SampledFrom(w.lines).Draw(w.t, "line").Rest(rapid.Bool().Draw(w.t, "rest"))
	default:
		w.offer(rapid.IntRange(0, len(w.lines)-1).Draw(w.t, "line"),
			rapid.IntRange(0, 2000).Draw(w.t, "below"), rapid.IntRange(0, 20000).Draw(w.t, "behind"))
	}
}

// load puts a packet in if there is room for it.
func (w *splitWorld) load() {
	urgent := rapid.Bool().Draw(w.t, "urgent")
	if !w.s.Takes(urgent) {
		return
	}
	info := make([]byte, rapid.IntRange(5, 1600).Draw(w.t, "size"))
	w.sent++
	binary.BigEndian.PutUint32(info, uint32(w.sent))
	if urgent {
		info[4] = 1
	}
	for i := 5; i < len(info); i++ {
		info[i] = byte(w.sent + i)
	}
	w.s.Load(urgent, wire.IPv4, info)
}

// pass lets time pass.
func (w *splitWorld) pass() {
	w.now = w.now.Add(time.Duration(rapid.IntRange(1, 500).Draw(w.t, "ms")) * time.Millisecond)
	w.s.Advance(w.now)
}

func (w *splitWorld) offer(i, below, behind int) bool {
	f, ok := w.s.Next(w.now, w.lines[i], below, behind)
	if !ok {
		return false
	}
	info := f.Store[f.From:]
	if len(info) > w.lines[i].cfg.MRU {
		w.t.Fatalf("%d octets, the MRU is %d", len(info), w.lines[i].cfg.MRU)
	}
	w.take(i, info)
	return true
}

// take receives a fragment.
func (w *splitWorld) take(i int, info []byte) {
	w.r.Input(w.now, w.src[i], info)
	for {
		p, ok := w.r.Next(w.now)
		if !ok {
			return
		}
		if !bytes.Equal(p, w.s.cfg.Mark) {
			w.check(p)
		}
	}
}

func (w *splitWorld) check(p []byte) {
	proto, info, err := wire.ParseProtocol(p)
	if err != nil || proto != wire.IPv4 {
		w.t.Fatalf("%x came out", p)
	}
	id, urgent := binary.BigEndian.Uint32(info), info[4] != 0
	for i := 5; i < len(info); i++ {
		if info[i] != byte(int(id)+i) {
			w.t.Fatalf("packet %d is damaged", id)
		}
	}
	if id <= w.ids[urgent] {
		w.t.Fatalf("packet %d after %d", id, w.ids[urgent])
	}
	w.ids[urgent] = id
	w.got++
}

// finish offers all lines until everything is out, going from deadline to
// deadline.
func (w *splitWorld) finish() {
	for range 10_000 {
		w.s.Advance(w.now)
		gave := false
		for i := range w.lines {
			gave = w.offer(i, 0, 0) || gave
		}
		if gave {
			continue
		}
		d := w.s.Deadline()
		if d.IsZero() {
			if w.got != w.sent || !w.s.Takes(true) || !w.s.Takes(false) {
				w.t.Fatalf("stuck with %d of %d packets out", w.got, w.sent)
			}
			return
		}
		if !d.After(w.now) {
			w.t.Fatal("the deadline does not move")
		}
		w.now = d
	}
	w.t.Fatal("does not come to an end")
}
