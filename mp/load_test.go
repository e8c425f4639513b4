package mp_test

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"pppdial/mp"
)

// TestLoad follows the lines over the time while the load rises and falls: the
// owner adds a line whenever it is told that they are busy, up to four, and
// drops one when it is told that there is slack.
func TestLoad(t *testing.T) {
	for _, from := range []string{"caller", "server"} {
		t.Run("from the "+from, func(t *testing.T) {
			bubble(t, func(t *testing.T) { rise(t, from) })
		})
	}
}

func rise(t *testing.T, from string) {
	delays := func(c *mp.BundleConfig) { c.MP.BusyDelay, c.MP.IdleDelay = 10*time.Second, 30*time.Second }
	m := newMulti(t, delays, nil, lines(115200)...)
	defer m.close()
	source, sink := m.a, m.b
	if from == "server" {
		source, sink = sink, source
	}
	began := time.Now()
	var diary []event
	note := func(what string) { diary = append(diary, event{time.Since(began), what}) }
	const line = 11520.
	for _, step := range []struct {
		lines float64 // of load
		secs  int
	}{{0.3, 58}, {2.5, 118}, {0.9, 118}, {0, 60}} {
		var f *flow
		note(fmt.Sprintf("load of %.1f lines", step.lines))
		if step.lines > 0 {
			f = flood(t, source, sink, 1000, step.lines*line)
		}
		end := time.After(time.Duration(step.secs) * time.Second)
	step:
		for {
			select {
			case <-m.a.busy:
				note("busy")
				if len(m.lines) < 4 {
					m.add(lines(115200)[0], nil)
					m.wantLinks(len(m.lines))
				}
			case <-m.a.slack:
				note("slack")
				if n := len(m.lines); n > 1 {
					last := m.lines[n-1]
					m.lines = m.lines[:n-1]
					last.ka.Close(mp.Idle, "not needed")
					if f := m.a.wantLost(mp.Idle, "it was not needed"); f.Kind == mp.Idle {
						m.b.wantLost(mp.PeerTerminated, "it was not needed")
					}
				}
			case <-end:
				break step
			}
		}
		if f != nil {
			f.stop()
		}
	}
	const second = time.Second
	want := []event{
		{0, "load of 0.3 lines"},
		{59 * second, "load of 2.5 lines"}, {68 * second, "busy"}, {78 * second, "busy"},
		{179 * second, "load of 0.9 lines"}, {205 * second, "slack"},
		{299 * second, "load of 0.0 lines"}, {322 * second, "slack"},
	}
	same := slices.EqualFunc(diary, want, func(a, b event) bool { return a.what == b.what && a.at >= b.at && a.at < b.at+8*second })
	if !same {
		t.Errorf("lines over the time:\n%v\nwant:\n%v", diary, want)
	}
}

// An event is what happened so long after the beginning.
type event struct {
	at   time.Duration
	what string
}

func (e event) String() string {
	return fmt.Sprintf("%v: %s", e.at.Round(100*time.Millisecond), e.what)
}
