package dial

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"pppdial/dial/line"
	"pppdial/dial/modem"
	"pppdial/dial/usb"
)

// A Reset tells what Dialer.Reset has done.
type Reset struct {
	Rung   Rung          // the last that was tried, the one that has helped if there is no error
	Rest   time.Duration // for which the modem is to be left alone now
	Device string        // where the modem is now
}

// How long the steps of a reset may take.
const (
	resetCmdLimit = time.Minute
	offTime       = 10 * time.Second // for a device to go after its reset
	bootLimit     = time.Minute      // for a modem to answer after its device is back
	answerPause   = time.Second
	usbOffTime    = 2 * time.Second // for which a USB device stays off
)

// Reset resets the modem at a device, by its name in a Call or an Error, or that of
// the entry for "". All calls over it must have been given back. The Ladder decides
// how; where a rung is not to be had, or the modem does not answer after it, the next
// harder one follows at once, unless another program uses the modem. It returns when
// the modem answers again, under whatever name it has then; the caller lets it rest.
func (d *Dialer) Reset(ctx context.Context, device string, why ResetReason) (Reset, error) {
	named := d.nameOf(device)
	if device == "" {
		var err error
		device, err = d.target(ctx)
		if err != nil && (d.cfg.ResetCmd == "" || taken(err)) {
			return Reset{}, fmt.Errorf("dial: reset: %w", err)
		}
		if err != nil && len(d.cfg.Devices) > 0 {
			device = d.cfg.Devices[0] // reset_cmd needs no answer
		}
		named = device
	}
	if isCommand(device) {
		device = way{device: device}.name() // its arguments may be secret
		if d.cfg.ResetCmd == "" {
			return Reset{Device: device}, fmt.Errorf("dial: reset of %s: %w", device, errOfCommand)
		}
	}
	if path, err := d.locate(named); err == nil {
		d.used(named, path)
	}
	_, isUSB := d.identity(named)
	d.mu.Lock()
	l := d.ladder(d.seen.configured(named))
	l.NoUSB = !isUSB
	rung := l.Next(time.Now(), why)
	d.mu.Unlock()
	r := &reset{d: d, device: device, named: named, path: device, log: d.cfg.Log.With("line", device)}
	var failed []error
	for {
		r.log.Info("resetting the modem", "by", rung, "because", why)
		err := r.step(ctx, rung)
		if taken(err) {
			return Reset{Rung: rung, Device: r.path}, fmt.Errorf("dial: reset of %s: %w", device, err)
		}
		if err != nil || why == CallFailed || why == LinkBroken {
			d.mu.Lock()
			l.Tried(rung)
			d.mu.Unlock()
		}
		done := Reset{Rung: rung, Device: r.path}
		if rung.Rest() {
			done.Rest = d.cfg.ResetWait
		}
		if err == nil {
			return done, nil
		}
		failed = append(failed, fmt.Errorf("%v: %w", rung, err))
		next := l.Harder(rung)
		if ctx.Err() != nil || next == rung {
			return done, fmt.Errorf("dial: reset of %s: %w", device, errors.Join(failed...))
		}
		r.log.Info("the reset did not help", "by", rung, "error", err)
		rung = next
	}
}

// target is the line to reset where none is named: the one of the entry or, where
// that stands for several, that of the last call, or one with a modem that answers.
// What is behind a tty that the entry does not name is left alone otherwise.
func (d *Dialer) target(ctx context.Context) (string, error) {
	if all := d.cfg.Devices; len(all) > 0 {
		if found, err := d.cfg.find(all[0]); err == nil && found[0] == all[0] {
			return all[0], nil
		}
	}
	d.mu.Lock()
	last := d.seen.last
	d.mu.Unlock()
	if last != "" {
		return last, nil
	}
	ways, failed := d.ways()
	if len(ways) == 0 {
		return "", Join(failed)
	}
	var errs []error
	for i, w := range ways {
		if slices.ContainsFunc(ways[:i], func(o way) bool { return o.device == w.device }) {
			continue
		}
		d.drives(w)
		err := d.probe(ctx, w)
		if err == nil {
			return w.named, nil
		}
		errs = append(errs, err)
	}
	if ways[0].probe {
		return "", fmt.Errorf("no modem answers: %w", errors.Join(errs...))
	}
	return ways[0].named, nil
}

// probe tells whether a modem answers at a line.
func (d *Dialer) probe(ctx context.Context, w way) error {
	if t, ok := d.tty(w.device); ok {
		if err := d.inUse(ctx, t); err != nil {
			return &Error{Kind: Locked, Device: w.name(), Err: err}
		}
	}
	l, err := d.cfg.open(ctx, w)
	if err != nil {
		return err
	}
	defer l.Close()
	return modem.New(l, modem.Options{Log: d.cfg.Log}).Probe(ctx)
}

// taken tells whether another program has the line.
func taken(err error) bool {
	lock, e := new(line.LockError), new(Error)
	return errors.As(err, &lock) && lock.Err == nil || errors.As(err, &e) && e.Kind == Locked
}

// isCommand tells whether a line is a program.
func isCommand(device string) bool { return strings.HasPrefix(device, "exec:") }

var errOfCommand = errors.New("the line is a program, not a modem: only a reset_cmd can reset what is behind it")

