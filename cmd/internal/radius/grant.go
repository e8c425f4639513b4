package radius

import (
	"net/netip"
	"time"

	"pppdial/mp/wire"
)

// A Grant is what a server allows a peer, or wants for it. What is zero was not
// said.
type Grant struct {
	User string // who it is for the servers' books; the peer's name unless the server has another

	Address     netip.Addr // for the peer
	PeerChooses bool       // the address; without it and without Address we choose
	Netmask     netip.Addr // for the interface
	Pool        string     // from which we choose
	InterfaceID wire.InterfaceID
	Prefixes    []netip.Prefix // IPv6, routed to the peer
	Routes      []Route        // networks behind the peer
	MTU         int

	SessionTimeout time.Duration
	IdleTimeout    time.Duration
	Ports          int           // links of the bundle at most
	Interim        time.Duration // between Interim-Updates; 0: none

	Filter  string   // label of the entry to continue with
	Message string   // for the peer's user
	Class   [][]byte // for the accounting, as it came
}

// A Route is a network behind the peer (RFC 2865, section 5.22).
type Route struct {
	Prefix  netip.Prefix
	Gateway netip.Addr // zero: the peer itself
	Metric  int        // the first of the metrics; 0: none
}
