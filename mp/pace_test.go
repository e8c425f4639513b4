package mp

import (
	"math/rand/v2"
	"slices"
	"testing"
	"time"
)

// A slowLine swallows bytes until it is full.
type slowLine struct {
	rate float64
	size int // bytes that it holds
	// What it does when it is full: it waits until so many bytes have left, or
	// goes on taking them bit by bit as they leave.
	wake    int
	gradual bool
	// In one of its waits it turns out to have more room.
	hidden   int
	hiddenAt int
	waits    int
	// Or, as a tty whose output is stopped from afar, it takes whole writes at
	// once, until it is stopped.
	stopped bool

	full bool
	busy time.Time // until when it has something to send
}

func (l *slowLine) below(now time.Time) float64 { return max(0, l.busy.Sub(now).Seconds()*l.rate) }

func (l *slowLine) span(bytes float64) time.Duration { return seconds(bytes / l.rate) }

func (l *slowLine) put(now time.Time, bytes float64) {
	if l.busy.Before(now) {
		l.busy = now
	}
	l.busy = l.busy.Add(l.span(bytes))
}

// write takes n bytes and returns when it has.
func (l *slowLine) write(now time.Time, n int) time.Time {
	if l.stopped {
		if b := l.below(now); b >= float64(l.size) {
			now = now.Add(l.span(b - float64(l.size-l.wake)))
		}
		l.put(now, float64(n))
		return now
	}
	for left := float64(n); left > 0; {
		room := float64(l.size) - l.below(now)
		if l.full && room < float64(l.wake) {
			room = 0
		}
		l.full = false
		k := min(max(room, 0), left)
		l.put(now, k)
		if left -= k; left == 0 {
			break
		}
		if l.gradual {
			now = now.Add(l.span(left))
			l.busy = now.Add(l.span(float64(l.size)))
			break
		}
		l.full = true
		if l.waits == l.hiddenAt {
			l.size += l.hidden
		}
		l.waits++
		now = now.Add(l.span(l.below(now)-float64(l.size-l.wake)) + time.Microsecond)
	}
	return now
}

// hand is what the writer does.
func (l *slowLine) hand(now time.Time, n, part int) (h handover) {
	h.ended = now
	for n > 0 {
		k := min(n, part)
		n -= k
		if now = l.write(now, k); now.Sub(h.ended) > hadToWait {
			h.waited, h.rest = now, n
		}
		h.ended = now
	}
	return h
}

// A drive is a line and a pace for it that always have full frames to send.
type drive struct {
	line  slowLine
	pace  pace
	rnd   *rand.Rand
	most  int // microseconds that things mostly happen late, at most
	now   time.Time
	sent  float64
	waits []time.Duration // for what is below a frame, once it is handed over
}

func newDrive(l slowLine, p pace) *drive {
	return &drive{line: l, pace: p, rnd: rand.New(rand.NewPCG(1, 2)), most: 300, now: time.Unix(1000, 0)}
}

// late is how much later than it should something happens on a machine with
// other work.
func (d *drive) late() time.Duration {
	late := time.Duration(d.rnd.IntN(d.most)) * time.Microsecond
	if d.rnd.IntN(100) == 0 {
		late += 4 * time.Millisecond
	}
	return late
}

func (d *drive) run(frame int, long time.Duration) {
	d.sent, d.waits = 0, d.waits[:0]
	for until := d.now.Add(long); d.now.Before(until); {
		d.step(frame)
	}
	slices.Sort(d.waits)
}

// step makes one write, as soon as the pace allows it.
func (d *drive) step(frame int) {
	if !d.pace.ready(d.now) {
		d.now = d.pace.next
	}
	began := d.now.Add(d.late())
	n := max(frame, d.pace.burst()/frame*frame)
	d.pace.started(began, n)
	h := d.line.hand(began, n, d.pace.part(n))
	own := d.line.span(float64(n))
	d.waits = append(d.waits, d.line.span(d.line.below(h.ended))+h.ended.Sub(began)-own)
	d.pace.done(h)
	d.sent += float64(n)
	d.now = h.ended.Add(d.late())
}

