package dial

import (
	"testing"
	"time"
)

// TestLines: the calls for further lines, as the load and losses want them.
func TestLines(t *testing.T) {
	start := time.Unix(1_000_000, 0)
	type step struct {
		at   float64
		do   string
		have int  // lines and calls
		want bool // Slack: give one up; Takes: take it; else: make a call now
	}
	cfg := LinesConfig{Min: 1, Out: 3, Max: 4, Wait: 5 * time.Second}
	two := cfg
	two.Min = 2
	bounded := LinesConfig{Min: 3, Out: 2, Max: 4, Wait: 5 * time.Second}
	unsafe := cfg
	unsafe.AnyAdds = true
	unsafeTwo := unsafe
	unsafeTwo.Min = 2
	for _, tc := range []struct {
		name  string
		cfg   LinesConfig
		steps []step
	}{
		{"one by one while it is busy, up to outdevs", cfg, []step{
			{0, "busy", 0, false}, // it is not up
			{0, "up", 1, false},
			{10, "busy", 1, true},
			{10, "", 2, false}, // it is being called
			{20, "busy", 2, true},
			{30, "busy", 3, false},
		}},
		{"idle lines go, the last one stays", cfg, []step{
			{0, "up", 1, false},
			{10, "busy", 1, true},
			{50, "slack", 2, true},
			{50, "", 1, false},
			{80, "slack", 1, false},
		}},
		{"lines of the peer's calls stay", cfg, []step{
			{0, "up", 1, false},
			{50, "slack of theirs", 2, false},
		}},
		{"mindevs are called at once, and again when lost", two, []step{
			{0, "up", 1, true},
			{0, "", 2, false},
			{9, "lost", 1, false},
			{13.9, "", 1, false},
			{14, "", 1, true},
			{50, "slack", 2, false},
			{60, "left by the peer", 1, false},
			{65, "", 1, true},
		}},
		{"mindevs call no more than outdevs", bounded, []step{
			{0, "up", 1, true},
			{0, "", 2, false},
			{9, "lost", 1, false},
			{14, "", 1, true},
			{20, "", 3, false}, // one is a caller's
			{50, "slack", 3, false},
			{60, "left by the peer", 2, false},
			{65, "", 2, false},
		}},
		{"lines that we end are not called again", two, []step{
			{0, "up", 1, true},
			{50, "ended", 1, false},
			{55, "", 1, false},
			{60, "busy", 1, true},
			{70, "down", 0, false},
			{80, "up", 1, true},
		}},
		{"what the load wanted is called again, unless the peer gave it up", cfg, []step{
			{0, "up", 1, false},
			{10, "busy", 1, true},
			{20, "lost", 1, false},
			{25, "", 1, true},
			{40, "left by the peer", 1, false},
			{99, "", 1, false},
		}},
		{"calls in vain become rarer", two, []step{
			{0, "up", 1, true},
			{10, "failed", 1, false},
			{15, "", 1, true},
			{20, "failed", 1, false},
			{29, "", 1, false},
			{30, "", 1, true},
			{40, "failed", 1, false},
			{99, "lost", 1, false}, // it had come
			{104, "", 1, true},
			{110, "failed", 1, false},
			{115, "", 1, true},
		}},
		{"so do those for lines that the peer has no room for", two, []step{
			{0, "up", 1, true},
			{10, "lost at once", 1, false},
			{15, "", 1, true},
			{20, "lost at once", 1, false},
			{29, "", 1, false},
			{30, "", 1, true},
		}},
		{"where the load wanted them none is made", cfg, []step{
			{0, "up", 1, false},
			{10, "busy", 1, true},
			{30, "lost at once", 1, false},
			{99, "", 1, false},
		}},
		{"no line is called that cannot join", two, []step{
			{0, "up, no multilink", 1, false},
			{10, "busy", 1, false},
			{20, "down", 0, false},
			{30, "up", 1, true},
		}},
		{"what the load wanted is not called again in vain, unless the load lasts", cfg, []step{
			{0, "up", 1, false},
			{10, "busy", 1, true},
			{40, "failed", 1, false},
			{45, "", 1, false},
			{50, "busy", 1, true},
			{80, "failed", 1, false},
			{81, "busy", 1, false},
			{90, "", 1, true},
		}},
		{"nor what was lost", two, []step{
			{0, "up", 1, true},
			{10, "busy", 2, true},
			{90, "lost", 2, false},
			{95, "", 2, true},
			{96, "failed", 2, false},
			{199, "", 2, false},
			{199, "", 1, true},
		}},
		{"who was called calls for nothing", two, []step{
			{0, "up, theirs", 1, false},
			{10, "busy", 1, false},
		}},
		{"unless unsafe_mp", unsafe, []step{
			{0, "up, theirs", 1, false},
			{10, "busy", 1, true},
		}},
		{"who was called keeps no mindevs, even with unsafe_mp", unsafeTwo, []step{
			{0, "up, theirs", 1, false},
			{99, "", 1, false},
		}},
		{"maxdevs for callers", cfg, []step{
			{0, "takes", 3, true},
			{0, "takes", 4, false},
		}},
		{"the next connection begins anew", cfg, []step{
			{0, "up", 1, false},
			{10, "busy", 1, true},
			{20, "down", 0, false},
			{30, "up", 1, false},
		}},
	} {
		t.Run(tc.name, func(t *testing.T) {
			l := NewLines(tc.cfg)
			for _, s := range tc.steps {
				now := start.Add(time.Duration(s.at * float64(time.Second)))
				switch s.do {
				case "up":
					l.Up(now, true, true)
				case "up, no multilink":
					l.Up(now, true, false)
				case "up, theirs":
					l.Up(now, false, true)
				case "down":
					l.Down()
				case "busy":
					l.Busy(s.have)
				case "lost":
					l.Lost(now, now.Add(-time.Minute), false, s.have)
				case "lost at once":
					l.Lost(now, now.Add(-59*time.Second), false, s.have)
				case "left by the peer":
					l.Lost(now, now.Add(-time.Minute), true, s.have)
				case "ended":
					l.Ended(s.have)
				case "failed":
					l.Failed(now, s.have)
				case "slack", "slack of theirs":
					called := s.have
					if s.do != "slack" {
						called = 0
					}
					if got := l.Slack(s.have, called); got != s.want {
						t.Fatalf("%v s, %s: %v, want %v", s.at, s.do, got, s.want)
					}
					continue
				case "takes":
					if got := l.Takes(s.have); got != s.want {
						t.Fatalf("%v s, %s: %v, want %v", s.at, s.do, got, s.want)
					}
					continue
				}
				if got := l.Advance(now, s.have); got != s.want {
					t.Fatalf("%v s, %s: call %v, want %v", s.at, s.do, got, s.want)
				}
				if d := l.Deadline(s.have); (!d.IsZero() && !now.Before(d)) != s.want {
					t.Fatalf("%v s, %s: deadline %v", s.at, s.do, d.Sub(start))
				}
			}
		})
	}
}
