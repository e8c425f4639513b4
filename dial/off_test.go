package dial

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"pppdial/dial/usb"
)

// TestKilledWhileOff has a note for as long as a modem's USB device is off, by which
// the next process switches it on if this one is killed.
func TestKilledWhileOff(t *testing.T) {
	t.Parallel()
	sys, dev, state := t.TempDir(), t.TempDir(), t.TempDir()
	tty := filepath.Join(dev, "ttyUSB0")
	d, err := New(Config{
		SysDir: sys, DevDir: dev, StateDir: state,
		Events: func(context.Context) (<-chan usb.Event, error) { return nil, errors.ErrUnsupported },
	})
	if err != nil {
		t.Fatal(err)
	}
	plugTwins(t, sys, dev, "1-1")
	id, ok := d.used(tty, tty)
	if !ok {
		t.Fatal("not in sysfs")
	}
	want := func(why, value string, notes int) {
		t.Helper()
		if err := Recover(state, slog.New(slog.DiscardHandler)); err != nil {
			t.Errorf("%s: %v", why, err)
		}
		got, err := os.ReadFile(filepath.Join(id.Device, "authorized"))
		if err != nil || strings.TrimSpace(string(got)) != value {
			t.Errorf("%s: authorized is %q, %v; want %s", why, got, err, value)
		}
		if all, err := os.ReadDir(state); len(all) != notes {
			t.Errorf("%s: notes are %v, %v; want %d", why, all, err, notes)
		}
	}
	killed := filepath.Join(state, "1-1.4711.off") // its note, no longer locked
	synctest.Test(t, func(t *testing.T) {
		time.AfterFunc(time.Second, func() {
			want("the device is off", "0", 1)
			note, err := os.ReadFile(filepath.Join(state, fmt.Sprintf("1-1.%d.off", os.Getpid())))
			if err := errors.Join(err, os.WriteFile(killed, note, 0o600)); err != nil {
				t.Error(err)
			}
		})
		if err := (&reset{d: d, named: tty}).usb(t.Context()); err != nil {
			t.Error(err)
		}
	})
	if err := usb.Authorize(id.Device, false); err != nil {
		t.Fatal(err)
	}
	want("the process was killed", "1", 0)
	write(t, killed, id.Device+"9")
	want("the device was unplugged since", "1", 0)
}
