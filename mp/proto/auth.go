package proto

import (
	"errors"
	"time"

	"pppdial/mp/wire"
)

// Why an authentication failed; the error's text has the peer's message.
var (
	ErrAuthTimeout   = errors.New("no answer in time")
	ErrAuthRefused   = errors.New("refused")
	ErrAuthReflected = errors.New("the peer sent us our own challenge")
)

// An Authenticator is one side of an authentication: a PAPClient, PAPServer,
// CHAPClient or CHAPServer.
type Authenticator interface {
	// Start begins; before it, packets are dropped.
	Start(now time.Time)
	// Input takes the information field of a packet of the protocol. The
	// packets of both sides may be given to both.
	Input(now time.Time, info []byte)
	Deadline() time.Time // zero: none
	Advance(now time.Time)
	// Stop ends it silently.
	Stop()
}

// A Server is the side that the peer authenticates itself to.
type Server interface {
	Authenticator
	// Answer is the owner's answer to Verify, at once or later. An answer to
	// a request that is no longer the current one is dropped.
	Answer(now time.Time, r *AuthRequest, ok bool, message string)
	// Name is the name that the peer has proved, empty before.
	Name() string
}

// AuthLayer is the owner's side of an authentication. All functions but Send
// may be nil.
type AuthLayer struct {
	Send func(wire.Packet)
	// Passed says that the authentication has succeeded. It is called once:
	// later rounds of CHAP are silent when they succeed.
	Passed func(now time.Time, message string)
	// Failed says that it has failed, at any time; nothing more is sent.
	Failed func(now time.Time, err error)
}

// AuthTimes are the times of both sides of an authentication.
type AuthTimes struct {
	Interval time.Duration // between repetitions; 0: 5 s
	Limit    time.Duration // from Start to the end; 0: 30 s
}

// An AuthRequest is a peer's claim, waiting to be verified. It prints without
// its secrets.
type AuthRequest struct {
	Method wire.Auth
	Name   string // the peer's
	ID     uint8  // of the packet

	Password string // PAP
	// CHAP: our challenge and the peer's response, for those who verify
	// elsewhere.
	Challenge, Response []byte
}

// CheckSecret reports whether the peer knows the secret. It takes the same
// time for all wrong secrets of one length.
func (r *AuthRequest) CheckSecret(secret string) bool { return false }
