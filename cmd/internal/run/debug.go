package run

import (
	"log/slog"

	"pppdial/conf"
)

// This file is how much is told: what the command line, signals and pppstat ask
// for, and the most that an entry in use adds.

// debugFor is the number of -d of a level.
func debugFor(l slog.Level) int { return int(-l / 4) }

// debug has as much told as -d so many times, with the entries that are in use.
func (d *daemon) debug(n int) {
	d.debugging = min(max(n, 0), 3) - d.debugOf()
	d.setLevel()
}

// setLevel is for when the entries in use change; more of them are about to be.
func (d *daemon) setLevel(more ...*conf.Entry) {
	d.level.Set(levelFor(d.debugging + d.debugOf(more...)))
}

// debugOf is the most that the entries in use say.
func (d *daemon) debugOf(more ...*conf.Entry) (n int) {
	for _, u := range d.units {
		n = max(n, u.entry.Debug)
	}
	for _, m := range d.members {
		n = max(n, m.entry.Debug)
	}
	for _, e := range more {
		n = max(n, e.Debug)
	}
	return min(n, 3)
}
