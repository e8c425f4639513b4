package mp

import (
	"testing"
	"time"
)

// A slowLine takes writes at once while less than high bytes wait, and lets
// them wait otherwise until no more than low do: a tty with flow control.
type slowLine struct {
	rate      float64
	high, low int
	gradual   bool      // takes what has room, until the write is done
	busy      time.Time // until when it has something to send
}

func (l *slowLine) backlog(now time.Time) float64 {
	return max(0, l.busy.Sub(now).Seconds()*l.rate)
}

func (l *slowLine) write(now time.Time, n int) (probed, done time.Time) {
	if l.gradual {
		if l.busy.Before(now) {
			l.busy = now
		}
		full := now.Add(time.Duration((l.backlog(now) - float64(l.high)) / l.rate * float64(time.Second)))
		if full.Before(now) {
			full = now
		}
		l.busy = l.busy.Add(time.Duration(float64(n) / l.rate * float64(time.Second)))
		over := time.Duration((l.backlog(now) - float64(l.high)) / l.rate * float64(time.Second))
		return full, now.Add(max(over, 0))
	}
	if b := l.backlog(now); b >= float64(l.high) {
		now = now.Add(time.Duration((b - float64(l.low)) / l.rate * float64(time.Second)))
	}
	if l.busy.Before(now) {
		l.busy = now
	}
	l.busy = l.busy.Add(time.Duration(float64(n) / l.rate * float64(time.Second)))
	return now, now
}

// TestPaceFindsRate sends full frames over lines of which the pace knows
// nothing: they must stay busy, and little may stand in front of what comes
// next.
func TestPaceFindsRate(t *testing.T) {
	const frame = 1510
	for _, tc := range []struct {
		name string
		line slowLine
		wait time.Duration // mean, for what is below us when a frame is handed over
	}{
		{"9600", slowLine{rate: 960, high: 256, low: 64}, 700 * time.Millisecond},
		{"115200", slowLine{rate: 11520, high: 256, low: 64}, 60 * time.Millisecond},
		{"115200, bit by bit", slowLine{rate: 11520, high: 256, gradual: true}, 60 * time.Millisecond},
		{"1 Mbit/s, bit by bit", slowLine{rate: 1e5, high: 256, gradual: true}, 15 * time.Millisecond},
		{"1 Mbit/s", slowLine{rate: 1e5, high: 1000, low: 200}, 15 * time.Millisecond},
		{"100 Mbit/s", slowLine{rate: 1e7, high: 1 << 16, low: 1 << 12}, 8 * time.Millisecond},
	} {
		t.Run(tc.name, func(t *testing.T) {
			var p pace
			now := time.Unix(1000, 0)
			from, until := now.Add(20*time.Second), now.Add(80*time.Second)
			var sent int
			var waits []time.Duration
			for now.Before(until) {
				if !p.ready(now) {
					now = p.next
				}
				n := max(frame, p.burst()/frame*frame)
				p.started(now, n)
				before := now
				probed, done := tc.line.write(now, n)
				p.done(probed, done)
				if now.After(from) {
					sent += n
					own := time.Duration(float64(n) / tc.line.rate * float64(time.Second))
					waits = append(waits, tc.line.busy.Sub(before)-own)
				}
				now = done
			}
			share := float64(sent) / tc.line.rate / until.Sub(from).Seconds()
			if share < 0.98 {
				t.Errorf("the line was used to %.1f %%", 100*share)
			}
			var sum time.Duration
			for _, w := range waits {
				sum += w
			}
			if mean := sum / time.Duration(len(waits)); mean > tc.wait {
				t.Errorf("%v stand below us, want no more than %v", mean, tc.wait)
			}
			t.Logf("used %.2f %%, rate %.0f of %.0f, below us %v", 100*share, p.rate(), tc.line.rate, sum/time.Duration(len(waits)))
		})
	}
}

// TestPaceFreeLine is a line that never lets a write wait: it must not be held up.
func TestPaceFreeLine(t *testing.T) {
	var p pace
	now := time.Unix(1000, 0)
	for i := range 2000 {
		if !p.ready(now) {
			now = p.next
		}
		p.started(now, p.burst())
		now = now.Add(20 * time.Microsecond)
		p.done(now, now)
		if i == 100 && p.burst() != maxBurst {
			t.Errorf("after %v the burst is %d, want %d", now.Sub(time.Unix(1000, 0)), p.burst(), maxBurst)
		}
	}
}

func TestPaceFixed(t *testing.T) {
	p := pace{fixed: 11520}
	now := time.Unix(1000, 0)
	sent := 0
	for now.Before(time.Unix(1010, 0)) {
		if !p.ready(now) {
			now = p.next
		}
		p.started(now, 1510)
		sent += 1510
		p.done(now, now)
	}
	if rate := float64(sent) / 10; rate < 11500 || rate > 11800 {
		t.Errorf("%.0f bytes a second, want 11520", rate)
	}
}
