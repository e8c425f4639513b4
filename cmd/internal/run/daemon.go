package run

import (
	"context"
	"log/slog"
	"net/netip"
	"os"
	"sync"
	"syscall"
	"time"

	accounts "pppdial/cmd/internal/account"
	"pppdial/cmd/internal/capture"
	"pppdial/cmd/internal/mailbox"
	"pppdial/cmd/internal/metrics"
	"pppdial/cmd/internal/notify"
	"pppdial/cmd/internal/pool"
	"pppdial/cmd/internal/radius"
	"pppdial/cmd/internal/rendezvous"
	"pppdial/cmd/internal/utmp"
	"pppdial/conf"
	"pppdial/dial/modem"
	"pppdial/mp"
)

// A daemon is the process: its units, each an interface with its entry, and
// every line that speaks PPP. All its fields, and those of its units, belong to
// the goroutine in run; everybody else leaves a function in the mailbox.
type daemon struct {
	opt   Options
	file  *conf.File
	world world
	level *slog.LevelVar
	log   *slog.Logger
	box   *mailbox.Mailbox
	ctx   context.Context // that calls are made in
	pins  *modem.PINs     // of SIM cards
	files *capture.Files

	nursery  *mp.Nursery
	members  map[*mp.Link]*member
	radius   map[radiusKey]*radius.Client
	accounts *accounts.Checker   // nil: not yet
	book     *utmp.Book          // of calls, open while the daemon runs
	pool     *pool.Pool          // nil: not yet
	hosts    map[netip.Addr]bool // addresses that entries name, from when there is a pool
	units    []*unit
	main     *unit                       // whose end is the program's; nil: there is none
	byBundle map[*mp.Bundle]*unit        // those that have one
	byPeer   map[whose]*unit             // the last to have had lines of this machine
	machines map[whose]*rendezvous.Claim // whose lines no other process takes
	server   *rendezvous.Server          // nil: there is none
	metrics  *metrics.Server             // nil: there is none

	hanging   int             // lines that are being given back
	removing  sync.Mutex      // held while an interface is being removed
	patient   context.Context // while it lasts, modems get the time that they need to hang up
	hurry     context.CancelFunc
	days      days
	midnight  *time.Timer
	debugging int      // that -d, signals and pppstat ask for, beside the entries
	solo      bool     // the program ends with the last line
	final     *Verdict // the program ends when all units have ended and the lines are free
	signals   int      // to end the program, so far
}

func newDaemon(o Options, file *conf.File, w world, level *slog.LevelVar, log *slog.Logger) *daemon {
	d := &daemon{
		opt: o, file: file, world: w, level: level, log: log, box: mailbox.New(),
		nursery: mp.NewNursery(), members: map[*mp.Link]*member{}, radius: map[radiusKey]*radius.Client{}, pins: modem.NewPINs(o.PINFile),
		debugging: o.Debug, files: new(capture.Files), byBundle: map[*mp.Bundle]*unit{}, byPeer: map[whose]*unit{},
		machines: map[whose]*rendezvous.Claim{},
	}
	d.patient, d.hurry = context.WithCancel(context.Background())
	return d
}

// run serves until there is a verdict. Begin starts what it is to serve.
func (d *daemon) run(ctx context.Context, signals <-chan os.Signal, begin func() *Verdict) Verdict {
	defer d.close()
	d.ctx = context.WithoutCancel(ctx)
	d.openBook()
	d.days.begin(time.Now())
	d.awaitMidnight()
	d.world.processors(len(d.members))
	if v := begin(); v != nil {
		d.end(*v)
	} else {
		d.ready()
	}
	ended := ctx.Done()
	for !d.over() {
		select {
		case <-d.box.Ready():
			for _, f := range d.box.Take() {
				f()
			}
		case s := <-signals:
			d.signal(s.(syscall.Signal))
		case <-ended:
			ended = nil
			d.signal(syscall.SIGTERM)
		}
	}
	return *d.final
}

// over reports whether the verdict is final and everything given back.
func (d *daemon) over() bool {
	return d.final != nil && (d.signals > 2 || len(d.units) == 0 && len(d.members) == 0 && d.hanging == 0)
}

// end sets the final verdict, the first one stays, and ends what runs.
func (d *daemon) end(v Verdict) {
	if d.final != nil {
		return
	}
	d.final = &v
	d.notify(notify.Stopping)
	for _, u := range append([]*unit(nil), d.units...) {
		u.end(v)
	}
	for k, m := range d.members {
		if m.unit == nil {
			k.Close(mp.Closed, "Going down")
		}
	}
}

