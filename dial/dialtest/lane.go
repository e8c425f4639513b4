package dialtest

import (
	"sync"
	"time"
)

const (
	inFlight  = 1 << 20               // bytes that may wait in a lane beyond what its line holds
	batch     = 64 << 10              // bytes delivered with one write
	readSize  = 16 << 10              // bytes read with one read
	kickEvery = 20 * time.Millisecond // see ModemConfig.Kick
	kickIdle  = 50 * time.Millisecond
)

// sink is where a lane's bytes end.
type sink interface {
	Write(b []byte) (int, error)
	SetWriteDeadline(t time.Time) error
}

// gate stops and starts the writer from whom a lane's bytes come, as RTS/CTS would.
type gate interface {
	stop()
	start()
}

// params is what may be set on a line while it runs.
type params struct {
	rate     int
	delay    time.Duration
	frames   float64 // see noise
	bytes    float64
	slips    float64
	silent   bool // what arrives is lost
	stalled  bool // nothing moves
	kickIdle bool // send flags on an idle line
}

// lane is one direction of a line at work: a wire, and a goroutine that writes what
// has arrived into dst. A writer with a gate is read from at once and always, so that nothing
// is left behind when it goes, and stopped while the FIFO is full; any other is
// read from as room allows.
type lane struct {
	dst  sink
	src  gate // nil: none
	fifo int  // bytes that may wait to be sent; 0: see depth

	more chan struct{} // room may have more to say
	work chan struct{} // the goroutine has something to look at
	done chan struct{} // closed when the goroutine has ended and leaves dst alone

	mu      sync.Mutex
	p       params
	w       wire
	noise   noise
	st      Stats
	held    bool      // the receiver does not listen now
	runs    bool      // start was called
	busy    bool      // somebody is in dst.Write
	stopped bool      // src is
	last    time.Time // of the last delivery
	end     time.Time // when the end of the data arrives, once finish was called
	ended   func()    // called then
	isCut   bool

	waiter *time.Timer // the reader's, for room
}

// newLane makes a lane that delivers nothing before start.
func newLane(dst sink, src gate, fifo int, seed uint64, p params) *lane {
	l := &lane{
		dst: dst, src: src, fifo: fifo, noise: newNoise(seed),
		more: make(chan struct{}, 1), work: make(chan struct{}, 1), done: make(chan struct{}),
	}
	l.set(p)
	return l
}

// start begins to deliver.
func (l *lane) start(wg *sync.WaitGroup) {
	l.mu.Lock()
	l.runs = true
	l.mu.Unlock()
	wg.Go(l.run)
}

func wake(c chan struct{}) {
	select {
	case c <- struct{}{}:
	default:
	}
}

// wakeAll is called when room and run may both have reason to think anew.
func (l *lane) wakeAll() {
	wake(l.more)
	wake(l.work)
}

// set changes the line.
func (l *lane) set(p params) {
	l.mu.Lock()
	l.p = p
	l.w.retime(time.Now(), p.rate, p.delay)
	l.noise.set(p.frames, p.bytes, p.slips)
	l.mu.Unlock()
	l.wakeAll()
}

// hold stops and resumes delivery on behalf of the receiver.
func (l *lane) hold(on bool) {
	l.mu.Lock()
	l.held = on
	l.mu.Unlock()
	l.wakeAll()
}

// depth is the size of the FIFO: the configured one, or enough for a writer that is
// woken late.
func (l *lane) depth() int {
	if l.fifo > 0 {
		return l.fifo
	}
	return max(256, within(10*time.Millisecond, l.p.rate))
}

// load says whether the FIFO is full, and whether it is empty enough to fill again.
func (l *lane) load(now time.Time) (full, low bool) {
	if l.p.stalled {
		return true, false
	}
	depth, limit := l.depth(), inFlight
	if l.p.rate > 0 {
		limit = 4*depth + batch + within(l.p.delay, l.p.rate)
	}
	size, backlog := l.w.size(), l.w.backlog(now)
	return backlog > depth || size > limit, backlog <= depth/2 && size <= limit/2
}

// room waits until the line takes bytes and says how many, 0 after cut and finish.
func (l *lane) room() int {
	for {
		n, at := l.space()
		if n >= 0 {
			return n
		}
		if at.IsZero() {
			<-l.more
			continue
		}
		if l.waiter == nil {
			l.waiter = time.NewTimer(time.Until(at))
		} else {
			l.waiter.Reset(time.Until(at))
		}
		select {
		case <-l.waiter.C:
		case <-l.more:
		}
		l.waiter.Stop()
	}
}

// space is room without the waiting: bytes, or -1 and when there will be some, zero for
// at some event.
func (l *lane) space() (int, time.Time) {
	l.mu.Lock()
	defer l.mu.Unlock()
	now := time.Now()
	_, low := l.load(now)
	switch {
	case l.isCut || l.ended != nil:
		return 0, time.Time{}
	case low && l.p.rate == 0:
		return batch, time.Time{}
	case low:
		return l.depth() - l.w.backlog(now), time.Time{}
	case l.p.stalled || l.p.rate == 0 || l.w.backlog(now) <= l.depth()/2:
		return -1, time.Time{}
	}
	l.st.Stops++
	return -1, l.w.backlogAt(l.depth() / 2)
}

