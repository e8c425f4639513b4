package route

import (
	"errors"
	"fmt"
	"net/netip"
	"slices"

	"golang.org/x/sys/unix"
)

// addProxies adds the proxy ARP entries for the peers that are not there.
func (p *pass) addProxies() {
	if p.s.ProxyARP.Off {
		return
	}
	var there []Proxy
	for _, peer := range p.w.peers {
		dev, err := p.proxyDev(peer)
		if err != nil {
			p.errs = append(p.errs, err)
		}
		if dev == "" {
			continue
		}
		x := Proxy{Addr: peer, Dev: dev}
		p.prox = append(p.prox, x)
		if there == nil {
			if there, err = p.k.Proxies(); err != nil {
				p.fail("list proxy ARP entries", err)
				return
			}
		}
		if !slices.Contains(there, x) {
			p.addProxy(x)
		}
	}
}

func (p *pass) addProxy(x Proxy) {
	what := "add proxy ARP for " + x.String()
	p.note(undo{Proxy: x})
	if err := p.k.AddProxy(x); err != nil {
		p.unnote(undo{Proxy: x})
		p.fail(what, err)
		return
	}
	p.log.Debug("route: " + what)
	if !slices.Contains(p.proxies, x) { // it may have gone without our doing
		p.proxies = append(p.proxies, x)
	}
}

// proxyDev says on which interface ARP is to be answered for the peer; "" is
// none.
func (p *pass) proxyDev(peer netip.Addr) (string, error) {
	name := p.s.ProxyARP.Interface
	what := fmt.Sprintf("proxy ARP for %s", peer)
	if name == "" {
		dev, err := p.subnetOf(peer)
		if err != nil {
			return "", p.s.error(what, "", err)
		}
		return dev, nil
	}
	l, err := p.k.Link(name)
	switch {
	case errors.Is(err, unix.ENODEV):
		return "", p.s.error(what, "there is no interface "+name, err)
	case err != nil:
		return "", p.s.error(what, "", err)
	case !l.DoesARP:
		return "", p.s.error(what, "there is no ARP on interface "+name, unix.EINVAL)
	}
	return name, nil
}

// subnetOf finds the interface with ARP on whose subnet an address is: that
// with the smallest subnet, none when there are several of these.
func (p *pass) subnetOf(a netip.Addr) (string, error) {
	addrs, err := p.k.Around(a)
	if err != nil {
		return "", err
	}
	best, bits, several := "", 0, false
	for _, x := range addrs {
		if x.Dev == p.s.Name || x.Bits < bits || x.Dev == best && x.Bits == bits {
			continue
		}
		l, err := p.k.Link(x.Dev)
		switch {
		case errors.Is(err, unix.ENODEV) || err == nil && !(l.Up && l.DoesARP):
			continue
		case err != nil:
			return "", err
		}
		several = x.Bits == bits && best != ""
		best, bits = x.Dev, x.Bits
	}
	if several {
		p.log.Info("route: " + a.String() + " is on the subnet of several interfaces: no proxy ARP (choose one with proxy_arp=)")
		return "", nil
	}
	return best, nil
}

// dropProxies removes the proxy ARP entries of ours that are no longer wanted.
func (p *pass) dropProxies() {
	for _, x := range slices.Clone(p.proxies) {
		if slices.Contains(p.prox, x) {
			continue
		}
		what := "remove proxy ARP for " + x.String()
		if err := ignoreGone(p.k.DelProxy(x)); err != nil {
			p.fail(what, err)
			continue
		}
		p.log.Debug("route: " + what)
		p.unnote(undo{Proxy: x})
		p.proxies = slices.DeleteFunc(p.proxies, func(y Proxy) bool { return y == x })
	}
}
