package route

import "net/netip"

// A Kernel is what a Router needs of one network namespace. OpenKernel gives
// the real one, package routetest its twin. Errors wrap the kernel's errno;
// interfaces go by their names. Only the main routing table is seen.
type Kernel interface {
	Link(name string) (Link, error) // ENODEV when there is none
	SetUp(name string, up bool) error
	SetMTU(name string, mtu int) error
	SetQueueLen(name string, packets int) error

	// Addrs lists the addresses of an interface, or of all for "".
	Addrs(dev string) ([]IfAddr, error)
	AddAddr(IfAddr) error // EEXIST
	DelAddr(IfAddr) error // EADDRNOTAVAIL when there is none

	// Routes lists the routes that leave by an interface, or all for "".
	Routes(dev string) ([]Entry, error)
	// AddRoute adds a route. Another one with the same destination and metric
	// makes it fail with EEXIST, unless front is true: then an IPv4 route is
	// put in front of that one, which has no effect until ours is removed.
	// IPv6 has no such order, so there front must be false.
	AddRoute(e Entry, front bool) error
	DelRoute(Entry) error // ESRCH when there is none like it

	// Lookup tells the way to an address: the interface, and the router when
	// it is not on the interface's own network.
	Lookup(netip.Addr) (dev string, via netip.Addr, err error)

	// Proxies lists the addresses that ARP is answered for by proxy.
	Proxies() ([]Proxy, error)
	AddProxy(Proxy) error
	DelProxy(Proxy) error // ENOENT when there is none

	// Namespace names the network namespace, unlike any other until the next
	// start of the machine.
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

// An IfAddr is an address as an interface has it.
type IfAddr struct {
	Dev   string
	Local netip.Addr
	Peer  netip.Addr // the zero Addr but for point-to-point addresses
	Bits  int        // length of the netmask: of Peer's network when there is one
	// NoPrefixRoute is true where the kernel was told to make no route to the
	// network of the address.
	NoPrefixRoute bool
}

// An Entry is a route as the kernel has it. Entries can be compared with ==.
type Entry struct {
	Dst    netip.Prefix
	Via    netip.Addr // the zero Addr for a network on the interface itself
	Dev    string
	Metric int        // of IPv6 routes 1 or more
	Src    netip.Addr // preferred source address, if one is set
	// Kind is the route's type where it is no ordinary one: "blackhole",
	// "unreachable", "prohibit", "multipath" (Via and Dev are then those of
	// its first way).
	Kind string
}

// A Proxy is an address that ARP requests on an interface are answered for.
type Proxy struct {
	Addr netip.Addr
	Dev  string
}
