package route

import (
	"fmt"
	"net/netip"

	"golang.org/x/sys/unix"
)

// minMTU6 is the least MTU that carries IPv6 (RFC 8200, section 5).
const minMTU6 = 1280

// metric6 is the metric of an IPv6 route for which none is given (the kernel's
// IP6_RT_PRIO_USER).
const metric6 = 1024

// A wanted is a State in the kernel's terms.
type wanted struct {
	addrs []IfAddr
	hosts []Entry // the host routes to the peers
	// routes and peers for proxy ARP are brought into those terms later, as
	// they depend on what the kernel has.
	routes []Route
	peers  []netip.Addr
}

// want checks s and says what it asks of the kernel.
func want(s State) (wanted, error) {
	var w wanted
	for _, a := range s.Addrs {
		ia, err := s.ifAddr(a)
		if err != nil {
			return wanted{}, err
		}
		w.addrs = append(w.addrs, ia)
		if ia.Peer.IsValid() {
			w.hosts = append(w.hosts, Entry{
				Dst:    netip.PrefixFrom(ia.Peer, 32),
				Dev:    s.Name,
				Metric: s.metric(0, ia.Peer),
				Src:    ia.Local,
			})
			w.peers = append(w.peers, ia.Peer)
		}
	}
	for _, rt := range s.Routes {
		if !rt.Dst.IsValid() || rt.Dst != rt.Dst.Masked() {
			return wanted{}, s.invalid("routes", "%s is no destination", rt.Dst)
		}
	}
	w.routes = s.Routes
	switch {
	case !s.Up:
		w = wanted{}
	case s.Withdrawn:
		w = wanted{addrs: w.addrs}
	}
	return w, nil
}

func (s State) ifAddr(a Addr) (IfAddr, error) {
	const what = "addresses"
	switch {
	case !a.Local.IsValid():
		return IfAddr{}, s.invalid(what, "there is no local address")
	case a.Remote.IsValid() && a.Remote.Is4() != a.Local.Is4():
		return IfAddr{}, s.invalid(what, "%s and %s are of two families", a.Local, a.Remote)
	case a.Local == a.Remote:
		return IfAddr{}, s.invalid(what, "%s is at both ends", a.Local)
	case a.Former && (a.Local.Is6() || a.Remote.IsValid()):
		return IfAddr{}, s.invalid(what, "%s of before is no IPv4 address by itself", a.Local)
	case a.Bits < 0 || a.Bits > a.Local.BitLen():
		return IfAddr{}, s.invalid(what, "%s with a netmask of %d bits", a.Local, a.Bits)
	}
	ia := IfAddr{Dev: s.Name, Local: a.Local, Bits: a.Bits}
	switch {
	case a.Local.Is6() && a.Bits == 0:
		ia.Bits = 64
	case a.Local.Is4() && a.Bits == 0:
		ia.Bits = 32
	}
	if ia.Former = a.Former; a.Former {
		ia.NoPrefixRoute = true
	}
	if a.Local.Is4() && a.Remote.IsValid() {
		ia.Peer, ia.NoPrefixRoute = a.Remote, true
	}
	return ia, nil
}

// invalid is a State that no kernel could be in.
func (s State) invalid(what, format string, args ...any) error {
	return s.error("configure "+what, fmt.Sprintf(format, args...), unix.EINVAL)
}

// metric is that of a route to an address of to's family for which own is
// given.
func (s State) metric(own int, to netip.Addr) int {
	m := own
	if m == 0 {
		m = s.Metric
	}
	if m == 0 && to.Is6() {
		m = metric6
	}
	return m
}

// remote is the peer's address of a family, if it is known.
func (s State) remote(inet6 bool) netip.Addr {
	for _, a := range s.Addrs {
		if a.Remote.IsValid() && a.Remote.Is6() == inet6 {
			return a.Remote
		}
	}
	return netip.Addr{}
}

// isPeer tells whether a is the address of the other end.
func (s State) isPeer(a netip.Addr) bool {
	for _, our := range s.Addrs {
		if a.IsValid() && our.Remote == a {
			return true
		}
	}
	return false
}
