package run

import (
	"cmp"
	"context"
	"errors"
	"log/slog"
	"os"
	"strings"
	"syscall"
	"time"

	"pppdial/cmd/internal/rendezvous"
	"pppdial/cmd/internal/status"
	"pppdial/cmd/internal/utmp"
	"pppdial/conf"
	"pppdial/dial"
	"pppdial/dial/line"
	"pppdial/mp"
)

// This file is how a line comes from one process to another: a login shell
// brings it to the daemon that has its entry.

// listen opens the daemon's socket. Without it everything works but for other
// processes.
func (d *daemon) listen(o rendezvous.Options) error {
	s, err := rendezvous.Listen(d.opt.StateDir, o, host{d})
	if err != nil {
		d.log.Warn("other processes cannot reach this one", "error", err)
		return err
	}
	d.server = s
	return nil
}

// handOver brings the line of a login shell to the daemon that owns its entry,
// and waits for the end of its link. It reports false when nobody takes it.
func handOver(ctx context.Context, o Options, signals <-chan os.Signal, log *slog.Logger) (Verdict, bool) {
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	ended := make(chan struct{})
	defer close(ended)
	go func() {
		for {
			select {
			case s := <-signals:
				if s == syscall.SIGTERM || s == syscall.SIGINT || s == syscall.SIGHUP {
					cancel(toldTo(s.(syscall.Signal)))
				}
			case <-ended:
				return
			}
		}
	}()
	r, err := rendezvous.HandOver(ctx, o.StateDir, rendezvous.Line{Label: o.Remote, TTY: os.Stdin, Login: utmp.Recorded(utmp.Config{}, ttyName(os.Stdin))})
	var refused *rendezvous.RefusedError
	var told toldTo
	switch errors.As(context.Cause(ctx), &told); {
	case told == toldTo(syscall.SIGTERM), told == toldTo(syscall.SIGINT):
		return Verdict{Status: StatusUser, Phase: cmp.Or(r.Phase, "dead"), By: "us", Evidence: told.Error()}, true
	case told != 0 && err != nil:
		return explainBroken("dead"), true
	case errors.Is(err, rendezvous.ErrNobody):
		log.Debug("nobody else takes the line", "because", err)
		return Verdict{}, false
	case errors.As(err, &refused):
		return Verdict{Status: refused.Status, Phase: "dead", By: "us", Evidence: refused.Why}, true
	case err != nil:
		return Verdict{Status: StatusFatal, Phase: "dead", By: "us", Evidence: err.Error(),
			Cause: "the ppp that should take the line does not", Try: "look at its log"}, true
	}
	return verdictOf(r), true
}

// toldTo is that a signal has told us to end.
type toldTo syscall.Signal

func (s toldTo) Error() string { return signalName(syscall.Signal(s)) }

// verdictOf is the verdict of the daemon that had the line.
func verdictOf(r rendezvous.Result) Verdict {
	if r.Phase == "" { // it is of an older version
		return Verdict{Status: r.Status, Phase: "dead", By: "us", Evidence: r.Text}
	}
	return Verdict{Status: r.Status, Phase: r.Phase, By: r.By, Evidence: r.Evidence, Cause: r.Cause, Try: r.Try}
}

// result is verdictOf's other half.
func (v Verdict) result() rendezvous.Result {
	return rendezvous.Result{Status: v.Status, Text: v.String(), Phase: v.Phase, By: v.By, Evidence: v.Evidence, Cause: v.Cause, Try: v.Try}
}

// A host answers other processes; see rendezvous.Handler.
type host struct{ d *daemon }

// greetingTime is how long the terminal may take to accept the greeting.
const greetingTime = 5 * time.Second

// Adopt takes a line that another process has brought. The name service and the
// terminal may take their time, so all that they are asked is asked apart from
// the run loop.
func (h host) Adopt(o *rendezvous.Handover) {
	go func() {
		e := h.d.answering(o.Label)
		h.d.box.Put(func() { h.d.adopt(o, e) })
	}()
}

// adopt decides who takes the line; e does if there is nobody else.
func (d *daemon) adopt(o *rendezvous.Handover, e *conf.Entry) {
	u, owned := d.taker(o.Label)
	if owned != nil {
		e = owned
	}
	switch {
	case d.final != nil || u != nil && u.final != nil:
		o.Refuse(StatusFatal, "this ppp is going down")
	case e == nil:
		o.Decline()
	default:
		d.hanging++
		go func() {
			m, err := greeted(o, e)
			d.box.Put(func() {
				d.hanging--
				if m != nil {
					d.adopted(m, u, o, err)
				}
			})
		}()
	}
}

// greeted accepts the line, and tells the caller's script that PPP begins; nil:
// there is no line.
func greeted(o *rendezvous.Handover, e *conf.Entry) (*member, error) {
	l, err := line.FromFile(o.File, strings.TrimPrefix(o.Name, "/dev/"), e.XonXoff)
	if err != nil {
		o.Refuse(StatusOpen, err.Error())
		return nil, err
	}
	if !o.Accept() {
		return nil, l.Close()
	}
	m := &member{entry: e, origin: status.HandedOver, login: o.Login}
	m.conn, _ = connOf(dial.Given(l), nil)
	m.unread = o.Unread
	m.done = func(v Verdict) { o.Done(v.result()) }
	return m, greet(l)
}

