package conf

import (
	"fmt"
	"net/netip"
)

// addresses looks up the names of localhost and remotehost and finds their
// defaults.
func (r *rules) addresses() {
	e := r.e
	r.resolve("localhost", e.LocalHost)
	r.resolve("remotehost", e.RemoteHost)
	if len(e.LocalHost) == 0 {
		e.LocalHost = []Addr{r.ownAddress()}
	}
	switch {
	case len(e.RemoteHost) > 0:
	case len(e.Pool) > 0: // gives the address when the peer is there
		e.RemoteHost = []Addr{anyAddr}
	default:
		e.RemoteHost = []Addr{r.peerAddress()}
	}
}

// resolve fills in the addresses of a set given by name. A name that does not
// resolve stays, and warns: it is fatal only for who runs the entry.
func (r *rules) resolve(keyword string, set []Addr) {
	from := r.e.values(keyword)
	for i := range set {
		a := &set[i]
		if a.Name == "" {
			continue
		}
		addrs, err := r.o.Lookup(a.Name)
		if err != nil || len(addrs) == 0 {
			r.atStart(from[i], fmt.Sprintf("%s: the name does not resolve", from[i].shown()),
				"the entry cannot be run until it does")
			continue
		}
		a.Addr = addrs[0]
		if usable := notLoopback(addrs); usable.IsValid() {
			a.Addr = usable
		} else {
			r.atStart(from[i], fmt.Sprintf("%s: the name stands for the loopback address %v, which no link can have", from[i].shown(), a.Addr),
				"give the address")
		}
	}
}

// notLoopback gives the first address of a host that can be that of a link, or
// the zero Addr. Many systems have their own name as 127.0.1.1 in /etc/hosts.
func notLoopback(addrs []netip.Addr) netip.Addr {
	for _, a := range addrs {
		if !a.IsLoopback() {
			return a
		}
	}
	return netip.Addr{}
}

// ownAddress gives the default of localhost.
func (r *rules) ownAddress() Addr {
	if r.e.Placeholders() {
		return anyAddr
	}
	if name, err := r.o.Hostname(); err == nil {
		if a, ok := r.lookup(name); ok {
			return a
		}
	}
	if a := r.o.Source(); a.Is4() && !a.IsLoopback() {
		return Addr{Addr: a, Mask: allOnes}
	}
	return anyAddr
}

// peerAddress gives the default of remotehost.
func (r *rules) peerAddress() Addr {
	for _, name := range []string{r.e.Label, r.e.UUCPName} {
		if a, ok := r.lookup(name); ok {
			return a
		}
	}
	return anyAddr
}

// lookup looks up a name that nobody said was one.
func (r *rules) lookup(name string) (Addr, bool) {
	if ip, err := netip.ParseAddr(name); err == nil {
		return Addr{Addr: ip, Mask: allOnes}, ip.Is4() && !ip.IsLoopback()
	}
	if !isHostName(name) {
		return Addr{}, false
	}
	addrs, err := r.o.Lookup(name)
	if err != nil {
		return Addr{}, false
	}
	ip := notLoopback(addrs)
	return Addr{Name: name, Addr: ip, Mask: allOnes}, ip.IsValid()
}

// known tells whether a set of addresses tells one to begin with: a single
// address, or a name that may resolve yet.
func known(set []Addr) bool {
	for _, a := range set {
		if a.Mask == allOnes {
			return true
		}
	}
	return false
}

// Hosts gives the addresses that localhost= and remotehost= of the file's
// entries name as numbers: a pool must not give them to anybody else.
func (f *File) Hosts() map[netip.Addr]bool {
	hosts := map[netip.Addr]bool{}
	for _, x := range f.entries {
		for _, s := range x.settings {
			if s.bad || s.key.Name != "localhost" && s.key.Name != "remotehost" {
				continue
			}
			if a, err := addrSetKind.parse(&f.opt, s.key, s.text); err == nil && a.Single() && a.Addr.IsValid() {
				hosts[a.Addr] = true
			}
		}
	}
	return hosts
}