func (d *drive) wait(share float64) time.Duration { return d.waits[int(share*float64(len(d.waits)-1))] }

// TestPaceFindsRate sends full frames over lines of which the pace knows
// nothing: they must stay busy, and little may stand in front of what comes
// next.
func TestPaceFindsRate(t *testing.T) {
	for _, tc := range []struct {
		name   string
		line   slowLine
		frame  int
		median time.Duration
		used   float64
	}{
		{"9600 stopped", slowLine{rate: 960, size: 256, wake: 128, stopped: true}, 1510, 100 * time.Millisecond, 0.99},
		{"115200 stopped", slowLine{rate: 11520, size: 256, wake: 128, stopped: true}, 1510, 30 * time.Millisecond, 0.99},
		{"115200 bit by bit", slowLine{rate: 11520, size: 256, gradual: true}, 1510, 30 * time.Millisecond, 0.99},
		{"115200 holds 4 KB", slowLine{rate: 11520, size: 4096, gradual: true}, 1510, 10 * time.Millisecond, 0.96},
		{"115200 holds 16 KB", slowLine{rate: 11520, size: 16384, wake: 4096}, 1510, 10 * time.Millisecond, 0.96},
		{"115200 holds 16 KB, small frames", slowLine{rate: 11520, size: 16384, wake: 4096}, 300, 10 * time.Millisecond, 0.96},
		{"1 Mbit/s stopped", slowLine{rate: 1e5, size: 1000, wake: 800, stopped: true}, 1510, 15 * time.Millisecond, 0.98},
		{"1 Mbit/s bit by bit", slowLine{rate: 1e5, size: 256, gradual: true}, 1510, 10 * time.Millisecond, 0.98},
		{"1 Mbit/s holds 16 KB", slowLine{rate: 1e5, size: 16384, wake: 4096}, 1510, 10 * time.Millisecond, 0.96},
		{"10 Mbit/s holds 64 KB", slowLine{rate: 1e6, size: 1 << 16, wake: 4096}, 1510, 10 * time.Millisecond, 0.95},
		{"100 Mbit/s holds 64 KB", slowLine{rate: 1e7, size: 1 << 16, wake: 4096}, 1510, 10 * time.Millisecond, 0.95},
	} {
		t.Run(tc.name, func(t *testing.T) {
			const warmUp, long = 20 * time.Second, 4 * time.Minute
			d := newDrive(tc.line, newPace(0, 0, false))
			d.run(tc.frame, warmUp)
			d.run(tc.frame, long)
			used := d.sent / tc.line.rate / long.Seconds()
			if used < tc.used {
				t.Errorf("the line was used to %.1f %%", 100*used)
			}
			if m := d.wait(0.5); m > tc.median {
				t.Errorf("median of what stands below: %v", m)
			}
			// A deep line is filled now and then.
			if w := d.wait(0.95); w > max(10*tc.median, 20*time.Millisecond) {
				t.Errorf("95 %% of what stands below: %v", w)
			}
			t.Logf("used %.2f %%, rate %.0f of %.0f, depth %.0f; below %v, %v, %v", 100*used, d.pace.rate, tc.line.rate,
				d.pace.depth, d.wait(0.5), d.wait(0.95), d.wait(0.99))
		})
	}
}

// TestPaceHalfEmptied: of a line that takes nothing until half of what it holds has
// gone, one write in many waits. That is enough to know it, whatever comes when.
func TestPaceHalfEmptied(t *testing.T) {
	for _, tc := range []struct {
		line  slowLine
		frame int
	}{
		{slowLine{rate: 1e6, size: 1 << 16, wake: 1 << 15}, 1510},
		{slowLine{rate: 57600, size: 4096, wake: 2048}, 300},
		{slowLine{rate: 57600, size: 4096, wake: 2048}, 46},
	} {
		for seed := range uint64(40) {
			d := newDrive(tc.line, newPace(0, 0, false))
			d.rnd = rand.New(rand.NewPCG(seed, 0))
			d.run(tc.frame, 10*time.Second)
			d.run(tc.frame, 20*time.Second)
			if used, m := d.sent/tc.line.rate/20, d.wait(0.5); used < 0.95 || m > 10*time.Millisecond {
				t.Errorf("%.0f octets a second, frames of %d, seed %d: used to %.1f %%, median of what stands below %v", tc.line.rate, tc.frame, seed, 100*used, m)
			}
		}
	}
}

