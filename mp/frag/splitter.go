package frag

import (
	"math"
	"time"

	"pppdial/mp/wire"
)

// Urgency is how urgent packets pass the others.
type Urgency uint8

const (
	// InOrder: they pass those that have not been begun. What has been begun
	// is sent to its end, and the peer delivers in the order of the numbers.
	InOrder Urgency = iota
	// OwnClass: they have numbers of their own, class 1, and pass between the
	// fragments of other packets (RFC 2686). The format must have classes.
	OwnClass
	// Unnumbered: they are sent whole and without a multilink header, unless
	// they are longer than a line's MRU. The peer delivers them as they come,
	// so no compression whose state hangs on the order of all packets may be
	// applied to them.
	Unnumbered
)

// A SplitterConfig is what a bundle's sender has agreed with its peer.
type SplitterConfig struct {
	Format Format // of the headers that the peer wants
	Urgent Urgency
	Whole  bool // do not fragment what a line takes in one piece

	// Mark is a packet, its protocol field first, that means nothing to the
	// peer, such as an LCP Discard-Request. It is sent, numbered, over a line
	// that has carried nothing for a while though others have: a peer without
	// a time-out, Linux, holds everything behind a lost fragment until every
	// line has brought a later one. Nil: none.
	Mark []byte

	// Window is the number of fragments that the peer keeps while it waits for
	// an earlier one; 0: 100, for Linux keeps 128.
	Window int
}

const defaultWindow = 100

// linkRoom is the room in front of a fragment for a link's framing: address,
// control, protocol.
const linkRoom = 4

// slotRoom is the room in front of a packet.
const slotRoom = linkRoom + maxHeader

// A Splitter cuts packets into fragments for the lines of a bundle.
//
// The owner puts a packet in with Load whenever Takes says so, and offers the
// line of a link that has room for more to Next, again and again until it gets
// nothing. Each line that has room is offered when a packet was put in, when
// any line has got room again, and at the Deadline, after Advance.
type Splitter struct {
	cfg     SplitterConfig
	lines   []*Line
	bulk    slot
	urgent  slot
	classes [2]class  // the second with OwnClass only
	again   time.Time // when lines that were sent away are to be offered again
	mark    []byte    // room, and the mark
	markAt  time.Time // when a line may want a mark
	hurry   time.Time // until when small or urgent packets are expected
	anew    queue     // fragments that a line has lost

	// Of the call under way.
	usable  int     // lines to choose from
	rate    float64 // theirs together
	hurried bool
	level   level
}

// A class is one row of sequence numbers.
type class struct {
	id     uint8
	next   Seq
	latest time.Time // when the last of what was handed out will have arrived
}

// A slot is a packet that is being handed out.
type slot struct {
	buf    []byte // room, protocol field, information field
	proto  wire.Protocol
	info   int // where the information field begins
	off    int // where the next fragment begins
	loaded bool

	unnumbered bool // to be sent whole, without a number
	shares     bool // urgent, but numbered together with the others
}

func (k *slot) begun() bool { return k.loaded && k.off > slotRoom }
func (k *slot) rest() int   { return len(k.buf) - k.off }

// NewSplitter returns a splitter without lines whose first fragment has the
// number 0.
func NewSplitter(cfg SplitterConfig) *Splitter {
	if cfg.Window == 0 {
		cfg.Window = defaultWindow
	}
	s := &Splitter{cfg: cfg, mark: append(make([]byte, slotRoom), cfg.Mark...)}
	s.classes[1].id = 1
	return s
}

// Takes reports whether a packet may be put in: there is one place for urgent
// packets and one for the others.
func (s *Splitter) Takes(urgent bool) bool { return !s.slot(urgent).loaded }

// Load puts a packet in; Takes must have said yes. The splitter keeps a copy.
// The protocol field is sent in its short form where there is one: within
// multilink that needs no agreement (RFC 1990, section 2).
func (s *Splitter) Load(urgent bool, p wire.Protocol, info []byte) {
	k := s.slot(urgent)
	k.buf = append(k.buf[:0], emptyRoom[:]...)
	k.buf = wire.AppendProtocol(k.buf, p, true)
	if !s.bulk.loaded && !s.urgent.loaded {
		s.again = time.Time{}
	}
	k.proto, k.info, k.off, k.loaded = p, len(k.buf), slotRoom, true
	k.buf = append(k.buf, info...)
	k.unnumbered = urgent && s.cfg.Urgent == Unnumbered && s.fits(info)
	k.shares = urgent && s.cfg.Urgent != OwnClass && !k.unnumbered
}

var emptyRoom [slotRoom]byte

func (s *Splitter) slot(urgent bool) *slot {
	if urgent {
		return &s.urgent
	}
	return &s.bulk
}

// fits reports whether every line takes so long an information field.
func (s *Splitter) fits(info []byte) bool {
	for _, l := range s.lines {
		if len(info) > l.cfg.MRU {
			return false
		}
	}
	return true
}

