package usb

import (
	"context"
	"errors"
	"os"
	"path/filepath"
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
