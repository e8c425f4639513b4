// Package mptest gives tests of PPP its surroundings in memory: pairs of
// lines with a bit rate, a delay, noise and silence, and a network interface.
// Everything waits on channels and timers only, so that testing/synctest
// gives it virtual time.
package mptest

import (
	"errors"
	"io"
	"math/rand/v2"
	"os"
	"sync"
	"time"
)

// Config says how a pair of lines behaves, alike in both directions.
type Config struct {
	BPS    int           // bits a second, 10 for a byte; 0: no limit
	Delay  time.Duration // one way
	Buffer int           // bytes that the near end swallows before Write blocks; 0: 4096
	Lag    time.Duration // that the line makes up for: on a busy machine writers come late
	Noise  float64       // share of bytes with one bit flipped
	Lost   float64       // share of bytes that do not arrive
	Twice  float64       // share of bytes that arrive twice
	Added  float64       // share of bytes before which XON or XOFF comes in
	Seed   uint64        // of the noise
}

// A Line is one end of a pair. Like a tty it is read and written at the same
// time, has deadlines, and breaks when either end hangs up.
type Line struct {
	name    string
	in, out *half
}

// Pair returns the two ends of a line.
func Pair(c Config) (a, b *Line) {
	if c.Buffer == 0 {
		c.Buffer = 4096
	}
	ab, ba := newHalf(c, c.Seed), newHalf(c, c.Seed+1)
	return &Line{"a", ba, ab}, &Line{"b", ab, ba}
}

func (l *Line) Name() string { return l.name }

func (l *Line) Read(b []byte) (int, error)  { return l.in.read(b) }
func (l *Line) Write(b []byte) (int, error) { return l.out.write(b, true) }

// TryWrite writes as much as the line swallows without waiting.
func (l *Line) TryWrite(b []byte) (int, error) { return l.out.write(b, false) }

func (l *Line) SetReadDeadline(t time.Time) error {
	l.in.change(func() { l.in.readBy = t })
	return nil
}

func (l *Line) SetWriteDeadline(t time.Time) error {
	l.out.change(func() { l.out.writeBy = t })
	return nil
}

// Hangup breaks the line for both ends: reads give io.EOF, writes an error.
func (l *Line) Hangup() {
	for _, h := range []*half{l.in, l.out} {
		h.change(func() { h.hungUp = true })
	}
}

// Silence makes the line lose every byte, both ways, or stop doing so.
func (l *Line) Silence(on bool) {
	for _, h := range []*half{l.in, l.out} {
		h.change(func() { h.silent = on })
	}
}

// Carried is how many bytes the line has carried so far, from this end and to it.
func (l *Line) Carried() (out, in uint64) { return l.out.bytes(), l.in.bytes() }

func (h *half) bytes() uint64 {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.carried
}

var errHungUp = errors.New("mptest: line hung up")

// A half is one direction. Bytes enter at the line's rate and arrive after
// its delay.
type half struct {
	cfg Config

	mu              sync.Mutex
	changed         chan struct{} // closed when something below changes
	rnd             *rand.Rand
	flight          []segment
	waiting         int       // bytes in flight that nobody has read
	free            time.Time // when the line has sent all it was given
	readBy, writeBy time.Time
	hungUp, silent  bool
	carried         uint64
}

type segment struct {
	b   []byte
	due time.Time
}

func newHalf(c Config, seed uint64) *half {
	return &half{cfg: c, changed: make(chan struct{}), rnd: rand.New(rand.NewPCG(seed, seed))}
}

func (h *half) change(f func()) {
	h.mu.Lock()
	f()
	h.signal()
	h.mu.Unlock()
}

// signal wakes who waits; the lock is held.
func (h *half) signal() {
	close(h.changed)
	h.changed = make(chan struct{})
}

