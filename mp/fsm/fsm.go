// Package fsm is the option negotiation automaton of RFC 1661, section 4,
// that LCP and all network control protocols share: the state table, the
// restart timer and its counters, identifiers, and the answers Ack, Nak and
// Reject. What the options mean is a [Policy]'s, one for each protocol, in
// package proto.
//
// A [Machine] is synchronous: it has no goroutine and no clock. Its owner
// hands it packets, events and the time, and calls [Machine.Advance] when
// [Machine.Deadline] has come. Everything of one machine is called by one
// goroutine.
package fsm

import (
	"log/slog"
	"time"

	"pppdial/mp/wire"
)

// What holds where Config says nothing (ppp(1M)).
const (
	defaultRestart      = time.Second
	defaultMaxConfigure = 10
	defaultMaxFailure   = 10
	defaultMaxTermTime  = 7 * time.Second
)

// Config is what the owner of a machine decides. The zero value is good.
type Config struct {
	Name  string        // in logs and errors; the protocol's name when empty
	Proto wire.Protocol // for the words in errors and logs

	// The restart timer (RFC 1661, section 4.6). The first Configure-Request
	// goes out at once. As long as nothing was heard of the peer it is
	// repeated after FirstRestart; then after Restart, doubled each time up to
	// RestartLimit.
	FirstRestart time.Duration // 0: Restart
	Restart      time.Duration // 0: 1 s
	RestartLimit time.Duration // no more than Restart: no back-off

	MaxConfigure int // Configure-Requests without an answer; 0: 10
	// MaxFailure is the number of Configure-Naks that we send before we Reject
	// instead, and of Naks and Rejects of our own Configure-Requests before
	// we give up. 0: 10.
	MaxFailure int
	// Terminate-Requests are sent MaxTerminate times or, where that is 0, for
	// MaxTermTime. Both 0: 7 s.
	MaxTerminate int
	MaxTermTime  time.Duration

	Silent  bool // send nothing before the peer has (Up leads to Stopped)
	Passive bool // without an answer wait for the peer in Stopped, unfinished

	Log *slog.Logger
}

// withDefaults fills in what was left out.
func (c Config) withDefaults() Config {
	if c.Name == "" {
		c.Name = c.Proto.String()
	}
	if c.Restart <= 0 {
		c.Restart = defaultRestart
	}
	if c.FirstRestart <= 0 {
		c.FirstRestart = c.Restart
	}
	if c.MaxConfigure <= 0 {
		c.MaxConfigure = defaultMaxConfigure
	}
	if c.MaxFailure <= 0 {
		c.MaxFailure = defaultMaxFailure
	}
	if c.MaxTerminate <= 0 && c.MaxTermTime <= 0 {
		c.MaxTermTime = defaultMaxTermTime
	}
	if c.Log == nil {
		c.Log = slog.New(slog.DiscardHandler)
	}
	return c
}

// A Verdict is what a policy thinks of one option of the peer's
// Configure-Request. The worst one is the answer's code, and the answer lists
// the options that deserve it.
type Verdict uint8

const (
	Ack    Verdict = iota
	Nak            // understood, but another value is wanted
	Reject         // not understood, or not negotiable
)

// A Policy knows the options of one protocol. All options alias the received
// packet: what is kept must be copied. The policy may call the machine's
// methods from anywhere; they take effect when the event at hand is done.
type Policy interface {
	// Reset is called when a negotiation begins, before the first Request:
	// what was learned from Naks and Rejects is forgotten.
	Reset()
	// Request appends the options of our next Configure-Request, which is not
	// sent each time.
	Request(b []byte) []byte
	// Naked and Rejected take one option of a Configure-Nak or -Reject. A Nak
	// may hold options that we have not asked for. An error ends the
	// negotiation and is its reason.
	Naked(o wire.Option) error
	Rejected(o wire.Option) error
	// Acked says that the peer has Acked our last Request.
	Acked(request wire.Options)
	// Judge judges one option of the peer's Configure-Request; the whole is in
	// request. With Nak it returns the data that it wants. An option whose type
	// has been there before is Rejected without asking.
	Judge(o wire.Option, request wire.Options) (Verdict, []byte)
	// Missing appends options, to be Nak-ed, that the peer's request lacks.
	Missing(b []byte, request wire.Options) []byte
	// Accept takes the peer's request that is about to be Acked. It may be
	// called again with another one as long as the machine is not Opened. An
	// error, about what the request lacks, ends the negotiation instead.
	Accept(request wire.Options) error
	// Impasse says in a few words what could not be agreed about an option:
	// ours, to which the peer keeps answering o, or the peer's o, that we
	// keep refusing. Empty: the option itself says it.
	Impasse(o wire.Option, ours bool) string

	// Knows reports whether code, beyond Code-Reject, belongs to the protocol;
	// other packets are answered by Code-Reject.
	Knows(code wire.Code) bool
	// Code takes a packet whose code it Knows, while the machine is Opened.
	Code(now time.Time, p wire.Packet)
	// CodeRejected says that the peer does not know a code beyond Code-Reject
	// that we have sent.
	CodeRejected(now time.Time, code wire.Code)

	// The layer's actions of RFC 1661, section 4.4: tlu, tld, tls and tlf.
	Up(now time.Time)
	Down(now time.Time)
	Started(now time.Time)
	Finished(now time.Time) // Machine.Err tells why
}
