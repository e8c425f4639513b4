package modemmanager

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/godbus/dbus/v5"
	"go.uber.org/goleak"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// busConfig lets everybody do everything.
const busConfig = `<!DOCTYPE busconfig PUBLIC "-//freedesktop//DTD D-Bus Bus Configuration 1.0//EN"
 "http://www.freedesktop.org/standards/dbus/1.0/busconfig.dtd">
<busconfig><type>session</type><listen>unix:path=%s</listen><auth>EXTERNAL</auth>
<policy context="default"><allow send_destination="*" eavesdrop="true"/><allow eavesdrop="true"/><allow own="*"/></policy>
</busconfig>`

// startBus runs a dbus-daemon of the test's own and gives its address.
func startBus(t *testing.T) string {
	t.Helper()
	dir := t.TempDir()
	config := filepath.Join(dir, "bus.conf")
	if err := os.WriteFile(config, fmt.Appendf(nil, busConfig, filepath.Join(dir, "bus")), 0o600); err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command("dbus-daemon", "--config-file="+config, "--nofork", "--nopidfile", "--print-address")
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		cmd.Process.Kill()
		cmd.Wait()
	})
	address, err := bufio.NewReader(out).ReadString('\n')
	if err != nil {
		t.Fatal(err)
	}
	return strings.TrimSpace(address)
}

// A fakeManager is a service that knows one device. Like the real one it forgets
// the wishes of who leaves the bus.
type fakeManager struct {
	mu        sync.Mutex
	device    string
	state     int32
	inhibited map[dbus.Sender]bool
	err       *dbus.Error
	news      chan struct{}
}

func (f *fakeManager) InhibitDevice(sender dbus.Sender, uid string, on bool) *dbus.Error {
	f.mu.Lock()
	defer f.mu.Unlock()
	switch {
	case f.err != nil:
		return f.err
	case uid != f.device:
		return dbus.NewError(errPrefix+"Core.Failed", []any{"No device found with uid '" + uid + "'"})
	case on && f.inhibited[sender]:
		return dbus.NewError(errPrefix+"Core.Connected", []any{"already inhibited"})
	case on:
		f.inhibited[sender] = true
		f.tell()
	default:
		delete(f.inhibited, sender)
	}
	return nil
}

// GetManagedObjects tells the states of two modems; one is of no interest.
func (f *fakeManager) GetManagedObjects() (map[dbus.ObjectPath]map[string]map[string]dbus.Variant, *dbus.Error) {
	modem := func(device string, state int32) map[string]map[string]dbus.Variant {
		return map[string]map[string]dbus.Variant{service + ".Modem": {"Device": dbus.MakeVariant(device), "State": dbus.MakeVariant(state)}}
	}
	return map[dbus.ObjectPath]map[string]map[string]dbus.Variant{
		object + "/Modem/0": modem("/sys/devices/other", stateConnected),
		object + "/Modem/1": modem(f.device, f.state),
		object + "/SIM/1":   {service + ".Sim": {}},
	}, f.err
}

func (f *fakeManager) count() int {
	f.mu.Lock()
	defer f.mu.Unlock()
	return len(f.inhibited)
}

// serve puts the service on the bus, until stop.
func (f *fakeManager) serve(t *testing.T, address string) (stop func()) {
	t.Helper()
	conn, err := dbus.Connect(address)
	if err != nil {
		t.Fatal(err)
	}
	stop = func() { conn.Close() }
	t.Cleanup(stop)
	if err := conn.Export(f, object, service); err != nil {
		t.Fatal(err)
	}
	if err := conn.Export(f, object, "org.freedesktop.DBus.ObjectManager"); err != nil {
		t.Fatal(err)
	}
	if err := conn.AddMatchSignal(dbus.WithMatchMember("NameOwnerChanged")); err != nil {
		t.Fatal(err)
	}
	signals := make(chan *dbus.Signal, 64)
	conn.Signal(signals)
	go func() {
		for s := range signals {
			if len(s.Body) == 3 && s.Body[2] == "" {
				f.mu.Lock()
				delete(f.inhibited, dbus.Sender(s.Body[0].(string)))
				f.mu.Unlock()
				f.tell()
			}
		}
	}()
	if _, err := conn.RequestName(service, 0); err != nil {
		t.Fatal(err)
	}
	return stop
}

// tell says that something has changed.
func (f *fakeManager) tell() {
	select {
	case f.news <- struct{}{}:
	default:
	}
}

// wait waits until as many devices are inhibited.
func (f *fakeManager) wait(t *testing.T, count int, what string) {
	t.Helper()
	for late := time.After(10 * time.Second); f.count() != count; {
		select {
		case <-f.news:
		case <-late:
			t.Fatalf("%s: inhibited %d, want %d", what, f.count(), count)
		}
	}
}

