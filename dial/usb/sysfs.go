package usb

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"sort"
	"strconv"
	"strings"
)

// A TTY is one that sysfs says has hardware behind it.
type TTY struct {
	Name            string // "ttyUSB2"
	Vendor, Product string // of the USB device, four hexadecimal digits; "" on other buses
	Interface       int    // USB interface number; -1: none
	Device          string // directory of the USB device in sysfs, "" on other buses
}

// Port is the place of the USB device: bus, hub and port, such as "1-1.2".
func (t TTY) Port() string {
	if t.Device == "" {
		return ""
	}
	return filepath.Base(t.Device)
}

// TTYs lists the ttys with hardware behind them, sorted by number. Left out are
// UARTs that are not there, and those that are the system's console.
func TTYs(sysDir string) []TTY {
	class := filepath.Join(sysDir, "class/tty")
	consoles := consoles(class)
	entries, err := os.ReadDir(class)
	if err != nil {
		return nil
	}
	var all []TTY
	for _, e := range entries {
		if t, ok := find(class, e.Name(), consoles); ok {
			all = append(all, t)
		}
	}
	sort.Slice(all, func(i, j int) bool { return Before(all[i].Name, all[j].Name) })
	return all
}

// Find is the one of TTYs with a name.
func Find(sysDir, name string) (TTY, bool) {
	class := filepath.Join(sysDir, "class/tty")
	return find(class, name, consoles(class))
}

func consoles(class string) []string {
	return strings.Fields(readText(filepath.Join(class, "console/active")))
}

func find(class, name string, consoles []string) (TTY, bool) {
	dir := filepath.Join(class, name)
	device, err := filepath.EvalSymlinks(filepath.Join(dir, "device"))
	if err != nil || slices.Contains(consoles, name) || readText(filepath.Join(dir, "type")) == "0" {
		return TTY{}, false
	}
	t := TTY{Name: name, Interface: -1}
	t.find(device)
	return t, true
}

// Before tells the order of names by their numbers: ttyUSB2 is before ttyUSB10.
func Before(a, b string) bool { return len(a) < len(b) || len(a) == len(b) && a < b }

// find looks for the USB interface and device above a tty's: DEVICE/INTERFACE for
// ttyACM, DEVICE/INTERFACE/PORT for ttyUSB.
func (t *TTY) find(dir string) {
	for range 3 {
		if n, err := strconv.ParseInt(readText(filepath.Join(dir, "bInterfaceNumber")), 16, 16); err == nil {
			t.Interface = int(n)
		}
		if vendor := readText(filepath.Join(dir, "idVendor")); vendor != "" {
			t.Vendor, t.Product, t.Device = vendor, readText(filepath.Join(dir, "idProduct")), dir
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

// Authorize switches a device, named by its directory in sysfs, off or on. Off, it
// is as good as unplugged, and what hangs of its drivers is taken down; some
// modems, whose power does not come from USB alone, are not restarted by it.
func Authorize(device string, on bool) error {
	value := "0"
	if on {
		value = "1"
	}
	f, err := os.OpenFile(filepath.Join(device, "authorized"), os.O_WRONLY, 0)
	if err != nil {
		return fmt.Errorf("usb: %w", err)
	}
	_, err = f.WriteString(value)
	if err = errors.Join(err, f.Close()); err != nil {
		return fmt.Errorf("usb: %w", err)
	}
	return nil
}
