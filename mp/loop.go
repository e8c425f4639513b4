package mp

import (
	"slices"
	"sync"
	"sync/atomic"
	"time"
)

// A loop is the goroutine that owns links and, for a bundle, what they carry.
type loop struct {
	wake chan struct{} // something is in ready or calls
	done chan struct{} // the loop has ended

	mu    sync.Mutex // guards ready, calls and ended
	ready []*Link    // links whose line has news
	calls []call
	ended bool

	turns atomic.Uint64 // begun by the goroutine; while it stays, nothing has changed

	// Owned by the goroutine.
	links    []*Link
	bundle   *Bundle // nil in a nursery
	stopping bool
	timer    *time.Timer
	news     []*Link // spare backing array of ready
	todo     []call  // spare backing array of calls
}

// A call is a message to the loop. With a link it is for that link's owner,
// whichever loop that is by now.
type call struct {
	link *Link
	f    func(now time.Time)
}

func newLoop(b *Bundle) *loop {
	l := &loop{
		wake:   make(chan struct{}, 1),
		done:   make(chan struct{}),
		bundle: b,
		timer:  time.NewTimer(time.Hour),
	}
	return l
}

func (l *loop) kick() {
	select {
	case l.wake <- struct{}{}:
	default:
	}
}

// lineNews says that k's reader or writer has something for the owner.
func (l *loop) lineNews(k *Link) {
	l.mu.Lock()
	if !l.ended {
		l.ready = append(l.ready, k)
	}
	l.mu.Unlock()
	l.kick()
}

// post hands f to the loop and reports whether the loop still runs.
func (l *loop) post(k *Link, f func(now time.Time)) bool {
	l.mu.Lock()
	if l.ended {
		l.mu.Unlock()
		return false
	}
	l.calls = append(l.calls, call{k, f})
	l.mu.Unlock()
	l.kick()
	return true
}

// do runs f in the loop, waits for its end, and reports whether it has run.
func (l *loop) do(f func(now time.Time)) bool {
	ran := make(chan struct{})
	return l.post(nil, func(now time.Time) { f(now); close(ran) }) && l.await(ran)
}

// await waits for ran, or for the loop's end without it: the loop may end right
// behind what it has run.
func (l *loop) await(ran <-chan struct{}) bool {
	select {
	case <-ran:
		return true
	case <-l.done:
	}
	select {
	case <-ran:
		return true
	default:
		return false
	}
}

// run is the goroutine. It ends when stopping is set and no link is left.
func (l *loop) run() {
	defer close(l.done)
	defer l.timer.Stop()
	for {
		var batches <-chan *batch
		if l.bundle != nil && !l.bundle.full() {
			batches = l.bundle.intake.full
		}
		var packets *batch
		select {
		case <-l.wake:
		case packets = <-batches:
		case <-l.timer.C:
		}
		l.turns.Add(1)
		now := time.Now()
		if packets != nil {
			l.bundle.outbound(now, packets)
		}
		l.messages(now)
		l.advance(now)
		if l.bundle != nil {
			l.bundle.deliver()
			l.bundle.pump(now)
			l.bundle.tell()
		}
		if l.stopping && len(l.links) == 0 && l.end() {
			l.turns.Add(1) // what was told holds no longer
			return
		}
		l.arm(now)
	}
}

// end refuses further messages, unless some are still waiting.
func (l *loop) end() bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	if len(l.calls) > 0 {
		l.kick()
		return false
	}
	l.ended = true
	return true
}

func (l *loop) messages(now time.Time) {
	l.mu.Lock()
	ready, calls := l.ready, l.calls
	l.ready, l.calls = l.news[:0], l.todo[:0]
	l.mu.Unlock()

	for _, k := range ready {
		if k.owner.Load() == l {
			k.lineNews(now)
		}
	}
	for i, c := range calls {
		calls[i] = call{}
		switch {
		case c.link == nil, c.link.owner.Load() == l:
			c.f(now)
		default:
			c.link.post(c.f)
		}
	}
	clear(ready)
	l.news, l.todo = ready, calls
}

func (l *loop) advance(now time.Time) {
	// A link may leave the list while it advances.
	for i := len(l.links) - 1; i >= 0; i-- {
		l.links[i].advance(now)
	}
	if l.bundle != nil {
		l.bundle.advance(now)
	}
}

func (l *loop) arm(now time.Time) {
	var next time.Time
	for _, k := range l.links {
		next = earlier(next, k.deadline())
	}
	if l.bundle != nil {
		next = earlier(next, l.bundle.deadline())
	}
	if next.IsZero() {
		l.timer.Stop()
		return
	}
	l.timer.Reset(max(next.Sub(now), 0))
}

// adopt makes the loop k's owner.
func (l *loop) adopt(k *Link) {
	l.links = append(l.links, k)
	k.owner.Store(l)
}

func (l *loop) forget(k *Link) {
	if i := slices.Index(l.links, k); i >= 0 {
		l.links = slices.Delete(l.links, i, i+1)
	}
}

// earlier returns the earlier of two deadlines, of which zero means none.
func earlier(a, b time.Time) time.Time {
	if a.IsZero() || !b.IsZero() && b.Before(a) {
		return b
	}
	return a
}

// due reports whether a deadline has come.
func due(deadline, now time.Time) bool { return !deadline.IsZero() && !now.Before(deadline) }
