package mp

import "time"

// A queue holds packets until a line has room for them. Urgent packets leave
// first; behind them the flows are served fairly as RFC 8290 has it: packets
// of sparse flows before those of bulk transfers, and CoDel (RFC 8289) on the
// time that packets have waited. The limit is on the packets of all flows.
type queue struct {
	limit int
	n     int
	bytes int    // of packets that are not urgent
	ahead uint64 // urgent packets that came while others waited

	urgent  fifo
	flows   [maxFlows]flow
	tags    [maxFlows]uint32 // of the flows that are in a list; 0: in none
	sparse  flowList         // flows that had nothing waiting when their packet came
	backlog flowList         // flows that keep the line busy
	bulk    int              // flows in backlog

	quantum  int           // octets a flow may send in its turn
	favour   int           // octets a flow may send ahead of the backlog
	packet   time.Duration // that a full packet takes
	target   time.Duration
	interval time.Duration

	drop func(*packet, dropReason)
}

const (
	// With so many conversations at once, some share a flow.
	maxFlows = 64

	// CoDel's figures for fast lines (RFC 8289, section 4.2 and 4.3).
	codelTarget   = 5 * time.Millisecond
	codelInterval = 100 * time.Millisecond
	// A slow line takes longer than that for a single packet: the target is
	// then the time of so many full ones, and the interval grows with it. Where
	// many flows share the line, each waits for the others' packets as well.
	targetPackets   = 5
	flowPackets     = 2 // of each flow
	targetsInterval = 10

	// What a sparse flow sends ahead of others takes no longer than that. On a
	// slow line it is what a connection is opened with, a key press, a DNS
	// query; not the full packet that each of many transfers sends at a time.
	favourTime  = 25 * time.Millisecond
	leastFavour = 256
)

// A flow is the packets of one conversation, mostly.
type flow struct {
	index   int
	tag     uint32 // of the conversation that it is of, or was last
	packets fifo
	bytes   int
	credit  int // octets it may still send in this turn
	next    *flow
	codel   codel
}

func newQueue(limit, mtu int, drop func(*packet, dropReason)) *queue {
	q := &queue{limit: limit, quantum: mtu, drop: drop}
	for i := range q.flows {
		q.flows[i].index = i
	}
	q.setRate(0)
	return q
}

// setRate tells how fast the lines are together, in bytes a second; 0 is
// unknown.
func (q *queue) setRate(rate float64) {
	q.packet, q.favour = 0, q.quantum
	if rate > 0 {
		q.packet = seconds(float64(q.quantum) / rate)
		q.favour = min(max(int(rate*favourTime.Seconds()), leastFavour), q.quantum)
	}
	q.target = max(codelTarget, targetPackets*q.packet)
	q.interval = max(codelInterval, targetsInterval*q.target)
}

// push takes a packet in; where the queue is full, one of the longest flow has
// to go.
func (q *queue) push(p *packet, urgent bool) {
	q.n++
	if urgent {
		if q.bytes > 0 {
			q.ahead++
		}
		q.urgent.push(p)
	} else {
		f, fresh := q.flow(max(flowHash(p.data), 1))
		f.packets.push(p)
		f.bytes += len(p.data)
		q.bytes += len(p.data)
		if fresh {
			f.credit = q.favour
			q.sparse.push(f)
		}
	}
	if q.n > q.limit {
		q.shed()
	}
}

// flow returns the flow that has this tag, or gives it to one that is in no
// list, or, if there is none, returns one to share.
func (q *queue) flow(tag uint32) (f *flow, fresh bool) {
	free := -1
	for i, t := range q.tags {
		if t == tag {
			return &q.flows[i], false
		}
		if t == 0 && free < 0 {
			free = i
		}
	}
	if free < 0 {
		return &q.flows[tag%maxFlows], false
	}
	q.tags[free] = tag
	f = &q.flows[free]
	if f.tag != tag {
		f.tag, f.codel = tag, codel{}
	}
	return f, true
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
	q.drop(q.popFrom(longest), dropQueueFull)
}

// pop returns the packet to be sent next, nil when the queue is empty.
func (q *queue) pop(now time.Time) *packet {
	if p := q.popUrgent(); p != nil {
		return p
	}
	return q.popBulk(now)
}

// popUrgent returns the next urgent packet, nil when there is none.
func (q *queue) popUrgent() *packet {
	p := q.urgent.pop()
	if p != nil {
		q.n--
	}
	return p
}

// popBulk returns the next of the others, nil when there is none.
func (q *queue) popBulk(now time.Time) *packet {
	for {
		list := &q.sparse
		if list.first == nil {
			list = &q.backlog
		}
		f := list.first
		if f == nil {
			return nil
		}
		if list == &q.sparse && f.packets.first != nil && len(f.packets.first.data) > f.credit {
			f.credit = 0
		}
		if f.credit <= 0 {
			f.credit += q.quantum
			q.turn(list)
			continue
		}
		p := q.take(f, now)
		if p != nil {
			f.credit -= len(p.data)
			return p
		}
		if list == &q.sparse && q.backlog.first != nil {
			// So that a flow cannot stay sparse by sending one packet at
			// a time (RFC 8290, section 4.2).
			q.turn(list)
			continue
		}
		list.pop()
		q.tags[f.index] = 0
		if list == &q.backlog {
			q.bulk--
		}
	}
}

// turn moves the first flow of a list to the end of the backlog.
func (q *queue) turn(list *flowList) {
	f := list.first
	list.pop()
	if list == &q.sparse {
		q.bulk++
	}
	q.backlog.push(f)
}

// take returns the flow's next packet that has not waited too long.
func (q *queue) take(f *flow, now time.Time) *packet {
	target := max(q.target, flowPackets*time.Duration(q.bulk)*q.packet)
	for {
		p := q.popFrom(f)
		if p == nil {
			f.codel.emptied()
			return nil
		}
		q.n--
		if !f.codel.discard(now, now.Sub(p.at), target, q.interval, f.bytes > q.quantum) {
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
		for p := q.popFrom(f); p != nil; p = q.popFrom(f) {
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

func (q *queue) popFrom(f *flow) *packet {
	p := f.packets.pop()
	if p != nil {
		f.bytes -= len(p.data)
		q.bytes -= len(p.data)
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
