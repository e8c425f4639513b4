// Package route keeps the kernel's network state of an interface as it is
// wanted: up with MTU and queue length, point-to-point addresses, routes and
// proxy ARP entries (add_route, metric, netmask, proxy_arp, replace_route of
// ppp.conf(5)). It speaks rtnetlink(7); route(1M) is not run.
//
// A State says how things should be, a Router makes them so, as often as it is
// told: what is missing is added first, what is too much is removed then. What
// the Router did not add it does not remove. Routes and addresses of a TUN
// interface vanish with it; what would outlive a killed process (routes and
// proxy ARP entries on other interfaces) is noted in a journal, which Recover
// works off.
//
// A route that ours replaces (replace_route) is not taken away: ours is put in
// front of it, in IPv6 with a lower metric, so that even after kill -9 it is in
// effect again at once.
//
// Only the commands import this package. Name servers are package dns's business.
package route

import (
	"errors"
	"fmt"
	"log/slog"
)

// Options are what a Router can be told beyond the kernel it works on.
type Options struct {
	// Dir is the runtime directory (/run/pppdial) that holds the journal; ""
	// keeps none.
	Dir string
	Log *slog.Logger // names the interface; nil: no log
}

// A Router keeps one interface's State in a kernel. It is used by one
// goroutine at a time; each call takes some system calls, none of which waits.
type Router struct {
	k       Kernel
	log     *slog.Logger
	journal journal

	state State // of the last Set

	// What Set has added and not removed since.
	up      bool // the interface was down before
	addrs   []IfAddr
	routes  []added
	proxies []Proxy
}

// New returns a Router that has not done anything yet. The kernel stays the
// caller's and must outlive it.
func New(k Kernel, o Options) *Router {
	log := o.Log
	if log == nil {
		log = slog.New(slog.DiscardHandler)
	}
	return &Router{k: k, log: log, journal: journal{dir: o.Dir, namespace: k.Namespace()}}
}

// Set makes the kernel's state s, changing only what is not so yet. What fails
// is reported (errors.Join of *Error) and does not keep the rest from being
// done; a later Set tries it again.
func (r *Router) Set(s State) error {
	w, err := want(s)
	if err != nil {
		return err
	}
	if r.state.Name != "" && r.state.Name != s.Name {
		err = r.Close()
	}
	r.state = s
	return errors.Join(err, r.apply(s, w, false))
}

// Close removes all that Set has added, but for routes to Keep, and takes the
// interface down if Set brought it up. An interface that is gone is no error.
func (r *Router) Close() error {
	return r.apply(State{Name: r.state.Name}, wanted{}, true)
}

func (r *Router) apply(s State, w wanted, closing bool) error {
	var errs []error
	if s.Up {
		var ready bool
		if errs, ready = r.setLink(s); !ready {
			return errors.Join(errs...)
		}
	}
	for {
		p := pass{Router: r, s: s, w: w, closing: closing, have: make(map[string][]Entry)}
		p.addAddrs()
		p.addRoutes()
		p.addProxies()
		p.dropProxies()
		p.dropRoutes()
		p.dropAddrs()
		if !p.again {
			errs = append(errs, p.errs...)
			break
		}
	}
	if !s.Up && r.up {
		if err := r.k.SetUp(s.Name, false); err != nil && !gone(err) {
			errs = append(errs, s.error("take the interface down", "", err))
		}
		r.up = false
	}
	return errors.Join(errs...)
}

// setLink brings the interface up with its MTU and queue length. It is ready
// when it is up.
func (r *Router) setLink(s State) (errs []error, ready bool) {
	l, err := r.k.Link(s.Name)
	if err != nil {
		return []error{s.error("configure the interface", "", err)}, false
	}
	if s.MTU != 0 && s.MTU != l.MTU {
		if err := r.k.SetMTU(s.Name, s.MTU); err != nil {
			errs = append(errs, s.error(fmt.Sprintf("set MTU %d", s.MTU), "", err))
		}
	}
	if s.QueueLen != 0 && s.QueueLen != l.QueueLen {
		if err := r.k.SetQueueLen(s.Name, s.QueueLen); err != nil {
			errs = append(errs, s.error(fmt.Sprintf("set queue length %d", s.QueueLen), "", err))
		}
	}
	if !l.Up {
		if err := r.k.SetUp(s.Name, true); err != nil {
			return append(errs, s.error("bring the interface up", "", err)), false
		}
		r.up = true
	}
	return errs, true
}

// A pass is one comparison of what is wanted with what the kernel has, and the
// changes that follow from it.
type pass struct {
	*Router
	s       State
	w       wanted
	closing bool

	have  map[string][]Entry // the kernel's routes, by interface, as far as asked for
	kept  []Entry            // what the wanted routes are, as resolved
	prox  []Proxy            // what the wanted proxy ARP entries are
	again bool               // what was removed may have taken more along
	errs  []error
}

// fail notes that something did not succeed.
func (p *pass) fail(what string, err error) {
	if err != nil {
		p.errs = append(p.errs, p.s.error(what, "", err))
	}
}

func ignoreGone(err error) error {
	if gone(err) {
		return nil
	}
	return err
}
