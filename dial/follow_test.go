package dial

import (
	"errors"
	"os"
	"path/filepath"
	"testing"
)

// plugTwins has modems of one make at the ports, as ttyUSB0, ttyUSB1 and so on, and
// no others; "" is none.
func plugTwins(t *testing.T, sys, dev string, ports ...string) {
	t.Helper()
	for _, dir := range []string{sys, dev} {
		old, _ := filepath.Glob(filepath.Join(dir, "*"))
		for _, path := range old {
			os.RemoveAll(path)
		}
	}
	for i, port := range ports {
		if port == "" {
			continue
		}
		name := "ttyUSB" + string(rune('0'+i))
		device := filepath.Join(sys, "devices", port)
		write(t, filepath.Join(device, "idVendor"), "2c7c")
		write(t, filepath.Join(device, "idProduct"), "0125")
		write(t, filepath.Join(device, "authorized"), "1")
		write(t, filepath.Join(device, "if", "bInterfaceNumber"), "03")
		write(t, filepath.Join(device, "if", name, "x"), "")
		write(t, filepath.Join(sys, "class/tty", name, "dev"), "188:0")
		if err := os.Symlink(filepath.Join(device, "if", name), filepath.Join(sys, "class/tty", name, "device")); err != nil {
			t.Fatal(err)
		}
		write(t, filepath.Join(dev, name), "")
	}
}

// TestNotTheTwin has two modems of one make, each for another entry: while one is
// away, the other is not taken for it.
func TestNotTheTwin(t *testing.T) {
	t.Parallel()
	sys, dev := t.TempDir(), t.TempDir()
	zero, one := filepath.Join(dev, "ttyUSB0"), filepath.Join(dev, "ttyUSB1")
	d, err := New(Config{SysDir: sys, DevDir: dev, Devices: []string{zero}})
	if err != nil {
		t.Fatal(err)
	}
	want := func(why, path string) {
		t.Helper()
		ways, failed := d.ways()
		if path == "" {
			if len(ways) > 0 || len(failed) != 1 || !errors.Is(failed[0], errAway) {
				t.Errorf("%s: ways are %v, failed %v; want none", why, ways, failed)
			}
		} else if len(ways) != 1 || ways[0].device != path {
			t.Errorf("%s: ways are %v, failed %v; want one over %s", why, ways, failed, path)
		}
	}
	plugTwins(t, sys, dev, "1-1")
	d.used(zero, zero)
	d.opened(zero, zero)
	plugTwins(t, sys, dev, "1-1", "1-2") // the other one takes longer to start
	d.sighted(zero)
	plugTwins(t, sys, dev, "", "1-2")
	want("only the twin is there", zero) // and no node of that name
	if _, err := d.locate(zero); !errors.Is(err, errAway) {
		t.Errorf("where it is while it is away: %v", err)
	}
	plugTwins(t, sys, dev, "1-2")
	want("the twin has its name", "")
	plugTwins(t, sys, dev, "1-2", "1-1")
	want("both are there again", one)

	// What could not be opened is not the modem by that.
	plugTwins(t, sys, dev, "1-3")
	want("moved to another port", zero)
	d.used(zero, zero)
	want("moved, and busy", zero)
	plugTwins(t, sys, dev, "1-3", "1-1")
	want("back, the other was busy", one)
	plugTwins(t, sys, dev, "1-3")
	d.used(zero, zero)
	d.opened(zero, zero)
	plugTwins(t, sys, dev, "1-1", "1-3")
	want("moved for good", one)
}

// TestSwappedNames has two modems of one entry that exchange their names: both stay
// in use, and a call's device is what it is now.
func TestSwappedNames(t *testing.T) {
	t.Parallel()
	sys, dev := t.TempDir(), t.TempDir()
	zero, one := filepath.Join(dev, "ttyUSB0"), filepath.Join(dev, "ttyUSB1")
	d, err := New(Config{SysDir: sys, DevDir: dev, Devices: []string{zero, one}})
	if err != nil {
		t.Fatal(err)
	}
	plugTwins(t, sys, dev, "1-1", "1-2")
	use := func(why, first, second string) {
		t.Helper()
		for range 2 {
			ways, _ := d.ways()
			if len(ways) != 2 || ways[0].device != first || ways[1].device != second {
				t.Errorf("%s: ways are %v, want %s and %s", why, ways, first, second)
			}
			for _, w := range ways {
				d.used(w.named, w.device)
				d.opened(w.named, w.device)
			}
			for i, device := range []string{first, second} {
				want := []string{"1-1", "1-2"}[i]
				if id, ok := d.identity(d.nameOf(device)); !ok || id.Port() != want {
					t.Errorf("%s: a call over %s is one over %+v, want port %s", why, device, id, want)
				}
			}
		}
	}
	use("as it was", zero, one)
	plugTwins(t, sys, dev, "1-2", "1-1")
	use("swapped", one, zero)
	plugTwins(t, sys, dev, "1-1", "1-2")
	use("swapped back", zero, one)
}

// TestNameOfAnother has a modem under a name of the entry's for another one, which
// has it back later and was not used before.
func TestNameOfAnother(t *testing.T) {
	t.Parallel()
	sys, dev := t.TempDir(), t.TempDir()
	zero, one := filepath.Join(dev, "ttyUSB0"), filepath.Join(dev, "ttyUSB1")
	d, err := New(Config{SysDir: sys, DevDir: dev, Devices: []string{zero, one}})
	if err != nil {
		t.Fatal(err)
	}
	plugTwins(t, sys, dev, "1-1")
	d.used(zero, zero)
	plugTwins(t, sys, dev, "", "1-1")
	d.used(zero, one)
	plugTwins(t, sys, dev, "1-1", "1-2")
	if ways, _ := d.ways(); len(ways) != 2 || ways[0].device != zero || ways[1].device != one {
		t.Errorf("ways are %v, want both", ways)
	}
}
