package dial

import (
	"errors"
	"fmt"
	"path/filepath"
	"sort"
	"strconv"
	"strings"

	"pppdial/dial/usb"
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
		sort.Slice(found, func(i, j int) bool { return usb.Before(found[i], found[j]) })
		return found, nil
	}
	return []string{device}, nil
}

// findAll gives the ttys that a modem could be behind: those of USB first, since
// a modem there is more likely than one at a UART.
func (c *Config) findAll() ([]string, error) {
	var paths []string
	all := usb.TTYs(c.SysDir)
	for _, onUSB := range []bool{true, false} {
		for _, t := range all {
			if onUSB == (t.Vendor != "") {
				paths = append(paths, filepath.Join(c.DevDir, t.Name))
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
	var found []usb.TTY
	var present []string
	for _, t := range usb.TTYs(c.SysDir) {
		if !strings.EqualFold(t.Vendor, f[0]) || !strings.EqualFold(t.Product, f[1]) {
			continue
		}
		present = append(present, fmt.Sprintf("%02x", t.Interface))
		if iface < 0 || int(iface) == t.Interface {
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
	sort.SliceStable(found, func(i, j int) bool { return found[i].Interface < found[j].Interface })
	var paths []string
	for _, t := range found {
		paths = append(paths, filepath.Join(c.DevDir, t.Name))
	}
	return paths, nil
}
