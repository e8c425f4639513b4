// Package run is the ppp program: it reads an entry of the control file, makes
// the packages dial, mp and route do what the entry says, and passes events
// between them. It is the one place that knows all four. See ppp(8).
//
// A daemon is the process, a unit one interface with its entry, a member one
// line that speaks PPP. One goroutine owns them all; build.go turns keywords
// into configurations, explain.go what went wrong into plain words.
package run

import (
	"context"
	"errors"
	"log/slog"
	"os"
	"os/signal"
	"runtime/debug"
	"syscall"

	"pppdial/cmd/internal/rendezvous"
	"pppdial/cmd/internal/status"
	"pppdial/cmd/internal/utmp"
	"pppdial/conf"
	"pppdial/dial"
	"pppdial/dial/line"
)

// Run is the program behind the command line; it returns the exit status.
func Run(ctx context.Context, o Options) int {
	if o.Check {
		return check(o, os.Stdout, os.Stderr)
	}
	level := new(slog.LevelVar)
	log := newLogger(level, os.Stderr, o.Login && sameTTY(os.Stdin, os.Stderr))
	level.Set(levelFor(o.Debug))
	if o.Probe {
		return findModems(ctx, o, realProber, log, os.Stdout, os.Stderr)
	}
	verdict := start(ctx, o, level, log)
	if o.Remote != "" { // with -l no entry is the program's
		log = log.With("entry", o.Remote)
	}
	verdict.log(log)
	return verdict.Status
}

// gcPercent has the memory tidied up twice as often as usual. That is seldom:
// traffic takes no memory from the heap.
const gcPercent = 50

// start runs the entry from its first check to its end.
func start(ctx context.Context, o Options, level *slog.LevelVar, log *slog.Logger) Verdict {
	// From here on a signal means an orderly end.
	signals := make(chan os.Signal, 8)
	signal.Notify(signals, syscall.SIGTERM, syscall.SIGINT, syscall.SIGHUP, syscall.SIGUSR1, syscall.SIGUSR2)
	defer signal.Stop(signals)
	// That nobody reads the log any more is no reason to end. Ignored, the signal
	// would be so for the commands that we run, too.
	signal.Notify(make(chan os.Signal, 1), syscall.SIGPIPE)
	if o.Login {
		if v, ok := handOver(ctx, o, signals, log); ok {
			return v
		}
	}
	file, entry, diags, err := choose(o)
	if errors.Is(err, os.ErrPermission) && os.Geteuid() != 0 {
		return notRoot(o)
	}
	report(log, diags)
	if err != nil {
		return explainFile(err)
	}
	if diags.HasErrors() {
		return faulty(diags)
	}
	if os.Geteuid() != 0 {
		return notRoot(o)
	}
	if entry != nil {
		level.Set(levelFor(o.Debug + entry.Debug))
	}
	debug.SetGCPercent(gcPercent)
	d := newDaemon(o, file, realWorld, level, log)
	return d.run(ctx, signals, func() *Verdict {
		err := d.listen(rendezvous.Options{Anybody: o.Listen, Entry: file.Has, Log: log})
		if v := d.serveMetrics(); v != nil {
			return v
		}
		switch {
		case o.Listen && err != nil:
			v := explainListen(err)
			return &v
		case o.Listen:
			log.Info("serving the lines of login shells")
			return nil
		case o.Login:
			return d.serveLogin(entry)
		}
		return d.serve(entry)
	})
}

// serveLogin serves the line that a login has given us.
func (d *daemon) serveLogin(e *conf.Entry) *Verdict {
	name := ttyName(os.Stdin)
	l, err := line.FromFile(os.Stdin, name, e.XonXoff)
	if err != nil {
		v := notALine(err, e.Label)
		return &v
	}
	if err := greet(l); err != nil {
		return &Verdict{Status: StatusHangup, Phase: "dead", By: "line", Evidence: err.Error()}
	}
	m := &member{entry: e, origin: status.Answered, login: utmp.Recorded(utmp.Config{}, name)}
	m.conn, _ = connOf(dial.Given(l), nil)
	if e.Reconfigure {
		d.solo = true
	} else {
		m.unit = d.newUnit(e)
		d.main = m.unit
		m.unit.account.taken++
		if err := m.unit.claim(); err != nil {
			// The other has taken the entry this very moment: both serve.
			m.unit.log.Info(err.Error())
		}
	}
	d.talk(m)
	return nil
}