func (d *daemon) signal(s syscall.Signal) {
	switch s {
	case syscall.SIGUSR1:
		d.debug(debugFor(d.level.Level()) + 1)
		d.log.Info("more debugging information")
	case syscall.SIGUSR2:
		d.log.Info("less debugging information")
		d.debug(debugFor(d.level.Level()) - 1)
	case syscall.SIGHUP:
		if d.opt.Login && d.world.hungUp() { // the kernel's: one line is at its end
			return
		}
		d.log.Info("breaking the link: SIGHUP")
		d.breakLinks()
	default:
		d.signals++
		d.end(Verdict{Status: StatusUser, Phase: d.phase(), By: "us", Evidence: signalName(s)})
		if d.signals == 2 {
			d.log.Info("not waiting for peer and modem: second signal")
			d.drop()
		}
	}
}

// breakLinks is what SIGHUP does.
func (d *daemon) breakLinks() {
	for _, u := range append([]*unit(nil), d.units...) {
		u.breakLinks(explainBroken(u.phase()))
	}
	for k, m := range d.members {
		if m.unit == nil {
			k.Close(mp.Closed, "Link broken")
		}
	}
}

// drop gives up all lines at once.
func (d *daemon) drop() {
	d.hurry()
	for k := range d.members {
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
	if len(d.units) == 0 {
		return mp.PhaseDead.String()
	}
	return d.units[0].phase()
}

// serve adds a unit and begins with it. Its end is the program's.
func (d *daemon) serve(e *conf.Entry) *Verdict {
	if v := d.checkRadius(e); v != nil {
		return v
	}
	u := d.newUnit(e)
	d.main = u
	if err := u.claim(); err != nil {
		d.remove(u)
		v := explainClaim(err)
		return &v
	}
	return u.begin()
}

// unitEnded takes out a unit that has given back everything.
func (d *daemon) unitEnded(u *unit) {
	d.remove(u)
	if u.renew && d.final == nil {
		u.final.log(u.log)
		if v := d.serve(u.waits); v != nil {
			d.end(*v)
			return
		}
		d.main.account.follow(&u.account)
		return
	}
	if u == d.main || d.solo && len(d.units) == 0 {
		d.end(*u.final)
		return
	}
	u.final.log(u.log)
}

func (d *daemon) remove(u *unit) {
	defer d.setLevel()
	d.days.ended = d.days.ended.plus(d.counted(u, time.Now()))
	if u.iface != nil {
		delete(d.byBundle, u.iface.bundle)
	}
	if d.byPeer[u.peer] == u {
		delete(d.byPeer, u.peer)
	}
	u.disown()
	for i, have := range d.units {
		if have == u {
			d.units = append(d.units[:i], d.units[i+1:]...)
			return
		}
	}
}

func (d *daemon) close() {
	d.midnight.Stop()
	d.closeRadius() // as long as there is patience
	d.drop()
	for _, u := range d.units {
		u.abandon()
		u.disown()
	}
	if d.accounts != nil {
		d.accounts.Close()
	}
	d.book.Close()
	if d.pool != nil {
		d.pool.Close()
	}
	if d.server != nil {
		d.server.Close()
	}
	if d.metrics != nil {
		d.metrics.Close()
	}
	d.nursery.Close()
}

// The events of package mp come from its loops.

func (d *daemon) Admit(a *mp.Admission) { d.box.Put(func() { d.admit(a) }) }

func (d *daemon) LinkLost(k *mp.Link, f *mp.Failure, unread []byte) {
	d.box.Put(func() { d.lost(k, f, unread) })
}

func (d *daemon) NetworkUp(b *mp.Bundle, n mp.Network) {
	d.box.Put(func() { d.of(b, func(u *unit) { u.networkUp(n) }) })
}

func (d *daemon) NetworkDown(*mp.Bundle, mp.Family) {}

func (d *daemon) Demand(b *mp.Bundle, packet string) {
	d.box.Put(func() { d.of(b, func(u *unit) { u.traffic(packet) }) })
}

func (d *daemon) Busy(b *mp.Bundle) { d.box.Put(func() { d.of(b, (*unit).busy) }) }

func (d *daemon) Slack(b *mp.Bundle) { d.box.Put(func() { d.of(b, (*unit).slack) }) }

// of does something for the unit of a bundle, if that has not ended.
func (d *daemon) of(b *mp.Bundle, f func(*unit)) {
	if u := d.byBundle[b]; u != nil && u.final == nil {
		f(u)
	}
}

var _ mp.Events = (*daemon)(nil)

// after runs f in the run loop, unless the timer is stopped before.
func (d *daemon) after(t time.Duration, f func()) *time.Timer {
	return time.AfterFunc(t, func() { d.box.Put(f) })
}
