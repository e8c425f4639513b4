package radius

import (
	"net/netip"

	"layeh.com/radius/rfc2866"

	"pppdial/mp/wire"
)

// Usage is what a link has carried since its session began.
type Usage struct {
	In, Out               uint64 // octets from the peer, to the peer
	InPackets, OutPackets uint64
	Links                 int // that its bundle has had; 0: it is none
}

// A Cause is why a session ended (Acct-Terminate-Cause).
type Cause = rfc2866.AcctTerminateCause

// SessionConfig is what the accounting of a link needs to know.
type SessionConfig struct {
	Call  Call
	Grant *Grant // as its authentication got it

	Bundle      string // Acct-Multi-Session-Id, the same for all links of a bundle; empty: none
	Address     netip.Addr
	InterfaceID wire.InterfaceID // zero: none
	// Usage tells what was carried until now; it is called by a goroutine of the
	// session's.
	Usage func() Usage
}

// A Session is the accounting of a link.
type Session struct{ SessionConfig }
