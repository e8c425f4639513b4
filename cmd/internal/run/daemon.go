package run

import (
	"context"
	"errors"
	"log/slog"
	"os"
	"syscall"
	"time"

	"pppdial/conf"
	"pppdial/dial"
	"pppdial/dial/line"
	"pppdial/mp"
)

// hangupTime is how long the line may take to be given back.
const hangupTime = 15 * time.Second

// A daemon serves one entry: it makes calls, takes their links into the
// interface, and ends with a verdict. All its fields belong to the goroutine
// in run; everybody else leaves a function in the mailbox.
type daemon struct {
	entry  *conf.Entry
	policy policy
	opt    Options
	level  *slog.LevelVar
	log    *slog.Logger
	box    *mailbox

	nursery *mp.Nursery
	iface   *iface
	calls   map[*mp.Link]*dial.Call
	started map[*mp.Link]time.Time

	dialing context.CancelFunc // ends the attempt under way; nil: none
	hanging int                // lines that are being given back
	patient context.Context    // while it lasts, modems get the time that they need to hang up
	hurry   context.CancelFunc // ends patient
	timer   *time.Timer        // until the next attempt
	again   bool               // there is to be one, after the pause, which begins when the lines are free
	pause   time.Duration
	tries   int // attempts in a row without a network
	everUp  bool
	final   *Verdict // the program ends when the lines are free
	signals int      // to end the program, so far
}

func newDaemon(e *conf.Entry, o Options, level *slog.LevelVar, log *slog.Logger) *daemon {
	d := &daemon{
		entry: e, policy: policyOf(e), opt: o, level: level, log: log, box: newMailbox(), nursery: mp.NewNursery(),
		calls: map[*mp.Link]*dial.Call{}, started: map[*mp.Link]time.Time{},
		timer: time.NewTimer(time.Hour),
	}
	d.timer.Stop()
	d.patient, d.hurry = context.WithCancel(context.Background())
	return d
}

func (d *daemon) run(ctx context.Context, signals <-chan os.Signal) Verdict {
	defer d.close()
	if v := d.begin(ctx); v != nil {
		return *v
	}
	for !d.finished() {
		select {
		case <-d.box.ready:
			for _, f := range d.box.take() {
				f()
			}
		case s := <-signals:
			d.signal(s.(syscall.Signal))
		case <-d.timer.C:
			d.call(ctx)
		case <-ctx.Done():
			d.signal(syscall.SIGTERM)
			ctx = context.WithoutCancel(ctx)
		}
	}
	return *d.final
}

// begin makes the interface of a caller, and starts the first call.
func (d *daemon) begin(ctx context.Context) *Verdict {
	if d.opt.Login {
		l, err := line.FromFile(os.Stdin, "stdin")
		if err != nil {
			return &Verdict{Status: StatusOpen, Phase: "dead", By: "us", Evidence: err.Error(),
				Cause: "without -r the standard input must be the line", Try: "ppp -r " + d.entry.Label}
		}
		if _, err := l.Write([]byte("PPP\r\n")); err != nil {
			return &Verdict{Status: StatusHangup, Phase: "dead", By: "line", Evidence: err.Error()}
		}
		d.talks(dial.Given(l))
		return nil
	}
	if !d.policy.wait {
		if v := d.makeInterface(); v != nil {
			return v
		}
	}
	d.call(ctx)
	return nil
}

func (d *daemon) makeInterface() *Verdict {
	if d.iface != nil {
		return nil
	}
	f, err := openInterface(d.entry, &d.opt, d, d.log)
	if err != nil {
		v := explainInterface(err)
		return &v
	}
	d.iface = f
	return nil
}

// finished reports whether the verdict is final and every line free.
func (d *daemon) finished() bool {
	return d.final != nil && (d.signals > 2 || d.dialing == nil && d.hanging == 0 && len(d.calls) == 0)
}

// end sets the final verdict, the first one stays, and ends what runs.
func (d *daemon) end(v Verdict) {
	if d.final != nil {
		return
	}
	d.final = &v
	d.timer.Stop()
	d.hangUp(mp.Closed, "User request")
}

// hangUp ends the attempt under way and all links.
func (d *daemon) hangUp(kind mp.Kind, reason string) {
	if d.dialing != nil {
		d.dialing()
	}
	for k := range d.calls {
		k.Close(kind, reason)
	}
}

func (d *daemon) signal(s syscall.Signal) {
	switch s {
	case syscall.SIGUSR1:
		d.level.Set(max(d.level.Level()-4, mp.LevelBytes))
		d.log.Info("more debugging information")
	case syscall.SIGUSR2:
		d.level.Set(min(d.level.Level()+4, slog.LevelInfo))
		d.log.Info("less debugging information")
	case syscall.SIGHUP:
		d.log.Info("breaking the link: SIGHUP")
		d.end(Verdict{Status: StatusHangup, Phase: d.phase(), By: "us", Evidence: "SIGHUP"})
	default:
		d.signals++
		d.end(Verdict{Status: StatusUser, Phase: d.phase(), By: "us", Evidence: signalName(s)})
		if d.signals == 2 {
			d.log.Info("not waiting for peer and modem: second signal")
			d.drop()
		}
	}
}

// drop gives up all lines at once.
func (d *daemon) drop() {
	d.hurry()
	for k := range d.calls {
		k.Drop(mp.Closed, "")
	}
}

