package route

import (
	"errors"
	"fmt"
	"io/fs"

	"golang.org/x/sys/unix"
)

// An Error is something that could not be brought into the kernel, in plain
// words.
type Error struct {
	Dev  string // the interface that Set is about
	What string // "add route 10.0.0.0/8 via 192.168.1.1"
	Why  string // "gateway 192.168.1.1 is not reachable: ..."
	Err  error  // the kernel's errno, a *CollisionError
}

func (e *Error) Error() string {
	what := "route: " + e.Dev + ": " + e.What
	if e.Why != "" {
		what += ": " + e.Why
	}
	return what
}

func (e *Error) Unwrap() error { return e.Err }

// A CollisionError is a route that cannot be added, as there is one already to
// the same destination with the same metric.
type CollisionError struct {
	Want, There Entry
}

func (e *CollisionError) Error() string {
	to := "route to " + e.There.Destination()
	if e.There.Dst.Bits() == 0 {
		to = "default route"
	}
	return fmt.Sprintf("%s already there %s metric %d; use metric= or replace_route", to, e.There.way(), e.There.Metric)
}

// error makes an *Error about s's interface; without a why the words are those
// for err.
func (s State) error(what, why string, err error) error {
	if why == "" {
		why = plain(err)
	}
	return &Error{Dev: s.Name, What: what, Why: why, Err: err}
}

// plain says what an errno means here.
func plain(err error) string {
	switch {
	case errors.Is(err, fs.ErrPermission):
		return "not allowed: this needs root or CAP_NET_ADMIN"
	case errors.Is(err, unix.ENODEV):
		return "there is no such interface"
	case errors.Is(err, unix.ENETDOWN):
		return "the interface is down"
	case errors.Is(err, unix.ESRCH):
		return "there is no such route"
	case errors.Is(err, unix.EAFNOSUPPORT):
		return "the kernel does not know this address family"
	}
	return err.Error()
}

// gone tells that what was to be removed is not there.
func gone(err error) bool {
	for _, none := range []error{unix.ENODEV, unix.ESRCH, unix.ENOENT, unix.EADDRNOTAVAIL, unix.ENXIO} {
		if errors.Is(err, none) {
			return true
		}
	}
	return false
}
