package frag

import (
	"bytes"
	"fmt"
	"testing"
	"time"
)

// A bench feeds a reassembler and keeps what comes out.
type bench struct {
	t   *testing.T
	r   *Reassembler
	now time.Time
	src []*Source
	got []string
}

func newBench(t *testing.T, f Format, links int) *bench {
	b := &bench{t: t, now: time.Unix(5000, 0)}
	b.r = NewReassembler(ReassemblerConfig{Format: f, Classes: f.MaxClasses(), MRRU: 1500})
	for range links {
		b.src = append(b.src, b.r.Add())
	}
	return b
}

// in passes a fragment written like "B3:data", "BE4:data", "5:data" or
// "B1/2:data" for number 1 of class 2.
func (b *bench) in(link int, text string) {
	b.t.Helper()
	b.r.Input(b.now, b.src[link], b.fragment(text))
	b.drain()
}

func (b *bench) fragment(text string) []byte {
	var h Header
	head, data, _ := bytes.Cut([]byte(text), []byte(":"))
	for len(head) > 0 && (head[0] == 'B' || head[0] == 'E') {
		h.Begin, h.End = h.Begin || head[0] == 'B', h.End || head[0] == 'E'
		head = head[1:]
	}
	number, class, _ := bytes.Cut(head, []byte("/"))
	fmt.Sscan(string(number), &h.Seq)
	fmt.Sscan(string(class), &h.Class)
	return append(AppendHeader(nil, b.r.cfg.Format, h), data...)
}

func (b *bench) drain() {
	for {
		p, ok := b.r.Next(b.now)
		if !ok {
			break
		}
		b.got = append(b.got, string(p))
	}
	checkReassembler(b.t, b.r)
}

// wait goes to the deadline.
func (b *bench) wait() {
	b.t.Helper()
	d := b.r.Deadline()
	if d.IsZero() {
		b.t.Fatal("nothing is awaited")
	}
	if d.Before(b.now) {
		b.t.Fatalf("the deadline was %v ago", b.now.Sub(d))
	}
	b.now = d
	b.drain()
}

func (b *bench) want(why string, packets ...string) {
	b.t.Helper()
	if fmt.Sprint(b.got) != fmt.Sprint(packets) {
		b.t.Fatalf("%s: got %q, want %q", why, b.got, packets)
	}
	b.got = nil
}

// checkReassembler looks for what must hold between any two calls.
func checkReassembler(t interface {
	Helper()
	Fatalf(string, ...any)
}, r *Reassembler) {
	t.Helper()
	inUse := 0
	for _, w := range r.rows {
		if w == nil {
			continue
		}
		n := 0
		for i := range w.slots {
			if w.slots[i].data != nil {
				n++
			}
		}
		if n != w.pending {
			t.Fatalf("%d fragments are kept and %d counted", n, w.pending)
		}
		inUse += n
		if w.packet != nil {
			inUse++
			if len(w.packet) > r.maxPacket() {
				t.Fatalf("a packet of %d octets", len(w.packet))
			}
		}
	}
	if most := len(r.rows)*(r.window+1) + 2; inUse+len(r.spare) > most {
		t.Fatalf("%d buffers in use and %d spare, more than %d", inUse, len(r.spare), most)
	}
}

func TestReassembleOrder(t *testing.T) {
	b := newBench(t, Long, 2)
	b.in(0, "BE0:whole")
	b.want("a packet in one piece", "whole")
	b.in(0, "B1:ab")
	b.in(1, "2:cd")
	b.in(0, "E3:ef")
	b.want("three pieces over two links", "abcdef")
	b.in(1, "E5:yz")
	b.in(1, "BE6:later")
	b.want("the first piece is under way")
	b.in(0, "B4:wx")
	b.want("then all come in order", "wxyz", "later")
	if !b.r.Deadline().IsZero() {
		t.Error("awaits something though nothing is missing")
	}
}

