package route

import (
	"errors"
	"fmt"
	"slices"

	"golang.org/x/sys/unix"

	"pppdial/route/rtcmd"
)

// Exec carries out one command at once, as del_route asks for, and add_route
// where it does not begin with add. # and $REMOTEADDR stand for the peer's
// address in the State of the last Set, also behind a Close. What Exec adds is
// not removed later; what it deletes or changes may be anybody's.
func (r *Router) Exec(c rtcmd.Command) error {
	s := r.state
	what := c.String()
	c, err := c.Resolve(s.remote(c.Inet6))
	if err != nil {
		return fmt.Errorf("route: %w", err)
	}
	p := pass{Router: r, s: s, have: make(map[string][]Entry)}
	for _, a := range r.routes {
		p.kept = append(p.kept, a.want)
	}
	e := Entry{Dst: c.Dst}
	if c.ViaPeer || c.Gateway.IsValid() || c.Interface != "" {
		rt := Route{Dst: c.Dst, Gateway: c.Gateway, Interface: c.Interface, Metric: c.Metric}
		if e, err = p.entry(rt); err != nil {
			return err
		}
	}
	switch c.Action {
	case rtcmd.Add:
		_, err = p.enter(e, true)
	case rtcmd.Delete:
		err = p.execDelete(c, e)
	case rtcmd.Change:
		err = p.execChange(c, e)
	}
	if err != nil {
		return errors.Join(append(p.errs, s.error(what, routeWhy(e, err), err))...)
	}
	return errors.Join(p.errs...)
}

// match finds the route that a delete or change means: the one with the least
// metric among those to the destination, by e's way if there is one, with the
// command's metric if there is one.
func (p *pass) match(c rtcmd.Command, e Entry, byWay bool) (Entry, error) {
	all, err := p.k.Routes("")
	if err != nil {
		return Entry{}, err
	}
	all = slices.DeleteFunc(all, func(x Entry) bool {
		return x.Dst != c.Dst || c.Metric != 0 && x.Metric != c.Metric ||
			byWay && e.Dev != "" && (x.Dev != e.Dev || x.Via != e.Via)
	})
	if len(all) == 0 {
		return Entry{}, unix.ESRCH
	}
	return slices.MinFunc(all, func(a, b Entry) int { return a.Metric - b.Metric }), nil
}

func (p *pass) execDelete(c rtcmd.Command, e Entry) error {
	old, err := p.match(c, e, true)
	if err != nil {
		return err
	}
	return p.remove(old)
}

func (p *pass) execChange(c rtcmd.Command, e Entry) error {
	old, err := p.match(c, e, false)
	if err != nil {
		return err
	}
	e.Metric = old.Metric
	if e == old {
		return nil
	}
	if e.Dst.Addr().Is6() {
		if err := p.remove(old); err != nil {
			return err
		}
		return p.k.AddRoute(e, false)
	}
	if err := p.k.AddRoute(e, true); err != nil {
		return err
	}
	return p.remove(old)
}

// remove removes a route, whosever it is.
func (p *pass) remove(e Entry) error {
	if e.Kind != "" {
		return fmt.Errorf("the route there is a %s one, which is not for this command: %w", e.Kind, unix.EOPNOTSUPP)
	}
	if err := p.k.DelRoute(e); err != nil {
		return err
	}
	for _, a := range slices.Clone(p.routes) {
		if a.is == e {
			p.forget(a)
		}
	}
	return nil
}