func signalName(s syscall.Signal) string {
	if s == syscall.SIGINT {
		return "SIGINT"
	}
	return "SIGTERM"
}

// phase is a word for where the daemon is.
func (d *daemon) phase() string {
	switch {
	case d.dialing != nil:
		return "dialing"
	case len(d.calls) > 0 && d.everUp:
		return mp.PhaseNetwork.String()
	case len(d.calls) > 0:
		return mp.PhaseEstablish.String()
	}
	return mp.PhaseDead.String()
}

// call makes one attempt, in a goroutine of its own.
func (d *daemon) call(ctx context.Context) {
	dialer, err := dial.New(dialConfig(d.entry, &d.opt, d.log))
	if err != nil {
		d.end(explainCall(err))
		return
	}
	d.tries++
	ctx, d.dialing = context.WithCancel(ctx)
	attempt := dialer.Call
	if d.policy.wait {
		attempt = dialer.Answer
	}
	go func() {
		c, err := attempt(ctx)
		d.box.put(func() { d.called(c, err) })
	}()
}

func (d *daemon) called(c *dial.Call, err error) {
	d.dialing()
	d.dialing = nil
	switch {
	case err == nil && d.final != nil:
		d.giveBack(c)
	case err == nil:
		d.talks(c)
	case d.final != nil:
	default:
		v, pause := explainCall(err), d.policy.rest
		var e *dial.Error
		if errors.As(err, &e) {
			pause = max(pause, e.Retry)
			if e.Kind == dial.NotNow {
				d.end(v)
				return
			}
		}
		d.failed(v, pause)
	}
}

// failed decides whether a failed attempt is repeated, and after which pause.
func (d *daemon) failed(v Verdict, pause time.Duration) {
	if d.tries >= d.policy.tries || hopeless(v) {
		if d.tries > 1 {
			d.log.Warn("giving up for now", "tries", d.tries)
		}
		d.end(v)
		return
	}
	v.log(d.log)
	d.log.Info("next try", "after", pause)
	d.again, d.pause = true, pause
	d.rest()
}

// rest lets the modem rest before the next attempt.
func (d *daemon) rest() {
	if d.again && d.hanging == 0 && d.final == nil {
		d.again = false
		d.timer.Reset(d.pause)
	}
}

// talks starts PPP on a line that is ready for it.
func (d *daemon) talks(c *dial.Call) {
	if d.entry.Sync == conf.Yes {
		if err := c.Line.SetSync(); err != nil {
			d.giveBack(c)
			d.end(explainSync(err))
			return
		}
	}
	speed := 0
	if c.Line.Caps().TrueBaud {
		speed = c.Line.Speed()
	}
	k := d.nursery.Start(c.Line, c.Unread, linkConfig(d.entry, speed, d, d.log))
	d.calls[k] = c
	d.started[k] = time.Now()
}

// giveBack hangs up, apart from the run loop: modems take their time.
func (d *daemon) giveBack(c *dial.Call) {
	d.hanging++
	go func() {
		ctx, cancel := context.WithTimeout(d.patient, hangupTime)
		defer cancel()
		c.Hangup(ctx)
		d.box.put(func() {
			d.hanging--
			d.rest()
		})
	}()
}

func (d *daemon) close() {
	d.drop()
	d.timer.Stop()
	if d.iface != nil {
		d.iface.close()
	}
	d.nursery.Close()
}

// The events of package mp come from its loops.

// Admit takes every link into the one interface of the entry.
func (d *daemon) Admit(a *mp.Admission) {
	d.box.put(func() {
		if d.final != nil {
			a.Refuse("going down")
			return
		}
		if v := d.makeInterface(); v != nil {
			a.Refuse("no interface")
			d.end(*v)
			return
		}
		a.Join(d.iface.bundle)
	})
}

func (d *daemon) NetworkUp(_ *mp.Bundle, n mp.Network) {
	d.box.put(func() {
		d.everUp, d.tries = true, 0
		if err := d.iface.networkUp(n); err != nil {
			d.end(explainInterface(err))
		}
	})
}

func (d *daemon) NetworkDown(*mp.Bundle, mp.Family) {}

func (d *daemon) Demand(*mp.Bundle, string) {}

// One line is called, whatever the load.
func (d *daemon) Busy(*mp.Bundle) {}

func (d *daemon) Slack(*mp.Bundle) {}

func (d *daemon) LinkLost(k *mp.Link, f *mp.Failure, unread []byte) {
	d.box.put(func() {
		c := d.calls[k]
		delete(d.calls, k)
		took := time.Since(d.started[k])
		delete(d.started, k)
		d.log.Info("link down", "line", k.Name(), "because", f.Kind, "after", took.Round(time.Millisecond))
		v := explainLink(f, unread)
		d.giveBack(c)
		if d.final != nil {
			return
		}
		if f.Up || d.opt.Login || d.policy.wait {
			d.end(v)
			return
		}
		d.failed(v, d.policy.rest)
	})
}

// hopeless reports whether trying again cannot help.
func hopeless(v Verdict) bool {
	switch v.Status {
	case StatusOptions, StatusNoTUN, StatusAuthRejected, StatusPeerAuth, StatusLoopback, StatusFatal:
		return true
	}
	return false
}

var _ mp.Events = (*daemon)(nil)