func TestReassembleFirstFragmentUnderWay(t *testing.T) {
	b := newBench(t, Long, 2)
	b.in(1, "BE1:second")
	b.want("the first may still come over the other link")
	b.in(0, "BE0:first")
	b.want("it came", "first", "second")
}

func TestLossIsKnownWhenAllLinksAreBeyond(t *testing.T) {
	b := newBench(t, Long, 2)
	b.in(0, "B0:a")
	b.in(0, "E2:c")
	b.in(0, "BE3:next")
	b.want("1 may come over link 1")
	b.in(1, "BE4:more")
	b.want("both links are beyond 1 (RFC 1990, section 4.1)", "next", "more")
	c := b.r.Counters()
	if c.LostFragments != 1 || c.LostPackets != 1 || c.Discarded != 2 || c.Packets != 2 || c.TimedOut != 0 {
		t.Errorf("%+v", c)
	}
}

func TestLostPieces(t *testing.T) {
	for _, c := range []struct{ name, lost string }{
		{"first", "B1:a"}, {"middle", "2:b"}, {"last", "E3:c"},
	} {
		b := newBench(t, Short, 1)
		for _, f := range []string{"BE0:before", "B1:a", "2:b", "E3:c", "B4:d", "E5:e"} {
			if f != c.lost {
				b.in(0, f)
			}
		}
		b.want(c.name+" piece lost", "before", "de")
		if n := b.r.Counters(); n.LostFragments != 1 || n.LostPackets != 1 || n.Discarded != 2 {
			t.Errorf("%s: %+v", c.name, n)
		}
	}
}

func TestWholePacketsLost(t *testing.T) {
	b := newBench(t, Long, 1)
	b.in(0, "BE0:a")
	b.in(0, "BE3:d")
	b.want("what was between is gone", "a", "d")
	if c := b.r.Counters(); c.LostFragments != 2 || c.LostPackets != 1 {
		t.Errorf("at least one packet is lost: %+v", c)
	}
}

func TestSilentLinkIsWaitedForOnce(t *testing.T) {
	b := newBench(t, Long, 2)
	b.in(0, "BE1:x")
	b.now = b.now.Add(100 * time.Millisecond)
	b.in(0, "BE3:y")
	start := b.now
	b.wait()
	b.want("0 was waited for", "x")
	b.wait()
	b.want("2 as long from when it was missed", "y")
	if d := b.now.Sub(start); d != firstPatience {
		t.Errorf("in all %v after the second gap, not %v", d, firstPatience)
	}
	if c := b.r.Counters(); c.TimedOut != 2 {
		t.Errorf("%+v", c)
	}
}

func TestRestingLinkIsNotAwaited(t *testing.T) {
	b := newBench(t, Long, 2)
	b.in(0, "BE1:x")
	b.want("0 may come over link 1")
	b.src[1].Rest(true)
	b.drain()
	b.want("it rests", "x")
	b.in(1, "BE2:y")
	b.want("what comes over it is taken", "y")
	b.src[1].Rest(false)
	b.in(0, "BE4:z")
	b.want("it counts again")
	b.in(1, "BE3:w")
	b.want("and may bring what is missing", "w", "z")
}

func TestRemovedLinkIsNotAwaited(t *testing.T) {
	b := newBench(t, Long, 2)
	b.in(0, "BE1:x")
	b.r.Remove(b.src[1])
	b.drain()
	b.want("nothing can come over a link that is gone", "x")
}

func TestAddedLinkIsAwaited(t *testing.T) {
	b := newBench(t, Long, 1)
	b.in(0, "BE0:a")
	b.want("one link", "a")
	b.src = append(b.src, b.r.Add())
	b.in(0, "BE2:c")
	b.want("1 may be the first over the new link")
	b.in(1, "BE1:b")
	b.want("it is", "b", "c")
}

