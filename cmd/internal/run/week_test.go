package run

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"runtime"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"pppdial/dial"
	"pppdial/mp/mptest"
)

// A flapping is a world of bad lines: calls meet busy numbers and silence, and
// the carrier is lost at any time. It keeps books of its own.
type flapping struct {
	*memWorld
	rand  *rand.Rand
	books map[string]*book // by the entry's label
}

// A book is what has really happened to a unit. It is guarded by the world's
// lock.
type book struct {
	tried, made, failed int
	open                int // lines
	injected, delivered uint64

	// What the log says.
	begun, ended, gaveUp, days int
	lasted                     time.Duration
	carried                    octets
	dayCalls                   int
	dayBytes                   octets
}

func newFlapping(t testing.TB) *flapping {
	w := &flapping{memWorld: newMemWorld(t), rand: rand.New(rand.NewPCG(1, 2)), books: map[string]*book{}}
	w.log = slog.New(bookkeeper{w: w})
	return w
}

// world is what the daemon gets.
func (w *flapping) world() world {
	bad := w.memWorld.world()
	bad.caller = func(c dial.Config) (caller, error) { return flappingCaller{memCaller{w.memWorld, c.Label}, w}, nil }
	return bad
}

// note changes the book of a unit.
func (w *flapping) note(label string, f func(b *book)) {
	w.mu.Lock()
	defer w.mu.Unlock()
	b := w.books[label]
	if b == nil {
		b = &book{}
		w.books[label] = b
	}
	f(b)
}

// chance is a random number from 0 to 1.
func (w *flapping) chance() float64 {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.rand.Float64()
}

// about is a random time, on average as given.
func (w *flapping) about(d time.Duration) time.Duration {
	w.mu.Lock()
	defer w.mu.Unlock()
	return time.Duration(w.rand.ExpFloat64() * float64(d))
}

type flappingCaller struct {
	memCaller
	w *flapping
}

func (c flappingCaller) Call(ctx context.Context) (*conn, error) {
	c.w.note(c.label, func(b *book) { b.tried++ })
	fate := c.w.chance()
	for _, bad := range []struct {
		share float64
		after time.Duration
		kind  dial.Kind
	}{
		{0.20, 5 * time.Second, dial.Busy},
		{0.10, 40 * time.Second, dial.NoCarrier},
		{0.05, 10 * time.Second, dial.Silent},
		{0.02, 2 * time.Second, dial.NoDialtone},
	} {
		if fate -= bad.share; fate >= 0 {
			continue
		}
		c.w.note(c.label, func(b *book) { b.failed++ })
		select {
		case <-time.After(bad.after):
			return nil, &dial.Error{Kind: bad.kind, Err: errors.New("that is how it is"), Called: bad.kind != dial.Silent}
		case <-ctx.Done():
			return nil, &dial.Error{Kind: dial.Interrupted, Err: ctx.Err()}
		}
	}
	time.Sleep(time.Second)
	var n *conn
	if fate < 0.1 { // somebody answers who does not speak PPP
		near, _ := mptest.Pair(mptest.Config{BPS: 57600})
		n = &conn{Line: near, speed: 57600, hangUp: func(context.Context) { near.Hangup() }}
	} else {
		n, _ = c.memCaller.Call(ctx)
	}
	line := n.Line.(*mptest.Line)
	breaks := time.AfterFunc(c.w.about(40*time.Minute), func() {
		if c.w.chance() < 0.3 {
			line.Silence(true)
		} else {
			line.Hangup()
		}
	})
	c.w.note(c.label, func(b *book) { b.made++; b.open++ })
	hangUp, closed := n.hangUp, false
	n.hangUp = func(ctx context.Context) {
		breaks.Stop()
		time.Sleep(2 * time.Second) // modems take their time
		hangUp(ctx)
		c.w.note(c.label, func(b *book) { b.open-- })
		if closed {
			c.w.t.Error("a line was given back twice")
		}
		closed = true
	}
	return n, nil
}

// A bookkeeper is a log handler that keeps the sums of what is told.
type bookkeeper struct {
	w     *flapping
	label string
}

func (k bookkeeper) Enabled(_ context.Context, l slog.Level) bool { return l >= slog.LevelInfo }
func (k bookkeeper) WithGroup(string) slog.Handler                { return k }
func (k bookkeeper) WithAttrs(as []slog.Attr) slog.Handler {
	for _, a := range as {
		if a.Key == "entry" {
			k.label = a.Value.String()
		}
	}
	return k
}

