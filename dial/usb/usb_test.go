package usb

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"go.uber.org/goleak"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func TestParseEvent(t *testing.T) {
	for _, c := range []struct {
		in   string
		want Event
		ok   bool
	}{
		{
			"add@/devices/pci0000:00/usb1/1-1/1-1:1.3/ttyUSB3/tty/ttyUSB3|ACTION=add|DEVPATH=/devices/x|SUBSYSTEM=tty|MAJOR=188|MINOR=3|DEVNAME=ttyUSB3|SEQNUM=4711|",
			Event{"add", "/devices/pci0000:00/usb1/1-1/1-1:1.3/ttyUSB3/tty/ttyUSB3", "tty", "ttyUSB3"}, true,
		},
		{"remove@/devices/a|SUBSYSTEM=usb|", Event{"remove", "/devices/a", "usb", ""}, true},
		{"remove@/devices/a|", Event{"remove", "/devices/a", "", ""}, true},
		{"remove@/devices/a|SUBSYSTEM", Event{"remove", "/devices/a", "", ""}, true},
		{"libudev|\xfe\xed\xca\xfe", Event{}, false},
		{"add@/devices/a", Event{}, false},
		{"@/devices/a|", Event{}, false},
		{"add@devices|", Event{}, false},
		{"", Event{}, false},
	} {
		e, ok := ParseEvent([]byte(strings.ReplaceAll(c.in, "|", "\x00")))
		if e != c.want || ok != c.ok {
			t.Errorf("%q is %+v, %t; want %+v, %t", c.in, e, ok, c.want, c.ok)
		}
	}
}

func FuzzParseEvent(f *testing.F) {
	f.Add([]byte("add@/devices/a\x00SUBSYSTEM=tty\x00DEVNAME=ttyUSB0\x00"))
	f.Add([]byte("libudev\x00"))
	f.Fuzz(func(t *testing.T, b []byte) {
		e, ok := ParseEvent(b)
		if !ok {
			return
		}
		if again, ok := ParseEvent(AppendEvent(nil, e)); !ok || again != e {
			t.Errorf("%+v comes back as %+v, %t", e, again, ok)
		}
	})
}

// TestNetlink hears the kernel, which has nothing to say here, and stops.
func TestNetlink(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	events, err := Netlink(ctx)
	if err != nil {
		t.Fatal(err)
	}
	cancel()
	for range events {
	}
}

func TestAuthorize(t *testing.T) {
	dir := t.TempDir()
	file := filepath.Join(dir, "authorized")
	if err := Authorize(dir, false); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("a device that is gone: %v", err)
	}
	for _, on := range []bool{false, true} {
		if err := os.WriteFile(file, nil, 0o600); err != nil {
			t.Fatal(err)
		}
		if err := Authorize(dir, on); err != nil {
			t.Error(err)
		}
		if b, _ := os.ReadFile(file); string(b) != map[bool]string{false: "0", true: "1"}[on] {
			t.Errorf("on %t: %q was written", on, b)
		}
	}
}

// TestTTYs reads a tree of sysfs with each kind of tty that there is.
func TestTTYs(t *testing.T) {
	sys := t.TempDir()
	if all := TTYs(sys); all != nil {
		t.Errorf("without a tree: %v", all)
	}
	write := func(name, text string) {
		t.Helper()
		path := filepath.Join(sys, name)
		if err := errors.Join(os.MkdirAll(filepath.Dir(path), 0o755), os.WriteFile(path, []byte(text+"\n"), 0o644)); err != nil {
			t.Fatal(err)
		}
	}
	tty := func(name, device string) {
		t.Helper()
		dir := filepath.Join(sys, "class/tty", name)
		if err := os.MkdirAll(dir, 0o755); err != nil {
			t.Fatal(err)
		}
		if device == "" {
			return
		}
		target := filepath.Join(sys, device)
		if err := errors.Join(os.MkdirAll(target, 0o755), os.Symlink(target, filepath.Join(dir, "device"))); err != nil {
			t.Fatal(err)
		}
	}
	const stick, acm = "devices/usb1/1-1/1-1.2", "devices/usb2/2-1"
	for _, dir := range []string{stick, acm} {
		write(dir+"/idVendor", "2c7c")
		write(dir+"/idProduct", "0125")
	}
	write(stick+"/1-1.2:1.3/bInterfaceNumber", "03")
	write(stick+"/1-1.2:1.10/bInterfaceNumber", "0a")
	write(acm+"/2-1:1.0/bInterfaceNumber", "00")
	tty("ttyUSB10", stick+"/1-1.2:1.10/ttyUSB10")
	tty("ttyUSB2", stick+"/1-1.2:1.3/ttyUSB2")
	tty("ttyACM0", acm+"/2-1:1.0")
	tty("ttyS0", "devices/pnp0/00:01")
	tty("ttyS1", "devices/platform/serial8250")
	write("class/tty/ttyS1/type", "0") // no UART is there
	tty("ttyS2", "devices/platform/console")
	write("class/tty/console/active", "tty0 ttyS2")
	tty("ptmx", "")
	usb := func(name, dir string, number int) TTY {
		return TTY{Name: name, Vendor: "2c7c", Product: "0125", Interface: number, Device: filepath.Join(sys, dir)}
	}
	want := []TTY{{Name: "ttyS0", Interface: -1}, usb("ttyACM0", acm, 0), usb("ttyUSB2", stick, 3), usb("ttyUSB10", stick, 10)}
	got := TTYs(sys)
	if !slices.Equal(got, want) {
		t.Errorf("got\n%+v\nwant\n%+v", got, want)
	}
	for i, port := range []string{"", "2-1", "1-1.2", "1-1.2"} {
		if p := got[i].Port(); p != port {
			t.Errorf("%s: port %q, want %q", got[i].Name, p, port)
		}
	}
	for _, w := range want {
		if got, ok := Find(sys, w.Name); !ok || got != w {
			t.Errorf("found %+v, %v, want %+v", got, ok, w)
		}
	}
	for _, name := range []string{"ttyS1", "ttyS2", "ptmx", "pts/3", ""} {
		if got, ok := Find(sys, name); ok {
			t.Errorf("%q: found %+v", name, got)
		}
	}
}
