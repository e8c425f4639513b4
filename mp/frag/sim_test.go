package frag

import (
	"cmp"
	"container/heap"
	"encoding/binary"
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"pppdial/mp/wire"
)

// The simulation: a sender with a queue, lines with a rate and a delay, and a
// receiver, in virtual time. It does with the splitter what its owner does: a
// line is offered when less than a few milliseconds' worth is left below it.

const (
	simLead    = 4 * time.Millisecond
	simFraming = 4        // octets: flag, protocol, FCS
	simEscapes = 2. / 256 // of random octets two values are escaped
	simDelay   = 5 * time.Millisecond
	simPacket  = 1500
	simPayload = 1448 // of TCP in it
	simPing    = 84
)

const (
	bulkPacket = 'b'
	pingPacket = 'p'
)

type simLine struct {
	rate  float64 // octets a second
	delay time.Duration
	loss  float64 // part of the fragments
	stuck bool    // has no room any more

	free time.Time // when it has sent everything
	line *Line
	src  *Source
}

type simPkt struct {
	kind   byte
	urgent bool
	size   int
	at     time.Time
}

type sim struct {
	t      *testing.T
	now    time.Time
	events simEvents
	lines  []*simLine
	s      *Splitter
	r      *Reassembler
	rnd    *rand.Rand

	queue   []simPkt
	refill  func() // called before the queue is looked at
	arrived func(kind byte, took time.Duration)
	id      uint32
	lastID  [256]uint32 // by kind
}

func newSim(t *testing.T, cfg SplitterConfig, lines ...*simLine) *sim {
	s := &sim{t: t, now: time.Unix(1000, 0), s: NewSplitter(cfg), lines: lines,
		rnd: rand.New(rand.NewPCG(1, 2)), arrived: func(byte, time.Duration) {}}
	s.r = NewReassembler(ReassemblerConfig{Format: cfg.Format, Classes: cfg.Format.MaxClasses(), MRRU: simPacket})
	for _, l := range lines {
		l.line = s.s.Add(LineConfig{Overhead: simFraming})
		l.line.Update(l.rate, l.delay)
		l.src = s.r.Add()
	}
	return s
}

// simLines makes lines of so many bits a second.
func simLines(bps ...int) []*simLine {
	var lines []*simLine
	for _, n := range bps {
		lines = append(lines, &simLine{rate: float64(n) / 10, delay: simDelay})
	}
	return lines
}

func (s *sim) rate() (all float64) {
	for _, l := range s.lines {
		all += l.rate
	}
	return all
}

func (s *sim) push(p simPkt) {
	p.at = s.now
	s.queue = append(s.queue, p)
	s.offer()
}

// saturate keeps some packets waiting.
func (s *sim) saturate() {
	s.refill = func() {
		for n := s.behind() / simPacket; n < 4; n++ {
			s.queue = append(s.queue, simPkt{kind: bulkPacket, size: simPacket, at: s.now})
		}
	}
}

// load moves packets into the splitter, pings before the others.
func (s *sim) load() {
	if s.refill != nil {
		s.refill()
	}
	slices.SortStableFunc(s.queue, func(a, b simPkt) int { return cmp.Compare(b.kind, a.kind) })
	for i := 0; i < len(s.queue); {
		p := s.queue[i]
		if !s.s.Takes(p.urgent) {
			i++
			continue
		}
		s.id++
		b := make([]byte, p.size)
		b[0] = p.kind
		binary.BigEndian.PutUint32(b[1:], s.id)
		binary.BigEndian.PutUint64(b[5:], uint64(p.at.UnixNano()))
		s.s.Load(p.urgent, wire.IPv4, b)
		s.queue = slices.Delete(s.queue, i, i+1)
	}
}

func (s *sim) behind() (n int) {
	for _, p := range s.queue {
		if !p.urgent {
			n += p.size
		}
	}
	return n
}

// offer offers all lines that have room.
func (s *sim) offer() {
	for _, l := range s.lines {
		s.offerLine(l)
	}
	s.wake(s.s.Deadline, func() { s.s.Advance(s.now); s.offer() })
}

func (s *sim) offerLine(l *simLine) {
	for !l.stuck && l.free.Sub(s.now) < simLead {
		s.load()
		below := max(l.free.Sub(s.now), 0).Seconds() * l.rate
		f, ok := s.s.Next(s.now, l.line, int(below), s.behind())
		if !ok {
			return
		}
		info := slices.Clone(f.Store[f.From:])
		size := float64(len(info))*(1+simEscapes) + simFraming
		l.free = later(l.free, s.now).Add(seconds(size / l.rate))
		if s.rnd.Float64() >= l.loss {
			s.at(l.free.Add(l.delay), func() { s.arrive(l, f.Protocol, info) })
		}
		s.at(l.free.Add(-simLead+time.Nanosecond), s.offer)
	}
}

func (s *sim) arrive(l *simLine, p wire.Protocol, info []byte) {
	if p != wire.MP {
		s.deliver(info)
		return
	}
	s.r.Input(s.now, l.src, info)
	s.drain()
}

func (s *sim) drain() {
	for {
		p, ok := s.r.Next(s.now)
		if !ok {
			break
		}
		proto, info, err := wire.ParseProtocol(p)
		if err != nil {
			s.t.Fatal(err)
		}
		if proto == wire.IPv4 {
			s.deliver(info)
		}
	}
	s.wake(s.r.Deadline, s.drain)
}

func (s *sim) deliver(p []byte) {
	kind, id := p[0], binary.BigEndian.Uint32(p[1:])
	if id <= s.lastID[kind] {
		s.t.Fatalf("packet %d came after %d", id, s.lastID[kind])
	}
	s.lastID[kind] = id
	s.arrived(kind, s.now.Sub(time.Unix(0, int64(binary.BigEndian.Uint64(p[5:])))))
}

// wake calls f at a deadline, unless it has moved by then.
func (s *sim) wake(deadline func() time.Time, f func()) {
	d := deadline()
	if d.IsZero() {
		return
	}
	s.at(d, func() {
		if now := deadline(); !now.IsZero() && !now.After(s.now) {
			f()
		}
	})
}

func (s *sim) at(t time.Time, f func()) {
	s.events.n++
	heap.Push(&s.events, simEvent{later(t, s.now), s.events.n, f})
}

func (s *sim) run(d time.Duration) {
	end := s.now.Add(d)
	s.offer()
	for len(s.events.q) > 0 && !s.events.q[0].at.After(end) {
		e := heap.Pop(&s.events).(simEvent)
		s.now = e.at
		e.f()
	}
	s.now = end
}

type simEvent struct {
	at time.Time
	n  int
	f  func()
}

// simEvents is a heap of what happens next.
type simEvents struct {
	q []simEvent
	n int
}

func (e *simEvents) Len() int { return len(e.q) }
func (e *simEvents) Less(i, j int) bool {
	return cmp.Or(e.q[i].at.Compare(e.q[j].at), cmp.Compare(e.q[i].n, e.q[j].n)) < 0
}
func (e *simEvents) Swap(i, j int) { e.q[i], e.q[j] = e.q[j], e.q[i] }
func (e *simEvents) Push(x any)    { e.q = append(e.q, x.(simEvent)) }
func (e *simEvents) Pop() any {
	last := len(e.q) - 1
	x := e.q[last]
	e.q = e.q[:last]
	return x
}
