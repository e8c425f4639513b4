package dial

import (
	"context"
	"errors"
	"strings"
	"time"

	"pppdial/dial/modem"
)

// diagnosisLimit bounds the questions to a modem whose call has failed.
const diagnosisLimit = 12 * time.Second

// cellular tells whether the modem can be asked about card and network.
func (c *Config) cellular(number string) bool {
	return c.Cellular != nil || strings.HasPrefix(strings.TrimLeft(number, "TtPp"), "*99")
}

// diagnose asks a cellular modem why the attempt has failed, before anything is
// done to it, and sharpens the error by what it says.
func (a *attempt) diagnose(ctx context.Context, e *Error) {
	if a.phase < initializing || !a.cfg.cellular(a.way.phone) {
		return
	}
	ctx, cancel := context.WithTimeout(ctx, diagnosisLimit)
	defer cancel()
	s, err := a.made.modem.Diagnose(ctx)
	if err != nil {
		a.log.Debug("the modem can't be asked", "error", err)
	}
	e.learn(s)
}

// learn puts what the modem says into the error. A cause that the network gives
// tells more than the result code.
func (e *Error) learn(s *modem.Status) {
	if s.String() == "" {
		return
	}
	e.Modem = s
	switch e.Kind {
	case NoCarrier, Refused, NoAnswer, ChatFailed, CommandMode, ModemError, NotRegistered:
	default:
		return
	}
	if k, ok := Blame(s); ok {
		e.Kind = k
	}
}

// Blame finds what a modem's own words blame.
func Blame(s *modem.Status) (Kind, bool) {
	switch s.SIM {
	case modem.SIMAbsent, modem.SIMFailed:
		return NoSIM, true
	case modem.SIMNeedsPIN:
		return PINNeeded, true
	case modem.SIMNeedsPUK:
		return PUKNeeded, true
	case modem.SIMLocked:
		return SIMLocked, true
	}
	if c := s.Refusal(); c != modem.NoRefusal {
		return refusals[c], true
	}
	switch r := s.Registration(); {
	case r == modem.RegDenied:
		return Denied, true
	case r == modem.RegUnknown || r.Registered():
		return 0, false
	case s.Signal.None():
		return NoSignal, true
	}
	return NotRegistered, true
}

var refusals = map[modem.Refusal]Kind{
	modem.RefusedAPN: APNRefused, modem.RefusedType: PDPRefused, modem.RefusedAuth: AuthRefused, modem.RefusedCard: Denied,
}

var (
	errEnded = errors.New("the modem has no call any more")
	errHeld  = errors.New("the modem still holds the call")
)

// Diagnose asks the modem of a call that has ended, or carries nothing any more,
// what became of it: before Hangup, and when nobody reads or writes the line any
// more. It is nil where there is nothing to ask or no answer; an answer of a modem
// that was in command mode has the Kind CommandMode, unless the modem knows
// better, and that of one that still has its call NoCarrier. It takes 12 s at
// most. The call, if there still is one, is not ended, yet is good for Hangup only.
func (c *Call) Diagnose(ctx context.Context) *Error {
	if c.modem == nil || !c.cellular {
		return nil
	}
	ctx, cancel := context.WithTimeout(ctx, diagnosisLimit)
	defer cancel()
	e := &Error{Kind: CommandMode, Device: c.Device, Number: c.Number, Err: errEnded}
	var s *modem.Status
	commands := false
	err := c.Line.Revive()
	if err == nil {
		commands, err = c.modem.Attend(ctx)
	}
	if err == nil {
		s, err = c.modem.Diagnose(ctx)
	} else {
		c.log.Debug("the modem does not answer", "error", err)
		err = c.aside(ctx, func(m *modem.Modem) (err error) {
			s, err = m.Diagnose(ctx)
			return err
		})
	}
	if err != nil {
		c.log.Debug("the modem can't be asked", "error", err)
	}
	if s == nil {
		return nil
	}
	if !commands {
		e.Kind, e.Err = NoCarrier, errHeld
	}
	e.learn(s)
	if e.Modem == nil {
		return nil
	}
	return e
}
