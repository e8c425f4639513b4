package dns

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"time"

	"github.com/godbus/dbus/v5"
	"golang.org/x/sys/unix"
)

// Names of org.freedesktop.resolve1(5).
const (
	resolveService = "org.freedesktop.resolve1"
	resolvePath    = "/org/freedesktop/resolve1"
	resolveManager = resolveService + ".Manager."
	errNoSuchLink  = resolveService + ".NoSuchLink"

	errServiceUnknown = "org.freedesktop.DBus.Error.ServiceUnknown"
	errNameHasNoOwner = "org.freedesktop.DBus.Error.NameHasNoOwner"
	errUnknownMethod  = "org.freedesktop.DBus.Error.UnknownMethod"
)

const (
	// systemd-resolved hears of a new interface a moment after we do.
	linkPause = 100 * time.Millisecond
	linkTries = 10
)

// resolved is systemd-resolved.
type resolved struct {
	name  string
	bus   string
	index int
}

// An address is one server, in the types of D-Bus.
type address struct {
	Family int32
	Octets []byte
}

func (r *resolved) String() string { return "systemd-resolved" }

func (r *resolved) set(ctx context.Context, servers []netip.Addr) error {
	i, err := net.InterfaceByName(r.name)
	if err != nil {
		return err
	}
	r.index = i.Index
	var all []address
	for _, a := range servers {
		family := int32(unix.AF_INET6)
		if a.Is4() {
			family = unix.AF_INET
		}
		all = append(all, address{family, a.AsSlice()})
	}
	return r.talk(ctx, func(o dbus.BusObject) error {
		err := call(ctx, o, "SetLinkDNS", int32(r.index), all)
		for try := 1; named(err, errNoSuchLink) && try < linkTries; try++ {
			select {
			case <-time.After(linkPause):
			case <-ctx.Done():
				return ctx.Err()
			}
			err = call(ctx, o, "SetLinkDNS", int32(r.index), all)
		}
		if err != nil {
			return err
		}
		// Before version 240 there is no such call, and no need for it.
		err = call(ctx, o, "SetLinkDefaultRoute", int32(r.index), true)
		if named(err, errUnknownMethod) {
			err = nil
		}
		return err
	})
}

func (r *resolved) clear(ctx context.Context) error {
	return r.talk(ctx, func(o dbus.BusObject) error {
		err := call(ctx, o, "RevertLink", int32(r.index))
		if named(err, errNoSuchLink) {
			err = nil
		}
		return err
	})
}

// talk connects to the bus; without bus or service there is no systemd-resolved.
func (r *resolved) talk(ctx context.Context, f func(dbus.BusObject) error) error {
	var c *dbus.Conn
	var err error
	if r.bus == "" {
		c, err = dbus.ConnectSystemBus(dbus.WithContext(ctx))
	} else {
		c, err = dbus.Connect(r.bus, dbus.WithContext(ctx))
	}
	if err != nil {
		return fmt.Errorf("D-Bus: %w: %w", errAbsent, err)
	}
	defer c.Close()
	err = f(c.Object(resolveService, resolvePath))
	if named(err, errServiceUnknown) || named(err, errNameHasNoOwner) {
		return fmt.Errorf("%w: %w", errAbsent, err)
	}
	return err
}

func call(ctx context.Context, o dbus.BusObject, method string, args ...any) error {
	if err := o.CallWithContext(ctx, resolveManager+method, 0, args...).Err; err != nil {
		return fmt.Errorf("%s: %w", method, err)
	}
	return nil
}

// named reports whether an error is the one that D-Bus has a name for.
func named(err error, name string) bool {
	var e dbus.Error
	return errors.As(err, &e) && e.Name == name
}
