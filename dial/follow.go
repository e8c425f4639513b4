package dial

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"pppdial/dial/usb"
)

// A modem that is reset or replugged comes back under another name. What it was
// known by is remembered here: the USB device, its port, and the interface.

// followed are the lines that were found so far; the Dialer's mutex guards it.
type followed struct {
	tty   map[string]knownTTY // by the first name under which a line was used
	as    map[string]string   // the first name, by each later one
	speed map[string]int      // of a line, by its first name
	last  string              // the first name of the line of the last call that came about; "": none has
}

// A knownTTY is a line that was found.
type knownTTY struct {
	usb.TTY
	others []string // ports at which others of its make were seen; never written to
}

func newFollowed() followed {
	return followed{tty: map[string]knownTTY{}, as: map[string]string{}, speed: map[string]int{}}
}

// configured is the first name of a line that the entry names.
func (f *followed) configured(named string) string {
	if _, ok := f.tty[named]; ok {
		return named // whatever else has this name by now
	}
	return f.nameOf(named)
}

// nameOf is the first name of a line that a Call or an Error names.
func (f *followed) nameOf(device string) string {
	if first, ok := f.as[device]; ok {
		return first
	}
	return device
}

// same tells whether t is the line that was, seen by its place or, more weakly, by
// its make.
func same(t, was usb.TTY, place bool) bool {
	return t.Vendor != "" && t.Vendor == was.Vendor && t.Product == was.Product && t.Interface == was.Interface &&
		(!place || t.Port() == was.Port())
}

// another tells whether t is a modem of the same make that was there beside it.
func (k knownTTY) another(t usb.TTY) bool {
	return same(t, k.TTY, false) && slices.Contains(k.others, t.Port())
}

// findAgain looks for the line that was among those that are there.
func (d *Dialer) findAgain(was knownTTY) (usb.TTY, bool) {
	all := usb.TTYs(d.cfg.SysDir)
	for _, place := range []bool{true, false} {
		for _, t := range all {
			if same(t, was.TTY, place) && (place || !was.another(t)) {
				return t, true
			}
		}
	}
	return usb.TTY{}, false
}

// nameOf is followed.nameOf.
func (d *Dialer) nameOf(device string) string {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.seen.nameOf(device)
}

// identity is what is known of the USB device behind a line.
func (d *Dialer) identity(device string) (usb.TTY, bool) {
	d.mu.Lock()
	defer d.mu.Unlock()
	k, ok := d.seen.tty[d.seen.configured(device)]
	return k.TTY, ok
}

// present tells whether the device has its tty, at its old place.
func (d *Dialer) present(id usb.TTY) bool {
	for _, t := range usb.TTYs(d.cfg.SysDir) {
		if same(t, id, true) {
			return true
		}
	}
	return false
}

// used takes note of what is behind a line that is about to be used; path is its
// name now, device the one under which it is known or asked for. That it is another
// modem than before is believed once it was opened.
func (d *Dialer) used(device, path string) (usb.TTY, bool) { return d.note(device, path, false) }

// opened takes note of a line that was used and could be opened.
func (d *Dialer) opened(device, path string) { d.note(device, path, true) }

// drives takes note of the speed of a line, which the UUCP files may tell.
func (d *Dialer) drives(w way) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.seen.speed[d.seen.configured(w.named)] = w.speed
}

// speedOf is the speed of a line that was driven before.
func (d *Dialer) speedOf(named string) int {
	d.mu.Lock()
	defer d.mu.Unlock()
	if n, ok := d.seen.speed[d.seen.configured(named)]; ok {
		return n
	}
	return d.cfg.Speed
}

// made takes note of a line over which a call has come about.
func (d *Dialer) made(w way) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.seen.last = d.seen.configured(w.named)
}

func (d *Dialer) note(device, path string, open bool) (usb.TTY, bool) {
	t, ok := d.tty(path)
	if !ok || t.Device == "" {
		return usb.TTY{}, false
	}
	d.mu.Lock()
	first := d.seen.configured(device)
	for known, was := range d.seen.tty { // by another name
		if same(t, was.TTY, true) {
			first = known
		}
	}
	was, known := d.seen.tty[first]
	believed := !known || open || same(t, was.TTY, true)
	if believed {
		was.TTY = t
		d.seen.tty[first] = was
	}
	if path != first {
		d.seen.as[path] = first
	} else {
		delete(d.seen.as, path)
	}
	d.mu.Unlock()
	if believed {
		d.sighted(first)
	}
	return t, true
}

// sighted takes note of the modems of the same make that are there now beside a
// line, known by its first name.
func (d *Dialer) sighted(first string) {
	all := usb.TTYs(d.cfg.SysDir)
	d.mu.Lock()
	defer d.mu.Unlock()
	k, ok := d.seen.tty[first]
	if !ok {
		return
	}
	for _, t := range all {
		if same(t, k.TTY, false) && !same(t, k.TTY, true) && !k.another(t) {
			k.others = append(slices.Clip(k.others), t.Port())
		}
	}
	d.seen.tty[first] = k
}

// tty is what sysfs says of the tty that path leads to.
func (d *Dialer) tty(path string) (usb.TTY, bool) { return usb.Find(d.cfg.SysDir, d.ttyName(path)) }

