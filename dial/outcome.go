package dial

import (
	"errors"
	"strings"

	"pppdial/dial/chat"
	"pppdial/dial/line"
	"pppdial/dial/modem"
)

// outcomes are what a modem's answer to a number means.
var outcomes = map[modem.Code]Kind{
	modem.Busy: Busy, modem.NoCarrier: NoCarrier, modem.NoDialtone: NoDialtone, modem.NoAnswer: NoAnswer,
	modem.Voice: NoCarrier, modem.Failed: Refused, modem.Delayed: Refused, modem.Blacklisted: Refused,
}

// setUps are what keeps a cellular modem from being ready.
var setUps = []struct {
	err  error
	kind Kind
}{
	{modem.ErrNoSIM, NoSIM}, {modem.ErrSIM, NoSIM}, {modem.ErrSIMLocked, SIMLocked},
	{modem.ErrPINNeeded, PINNeeded}, {modem.ErrPINNotNoted, PINNotNoted}, {modem.ErrPINRefused, PINRefused}, {modem.ErrPUKNeeded, PUKNeeded},
	{modem.ErrNoSignal, NoSignal}, {modem.ErrNotRegistered, NotRegistered}, {modem.ErrDenied, Denied},
	{modem.ErrPDPType, PDPRefused},
}

// ofModem says what an error of the AT dialogue means.
func (a *attempt) ofModem(e *modem.Error) Kind {
	for _, s := range setUps {
		if errors.Is(e.Err, s.err) {
			return s.kind
		}
	}
	switch {
	case a.phase == dialing && e.Err == nil:
		return outcomes[e.Result.Code]
	case a.phase == dialing && errors.Is(e.Err, modem.ErrSilent):
		return NoAnswer
	case errors.Is(e.Err, line.ErrCarrierLost):
		return NoCarrier
	case a.phase == initializing:
		return ModemError
	}
	return Silent
}

// ofScript says what an error of a script means. A dialer's script fails mostly
// since the modem said something else than CONNECT, for which few scripts have
// an ABORT: then what the modem said last counts.
func (a *attempt) ofScript(e *chat.Error) Kind {
	if errors.Is(e.Err, line.ErrCarrierLost) {
		return NoCarrier
	}
	said := lastCode(e)
	if a.phase == login {
		if said == modem.NoCarrier {
			return NoCarrier
		}
		return ChatFailed
	}
	kind, ok := outcomes[said]
	switch {
	case !errors.Is(e.Err, chat.ErrTimeout) && !errors.Is(e.Err, chat.ErrAbort):
		return ChatFailed
	case ok && kind == Refused && !expectsConnect(e):
		return ModemError
	case ok:
		return kind
	case len(e.Got) == 0 && !expectsConnect(e):
		return Silent
	}
	return ChatFailed
}

func expectsConnect(e *chat.Error) bool { return strings.Contains(e.Want, "CONNECT") }

// lastCode finds the last result code in what came.
func lastCode(e *chat.Error) modem.Code {
	if c := modem.ParseResult(e.Abort).Code; c != modem.None {
		return c
	}
	code := modem.None
	for _, text := range strings.FieldsFunc(string(e.Got), func(r rune) bool { return r == '\r' || r == '\n' }) {
		if c := modem.ParseResult(text).Code; c != modem.None {
			code = c
		}
	}
	return code
}
