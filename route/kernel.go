package route

import (
	"fmt"
	"net/netip"
	"strings"
)

// A Kernel is what a Router needs of one network namespace. OpenKernel gives
// the real one, package routetest its twin. Errors wrap the kernel's errno;
// interfaces go by their names. Only the main routing table is seen.
type Kernel interface {
	Link(name string) (Link, error) // ENODEV when there is none
	// SetUp brings an interface up or down. What goes down loses its routes,
	// proxy ARP entries and IPv6 addresses.
	SetUp(name string, up bool) error
	// SetMTU sets the MTU in bytes. Under 1280 (RFC 8200, section 5) the
	// interface has no IPv6; when it comes back from there, it is taken down
	// and up again, so that no IPv6 address appears by itself.
	SetMTU(name string, mtu int) error
	SetQueueLen(name string, packets int) error

	// Addrs lists the addresses of an interface.
	Addrs(dev string) ([]IfAddr, error)
	// Around lists the IPv4 addresses, of any interface, whose subnet contains
	// an address; those with a Peer have none.
	Around(netip.Addr) ([]IfAddr, error)
	AddAddr(IfAddr) error // EEXIST
	// DelAddr removes an address, and with it what the kernel holds to depend
	// on it: routes from it and, with the last IPv4 address, all IPv4 routes of
	// the interface. EADDRNOTAVAIL when there is no such address, ENXIO
	// when the interface has no IPv6 at all.
	DelAddr(IfAddr) error

	// Routes lists the routes that leave by an interface, or all for "".
	Routes(dev string) ([]Entry, error)
	// AddRoute adds a route. Another one with the same destination and metric
	// makes it fail with EEXIST, unless front is true: then an IPv4 route is
	// put in front of that one, which has no effect until ours is removed.
	// IPv6 has no such order, so there front must be false.
	AddRoute(e Entry, front bool) error
	DelRoute(Entry) error // ESRCH when there is none like it

	// Lookup tells the way to an address: the interface ("lo" for an address
	// of this machine), and the router when it is not on the interface's own
	// network. ENETUNREACH when there is no way.
	Lookup(netip.Addr) (dev string, via netip.Addr, err error)

	// Proxies lists the IPv4 addresses that ARP is answered for by proxy.
	Proxies() ([]Proxy, error)
	AddProxy(Proxy) error // does nothing when it is there
	DelProxy(Proxy) error // ENOENT when there is none

	// Namespace names the network namespace, unlike any other until the
	// machine starts again.
	Namespace() string
	Close() error
}

// A Link is a network interface.
type Link struct {
	Name          string
	Up            bool
	DoesARP       bool // a broadcast interface with ARP, not point-to-point
	MTU, QueueLen int
}

func (l Link) String() string {
	state := "down"
	if l.Up {
		state = "up"
	}
	return fmt.Sprintf("%s %s mtu %d qlen %d", l.Name, state, l.MTU, l.QueueLen)
}

// An IfAddr is an address as an interface has it. IfAddrs can be compared with
// ==.
type IfAddr struct {
	Dev   string
	Local netip.Addr
	Peer  netip.Addr // the zero Addr but for point-to-point addresses
	Bits  int        // length of the netmask: of Peer's network when there is one
	// NoPrefixRoute is true where the kernel makes no route to the network of
	// the address.
	NoPrefixRoute bool
	// Former is true where the kernel chooses the address for no packet (its
	// scope is the host).
	Former bool
}

// String is in the words of ip(8).
func (a IfAddr) String() string {
	local := fmt.Sprintf("%s/%d", a.Local, a.Bits)
	if a.Peer.IsValid() {
		local = fmt.Sprintf("%s peer %s/%d", a.Local, a.Peer, a.Bits)
	}
	if a.Former {
		local += " scope host"
	}
	return local + " dev " + a.Dev
}

// network is what the address makes a route to: its own network or the peer's.
func (a IfAddr) network() netip.Prefix {
	of := a.Local
	if a.Peer.IsValid() {
		of = a.Peer
	}
	return netip.PrefixFrom(of, a.Bits).Masked()
}

// An Entry is a route as the kernel has it. Entries can be compared with ==.
type Entry struct {
	Dst    netip.Prefix
	Via    netip.Addr // the zero Addr for a network on the interface itself
	Dev    string
	Metric int // of IPv6 routes 1 or more
	// Src is the preferred source address, if one is set. We set it on the
	// host route to a peer only, which counts as made by the kernel (proto
	// kernel), as it would be without our doing.
	Src netip.Addr
	// Kind is the route's type where it is no ordinary one: "blackhole",
	// "unreachable", "prohibit", "multipath" (Via and Dev are then those of
	// its first way).
	Kind string `json:",omitempty"`
}

// Destination is "default" or the network or host that e leads to.
func (e Entry) Destination() string {
	switch {
	case e.Dst.Bits() == 0:
		return "default"
	case e.Dst.IsSingleIP():
		return e.Dst.Addr().String()
	}
	return e.Dst.String()
}

// way is how e leads there: "via 10.0.0.1 dev eth0".
func (e Entry) way() string {
	var words []string
	if e.Kind != "" {
		words = append(words, e.Kind)
	}
	if e.Via.IsValid() {
		words = append(words, "via", e.Via.String())
	}
	if e.Dev != "" {
		words = append(words, "dev", e.Dev)
	}
	return strings.Join(words, " ")
}

// String is in the words of ip(8), the metric always said.
func (e Entry) String() string {
	s := fmt.Sprintf("%s %s metric %d", e.Destination(), e.way(), e.Metric)
	if e.Src.IsValid() {
		s += " src " + e.Src.String()
	}
	return s
}

// A Proxy is an address that ARP requests on an interface are answered for.
type Proxy struct {
	Addr netip.Addr
	Dev  string
}

func (p Proxy) String() string { return p.Addr.String() + " dev " + p.Dev }
