package run

import (
	"context"
	"time"

	"pppdial/cmd/internal/status"
	"pppdial/conf"
	"pppdial/dial"
)

// This file is how calls are made, and what follows those that fail.

// An attempt is a call that is being made or waited for.
type attempt struct {
	cancel context.CancelFunc
	calls  bool // it is being made
	first  bool // there is no link yet
	needed bool // false: another line has come first
	began  time.Time
}

// have is the number of lines, with those that are being called.
func (u *unit) have() int {
	n := len(u.members)
	for a := range u.attempts {
		if a.calls {
			n++
		}
	}
	return n
}

// call makes one attempt, in a goroutine of its own.
func (u *unit) call(first bool) {
	switch {
	case !first:
		u.log.Info("calling", "because", "another line is wanted")
	case u.waiting != "":
		u.log.Info("calling", "because", u.waiting)
	default:
		u.log.Info("calling", "because", entrySaysSo)
	}
	if first {
		u.told("calling")
	}
	u.account.tried++
	u.attempt(first, true)
}

// makeCaller sees to it that there is one, or ends the unit.
func (u *unit) makeCaller() bool {
	if u.caller != nil {
		return true
	}
	config := dialConfig(u.entry, &u.d.opt, u.d.pins, u.log)
	config.Patient = u.d.patient
	c, err := u.d.world.caller(config)
	if err != nil {
		u.end(explainCall(err))
		return false
	}
	u.caller = c
	return true
}

func (u *unit) attempt(first, calls bool) {
	if !u.makeCaller() {
		return
	}
	c := u.caller
	ctx, cancel := context.WithCancel(u.d.ctx)
	a := &attempt{cancel: cancel, calls: calls, first: first, needed: true, began: time.Now()}
	u.attempts[a] = true
	how := c.Answer
	if calls {
		how = c.Call
	}
	go func() {
		n, err := how(ctx)
		cancel()
		u.d.box.Put(func() { u.called(a, n, err) })
	}()
}

// called takes the outcome of an attempt.
func (u *unit) called(a *attempt, c *conn, err error) {
	delete(u.attempts, a)
	u.uncount(a, err)
	switch {
	case err == nil:
		m := &member{conn: c, entry: u.entry, unit: u, origin: status.Answered, first: a.first}
		if a.calls {
			m.origin = status.Dialed
		}
		if m.dialed() {
			u.account.made++
		} else {
			u.account.taken++
		}
		u.keeping.resets.SearchEnds(c.device)
		if u.final != nil || !a.needed {
			u.d.giveBack(m, Verdict{})
			return
		}
		if u.waits != nil {
			u.tries = 0
			u.policy.Answered()
		}
		if u.entry.Reconfigure { // the peer will tell whose line it is
			m.unit = nil
		}
		u.d.talk(m)
	case u.final != nil:
		u.settle()
	case !a.needed:
		if a.first {
			u.policy.Postponed(time.Now())
		}
		u.rearm()
	case !a.first:
		u.log.Info("no further line", "because", err)
		u.furtherFailed(a, deviceOf(err), causeOf(explainCall(err), err), err)
	default:
		v := explainCall(err)
		c := causeOf(v, err)
		u.afterFailure(deviceOf(err), c, err, func() { u.failed(v, c) })
	}
}

// failed takes a call that was not made, or whose link never came up.
func (u *unit) failed(v Verdict, c dial.Cause) {
	switch {
	case u.final != nil:
		return
	case u.entry.Mode == conf.In && u.answers():
		u.log.Info("no further line", "because", v.Evidence)
		u.policy.Deaf(time.Now())
		u.rearm()
		return
	}
	u.account.ended(time.Now(), v)
	u.keep(v)
	if u.up { // by another line, meanwhile
		v.log(u.log)
		return
	}
	u.rest(v, c)
}

// rest is what follows a failure: the end, or a time without calls.
func (u *unit) rest(v Verdict, c dial.Cause) {
	u.tries++
	u.until = c.Until
	action := u.policy.Failed(time.Now(), c)
	if action == dial.GiveUp && !u.entry.Camp && u.iface.up == (networks{}) { // no packet can come
		action = dial.End
	}
	tries := u.tries
	if action == dial.GiveUp {
		u.tries = 0
		u.flush()
	}
	if action == dial.GiveUp || tries > 1 && action == dial.End {
		u.log.Warn("giving up for now", "tries", tries)
	}
	if action == dial.End {
		u.end(v)
		return
	}
	v.log(u.log)
	if c.Hopeless {
		u.log.Warn("slowing down: another call hardly helps")
	}
	if next := u.policy.Deadline(); !next.IsZero() {
		u.log.Info("next try", "after", time.Until(next).Round(time.Millisecond))
	}
	u.rearm()
}
