package run

import (
	"errors"
	"time"

	"pppdial/dial"
)

// This file is what a failure means for the next call.

// lookAgain is how often the clock is looked at by who waits for a time of day.
const lookAgain = time.Minute

// deviceOf is the line over which a call has failed; "" when there was none.
func deviceOf(err error) string {
	if e := new(dial.Error); errors.As(err, &e) {
		return e.Device
	}
	return ""
}

// causeOf tells what a failed attempt means for the next one.
func causeOf(v Verdict, err error) dial.Cause {
	c := dial.Cause{Hopeless: hopeless(v)}
	var e *dial.Error
	if !errors.As(err, &e) {
		return c
	}
	if e.Retry > 0 {
		c.Until = time.Now().Add(e.Retry)
	}
	switch e.Kind {
	case dial.NoDialtone, dial.NoSIM, dial.SIMLocked, dial.PINNeeded, dial.PINRefused, dial.PUKNeeded, dial.Denied, dial.APNRefused, dial.PDPRefused:
		c.Hopeless = true
	case dial.NotNow:
		c.Hopeless, c.Until = true, e.Next
	case dial.Ringing, dial.Busy, dial.NoCarrier, dial.NoAnswer, dial.Locked:
		c.Crossed = true
	}
	return c
}

// hopeless reports whether trying again hardly helps.
func hopeless(v Verdict) bool {
	switch v.Status {
	case StatusOptions, StatusNoTUN, StatusAuthRejected, StatusPeerAuth, StatusLoopback, StatusFatal:
		return true
	}
	return false
}
