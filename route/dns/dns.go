// Package dns gives the name servers that a link has brought to the system
// (dns of ppp.conf(5)) and takes them away again: to systemd-resolved over
// D-Bus (org.freedesktop.resolve1(5)), else to resolvconf(8), else into the
// file resolv.conf.NAME in the runtime directory.
//
// What systemd-resolved knows of an interface goes with the interface. What
// resolvconf knows would outlive a killed process, so the file is there then
// too, and Recover works it off.
//
// Only the commands import this package.
package dns

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/netip"
	"os"
	"slices"
	"strings"
	"time"
)

// limit is how long one of the ways may take.
const limit = 10 * time.Second

// Options are what a Keeper can be told beyond its interface.
type Options struct {
	Dir string // the runtime directory (/run/pppdial)

	// Copy is another file that holds the servers as long as the system has
	// them, for programs that look there (pppd's /etc/ppp/resolv.conf); "":
	// none.
	Copy string

	Bus        string // address of the D-Bus on which systemd-resolved is; "": the system's
	Resolvconf string // the program; "": where it usually is

	Log *slog.Logger // names the interface; nil: no log
}

// A Keeper keeps one interface's name servers in the system. It is used by one
// goroutine at a time.
type Keeper struct {
	name string
	o    Options
	log  *slog.Logger

	servers []netip.Addr
	by      way // that they were given by; nil: they were not
	// record is the file resolv.conf.NAME with its lock, which lasts as long as
	// this process; nil: there is none.
	record *os.File
	copied *os.File // the same for Options.Copy
}

// A way brings name servers to the system.
type way interface {
	set(ctx context.Context, servers []netip.Addr) error
	clear(ctx context.Context) error
	String() string
}

// errAbsent says that the system has no such thing.
var errAbsent = errors.New("not there")

// New returns a Keeper for an interface that has done nothing yet.
func New(name string, o Options) *Keeper {
	if o.Log == nil {
		o.Log = slog.New(slog.DiscardHandler)
	}
	return &Keeper{name: name, o: o, log: o.Log}
}

// Set makes the servers those of the interface, in place of the ones before;
// none is as good as Clear. It may take some seconds.
func (k *Keeper) Set(ctx context.Context, servers []netip.Addr) error {
	if slices.Equal(servers, k.servers) {
		return nil
	}
	if len(servers) == 0 {
		return k.Clear(ctx)
	}
	var errs []error
	for _, w := range k.ways() {
		if k.by != nil && k.by.String() != w.String() {
			continue // the one that has the old ones gets the new ones
		}
		err := within(ctx, func(ctx context.Context) error { return w.set(ctx, servers) })
		if err == nil {
			k.by, k.servers = w, slices.Clone(servers)
			k.log.Info("name servers", "servers", list(servers), "by", w)
			return k.copy(servers)
		}
		if !errors.Is(err, errAbsent) {
			k.log.Warn("name servers are not taken", "by", w, "error", err)
			errs = append(errs, err)
		}
	}
	return fmt.Errorf("dns: nobody takes the name servers of %s: %w", k.name, errors.Join(errs...))
}

// Clear takes away what Set has given.
func (k *Keeper) Clear(ctx context.Context) error {
	if k.by == nil {
		return nil
	}
	err := within(ctx, k.by.clear)
	k.by, k.servers = nil, nil
	if k.copied != nil {
		err = errors.Join(err, remove(k.o.Copy, k.copied))
		k.copied = nil
	}
	if err != nil {
		return fmt.Errorf("dns: cannot take away the name servers of %s: %w", k.name, err)
	}
	k.log.Info("name servers taken away")
	return nil
}

// ways are those to be tried, the best first. Services of the system know the
// interfaces of its own network namespace only.
func (k *Keeper) ways() (all []way) {
	if k.o.Bus != "" || os.Getenv(busVariable) != "" || HostNamespace() {
		all = append(all, &resolved{name: k.name, bus: k.o.Bus})
	}
	if k.o.Resolvconf != "" || HostNamespace() {
		all = append(all, &resolvconf{k: k, program: k.o.Resolvconf})
	}
	return append(all, &file{k})
}

// busVariable names the system's bus; who sets it means that one.
const busVariable = "DBUS_SYSTEM_BUS_ADDRESS"

// HostNamespace reports whether this process is in the network namespace of
// the system's services, as far as one can tell.
func HostNamespace() bool {
	theirs, err := os.Readlink("/proc/1/ns/net")
	if err != nil {
		return true
	}
	ours, err := os.Readlink("/proc/thread-self/ns/net")
	return err != nil || ours == theirs
}

func within(ctx context.Context, f func(context.Context) error) error {
	ctx, cancel := context.WithTimeout(ctx, limit)
	defer cancel()
	return f(ctx)
}

// text is what resolv.conf(5) says of servers.
func text(servers []netip.Addr) string {
	var b strings.Builder
	for _, a := range servers {
		fmt.Fprintf(&b, "nameserver %s\n", a)
	}
	return b.String()
}

func list(servers []netip.Addr) string {
	var s []string
	for _, a := range servers {
		s = append(s, a.String())
	}
	return strings.Join(s, " ")
}

func (k *Keeper) copy(servers []netip.Addr) error {
	if k.o.Copy == "" {
		return nil
	}
	f, err := replace(k.o.Copy, copyMark+k.name+"\n"+text(servers))
	if err != nil {
		return fmt.Errorf("dns: %w", err)
	}
	if k.copied != nil {
		k.copied.Close()
	}
	k.copied = f
	return nil
}
