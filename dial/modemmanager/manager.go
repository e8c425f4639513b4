// Package modemmanager asks ModemManager over D-Bus to keep its hands off a modem
// while we use it. It takes every modem that it sees, says commands to all of its
// ttys, and connects them on the wish of others.
//
// Where there is no ModemManager, no system bus, or where ModemManager does not
// know the modem, there is nobody to be asked and no error; all of them may come
// later, so that whoever asked asks again. The package is an Inhibitor for package
// dial, and is used by the program.
package modemmanager

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"strings"
	"sync"
	"time"

	"github.com/godbus/dbus/v5"
	"golang.org/x/sys/unix"
)

// The names of the service (its D-Bus reference, "The Manager object").
const (
	service   = "org.freedesktop.ModemManager1"
	object    = "/org/freedesktop/ModemManager1"
	inhibit   = service + ".InhibitDevice"
	errPrefix = service + ".Error."
)

// releaseTime is how long ModemManager may take to hear that it has a modem again:
// the end of a program waits for it.
const releaseTime = 2 * time.Second

// A Manager is the way to ModemManager. It may be used by several goroutines. The
// connection stays while a device is inhibited, since ModemManager takes its end
// for the end of the wish.
type Manager struct {
	address string

	mu   sync.Mutex // guards what follows
	conn *dbus.Conn
	held int // devices inhibited over conn
}

// New makes a Manager; address is that of the bus, "" for the system's.
func New(address string) *Manager { return &Manager{address: address} }

// Inhibit has ModemManager let go of the device, which is named by its directory in
// sysfs, until release is called or the process ends. There is no release when
// nobody was there.
func (m *Manager) Inhibit(ctx context.Context, device string) (release func(), err error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if err := m.connect(ctx); err != nil {
		if absent(err) {
			return nil, nil
		}
		return nil, fmt.Errorf("modemmanager: %w", err)
	}
	if err := m.ask(ctx, device, true); err != nil {
		m.disconnect()
		if unknown(err) {
			return nil, nil
		}
		return nil, fmt.Errorf("modemmanager: %w", err)
	}
	m.held++
	return sync.OnceFunc(func() { m.release(device) }), nil
}

func (m *Manager) release(device string) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.held--
	ctx, cancel := context.WithTimeout(context.Background(), releaseTime)
	defer cancel()
	m.ask(ctx, device, false) // when it fails, nobody is there who would remember
	m.disconnect()
}

func (m *Manager) connect(ctx context.Context) error {
	if m.conn != nil && m.conn.Connected() {
		return nil
	}
	// The context would end the connection, which outlives it.
	address := m.address
	if address == "" {
		if address = os.Getenv("DBUS_SYSTEM_BUS_ADDRESS"); address == "" {
			address = "unix:path=/run/dbus/system_bus_socket"
		}
	}
	if err := ctx.Err(); err != nil {
		return err
	}
	conn, err := dbus.Connect(address)
	if err == nil {
		m.conn = conn // else the old one stays, for those who hold devices
	}
	return err
}

// disconnect ends a connection that nothing depends on.
func (m *Manager) disconnect() {
	if m.held == 0 && m.conn != nil {
		m.conn.Close()
		m.conn = nil
	}
}

// ask does not have the service started for the purpose.
func (m *Manager) ask(ctx context.Context, device string, on bool) error {
	return m.conn.Object(service, object).CallWithContext(ctx, inhibit, dbus.FlagNoAutoStart, device, on).Err
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