// Empty reports whether nothing is left to be handed out.
func (s *Splitter) Empty() bool { return !s.bulk.loaded && !s.urgent.loaded && s.anew.n == 0 }

// Seq returns the number of class 0 that is given next.
func (s *Splitter) Seq() Seq { return s.classes[0].next }

// Drop forgets what was put in and not handed out to its end, and returns how
// many packets that were.
func (s *Splitter) Drop() int {
	n := 0
	s.anew.clear()
	for _, k := range []*slot{&s.bulk, &s.urgent} {
		if k.loaded {
			k.loaded = false
			n++
		}
	}
	return n
}

// A Fragment is to be sent over the line that it was given to: the information
// field Store[From:] of a frame of the protocol. In front of it there is room
// for four octets of framing. It is valid until the next call of the splitter.
type Fragment struct {
	Protocol wire.Protocol // MP, or the packet's own if it is sent unnumbered
	Store    []byte
	From     int
}

// Next returns what is to be sent next over line l, which has room for it, and
// false when there is nothing, or nothing that this line should send. below is
// the number of octets that were handed to the line and have not left it yet,
// behind that of the packets that wait to be put in, urgent ones left out.
func (s *Splitter) Next(now time.Time, l *Line, below, behind int) (Fragment, bool) {
	if l.s != s || l.resting {
		return Fragment{}, false
	}
	l.offered(now, below)
	s.estimate(now)
	if f, ok := s.giveAnew(now, l); ok {
		return f, true
	}
	if k := &s.urgent; k.loaded && !(k.shares && s.bulk.begun()) {
		if n := s.cut(now, k, l, 0); n > 0 {
			return s.give(now, k, l, n), true
		}
		s.sendAway(now, l)
		if k.shares {
			return Fragment{}, false
		}
	}
	if k := &s.bulk; k.loaded {
		if n := s.cut(now, k, l, behind); n > 0 {
			return s.give(now, k, l, n), true
		}
		l.benched = true
		s.sendAway(now, l)
	}
	if s.markDue(now, l) {
		return s.giveMark(now, l), true
	}
	return Fragment{}, false
}

// give hands out the next n octets of a packet.
func (s *Splitter) give(now time.Time, k *slot, l *Line, n int) Fragment {
	if k == &s.urgent || l.small(k) {
		s.hurry = now.Add(hurryTime)
	}
	begin := k.off == slotRoom
	from := k.off
	k.off += n
	end := k.off == len(k.buf)
	k.loaded = !end
	if k.unnumbered {
		l.gave(now, n, n+l.cfg.Overhead)
		return Fragment{Protocol: k.proto, Store: k.buf, From: k.info}
	}
	c := s.class(k)
	store := k.buf[:k.off]
	from = s.number(c, store, from, begin, end)
	l.gave(now, n, n+l.cost())
	l.kept.add(l.free, store[from:])
	c.latest = later(c.latest, l.arrival())
	if c.id == 0 {
		s.carried(now, l, end)
	}
	return Fragment{Protocol: wire.MP, Store: store, From: from}
}

// number writes a header in front of store[from:], over its room or octets of
// its packet that have been handed out, and returns where it begins.
func (s *Splitter) number(c *class, store []byte, from int, begin, end bool) int {
	h := Header{Begin: begin, End: end, Class: c.id, Seq: c.next}
	c.next = s.cfg.Format.Numbers().Next(c.next)
	from -= s.cfg.Format.Size()
	AppendHeader(store[:from], s.cfg.Format, h)
	return from
}

// class returns the row that a packet is numbered in.
func (s *Splitter) class(k *slot) *class {
	if k == &s.urgent && s.cfg.Urgent == OwnClass {
		return &s.classes[1]
	}
	return &s.classes[0]
}

// sendAway makes sure that the line is offered again though nothing else
// happens: a line that was to do better may have been held up.
func (s *Splitter) sendAway(now time.Time, l *Line) {
	wait := math.Inf(1)
	for _, j := range s.lines {
		if j != l && !j.resting {
			wait = min(wait, j.wait)
		}
	}
	s.again = earlier(s.again, now.Add(max(seconds(wait), retry)))
}

// retry is the least time until a line that was sent away is offered again.
const retry = 2 * time.Millisecond

// Deadline is when the lines that have room want to be offered again though
// nothing has happened; zero when there is no need.
func (s *Splitter) Deadline() time.Time {
	if !s.bulk.loaded && !s.urgent.loaded {
		return s.markAt
	}
	return earlier(s.again, s.markAt)
}

// Advance says that it is now.
func (s *Splitter) Advance(now time.Time) {
	if !now.Before(s.again) {
		s.again = time.Time{}
	}
	if !now.Before(s.markAt) {
		s.markAt = time.Time{}
	}
}

// earlier returns the earlier of two times, of which zero means none.
func earlier(a, b time.Time) time.Time {
	if a.IsZero() || !b.IsZero() && b.Before(a) {
		return b
	}
	return a
}

func later(a, b time.Time) time.Time {
	if a.After(b) {
		return a
	}
	return b
}
