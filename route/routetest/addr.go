package routetest

import (
	"net/netip"
	"slices"

	"golang.org/x/sys/unix"

	"pppdial/route"
)

// Addrs implements route.Kernel.
func (k *Kernel) Addrs(dev string) ([]route.IfAddr, error) {
	if _, err := k.link(dev); err != nil {
		return nil, err
	}
	return k.addrsThat(func(a route.IfAddr) bool { return a.Dev == dev }), nil
}

// Around implements route.Kernel.
func (k *Kernel) Around(to netip.Addr) ([]route.IfAddr, error) {
	return k.addrsThat(func(a route.IfAddr) bool { return !a.Peer.IsValid() && network(a).Contains(to) }), nil
}

func (k *Kernel) addrsThat(are func(route.IfAddr) bool) []route.IfAddr {
	return slices.DeleteFunc(slices.Clone(k.addrs), func(a route.IfAddr) bool { return !are(a) })
}

// AddAddr implements route.Kernel.
func (k *Kernel) AddAddr(a route.IfAddr) error {
	if err := k.fails("add address %s", a); err != nil {
		return err
	}
	l, err := k.link(a.Dev)
	if err != nil {
		return err
	}
	if a.Local.Is6() && l.MTU < minMTU6 {
		return unix.EINVAL
	}
	if slices.ContainsFunc(k.addrs, func(x route.IfAddr) bool { return sameAddr(a, x) }) {
		return unix.EEXIST
	}
	secondary := k.primary(a) >= 0
	k.addrs = append(k.addrs, a)
	if l.Up && !secondary {
		k.prefixRoute(a)
	}
	return nil
}

// sameAddr tells whether an interface cannot have both.
func sameAddr(a, x route.IfAddr) bool {
	if a.Dev != x.Dev || a.Local != x.Local {
		return false
	}
	return a.Local.Is6() || a.Bits == x.Bits && network(a) == network(x)
}

// network is that of the address, or of the peer's.
func network(a route.IfAddr) netip.Prefix {
	of := a.Local
	if a.Peer.IsValid() {
		of = a.Peer
	}
	return netip.PrefixFrom(of, a.Bits).Masked()
}

// primary finds the first address that makes a secondary: one before it in the
// same network.
func (k *Kernel) primary(a route.IfAddr) int {
	if a.Local.Is6() {
		return -1
	}
	for i, x := range k.addrs {
		if x == a {
			return -1
		}
		if x.Dev == a.Dev && x.Local.Is4() && x.Bits == a.Bits && network(x) == network(a) {
			return i
		}
	}
	return -1
}

// prefixRoute is the route that an address brings.
func (k *Kernel) prefixRoute(a route.IfAddr) {
	e, brings := prefixEntry(a)
	if brings && !slices.Contains(k.routes, e) {
		k.routes = append(k.routes, e)
	}
}

func prefixEntry(a route.IfAddr) (route.Entry, bool) {
	e := route.Entry{Dst: network(a), Dev: a.Dev}
	if a.Local.Is6() {
		e.Metric = 256
		return e, !a.NoPrefixRoute
	}
	e.Src = a.Local
	return e, !a.NoPrefixRoute && e.Dst.Addr() != a.Local
}

// DelAddr implements route.Kernel.
func (k *Kernel) DelAddr(a route.IfAddr) error {
	if err := k.fails("delete address %s", a); err != nil {
		return err
	}
	l, err := k.link(a.Dev)
	switch {
	case err != nil:
		return err
	case a.Local.Is6() && l.MTU < minMTU6:
		return unix.ENXIO
	}
	i := slices.IndexFunc(k.addrs, func(x route.IfAddr) bool {
		return x.Dev == a.Dev && x.Local == a.Local && x.Peer == a.Peer && x.Bits == a.Bits
	})
	if i < 0 {
		return unix.EADDRNOTAVAIL
	}
	a = k.addrs[i]
	var secondary []route.IfAddr
	for j, x := range k.addrs {
		if p := k.primary(x); p == i && j != i {
			secondary = append(secondary, x)
		}
	}
	k.addrs = slices.DeleteFunc(k.addrs, func(x route.IfAddr) bool { return x == a || slices.Contains(secondary, x) })
	for _, x := range append(secondary, a) {
		k.addrGone(x)
	}
	return nil
}

// addrGone drops the routes that depended on an address.
func (k *Kernel) addrGone(a route.IfAddr) {
	if e, brings := prefixEntry(a); brings {
		still := slices.ContainsFunc(k.addrs, func(x route.IfAddr) bool {
			other, brings := prefixEntry(x)
			return brings && other == e
		})
		if !still {
			k.routes = slices.DeleteFunc(k.routes, func(x route.Entry) bool { return x == e })
		}
	}
	if !k.isLocal(a.Local) {
		k.routes = slices.DeleteFunc(k.routes, func(e route.Entry) bool { return e.Src == a.Local })
	}
	last4 := a.Local.Is4() && !slices.ContainsFunc(k.addrs, func(x route.IfAddr) bool { return x.Dev == a.Dev && x.Local.Is4() })
	if last4 {
		k.routes = slices.DeleteFunc(k.routes, func(e route.Entry) bool { return e.Dev == a.Dev && e.Dst.Addr().Is4() })
	}
}
