package keep

import "time"

// MonitorConfig is how a link is watched.
type MonitorConfig struct {
	Interval time.Duration // between probes (monitor_secs)
	Fails    int           // probes in a row that may fail (monitor_fails)
}

// maxPatience is the longest that the last probe waits for its answer.
const maxPatience = 10 * time.Second

// A monitor decides when to probe and when to give up. Whatever comes over the
// link is a sign of life; after a silence of one interval it is probed, and
// after Fails intervals it is held for dead. So that this is not later than
// said, the last probe goes out somewhat before its turn.
type monitor struct {
	cfg  MonitorConfig
	life time.Time // the last sign of life; zero: the link is down
	sent int       // probes since
	last time.Time // when the last of them went out
}

func (m *monitor) down()               { m.life = time.Time{} }
func (m *monitor) alive(now time.Time) { m.life, m.sent = now, 0 }

// patience is how long the last probe waits.
func (m *monitor) patience() time.Duration { return min(m.cfg.Interval/2, maxPatience) }

// deadline is when something is to be done; zero is never.
func (m *monitor) deadline() time.Time {
	end := m.life.Add(time.Duration(m.cfg.Fails) * m.cfg.Interval)
	switch {
	case m.life.IsZero():
		return time.Time{}
	case m.sent < m.cfg.Fails-1:
		return m.life.Add(time.Duration(m.sent+1) * m.cfg.Interval)
	case m.sent < m.cfg.Fails:
		return end.Add(-m.patience())
	}
	// A program that was stopped sends its probes late.
	if patient := m.last.Add(m.patience()); patient.After(end) {
		return patient
	}
	return end
}

// advance does what is due: a probe, or, after all of them, to hold the link
// for dead.
func (m *monitor) advance(now time.Time) (probe, dead bool) {
	if d := m.deadline(); d.IsZero() || now.Before(d) {
		return false, false
	}
	if m.sent == m.cfg.Fails {
		m.down()
		return false, true
	}
	m.sent++
	m.last = now
	return true, false
}
