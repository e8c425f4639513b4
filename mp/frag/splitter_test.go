package frag

import (
	"bytes"
	"testing"
	"time"

	"pppdial/mp/wire"
)

var t0 = time.Unix(2000, 0)

// A sender is a splitter with equal lines of 115200 bit/s.
func newSender(cfg SplitterConfig, lines int) (*Splitter, []*Line) {
	s := NewSplitter(cfg)
	var l []*Line
	for range lines {
		l = append(l, s.Add(LineConfig{Overhead: 4}))
		l[len(l)-1].Update(11520, 5*time.Millisecond)
	}
	return s, l
}

func numbered(n int) []byte {
	b := make([]byte, n)
	for i := range b {
		b[i] = byte(i)
	}
	return b
}

// next wants a fragment for line l and takes it apart.
func next(t *testing.T, s *Splitter, now time.Time, l *Line, behind int) (Header, []byte) {
	t.Helper()
	f, ok := s.Next(now, l, 0, behind)
	if !ok {
		t.Fatal("the line got nothing")
	}
	if f.Protocol != wire.MP || f.From < linkRoom {
		t.Fatalf("protocol %v, room for %d octets", f.Protocol, f.From)
	}
	// The owner may write into the room.
	copy(f.Store[f.From-linkRoom:], "room")
	h, data, err := ParseHeader(s.cfg.Format, f.Store[f.From:])
	if err != nil {
		t.Fatal(err)
	}
	return h, bytes.Clone(data)
}

func nothing(t *testing.T, why string, s *Splitter, now time.Time, l *Line, behind int) {
	t.Helper()
	if f, ok := s.Next(now, l, 0, behind); ok {
		t.Fatalf("%s: the line got %d octets", why, len(f.Store)-f.From)
	}
}

func TestSplitInTwo(t *testing.T) {
	for _, f := range []Format{Long, Short, Classes, ShortClasses} {
		s, l := newSender(SplitterConfig{Format: f}, 2)
		info := numbered(1500)
		s.Load(false, wire.IPv4, info)
		h1, d1 := next(t, s, t0, l[0], 0)
		if s.Takes(false) {
			t.Fatal("the place is free in the middle of a packet")
		}
		h2, d2 := next(t, s, t0, l[1], 0)
		if !s.Takes(false) {
			t.Fatal("the place is not free after the packet")
		}
		if h1 != (Header{Begin: true}) || h2 != (Header{End: true, Seq: 1}) {
			t.Errorf("headers %+v and %+v", h1, h2)
		}
		if got := append(d1, d2...); !bytes.Equal(got, append([]byte{0x21}, info...)) {
			t.Errorf("format %d: other octets came out", f)
		}
		if d := len(d1) - len(d2); d < -2 || d > 2 {
			t.Errorf("%d octets for one of two equal lines, %d for the other", len(d1), len(d2))
		}
	}
}

func TestSmallPacketStaysWhole(t *testing.T) {
	s, l := newSender(SplitterConfig{}, 4)
	s.Load(false, wire.IPv6, numbered(100))
	if h, d := next(t, s, t0, l[2], 0); !h.Begin || !h.End || len(d) != 101 {
		t.Errorf("%+v with %d octets", h, len(d))
	}
}

func TestSmallPacketTakesTheFirstLine(t *testing.T) {
	s, l := newSender(SplitterConfig{}, 2)
	l[0].Update(960, 0)
	s.Load(false, wire.IPv4, numbered(60))
	nothing(t, "the other line is ten times as fast", s, t0, l[0], 0)
	if d := s.Deadline(); !d.After(t0) {
		t.Error("nobody would offer the line again if the other were held up")
	}
	next(t, s, t0, l[1], 0)

	s.Load(false, wire.IPv4, numbered(60))
	busy := t0.Add(time.Millisecond)
	nothing(t, "the fast line is soon free again", s, busy, l[0], 0)
	if l[0].Benched() != true {
		t.Error("not benched")
	}
	late := t0.Add(time.Second)
	next(t, s, late, l[0], 0) // it has been held up for so long that it may be for longer
	if l[0].Benched() {
		t.Error("still benched")
	}
}

func TestSlowLineIsBenchedForAPacket(t *testing.T) {
	s, l := newSender(SplitterConfig{}, 2)
	l[0].Update(30, 0)
	s.Load(false, wire.IPv4, numbered(1500))
	nothing(t, "three seconds for the least piece", s, t0, l[0], 100_000)
	if !l[0].Benched() {
		t.Error("nobody is told")
	}
}

