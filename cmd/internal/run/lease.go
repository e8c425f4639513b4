package run

import (
	"errors"
	"net/netip"
	"os"

	"pppdial/cmd/internal/pool"
	"pppdial/conf"
	"pppdial/mp"
)

// This file is how callers get addresses out of pools (pool=).

// pooled reports whether the peers of an entry get an address out of its pool.
// Who names the address in remotehost needs none.
func pooled(e *conf.Entry) bool { return e.IPv4 && len(e.Pool) > 0 && !e.Set["remotehost"] }

// ranges are those of the entry's pool.
func ranges(e *conf.Entry) []pool.Range {
	var all []pool.Range
	for _, r := range e.Pool {
		all = append(all, pool.Range{First: r.First, Last: r.Last})
	}
	return all
}

// takeAddress gives the caller that the unit is made for an address out of the
// entry's pool, if it has one: from then on the entry names that address. It is
// given back with the interface. An interface that is there before its callers
// are has its addresses already.
func (u *unit) takeAddress(name string) error {
	if u.iface != nil || u.lease != nil || !pooled(u.entry) {
		return nil
	}
	p, err := u.d.openPool()
	if err != nil {
		return err
	}
	occupied, err := u.d.occupied()
	if err != nil {
		return err
	}
	l, err := p.Take(name, ranges(u.entry), occupied)
	if err != nil {
		return err
	}
	u.lease = l
	e := *u.entry
	e.RemoteHost = []conf.Addr{{Addr: l.Addr, Mask: wholeMask}}
	u.goOnWith(&e)
	u.log.Info("the peer's address", "name", name, "address", l.Addr)
	return nil
}

// openPool opens what remembers addresses, when the first is wanted.
func (d *daemon) openPool() (*pool.Pool, error) {
	if d.pool != nil {
		return d.pool, nil
	}
	if err := os.MkdirAll(d.opt.KeepDir, 0o755); err != nil {
		return nil, err
	}
	p, err := pool.Open(d.opt.KeepDir, d.log)
	if err == nil {
		d.pool, d.hosts = p, d.file.Hosts()
	}
	return p, err
}

// occupied tells which addresses are somebody's for another reason than that a
// pool has given them.
func (d *daemon) occupied() (func(netip.Addr) bool, error) {
	addrs, err := d.world.addrs()
	if err != nil {
		return nil, err
	}
	taken := map[netip.Addr]bool{}
	for _, a := range addrs {
		if p, err := netip.ParsePrefix(a.String()); err == nil {
			taken[p.Addr()] = true
		}
	}
	for _, u := range d.units {
		if u.iface != nil && u.lease == nil && u.iface.up.v4 != nil {
			taken[u.iface.up.v4.Remote] = true
		}
	}
	return func(a netip.Addr) bool { return d.hosts[a] || taken[a] }, nil
}

// explainPool explains why a caller gets no address.
func explainPool(err error) Verdict {
	v := Verdict{Status: StatusFatal, Phase: mp.PhaseAuthenticate.String(), By: "us", Evidence: err.Error(),
		Cause: "the addresses given to peers cannot be remembered", Try: "look at the directory of the file"}
	if errors.Is(err, pool.ErrExhausted) {
		v.Cause, v.Try = "there is no address for the peer", "make pool= larger"
	}
	return v
}
