package dial

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"strconv"
	"strings"
	"time"

	"pppdial/dial/chat"
	"pppdial/dial/line"
	"pppdial/dial/modem"
)

// An attempt is one call while it is being made. What it has come to is in made.
type attempt struct {
	d       *Dialer
	cfg     *Config
	scripts scripts
	way     way
	log     *slog.Logger
	made    *Call
	phase   phase
}

// A phase is what an attempt is doing, which decides what an error means.
type phase uint8

const (
	opening phase = iota
	waking
	initializing
	dialing
	login
)

// dialerTime is how long an expected text of a dialer's script may take, in
// which the far end has to answer the telephone (UUCP: 60 s).
const dialerTime = 60 * time.Second

// open opens the line of a way.
func (c *Config) open(ctx context.Context, w way) (*line.Line, error) {
	scheme, rest, _ := strings.Cut(w.device, ":")
	switch scheme {
	case "exec":
		return line.OpenCommand(ctx, rest, c.options(w))
	case "tcp":
		return line.OpenTCP(ctx, rest, c.options(w))
	}
	return line.OpenTTY(ctx, w.device, c.options(w))
}

// open opens the line.
func (a *attempt) open(ctx context.Context) error {
	l, err := a.cfg.open(ctx, a.way)
	if err != nil {
		return err
	}
	a.made = &Call{
		Line: l, Device: a.way.name(), Number: a.way.phone, Direct: a.way.how == direct,
		log: a.log, hangupScript: a.scripts.hangup, local: a.cfg.Local,
		cellular: a.cfg.cellular(a.way.phone), d: a.d,
	}
	a.made.modem = modem.New(l, modem.Options{DropDTR: dtr(l), Log: a.log, Secrets: &a.made.secrets})
	return nil
}

// dtr gives the way to drop DTR, if the line has it.
func dtr(l *line.Line) func(context.Context) error {
	if !l.Caps().ModemLines {
		return nil
	}
	return l.Hangup
}

// call makes the call.
func (a *attempt) call(ctx context.Context) error {
	if a.way.probe {
		if err := a.probe(ctx); err != nil {
			return err
		}
	}
	if a.way.how != direct {
		a.log.Info("dialing", "number", a.way.phone)
	}
	var err error
	switch a.way.how {
	case byModem:
		err = a.dial(ctx)
	case byScript:
		a.phase = dialing
		err = a.talk(ctx, a.scripts.chat, a.way.phone, a.way.translated, dialerTime)
	case byDialers:
		err = a.dialers(ctx)
	case byCommand:
		err = a.command(ctx)
	}
	if err != nil {
		return err
	}
	a.connected()
	script, err := parse(a.way.login)
	if err != nil {
		return err
	}
	for _, s := range []*chat.Script{&script, a.scripts.login} {
		if s == nil {
			continue
		}
		if err := a.talk(ctx, s, a.way.phone, a.way.translated, 0); err != nil {
			return err
		}
	}
	return a.watchCarrier()
}

// answer waits for a call.
func (a *attempt) answer(ctx context.Context) error {
	var err error
	switch a.way.how {
	case byScript:
		a.phase = dialing
		err = a.talk(ctx, a.scripts.chat, "", "", 0)
	case byCommand:
		err = a.command(ctx)
	default:
		err = a.await(ctx, a.way.how != direct || len(a.cfg.ModemInit) > 0)
	}
	if err != nil {
		return err
	}
	a.connected()
	return a.watchCarrier()
}

// probe leaves a tty alone behind which no modem answers.
func (a *attempt) probe(ctx context.Context) error {
	a.phase = waking
	return a.made.modem.Probe(ctx)
}

// ready wakes the modem and sets it up.
func (a *attempt) ready(ctx context.Context) error {
	a.phase = waking
	if err := a.made.modem.Wake(ctx); err != nil {
		return err
	}
	a.phase = initializing
	if c := a.cfg.Cellular; c != nil {
		_, err := a.made.modem.SetUp(ctx, *c, a.cfg.ModemInit)
		return err
	}
	for _, command := range a.cfg.ModemInit {
		if _, err := a.made.modem.Do(ctx, command); err != nil {
			return err
		}
	}
	return nil
}

func (a *attempt) dial(ctx context.Context) error {
	if err := a.ready(ctx); err != nil {
		return err
	}
	if a.cfg.Cellular == nil && a.made.modem.Ringing() {
		return errRinging
	}
	a.phase = dialing
	r, err := a.made.modem.Dial(ctx, a.way.phone)
	// Some know no contexts in numbers, and call with the first.
	if e := new(modem.Error); errors.As(err, &e) && e.Result.Code == modem.Failed && a.way.phone == firstContext {
		r, err = a.made.modem.Dial(ctx, anyContext)
	}
	if err != nil {
		return err
	}
	a.heard(r)
	return nil
}

// errRinging leaves a call that comes in to the program that answers here: to dial,
// or to hang up, would cut it. A cellular modem dials beside a voice call.
var errRinging = errors.New("the modem rings: somebody calls this line")

// The numbers of packet calls (TS 27.007, section 10.2.1.1).
const (
	firstContext = "*99***1#"
	anyContext   = "*99#"
)