// wait gives up the lock until the half changes or one of the times comes.
func (h *half) wait(times ...time.Time) {
	changed := h.changed
	var first time.Time
	for _, t := range times {
		if first.IsZero() || !t.IsZero() && t.Before(first) {
			first = t
		}
	}
	h.mu.Unlock()
	defer h.mu.Lock()
	if first.IsZero() {
		<-changed
		return
	}
	t := time.NewTimer(time.Until(first))
	defer t.Stop()
	select {
	case <-changed:
	case <-t.C:
	}
}

func past(t, now time.Time) bool { return !t.IsZero() && !t.After(now) }

func (h *half) read(b []byte) (int, error) {
	h.mu.Lock()
	defer h.mu.Unlock()
	for {
		now := time.Now()
		var due time.Time
		switch {
		case past(h.readBy, now):
			return 0, os.ErrDeadlineExceeded
		case h.hungUp:
			return 0, io.EOF
		case len(h.flight) > 0:
			if due = h.flight[0].due; due.After(now) {
				break
			}
			n := 0
			for n < len(b) && len(h.flight) > 0 && !h.flight[0].due.After(now) {
				s := &h.flight[0]
				m := copy(b[n:], s.b)
				n += m
				if s.b = s.b[m:]; len(s.b) == 0 {
					h.flight = h.flight[1:]
				}
			}
			if h.waiting -= n; h.cfg.BPS == 0 {
				h.signal()
			}
			return n, nil
		}
		h.wait(due, h.readBy)
	}
}

const (
	piece     = 2 * time.Millisecond // the line time that travels as one segment
	unlimited = 256 << 10            // bytes unread on a line without a rate before Write blocks
)

func (h *half) write(b []byte, patient bool) (n int, err error) {
	h.mu.Lock()
	defer h.mu.Unlock()
	for len(b) > 0 {
		now := time.Now()
		switch {
		case past(h.writeBy, now):
			return n, os.ErrDeadlineExceeded
		case h.hungUp:
			return n, errHungUp
		}
		if backlog := h.free.Sub(now); h.cfg.BPS > 0 && backlog >= h.lineTime(h.cfg.Buffer) {
			if !patient {
				return n, nil
			}
			h.wait(h.free.Add(-h.lineTime(h.cfg.Buffer)+time.Nanosecond), h.writeBy)
			continue
		}
		if h.cfg.BPS == 0 && h.waiting >= unlimited {
			if !patient {
				return n, nil
			}
			h.wait(h.writeBy)
			continue
		}
		m := len(b)
		if h.cfg.BPS > 0 {
			m = min(m, max(1, int(int64(h.cfg.BPS)*int64(piece)/int64(10*time.Second))))
		}
		if h.free.Before(now.Add(-h.cfg.Lag)) {
			h.free = now
		}
		h.free = h.free.Add(h.lineTime(m))
		h.carried += uint64(m)
		if !h.silent {
			if arrives := h.noisy(b[:m]); len(arrives) > 0 {
				h.flight = append(h.flight, segment{arrives, h.free.Add(h.cfg.Delay)})
				h.waiting += len(arrives)
				h.signal()
			}
		}
		b, n = b[m:], n+m
	}
	return n, nil
}

func (h *half) lineTime(n int) time.Duration {
	if h.cfg.BPS == 0 {
		return 0
	}
	return time.Duration(n) * 10 * time.Second / time.Duration(h.cfg.BPS)
}

func (h *half) noisy(b []byte) []byte {
	c := append([]byte(nil), b...)
	if h.cfg.Noise > 0 {
		for i := range c {
			if h.rnd.Float64() < h.cfg.Noise {
				c[i] ^= 1 << h.rnd.IntN(8)
			}
		}
	}
	if h.cfg.Lost+h.cfg.Twice+h.cfg.Added == 0 {
		return c
	}
	const xon, xoff = 0x11, 0x13
	var d []byte
	for _, x := range c {
		if h.rnd.Float64() < h.cfg.Added {
			d = append(d, []byte{xon, xoff}[h.rnd.IntN(2)])
		}
		if h.rnd.Float64() >= h.cfg.Lost {
			d = append(d, x)
		}
		if h.rnd.Float64() < h.cfg.Twice {
			d = append(d, x)
		}
	}
	return d
}
