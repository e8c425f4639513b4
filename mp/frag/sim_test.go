package frag

import (
	"container/heap"
	"encoding/binary"
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"pppdial/mp/wire"
)

// The simulation: a sender, lines with a rate and a delay, a receiver, all in
// virtual time. It uses the splitter as its owner does: a line is offered when
// less than a few milliseconds' worth is left below it.

const (
	simLead      = 4 * time.Millisecond
	simFraming   = 4         // flag, protocol, FCS
	simEscapes   = 2. / 256. // of random octets, flag and escape are escaped
	simPayload   = 1448      // of TCP, in a packet of 1500
	simPacket    = 1500
	simMRU       = 1500
	simPing      = 84
	simBulkMark  = 'B'
	simPingMark  = 'P'
	simSmallMark = 'S'
)

type simLine struct {
	rate  float64 // octets a second
	delay time.Duration
	free  time.Time // when it has sent everything
	line  *Line
	src   *Source
	dead  bool
	drop  float64
}

type simEvent struct {
	at time.Time
	n  int
	f  func()
}

type simQueue []simEvent

func (q simQueue) Len() int { return len(q) }
func (q simQueue) Less(i, j int) bool {
	return q[i].at.Before(q[j].at) || q[i].at.Equal(q[j].at) && q[i].n < q[j].n
}
func (q simQueue) Swap(i, j int) { q[i], q[j] = q[j], q[i] }
func (q *simQueue) Push(x any)   { *q = append(*q, x.(simEvent)) }
func (q *simQueue) Pop() any {
	o := *q
	e := o[len(o)-1]
	*q = o[:len(o)-1]
	return e
}

type sim struct {
	t      *testing.T
	now    time.Time
	n      int
	events simQueue
	lines  []*simLine
	s      *Splitter
	r      *Reassembler
	rnd    *rand.Rand

	queue   []simPkt // urgent ones first
	offer   bool
	id      uint32
	lastID  map[byte]uint32
	arrived func(kind byte, size int, took time.Duration)
	refill  func() // keeps the queue filled

	lineBusy []time.Duration
	frags    int
}

type simPkt struct {
	kind   byte
	urgent bool
	size   int
	at     time.Time
}

func newSim(t *testing.T, cfg SplitterConfig, lines ...*simLine) *sim {
	s := &sim{t: t, now: time.Unix(1000, 0), s: NewSplitter(cfg), lines: lines,
		rnd: rand.New(rand.NewPCG(1, 2)), lastID: map[byte]uint32{}}
	classes := 1
	if cfg.Urgent == OwnClass {
		classes = 2
	}
	s.r = NewReassembler(ReassemblerConfig{Format: cfg.Format, Classes: classes, MRRU: simPacket})
	for _, l := range lines {
		l.line = s.s.Add(LineConfig{Overhead: simFraming, MRU: simMRU})
		l.line.Update(l.rate, l.delay)
		l.src = s.r.Add()
	}
	return s
}

func (s *sim) after(d time.Duration, f func()) {
	s.n++
	heap.Push(&s.events, simEvent{s.now.Add(d), s.n, f})
}

func (s *sim) push(p simPkt) {
	p.at = s.now
	if p.urgent {
		i := 0
		for i < len(s.queue) && s.queue[i].urgent {
			i++
		}
		s.queue = slices.Insert(s.queue, i, p)
	} else {
		s.queue = append(s.queue, p)
	}
	s.pump()
}

// load moves what fits from the queue into the splitter.
func (s *sim) load() {
	if s.refill != nil {
		s.refill()
	}
	for i := 0; i < len(s.queue); {
		p := s.queue[i]
		if !s.s.Takes(p.urgent) {
			i++
			continue
		}
		b := make([]byte, p.size)
		b[0] = p.kind
		s.id++
		binary.BigEndian.PutUint32(b[1:], s.id)
		binary.BigEndian.PutUint64(b[5:], uint64(p.at.UnixNano()))
		for j := 13; j < len(b); j++ {
			b[j] = byte(j)
		}
		s.s.Load(p.urgent, wire.IPv4, b)
		s.queue = slices.Delete(s.queue, i, i+1)
	}
}

func (s *sim) behind() int {
	n := 0
	for _, p := range s.queue {
		if !p.urgent {
			n += p.size
		}
	}
	return n
}

// pump offers all lines that have room.
func (s *sim) pump() {
	for _, l := range s.lines {
		s.pumpLine(l)
	}
	if d := s.s.Deadline(); !d.IsZero() {
		s.after(max(d.Sub(s.now), 0), func() {
			if !s.s.Deadline().IsZero() && !s.now.Before(s.s.Deadline()) {
				s.s.Advance(s.now)
				s.pump()
			}
		})
	}
}

func (s *sim) pumpLine(l *simLine) {
	for l.free.Sub(s.now) < simLead && !l.dead {
		s.load()
		below := 0
		if l.free.After(s.now) {
			below = int(l.free.Sub(s.now).Seconds() * l.rate)
		}
		f, ok := s.s.Next(s.now, l.line, below, s.behind())
		if !ok {
			return
		}
		s.frags++
		n := len(f.Store) - f.From
		size := float64(n)*(1+simEscapes) + simFraming
		took := time.Duration(size / l.rate * float64(time.Second))
		if l.free.Before(s.now) {
			l.free = s.now
		}
		l.free = l.free.Add(took)
		info := append([]byte(nil), f.Store[f.From:]...)
		proto := f.Protocol
		if s.rnd.Float64() >= l.drop {
			s.after(l.free.Add(l.delay).Sub(s.now), func() { s.arrive(l, proto, info) })
		}
		s.after(max(l.free.Add(-simLead+time.Microsecond).Sub(s.now), 0), s.pump)
	}
}

func (s *sim) arrive(l *simLine, proto wire.Protocol, info []byte) {
	if proto != wire.MP {
		s.deliver(append([]byte{byte(proto)}, info...))
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
		s.deliver(p)
	}
	if d := s.r.Deadline(); !d.IsZero() {
		s.after(max(d.Sub(s.now), 0), func() {
			if !s.r.Deadline().IsZero() && !s.now.Before(s.r.Deadline()) {
				s.drain()
			}
		})
	}
}

func (s *sim) deliver(p []byte) {
	if p[0] != byte(wire.IPv4) {
		return // a mark
	}
	p = p[1:]
	kind := p[0]
	id := binary.BigEndian.Uint32(p[1:])
	if id <= s.lastID[kind] {
		s.t.Fatalf("packet %d of kind %c after %d", id, kind, s.lastID[kind])
	}
	s.lastID[kind] = id
	at := time.Unix(0, int64(binary.BigEndian.Uint64(p[5:])))
	s.arrived(kind, len(p), s.now.Sub(at))
}

func (s *sim) run(d time.Duration) {
	end := s.now.Add(d)
	s.pump()
	for len(s.events) > 0 && !s.events[0].at.After(end) {
		e := heap.Pop(&s.events).(simEvent)
		s.now = e.at
		e.f()
	}
	s.now = end
}

func simLines(specs ...any) []*simLine {
	var l []*simLine
	for _, v := range specs {
		switch v := v.(type) {
		case int:
			l = append(l, &simLine{rate: float64(v) / 10, delay: 5 * time.Millisecond})
		case time.Duration:
			l[len(l)-1].delay = v
		}
	}
	return l
}

func sum(lines []*simLine) (all float64) {
	for _, l := range lines {
		all += l.rate
	}
	return all
}
