package dial

import (
	"context"
	"errors"
	"slices"
	"sort"

	"pppdial/dial/line"
	"pppdial/dial/modem"
	"pppdial/dial/usb"
)

// A Found modem is one that has answered Probe.
type Found struct {
	Device string        // the tty for calls
	TTY    usb.TTY       // what sysfs knows of it
	Others []string      // ttys of the same modem that take commands as well
	Speed  int           // at which it answers; 0: it does not matter
	Flow   line.Flow     // that its wires allow
	Survey *modem.Survey // what it says
}

// probeSpeeds are tried at UARTs, after the speed of the Config.
var probeSpeeds = []int{115200, 9600, 57600, 38400, 19200, 230400, 460800, 921600}

// Probe finds the modems at the Devices: it asks every tty that nobody uses whether
// a modem answers there, and the modem what it is. The modem is left as it was. The
// failures are the ttys at which nothing was found, each with its reason.
func (d *Dialer) Probe(ctx context.Context) (found []Found, failed []*Error) {
	fail := func(device string, err error) {
		e := (&attempt{phase: waking}).explain(err)
		if oe := new(line.OpenError); errors.As(err, &oe) {
			e.Kind = OpenFailed
		}
		e.Device = device
		failed = append(failed, e)
	}
	var ports []port
	for _, device := range d.cfg.Devices {
		paths, err := d.cfg.find(device)
		if err != nil {
			failed = append(failed, &Error{Kind: OpenFailed, Device: device, Err: err})
		}
		for _, path := range paths {
			p := port{path: path}
			p.tty, _ = d.used(path, path)
			if slices.ContainsFunc(ports, func(o port) bool { return o.path == path }) {
				continue
			}
			if err := d.inUse(ctx, p.tty); err != nil {
				failed = append(failed, &Error{Kind: Locked, Device: path, Err: err})
				continue
			}
			if p.tty.Device != "" {
				d.inhibit(ctx, p.tty)
			}
			known := slices.ContainsFunc(ports, func(o port) bool { return o.of(p) && o.survey != nil })
			err := d.ask(ctx, &p, !known)
			if ctx.Err() != nil {
				return nil, []*Error{{Kind: Interrupted, Device: path, Err: context.Cause(ctx)}}
			}
			if lock := new(line.LockError); err != nil && (!errors.As(err, &lock) || p.tty.Device == "") {
				fail(path, err)
				continue
			} else if err != nil {
				fail(path, err)
				p.taken = true
			}
			ports = append(ports, p)
		}
	}
	for _, p := range ports {
		if p.survey != nil {
			found = append(found, p.modem(ports))
		}
	}
	return found, failed
}

// A port is a tty at which a modem was found, or which somebody else uses.
type port struct {
	path   string
	tty    usb.TTY
	speed  int
	flow   line.Flow
	taken  bool          // it could not be asked
	survey *modem.Survey // nil: it was had over another port already
}

// of tells whether both are ttys of one modem.
func (p port) of(o port) bool { return p.tty.Device != "" && p.tty.Device == o.tty.Device }

// modem puts the ports of one modem together, and decides which is for calls.
func (p port) modem(all []port) Found {
	same := []port{p}
	for _, o := range all {
		if o.of(p) && o.path != p.path {
			same = append(same, o)
		}
	}
	sort.Slice(same, func(i, j int) bool { return same[i].tty.Interface < same[j].tty.Interface })
	if p.survey.CallsLast {
		slices.Reverse(same)
	}
	f := Found{Device: same[0].path, TTY: same[0].tty, Speed: p.speed, Flow: p.flow, Survey: p.survey}
	for _, o := range same[1:] {
		f.Others = append(f.Others, o.path)
	}
	return f
}

// ask finds out whether a modem answers at the port, and, if survey says so, what it
// is.
func (d *Dialer) ask(ctx context.Context, p *port, survey bool) error {
	// Not all programs that use a tty lock it, and AT in the midst of their data would
	// do harm.
	if err := line.InUse(p.path); err != nil {
		return err
	}
	c := d.cfg
	c.Flow = line.FlowNone // a wire that is missing must not keep us from asking
	l, err := c.open(ctx, way{device: p.path, speed: c.Speed})
	if err != nil {
		return err
	}
	defer l.Close()
	m := modem.New(l, modem.Options{Log: c.Log.With("line", p.path)})
	err = m.Probe(ctx)
	if errors.Is(err, modem.ErrSilent) { // who looks for modems would rather wait than miss one
		err = m.Probe(ctx)
	}
	if err != nil {
		if !errors.Is(err, modem.ErrSilent) || !l.Caps().TrueBaud {
			return err
		}
		if p.speed, err = atSpeeds(ctx, l, m, c.Speed, err); err != nil {
			return err
		}
	} else if l.Caps().TrueBaud {
		p.speed = c.Speed
	}
	if p.flow = line.FlowRTSCTS; l.Caps().TrueBaud {
		if on, err := l.ClearToSend(); err == nil && !on {
			p.flow = line.FlowNone
		}
	}
	if survey {
		p.survey, err = m.Survey(ctx)
		return err
	}
	return nil
}

// atSpeeds tries other speeds than the one at which there was silence.
func atSpeeds(ctx context.Context, l *line.Line, m *modem.Modem, silent int, err error) (int, error) {
	for _, speed := range probeSpeeds {
		if speed == silent {
			continue
		}
		if cerr := l.Configure(line.Settings{Speed: speed, Flow: line.FlowNone, Local: true}); cerr != nil {
			continue // the UART does not have it
		}
		if err = m.Probe(ctx); !errors.Is(err, modem.ErrSilent) {
			return speed, err
		}
	}
	return 0, err
}