// send puts b on the line. It may change b, and keeps nothing of it. On a line
// without rate and delay it writes b itself and so may block.
func (l *lane) send(b []byte) {
	l.mu.Lock()
	if l.isCut || l.ended != nil {
		l.st.Dropped += uint64(len(b))
		l.mu.Unlock()
		return
	}
	l.st.Bytes += uint64(len(b))
	if l.p.rate == 0 && l.p.delay == 0 && l.w.size() == 0 && !l.busy && !l.held && !l.p.stalled && l.runs {
		l.deliver(b)
		return
	}
	now := time.Now()
	l.w.enter(now, b)
	if full, _ := l.load(now); full && l.src != nil && !l.stopped {
		l.stopped = true
		l.st.Stops++
		l.src.stop()
	}
	l.mu.Unlock()
	wake(l.work)
}

// deliver writes b to dst. l.mu is held, and is not afterwards.
func (l *lane) deliver(b []byte) {
	l.noise.pass(b, &l.st)
	if l.noise.slips > 0 {
		b = l.noise.slip(b, &l.st)
	}
	if l.p.silent {
		l.st.Dropped += uint64(len(b))
	} else {
		l.busy = true
		l.st.Delivered += uint64(len(b))
		l.mu.Unlock()
		n, _ := l.dst.Write(b)
		l.mu.Lock()
		l.busy = false
		l.st.Delivered -= uint64(len(b) - n)
		l.st.Dropped += uint64(len(b) - n)
	}
	l.last = time.Now()
	look := l.isCut || l.ended != nil || l.w.size() > 0 || l.p.kickIdle
	l.mu.Unlock()
	if look {
		wake(l.work)
	}
}

// run delivers until the lane is cut or has delivered its end.
func (l *lane) run() {
	defer close(l.done)
	timer := time.NewTimer(0)
	defer timer.Stop()
	var buf []byte
	for {
		l.mu.Lock()
		now := time.Now()
		l.release(now)
		at := l.due()
		switch {
		case l.busy: // whoever is, wakes us afterwards
			at = time.Time{}
		case l.isCut:
			l.st.Dropped += uint64(l.w.clear())
			l.mu.Unlock()
			return
		case at.IsZero() || now.Before(at):
		case l.w.size() > 0 && !l.held:
			buf = l.w.take(now, buf[:0], batch)
			l.deliver(buf)
			wake(l.more)
			continue
		case l.ended != nil:
			l.st.Dropped += uint64(l.w.clear())
			ended := l.ended
			l.mu.Unlock()
			ended()
			return
		default:
			l.deliver(append(buf[:0], flag))
			continue
		}
		if low := l.w.backlogAt(l.depth() / 2); l.stopped && low.After(now) && (at.IsZero() || low.Before(at)) {
			at = low
		}
		l.mu.Unlock()
		if at.IsZero() {
			<-l.work
			continue
		}
		timer.Reset(time.Until(at))
		select {
		case <-timer.C:
		case <-l.work:
		}
	}
}

// release starts src again when the FIFO has room, or when the lane ends.
func (l *lane) release(now time.Time) {
	if !l.stopped {
		return
	}
	if _, low := l.load(now); low || l.isCut || l.ended != nil {
		l.stopped = false
		l.src.start()
	}
}

// due is when run has something to do: bytes that arrived, the end, or a flag
// for an idle line.
func (l *lane) due() time.Time {
	switch {
	case l.p.stalled || l.held && l.ended == nil:
		return time.Time{}
	case l.w.size() > 0 && !l.held:
		return l.w.wake()
	case l.ended != nil:
		return l.end
	case l.p.kickIdle && l.noise.flags && l.noise.inside == 0:
		return l.last.Add(kickIdle)
	}
	return time.Time{}
}

// finish ends the data: when all that was sent and, one delay later, the end has
// arrived, ended is called. A receiver that does not read is waited for no more than a second longer.
func (l *lane) finish(ended func()) {
	l.mu.Lock()
	l.end = time.Now()
	if l.w.free.After(l.end) {
		l.end = l.w.free
	}
	l.end = l.end.Add(l.p.delay)
	l.ended = ended
	end := l.end
	l.mu.Unlock()
	l.dst.SetWriteDeadline(end.Add(time.Second))
	l.wakeAll()
}

// cut ends the lane at once; what is under way is lost.
func (l *lane) cut() {
	l.mu.Lock()
	was := l.isCut
	l.isCut = true
	l.mu.Unlock()
	if was {
		return // dst may have another user by now
	}
	l.dst.SetWriteDeadline(time.Unix(1, 0))
	l.wakeAll()
}

// stats adds the lane's counters to st.
func (l *lane) stats(st *Stats) {
	l.mu.Lock()
	defer l.mu.Unlock()
	st.Bytes += l.st.Bytes
	st.Delivered += l.st.Delivered
	st.Dropped += l.st.Dropped
	st.Frames += l.st.Frames
	st.Damaged += l.st.Damaged
	st.Stops += l.st.Stops
}
