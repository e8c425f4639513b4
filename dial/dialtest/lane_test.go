package dialtest

import (
	"errors"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"
)

// tap is a sink that notes when what came.
type tap struct {
	mu    sync.Mutex
	n     int
	last  time.Time
	sizes []int
	block chan struct{} // not nil: Write waits for it, or for a deadline
	past  chan struct{}
}

func newTap() *tap { return &tap{past: make(chan struct{}, 10)} }

func (p *tap) Write(b []byte) (int, error) {
	if p.block != nil {
		select {
		case <-p.block:
		case <-p.past:
			return 0, errors.New("deadline")
		}
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	p.n += len(b)
	p.last = time.Now()
	p.sizes = append(p.sizes, len(b))
	return len(b), nil
}

func (p *tap) SetWriteDeadline(t time.Time) error {
	if t.Before(time.Now()) {
		p.past <- struct{}{}
	}
	return nil
}

func (p *tap) got() int {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.n
}

// valve is a gate that remembers.
type valve struct {
	shut  atomic.Bool
	stops atomic.Int32
}

func (v *valve) stop()  { v.shut.Store(true); v.stops.Add(1) }
func (v *valve) start() { v.shut.Store(false) }

// inBubble runs f in virtual time with a started lane and its sink.
func inBubble(t *testing.T, src gate, p params, f func(l *lane, out *tap)) {
	synctest.Test(t, func(t *testing.T) {
		var wg sync.WaitGroup
		out := newTap()
		l := newLane(out, src, 0, 1, p)
		l.start(&wg)
		f(l, out)
		l.cut()
		wg.Wait()
	})
}

func TestLanePaces(t *testing.T) {
	in := &valve{}
	inBubble(t, in, params{rate: 115200, delay: 100 * time.Millisecond}, func(l *lane, out *tap) {
		start := time.Now()
		sent := 0
		for sent < 11520 { // a second, by a writer that obeys the gate at once
			if in.shut.Load() {
				time.Sleep(100 * time.Microsecond)
				continue
			}
			l.send(make([]byte, 100))
			sent += 100
		}
		synctest.Wait()
		time.Sleep(time.Until(start.Add(600 * time.Millisecond)))
		synctest.Wait()
		if got := out.got(); got < 5700 || got > 11520 {
			t.Errorf("%d bytes after 600 ms", got)
		}
		time.Sleep(time.Second)
		synctest.Wait()
		if d := out.last.Sub(start); out.got() != sent || d < 1100*time.Millisecond || d > 1120*time.Millisecond {
			t.Errorf("%d of %d bytes, the last after %v, want 1.1 s", out.got(), sent, d)
		}
		if in.stops.Load() == 0 || in.shut.Load() {
			t.Errorf("writer stopped %d times, stopped now: %t", in.stops.Load(), in.shut.Load())
		}
		if len(out.sizes) > 600 {
			t.Errorf("%d deliveries in a second", len(out.sizes))
		}
		var st Stats
		if l.stats(&st); st.Bytes != uint64(sent) || st.Delivered != uint64(sent) || st.Dropped != 0 {
			t.Errorf("%+v", st)
		}
	})
}

func TestLaneRoom(t *testing.T) {
	inBubble(t, nil, params{rate: 9600}, func(l *lane, out *tap) {
		start := time.Now()
		for sent := 0; sent < 960; {
			n := l.room()
			if n <= 0 || n > 256 {
				t.Fatalf("room for %d", n)
			}
			l.send(make([]byte, n))
			sent += n
		}
		if d := time.Since(start); d < 700*time.Millisecond {
			t.Errorf("960 bytes are taken in %v", d)
		}
		ended := time.Time{}
		l.finish(func() { ended = time.Now() })
		if n := l.room(); n != 0 {
			t.Errorf("room for %d after the end", n)
		}
		time.Sleep(2 * time.Second)
		synctest.Wait()
		if d := ended.Sub(out.last); ended.IsZero() || d.Abs() > time.Microsecond {
			t.Errorf("the end comes %v after the last byte", d)
		}
	})
}

func TestLaneEndsAfterItsDelay(t *testing.T) {
	inBubble(t, nil, params{delay: 300 * time.Millisecond}, func(l *lane, out *tap) {
		start := time.Now()
		l.send([]byte("x"))
		var ended time.Time
		l.finish(func() { ended = time.Now() })
		l.send([]byte("too late"))
		time.Sleep(time.Second)
		synctest.Wait()
		if ended.Sub(start) != 300*time.Millisecond || out.got() != 1 {
			t.Errorf("ended after %v, %d bytes", ended.Sub(start), out.got())
		}
	})
}

func TestLaneSilenceAndStall(t *testing.T) {
	in := &valve{}
	inBubble(t, in, params{stalled: true}, func(l *lane, out *tap) {
		l.send(make([]byte, 10))
		time.Sleep(time.Minute)
		synctest.Wait()
		if out.got() != 0 || !in.shut.Load() {
			t.Errorf("stalled: %d bytes, writer stopped: %t", out.got(), in.shut.Load())
		}
		l.set(params{})
		synctest.Wait()
		if out.got() != 10 || in.shut.Load() {
			t.Errorf("moving again: %d bytes, writer stopped: %t", out.got(), in.shut.Load())
		}
		l.set(params{silent: true})
		l.send(make([]byte, 10))
		l.set(params{})
		l.send(make([]byte, 1))
		synctest.Wait()
		var st Stats
		if l.stats(&st); out.got() != 11 || st.Dropped != 10 {
			t.Errorf("silent: %d bytes, %+v", out.got(), st)
		}
	})
}

func TestLaneHeld(t *testing.T) {
	inBubble(t, nil, params{}, func(l *lane, out *tap) {
		l.hold(true)
		l.send(make([]byte, 10))
		time.Sleep(time.Minute)
		synctest.Wait()
		if out.got() != 0 {
			t.Error("a held lane delivers")
		}
		l.hold(false)
		synctest.Wait()
		if out.got() != 10 {
			t.Errorf("%d bytes", out.got())
		}
		l.hold(true)
		l.send(make([]byte, 10))
		ended := false
		l.finish(func() { ended = true })
		synctest.Wait()
		if !ended || out.got() != 10 {
			t.Errorf("held at its end: ended %t, %d bytes", ended, out.got())
		}
	})
}

// A receiver that does not read blocks the line, and a cut frees it.
func TestLaneCut(t *testing.T) {
	inBubble(t, nil, params{}, func(l *lane, out *tap) {
		out.block = make(chan struct{})
		done := make(chan struct{})
		go func() {
			l.send(make([]byte, 100))
			close(done)
		}()
		synctest.Wait()
		l.send(make([]byte, 5))
		l.cut()
		<-done
		<-l.done
		var st Stats
		if l.stats(&st); st.Dropped != 105 {
			t.Errorf("%+v", st)
		}
		if n := l.room(); n != 0 {
			t.Errorf("room for %d", n)
		}
	})
}

func TestLaneFlags(t *testing.T) {
	inBubble(t, nil, params{kickIdle: true}, func(l *lane, out *tap) {
		l.send([]byte("login: "))
		time.Sleep(time.Second)
		if out.got() != 7 {
			t.Errorf("flags before PPP runs: %d bytes", out.got()-7)
		}
		l.send([]byte{flag, 1, 2, 3})
		time.Sleep(time.Second)
		if out.got() != 11 {
			t.Errorf("flags within a frame: %d bytes", out.got()-11)
		}
		l.send([]byte{4, flag})
		time.Sleep(time.Second)
		if got := out.got() - 13; got < 19 || got > 20 {
			t.Errorf("%d flags in an idle second, want one every 50 ms", got)
		}
	})
}