func TestStaleAndTwice(t *testing.T) {
	b := newBench(t, Long, 2)
	b.in(0, "BE0:a")
	b.in(1, "BE0:a")
	b.in(0, "BE2:c")
	b.in(0, "BE2:c")
	b.in(1, "BE1:b")
	b.want("each once", "a", "b", "c")
	if c := b.r.Counters(); c.Stale != 2 {
		t.Errorf("%+v", c)
	}
}

func TestOldFragmentTakesNothingBack(t *testing.T) {
	b := newBench(t, Long, 2)
	b.in(0, "BE0:a")
	b.in(0, "BE3:d")
	b.in(0, "BE0:a")
	b.in(1, "BE1:b")
	b.in(1, "BE4:e")
	b.want("link 0 was beyond 2 before it sent 0 again", "a", "b", "d", "e")
}

func TestPatienceLearns(t *testing.T) {
	b := newBench(t, Long, 2)
	late := 800 * time.Millisecond
	for i := 0; i < 20; i += 2 {
		b.in(0, fmt.Sprintf("BE%d:x", i+1))
		b.now = b.now.Add(late)
		b.in(1, fmt.Sprintf("BE%d:y", i))
	}
	if len(b.got) != 20 {
		t.Fatalf("%d of 20 packets though all came within %v", len(b.got), late)
	}
	b.in(0, "BE21:x")
	if d := b.r.Deadline().Sub(b.now); d != latenessFactor*late {
		t.Errorf("patience is %v where fragments come %v late", d, late)
	}
	b.wait()
	b.now = b.now.Add(late)
	b.in(1, "BE20:too late")
	if d := b.r.late.patience(); d != mostPatience {
		t.Errorf("patience is %v after one that came too late", d)
	}
}

// A peer may have filled buffers of seconds in front of a slow line.
func TestSlowLinkIsAwaitedWhileItBrings(t *testing.T) {
	b := newBench(t, Long, 2)
	const n = 20
	for i := range n {
		b.in(0, fmt.Sprintf("BE%d:x", 2*i+1))
	}
	for i := range n / 2 {
		b.now = b.now.Add(900 * time.Millisecond)
		b.drain()
		b.in(1, fmt.Sprintf("BE%d:y", 2*i))
	}
	if len(b.got) != n {
		t.Fatalf("%d packets, want %d", len(b.got), n)
	}
	patience := b.r.late.patience()
	if d := b.r.Deadline().Sub(b.now); d != patience {
		t.Errorf("the next is awaited for %v since the last came, want %v", d, patience)
	}
	for b.r.rows[0].pending > 0 {
		b.wait()
	}
	if c := b.r.Counters(); len(b.got) != n+n/2 || c.TimedOut != n/2 {
		t.Errorf("%d packets when it brings no more, %+v", len(b.got), c)
	}
}

func TestWindowIsBounded(t *testing.T) {
	b := newBench(t, Short, 2)
	for i := 1; i <= b.r.window; i++ {
		b.in(0, fmt.Sprintf("BE%d:x", i))
	}
	if len(b.got) != b.r.window {
		t.Errorf("%d packets came out: the room was needed, so 0 counts as lost", len(b.got))
	}
	if b.in(0, fmt.Sprintf("BE%d:x", b.r.window+1)); len(b.got) != b.r.window+1 {
		t.Error("stuck")
	}
}

// TestSpareBuffers: a moment in which many fragments wait costs buffers once, as
// long as such moments come again, and none when they have ceased.
func TestSpareBuffers(t *testing.T) {
	b := newBench(t, Long, 2)
	seq := 0
	whole := func(n int) {
		for range n {
			b.in(0, fmt.Sprintf("BE%d:x", seq))
			seq++
		}
	}
	crowd := func() {
		const waiting = 100
		for i := 1; i <= waiting; i++ {
			b.in(0, fmt.Sprintf("BE%d:x", seq+i))
		}
		b.in(1, fmt.Sprintf("BE%d:x", seq))
		seq += waiting + 1
	}
	whole(1)
	crowd()
	whole(spell / 2)
	if n := len(b.r.spare); n < 100 {
		t.Errorf("%d buffers are there for the next crowd", n)
	}
	crowd()
	whole(2 * spell)
	if n := len(b.r.spare); n > 2 {
		t.Errorf("%d buffers are kept for nothing", n)
	}
	if want := seq; len(b.got) != want {
		t.Errorf("%d of %d packets came out", len(b.got), want)
	}
}

