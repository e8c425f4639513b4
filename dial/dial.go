package dial

import (
	"context"
	"log/slog"
	"slices"
	"sync"

	"pppdial/dial/line"
	"pppdial/dial/usb"
)

// A Dialer makes the calls of one entry. It may be used by several goroutines,
// which then get different lines. It should live as long as the entry is served,
// since it remembers which modem was found where; between calls it holds no line.
type Dialer struct {
	cfg     Config
	scripts scripts

	mu      sync.Mutex // guards what follows
	seen    followed
	ladders map[string]*Ladder // by the first name of a line
}

// New makes a Dialer. The error is that of a script of the Config.
func New(c Config) (*Dialer, error) {
	if c.Log == nil {
		c.Log = slog.New(slog.DiscardHandler)
	}
	for _, d := range []struct {
		dir *string
		std string
	}{{&c.DevDir, "/dev"}, {&c.SysDir, "/sys"}, {&c.LockDir, line.DefaultLockDir}, {&c.Service, "ppp"}} {
		if *d.dir == "" {
			*d.dir = d.std
		}
	}
	if c.ReturnIn == 0 {
		c.ReturnIn = defaultReturn
	}
	if c.Events == nil {
		c.Events = usb.Netlink
	}
	if c.Patient == nil {
		c.Patient = context.Background()
	}
	s, err := c.parse()
	if err != nil {
		return nil, err
	}
	return &Dialer{
		cfg: c, scripts: s, seen: newFollowed(), ladders: map[string]*Ladder{},
	}, nil
}

// Call tries every way once, in order, and returns the first call that is made:
// every line of Devices with every number, or every route that the UUCP files
// tell. The error is a *Error that names all attempts.
func (d *Dialer) Call(ctx context.Context) (*Call, error) {
	ways, failed := d.waysNow(ctx)
	return d.first(ctx, ways, failed, (*attempt).call)
}

// Answer waits for a call on the first line that is free, for as long as ctx
// lasts: until the modem rings, or, where nothing is said of a modem, until PPP
// comes. A caller that it can't connect with is logged, and it waits for the
// next. The error is a *Error.
func (d *Dialer) Answer(ctx context.Context) (*Call, error) {
	ways, failed := d.waysNow(ctx)
	var lines []way
	for _, w := range ways {
		if !slices.ContainsFunc(lines, func(l way) bool { return l.device == w.device }) {
			w.phone, w.translated = "", ""
			lines = append(lines, w)
		}
	}
	return d.first(ctx, lines, failed, (*attempt).answer)
}

// first tries all ways until one works. A way over a line or a modem that another
// has found unusable is passed over, and so is one by which a modem would make the
// same call again, over another of its ttys: calls cost money.
func (d *Dialer) first(ctx context.Context, ways []way, failed []*Error, how func(*attempt, context.Context) error) (*Call, error) {
	type lineAt struct {
		device string
		speed  int
	}
	type callBy struct{ modem, number string }
	badLine, badModem, dialed := map[lineAt]bool{}, map[string]bool{}, map[callBy]bool{}
	for _, w := range ways {
		at, by := lineAt{w.device, w.speed}, callBy{w.modem, w.phone}
		if badLine[at] || w.modem != "" && (badModem[w.modem] || dialed[by]) {
			continue
		}
		c, e := d.try(ctx, w, how)
		if e == nil {
			return c, nil
		}
		if ctx.Err() != nil {
			e.Kind, e.Err = Interrupted, context.Cause(ctx)
			e.Called = e.Called || slices.ContainsFunc(failed, func(o *Error) bool { return o.Called })
			return nil, e
		}
		badLine[at], badModem[w.modem], dialed[by] = e.Kind.ofLine(), e.ofModem, e.dialed
		failed = append(failed, e)
		if len(ways) > 1 {
			d.cfg.Log.Info("no call", "line", w.name(), "number", w.phone, "because", e.text())
		}
	}
	return nil, Join(failed)
}

// try makes one attempt. When it fails, the modem is left idle.
func (d *Dialer) try(ctx context.Context, w way, how func(*attempt, context.Context) error) (*Call, *Error) {
	if t, ok := d.used(w.named, w.device); ok {
		if w.probe { // nobody has said that it is to be this modem
			if err := d.inUse(ctx, t); err != nil {
				return nil, &Error{Kind: Locked, Device: w.name(), Number: w.phone, Err: err}
			}
		}
		d.inhibit(ctx, t)
	}
	d.drives(w)
	a := &attempt{d: d, cfg: &d.cfg, scripts: d.scripts, way: w, log: d.cfg.Log.With("line", w.name())}
	err := a.open(ctx)
	if err == nil {
		d.opened(w.named, w.device)
		err = how(a, ctx)
		if err == nil {
			d.made(w)
			return a.made, nil
		}
	}
	e := a.explain(err)
	e.ofModem, e.dialed = e.Kind.ofModem(), a.dialed(e)
	e.Called = a.phase >= dialing || isCommand(w.device) // who knows what a program does
	if a.made != nil {
		if ctx.Err() == nil {
			a.diagnose(ctx, e)
		}
		a.giveUp(d.cfg.Patient)
	}
	e.Device, e.Number, e.Retry = w.name(), w.phone, w.retry
	return nil, e
}
