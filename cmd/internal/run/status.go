package run

import (
	"context"
	"os"
	"time"

	"pppdial/cmd/internal/rendezvous"
	"pppdial/cmd/internal/status"
)

// State tells pppstat of the units.
func (h host) State(ctx context.Context, q rendezvous.Query) ([]status.Bundle, error) {
	return ask(ctx, h.d, func() []status.Bundle { return h.d.state(q) })
}

func (d *daemon) state(q rendezvous.Query) (all []status.Bundle) {
	for _, u := range d.units {
		if u.iface == nil || !q.Match(u.entry.Label, u.iface.unit()) {
			continue
		}
		b := u.status(time.Now())
		if q.Brief {
			b = b.Brief()
		}
		all = append(all, b)
	}
	return all
}

// status is what there is to know of a unit.
func (u *unit) status(now time.Time) status.Bundle {
	a := &u.account
	b := status.Bundle{
		Entry: u.entry.Label, Interface: u.iface.tun.Name(), Unit: u.iface.unit(), PID: os.Getpid(),
		Mode: u.entry.Mode.String(), Phase: u.phase(), WhyUp: u.because,
		Accounting: status.Accounting{
			CallsTried: a.tried, CallsMade: a.made, CallsFailed: a.failed,
			ConnectSecs: int64(a.total(now).Seconds()), LinesAdding: len(u.attempts),
		},
	}
	return b
}