func TestLateLineHelpsWhenMuchWaits(t *testing.T) {
	s, l := newSender(SplitterConfig{}, 2)
	l[0].Update(11520, 500*time.Millisecond)
	s.Load(false, wire.IPv4, numbered(1500))
	nothing(t, "one packet is there sooner over the other line", s, t0, l[0], 0)
	next(t, s, t0, l[0], 10_000) // a second of it
}

func TestFragmentFitsMRU(t *testing.T) {
	s := NewSplitter(SplitterConfig{Whole: true})
	l := s.Add(LineConfig{Overhead: 4, MRU: 576})
	l.Update(1e6, 0)
	s.Load(false, wire.IPv4, numbered(1500))
	total, n := 0, 0
	for !s.Takes(false) {
		_, d := next(t, s, t0, l, 0)
		if len(d)+4 > 576 {
			t.Errorf("an information field of %d octets", len(d)+4)
		}
		total += len(d)
		n++
	}
	if total != 1501 || n != 3 {
		t.Errorf("%d octets in %d fragments", total, n)
	}
}

func TestUrgentPassesWhatIsNotBegun(t *testing.T) {
	s, l := newSender(SplitterConfig{}, 2)
	s.Load(false, wire.IPv4, numbered(1500))
	s.Load(true, wire.IPv4, numbered(40))
	if _, d := next(t, s, t0, l[0], 5000); len(d) != 41 {
		t.Errorf("%d octets before the urgent packet", len(d))
	}
	next(t, s, t0, l[1], 5000)
	s.Load(true, wire.IPv4, numbered(40))
	for !s.Takes(false) {
		if h, _ := next(t, s, t0, l[1], 5000); h.Begin {
			t.Fatalf("%+v in the middle of a packet", h)
		}
	}
	if h, d := next(t, s, t0, l[0], 5000); !h.Begin || len(d) != 41 {
		t.Errorf("%+v with %d octets after it", h, len(d))
	}
}

func TestUrgentHasItsOwnClass(t *testing.T) {
	s, l := newSender(SplitterConfig{Format: Classes, Urgent: OwnClass}, 1)
	s.Load(false, wire.IPv4, numbered(1500))
	if h, d := next(t, s, t0, l[0], 0); h != (Header{Begin: true}) || len(d) > 750 {
		t.Errorf("%+v with %d octets: an urgent packet has to wait for that", h, len(d))
	}
	s.Load(true, wire.IPv4, numbered(40))
	if h, _ := next(t, s, t0, l[0], 0); h != (Header{Begin: true, End: true, Class: 1}) {
		t.Errorf("%+v, not the urgent packet", h)
	}
	if h, _ := next(t, s, t0, l[0], 0); h != (Header{Seq: 1}) {
		t.Errorf("%+v, not what follows", h)
	}
}

func TestUrgentUnnumbered(t *testing.T) {
	s, l := newSender(SplitterConfig{Urgent: Unnumbered}, 2)
	s.Load(false, wire.IPv4, numbered(1500))
	next(t, s, t0, l[0], 0)
	info := numbered(40)
	s.Load(true, wire.IPCP, info)
	f, ok := s.Next(t0, l[1], 0, 0)
	if !ok || f.Protocol != wire.IPCP || !bytes.Equal(f.Store[f.From:], info) {
		t.Errorf("%v, %+v", ok, f)
	}
	if h, _ := next(t, s, t0, l[1], 0); h.Begin || h.Seq != 1 {
		t.Errorf("%+v, not the rest of the other packet", h)
	}
	// One that is too long for a frame needs numbers.
	s.Drop()
	s.Load(true, wire.IPv4, numbered(1600))
	if h, _ := next(t, s, t0.Add(time.Second), l[0], 0); h != (Header{Begin: true, Seq: 2}) {
		t.Errorf("%+v", h)
	}
}

func TestRestRemoveDrop(t *testing.T) {
	s, l := newSender(SplitterConfig{}, 2)
	s.Load(false, wire.IPv4, numbered(1500))
	l[0].Rest(true)
	nothing(t, "it rests", s, t0, l[0], 0)
	if h, d := next(t, s, t0, l[1], 0); !h.Begin || len(d) < 700 {
		t.Errorf("%+v, %d octets", h, len(d))
	}
	l[0].Rest(false)
	s.Remove(l[1])
	nothing(t, "it is gone", s, t0, l[1], 0)
	if h, _ := next(t, s, t0, l[0], 0); !h.End || h.Seq != 1 {
		t.Errorf("%+v", h)
	}
	s.Load(false, wire.IPv4, numbered(1500))
	next(t, s, t0, l[0], 0)
	s.Load(true, wire.IPv4, numbered(15))
	if n := s.Drop(); n != 2 || !s.Takes(false) || !s.Takes(true) {
		t.Errorf("%d dropped", n)
	}
	s.Load(false, wire.IPv4, numbered(50))
	if h, _ := next(t, s, t0, l[0], 0); !h.Begin || h.Seq != 3 {
		t.Errorf("%+v: the numbers go on", h)
	}
}

