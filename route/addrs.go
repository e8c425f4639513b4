package route

import (
	"errors"
	"slices"

	"golang.org/x/sys/unix"
)

// addAddrs adds the addresses that are not there.
func (p *pass) addAddrs() {
	if len(p.w.addrs) == 0 {
		return
	}
	have, err := p.k.Addrs(p.s.Name)
	if err != nil {
		p.fail("list addresses", err)
		return
	}
	for _, a := range p.w.addrs {
		if slices.Contains(have, a) {
			continue
		}
		p.makeRoom(a)
		what := "add address " + a.String()
		switch err := p.k.AddAddr(a); {
		case err == nil:
			p.log.Debug("route: " + what)
			if !slices.Contains(p.addrs, a) { // it may have gone without our doing
				p.addrs = append(p.addrs, a)
			}
		case errors.Is(err, unix.EEXIST): // as somebody else's
		default:
			p.errs = append(p.errs, p.s.error(what, p.addrWhy(a, err), err))
		}
	}
}

// makeRoom removes addresses of ours that are no longer wanted and that would
// make a a secondary one: the kernel removes secondary addresses with their
// primary one.
func (p *pass) makeRoom(a IfAddr) {
	for _, old := range slices.Clone(p.addrs) {
		if a.Local.Is4() && !slices.Contains(p.w.addrs, old) && old.Bits == a.Bits && old.network() == a.network() {
			p.dropAddr(old)
		}
	}
}

// dropAddrs removes the addresses of ours that are no longer wanted.
func (p *pass) dropAddrs() {
	for _, a := range slices.Clone(p.addrs) {
		if !slices.Contains(p.w.addrs, a) {
			p.dropAddr(a)
		}
	}
}

func (p *pass) dropAddr(a IfAddr) {
	what := "remove address " + a.String()
	if err := ignoreGone(p.k.DelAddr(a)); err != nil {
		p.fail(what, err)
		return
	}
	p.log.Debug("route: " + what)
	p.addrs = slices.DeleteFunc(p.addrs, func(x IfAddr) bool { return x == a })
	p.again = true
}

// addrWhy says why the kernel refused an address, where that is not in the
// errno. IPv6 is refused with several of them.
func (p *pass) addrWhy(a IfAddr, err error) string {
	if a.Local.Is4() {
		return ""
	}
	if l, linkErr := p.k.Link(p.s.Name); linkErr == nil && l.MTU < minMTU6 {
		return "IPv6 needs an MTU of 1280 or more"
	}
	if errors.Is(err, unix.EACCES) {
		return "IPv6 is turned off here (sysctl net.ipv6.conf." + p.s.Name + ".disable_ipv6)"
	}
	return ""
}
