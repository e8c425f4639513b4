package dial

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"pppdial/dial/dialtest"
)

// A fakeTTY is a tty in a made-up sysfs.
type fakeTTY struct {
	name    string
	device  string // below devices; "": no hardware
	uart    string // type of a UART
	vendor  string // of the USB device, VENDOR:PRODUCT
	iface   string // bInterfaceNumber
	usbPort bool   // ttyUSB: a port below the interface
}

func write(t *testing.T, path, text string) {
	t.Helper()
	if err := errors.Join(os.MkdirAll(filepath.Dir(path), 0o755), os.WriteFile(path, []byte(text+"\n"), 0o644)); err != nil {
		t.Fatal(err)
	}
}

func fakeSysfs(t *testing.T, consoles string, ttys ...fakeTTY) string {
	t.Helper()
	sys := t.TempDir()
	write(t, filepath.Join(sys, "class/tty/console/active"), consoles)
	for _, f := range ttys {
		dir := filepath.Join(sys, "class/tty", f.name)
		write(t, filepath.Join(dir, "dev"), "4:64")
		if f.uart != "" {
			write(t, filepath.Join(dir, "type"), f.uart)
		}
		if f.device == "" {
			continue
		}
		device := filepath.Join(sys, "devices", f.device)
		if f.vendor != "" {
			vendor, product, _ := strings.Cut(f.vendor, ":")
			write(t, filepath.Join(device, "idVendor"), vendor)
			write(t, filepath.Join(device, "idProduct"), product)
			device = filepath.Join(device, "if"+f.iface)
			write(t, filepath.Join(device, "bInterfaceNumber"), f.iface)
			if f.usbPort {
				device = filepath.Join(device, f.name)
			}
		}
		if err := errors.Join(os.MkdirAll(device, 0o755), os.Symlink(device, filepath.Join(dir, "device"))); err != nil {
			t.Fatal(err)
		}
	}
	return sys
}

func TestFind(t *testing.T) {
	sys := fakeSysfs(t, "tty0 ttyS0",
		fakeTTY{name: "tty1"},
		fakeTTY{name: "ttyS0", device: "pnp/0", uart: "4"},
		fakeTTY{name: "ttyS1", device: "pnp/1", uart: "4"},
		fakeTTY{name: "ttyS2", device: "platform/2", uart: "0"},
		fakeTTY{name: "ttyUSB2", device: "pci/usb1/1-1", vendor: "2c7c:0125", iface: "03", usbPort: true},
		fakeTTY{name: "ttyUSB3", device: "pci/usb1/1-1", vendor: "2c7c:0125", iface: "02", usbPort: true},
		fakeTTY{name: "ttyUSB10", device: "pci/usb1/1-2", vendor: "0403:6001", iface: "00", usbPort: true},
		fakeTTY{name: "ttyACM0", device: "pci/usb1/1-3", vendor: "12d1:1506", iface: "0a"},
	)
	dev := t.TempDir()
	for _, name := range []string{"ttyUSB2", "ttyUSB10", "ttyX"} {
		write(t, filepath.Join(dev, name), "")
	}
	c := Config{SysDir: sys, DevDir: dev}
	for _, tc := range []struct {
		device, want, err string
	}{
		{"/dev/ttyS9", "/dev/ttyS9", ""}, // opening it tells more
		{dev + "/ttyUSB*", dev + "/ttyUSB2 " + dev + "/ttyUSB10", ""},
		{dev + "/ttyZ[0-9]", "", "no device"},
		{"exec:ssh host 'a?b'", "exec:ssh host 'a?b'", ""},
		{"tcp:[::1]:2000", "tcp:[::1]:2000", ""},
		{"usb:2C7C:0125", dev + "/ttyUSB3 " + dev + "/ttyUSB2", ""},
		{"usb:2c7c:0125:3", dev + "/ttyUSB2", ""},
		{"usb:12d1:1506:A", dev + "/ttyACM0", ""},
		{"usb:2c7c:0125:9", "", "interface 9, only at 03, 02"},
		{"usb:1111:2222", "", "no such USB device"},
		{"usb:1111", "", "usb:VENDOR:PRODUCT"},
		{"usb:1111:2222:xx", "", "hexadecimal"},
		{"auto", strings.ReplaceAll("D/ttyACM0 D/ttyUSB2 D/ttyUSB3 D/ttyUSB10 D/ttyS1", "D", dev), ""},
	} {
		got, err := c.find(tc.device)
		if strings.Join(got, " ") != tc.want || (err == nil) != (tc.err == "") || err != nil && !strings.Contains(err.Error(), tc.err) {
			t.Errorf("%s: %q, %v; want %q, %q", tc.device, got, err, tc.want, tc.err)
		}
	}
	c.SysDir = t.TempDir()
	if got, err := c.find("auto"); err == nil {
		t.Errorf("auto without hardware: %q", got)
	}
}

// TestAuto finds the tty that answers AT among others that don't.
func TestAuto(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	s.cfg.SysDir = fakeSysfs(t, "", fakeTTY{name: "mute", device: "pci/1"}, fakeTTY{name: "near", device: "pci/2"}, fakeTTY{name: "absent", device: "pci/3"})
	s.cfg.DevDir = s.dir
	mute := s.add(dialtest.ModemConfig{Name: "mute"})
	mute.Wedge(true)
	s.cfg.Devices = []string{"auto"}
	c := s.call()
	if c.Device != s.near.Path() {
		t.Errorf("the call is over %s", c.Device)
	}
	wantEcho(t, c.Line, "~")
	c.Hangup(t.Context())
	s.near.Unplug()
	if e := s.wantError(Silent); len(e.Others) != 2 {
		t.Errorf("no modem at all: %v", e)
	}
}