func TestSendWrap(t *testing.T) {
	s, l := newSender(SplitterConfig{Format: Short}, 1)
	for i := range 2 * (int(ShortNumbers) + 1) {
		s.Load(false, wire.IPv4, numbered(50))
		if h, _ := next(t, s, t0, l[0], 0); int(h.Seq) != i&int(ShortNumbers) {
			t.Fatalf("fragment %d has the number %d", i, h.Seq)
		}
	}
}

func TestPeerWindow(t *testing.T) {
	s, l := newSender(SplitterConfig{Window: 20}, 2)
	l[0].Update(1e6, time.Second)
	l[1].Update(1e6, 0)
	s.Load(false, wire.IPv4, numbered(1500))
	nothing(t, "a thousand fragments would come in before this one", s, t0, l[0], 1e7)
	s.cfg.Window = 5000
	next(t, s, t0, l[0], 1e7)
}

// A line that carries nothing while others do gets a mark, one for as long as
// no more data is sent.
func TestMarks(t *testing.T) {
	mark := []byte{0xc0, 0x21, 11, 1, 0, 8, 0, 0, 0, 0}
	s, l := newSender(SplitterConfig{Mark: mark}, 3)
	offer := func(now time.Time) (marks []Seq) {
		s.Advance(now)
		for _, line := range l {
			if f, ok := s.Next(now, line, 0, 0); ok {
				h, d, _ := ParseHeader(Long, f.Store[f.From:])
				if !h.Begin || !h.End || !bytes.Equal(d, mark) {
					t.Fatalf("%+v: %x is no mark", h, d)
				}
				marks = append(marks, h.Seq)
			}
		}
		return marks
	}
	if m := offer(t0); m != nil {
		t.Fatal("marks before anything was sent")
	}
	s.Load(false, wire.IPv4, numbered(50))
	next(t, s, t0, l[0], 0)
	if m := offer(t0); m != nil {
		t.Fatal("marks at once")
	}
	d := s.Deadline()
	if d != t0.Add(markAfter) {
		t.Fatalf("deadline %v after the packet", d.Sub(t0))
	}
	if m := offer(d); len(m) != 2 || m[0] != 1 || m[1] != 2 {
		t.Fatalf("marks %d, not one for each of two lines", m)
	}
	if d := s.Deadline(); !d.IsZero() {
		t.Fatal("marks after marks")
	}
	if m := offer(d.Add(time.Hour)); m != nil {
		t.Fatal("marks for marks")
	}
	if c := l[1].Counters(); c.Marks != 1 || c.Octets != 0 {
		t.Errorf("%+v", c)
	}
}

func TestMarkForANewLine(t *testing.T) {
	s, l := newSender(SplitterConfig{Mark: []byte{0x21}}, 1)
	s.Load(false, wire.IPv4, numbered(50))
	next(t, s, t0, l[0], 0)
	joined := s.Add(LineConfig{Overhead: 4})
	if h, _ := next(t, s, t0, joined, 0); h.Seq != 1 {
		t.Errorf("%+v", h)
	}
	nothing(t, "once", s, t0, joined, 0)
}

// No mark stands between the fragments of a packet, and none keeps the owner
// from sleeping meanwhile.
func TestNoMarkWithinAPacket(t *testing.T) {
	s, l := newSender(SplitterConfig{Mark: []byte{0x21}}, 3)
	l[2].Update(100, 0)
	s.Load(false, wire.IPv4, numbered(1500))
	next(t, s, t0, l[0], 5000)
	late := t0.Add(time.Minute)
	nothing(t, "a slow line", s, late, l[2], 0)
	s.Advance(late)
	if d := s.Deadline(); !d.IsZero() && !d.After(late) {
		t.Error("the deadline does not move")
	}
	next(t, s, late, l[1], 0)
	if d := s.Deadline(); d != late {
		t.Errorf("the mark is due now, the deadline is %v", d)
	}
	s.Advance(late)
	if h, _ := next(t, s, late, l[2], 0); !h.Begin || !h.End {
		t.Errorf("%+v is no mark", h)
	}
}
