package run

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"os"
	"strconv"
	"strings"

	"pppdial/conf"
	"pppdial/dial"
	"pppdial/mp"
	"pppdial/route"
	"pppdial/route/dns"
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
	ran    bool // the commands that are run once have been run
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
	c.Answered, c.Gone = answered, gone
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
	return f.set(f.up)
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
	was, one := f.up, networks{}
	if n.Family == mp.IPv6 {
		if n.MTU < conf.MinMTU6 {
			return fmt.Errorf("IPv6 needs packets of %d octets, and the link takes no more than %d", conf.MinMTU6, n.MTU)
		}
		was.v6, one.v6, f.up.v6 = nil, &n, &n
	} else {
		one.v4, f.up.v4 = &n, &n
	}
	if err := f.set(one); err != nil {
		f.up = was
		state, _, _ := routeState(f.entry, f.tun.Name(), f.up)
		f.warn(f.router.Set(state))
		return err
	}
	f.bundle.Ready(n.Family)
	f.log.Info("up", "local", n.Local, "remote", n.Remote, "mtu", min(f.entry.MTU, n.MTU))
	return nil
}

// set makes the kernel know what has been agreed upon, and runs the commands of
// the protocols that are new. A link without one of its routes is better than
// none, so that is not an error.
func (f *iface) set(fresh networks) error {
	_, once, err := routeState(f.entry, f.tun.Name(), fresh)
	if err != nil {
		return err
	}
	state, _, err := routeState(f.entry, f.tun.Name(), f.up)
	if err != nil {
		return err
	}
	if err := f.router.Set(state); err != nil {
		basis := state
		basis.Routes, basis.ProxyARP = nil, route.ProxyARP{Off: true}
		if err := f.router.Set(basis); err != nil {
			return err
		}
		f.warn(f.router.Set(state))
	}
	if f.keeps() && f.ran && fresh.v6 == nil {
		return nil
	}
	f.ran = f.ran || fresh.v4 != nil
	for _, c := range once {
		f.warn(f.router.Exec(c))
	}
	return nil
}

// keeps reports whether the interface stays configured between connections. With
// camp others serve then, also where there is a timeout.
func (f *iface) keeps() bool { return f.entry.Demand() && !f.entry.Camp }

// withdraw leaves the interface between two connections without its routes, so
// that others serve.
func (f *iface) withdraw() {
	f.delRoutes()
	state, _, err := routeState(f.entry, f.tun.Name(), f.up)
	if err == nil {
		state.Withdrawn = true
		err = f.router.Set(state)
	}
	f.warn(err)
	f.up = networks{}
}

// unset takes away all that the kernel was told.
func (f *iface) unset() {
	f.delRoutes()
	f.warn(f.router.Close())
	f.up = networks{}
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

// delRoutes runs the commands for the end of the link.
func (f *iface) delRoutes() {
	commands, err := delRoutes(f.entry, f.up)
	f.warn(err)
	for _, c := range commands {
		f.warn(f.router.Exec(c))
	}
}