// TestPaceOddWait: a wait that ends too early does not spoil the rate of a deep
// line, which would fill up.
func TestPaceOddWait(t *testing.T) {
	for at := range 6 {
		d := newDrive(slowLine{rate: 11520, size: 16384, wake: 3000, hidden: 600, hiddenAt: at}, newPace(0, 0, false))
		d.run(1510, 5*time.Second)
		d.run(1510, 10*time.Second)
		if m := d.wait(0.5); m > 10*time.Millisecond {
			t.Errorf("wait %d: rate %.0f of %.0f, median of what stands below: %v", at, d.pace.rate, d.line.rate, m)
		}
	}
}

// TestPaceOnABusyMachine: samples do not agree for long there, and what was given
// before the line was full must still be known when they do.
func TestPaceOnABusyMachine(t *testing.T) {
	for _, tc := range []struct {
		wake, late int // octets, microseconds
		most       int // lines of a hundred that stay full
	}{{1024, 300, 0}, {4096, 14000, 5}} {
		full := 0
		for seed := range uint64(100) {
			d := newDrive(slowLine{rate: 11520, size: 20480, wake: tc.wake}, newPace(0, 0, false))
			d.rnd, d.most = rand.New(rand.NewPCG(seed, 0)), tc.late
			d.run(1510, 6*time.Second)
			d.run(1510, 9*time.Second)
			if d.wait(0.5) > 300*time.Millisecond {
				full++
			}
		}
		if full > tc.most {
			t.Errorf("%+v: %d of 100 lines stay full", tc, full)
		}
	}
}

// TestPaceSparseOnABusyMachine: a fast line with little to send, such as the
// acknowledgements of a transfer, is not held up because the machine lets some of the
// writes wait.
func TestPaceSparseOnABusyMachine(t *testing.T) {
	for _, tc := range []struct {
		late int // one of so many writes is
		most int // lines of twenty that are held up
	}{{1000, 0}, {300, 0}, {100, 2}} {
		slow := 0
		for seed := range uint64(20) {
			rnd := rand.New(rand.NewPCG(seed, 0))
			p := newPace(0, 0, false)
			began := time.Unix(1000, 0)
			now, held := began, time.Duration(0)
			for range 20000 {
				if !p.ready(now) {
					held += p.next.Sub(now)
					now = p.next
				}
				p.started(now, 40+rnd.IntN(400))
				h := handover{ended: now.Add(20 * time.Microsecond)}
				if rnd.IntN(tc.late) == 0 {
					h.ended = now.Add(hadToWait + time.Duration(rnd.IntN(10000))*time.Microsecond)
					h.waited = h.ended
				}
				p.done(h)
				now = h.ended.Add(time.Duration(rnd.IntN(500)) * time.Microsecond)
			}
			if held > now.Sub(began)/50 {
				slow++
			}
		}
		if slow > tc.most {
			t.Errorf("one write of %d late: %d of 20 lines are held up", tc.late, slow)
		}
	}
}

// TestPaceFollows: a line becomes slower, and faster again.
func TestPaceFollows(t *testing.T) {
	for _, tc := range []struct {
		name string
		line slowLine
		soon time.Duration // for a faster line to be found out
	}{
		{"shallow", slowLine{rate: 11520, size: 256, gradual: true}, 10 * time.Second},
		{"deep", slowLine{rate: 1e6, size: 1 << 16, wake: 4096}, 11 * time.Second},
		{"deep and slow", slowLine{rate: 11520, size: 16384, wake: 4096}, 4 * time.Minute},
	} {
		t.Run(tc.name, func(t *testing.T) {
			d := newDrive(tc.line, newPace(0, 0, false))
			d.run(1510, 10*time.Second)
			for _, step := range []struct {
				factor float64
				within time.Duration
			}{{0.5, 10 * time.Second}, {2, tc.soon}} {
				d.line.rate *= step.factor
				d.run(1510, step.within)
				d.run(1510, 20*time.Second)
				if r := d.pace.rate / d.line.rate; r < 0.95 || r > 1.05 {
					t.Errorf("rate %.0f, of %.0f", d.pace.rate, d.line.rate)
				}
				if m := d.wait(0.5); m > 50*time.Millisecond {
					t.Errorf("median of what stands below: %v", m)
				}
			}
		})
	}
}

