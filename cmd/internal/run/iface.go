package run

import (
	"errors"
	"log/slog"
	"os"

	"pppdial/conf"
	"pppdial/mp"
	"pppdial/route"
	"pppdial/route/tun"
)

// An iface is the network interface of an entry: the TUN device, the bundle
// that carries its packets and the router that keeps the kernel's side.
type iface struct {
	entry  *conf.Entry
	log    *slog.Logger
	tun    tun.Device
	bundle *mp.Bundle
	kernel route.Kernel
	router *route.Router
	up     networks
}

// openInterface makes the interface; it is down and has no addresses yet.
func openInterface(e *conf.Entry, o *Options, events mp.Events, log *slog.Logger) (*iface, error) {
	dev, err := tun.Open(policyOf(e).ifName)
	if err != nil {
		return nil, err
	}
	kernel, err := route.OpenKernel()
	if err != nil {
		dev.Close()
		return nil, err
	}
	if err := os.MkdirAll(o.StateDir, 0o755); err != nil {
		log.Warn("no place for the state of running programs", "error", err)
	}
	f := &iface{entry: e, log: log.With("interface", dev.Name()), tun: dev, kernel: kernel}
	if err := route.Recover(kernel, o.StateDir, f.log); err != nil {
		f.log.Warn("could not undo what a killed ppp has left", "error", err)
	}
	f.router = route.New(kernel, route.Options{Dir: o.StateDir, Log: f.log})
	f.bundle = mp.NewBundle(bundleConfig(e, dev, events, log))
	return f, nil
}

// networkUp gives the interface what a network protocol has agreed upon. A link
// without one of its routes is better than none, so that is not an error.
func (f *iface) networkUp(n mp.Network) error {
	var one networks
	if n.Family == mp.IPv6 {
		if n.MTU < minMTU6 {
			f.log.Warn("no IPv6, which needs larger packets", "mtu", n.MTU, "at-least", minMTU6)
			return nil
		}
		one.v6, f.up.v6 = &n, &n
	} else {
		one.v4, f.up.v4 = &n, &n
	}
	_, once, err := routeState(f.entry, f.tun.Name(), one)
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
	for _, c := range once {
		f.warn(f.router.Exec(c))
	}
	f.bundle.Ready(n.Family)
	f.log.Info("up", "local", n.Local, "remote", n.Remote, "mtu", state.MTU)
	return nil
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
	commands, err := delRoutes(f.entry, f.up)
	if err != nil {
		f.log.Error(err.Error())
	}
	for _, c := range commands {
		f.warn(f.router.Exec(c))
	}
	f.warn(f.router.Close())
	f.tun.Close()
	f.kernel.Close()
}
