package dial

import "time"

// LinesConfig is how many lines a connection may have, of the keywords mindevs,
// outdevs, maxdevs and unsafe_mp.
type LinesConfig struct {
	Min int // as many are kept, if the connection began with our call and within Out
	Out int // we make no call for more
	Max int // nor do we take more

	AnyAdds bool // also the side that was called makes calls for more

	Wait time.Duration // rest before a line that was lost or could not be had is called again
}

const (
	// longestWait bounds how the rest grows with each call in vain.
	longestWait = 5 * time.Minute

	// A line that was lost so soon was called in vain: the peer has no room for it, say.
	proven = time.Minute
)

// Lines decides how many lines a connection has, while it is up; its first
// line is the Policy's business. Like that it knows the time only as an
// argument. Have is always the number of lines and of calls for them.
type Lines struct {
	cfg   LinesConfig
	ours  bool // we may make calls
	most  int  // lines to which a call of ours may add one
	want  int
	vain  int // calls in a row
	after time.Time
	up    bool
}

// NewLines returns the decision for a connection that is down.
func NewLines(c LinesConfig) *Lines { return &Lines{cfg: c} }

// Up says that the connection is up; ours when it began with our call. Without
// multilink no line can join the first one.
func (l *Lines) Up(now time.Time, ours, multilink bool) {
	if l.up {
		return
	}
	*l = Lines{cfg: l.cfg, up: true, ours: ours || l.cfg.AnyAdds, most: 1, after: now}
	if multilink {
		l.most = min(l.cfg.Out, l.cfg.Max)
	}
	if ours {
		l.want = l.cfg.Min
	}
}

// Down says that it has lost its last line.
func (l *Lines) Down() { l.up = false }

// Takes reports whether a caller's line is taken beside those that are there.
func (l *Lines) Takes(have int) bool { return have < l.cfg.Max }

// Busy says that the lines carry all they can and that more waits.
func (l *Lines) Busy(have int) {
	if l.ours {
		l.Add(have)
	}
}

// Add wants another line, and reports false if there may be none.
func (l *Lines) Add(have int) bool {
	if !l.up || have >= l.most {
		return false
	}
	l.want = max(l.want, have+1)
	return true
}

// Slack says that a line fewer would do, and reports whether one that we have
// called is to be given up; of such there are called.
func (l *Lines) Slack(have, called int) bool {
	if !l.up || called == 0 || have <= max(l.cfg.Min, 1) {
		return false
	}
	l.want = min(l.want, have-1)
	return true
}

// Lost says that a line was lost that had joined. One that the peer has given up
// it did not need.
func (l *Lines) Lost(now, joined time.Time, byPeer bool, have int) {
	if now.Sub(joined) < proven {
		l.Failed(now, have)
		return
	}
	l.vain = 0
	if byPeer {
		l.settle(have)
	}
	l.after = now.Add(l.cfg.Wait)
}

// settle wants no more lines than there are, but for Min.
func (l *Lines) settle(have int) {
	least := 0
	if l.want >= l.cfg.Min {
		least = l.cfg.Min
	}
	l.want = min(l.want, max(have, least))
}

// Ended says that we have ended a line and want no other for it; left are there.
func (l *Lines) Ended(left int) {
	l.vain = 0
	l.want = min(l.want, left)
}

// Failed says that a call for a further line was in vain. Who wanted it for a
// load says so again while the load lasts.
func (l *Lines) Failed(now time.Time, have int) {
	l.settle(have)
	l.after = now.Add(growing(l.cfg.Wait, l.vain))
	l.vain++
}

// growing is a rest after so many in vain.
func growing(rest time.Duration, vain int) time.Duration {
	return min(rest<<min(vain, 10), max(longestWait, rest))
}

// lacks reports whether a further line is to be called.
func (l *Lines) lacks(have int) bool {
	return l.up && have < min(l.want, l.most)
}

// Deadline is when Advance wants to be called; zero is never.
func (l *Lines) Deadline(have int) time.Time {
	if !l.lacks(have) {
		return time.Time{}
	}
	return l.after
}

// Advance reports whether to make a call for a further line.
func (l *Lines) Advance(now time.Time, have int) bool {
	return l.lacks(have) && !now.Before(l.after)
}
