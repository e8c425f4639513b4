package modemmanager

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
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
	default:
		delete(f.inhibited, sender)
	}
	return nil
}

func (f *fakeManager) count() int {
	f.mu.Lock()
	defer f.mu.Unlock()
	return len(f.inhibited)
}

// serve puts the service on the bus.
func (f *fakeManager) serve(t *testing.T, address string) {
	t.Helper()
	conn, err := dbus.Connect(address)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { conn.Close() })
	if err := conn.Export(f, object, service); err != nil {
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
				select {
				case f.news <- struct{}{}:
				default:
				}
			}
		}
	}()
	if _, err := conn.RequestName(service, 0); err != nil {
		t.Fatal(err)
	}
}

const device = "/sys/devices/pci0000:00/0000:00:14.0/usb1/1-1"

func TestInhibit(t *testing.T) {
	address := startBus(t)
	f := &fakeManager{device: device, inhibited: map[dbus.Sender]bool{}, news: make(chan struct{}, 1)}
	f.serve(t, address)
	m := New(address)
	release, err := m.Inhibit(t.Context(), device)
	if err != nil || f.count() != 1 {
		t.Fatalf("inhibited %d, %v", f.count(), err)
	}
	other, err := m.Inhibit(t.Context(), "/sys/devices/unknown")
	if err != nil || other != nil || f.count() != 1 {
		t.Errorf("a device that it does not know: inhibited %d, %v", f.count(), err)
	}
	release()
	release()
	if f.count() != 0 || m.conn != nil {
		t.Errorf("after the release %d are inhibited", f.count())
	}

	// Whoever is killed holds nothing.
	if _, err = m.Inhibit(t.Context(), device); err != nil || f.count() != 1 {
		t.Fatalf("again: inhibited %d, %v", f.count(), err)
	}
	m.conn.Close()
	for late := time.After(10 * time.Second); f.count() != 0; {
		select {
		case <-f.news:
		case <-late:
			t.Fatal("the wish of who has left the bus is kept")
		}
	}

	f.mu.Lock()
	f.err = dbus.NewError("org.freedesktop.DBus.Error.AccessDenied", []any{"not for you"})
	f.mu.Unlock()
	m = New(address)
	if _, err := m.Inhibit(t.Context(), device); err == nil || !strings.Contains(err.Error(), "not for you") {
		t.Errorf("a refusal: %v", err)
	}
	if m.conn != nil {
		t.Error("a connection is left")
	}
}

// TestBusGone: the bus ends while a device is held.
func TestBusGone(t *testing.T) {
	address := startBus(t)
	f := &fakeManager{device: device, inhibited: map[dbus.Sender]bool{}, news: make(chan struct{}, 1)}
	f.serve(t, address)
	m := New(address)
	release, err := m.Inhibit(t.Context(), device)
	if err != nil {
		t.Fatal(err)
	}
	m.conn.Close()
	m.address = "unix:path=" + filepath.Join(t.TempDir(), "bus")
	if other, err := m.Inhibit(t.Context(), "/sys/devices/other"); err != nil || other != nil {
		t.Errorf("without a bus: %v", err)
	}
	release()
	if m.held != 0 || m.conn != nil {
		t.Errorf("after the release %d are held", m.held)
	}
}

// TestReleaseUnheard: a ModemManager that does not answer does not keep a program
// from its end.
func TestReleaseUnheard(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		near, far := net.Pipe()
		defer far.Close()
		go io.Copy(io.Discard, far)
		conn, err := dbus.NewConn(near)
		if err != nil {
			t.Fatal(err)
		}
		m := &Manager{conn: conn, held: 1}
		began := time.Now()
		m.release(device)
		if d := time.Since(began); d != releaseTime || m.conn != nil {
			t.Errorf("the release took %v, want %v", d, releaseTime)
		}
	})
}

func TestNobodyThere(t *testing.T) {
	release, err := New("unix:path="+filepath.Join(t.TempDir(), "bus")).Inhibit(t.Context(), device)
	if err != nil || release != nil {
		t.Fatalf("no bus: %v", err)
	}
	address := startBus(t)
	m := New(address)
	if release, err = m.Inhibit(t.Context(), device); err != nil || release != nil || m.conn != nil {
		t.Fatalf("no ModemManager: %v", err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := m.Inhibit(ctx, device); !errors.Is(err, context.Canceled) {
		t.Errorf("interrupted: %v", err)
	}
	f := &fakeManager{device: device, inhibited: map[dbus.Sender]bool{}, news: make(chan struct{}, 1)}
	f.serve(t, address)
	if release, err = m.Inhibit(t.Context(), device); err != nil || release == nil || f.count() != 1 {
		t.Fatalf("ModemManager has come: inhibited %d, %v", f.count(), err)
	}
	release()
	t.Setenv("DBUS_SYSTEM_BUS_ADDRESS", "unix:path="+filepath.Join(t.TempDir(), "bus"))
	if _, err := New("").Inhibit(t.Context(), device); err != nil {
		t.Errorf("no system bus: %v", err)
	}
}
