// Package run is the ppp program: it reads an entry of the control file, makes
// the packages dial, mp and route do what the entry says, and passes events
// between them. It is the one place that knows all four. See ppp(8).
package run

import (
	"context"
	"errors"
	"log/slog"
	"os"
	"os/signal"
	"syscall"
)

// Run is the program behind the command line; it returns the exit status.
func Run(ctx context.Context, o Options) int {
	if o.Check {
		return check(o, os.Stdout, os.Stderr)
	}
	level := new(slog.LevelVar)
	log := newLogger(level, os.Stderr, o.Login && sameTTY(os.Stdin, os.Stderr)).With("entry", o.Remote)
	level.Set(levelFor(o.Debug))
	verdict := start(ctx, o, level, log)
	verdict.log(log)
	return verdict.Status
}

// start runs the entry from its first check to its end.
func start(ctx context.Context, o Options, level *slog.LevelVar, log *slog.Logger) Verdict {
	entry, diags, err := choose(o)
	if errors.Is(err, os.ErrPermission) && os.Geteuid() != 0 {
		return notRoot(o.Remote)
	}
	report(log, diags)
	if err != nil {
		return explainFile(err)
	}
	if diags.HasErrors() {
		return faulty(o.File, diags)
	}
	if os.Geteuid() != 0 {
		return notRoot(o.Remote)
	}
	level.Set(levelFor(o.Debug + policyOf(entry).debug))
	// From here on a signal means an orderly end.
	signals := make(chan os.Signal, 8)
	signal.Notify(signals, syscall.SIGTERM, syscall.SIGINT, syscall.SIGHUP, syscall.SIGUSR1, syscall.SIGUSR2)
	defer signal.Stop(signals)
	return newDaemon(entry, o, level, log).run(ctx, signals)
}