// TestPaceFreeLine is a line that never lets a write wait: it must not be held up.
func TestPaceFreeLine(t *testing.T) {
	p := newPace(0, 0, false)
	now := time.Unix(1000, 0)
	for i := range 2000 {
		if !p.ready(now) {
			now = p.next
		}
		p.started(now, p.burst())
		now = now.Add(20 * time.Microsecond)
		p.done(handover{ended: now})
		if i == 200 && p.burst() != maxBurst {
			t.Errorf("after %v the burst is %d, want %d", now.Sub(time.Unix(1000, 0)), p.burst(), maxBurst)
		}
	}
}

// TestPaceHiccup: where the machine has let a write wait, a fast line does not
// stay slow.
func TestPaceHiccup(t *testing.T) {
	for _, size := range []int{46, 1400, 5000} {
		p := newPace(0, 0, false)
		now := time.Unix(1000, 0)
		p.started(now, size)
		now = now.Add(20 * time.Millisecond)
		p.done(handover{waited: now, ended: now})
		began := now
		for sent := 0; sent < 1<<20; sent += p.n {
			if !p.ready(now) {
				now = p.next
			}
			p.started(now, max(p.burst(), 1510))
			now = now.Add(100 * time.Microsecond)
			p.done(handover{ended: now})
		}
		if took := now.Sub(began); took > 2*time.Second {
			t.Errorf("after a write of %d bytes that had to wait, 1 MB takes %v", size, took)
		}
	}
}

func TestPaceFixed(t *testing.T) {
	p := newPace(11520, 0, false)
	now := time.Unix(1000, 0)
	sent := 0
	for now.Before(time.Unix(1010, 0)) {
		if !p.ready(now) {
			now = p.next
		}
		p.started(now, 1510)
		sent += 1510
		p.done(handover{ended: now})
	}
	if rate := float64(sent) / 10; rate < 11500 || rate > 11800 {
		t.Errorf("%.0f bytes a second, want 11520", rate)
	}
}

// TestPaceLimit is a UART: it sends what it is set to, unless the modem behind
// it is slower and stops it.
func TestPaceLimit(t *testing.T) {
	for _, modem := range []float64{11520, 3360} {
		d := newDrive(slowLine{rate: modem, size: 4096 + 256, wake: 256}, newPace(0, 11520, false))
		d.run(1510, 10*time.Second)
		d.run(1510, time.Minute)
		used := d.sent / modem / 60
		if m := d.wait(0.5); m > 30*time.Millisecond || used < 0.95 {
			t.Errorf("%.0f: used %.1f %%, below %v", modem, 100*used, m)
		}
	}
}

// TestPaceOfALineNotAlwaysUsed: the rate of a line that now and then has nothing
// to send is still what it carries, not what it is given.
func TestPaceOfALineNotAlwaysUsed(t *testing.T) {
	const frame = 1000
	for _, load := range []float64{0.95, 0.85, 0.75, 0.6} {
		d := newDrive(slowLine{rate: 11520, size: 64, wake: 1}, newPace(0, 0, false))
		d.run(frame, 20*time.Second)
		began := d.now
		lowest, highest := d.pace.rate, d.pace.rate
		for came := 0.0; came < load*d.line.rate*120; came += frame {
			if at := began.Add(seconds(came / (load * d.line.rate))); d.now.Before(at) {
				d.now = at
			}
			d.step(frame)
			if d.pace.rate > 0 {
				lowest, highest = min(lowest, d.pace.rate), max(highest, d.pace.rate)
			}
		}
		if lowest < 0.95*d.line.rate || highest > 1.05*d.line.rate {
			t.Errorf("load %.2f: rate %.0f to %.0f of %.0f", load, lowest, highest, d.line.rate)
		}
	}
}
