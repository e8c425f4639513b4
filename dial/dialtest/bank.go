package dialtest

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"path/filepath"
	"sync"
	"time"
)

// Bank holds modems, cables and the exchange between them. Its methods may be
// called from any goroutine.
type Bank struct {
	// Log takes the calls at Info and the AT dialogue at Debug, a SIM PIN left out.
	// Set it before the first Add; nil: none.
	Log *slog.Logger

	dir string
	wg  sync.WaitGroup // all goroutines
	ctx context.Context
	end context.CancelFunc

	mu      sync.Mutex // guards all below, the exchange and its machines
	ex      *exchange
	watch   *watch // made with the first pseudo-terminal
	modems  map[*machine]*Modem
	cables  []*Cable
	links   map[*call]*link
	lanes   uint64        // made so far; seeds of their noise
	armed   time.Time     // what the timer goroutine waits for
	rearm   chan struct{} // tells it that there is something earlier
	news    chan struct{} // closed and made anew when a state has changed
	started bool
	closed  bool
}

// NewBank makes an empty bank. Symlinks to the pseudo-terminals are put into
// dir, which must exist.
func NewBank(dir string) *Bank {
	b := &Bank{
		dir: dir, modems: map[*machine]*Modem{}, links: map[*call]*link{},
		rearm: make(chan struct{}, 1), news: make(chan struct{}),
	}
	b.ctx, b.end = context.WithCancel(context.Background())
	b.ex = newExchange(plumbing{b})
	return b
}

// errClosed is returned after Close.
var errClosed = errors.New("dialtest: bank is closed")

// begin locks the bank and starts its timer goroutine with the first use.
func (b *Bank) begin() error {
	b.mu.Lock()
	if b.closed {
		b.mu.Unlock()
		return errClosed
	}
	if b.Log == nil {
		b.Log = slog.New(slog.DiscardHandler)
	}
	if !b.started {
		b.started = true
		b.wg.Go(b.clock)
	}
	return nil
}

// unlock ends what begin or mu.Lock began, and looks after the timer.
func (b *Bank) unlock() {
	at := b.ex.deadline()
	if !at.IsZero() && (b.armed.IsZero() || at.Before(b.armed)) {
		wake(b.rearm)
	}
	b.mu.Unlock()
}

// do runs f under the lock, after the programs' opens and closes so far.
func (b *Bank) do(f func(now time.Time)) {
	b.mu.Lock()
	defer b.unlock()
	if b.closed {
		return
	}
	b.drain()
	f(time.Now())
}

// clock does what the exchange wants done later.
func (b *Bank) clock() {
	t := time.NewTimer(0)
	defer t.Stop()
	for b.ctx.Err() == nil {
		b.mu.Lock()
		b.drain()
		b.ex.advance(time.Now())
		b.armed = b.ex.deadline()
		at := b.armed
		b.mu.Unlock()
		if at.IsZero() {
			select {
			case <-b.rearm:
			case <-b.ctx.Done():
			}
			continue
		}
		t.Reset(time.Until(at))
		select {
		case <-t.C:
		case <-b.rearm:
		case <-b.ctx.Done():
		}
	}
}

// drain takes note of opens and closes; the mutex is held.
func (b *Bank) drain() {
	if b.watch != nil {
		b.watch.drain()
	}
}

// look is drain for who does not hold the mutex.
func (b *Bank) look() { b.do(func(time.Time) {}) }

// watchPTY tells dtr when programs open and close p.
func (b *Bank) watchPTY(p *pty, dtr func(on bool)) (*watched, error) {
	if b.watch == nil {
		w, err := newWatch()
		if err != nil {
			return nil, err
		}
		b.watch = w
		b.wg.Go(func() { w.run(b.look) })
	}
	return b.watch.add(p, dtr)
}

// newLane makes a lane with a seed of its own.
func (b *Bank) newLane(dst sink, src gate, fifo int, p params) *lane {
	b.lanes++
	return newLane(dst, src, fifo, b.lanes, p)
}

// changed wakes who waits for a state.
func (b *Bank) changed() {
	close(b.news)
	b.news = make(chan struct{})
}

// Add makes a modem and its pseudo-terminal.
func (b *Bank) Add(c ModemConfig) (*Modem, error) {
	if c.Name == "" || filepath.Base(c.Name) != c.Name {
		return nil, fmt.Errorf("dialtest: modem name %q", c.Name)
	}
	if err := b.begin(); err != nil {
		return nil, err
	}
	defer b.unlock()
	if c.Number != "" && b.ex.numbers[c.Number] != nil {
		return nil, fmt.Errorf("dialtest: modem %s: number %s is taken", c.Name, c.Number)
	}
	m := b.newModem(c)
	m.end = &end{b: b, link: filepath.Join(b.dir, c.Name), kick: c.Kick, read: m.readLoop, dtr: m.dtr}
	if err := m.end.plug(); err != nil {
		return nil, fmt.Errorf("dialtest: modem %s: %w", c.Name, err)
	}
	if c.Number != "" {
		b.ex.numbers[c.Number] = &subscriber{behaviour: c.Behaviour, modem: m.m}
	}
	b.modems[m.m] = m
	m.m.boot(time.Now())
	return m, nil
}

// Answer puts a service behind a number, with as many lines as there are callers
// and without a pseudo-terminal. These lines are ideal: rate, delay and noise are
// the caller's.
func (b *Bank) Answer(number string, s Service) {
	if b.begin() != nil {
		return
	}
	defer b.unlock()
	b.ex.numbers[number] = &subscriber{answer: func() *machine {
		m := b.newModem(ModemConfig{Name: "at " + number})
		m.service, m.m.served = s, true
		b.modems[m.m] = m
		m.m.boot(time.Now())
		m.brief = true // from now on, idle is the end
		return m.m
	}}
}

// Number makes a number that has no modem and behaves as said; again to change it.
func (b *Bank) Number(number string, is Behaviour) {
	if b.begin() != nil {
		return
	}
	defer b.unlock()
	b.ex.numbers[number] = &subscriber{behaviour: is}
}

// Close ends all calls, services and their processes, and removes all
// pseudo-terminals and symlinks. It returns when all that has happened.
func (b *Bank) Close() error {
	b.mu.Lock()
	if b.closed {
		b.mu.Unlock()
		return nil
	}
	now := time.Now()
	for _, m := range b.modems {
		m.remove(now)
	}
	for _, c := range b.cables {
		c.close()
	}
	b.closed = true
	b.end()
	b.changed()
	w := b.watch
	b.mu.Unlock()
	if w != nil {
		w.close() // it waits for its callback, which locks
	}
	b.wg.Wait()
	return nil
}
