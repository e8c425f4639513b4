package dial

import "time"

// A Rung is one way to bring a modem back to its senses; later ones are harder.
type Rung uint8

// The rungs. The Terminate-Request to the peer, which comes before them, is PPP's.
const (
	NoRung   Rung = iota
	Escape        // the escape sequence and ATH
	DropDTR       // the wire that says that nobody is there
	ATReset       // the modem's own command
	USBReset      // its port of the hub is switched off and on
	ResetCmd      // the entry's reset_cmd, in place of all others
)

func (r Rung) String() string {
	return [...]string{"none", "escape and ATH", "DTR", "AT reset", "USB re-authorisation", "reset_cmd"}[r]
}

// A ResetReason is what a reset is for.
type ResetReason uint8

// The reasons.
const (
	CallFailed ResetReason = iota // reset_on_fail
	LinkBroken                    // monitor, or a peer that is dead: nothing passes
	LinkEnded                     // reset_always
	TimeOfDay                     // reset_at
)

func (r ResetReason) String() string {
	return [...]string{"the call failed", "the link carries nothing", "the link has ended", "time of day"}[r]
}

// settled is how long a link must have been up for the next reset to begin at the
// bottom again.
const settled = 2 * time.Minute

// A Ladder decides how a modem is reset: mildly at first, harder each time that it
// did not help. It knows the time only as an argument and does nothing itself.
type Ladder struct {
	Command bool // there is a reset_cmd
	NoUSB   bool // the modem is no USB device

	last Rung
	up   time.Time // when the link came up; zero: it is down
}

// Up says that a link over the modem carries traffic.
func (l *Ladder) Up(now time.Time) {
	if l.up.IsZero() {
		l.up = now
	}
}

// Next gives the rung for a reset. A link that was up for two minutes since the
// last one shows that it did help. What the operator himself has asked for
// (LinkEnded, TimeOfDay) is no failure: it is an AT reset each time.
func (l *Ladder) Next(now time.Time, why ResetReason) Rung {
	if !l.up.IsZero() && now.Sub(l.up) >= settled {
		l.last = NoRung
	}
	l.up = time.Time{}
	if why == LinkEnded || why == TimeOfDay {
		l.last = max(l.last, DropDTR)
		return max(l.Harder(DropDTR), ATReset)
	}
	l.last = l.Harder(l.last)
	return l.last
}

// Tried says how far the reset has come.
func (l *Ladder) Tried(r Rung) { l.last = r }

// Harder is the rung above; the highest one is above itself.
func (l *Ladder) Harder(r Rung) Rung {
	if l.Command {
		return ResetCmd
	}
	if l.NoUSB {
		return min(r+1, ATReset)
	}
	return min(r+1, USBReset)
}

// Rest tells whether a modem must be left alone after it (reset_wait): it starts
// anew.
func (r Rung) Rest() bool { return r >= ATReset }