func (k bookkeeper) Handle(_ context.Context, r slog.Record) error {
	v := map[string]any{}
	r.Attrs(func(a slog.Attr) bool { v[a.Key] = a.Value.Any(); return true })
	k.w.note(k.label, func(b *book) {
		switch r.Message {
		case "connection begins":
			b.begun++
		case "connection ends":
			b.ended++
			b.lasted += v["lasted"].(time.Duration)
			b.carried.sent += v["sent"].(uint64)
			b.carried.received += v["received"].(uint64)
		case "giving up for now":
			b.gaveUp++
		case "last 24 hours":
			b.days++
			b.dayCalls += int(v["calls"].(int64))
			b.dayBytes.sent += v["sent"].(uint64)
			b.dayBytes.received += v["received"].(uint64)
		}
	})
	return nil
}

// programs send through an interface until the end, and their peers answer.
func (w *flapping) programs(ctx context.Context, n int, label string) {
	p, dev := w.peers[label], w.tuns[n]
	near, far := fmt.Sprintf("10.1.0.%d", n+1), fmt.Sprintf("10.2.0.%d", n+1)
	var wg sync.WaitGroup
	defer wg.Wait()
	wg.Go(func() {
		for {
			select {
			case <-p.tun.Received():
				p.tun.Send(udp(far, near, 120))
			case <-ctx.Done():
				return
			}
		}
	})
	wg.Go(func() {
		for {
			select {
			case <-dev.Received():
				w.note(label, func(b *book) { b.delivered++ })
			case <-ctx.Done():
				return
			}
		}
	})
	for ctx.Err() == nil {
		select {
		case <-time.After(w.about(40 * time.Minute)):
		case <-ctx.Done():
			return
		}
		for range 5 {
			if dev.Send(udp(near, far, 300)) == nil {
				w.note(label, func(b *book) { b.injected++ })
			}
			time.Sleep(200 * time.Millisecond)
		}
	}
}

// A rest is what is there while no line is.
type rest struct {
	goroutines int // of this test
	heap       uint64
	kernels    string
}

// rest breaks all links, waits until everything is given back, and looks.
func (w *flapping) rest(t *testing.T, d *daemon) rest {
	t.Helper()
	for range 100_000 {
		d.box.Put(d.breakLinks)
		for range 50 {
			time.Sleep(100 * time.Millisecond)
			synctest.Wait()
			idle, _ := ask(context.Background(), d, func() bool {
				for _, u := range d.units {
					if len(u.members)+len(u.attempts)+u.hanging+len(u.pending) > 0 || u.up {
						return false
					}
				}
				return d.hanging == 0 && len(d.members) == 0
			})
			if !idle {
				continue
			}
			var m runtime.MemStats
			runtime.GC()
			runtime.ReadMemStats(&m)
			r := rest{heap: m.HeapAlloc}
			all := make([]byte, 1<<20)
			r.goroutines = bytes.Count(all[:runtime.Stack(all, true)], []byte("synctest bubble"))
			r.kernels, _ = ask(context.Background(), d, func() (all string) {
				for _, k := range w.kernels {
					all += k.String()
				}
				return all
			})
			return r
		}
	}
	t.Fatal("the daemon does not come to rest")
	return rest{}
}