// Up says that a link over the device carries traffic, so that the next reset may
// begin mildly.
func (d *Dialer) Up(device string, now time.Time) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.ladder(d.seen.nameOf(device)).Up(now)
}

// ladder is that of a line by its first name: a modem that has come back under
// another one is still the same. The mutex is held.
func (d *Dialer) ladder(first string) *Ladder {
	l := d.ladders[first]
	if l == nil {
		l = &Ladder{Command: d.cfg.ResetCmd != ""}
		d.ladders[first] = l
	}
	return l
}

// A reset is one under way.
type reset struct {
	d      *Dialer
	device string // as the entry or the daemon names it
	named  string // the name under which it was known first
	path   string // where it was last found
	log    *slog.Logger
}

// step tries one rung, until the modem answers.
func (r *reset) step(ctx context.Context, rung Rung) error {
	if err := r.free(rung); err != nil {
		return err
	}
	switch rung {
	case Escape:
		return r.with(ctx, func(l *line.Line) error {
			m := modem.New(l, modem.Options{Log: r.d.cfg.Log})
			if err := m.Hangup(ctx); err != nil {
				return err
			}
			return m.Probe(ctx)
		})
	case DropDTR:
		return r.with(ctx, func(l *line.Line) error {
			if err := l.Hangup(ctx); err != nil {
				return err
			}
			return modem.New(l, modem.Options{Log: r.d.cfg.Log}).Wake(ctx)
		})
	case ATReset:
		err := r.with(ctx, func(l *line.Line) error {
			m := modem.New(l, modem.Options{DropDTR: dtr(l), Log: r.d.cfg.Log})
			if err := m.Wake(ctx); err != nil {
				return err
			}
			return m.Reset(ctx)
		})
		if err != nil {
			return err
		}
		return r.back(ctx)
	}
	if rung == USBReset {
		if err := r.usb(ctx); err != nil {
			return err
		}
		return r.back(ctx)
	}
	cmd, cancel := context.WithTimeout(ctx, resetCmdLimit)
	defer cancel()
	if err := line.Command(cmd, r.d.cfg.ResetCmd, append([]string{"DEVICE=" + r.device}, r.d.cfg.Env...), r.d.cfg.Log); err != nil {
		return err
	}
	return r.back(ctx)
}

// free is an error while one of the modem's ttys is used, by another program or for
// another line: of a cellular modem ATH over the next one may cut its call. The
// ports of a serial adapter are one USB device, too, but not one modem.
func (r *reset) free(rung Rung) error {
	ttys := []string{r.path}
	words := rung == Escape || rung == DropDTR || rung == ATReset
	if id, ok := r.d.identity(r.named); ok && (!words || r.d.cfg.Cellular != nil) {
		for _, t := range usb.TTYs(r.d.cfg.SysDir) {
			if t.Device == id.Device {
				ttys = append(ttys, filepath.Join(r.d.cfg.DevDir, t.Name))
			}
		}
	}
	for _, tty := range ttys {
		if !filepath.IsAbs(tty) {
			continue
		}
		if l, err := line.Lock(r.d.cfg.LockDir, tty); err == nil {
			l.Unlock()
		} else if taken(err) {
			return err
		}
	}
	return nil
}

// with runs f on the line.
func (r *reset) with(ctx context.Context, f func(*line.Line) error) error {
	path, err := r.d.locate(r.named)
	if err != nil {
		return err
	}
	r.path = path
	l, err := r.d.cfg.open(ctx, way{device: path, speed: r.d.speedOf(r.named)})
	if err != nil {
		return err
	}
	defer l.Close()
	r.d.opened(r.named, path)
	return f(l)
}

// usb switches the modem's USB device off and on.
func (r *reset) usb(ctx context.Context) error {
	id, ok := r.d.identity(r.named)
	if !ok {
		return errors.New("this is no USB device")
	}
	defer r.d.noteOff(id)()
	if err := r.d.gone(ctx, id, offTime, func() error { return usb.Authorize(id.Device, false) }); err != nil {
		return err
	}
	wait(ctx, usbOffTime)
	return usb.Authorize(id.Device, true) // also when ctx has ended: off it is of no use
}

// back waits until the modem answers again, wherever it is then. What is behind a
// program can't be asked: to start it may be to call.
func (r *reset) back(ctx context.Context) error {
	if isCommand(r.device) {
		return nil
	}
	// It may take a moment to go, and must not be asked before.
	if id, ok := r.d.identity(r.named); ok {
		r.d.gone(ctx, id, goTime, func() error { return nil })
	} else {
		wait(ctx, goTime)
	}
	ctx, cancel := context.WithTimeoutCause(ctx, bootLimit, errNoReturn)
	defer cancel()
	for {
		err := r.with(ctx, func(l *line.Line) error { return modem.New(l, modem.Options{Log: r.d.cfg.Log}).Probe(ctx) })
		if err == nil {
			return nil
		}
		if ctx.Err() != nil {
			return fmt.Errorf("%w: %w", context.Cause(ctx), err)
		}
		wait(ctx, answerPause)
	}
}

// goTime is how long a modem takes at most from the answer to a reset to its going.
const goTime = 3 * time.Second

var errNoReturn = errors.New("the modem does not answer after it")

// wait waits, or until ctx ends.
func wait(ctx context.Context, d time.Duration) {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-t.C:
	case <-ctx.Done():
	}
}