const device = "/sys/devices/pci0000:00/0000:00:14.0/usb1/1-1"

func newFake() *fakeManager {
	return &fakeManager{device: device, inhibited: map[dbus.Sender]bool{}, news: make(chan struct{}, 1)}
}

func TestInhibit(t *testing.T) {
	address := startBus(t)
	f := newFake()
	f.serve(t, address)
	m := New(address, nil)
	for range 2 {
		if err := m.Inhibit(t.Context(), device); err != nil || f.count() != 1 {
			t.Fatalf("inhibited %d, %v", f.count(), err)
		}
	}
	if err := m.Inhibit(t.Context(), "/sys/devices/unknown"); err != nil || f.count() != 1 {
		t.Errorf("a device that it does not know: inhibited %d, %v", f.count(), err)
	}
	m.Close()
	m.Close()
	if f.count() != 0 {
		t.Errorf("after the end %d are inhibited", f.count())
	}
	f.mu.Lock()
	f.err = dbus.NewError("org.freedesktop.DBus.Error.AccessDenied", []any{"not for you"})
	f.mu.Unlock()
	if err := m.Inhibit(t.Context(), device); err == nil || !strings.Contains(err.Error(), "not for you") {
		t.Errorf("a refusal: %v", err)
	}
	m.Close()
}

func TestInUse(t *testing.T) {
	address := startBus(t)
	m := New(address, nil)
	if err := m.InUse(t.Context(), device); err != nil {
		t.Errorf("no ModemManager: %v", err)
	}
	for _, c := range []struct {
		why   string
		state int32
		err   *dbus.Error
		used  bool
	}{
		{"registered", 8, nil, false},
		{"disconnecting", 9, nil, false},
		{"connecting", stateConnecting, nil, true},
		{"connected", stateConnected, nil, true},
		{"failed", -1, nil, false},
		{"it does not tell", stateConnected, dbus.NewError("org.freedesktop.DBus.Error.AccessDenied", nil), false},
	} {
		f := newFake()
		f.state, f.err = c.state, c.err
		stop := f.serve(t, address)
		if err := m.InUse(t.Context(), device); (err != nil) != c.used {
			t.Errorf("%s: %v", c.why, err)
		}
		stop()
	}
	if err := New("unix:path="+filepath.Join(t.TempDir(), "bus"), nil).InUse(t.Context(), device); err != nil {
		t.Errorf("no bus: %v", err)
	}
}

// TestRestart: a ModemManager that is started again knows nothing of the wish.
func TestRestart(t *testing.T) {
	address := startBus(t)
	f := newFake()
	stop := f.serve(t, address)
	m := New(address, nil)
	defer m.Close()
	if err := m.Inhibit(t.Context(), device); err != nil || f.count() != 1 {
		t.Fatalf("inhibited %d, %v", f.count(), err)
	}
	stop()
	f = newFake()
	f.serve(t, address)
	f.wait(t, 1, "it was started again")
}

// TestBusGone: the bus ends while a device is held, and comes again.
func TestBusGone(t *testing.T) {
	address := startBus(t)
	f := newFake()
	f.serve(t, address)
	m := New(address, nil)
	defer m.Close()
	conns := make(chan *dbus.Conn, 2)
	open := m.open
	m.open = func() (*dbus.Conn, error) {
		conn, err := open()
		conns <- conn
		return conn, err
	}
	if err := m.Inhibit(t.Context(), device); err != nil || f.count() != 1 {
		t.Fatalf("inhibited %d, %v", f.count(), err)
	}
	(<-conns).Close()
	<-conns
	f.wait(t, 1, "over another connection")
}

func TestNobodyThere(t *testing.T) {
	m := New("unix:path="+filepath.Join(t.TempDir(), "bus"), nil)
	if err := m.Inhibit(t.Context(), device); err != nil {
		t.Fatalf("no bus: %v", err)
	}
	m.Close()
	address := startBus(t)
	m = New(address, nil)
	defer m.Close()
	if err := m.Inhibit(t.Context(), device); err != nil {
		t.Fatalf("no ModemManager: %v", err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if err := m.Inhibit(ctx, device); !errors.Is(err, context.Canceled) {
		t.Errorf("interrupted: %v", err)
	}
	f := newFake()
	f.serve(t, address)
	f.wait(t, 1, "ModemManager has come")
	t.Setenv("DBUS_SYSTEM_BUS_ADDRESS", "unix:path="+filepath.Join(t.TempDir(), "bus"))
	m = New("", nil)
	defer m.Close()
	if err := m.Inhibit(t.Context(), device); err != nil {
		t.Errorf("no system bus: %v", err)
	}
}
