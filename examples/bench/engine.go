package main

import (
	"fmt"
	"net/netip"
	"os"
	"os/exec"
	"os/signal"

	"golang.org/x/sys/unix"

	"pppdial/mp"
	"pppdial/mp/proto"
	"pppdial/route/tun"
)

// engine is PPP on a line that is no tty, without a control file around it:
// -engine LOCAL REMOTE.
func engine(args []string) error {
	if err := unix.SetNonblock(lineFD, true); err != nil {
		return err
	}
	dev, err := tun.Open("")
	if err != nil {
		return err
	}
	failed := make(chan error, 1)
	newEnd(dev, os.NewFile(lineFD, "line"), args[0], args[1], func() error { return configure(dev.Name(), args[0], args[1]) }, failed)
	stop := make(chan os.Signal, 1)
	signal.Notify(stop, unix.SIGTERM)
	select {
	case err := <-failed:
		return err
	case <-stop:
		return nil
	}
}

// An end is one end of a link.
type end struct {
	bundle *mp.Bundle
	up     func() error
	failed chan<- error
}

// newEnd starts PPP. Up is called when IP is open.
func newEnd(dev mp.Tun, line mp.Line, local, remote string, up func() error, failed chan<- error) {
	e := &end{up: up, failed: failed}
	only := func(a string) []proto.AddrSet {
		return []proto.AddrSet{{Addr: netip.MustParseAddr(a), Mask: netip.MustParseAddr("255.255.255.255")}}
	}
	e.bundle = mp.NewBundle(mp.BundleConfig{
		Tun: dev, MTU: 1500, QueueLimit: 500, Events: e,
		IPCP: &proto.IPCPConfig{Local: only(local), Remote: only(remote)},
	})
	mp.NewNursery().Start(line, nil, mp.LinkConfig{
		LCP: proto.LCPConfig{PFC: true, ACFC: true}, Events: e,
	})
}

func (e *end) Admit(a *mp.Admission) { a.Join(e.bundle) }

func (e *end) NetworkUp(b *mp.Bundle, n mp.Network) {
	go func() {
		if err := e.up(); err != nil {
			e.failed <- err
			return
		}
		b.Ready(n.Family)
	}()
}

func (e *end) LinkLost(_ *mp.Link, f *mp.Failure, _ []byte) { e.failed <- f }
func (e *end) NetworkDown(*mp.Bundle, mp.Family)            {}
func (e *end) Demand(*mp.Bundle, string)                    {}
func (e *end) Busy(*mp.Bundle)                              {}
func (e *end) Slack(*mp.Bundle)                             {}

// configure gives an interface of this namespace its addresses.
func configure(name, local, remote string) error {
	for _, args := range [][]string{
		{"addr", "add", local, "peer", remote, "dev", name},
		{"link", "set", name, "up", "mtu", "1500", "txqueuelen", "500"},
	} {
		if out, err := exec.Command("ip", args...).CombinedOutput(); err != nil {
			return fmt.Errorf("ip %v: %w: %s", args, err, out)
		}
	}
	return nil
}
