package run

import (
	"fmt"
	"time"

	"pppdial/mp"
)

// This file is what is said of connections over which nothing has ever come,
// though addresses were agreed upon.

const (
	// unheardTime is how long one must have been up, unheardBytes what must have
	// been sent: more than the kernel's own IPv6 says of itself.
	unheardTime  = time.Minute
	unheardBytes = 1000
)

// unheard reports how much was sent into a connection out of which nothing has
// come.
func (u *unit) unheard(now time.Time) (sent uint64, ok bool) {
	if u.account.since.IsZero() || now.Sub(u.account.since) < unheardTime {
		return 0, false
	}
	o := u.carried().less(u.account.atStart)
	return o.sent, o.received == 0 && o.sent >= unheardBytes
}

// explainUnheard says what may be behind it.
func (u *unit) explainUnheard() (cause, try string) {
	if u.entry.APN.Name != "" {
		return "addresses were agreed upon, but the network passes nothing: the context is not active, or the SIM card may not use data here",
			"check apn= and its type with the operator, and the card in a telephone"
	}
	return "addresses were agreed upon, but nothing comes back: the peer does not pass packets on, or has no way back to our address",
		"check forwarding and routes there, and localhost and remotehost here"
}

// listenFor looks from time to time whether anything has come, until then or
// until it has said so.
func (u *unit) listenFor(since time.Time) {
	u.d.after(unheardTime, func() {
		if u.final != nil || !u.up || !u.account.since.Equal(since) || u.carried().received > u.account.atStart.received {
			return
		}
		sent, ok := u.unheard(time.Now())
		if !ok {
			u.listenFor(since)
			return
		}
		cause, try := u.explainUnheard()
		u.log.Warn("nothing is received", "sent", sent, "cause", cause, "try", try)
		u.told("nothing is received")
	})
}

// withUnheard puts into the verdict on a connection that nothing has ever come,
// unless it says so already or it was another matter that has ended it.
func (u *unit) withUnheard(now time.Time, v Verdict) Verdict {
	sent, ok := u.unheard(now)
	switch {
	case !ok:
		return v
	case v.Status == StatusUser, v.Status == StatusIdle, v.Status == StatusConnectTime, v.Status == StatusHangup, v.Status == StatusOK:
	default:
		return v
	}
	v.Evidence += fmt.Sprintf("; %d bytes were sent in %v, and none received", sent, now.Sub(u.account.since).Round(time.Second))
	if v.By != "modem" || v.Cause == linkReasons[mp.Hangup].cause { // NO CARRIER is no cause
		v.Cause, v.Try = u.explainUnheard()
	}
	return v
}

// concluded puts that into the final verdicts of unit and program.
func (u *unit) concluded(now time.Time) {
	ofUnit, ofProgram := *u.final, u.d.final
	v := u.withUnheard(now, ofUnit)
	u.final = &v
	if u.d.main == u && ofProgram != nil && *ofProgram == ofUnit {
		u.d.final = &v
	}
}
