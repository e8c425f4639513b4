package fsm

import "errors"

// Why a machine gave up, to be asked for with errors.Is. The error's text
// names the protocol and, where there is one, the option.
var (
	ErrNoAnswer   = errors.New("no answer to our Configure-Requests")
	ErrImpasse    = errors.New("no agreement")
	ErrEmptyNak   = errors.New("a Nak without options") // within an ErrImpasse
	ErrTerminated = errors.New("terminated by the peer")
	ErrRejected   = errors.New("rejected by the peer") // the protocol, or a code that it needs
)
