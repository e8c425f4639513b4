// Package proto holds the protocols that a PPP link or bundle speaks about
// itself: LCP (RFC 1661, 1570, 1990), IPCP (RFC 1332, 1877), IPV6CP (RFC
// 5072), CCP (RFC 1962), PAP (RFC 1334), CHAP (RFC 1994, 2759) and EAP (RFC
// 3748). The control protocols are policies on top of package fsm: what an
// option means, what is asked for, what is granted. The authentication
// protocols are small machines of their own, one for each side.
//
// Everything here is synchronous: no goroutine, no clock. The owner hands in
// the information fields of received packets and the time, and calls Advance
// when Deadline has come. All that belongs to one link or bundle is called by
// one goroutine. Packets come out by a Send function, whose argument is valid
// until it returns. The other functions tell the owner what happened; from
// within them every method may be called.
package proto

import (
	"crypto/rand"
	"encoding/binary"
	"log/slog"
	"time"

	"pppdial/mp/fsm"
	"pppdial/mp/wire"
)

// A Layer is the owner's side of a control protocol. Functions left nil are
// not called, except Send.
type Layer struct {
	Send func(wire.Packet)
	// Up says that the protocol is open and its Result final.
	Up func(now time.Time)
	// Down says that it is open no longer; it may come up again by itself.
	Down func(now time.Time)
	// Finished says that it has ended and will send no more: because it was
	// closed (err is nil), or because it gave up.
	Finished func(now time.Time, err error)
}

// tell calls f, if there is one.
func tell(f func(time.Time), now time.Time) {
	if f != nil {
		f(now)
	}
}

func (l *Layer) finished(now time.Time, err error) {
	if l.Finished != nil {
		l.Finished(now, err)
	}
}

// A Machine is what all control protocols have in common.
type Machine interface {
	Up(now time.Time)                   // the layer below carries packets
	Down(now time.Time)                 // it does no longer
	Open(now time.Time)                 // negotiate
	Close(now time.Time, reason string) // end in an orderly way
	Input(now time.Time, info []byte)
	ProtocolRejected(now time.Time)
	Deadline() time.Time // zero: none
	Advance(now time.Time)
	State() fsm.State
	Err() error
	Counts() fsm.Counts
}

// plain is the part of a policy that protocols without codes of their own
// share.
type plain struct{ layer Layer }

func (p *plain) Knows(wire.Code) bool                    { return false }
func (p *plain) Code(time.Time, wire.Packet)             {}
func (p *plain) CodeRejected(time.Time, wire.Code)       {}
func (p *plain) Started(time.Time)                       {}
func (p *plain) Down(now time.Time)                      { tell(p.layer.Down, now) }
func (p *plain) Missing(b []byte, _ wire.Options) []byte { return b }

// random32 is a random number that is not zero.
func random32() uint32 {
	var b [4]byte
	for {
		rand.Read(b[:])
		if n := binary.BigEndian.Uint32(b[:]); n != 0 {
			return n
		}
	}
}

// random is f or, if there is none, the system's source.
func random(f func([]byte)) func([]byte) {
	if f == nil {
		return func(b []byte) { rand.Read(b) }
	}
	return f
}

func logger(l *slog.Logger) *slog.Logger {
	if l == nil {
		return slog.New(slog.DiscardHandler)
	}
	return l
}

// withLog gives the automaton its protocol's log, unless it has one.
func withLog(c fsm.Config, l *slog.Logger) fsm.Config {
	if c.Log == nil {
		c.Log = l
	}
	return c
}
