package route

import (
	"net/netip"

	"pppdial/route/rtcmd"
)

// State is what the kernel is wanted to know of one interface. Its zero value,
// but for the name, wants nothing.
type State struct {
	Name string // of the interface, which somebody else makes and removes

	// Up is whether the interface is to be up. While it is not, nothing else
	// of the State is in effect.
	Up bool
	// MTU in bytes and QueueLen in packets; 0 leaves what is there.
	MTU      int
	QueueLen int

	// Addrs are the interface's addresses. Each IPv4 one with a Remote brings
	// a host route to it.
	Addrs []Addr

	// Metric is that of the link (metric=): of the host routes to the peer and
	// of all Routes that have none. 0 is the kernel's default, which is 0 for
	// IPv4 and 1024 for IPv6.
	Metric int
	// Routes are added in this order and removed in the opposite one.
	Routes []Route
	// Replace makes a route that collides with one of Routes give way
	// (replace_route) until ours is removed.
	Replace bool

	ProxyARP ProxyARP

	// Withdrawn keeps the interface and its addresses, without any route or
	// proxy ARP entry of ours, so that others serve: camp mode between calls.
	Withdrawn bool
}

// An Addr is an address of the interface.
type Addr struct {
	Local netip.Addr
	// Remote is the address of the peer, if one is known. For IPv6 it is its
	// link-local address.
	Remote netip.Addr
	// Bits is the length of the netmask. 0 stands for 32 with IPv4 and 64 with
	// IPv6. The netmask of an IPv4 address with a Remote makes no route, it is
	// only told to those who ask, routing daemons for example (netmask=).
	Bits int
	// Former is an IPv4 address that the interface has had before: packets to
	// it are still the machine's, but it serves no program as its own.
	Former bool
}

// A Route is a wanted route.
type Route struct {
	Dst netip.Prefix
	// Gateway is the next router. The zero Addr, or the Remote of one of the
	// State's Addrs, is the peer: then the route leads to the interface, as
	// there is only one machine at its other end.
	Gateway netip.Addr
	// Interface is the one to leave by; "" is the one that Gateway is behind.
	Interface string
	Metric    int // 0: that of the State

	// Keep leaves the route in place at the end (-del_route). A route through
	// the interface itself goes with the interface all the same.
	Keep bool
}

// ProxyARP says whether to answer ARP requests for the peer's IPv4 address.
// The zero value is automatic: on the interface, if there is one, that does
// ARP and whose subnet has the peer's address.
type ProxyARP struct {
	Off       bool   // -proxy_arp
	Interface string // proxy_arp=
}

// FromCommand turns a command that begins with add into the route that it
// wants. remote is the peer's address, of the command's family, if it is known.
func FromCommand(c rtcmd.Command, remote netip.Addr) (Route, error) {
	c, err := c.Resolve(remote)
	if err != nil {
		return Route{}, err
	}
	return Route{Dst: c.Dst, Gateway: c.Gateway, Interface: c.Interface, Metric: c.Metric}, nil
}