func TestStrayNumber(t *testing.T) {
	b := newBench(t, Long, 1)
	b.in(0, "BE0:a")
	b.in(0, "BE5000000:noise that passed the FCS")
	b.in(0, "BE1:b")
	b.want("a single number from nowhere changes nothing", "a", "b")
	for i := range resync {
		b.in(0, fmt.Sprintf("BE%d:n", 9000000+i))
	}
	b.want("a row of them does", "n")
	b.in(0, fmt.Sprintf("BE%d:o", 9000000+resync))
	b.want("the peer has begun anew", "o")
	if c := b.r.Counters(); c.Stray != 1+resync-1 {
		t.Errorf("%+v", c)
	}
}

func TestTooLong(t *testing.T) {
	b := newBench(t, Long, 1)
	half := string(make([]byte, 760))
	b.in(0, "B0:"+half)
	b.in(0, "E1:"+half)
	b.in(0, "BE2:ok")
	b.in(0, "BE3:"+half+half)
	b.want("longer than the MRRU", "ok")
	if c := b.r.Counters(); c.LostPackets != 1 || c.Malformed != 1 {
		t.Errorf("%+v", c)
	}
}

func TestBeginWithoutEnd(t *testing.T) {
	b := newBench(t, Long, 1)
	b.in(0, "B0:a")
	b.in(0, "B1:b")
	b.in(0, "E2:c")
	b.in(0, "E3:d")
	b.in(0, "BE4:")
	b.in(0, "BE5:e")
	b.want("only what has both ends, and data", "bc", "e")
}

func TestClassesAreApart(t *testing.T) {
	b := newBench(t, Classes, 2)
	b.in(0, "B0/0:bu")
	b.in(0, "BE0/1:key")
	b.want("an urgent packet between the pieces of another", "key")
	b.in(1, "E1/0:lk")
	b.want("which goes on", "bulk")
}

func TestMalformed(t *testing.T) {
	b := newBench(t, Long, 1)
	b.r.Input(b.now, b.src[0], []byte{0xc0, 0, 0})
	c := NewReassembler(ReassemblerConfig{Format: Classes, Classes: 2, MRRU: 1500})
	c.Input(b.now, c.Add(), []byte{0xc8, 0, 0, 0, 'x'})
	if b.r.Counters().Malformed != 1 || c.Counters().Malformed != 1 {
		t.Error("a short header and an unknown class")
	}
}

// The numbers wrap while packets of several fragments come over links in turn.
func TestReassembleWrap(t *testing.T) {
	for _, f := range []Format{Short, Long} {
		b := newBench(t, f, 3)
		numbers := f.Numbers()
		first := int64(numbers) - 100
		if f == Short {
			first = 0
		}
		b.r.row(0).next = first
		for _, src := range b.src {
			src.last[0] = first - 1
		}
		n := 3 * 1500
		for i := range n {
			seq := numbers.Add(Seq(first)&Seq(numbers), i^1) // neighbours swapped
			flags := []string{"B", "", "E"}[(i^1)%3]
			b.in(i%3, fmt.Sprintf("%s%d:%d", flags, seq, i^1))
		}
		if len(b.got) != n/3 || b.r.Counters().LostFragments != 0 {
			t.Errorf("format %d: %d of %d packets, %+v", f, len(b.got), n/3, b.r.Counters())
		}
	}
}
