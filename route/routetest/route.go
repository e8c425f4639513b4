package routetest

import (
	"net/netip"
	"slices"

	"golang.org/x/sys/unix"

	"pppdial/route"
)

// Routes implements route.Kernel.
func (k *Kernel) Routes(dev string) ([]route.Entry, error) {
	if dev != "" {
		if _, err := k.link(dev); err != nil {
			return nil, err
		}
	}
	return slices.DeleteFunc(slices.Clone(k.routes), func(e route.Entry) bool {
		return dev != "" && (e.Dev != dev || e.Kind == "multipath")
	}), nil
}

// AddRoute implements route.Kernel. A Kind is taken as it is, for tests that
// want a route of somebody else's.
func (k *Kernel) AddRoute(e route.Entry, front bool) error {
	if err := k.fails("add route %s", e); err != nil {
		return err
	}
	if e.Kind == "" {
		if err := k.check(e); err != nil {
			return err
		}
	}
	at := slices.IndexFunc(k.routes, func(x route.Entry) bool { return x.Dst == e.Dst && x.Metric == e.Metric })
	switch {
	case at < 0:
		k.routes = append(k.routes, e)
	case !front || e.Dst.Addr().Is6() || slices.Contains(k.routes, e):
		return unix.EEXIST
	default:
		k.routes = slices.Insert(k.routes, at, e)
	}
	return nil
}

// check refuses a route as the kernel does.
func (k *Kernel) check(e route.Entry) error {
	l, err := k.link(e.Dev)
	six := e.Dst.Addr().Is6()
	switch {
	case err != nil:
		return err
	case e.Dst != e.Dst.Masked():
		return unix.EINVAL
	case six && l.MTU < minMTU6:
		return unix.ENODEV
	case !l.Up:
		return unix.ENETDOWN
	case e.Src.IsValid() && !k.isLocal(e.Src):
		return unix.EINVAL
	case k.isBroadcast(e.Via, e.Dev):
		return unix.EINVAL
	case e.Via.IsValid() && !k.onLink(e.Via, e.Dev):
		if six {
			return unix.EHOSTUNREACH
		}
		return unix.ENETUNREACH
	}
	return nil
}

// isBroadcast tells whether an address is the last one of an interface's subnet.
func (k *Kernel) isBroadcast(a netip.Addr, dev string) bool {
	return slices.ContainsFunc(k.addrs, func(x route.IfAddr) bool {
		n := network(x)
		return x.Dev == dev && a.Is4() && !x.Peer.IsValid() && n.Bits() < 31 && n.Contains(a) && !n.Contains(a.Next())
	})
}

// onLink tells whether an address is a neighbour on an interface.
func (k *Kernel) onLink(a netip.Addr, dev string) bool {
	if a.Is6() && a.IsLinkLocalUnicast() {
		return true
	}
	e, found := k.best(a, dev)
	return found && !e.Via.IsValid()
}

// best finds the route to an address, by one interface or by any for "".
func (k *Kernel) best(a netip.Addr, dev string) (best route.Entry, found bool) {
	for _, e := range k.routes {
		if !e.Dst.Contains(a) || dev != "" && e.Dev != dev {
			continue
		}
		if !found || e.Dst.Bits() > best.Dst.Bits() || e.Dst.Bits() == best.Dst.Bits() && e.Metric < best.Metric {
			best, found = e, true
		}
	}
	return best, found
}

// DelRoute implements route.Kernel.
func (k *Kernel) DelRoute(e route.Entry) error {
	if err := k.fails("delete route %s", e); err != nil {
		return err
	}
	if _, err := k.link(e.Dev); err != nil {
		return err
	}
	i := slices.Index(k.routes, e)
	if i < 0 {
		return unix.ESRCH
	}
	k.routes = slices.Delete(k.routes, i, i+1)
	return nil
}

// Lookup implements route.Kernel.
func (k *Kernel) Lookup(a netip.Addr) (dev string, via netip.Addr, err error) {
	if k.isLocal(a) {
		return "lo", via, nil
	}
	e, found := k.best(a, "")
	if !found {
		return "", via, unix.ENETUNREACH
	}
	return e.Dev, e.Via, nil
}
