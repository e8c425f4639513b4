// Package routetest is the kernel's network state in memory: a route.Kernel
// that refuses what Linux refuses, drops what Linux drops, and prints itself.
// Tests of route and of what is built on it use it; so that it stays true, the
// same walk over many states is made on it and on the real kernel. For such
// tests there are network namespaces that end with the test.
//
// Only tests import this package.
package routetest

import (
	"fmt"
	"net/netip"
	"slices"

	"golang.org/x/sys/unix"

	"pppdial/route"
)

// minMTU6 is the least MTU that carries IPv6 (RFC 8200, section 5).
const minMTU6 = 1280

// A Kernel is a network namespace in memory. It is used by one goroutine at a
// time.
type Kernel struct {
	name    string
	links   []*route.Link
	addrs   []route.IfAddr
	routes  []route.Entry // among those with one destination and metric the first is in effect
	proxies []route.Proxy

	// Fail, if set, is asked before each change; an error makes it fail.
	Fail func(op string) error
}

var _ route.Kernel = (*Kernel)(nil)

// New returns an empty namespace of that name.
func New(name string) *Kernel { return &Kernel{name: name} }

// AddLink makes an interface, down, with MTU 1500 and the usual queue length.
func (k *Kernel) AddLink(name string, doesARP bool) {
	l := &route.Link{Name: name, DoesARP: doesARP, MTU: 1500, QueueLen: 500}
	if doesARP {
		l.QueueLen = 1000
	}
	k.links = append(k.links, l)
}

// RemoveLink removes an interface with all that is on it.
func (k *Kernel) RemoveLink(name string) {
	k.linkDown(name)
	k.addrs = slices.DeleteFunc(k.addrs, func(a route.IfAddr) bool { return a.Dev == name })
	k.links = slices.DeleteFunc(k.links, func(l *route.Link) bool { return l.Name == name })
}

// Namespace implements route.Kernel.
func (k *Kernel) Namespace() string { return k.name }

// Close implements route.Kernel.
func (k *Kernel) Close() error { return nil }

func (k *Kernel) fails(format string, args ...any) error {
	if k.Fail == nil {
		return nil
	}
	return k.Fail(fmt.Sprintf(format, args...))
}

func (k *Kernel) link(name string) (*route.Link, error) {
	for _, l := range k.links {
		if l.Name == name {
			return l, nil
		}
	}
	return nil, unix.ENODEV
}

// Link implements route.Kernel.
func (k *Kernel) Link(name string) (route.Link, error) {
	l, err := k.link(name)
	if err != nil {
		return route.Link{}, err
	}
	return *l, nil
}

// SetUp implements route.Kernel.
func (k *Kernel) SetUp(name string, up bool) error {
	if err := k.fails("set %s up %v", name, up); err != nil {
		return err
	}
	l, err := k.link(name)
	if err != nil {
		return err
	}
	if l.Up == up {
		return nil
	}
	l.Up = up
	if !up {
		k.linkDown(name)
		return nil
	}
	for _, a := range k.addrs {
		if a.Dev == name {
			k.prefixRoute(a)
		}
	}
	return nil
}

func (k *Kernel) linkDown(name string) {
	k.routes = slices.DeleteFunc(k.routes, func(e route.Entry) bool { return e.Dev == name })
	k.proxies = slices.DeleteFunc(k.proxies, func(p route.Proxy) bool { return p.Dev == name })
	k.noIPv6(name)
}

func (k *Kernel) noIPv6(name string) {
	k.routes = slices.DeleteFunc(k.routes, func(e route.Entry) bool { return e.Dev == name && e.Dst.Addr().Is6() })
	k.addrs = slices.DeleteFunc(k.addrs, func(a route.IfAddr) bool { return a.Dev == name && a.Local.Is6() })
}

// SetMTU implements route.Kernel.
func (k *Kernel) SetMTU(name string, mtu int) error {
	if err := k.fails("set %s mtu %d", name, mtu); err != nil {
		return err
	}
	l, err := k.link(name)
	switch {
	case err != nil:
		return err
	case mtu < 68 || mtu > 65535:
		return unix.EINVAL
	case mtu < minMTU6:
		k.noIPv6(name)
	case l.MTU < minMTU6 && l.Up:
		if err := k.SetUp(name, false); err != nil {
			return err
		}
		l.MTU = mtu
		return k.SetUp(name, true)
	}
	l.MTU = mtu
	return nil
}

// SetQueueLen implements route.Kernel.
func (k *Kernel) SetQueueLen(name string, packets int) error {
	if err := k.fails("set %s qlen %d", name, packets); err != nil {
		return err
	}
	l, err := k.link(name)
	if err != nil {
		return err
	}
	l.QueueLen = packets
	return nil
}

// Proxies implements route.Kernel.
func (k *Kernel) Proxies() ([]route.Proxy, error) { return slices.Clone(k.proxies), nil }

// AddProxy implements route.Kernel.
func (k *Kernel) AddProxy(p route.Proxy) error {
	if err := k.fails("add proxy %s", p); err != nil {
		return err
	}
	if _, err := k.link(p.Dev); err != nil {
		return err
	}
	if !slices.Contains(k.proxies, p) {
		k.proxies = append(k.proxies, p)
	}
	return nil
}

// DelProxy implements route.Kernel.
func (k *Kernel) DelProxy(p route.Proxy) error {
	if err := k.fails("delete proxy %s", p); err != nil {
		return err
	}
	if _, err := k.link(p.Dev); err != nil {
		return err
	}
	i := slices.Index(k.proxies, p)
	if i < 0 {
		return unix.ENOENT
	}
	k.proxies = slices.Delete(k.proxies, i, i+1)
	return nil
}

// isLocal tells whether an address is the machine's own.
func (k *Kernel) isLocal(a netip.Addr) bool {
	return slices.ContainsFunc(k.addrs, func(x route.IfAddr) bool { return x.Local == a })
}
