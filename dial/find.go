package dial

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
)

// find turns a device as the entry names it into the lines that it stands for
// now, in the order in which they are tried.
func (c *Config) find(device string) ([]string, error) {
	scheme, rest, _ := strings.Cut(device, ":")
	switch {
	case scheme == "exec" || scheme == "tcp":
		return []string{device}, nil
	case scheme == "usb":
		return c.findUSB(rest)
	case device == "auto":
		return c.findAll()
	case strings.ContainsAny(device, "*?["):
		found, err := filepath.Glob(device)
		if err != nil {
			return nil, err
		}
		if len(found) == 0 {
			return nil, errors.New("no device has such a name")
		}
		slices.SortFunc(found, byNumber)
		return found, nil
	}
	return []string{device}, nil
}

// byNumber sorts ttyUSB2 before ttyUSB10.
func byNumber(a, b string) int {
	if len(a) != len(b) {
		return len(a) - len(b)
	}
	return strings.Compare(a, b)
}

// A tty is one that sysfs says has hardware behind it.
type tty struct {
	name            string
	vendor, product string // of the USB device, four hexadecimal digits; "" on other buses
	iface           int    // USB interface number; -1: none
}

// findAll gives the ttys that a modem could be behind: those of USB first, since
// a modem there is more likely than one at a UART.
func (c *Config) findAll() ([]string, error) {
	var paths []string
	all := c.ttys()
	for _, usb := range []bool{true, false} {
		for _, t := range all {
			if usb == (t.vendor != "") {
				paths = append(paths, filepath.Join(c.DevDir, t.name))
			}
		}
	}
	if len(paths) == 0 {
		return nil, errors.New("no tty has hardware behind it that could be a modem")
	}
	return paths, nil
}

// findUSB gives the ttys of a USB device, VENDOR:PRODUCT[:IF], by interface.
func (c *Config) findUSB(id string) ([]string, error) {
	f := strings.Split(id, ":")
	if len(f) < 2 || len(f) > 3 {
		return nil, fmt.Errorf("a USB device is usb:VENDOR:PRODUCT or usb:VENDOR:PRODUCT:IF")
	}
	iface := int64(-1)
	if len(f) == 3 {
		var err error
		if iface, err = strconv.ParseInt(f[2], 16, 16); err != nil {
			return nil, fmt.Errorf("the USB interface is a hexadecimal number: %w", err)
		}
	}
	var found []tty
	var present []string
	for _, t := range c.ttys() {
		if !strings.EqualFold(t.vendor, f[0]) || !strings.EqualFold(t.product, f[1]) {
			continue
		}
		present = append(present, fmt.Sprintf("%02x", t.iface))
		if iface < 0 || int(iface) == t.iface {
			found = append(found, t)
		}
	}
	switch {
	case len(found) > 0:
	case len(present) > 0:
		return nil, fmt.Errorf("the device has no tty at interface %s, only at %s", f[2], strings.Join(present, ", "))
	default:
		return nil, errors.New("no such USB device has a tty")
	}
	slices.SortStableFunc(found, func(a, b tty) int { return a.iface - b.iface })
	var paths []string
	for _, t := range found {
		paths = append(paths, filepath.Join(c.DevDir, t.name))
	}
	return paths, nil
}

// ttys reads sysfs. Left out are ttys without hardware, such as UARTs that are
// not there, and those that are the system's console.
func (c *Config) ttys() []tty {
	class := filepath.Join(c.SysDir, "class/tty")
	consoles := strings.Fields(readText(filepath.Join(class, "console/active")))
	entries, err := os.ReadDir(class)
	if err != nil {
		return nil
	}
	var all []tty
	for _, e := range entries {
		dir := filepath.Join(class, e.Name())
		device, err := filepath.EvalSymlinks(filepath.Join(dir, "device"))
		if err != nil || slices.Contains(consoles, e.Name()) || readText(filepath.Join(dir, "type")) == "0" {
			continue
		}
		t := tty{name: e.Name(), iface: -1}
		t.usb(device)
		all = append(all, t)
	}
	slices.SortFunc(all, func(a, b tty) int { return byNumber(a.name, b.name) })
	return all
}

// usb looks for the USB interface and device above a tty's: DEVICE/INTERFACE for
// ttyACM, DEVICE/INTERFACE/PORT for ttyUSB.
func (t *tty) usb(dir string) {
	for range 3 {
		if n, err := strconv.ParseInt(readText(filepath.Join(dir, "bInterfaceNumber")), 16, 16); err == nil {
			t.iface = int(n)
		}
		if vendor := readText(filepath.Join(dir, "idVendor")); vendor != "" {
			t.vendor, t.product = vendor, readText(filepath.Join(dir, "idProduct"))
			return
		}
		dir = filepath.Dir(dir)
	}
}

// readText reads a small file; "" when there is none.
func readText(path string) string {
	b, err := os.ReadFile(path)
	if err != nil {
		return ""
	}
	return strings.TrimSpace(string(b))
}
