// Package rtcmd reads the little language of add_route= and del_route=: what
// IRIX users wrote behind the word route, as route(1M) took it.
//
//	[-nq] add|delete|change [-net|-host|-inet6] DEST [-netmask MASK]
//	      GATEWAY|-interface NAME [METRIC]
//
// DEST is "default", an address, or an address with /LEN. The bare words net
// and host of the oldest forms stand for -net and -host, and behind them or
// their new forms a network may be shortened to its leading octets. "#" and
// $REMOTEADDR stand for the peer's address. delete needs no gateway.
//
// Without a length or mask the rules of route(1M) hold: what has nothing in
// the host part of its class (A, B or C) is that network, everything else is a
// host. A network, said to be one by -net, whose bits reach beyond its class's
// mask gets the mask of as many octets as it needs.
//
// Nothing is looked up and no shell is asked: what is not in this language is
// refused with its column. The package knows no kernel; package route applies
// what is read here.
package rtcmd

import (
	"fmt"
	"net/netip"
)

// An Action is the first word of a command.
type Action int

const (
	Add Action = iota + 1
	Delete
	Change
)

func (a Action) String() string {
	switch a {
	case Add:
		return "add"
	case Delete:
		return "delete"
	case Change:
		return "change"
	}
	return fmt.Sprintf("Action(%d)", int(a))
}

// A Command is one route command. Commands can be compared with ==.
type Command struct {
	Action Action
	// Inet6 is true for IPv6 destinations and gateways.
	Inet6 bool

	// Dst is the destination, with no bit set beyond its length. It is the
	// zero Prefix when the destination is the peer: then ToPeer is true and
	// the destination is PeerBits of the peer's address.
	Dst      netip.Prefix
	ToPeer   bool
	PeerBits int

	// At most one of these three says where packets go; none does in a delete
	// that means any route to Dst.
	ViaPeer   bool       // the peer: "#" or $REMOTEADDR
	Gateway   netip.Addr // a gateway
	Interface string     // -interface

	// Metric is 0 when none is given.
	Metric int
}

// An Error says what is wrong in a command, and where.
type Error struct {
	Col int // byte of the command, from 1
	Msg string
}

func (e *Error) Error() string { return fmt.Sprintf("rtcmd: column %d: %s", e.Col, e.Msg) }

// Default is the command that add_route and add_route6 without a value stand
// for: a default route through the peer.
func Default(inet6 bool) Command {
	c := Command{Action: Add, Inet6: inet6, ViaPeer: true}
	c.Dst = anywhere(inet6)
	return c
}

// anywhere is the destination of a default route.
func anywhere(inet6 bool) netip.Prefix {
	if inet6 {
		return netip.PrefixFrom(netip.IPv6Unspecified(), 0)
	}
	return netip.PrefixFrom(netip.IPv4Unspecified(), 0)
}

// Inverse returns the command that undoes c: the same words with delete. Only
// what begins with add has one.
func (c Command) Inverse() (Command, bool) {
	if c.Action != Add {
		return Command{}, false
	}
	c.Action = Delete
	return c, true
}

// Resolve puts the peer's address in for the destination "#" or $REMOTEADDR,
// and then remote must be of the command's family. As a gateway the peer needs
// no address: it is alone at the other end of the link, and not all peers tell
// one.
func (c Command) Resolve(remote netip.Addr) (Command, error) {
	if !c.ToPeer {
		return c, nil
	}
	remote = remote.Unmap().WithZone("")
	if !remote.IsValid() {
		return Command{}, fmt.Errorf("rtcmd: %s: the peer's address is not known", c)
	}
	if remote.Is6() != c.Inet6 {
		return Command{}, fmt.Errorf("rtcmd: %s: the peer's address %s is of the other family", c, remote)
	}
	c.Dst = netip.PrefixFrom(remote, c.PeerBits).Masked()
	c.ToPeer, c.PeerBits = false, 0
	return c, nil
}
