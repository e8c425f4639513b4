package run

import (
	"fmt"
	"time"

	"pppdial/cmd/internal/notify"
)

// This file is what systemd is told of the daemon.

// ready tells that the daemon serves, and from then on that its loop turns.
func (d *daemon) ready() {
	d.notify(notify.Ready)
	every, err := notify.Watchdog()
	if err != nil {
		d.log.Warn(err.Error())
	}
	if every > 0 {
		d.alive(every / 2)
	}
}

func (d *daemon) alive(every time.Duration) {
	d.notify(notify.Alive)
	if !d.over() {
		d.after(every, func() { d.alive(every) })
	}
}

// told is the line of systemctl status about a unit.
func (u *unit) told(format string, args ...any) {
	u.d.notify(notify.Status(u.entry.Label + ": " + fmt.Sprintf(format, args...)))
}

func (d *daemon) notify(states ...string) {
	if err := notify.Send(states...); err != nil {
		d.log.Debug(err.Error())
	}
}
