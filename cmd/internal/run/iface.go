package run

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"os"
	"slices"
	"strconv"
	"strings"

	"pppdial/conf"
	"pppdial/dial"
	"pppdial/mp"
	"pppdial/route"
	"pppdial/route/dns"
	"pppdial/route/rtcmd"
	"pppdial/route/tun"
)

// An iface is the network interface of an entry: the TUN device, the bundle
// that carries its packets and the router that keeps the kernel's side.
type iface struct {
	entry  *conf.Entry
	log    *slog.Logger
	tun    tun.Device
	unit   int // numberOf its name
	bundle *mp.Bundle
	kernel route.Kernel
	router *route.Router
	up     networks
}

// openInterface makes the interface; it is down and has no addresses yet.
// Answered and gone are mp.BundleConfig's.
func openInterface(e *conf.Entry, w *world, stateDir string, events mp.Events, answered func([]byte) bool, gone func(error), log *slog.Logger) (*iface, error) {
	dev, err := w.tun(e.IfName)
	if err != nil {
		return nil, err
	}
	number, err := numberOf(dev.Name())
	if err != nil {
		dev.Close()
		return nil, err
	}
	kernel, err := w.kernel()
	if err != nil {
		dev.Close()
		return nil, err
	}
	if err := os.MkdirAll(stateDir, 0o755); err != nil {
		log.Warn("no place for the state of running programs", "error", err)
	}
	f := &iface{entry: e, log: log.With("interface", dev.Name()), tun: dev, unit: number, kernel: kernel}
	if err := route.Recover(kernel, stateDir, f.log); err != nil {
		f.log.Warn("could not undo what a killed ppp has left", "error", err)
	}
	if err := dial.Recover(stateDir, f.log); err != nil {
		f.log.Warn("could not switch on a modem that a killed ppp has left off", "error", err)
	}
	if err := dns.Recover(context.Background(), dnsOptions(stateDir, f.log)); err != nil {
		f.log.Warn("could not take away name servers that a killed ppp has left", "error", err)
	}
	f.router = route.New(kernel, route.Options{Dir: stateDir, Log: f.log})
	c := bundleConfig(e, dev, events, log)
	c.Answered, c.Gone, c.Disagreed = answered, gone, f.disagreed
	if stands(e) {
		n := standing(e, f.unit)
		c.Local, c.Remote = n.Local, n.Remote
	}
	f.bundle = mp.NewBundle(c)
	return f, nil
}

// stand gives the interface addresses and routes before anybody is called.
func (f *iface) stand() error {
	f.up.v4 = standing(f.entry, f.unit)
	return f.set(networks{})
}

// firstOther is where the numbers of interfaces begin that are no pppN.
const firstOther = 10000

// numberOf is N of pppN. Other interfaces have that of the kernel, above those.
func numberOf(name string) (int, error) {
	digits, ppp := strings.CutPrefix(name, "ppp")
	if n, err := strconv.Atoi(digits); ppp && err == nil && n >= 0 && n < firstOther && strconv.Itoa(n) == digits {
		return n, nil
	}
	i, err := net.InterfaceByName(name)
	if err != nil {
		return 0, err
	}
	return firstOther + i.Index, nil
}

// networkUp gives the interface what a network protocol has agreed upon, or leaves it
// as it was: of IPv6 without any.
func (f *iface) networkUp(n mp.Network) error {
	was := f.up
	if n.Family == mp.IPv6 {
		if n.MTU < conf.MinMTU6 {
			return fmt.Errorf("IPv6 needs packets of %d octets, and the link takes no more than %d", conf.MinMTU6, n.MTU)
		}
		f.up.v6 = &n
	} else {
		f.up.v4 = &n
	}
	if err := f.set(was); err != nil {
		if f.up = was; n.Family == mp.IPv6 {
			f.up.v6 = nil
		}
		state, _, _ := routeState(f.entry, f.tun.Name(), f.up)
		f.warn(f.router.Set(state))
		return err
	}
	f.bundle.Ready(n.Family)
	f.log.Info("up", "local", n.Local, "remote", n.RemoteText(), "mtu", min(f.entry.MTU, n.MTU))
	return nil
}

// set makes the kernel know what has been agreed upon. The commands of a protocol
// that was not up come before its routes: what they delete or change is another's.
// A link without one of its routes is better than none, so that is not an error.
func (f *iface) set(was networks) error {
	state, once, err := routeState(f.entry, f.tun.Name(), f.up)
	if err != nil {
		return err
	}
	before := state
	before.Routes = slices.DeleteFunc(slices.Clone(state.Routes), func(r route.Route) bool { return !was.has(r.Dst.Addr().Is6()) })
	if err := f.router.Set(before); err != nil {
		before.Routes, before.ProxyARP = nil, route.ProxyARP{Off: true}
		if err := f.router.Set(before); err != nil {
			return err
		}
	}
	for _, c := range once {
		if !was.has(c.Inet6) {
			f.warn(f.router.Exec(c))
		}
	}
	f.warn(f.router.Set(state))
	return nil
}

// keeps reports whether the interface stays configured between connections. With
// camp others serve then, also where there is a timeout.
func (f *iface) keeps() bool { return f.entry.Demand() && !f.entry.Camp }

// withdraw leaves the interface between two connections without its routes, so
// that others serve.
func (f *iface) withdraw() {
	f.delRoutes(func() error {
		state, _, err := routeState(f.entry, f.tun.Name(), f.up)
		if err != nil {
			return err
		}
		state.Withdrawn = true
		return f.router.Set(state)
	})
}

// unset takes away all that the kernel was told.
func (f *iface) unset() { f.delRoutes(f.router.Close) }

// delRoutes runs the commands for the end of the link and takes away our routes
// between them: what they delete or change may be one of ours, what they add would
// find ours in its way.
func (f *iface) delRoutes(takeAway func() error) {
	commands, err := delRoutes(f.entry, f.up)
	f.warn(err)
	run := func(adds bool) {
		for _, c := range commands {
			if (c.Action == rtcmd.Add) == adds {
				f.warn(f.router.Exec(c))
			}
		}
	}
	run(false)
	f.warn(takeAway())
	run(true)
	f.up = networks{}
}

// disagreed warns that the link goes on without a network protocol.
func (f *iface) disagreed(family mp.Family, err error) {
	v := explainDisagreement(family, err)
	f.log.Warn("no agreement on a network protocol", "evidence", v.Evidence, "cause", v.Cause, "try", v.Try)
}

// warn logs one line for each of several joined errors.
func (f *iface) warn(err error) {
	var several interface{ Unwrap() []error }
	switch {
	case err == nil:
	case errors.As(err, &several):
		for _, e := range several.Unwrap() {
			f.warn(e)
		}
	default:
		f.log.Warn(err.Error())
	}
}

// close ends the bundle and takes away all that the kernel was told.
func (f *iface) close() {
	if s, ok := f.bundle.Stats(); ok {
		f.log.Info("carried", "sent", s.Tx.Bytes, "received", s.Rx.Bytes, "dropped", s.Drops)
	}
	f.bundle.Close(mp.Closed, "")
	<-f.bundle.Done()
	f.unset()
	f.tun.Close()
	f.kernel.Close()
}
