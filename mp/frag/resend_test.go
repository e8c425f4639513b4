package frag

import (
	"testing"
	"time"

	"pgregory.net/rapid"

	"pppdial/mp/wire"
)

// A breakWorld is a splitWorld whose fragments stay on their lines for a while,
// and whose lines break.
type breakWorld struct {
	splitWorld
	flights [][]flying // by line
}

type flying struct {
	left time.Time // when the line will have sent it
	info []byte
}

// TestResendAnything: when a line breaks and what it may have lost is sent anew
// over the others, every packet comes out, once, whole and in order, even if
// some of it had come already.
func TestResendAnything(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		cfg := SplitterConfig{
			Format: rapid.SampledFrom([]Format{Long, Short, Classes, ShortClasses}).Draw(t, "format"),
			Whole:  rapid.Bool().Draw(t, "whole"),
			Mark:   []byte{0xc0, 0x21, 11, 1, 0, 4},
		}
		if cfg.Format.MaxClasses() > 1 {
			cfg.Urgent = OwnClass
		}
		w := &breakWorld{splitWorld: splitWorld{t: t, s: NewSplitter(cfg), now: time.Unix(100, 0), ids: map[bool]uint32{}}}
		w.r = NewReassembler(ReassemblerConfig{Format: cfg.Format, Classes: 2, MRRU: 1600})
		lines := rapid.IntRange(2, 5).Draw(t, "lines")
		for range lines {
			l := w.s.Add(LineConfig{Overhead: 5, MRU: 1600})
			l.Update(rapid.SampledFrom([]float64{0, 960, 3360, 11520}).Draw(t, "rate"),
				time.Duration(rapid.IntRange(0, 300).Draw(t, "delay"))*time.Millisecond)
			w.lines, w.src = append(w.lines, l), append(w.src, w.r.Add())
		}
		w.flights = make([][]flying, lines)
		for range rapid.IntRange(1, 80).Draw(t, "steps") {
			w.step()
		}
		for i, l := range w.lines {
			l.Rest(false)
			w.arrive(i, len(w.flights[i]))
		}
		w.finish()
	})
}

func (w *breakWorld) step() {
	any := func() int { return rapid.IntRange(0, len(w.lines)-1).Draw(w.t, "line") }
	switch rapid.IntRange(0, 9).Draw(w.t, "what") {
	case 0, 1:
		w.load()
	case 2:
		// Nobody waits longer for a gap than it takes to send anew.
		for i := range w.lines {
			w.arrive(i, len(w.flights[i]))
		}
		w.pass()
	case 3:
		w.breakLine(any())
	case 4, 5:
		i := any()
		w.arrive(i, rapid.IntRange(0, len(w.flights[i])).Draw(w.t, "arrive"))
	default:
		w.send(any(), rapid.IntRange(0, 2000).Draw(w.t, "below"), rapid.IntRange(0, 20000).Draw(w.t, "behind"))
	}
}

// send offers a line, as long as all that is on it is remembered.
func (w *breakWorld) send(i, below, behind int) bool {
	if len(w.flights[i]) == memorySize {
		return false
	}
	f, ok := w.s.Next(w.now, w.lines[i], below, behind)
	if ok {
		w.flights[i] = append(w.flights[i], flying{w.lines[i].free, append([]byte(nil), f.Store[f.From:]...)})
	}
	return ok
}

// arrive lets the first n fragments on a line arrive.
func (w *breakWorld) arrive(i, n int) {
	for _, f := range w.flights[i][:n] {
		w.take(i, f.info)
	}
	w.flights[i] = w.flights[i][n:]
}

// breakLine loses what is on a line, and sends it anew, with some of what has
// arrived, over the others.
func (w *breakWorld) breakLine(i int) {
	since := w.now.Add(time.Hour)
	for _, f := range w.flights[i] {
		if f.left.Before(since) {
			since = f.left
		}
	}
	if rapid.Bool().Draw(w.t, "more") {
		since = time.Time{}
	}
	w.flights[i] = nil
	w.s.Resend(w.lines[i], since)
	for j, l := range w.lines {
		l.Rest(j == i)
	}
	for range 10 * memorySize {
		for j := range w.lines {
			if w.s.anew.n > 0 {
				w.send(j, 0, 0)
			}
			w.arrive(j, len(w.flights[j]))
		}
	}
	if w.s.anew.n > 0 {
		w.t.Fatalf("%d fragments are not sent anew", w.s.anew.n)
	}
}

// TestResendTooLong: what no line takes that is in use is lost. It does not wait
// for one that may never be back, nor hold up what is behind it.
func TestResendTooLong(t *testing.T) {
	for _, tt := range []struct {
		name  string
		lose  func(s *Splitter, l *Line)
		other int // the MRU of the third line
		takes bool
	}{
		{"removed", (*Splitter).Remove, 1000, false},
		{"resting", func(_ *Splitter, l *Line) { l.Rest(true) }, 1000, false},
		{"removed, and another takes it", (*Splitter).Remove, 1500, true},
	} {
		t.Run(tt.name, func(t *testing.T) {
			s, l := newSender(SplitterConfig{Whole: true}, 1)
			for _, n := range []int{1400, 50} {
				s.Load(false, wire.IPv4, numbered(n))
				next(t, s, t0, l[0], 0)
			}
			short, other := s.Add(LineConfig{Overhead: 4, MRU: 576}), s.Add(LineConfig{Overhead: 4, MRU: tt.other})
			if n := s.Resend(l[0], time.Time{}); n != 2 {
				t.Fatalf("%d fragments are to be sent anew", n)
			}
			tt.lose(s, l[0])
			if tt.takes {
				nothing(t, "the other line takes what goes first", s, t0, short, 0)
				if h, _ := next(t, s, t0, other, 0); h.Seq != 0 {
					t.Errorf("fragment %d goes first", h.Seq)
				}
			}
			if h, _ := next(t, s, t0, short, 0); h.Seq != 1 {
				t.Errorf("fragment %d, not the one that fits", h.Seq)
			}
			if !s.Empty() {
				t.Error("something is left")
			}
		})
	}
}
