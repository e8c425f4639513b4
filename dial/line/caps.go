package line

import (
	"path/filepath"
	"slices"

	"golang.org/x/sys/unix"
)

// uartBuses are the subsystems under which the kernel shows UARTs. What is on
// another bus (usb, usb-serial, bluetooth, virtio ...) moves bytes at a speed of
// its own, whatever rate is set.
var uartBuses = []string{"serial-base", "platform", "pnp", "pci", "amba", "isa", "pcmcia", "acpi"}

// findCaps finds out what the tty behind fd can do. name is its kernel name.
func findCaps(fd int, rdev uint64, name, sysDir string) Caps {
	if isPTY(rdev) {
		return Caps{}
	}
	_, err := unix.IoctlGetInt(fd, unix.TIOCMGET)
	c := Caps{ModemLines: err == nil, Break: err == nil}
	_, err = unix.IoctlGetInt(fd, unix.TIOCOUTQ)
	c.OutQueue = err == nil
	c.TrueBaud = c.ModemLines && slices.Contains(uartBuses, busOf(sysDir, name))
	return c
}

// busOf is the subsystem of the device behind a tty; "" where there is none.
func busOf(sysDir, name string) string {
	bus, err := filepath.EvalSymlinks(filepath.Join(sysDir, "class/tty", name, "device/subsystem"))
	if err != nil {
		return ""
	}
	return filepath.Base(bus)
}

// isPTY tells by the device number (Linux: Documentation/admin-guide/devices.txt).
func isPTY(rdev uint64) bool {
	major := unix.Major(rdev)
	return major >= 136 && major <= 143 || major == 3
}