// await waits until a caller is connected. A line of which nothing is said may be
// direct: then nothing is sent before PPP comes.
func (a *attempt) await(ctx context.Context, knownModem bool) error {
	wait := a.made.modem.Listen
	if knownModem {
		if err := a.ready(ctx); err != nil {
			return err
		}
		wait = a.made.modem.Await
	}
	a.phase = dialing
	a.log.Info("waiting for a call")
	for {
		r, err := wait(ctx)
		e := new(modem.Error)
		switch {
		case err == nil:
			a.made.Direct = r.Code == modem.None
			a.made.Caller = a.made.modem.Caller()
			a.heard(r)
			return nil
		case errors.As(err, &e) && (e.Err == nil || errors.Is(err, modem.ErrSilent)):
			a.log.Info("a caller was lost", "because", err)
			wait = a.made.modem.Await
		default:
			return err
		}
	}
}

// heard takes note of CONNECT.
func (a *attempt) heard(r modem.Result) {
	a.made.Connect, a.made.ConnectSpeed = r.Text, r.Speed
	a.made.Unread = a.made.modem.Unread()
}

// dialers runs the scripts of Dialers.
func (a *attempt) dialers(ctx context.Context) error {
	a.phase = dialing
	for _, s := range a.way.dialers {
		script, err := parse(s.script)
		if err != nil {
			return err
		}
		script, at := endEarly(script)
		if err := a.talk(ctx, &script, s.phone, s.translated, dialerTime); err != nil {
			return inScript(err, at)
		}
	}
	return nil
}

// talk runs a script.
func (a *attempt) talk(ctx context.Context, s *chat.Script, phone, translated string, timeout time.Duration) error {
	l := a.made.Line
	r := chat.Runner{
		Phone: phone, Translated: translated, Timeout: timeout, Pending: a.made.Unread, Secrets: &a.made.secrets, Log: a.log,
		Carrier: func(need bool) error {
			a.made.local = !need
			return l.SetLocal(!need)
		},
	}
	if l.Caps().Break {
		r.Break = l.Break
	}
	result, err := r.Run(ctx, l, *s)
	a.made.Unread = result.Unread
	if result.Connect != "" {
		c := modem.ParseResult(result.Connect)
		a.made.Connect, a.made.ConnectSpeed = c.Text, c.Speed
	}
	return err
}

// command lets a program make the call.
func (a *attempt) command(ctx context.Context) error {
	a.phase = dialing
	env := append([]string{
		"DEVICE=" + a.way.device, "SPEED=" + strconv.Itoa(a.way.speed), "PHONE=" + a.way.phone,
	}, a.cfg.Env...)
	return a.made.Line.Run(ctx, a.cfg.ConnectCmd, env)
}

func (a *attempt) connected() {
	a.phase = login
	switch {
	case a.made.Direct:
		a.log.Info("direct line")
	case a.made.Connect != "":
		l := a.log
		if n := a.made.Caller.Calling; n != "" {
			l = l.With("caller", n)
		}
		l.Info("connected", "modem", a.made.Connect)
	default:
		a.log.Info("connected")
	}
}

// watchCarrier makes the loss of carrier end the line, unless the entry or a
// script says that it does not count.
func (a *attempt) watchCarrier() error {
	l := a.made.Line
	if a.made.local {
		return nil
	}
	if err := l.SetLocal(false); err != nil {
		return err
	}
	if l.Caps().ModemLines {
		if on, err := l.Carrier(); err == nil && !on {
			a.log.Debug("the line shows no carrier: its loss will not be noticed")
		}
	}
	return nil
}

// dialed tells whether the modem has certainly made the call that has failed. At a
// tty that is not for calls some say NO CARRIER to a number, but at once.
func (a *attempt) dialed(e *Error) bool {
	switch e.Kind {
	case Busy, NoDialtone:
		return true
	case NoAnswer:
		return !errors.Is(e.Err, modem.ErrSilent)
	case NoCarrier:
		return a.phase == login || e.After >= callTime
	}
	return a.phase == login
}

const callTime = time.Second

// explain says what an error means.
func (a *attempt) explain(err error) *Error {
	e := &Error{Err: err}
	var locked *line.LockError
	var command *line.CommandError
	var script *chat.Error
	var syntax *chat.SyntaxError
	var at *modem.Error
	switch {
	case errors.As(err, &locked):
		e.Kind = Locked
	case errors.As(err, &command):
		e.Kind = CommandFailed
	case errors.Is(err, errRinging):
		e.Kind = Ringing
	case errors.Is(err, line.ErrGone):
		e.Kind = OpenFailed
	case errors.As(err, &at):
		e.Got, e.After, e.Want = chat.Printable(at.Got), at.After, "OK"
		if a.phase == dialing {
			e.Want = "CONNECT"
		}
		e.Kind = a.ofModem(at)
	case errors.As(err, &script):
		e.Where, e.Want, e.Got, e.After = script.Where, script.Want, chat.Printable(script.Got), script.After
		e.Kind = a.ofScript(script)
	case errors.As(err, &syntax):
		e.Kind, e.Where = ChatFailed, syntax.Where
		e.Err = fmt.Errorf("the script is not in order: %w", err)
	case errors.Is(err, line.ErrCarrierLost):
		e.Kind = NoCarrier
	case a.phase == opening:
		e.Kind = OpenFailed
	case a.way.how == byCommand && a.phase == dialing:
		e.Kind = CommandFailed
	default:
		e.Kind = ChatFailed
	}
	return e
}
