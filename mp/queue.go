package mp

import "time"

// A queue holds packets until a line has room for them. Urgent packets leave
// first; behind them the flows are served fairly as RFC 8290 has it: packets
// of sparse flows before those of bulk transfers, and CoDel (RFC 8289) on the
// time that packets have waited. The limit is on the packets of all flows.
type queue struct {
	limit int
	n     int

	urgent   fifo
	flows    [flowBuckets]flow
	sparse   flowList // flows that had nothing waiting when their packet came
	backlog  flowList // flows that keep the line busy
	quantum  int      // octets a flow may send in its turn
	target   time.Duration
	interval time.Duration

	drop func(*packet, dropReason)
}

const (
	flowBuckets = 64

	// CoDel's figures for fast lines (RFC 8289, section 4.2 and 4.3).
	codelTarget   = 5 * time.Millisecond
	codelInterval = 100 * time.Millisecond
	// A slow line takes longer than that for a single packet: the target is
	// then the time of so many full ones, and the interval grows with it.
	targetPackets   = 5
	targetsInterval = 10
)

// A flow is the packets of one bucket: those of one conversation, mostly.
type flow struct {
	packets fifo
	bytes   int
	credit  int // octets it may still send in this turn
	next    *flow
	listed  bool
	codel   codel
}

func newQueue(limit, mtu int, drop func(*packet, dropReason)) *queue {
	return &queue{limit: limit, quantum: mtu, target: codelTarget, interval: codelInterval, drop: drop}
}

// setRate tells how fast the lines are together, in bytes a second; 0 is
// unknown.
func (q *queue) setRate(rate float64) {
	q.target = codelTarget
	if rate > 0 {
		q.target = max(q.target, time.Duration(targetPackets*float64(q.quantum)/rate*float64(time.Second)))
	}
	q.interval = max(codelInterval, targetsInterval*q.target)
}

// push takes a packet in; where the queue is full, one of the longest flow has
// to go.
func (q *queue) push(p *packet, urgent bool) {
	q.n++
	if urgent {
		q.urgent.push(p)
	} else {
		f := &q.flows[flowHash(p.data)%flowBuckets]
		f.packets.push(p)
		f.bytes += len(p.data)
		if !f.listed {
			f.listed = true
			f.credit = q.quantum
			q.sparse.push(f)
		}
	}
	if q.n > q.limit {
		q.shed()
	}
}

// shed drops the oldest packet of the flow that takes the most room.
func (q *queue) shed() {
	q.n--
	var longest *flow
	for i := range q.flows {
		if f := &q.flows[i]; f.bytes > 0 && (longest == nil || f.bytes > longest.bytes) {
			longest = f
		}
	}
	if longest == nil {
		q.drop(q.urgent.pop(), dropQueueFull)
		return
	}
	q.drop(longest.pop(), dropQueueFull)
}

// pop returns the packet to be sent next, nil when the queue is empty.
func (q *queue) pop(now time.Time) *packet {
	if p := q.urgent.pop(); p != nil {
		q.n--
		return p
	}
	for {
		list := &q.sparse
		if list.first == nil {
			list = &q.backlog
		}
		f := list.first
		if f == nil {
			return nil
		}
		if f.credit <= 0 {
			f.credit += q.quantum
			list.pop()
			q.backlog.push(f)
			continue
		}
		p := q.take(f, now)
		if p == nil {
			list.pop()
			if list == &q.sparse && q.backlog.first != nil {
				// So that a flow cannot stay sparse by sending one packet at
				// a time (RFC 8290, section 4.2).
				q.backlog.push(f)
			} else {
				f.listed = false
			}
			continue
		}
		f.credit -= len(p.data)
		return p
	}
}

// take returns the flow's next packet that has not waited too long.
func (q *queue) take(f *flow, now time.Time) *packet {
	for {
		p := f.pop()
		if p == nil {
			f.codel.emptied()
			return nil
		}
		q.n--
		if !f.codel.discard(now, now.Sub(p.at), q.target, q.interval, f.bytes > q.quantum) {
			return p
		}
		q.drop(p, dropDelay)
	}
}

// flush drops everything.
func (q *queue) flush(why dropReason) {
	for p := q.urgent.pop(); p != nil; p = q.urgent.pop() {
		q.drop(p, why)
	}
	for i := range q.flows {
		f := &q.flows[i]
		for p := f.pop(); p != nil; p = f.pop() {
			q.drop(p, why)
		}
	}
	q.n = 0
}

// peek returns a waiting packet, nil when there is none.
func (q *queue) peek() *packet {
	if q.urgent.first != nil {
		return q.urgent.first
	}
	for i := range q.flows {
		if p := q.flows[i].packets.first; p != nil {
			return p
		}
	}
	return nil
}

func (f *flow) pop() *packet {
	p := f.packets.pop()
	if p != nil {
		f.bytes -= len(p.data)
	}
	return p
}

// A fifo is packets in order.
type fifo struct{ first, last *packet }

func (l *fifo) push(p *packet) {
	p.next = nil
	if l.first == nil {
		l.first = p
	} else {
		l.last.next = p
	}
	l.last = p
}

func (l *fifo) pop() *packet {
	p := l.first
	if p != nil {
		l.first, p.next = p.next, nil
	}
	return p
}

// A flowList is flows in the order of their turns.
type flowList struct{ first, last *flow }

func (l *flowList) push(f *flow) {
	f.next = nil
	if l.first == nil {
		l.first = f
	} else {
		l.last.next = f
	}
	l.last = f
}

func (l *flowList) pop() {
	f := l.first
	l.first, f.next = f.next, nil
}
