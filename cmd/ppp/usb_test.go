package main

import (
	"errors"
	"os"
	"path/filepath"
	"testing"

	"golang.org/x/sys/unix"

	"pppdial/dial/dialtest"
)

// sticks are the modems of the bank on USB: the interfaces of their ttys.
var sticks = map[string]dialtest.USBDevice{
	"ec25":    {Port: "1-1", Vendor: "2c7c", Product: "0125", Deaf: []int{0, 1}, Query: []int{2}, Call: 3},
	"sim7600": {Port: "1-1.2", Vendor: "1e0e", Product: "9001", Deaf: []int{0, 1}, Query: []int{2}, Call: 3},
	"e398":    {Port: "2-1", Vendor: "12d1", Product: "1506", Call: 0, Deaf: []int{1}, Query: []int{2}},
}

// A machine is what programs on a host see of its hardware: their /dev is the
// bank's directory, their /sys/class/tty that of the bus.
type machine struct {
	dev, sys string
}

// nodes are what programs need in /dev beside their lines.
var nodes = []string{"null", "zero", "urandom", "random", "tty", "ptmx", "net/tun"}

// newMachine gives the host a bus of its own and a bank for it. The kernel in its
// namespace tells what happens on the bus.
func (h *host) newMachine() (*dialtest.Bank, *dialtest.Bus) {
	h.t.Helper()
	h.machine = &machine{dev: h.t.TempDir(), sys: h.t.TempDir()}
	for _, name := range nodes {
		path := filepath.Join(h.machine.dev, name)
		if err := errors.Join(os.MkdirAll(filepath.Dir(path), 0o755), os.WriteFile(path, nil, 0o600)); err != nil {
			h.t.Fatal(err)
		}
	}
	if err := os.Mkdir(filepath.Join(h.machine.dev, "pts"), 0o755); err != nil {
		h.t.Fatal(err)
	}
	bank := dialtest.NewBank(h.machine.dev)
	h.t.Cleanup(func() {
		if err := bank.Close(); err != nil {
			h.t.Error(err)
		}
	})
	bus, err := dialtest.NewBus(bank, h.machine.sys)
	if err != nil {
		h.t.Fatal(err)
	}
	events, err := bus.Events(h.t.Context())
	if err != nil {
		h.t.Fatal(err)
	}
	told := make(chan struct{})
	go func() {
		defer close(told)
		for e := range events {
			if err := h.Do(func() error { return dialtest.Inject(e) }); err != nil {
				h.t.Errorf("event %+v: %v", e, err)
			}
		}
	}()
	h.t.Cleanup(func() { <-told })
	return bank, bus
}

// enter makes this thread, and what it starts, see the machine.
func (m *machine) enter() error {
	if err := unix.Unshare(unix.CLONE_NEWNS); err != nil {
		return err
	}
	if err := unix.Mount("none", "/", "", unix.MS_REC|unix.MS_PRIVATE, ""); err != nil {
		return err
	}
	for _, name := range append([]string{"pts"}, nodes...) {
		if err := unix.Mount(filepath.Join("/dev", name), filepath.Join(m.dev, name), "", unix.MS_BIND, ""); err != nil {
			return err
		}
	}
	return errors.Join(
		unix.Mount(m.dev, "/dev", "", unix.MS_BIND|unix.MS_REC, ""),
		unix.Mount(filepath.Join(m.sys, "class/tty"), "/sys/class/tty", "", unix.MS_BIND, ""))
}

// onUSB puts a modem of the bank on the host's bus.
func onUSB(t *testing.T, bus *dialtest.Bus, p *dialtest.Profile) *dialtest.Modem {
	t.Helper()
	m, err := bus.Add(dialtest.ModemConfig{Name: p.Name, Profile: p, CarrierHangup: true}, sticks[p.Name])
	if err != nil {
		t.Fatal(err)
	}
	return m
}