// greet tells the caller's script that PPP begins.
func greet(l *line.Line) error {
	l.SetWriteDeadline(time.Now().Add(greetingTime))
	defer l.SetWriteDeadline(time.Time{})
	_, err := l.Write([]byte("PPP\r\n"))
	return err
}

const shellEnded = "the caller's process has ended"

// adopted begins with PPP on a line whose caller was greeted.
func (d *daemon) adopted(m *member, u *unit, o *rendezvous.Handover, err error) {
	d.log.Info("a caller's line", "entry", o.Label, "line", o.Name, "pid", o.Caller.PID)
	switch {
	case err != nil:
		v := Verdict{Status: StatusHangup, Phase: "dead", By: "line", Evidence: err.Error()}
		v.log(d.log.With("entry", o.Label))
		d.giveBack(m, v)
		return
	case d.final != nil || u != nil && u.final != nil:
		d.giveBack(m, Verdict{Status: StatusFatal, Phase: "dead", By: "us", Evidence: "this ppp is going down"})
		return
	case u != nil:
		m.unit = u
		u.account.taken++
	case d.main != nil && d.main.entry == m.entry: // whose unit it is the peer will tell
		d.main.account.taken++
	}
	if d.talk(m); m.link == nil {
		return
	}
	go func() {
		<-o.Gone()
		m.link.Close(mp.Hangup, shellEnded)
	}()
}

// taker finds who takes a line of an entry that is being run: its unit, or, when
// that is found out only by who the peer is, just the entry.
func (d *daemon) taker(label string) (*unit, *conf.Entry) {
	switch u := d.main; {
	case u == nil || u.entry.Label != label:
		return nil, nil
	case u.entry.Reconfigure:
		return nil, u.entry
	default:
		return u, u.entry
	}
}

// answering is the entry of a label that nobody runs, for ppp -l; nil: we do not
// take its lines. Any goroutine may ask.
func (d *daemon) answering(label string) *conf.Entry {
	if !d.opt.Listen {
		return nil
	}
	if !d.file.Has(label) {
		return checks.Default(label)
	}
	e, diags := d.file.Answering(label)
	if diags.Start().HasErrors() {
		d.log.Error("the entry is in error", "entry", label, "error", diags.Start().Sorted()[0])
		return nil
	}
	return e
}

// Act carries out a command of pppstat.
func (h host) Act(ctx context.Context, _ rendezvous.Caller, c rendezvous.Command) error {
	answer, err := ask(ctx, h.d, func() error { return h.d.act(c) })
	return errors.Join(err, answer)
}

// ask has the run loop answer a question, if it still runs.
func ask[T any](ctx context.Context, d *daemon, question func() T) (answer T, err error) {
	answers := make(chan T, 1)
	d.box.Put(func() { answers <- question() })
	select {
	case answer = <-answers:
		return answer, nil
	case <-ctx.Done():
		return answer, context.Cause(ctx)
	}
}

func (d *daemon) act(c rendezvous.Command) error {
	err := rendezvous.ErrUnknown
	for _, u := range append([]*unit(nil), d.units...) {
		if c.Match(u.entry.Label, u.number()) {
			err = u.act(c)
		}
	}
	return err
}

// act carries out a command for a unit.
func (u *unit) act(c rendezvous.Command) error {
	if u.final != nil {
		return errors.New("it is going down")
	}
	switch in := u.entry.Mode == conf.In; {
	case in && (c.Verb == rendezvous.Up || c.Verb == rendezvous.AddLine):
		return errors.New("it only answers: the entry says in")
	case in && c.Verb == rendezvous.Down && len(u.members) == 0:
		return errors.New("nobody has called")
	}
	u.log.Info("told to", "command", c.Verb)
	switch c.Verb {
	case rendezvous.Up:
		if !u.up && len(u.attempts) == 0 {
			return u.callNow()
		}
	case rendezvous.Down:
		u.breakLinks(Verdict{Status: StatusUser, Phase: u.phase(), By: "us", Evidence: "pppstat down"})
	case rendezvous.AddLine:
		switch {
		case !u.entry.MP:
			return errors.New(plainLink)
		case u.up && u.alone:
			return errors.New("no multilink was agreed upon for this connection")
		case !u.lines.Add(u.have()):
			return errors.New("there is no room for another line: see outdevs and maxdevs")
		}
		u.rearm()
	case rendezvous.DropLine:
		if !u.dropLine() {
			return errors.New("no line can be spared that we have called")
		}
	case rendezvous.Debug:
		u.d.debug(c.Level)
	default:
		return errors.New("there is no command " + string(c.Verb))
	}
	return nil
}

// callNow is what an operator orders.
func (u *unit) callNow() error {
	u.waiting = "pppstat up"
	a := u.policy.Order(time.Now())
	next := u.policy.Deadline()
	u.do(a)
	if !next.IsZero() {
		return errors.New("redial_limit allows no call before " + next.Format(time.TimeOnly))
	}
	return nil
}
