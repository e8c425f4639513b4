package dialtest

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"golang.org/x/sys/unix"

	"pppdial/dial/usb"
)

// Bus is a made-up USB with modems in its ports: a sysfs, names of ttys that are
// others each time a modem comes back, the kernel's events, and devices that can be
// switched off through their file "authorized".
type Bus struct {
	b   *Bank
	sys string
	ino *os.File // tells of writes to the files

	// Guarded by the bank's mutex.
	devices []*busDevice
	next    int // number of the next ttyUSB
	heard   map[chan usb.Event]bool
}

// A USBDevice is how a modem sits on a Bus.
type USBDevice struct {
	Port            string // of the bus: "1-1.2"
	Vendor, Product string
	Call            int   // interface of the tty that makes calls
	Query           []int // of ttys that take commands beside it
	Deaf            []int // of ttys at which no modem answers
}

// busDevice is one on the bus; its modem's name is that of its tty, and is given
// anew each time.
type busDevice struct {
	bus   *Bus
	conf  USBDevice
	modem *Modem
	ttys  map[int]*Modem // by interface
	there bool           // on the bus: its directory exists
	off   bool           // not authorized
}

// NewBus makes a bus whose sysfs is in the directory sys. The ttys are in the
// bank's directory, which stands for /dev.
func NewBus(b *Bank, sys string) (*Bus, error) {
	if err := b.begin(); err != nil {
		return nil, err
	}
	defer b.unlock()
	if err := errors.Join(os.MkdirAll(filepath.Join(sys, "class/tty"), 0o755), os.MkdirAll(filepath.Join(sys, "devices"), 0o755)); err != nil {
		return nil, fmt.Errorf("dialtest: %w", err)
	}
	fd, err := unix.InotifyInit1(unix.IN_NONBLOCK | unix.IN_CLOEXEC)
	if err != nil {
		return nil, fmt.Errorf("dialtest: inotify: %w", err)
	}
	u := &Bus{b: b, sys: sys, ino: os.NewFile(uintptr(fd), "inotify"), heard: map[chan usb.Event]bool{}}
	b.wg.Go(u.watch)
	context.AfterFunc(b.ctx, func() { u.ino.Close() })
	return u, nil
}

// watch obeys what is written to the files "authorized".
func (u *Bus) watch() {
	buf := make([]byte, 4096)
	for {
		if _, err := u.ino.Read(buf); err != nil {
			return
		}
		u.b.do(func(now time.Time) {
			for _, d := range u.devices {
				d.authorize(now)
			}
		})
	}
}

// Add puts a modem into a port. Its Name in c is not used.
func (u *Bus) Add(c ModemConfig, d USBDevice) (*Modem, error) {
	if err := u.b.begin(); err != nil {
		return nil, err
	}
	defer u.b.unlock()
	dev := &busDevice{bus: u, conf: d, ttys: map[int]*Modem{}}
	port := func(c ModemConfig, iface int) *Modem {
		m := u.b.newModem(c)
		m.end = &end{b: u.b, kick: c.Kick, read: m.readLoop, dtr: m.dtr}
		m.m.name = fmt.Sprintf("%s:%d", d.Port, iface)
		m.transcript.name = m.m.name
		dev.ttys[iface] = m
		u.b.modems[m.m] = m
		return m
	}
	first := port(c, d.Call)
	if c.Number != "" {
		u.b.ex.numbers[c.Number] = &subscriber{behaviour: c.Behaviour, modem: first.m}
	}
	for _, i := range d.Query {
		m := port(ModemConfig{Profile: c.Profile}, i)
		m.m.first = first.m
		first.others = append(first.others, m)
	}
	for _, i := range d.Deaf {
		m := port(ModemConfig{Profile: c.Profile}, i)
		m.m.first, m.m.deaf = first.m, true
		first.others = append(first.others, m)
	}
	dev.modem, first.dev = first, dev
	u.devices = append(u.devices, dev)
	return first, first.plug(time.Now())
}

// Other is the tty of another interface of m's device.
func (m *Modem) Other(iface int) *Modem { return m.dev.ttys[iface] }

// Events are those of the bus: it is a usb.Events.
func (u *Bus) Events(ctx context.Context) (<-chan usb.Event, error) {
	c := make(chan usb.Event, 64)
	u.b.do(func(time.Time) { u.heard[c] = true })
	context.AfterFunc(ctx, func() {
		u.b.mu.Lock()
		defer u.b.mu.Unlock()
		delete(u.heard, c)
		close(c)
	})
	return c, nil
}