// ttyName is the kernel's name of the tty that path leads to: the last name on the
// way that stands in DevDir.
func (d *Dialer) ttyName(path string) string {
	for range 10 {
		if filepath.Dir(path) == filepath.Clean(d.cfg.DevDir) {
			return filepath.Base(path)
		}
		to, err := os.Readlink(path)
		if err != nil {
			break
		}
		if !filepath.IsAbs(to) {
			to = filepath.Join(filepath.Dir(path), to)
		}
		path = to
	}
	return filepath.Base(path)
}

// now gives the path of a line that was known as device: another one when it has
// come back under another name. It is errAway when another modem has its name.
func (d *Dialer) now(device string) (string, error) {
	d.mu.Lock()
	first := d.seen.configured(device)
	was, ok := d.seen.tty[first]
	d.mu.Unlock()
	if !ok {
		return device, nil
	}
	// The line that was once seen under this name may have left it to another one.
	if t, ok := d.tty(device); ok && first != device && !same(t, was.TTY, true) {
		return device, nil
	}
	if t, ok := d.findAgain(was); ok {
		if path := filepath.Join(d.cfg.DevDir, t.Name); t.Name != d.ttyName(device) {
			return path, nil
		}
	} else if t, ok := d.tty(device); ok && was.another(t) {
		return device, errAway
	}
	return device, nil
}

// locate finds the tty of a device of the entry, or of one that was used.
func (d *Dialer) locate(device string) (string, error) {
	if _, ok := d.identity(device); ok || filepath.IsAbs(device) && !strings.ContainsAny(device, "*?[") {
		path, err := d.now(device)
		if err != nil {
			return path, err
		}
		if _, err := os.Stat(path); err != nil {
			return path, errAway
		}
		return path, nil
	}
	paths, err := d.cfg.find(device)
	if err != nil {
		return device, err
	}
	return paths[0], nil
}

var errAway = errors.New("the device is away")

// defaultReturn is how long a modem is waited for that was there and is gone: a
// reset takes 5 to 40 s.
const defaultReturn = time.Minute

// await waits for one of the lines that were in use before to come back. It is
// false when there were none, or none came.
func (d *Dialer) await(ctx context.Context) bool {
	d.mu.Lock()
	var ids []knownTTY
	for _, t := range d.seen.tty {
		ids = append(ids, t)
	}
	d.mu.Unlock()
	if len(ids) == 0 {
		return false
	}
	d.cfg.Log.Info("waiting for the modem to come back", "limit", d.cfg.ReturnIn)
	back, stop := d.watch(ctx, func(*usb.Event) bool {
		for _, id := range ids {
			t, ok := d.findAgain(id)
			if !ok {
				continue
			}
			// The node is made a moment after the event.
			if _, err := os.Stat(filepath.Join(d.cfg.DevDir, t.Name)); err == nil {
				return true
			}
		}
		return false
	})
	defer stop()
	t := time.NewTimer(d.cfg.ReturnIn)
	defer t.Stop()
	select {
	case <-back:
		return true
	case <-t.C:
	case <-ctx.Done():
	}
	return false
}

// lookEvery is how often is looked without an event: not every place lets us hear
// them, and udev makes nodes after it.
const lookEvery = 500 * time.Millisecond

// watch closes the channel when cond, which is asked at every event and from time
// to time, says so; stop ends it.
func (d *Dialer) watch(ctx context.Context, cond func(*usb.Event) bool) (_ <-chan struct{}, stop func()) {
	ctx, cancel := context.WithCancel(ctx)
	met, ended := make(chan struct{}), make(chan struct{})
	events, err := d.cfg.Events(ctx)
	if err != nil {
		d.cfg.Log.Debug("no events of devices", "error", err)
	}
	go func() {
		defer close(ended)
		tick := time.NewTicker(lookEvery)
		defer tick.Stop()
		var e *usb.Event
		for !cond(e) {
			select {
			case event, ok := <-events:
				e = nil
				if ok {
					e = &event
				} else {
					events = nil
				}
			case <-tick.C:
				e = nil
			case <-ctx.Done():
				return
			}
		}
		close(met)
	}()
	return met, func() { cancel(); <-ended }
}

// gone waits until the device has left its place, d at most.
func (d *Dialer) gone(ctx context.Context, id usb.TTY, limit time.Duration, first func() error) error {
	left, stop := d.watch(ctx, func(e *usb.Event) bool {
		return e != nil && e.Action == "remove" && strings.Contains(e.Path, "/"+id.Port()+"/") || !d.present(id)
	})
	defer stop()
	if err := first(); err != nil {
		return err
	}
	t := time.NewTimer(limit)
	defer t.Stop()
	select {
	case <-left:
	case <-t.C:
	case <-ctx.Done():
	}
	return nil
}

// inUse is an error when another program has a connection over the device.
func (d *Dialer) inUse(ctx context.Context, t usb.TTY) error {
	if d.cfg.Inhibit == nil || t.Device == "" {
		return nil
	}
	return d.cfg.Inhibit.InUse(ctx, t.Device)
}

// inhibit keeps other programs off the device, for as long as the Dialer lives.
func (d *Dialer) inhibit(ctx context.Context, t usb.TTY) {
	if d.cfg.Inhibit == nil {
		return
	}
	if err := d.cfg.Inhibit.Inhibit(ctx, t.Device); err != nil && ctx.Err() == nil {
		d.cfg.Log.Warn("another program may use the modem as well", "device", t.Port(), "error", err)
	}
}

// Close lets other programs have the modems again. No call may be left.
func (d *Dialer) Close() {
	if d.cfg.Inhibit != nil {
		d.cfg.Inhibit.Close()
	}
}
