package modemmanager

import (
	"context"
	"errors"
	"io/fs"
	"log/slog"
	"path/filepath"
	"strings"
	"time"

	"github.com/godbus/dbus/v5"
	"golang.org/x/sys/unix"
)

const (
	// How often is asked for what was not granted. ModemManager takes its time to
	// start and to see a device; later it may still be started, or the device replugged.
	askOften  = 5 * time.Second
	oftenFor  = 3 * time.Minute
	askRarely = time.Minute

	// While ModemManager finds out what a device is, it talks to the ttys and does not
	// let go; where it then has no use for the device, it says the same for ever.
	askProbing   = time.Second
	probingLimit = 30 * time.Second

	// askLimit is how long ModemManager may take to end what it has over the device.
	askLimit = time.Minute

	// releaseTime is how long ModemManager may take to hear that it has a modem again:
	// the end of a program waits for it.
	releaseTime = 2 * time.Second
)

// A wish is that ModemManager leave a device alone. It has a connection of its own,
// since ModemManager takes its end for the end of the wish.
type wish struct {
	device string
	open   func() (*dbus.Conn, error)
	log    *slog.Logger
	asked  chan chan<- error // wants to know how it stands
	stop   func()
	ended  chan struct{}

	// Owned by keep.
	conn    *dbus.Conn        // nil: there is no bus
	signals chan *dbus.Signal // of conn, closed at its end
	owner   string            // who has granted it, by the unique name; "": nobody
	probing time.Time         // since when ModemManager finds out what the device is
}

func newWish(device string, open func() (*dbus.Conn, error), log *slog.Logger) *wish {
	ctx, cancel := context.WithCancel(context.Background())
	w := &wish{
		device: device, open: open, log: log.With("device", filepath.Base(device)),
		asked: make(chan chan<- error), stop: cancel, ended: make(chan struct{}),
	}
	go w.keep(ctx)
	return w
}

// keep asks until the wish is granted, and again when it is forgotten, until ctx
// ends.
func (w *wish) keep(ctx context.Context) {
	defer close(w.ended)
	defer w.release()
	var waiting []chan<- error
	since := time.Now() // it is not granted
	select {
	case answer := <-w.asked:
		waiting = append(waiting, answer)
	case <-ctx.Done():
		return
	}
	for {
		err := w.ask(ctx)
		pause := askRarely
		if w.probes(err) && len(waiting) > 0 {
			pause = askProbing
		} else {
			for _, answer := range waiting {
				answer <- err
			}
			waiting = nil
			if time.Since(since) < oftenFor {
				pause = askOften
			}
		}
		var again <-chan time.Time
		if w.owner == "" {
			again = time.After(pause)
		}
		select {
		case answer := <-w.asked:
			waiting = append(waiting, answer)
		case s, ok := <-w.signals:
			if owner, changed := newOwner(s); !ok || changed && owner != w.owner {
				w.owner, w.probing, since = "", time.Time{}, time.Now()
			}
		case <-again:
		case <-ctx.Done():
			return
		}
	}
}

// ask asks once, if the wish is not granted. That nobody is there is no error.
func (w *wish) ask(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, askLimit)
	defer cancel()
	err := w.connect(ctx)
	if err == nil && w.owner == "" {
		err = w.request(ctx)
	}
	if absent(err) || unknown(err) {
		return nil
	}
	return err
}

func (w *wish) connect(ctx context.Context) error {
	if w.conn != nil && w.conn.Connected() {
		return nil
	}
	w.conn, w.signals, w.owner = nil, nil, ""
	conn, err := w.open()
	if err != nil {
		return err
	}
	signals := make(chan *dbus.Signal, 8)
	conn.Signal(signals)
	if err := conn.AddMatchSignalContext(ctx, dbus.WithMatchSender("org.freedesktop.DBus"),
		dbus.WithMatchMember("NameOwnerChanged"), dbus.WithMatchArg(0, service)); err != nil {
		conn.Close()
		return err
	}
	w.conn, w.signals = conn, signals
	return nil
}

// request says the wish to the process that is ModemManager now, and does not have
// one started for the purpose.
func (w *wish) request(ctx context.Context) error {
	var owner string
	if err := w.conn.BusObject().CallWithContext(ctx, "org.freedesktop.DBus.GetNameOwner", 0, service).Store(&owner); err != nil {
		return err
	}
	if err := w.conn.Object(owner, object).CallWithContext(ctx, inhibit, 0, w.device, true).Err; err != nil {
		return err
	}
	w.owner = owner
	w.log.Info("ModemManager leaves the modem alone")
	return nil
}

// probes tells whether ModemManager is to be awaited, which finds out what the
// device is.
func (w *wish) probes(err error) bool {
	var e dbus.Error
	if !errors.As(err, &e) || e.Name != errPrefix+"Core.WrongState" {
		w.probing = time.Time{}
		return false
	}
	if w.probing.IsZero() {
		w.probing = time.Now()
		w.log.Info("ModemManager finds out what the modem is", "limit", probingLimit)
	}
	return time.Since(w.probing) < probingLimit
}

// release takes the wish back.
func (w *wish) release() {
	if w.conn == nil {
		return
	}
	defer w.conn.Close()
	if w.owner == "" {
		return
	}
	ctx, cancel := context.WithTimeout(context.Background(), releaseTime)
	defer cancel()
	w.conn.Object(w.owner, object).CallWithContext(ctx, inhibit, 0, w.device, false) // when it fails, nobody is there who would remember
}

// newOwner is who is ModemManager from now on, if s tells it; "" is nobody.
func newOwner(s *dbus.Signal) (owner string, ok bool) {
	if s == nil || s.Name != "org.freedesktop.DBus.NameOwnerChanged" || len(s.Body) != 3 || s.Body[0] != service {
		return "", false
	}
	owner, ok = s.Body[2].(string)
	return owner, ok
}

// absent tells whether there is no bus.
func absent(err error) bool {
	return errors.Is(err, fs.ErrNotExist) || errors.Is(err, unix.ECONNREFUSED)
}

// unknown tells whether the service is not there, or does not have the device.
func unknown(err error) bool {
	var e dbus.Error
	if !errors.As(err, &e) {
		return false
	}
	switch e.Name {
	case "org.freedesktop.DBus.Error.ServiceUnknown", "org.freedesktop.DBus.Error.NameHasNoOwner",
		errPrefix + "Core.NotFound", errPrefix + "Core.Unsupported":
		return true
	}
	return strings.HasPrefix(e.Name, errPrefix+"Core.") && strings.Contains(e.Error(), "No device found")
}
