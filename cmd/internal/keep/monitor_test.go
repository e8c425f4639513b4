package keep

import (
	"fmt"
	"strings"
	"testing"
	"time"
)

var start = time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)

// A diary runs a monitor by its own deadlines until a link is dead, with the
// probes that are answered given by the seconds of their sending, and signs of
// life besides.
func diary(c MonitorConfig, answered map[int]bool, until time.Duration) string {
	var lines []string
	m := &monitor{cfg: c}
	m.alive(start)
	for {
		at := m.deadline()
		if at.IsZero() || at.Sub(start) > until {
			return strings.Join(lines, " ")
		}
		probe, dead := m.advance(at)
		switch s := at.Sub(start).Seconds(); {
		case dead:
			lines = append(lines, fmt.Sprintf("dead@%v", s))
		case probe:
			lines = append(lines, fmt.Sprint(s))
			if answered[int(s)] {
				m.alive(at)
			}
		}
	}
}

func TestMonitor(t *testing.T) {
	const forever = time.Hour
	seconds := func(n ...int) map[int]bool {
		m := map[int]bool{}
		for _, s := range n {
			m[s] = true
		}
		return m
	}
	for _, tc := range []struct {
		why      string
		interval time.Duration
		fails    int
		answered map[int]bool
		until    time.Duration
		want     string
	}{
		{"nothing ever passes", 30 * time.Second, 2, nil, forever, "30 50 dead@60"},
		{"all is well", 30 * time.Second, 2, seconds(30, 60, 90), 100 * time.Second, "30 60 90"},
		{"one probe is lost", 30 * time.Second, 2, seconds(50, 80), 90 * time.Second, "30 50 80"},
		{"it dies later", 30 * time.Second, 2, seconds(30, 60), forever, "30 60 90 110 dead@120"},
		{"one probe must do", 30 * time.Second, 1, seconds(20), forever, "20 40 dead@50"},
		{"a short interval", time.Second, 3, nil, forever, "1 2 2.5 dead@3"},
		{"a long one", time.Hour, 3, nil, 4 * forever, "3600 7200 10790 dead@10800"},
	} {
		t.Run(tc.why, func(t *testing.T) {
			if got := diary(MonitorConfig{tc.interval, tc.fails}, tc.answered, tc.until); got != tc.want {
				t.Errorf("%s\nwant %s", got, tc.want)
			}
		})
	}
}

// TestMonitorLate: a program that was stopped probes before it judges.
func TestMonitorLate(t *testing.T) {
	m := &monitor{cfg: MonitorConfig{30 * time.Second, 2}}
	m.alive(start)
	now := start.Add(time.Hour)
	for i := range 2 {
		if probe, dead := m.advance(now); !probe || dead {
			t.Fatalf("probe %d: %v %v", i, probe, dead)
		}
	}
	if got, want := m.deadline(), now.Add(10*time.Second); got != want {
		t.Errorf("judged at %v, want %v", got, want)
	}
	m.alive(now.Add(time.Second))
	if _, dead := m.advance(now.Add(10 * time.Second)); dead {
		t.Error("dead in spite of an answer")
	}
}

// TestMonitorInTime: whatever the interval and whenever the link dies, that is
// noticed within interval x fails.
func TestMonitorInTime(t *testing.T) {
	for _, interval := range []time.Duration{time.Second, 7 * time.Second, 30 * time.Second, 5 * time.Minute} {
		for fails := 1; fails < 5; fails++ {
			for dies := time.Duration(0); dies < 4*interval; dies += interval / 13 {
				m := &monitor{cfg: MonitorConfig{interval, fails}}
				m.alive(start)
				for {
					at := m.deadline()
					probe, dead := m.advance(at)
					if dead {
						if late := at.Sub(start) - dies; late > time.Duration(fails)*interval {
							t.Fatalf("interval %v, fails %d, died after %v: noticed %v later", interval, fails, dies, late)
						}
						break
					}
					if probe && at.Sub(start) < dies {
						m.alive(at)
					}
				}
			}
		}
	}
}