// dir is the device's in sysfs, and its path for the kernel.
func (d *busDevice) dir() string  { return filepath.Join(d.bus.sys, d.path()) }
func (d *busDevice) path() string { return "/devices/pci0000:00/usb1/" + d.conf.Port }

// ifPath is the path of a tty's device.
func (d *busDevice) ifPath(iface int, tty string) string {
	return fmt.Sprintf("%s/%s:1.%d/%s", d.path(), d.conf.Port, iface, tty)
}

func (u *Bus) tell(e usb.Event) {
	for c := range u.heard {
		select {
		case c <- e:
		default:
		}
	}
}

// arrive makes the ttys with new names. The bank's mutex is held, here and below.
func (d *busDevice) arrive() error {
	u := d.bus
	if !d.there {
		d.there, d.off = true, false
		if err := os.MkdirAll(d.dir(), 0o755); err != nil {
			return fmt.Errorf("dialtest: %w", err)
		}
		for name, text := range map[string]string{"idVendor": d.conf.Vendor, "idProduct": d.conf.Product, "authorized": "1"} {
			if err := os.WriteFile(filepath.Join(d.dir(), name), []byte(text+"\n"), 0o644); err != nil {
				return fmt.Errorf("dialtest: %w", err)
			}
		}
		rc, err := u.ino.SyscallConn()
		if err != nil {
			return fmt.Errorf("dialtest: %w", err)
		}
		rc.Control(func(fd uintptr) {
			_, err = unix.InotifyAddWatch(int(fd), filepath.Join(d.dir(), "authorized"), unix.IN_CLOSE_WRITE)
		})
		if err != nil {
			return fmt.Errorf("dialtest: inotify: %w", err)
		}
		u.tell(usb.Event{Action: "add", Path: d.path(), Subsystem: "usb"})
	}
	for _, iface := range d.ifaces() {
		m := d.ttys[iface]
		name := fmt.Sprintf("ttyUSB%d", u.next)
		u.next++
		m.end.link = filepath.Join(u.b.dir, name)
		dir := filepath.Join(u.sys, d.ifPath(iface, name))
		class := filepath.Join(u.sys, "class/tty", name)
		err := errors.Join(
			os.MkdirAll(dir, 0o755), os.MkdirAll(class, 0o755),
			os.WriteFile(filepath.Join(filepath.Dir(dir), "bInterfaceNumber"), fmt.Appendf(nil, "%02x\n", iface), 0o644),
			os.Symlink(dir, filepath.Join(class, "device")),
		)
		if err != nil {
			return fmt.Errorf("dialtest: %w", err)
		}
	}
	return nil
}

// arrived tells of the ttys, once they are there.
func (d *busDevice) arrived() {
	for _, iface := range d.ifaces() {
		name := filepath.Base(d.ttys[iface].end.link)
		d.bus.tell(usb.Event{Action: "add", Path: d.ifPath(iface, name) + "/tty/" + name, Subsystem: "tty", Name: name})
	}
}

// leave takes the ttys away, and the device itself unless it is only switched off.
func (d *busDevice) leave() {
	for _, iface := range d.ifaces() {
		name := filepath.Base(d.ttys[iface].end.link)
		os.RemoveAll(filepath.Join(d.bus.sys, "class/tty", name))
		os.RemoveAll(filepath.Dir(filepath.Join(d.bus.sys, d.ifPath(iface, name))))
		d.bus.tell(usb.Event{Action: "remove", Path: d.ifPath(iface, name) + "/tty/" + name, Subsystem: "tty", Name: name})
	}
	if !d.off {
		d.there = false
		os.RemoveAll(d.dir())
		d.bus.tell(usb.Event{Action: "remove", Path: d.path(), Subsystem: "usb"})
	}
}

func (d *busDevice) ifaces() []int {
	var all []int
	for i := range d.ttys {
		all = append(all, i)
	}
	slices.Sort(all)
	return all
}

// authorize does what stands in the file.
func (d *busDevice) authorize(now time.Time) {
	if !d.there {
		return
	}
	b, err := os.ReadFile(filepath.Join(d.dir(), "authorized"))
	if err != nil {
		return
	}
	on := strings.TrimSpace(string(b)) != "0"
	switch {
	case !on && !d.off:
		d.off = true
		d.modem.off(now)
	case on && d.off:
		d.off = false
		if err := d.modem.plug(now); err != nil {
			d.bus.b.Log.Error("modem does not come back", "modem", d.modem.m.name, "err", err)
		}
	}
}
