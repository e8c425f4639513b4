package proto

import (
	"crypto/sha256"
	"crypto/subtle"
	"errors"
	"fmt"
	"log/slog"
	"time"

	"pppdial/mp/fsm"
	"pppdial/mp/wire"
)

// Why an authentication failed, to be asked for with errors.Is; the text has
// the peer's message.
var (
	ErrAuthTimeout   = errors.New("no answer in time")
	ErrAuthRefused   = errors.New("refused")
	ErrAuthReflected = errors.New("the peer sent us our own challenge")
	ErrAuthName      = errors.New("the peer's name has changed")
	// ErrAuthUnproved: by MS-CHAPv2 each side proves that it knows the secret,
	// and the authenticator has not, or, when that is us, cannot.
	ErrAuthUnproved = errors.New("no proof that the authenticator knows the secret")
)

// An Authenticator is one side of an authentication: a Client or Server of
// PAP, CHAP or EAP.
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
	//
	// The message is for the peer's user. EAP has no room for one. By
	// MS-CHAPv2 it goes with our proof that we know the secret: CheckSecret
	// makes it; where the request was verified elsewhere, the message must have
	// it, "S=" and 40 hexadecimal digits and, after a blank, "M=" and the text,
	// as RADIUS servers tell it in MS-CHAP2-Success. Likewise the message of a
	// refusal may be that of MS-CHAP-Error, beginning with "E=".
	Answer(now time.Time, r *AuthRequest, ok bool, message string)
	// Name is the name that the peer has proved, empty before.
	Name() string
	// SetRounds changes the times and how long after a round the next one
	// begins, counted from now; 0: there is none. PAP has one round only.
	SetRounds(now time.Time, t AuthTimes, again time.Duration)
}

// AuthLayer is the owner's side of an authentication. All functions but Send
// may be nil.
type AuthLayer struct {
	Send func(wire.Packet)
	// Passed says that the authentication has succeeded. It is called once:
	// later rounds of CHAP are silent when they succeed.
	Passed func(now time.Time, message string)
	// Failed says that it has failed, at any time. Only a repetition of the
	// answer that told the peer so may still be sent.
	Failed func(now time.Time, err error)
}

func (l *AuthLayer) passed(now time.Time, message string) {
	if l.Passed != nil {
		l.Passed(now, message)
	}
}

func (l *AuthLayer) failed(now time.Time, err error) {
	if l.Failed != nil {
		l.Failed(now, err)
	}
}

// AuthTimes are the times of both sides of an authentication.
type AuthTimes struct {
	Interval time.Duration // between repetitions; 0: 5 s
	Limit    time.Duration // from Start, or a round's beginning, to the end; 0: 30 s
}

// WithDefaults is t with the times that count where none is given.
func (t AuthTimes) WithDefaults() AuthTimes {
	if t.Interval <= 0 {
		t.Interval = 5 * time.Second
	}
	if t.Limit <= 0 {
		t.Limit = 30 * time.Second
	}
	return t
}

// authTimer repeats something until a limit.
type authTimer struct {
	repeat time.Time // zero: nothing to repeat
	limit  time.Time // zero: none
}

func (t *authTimer) deadline() time.Time {
	if t.repeat.IsZero() || !t.limit.IsZero() && t.limit.Before(t.repeat) {
		return t.limit
	}
	return t.repeat
}

// due reports what has come; the limit stops the timer.
func (t *authTimer) due(now time.Time) (repeat, over bool) {
	if !t.limit.IsZero() && !now.Before(t.limit) {
		*t = authTimer{}
		return false, true
	}
	return !t.repeat.IsZero() && !now.Before(t.repeat), false
}

// An AuthRequest is a peer's claim, waiting to be verified. It prints without
// its secrets.
type AuthRequest struct {
	Method wire.Auth
	Name   string // the peer's
	ID     uint8  // of the packet

	Password string // PAP
	// CHAP and EAP: our challenge and the peer's response, for those who verify
	// elsewhere.
	Challenge, Response []byte

	proof *[20]byte // MS-CHAPv2: of our knowing the secret; nil until it was checked
}

// CheckSecret reports whether the peer knows the secret. How long it takes
// does not tell how much of a wrong one is right. It is for one goroutine at a
// time, before the answer.
func (r *AuthRequest) CheckSecret(secret string) bool {
	switch r.Method {
	case wire.Auth{Protocol: wire.PAP}:
		want, got := sha256.Sum256([]byte(secret)), sha256.Sum256([]byte(r.Password))
		return subtle.ConstantTimeCompare(want[:], got[:]) == 1
	case wire.Auth{Protocol: wire.CHAP, Algorithm: wire.CHAPMSv2}:
		var ok bool
		r.proof, ok = checkMSCHAP(r, secret)
		return ok
	case wire.Auth{Protocol: wire.CHAP, Algorithm: wire.CHAPMD5}, wire.Auth{Protocol: wire.EAP}:
		return subtle.ConstantTimeCompare(md5Response(r.ID, secret, r.Challenge), r.Response) == 1
	}
	return false
}

// String names method and peer.
func (r *AuthRequest) String() string {
	return fmt.Sprintf("%v id=%d name=%q", r.Method, r.ID, fsm.Printable([]byte(r.Name)))
}

// Format prints the String whatever the verb: %+v and %#v show no secrets.
func (r *AuthRequest) Format(f fmt.State, _ rune) { fmt.Fprint(f, r.String()) }

// LogValue is the String.
func (r *AuthRequest) LogValue() slog.Value { return slog.StringValue(r.String()) }

// refusedError is err with what the peer said to it.
func refusedError(name string, err error, message string) error {
	if message == "" {
		return fmt.Errorf("%s: %w", name, err)
	}
	return fmt.Errorf("%s: %w: %s", name, err, message)
}
