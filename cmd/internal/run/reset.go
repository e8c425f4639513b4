package run

import (
	"context"
	"errors"
	"slices"
	"time"

	"pppdial/dial"
	"pppdial/mp"
)

// afterFailure goes on when the modem of a call that has failed is reset, if that is
// wanted and can be its fault.
func (u *unit) afterFailure(device string, c dial.Cause, err error, goOn func()) {
	if !u.keeping.resets.Failed() || c.Hopeless || !ofModem(err) || u.searches(device, err) {
		goOn()
		return
	}
	u.reset(device, dial.CallFailed, goOn)
}

// furtherFailed takes a call for a further line that was not made. While its modem is
// reset it counts as being made, so that no other is.
func (u *unit) furtherFailed(a *attempt, device string, c dial.Cause, err error) {
	goOn := func() {
		delete(u.attempts, a)
		u.lines.Failed(time.Now(), u.have())
		u.rearm()
	}
	if !u.up || u.cancelReset != nil || !a.calls { // it may be the modem of a first call, or of two
		goOn()
		return
	}
	u.attempts[a] = true
	u.afterFailure(device, c, err, goOn)
}

// furtherWithoutPPP takes a further line on which no PPP came. It counts as being
// called until it is hung up, too.
func (u *unit) furtherWithoutPPP(m *member, v Verdict) {
	a := &attempt{cancel: func() {}, calls: true, began: m.started}
	u.attempts[a] = true
	u.whenFree(func() { u.furtherFailed(a, m.device, causeOf(v, nil), nil) })
}

// withoutPPP takes a link that never came up; that it went because we wanted it to is
// no modem's fault.
func (u *unit) withoutPPP(m *member, k mp.Kind, v Verdict) {
	c := causeOf(v, nil)
	c.Hopeless = c.Hopeless || m.refused != nil || u.noIPv4 != nil && v == *u.noIPv4
	goOn := func() { u.failed(v, c) }
	if !m.dialed() || ended(k) || k == mp.Refused {
		goOn()
		return
	}
	u.afterFailure(m.device, c, nil, goOn)
}

// ofModem tells whether a reset may help against what has failed: nil is a link
// that never came up.
func ofModem(err error) bool {
	var e *dial.Error
	if !errors.As(err, &e) {
		return err == nil
	}
	switch e.Kind {
	case dial.Locked, dial.Busy, dial.NoDialtone, dial.NoAnswer, dial.NoRoute, dial.NotNow, dial.Interrupted, dial.CommandFailed,
		dial.Ringing, dial.PINNotNoted: // to reset one that rings is to hang up on who calls
		return false
	}
	return true
}

// searches tells whether a modem that has no network is to be left looking for one.
func (u *unit) searches(device string, err error) bool {
	var e *dial.Error
	if !errors.As(err, &e) || e.Kind != dial.NotRegistered && e.Kind != dial.NoSignal {
		return false
	}
	return !u.keeping.resets.Searched(device, time.Now())
}

// afterLink goes on when the modem of the last link that was up is reset, if that is
// wanted: resetFor says so, of all that were up then, or the entry for a link that has
// died or for all.
func (u *unit) afterLink(m *member, k mp.Kind, goOn func()) {
	why := u.resetFor
	u.resetFor = nil
	switch {
	case why != nil:
		lines := append(u.keeping.lines, m.device)
		slices.Sort(lines)
		u.resetAll(slices.Compact(lines), *why, goOn)
	case k == mp.PeerDead && u.keeping.resets.Failed():
		u.reset(m.device, dial.LinkBroken, goOn)
	case u.keeping.resets.Ended():
		u.reset(m.device, dial.LinkEnded, goOn)
	default:
		goOn()
	}
}

// resetAll resets the modems of several lines, one after the other.
func (u *unit) resetAll(lines []string, why dial.ResetReason, goOn func()) {
	if len(lines) == 0 {
		goOn()
		return
	}
	u.reset(lines[0], why, func() { u.resetAll(lines[1:], why, goOn) })
}

// reset resets a modem, lets it rest, and goes on when all lines are free. The end
// of the unit cuts it short.
func (u *unit) reset(device string, why dial.ResetReason, goOn func()) {
	by, ok := u.caller.(resetter)
	if !ok || u.final != nil {
		goOn()
		return
	}
	u.keeping.resets.SearchEnds(device)
	ctx, cancel := context.WithCancel(u.d.patient)
	u.cancelReset = cancel
	u.hanging++
	u.d.hanging++
	u.pending = append(u.pending, goOn)
	go func() {
		defer cancel()
		r, err := by.Reset(ctx, device, why)
		if err != nil {
			u.log.Warn("the modem could not be reset", "error", err)
		} else {
			u.log.Info("the modem is reset", "by", r.Rung, "line", r.Device, "rest", r.Rest)
		}
		rest := time.NewTimer(r.Rest)
		defer rest.Stop()
		select {
		case <-rest.C:
		case <-ctx.Done():
		}
		u.d.box.Put(func() {
			u.cancelReset = nil
			u.hanging--
			u.d.hanging--
			u.settle()
		})
	}()
}