// TestWeek is a week of bad lines: no goroutine, line, route or memory is left
// behind, and the sums are right. In memory there are no descriptors and no locks:
// TestNoise of cmd/ppp (make noise) looks for those.
func TestWeek(t *testing.T) {
	dir := t.TempDir()
	words := []string{
		"quiet add_route inactive_timeout=120 modwait=3 redial_limit=60",
		"out camp add_route modwait=3 modtries=5 modpause=20",
		"quiet mindevs=2 outdevs=2 maxdevs=2 inactive_timeout=300 toll_boundary=60",
		"out active_timeout=600 inactive_timeout=200 max_connect_secs=3600 -mp -ccp",
	}
	for i := range words { // echoes are most of what there is to do in a week
		words[i] += " lcp_echo_interval=120 lcp_echo_fails=2"
	}
	synctest.Test(t, func(t *testing.T) {
		w := newFlapping(t)
		d, stop := w.serveEach(dir, w.world(), words)
		ctx, cancel := context.WithCancel(context.Background())
		var wg sync.WaitGroup
		for i := range words {
			wg.Go(func() { w.programs(ctx, i, fmt.Sprintf("rmt%d", i)) })
		}
		units, _ := ask(ctx, d, func() []*unit { return append([]*unit(nil), d.units...) })
		began := time.Now()
		var first rest
		for day := 1; day <= 7; day++ {
			time.Sleep(time.Until(began.Add(time.Duration(day) * 24 * time.Hour)))
			r := w.rest(t, d)
			t.Logf("day %d: %d goroutines, %d KB in use", day, r.goroutines, r.heap>>10)
			switch {
			case day == 1:
				first = r
			case r.goroutines != first.goroutines || r.kernels != first.kernels:
				t.Errorf("day %d: %d goroutines, kernels\n%s\non the first day %d,\n%s", day, r.goroutines, r.kernels, first.goroutines, first.kernels)
			case r.heap > first.heap+4<<20:
				t.Errorf("day %d: %d bytes in use, on the first %d", day, r.heap, first.heap)
			}
		}
		cancel()
		wg.Wait()
		w.rest(t, d)
		for i, u := range units {
			stats, _ := u.iface.bundle.Stats()
			a, _ := ask(context.Background(), d, func() account { return u.account })
			w.note(u.entry.Label, func(b *book) {
				b.audit(t, words[i], &a, octetsOf(stats), stats.Tx.Packets+uint64(stats.Queued), stats.Rx.Packets, stats.Drops)
			})
			if left, _ := ask(context.Background(), d, func() int { return len(u.attempts) + len(u.members) + len(u.pending) + u.hanging }); left > 0 {
				t.Errorf("%s: %d things left", words[i], left)
			}
		}
		last, _ := ask(context.Background(), d, func() daily { return d.days.last })
		w.note("", func(b *book) {
			if b.days != 7 || b.dayCalls != last.tried || b.dayBytes != last.octets {
				t.Errorf("%d days with %d calls and %+v, in all %+v", b.days, b.dayCalls, b.dayBytes, last)
			}
		})
		stop()
		for _, b := range w.books {
			if b.open != 0 {
				t.Errorf("%d lines are open", b.open)
			}
		}
		if len(w.lines) > 0 {
			t.Errorf("%d lines are not hung up", len(w.lines))
		}
		for _, k := range w.kernels {
			for _, dev := range []string{"ppp0", "ppp1", "ppp2", "ppp3"} {
				if all, err := k.Routes(dev); err == nil && len(all) > 0 {
					t.Errorf("routes are left: %v", all)
				}
			}
		}
	})
}

// audit compares what has happened with what the daemon says.
func (b *book) audit(t *testing.T, words string, a *account, all octets, sent, received uint64, drops map[string]uint64) {
	t.Helper()
	t.Logf("%s:\n\t%d calls, %d made, %d connections, %v connected, %+v, %d series given up, drops %v",
		words, a.tried, a.made, b.begun, a.connected.Round(time.Second), all, b.gaveUp, drops)
	if a.tried != b.tried || a.made != b.made || a.tried != a.made+b.failed {
		t.Errorf("%s: %d calls and %d made, counted %d and %d, %d failed", words, b.tried, b.made, a.tried, a.made, b.failed)
	}
	if b.begun != b.ended || b.begun < 100 {
		t.Errorf("%s: %d connections begun, %d ended", words, b.begun, b.ended)
	}
	several := b.made > b.begun && a.failed < b.tried-b.begun // further lines are no failures of the connection
	if !several && a.failed != b.tried-b.begun {
		t.Errorf("%s: %d calls, %d connections, %d failures", words, b.tried, b.begun, a.failed)
	}
	if diff := (a.connected - b.lasted).Abs(); diff > time.Duration(b.ended)*time.Millisecond {
		t.Errorf("%s: connected for %v, the log says %v", words, a.connected, b.lasted)
	}
	if b.carried != all {
		t.Errorf("%s: carried %+v, the log says %+v", words, all, b.carried)
	}
	lost := uint64(0)
	for _, why := range []string{"queue_full", "delay", "protocol_down"} {
		lost += drops[why]
	}
	if sent+lost > b.injected || sent+lost+drops["no_link"] < b.injected || !several && sent+lost+drops["no_link"] != b.injected {
		t.Errorf("%s: %d packets sent and %d lost, %d came from programs; %v", words, sent, lost, b.injected, drops)
	}
	if got := received - drops["interface"]; got != b.delivered {
		t.Errorf("%s: %d packets received, %d delivered; %v", words, received, b.delivered, drops)
	}
}
