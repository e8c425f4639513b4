package route

import (
	"errors"
	"fmt"
	"net/netip"
	"slices"

	"golang.org/x/sys/unix"
)

// An added is a route of ours.
type added struct {
	want Entry // as it was resolved
	is   Entry // as it is in the kernel: with a lower metric if it replaces another
	keep bool
}

// addRoutes adds the routes that are not there: the host routes to the peers,
// then the others, one by one, as a gateway may be behind an earlier one.
func (p *pass) addRoutes() {
	for _, e := range p.w.hosts {
		p.addRoute(e, false)
	}
	for _, rt := range p.w.routes {
		e, err := p.entry(rt)
		if err != nil {
			p.errs = append(p.errs, err)
			continue
		}
		p.addRoute(e, rt.Keep)
	}
}

// entry says what a wanted route is in the kernel's terms.
func (p *pass) entry(rt Route) (Entry, error) {
	e := Entry{Dst: rt.Dst, Dev: rt.Interface, Metric: p.s.metric(rt.Metric, rt.Dst.Addr())}
	gw := rt.Gateway
	if p.s.isPeer(gw) {
		gw = netip.Addr{}
	}
	switch {
	case e.Dev != "":
		e.Via = gw
		return e, nil
	case !gw.IsValid():
		e.Dev = p.s.Name
		return e, nil
	}
	e.Via = gw
	if gw.Is6() && gw.IsLinkLocalUnicast() {
		e.Dev = p.s.Name
		return e, nil
	}
	why, err := p.neighbour(&e)
	if err != nil {
		return e, p.s.error("add route "+e.String(), why, err)
	}
	return e, nil
}

// neighbour finds the interface that e's gateway is behind. It must be a
// neighbour there.
func (p *pass) neighbour(e *Entry) (why string, err error) {
	dev, via, err := p.k.Lookup(e.Via)
	switch {
	case errors.Is(err, unix.ENETUNREACH), errors.Is(err, unix.EHOSTUNREACH):
		return fmt.Sprintf("gateway %s not reachable: no interface leads to it", e.Via), err
	case err != nil:
		return "", err
	case dev == "lo":
		return fmt.Sprintf("gateway %s is this machine", e.Via), unix.EINVAL
	case via.IsValid():
		return fmt.Sprintf("gateway %s not reachable: it is no neighbour, the way to it leads over %s dev %s", e.Via, via, dev), unix.ENETUNREACH
	}
	e.Dev = dev
	return "", nil
}

// addRoute adds a route unless it is there.
func (p *pass) addRoute(e Entry, keep bool) {
	if slices.Contains(p.kept, e) {
		return
	}
	p.kept = append(p.kept, e)
	have, err := p.routesOf(e.Dev)
	if err != nil {
		p.errs = append(p.errs, p.s.error("add route "+e.String(), routeWhy(e, err), err))
		return
	}
	at := slices.IndexFunc(p.routes, func(a added) bool { return a.want == e })
	switch {
	case at >= 0 && slices.Contains(have, p.routes[at].is):
		p.routes[at].keep = keep
		return
	case at >= 0: // somebody has removed it
		p.forget(p.routes[at])
	case slices.Contains(have, e): // somebody else's
		return
	}
	if is, err := p.enter(e, keep); err != nil {
		p.errs = append(p.errs, p.s.error("add route "+e.String(), routeWhy(e, err), err))
	} else {
		p.have[e.Dev] = append(have, is)
		p.routes = append(p.routes, added{e, is, keep})
	}
}

// routesOf lists the routes of an interface, once in a pass.
func (p *pass) routesOf(dev string) ([]Entry, error) {
	have, known := p.have[dev]
	if known {
		return have, nil
	}
	have, err := p.k.Routes(dev)
	if err != nil {
		return nil, err
	}
	p.have[dev] = have
	return have, nil
}

// enter puts a route into the kernel, where others may be in its way.
func (p *pass) enter(e Entry, keep bool) (Entry, error) {
	is := e
	for front := false; ; {
		if is.Dev != p.s.Name && !keep {
			p.note(undo{Route: is})
		}
		err := p.k.AddRoute(is, front)
		if err == nil {
			p.log.Debug("route: add route " + is.String())
			return is, nil
		}
		p.unnote(undo{Route: is})
		if !errors.Is(err, unix.EEXIST) || front {
			return is, err
		}
		inWay, listErr := p.inWay(is)
		if listErr != nil || len(inWay) == 0 {
			return is, err
		}
		foreign := slices.IndexFunc(inWay, func(x Entry) bool { return !p.stale(x) })
		switch {
		case foreign >= 0 && !p.s.Replace:
			return is, &CollisionError{Want: is, There: inWay[foreign]}
		case e.Dst.Addr().Is4():
			front = true
		case foreign < 0:
			for _, x := range inWay {
				p.dropEntry(x)
			}
		case is.Metric == 1:
			return is, &CollisionError{Want: is, There: inWay[foreign]}
		default:
			is.Metric--
		}
		if foreign >= 0 {
			p.log.Info("route: put aside until ours is removed: " + inWay[foreign].String())
		}
	}
}

// inWay lists the routes with e's destination and metric.
func (p *pass) inWay(e Entry) ([]Entry, error) {
	all, err := p.k.Routes("")
	return slices.DeleteFunc(all, func(x Entry) bool { return x.Dst != e.Dst || x.Metric != e.Metric }), err
}

// stale tells whether e is a route of ours that is no longer wanted.
func (p *pass) stale(e Entry) bool {
	return slices.ContainsFunc(p.routes, func(a added) bool { return a.is == e && !slices.Contains(p.kept, a.want) })
}

// dropRoutes removes the routes of ours that are no longer wanted, the last
// added first.
func (p *pass) dropRoutes() {
	for _, a := range slices.Backward(slices.Clone(p.routes)) {
		if !slices.Contains(p.kept, a.want) {
			p.dropRoute(a)
		}
	}
}

func (p *pass) dropRoute(a added) {
	if !p.closing || !a.keep {
		what := "remove route " + a.is.String()
		if err := ignoreGone(p.k.DelRoute(a.is)); err != nil {
			p.fail(what, err)
			return
		}
		p.log.Debug("route: " + what)
	}
	p.forget(a)
}

func (p *pass) dropEntry(e Entry) {
	for _, a := range slices.Clone(p.routes) {
		if a.is == e {
			p.dropRoute(a)
		}
	}
}

// forget makes a route no longer ours.
func (r *Router) forget(a added) {
	r.unnote(undo{Route: a.is})
	r.routes = slices.DeleteFunc(r.routes, func(x added) bool { return x == a })
}

// routeWhy says why the kernel refused a route, where more than its errno is
// known.
func routeWhy(e Entry, err error) string {
	switch {
	case errors.Is(err, unix.ENETUNREACH), errors.Is(err, unix.EHOSTUNREACH):
		return fmt.Sprintf("gateway %s not reachable by interface %s", e.Via, e.Dev)
	case errors.Is(err, unix.ENODEV):
		return fmt.Sprintf("there is no interface %s", e.Dev)
	case errors.Is(err, unix.ENETDOWN):
		return fmt.Sprintf("interface %s is down", e.Dev)
	case errors.Is(err, unix.EINVAL) && e.Via.IsValid():
		return fmt.Sprintf("%s cannot be a gateway on interface %s", e.Via, e.Dev)
	}
	return ""
}
