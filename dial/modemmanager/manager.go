// Package modemmanager asks ModemManager over D-Bus to keep its hands off a modem
// while we use it. It takes every modem that it sees, says commands to all of its
// ttys, and connects them on the wish of others.
//
// Where there is no ModemManager, no system bus, or where ModemManager does not
// know the modem, there is nobody to be asked and no error; all of them may come
// later, so that they are asked again. The package is an Inhibitor for package
// dial, and is used by the program.
package modemmanager

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"sync"
	"time"

	"github.com/godbus/dbus/v5"
)

// The names of the service (its D-Bus reference, "The Manager object").
const (
	service   = "org.freedesktop.ModemManager1"
	object    = "/org/freedesktop/ModemManager1"
	inhibit   = service + ".InhibitDevice"
	errPrefix = service + ".Error."

	managedObjects = "org.freedesktop.DBus.ObjectManager.GetManagedObjects"
)

// States of a modem (MMModemState).
const (
	stateConnecting = 10
	stateConnected  = 11
)

// stateTime is how long ModemManager may take to tell the states of its modems.
const stateTime = 5 * time.Second

var errConnected = errors.New("ModemManager has a connection over the modem")

// A Manager is the way to ModemManager. It may be used by several goroutines.
type Manager struct {
	open func() (*dbus.Conn, error)
	log  *slog.Logger

	mu     sync.Mutex       // guards what follows
	wishes map[string]*wish // by device
}

// New makes a Manager; address is that of the bus, "" for the system's. Without a
// log it says nothing.
func New(address string, log *slog.Logger) *Manager {
	if address == "" {
		if address = os.Getenv("DBUS_SYSTEM_BUS_ADDRESS"); address == "" {
			address = "unix:path=/run/dbus/system_bus_socket"
		}
	}
	if log == nil {
		log = slog.New(slog.DiscardHandler)
	}
	return &Manager{
		open: func() (*dbus.Conn, error) { return dbus.Connect(address) },
		log:  log, wishes: map[string]*wish{},
	}
}

// InUse is an error when ModemManager makes or has a connection over the device,
// which Inhibit would end. Where it can't be asked, it is not.
func (m *Manager) InUse(ctx context.Context, device string) error {
	ctx, cancel := context.WithTimeout(ctx, stateTime)
	defer cancel()
	conn, err := m.open()
	if err != nil {
		return nil
	}
	defer conn.Close()
	var modems map[dbus.ObjectPath]map[string]map[string]dbus.Variant
	if err := conn.Object(service, object).CallWithContext(ctx, managedObjects, dbus.FlagNoAutoStart).Store(&modems); err != nil {
		return nil
	}
	for _, interfaces := range modems {
		modem := interfaces[service+".Modem"]
		state, _ := modem["State"].Value().(int32)
		if modem["Device"].Value() == device && (state == stateConnecting || state == stateConnected) {
			return errConnected
		}
	}
	return nil
}

// Inhibit has ModemManager let go of the device, which is named by its directory in
// sysfs, until Close is called or the process ends. When ModemManager does not, or
// forgets it, it is asked again for as long. While it still finds out what the
// device is, Inhibit waits, but not for ever.
func (m *Manager) Inhibit(ctx context.Context, device string) error {
	if err := ctx.Err(); err != nil {
		return fmt.Errorf("modemmanager: %w", err)
	}
	m.mu.Lock()
	w, ok := m.wishes[device]
	if !ok {
		w = newWish(device, m.open, m.log)
		m.wishes[device] = w
	}
	m.mu.Unlock()
	answer := make(chan error, 1)
	var err error
	select {
	case w.asked <- answer:
		select {
		case err = <-answer:
		case <-ctx.Done():
			err = ctx.Err()
		}
	case <-ctx.Done():
		err = ctx.Err()
	}
	if err != nil {
		return fmt.Errorf("modemmanager: %w", err)
	}
	return nil
}

// Close lets ModemManager have all devices again.
func (m *Manager) Close() {
	m.mu.Lock()
	defer m.mu.Unlock()
	for _, w := range m.wishes {
		w.stop()
	}
	for device, w := range m.wishes {
		<-w.ended
		delete(m.wishes, device)
	}
}
