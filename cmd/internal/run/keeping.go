package run

import (
	"context"
	"net"
	"net/netip"
	"time"

	"pppdial/cmd/internal/keep"
	"pppdial/conf"
	"pppdial/dial"
	"pppdial/mp"
)

// This file is how a unit keeps its link good: it watches it, breaks it and
// makes it again.

const resolveTime = 10 * time.Second // for the address of the host to be asked

// A keeping is what a unit needs for that. The zero value keeps nothing.
type keeping struct {
	watch  *keep.Watch // nil: the link is not watched
	clock  *keep.Clock // nil: there are no times for resets
	resets keep.Resets

	again bool     // the connection is being broken to be made again
	lines []string // that it had then
}

func (u *unit) beginKeeping(now time.Time) {
	c := keepingConfig(u.entry)
	u.keeping.resets = c.resets
	if c.target != "" {
		u.keeping.watch = keep.NewWatch(c.target, c.monitor, u.log)
	}
	if len(c.times) > 0 {
		u.keeping.clock = keep.NewClock(c.times, now)
	}
}

// answered returns the function that finds the answers to probes among what
// comes, nil when nothing is probed.
func (u *unit) answered() func([]byte) bool {
	w := u.keeping.watch
	if w == nil {
		return nil
	}
	id := w.ID()
	return func(datagram []byte) bool {
		a, ok := keep.ParseAnswer(datagram, id)
		if ok {
			u.d.box.Put(func() {
				now := time.Now()
				w.Answered(now, a)
				u.carries(now)
				u.rearm()
			})
		}
		return ok
	}
}

// carries says that the connection carries traffic: the next reset may be a mild
// one again.
func (u *unit) carries(now time.Time) {
	if !u.up {
		return
	}
	u.keeping.resets.Alive()
	by, ok := u.caller.(resetter)
	for _, m := range u.joined() {
		if ok && m.dialed() {
			by.Up(m.device, now)
		}
	}
}

// keepDeadline is when advanceKeeping wants to be called; zero is never.
func (u *unit) keepDeadline() (t time.Time) {
	if w := u.keeping.watch; w != nil {
		t = w.Deadline()
	}
	if c := u.keeping.clock; c != nil {
		if at := c.Deadline(); t.IsZero() || at.Before(t) {
			t = at
		}
	}
	return t
}

func (u *unit) advanceKeeping(now time.Time) {
	if w := u.keeping.watch; w != nil && !w.Deadline().IsZero() && !now.Before(w.Deadline()) {
		s, _ := u.iface.bundle.Stats()
		if s.Heard.After(u.account.since) {
			u.carries(s.Heard)
		}
		u.step(w.Advance(now, s.Heard))
	}
	if c := u.keeping.clock; c != nil && c.Advance(now) {
		u.timeOfDay()
	}
}

// watchUp and watchDown tell the watch of a network protocol that is up, and of
// the end of the connection.
func (u *unit) watchUp(n mp.Network) {
	w := u.keeping.watch
	if w == nil {
		return
	}
	w.Global = func() netip.Addr { return globalOf(u.iface.tun.Name()) }
	u.step(w.Up(time.Now(), n.Local, n.Remote, n.DNS))
	u.rearm()
}

func (u *unit) watchDown() {
	if u.keeping.watch != nil {
		u.keeping.watch.Down()
	}
}

// globalOf is the first IPv6 address of an interface that is not link-local.
func globalOf(name string) netip.Addr {
	i, err := net.InterfaceByName(name)
	if err != nil {
		return netip.Addr{}
	}
	all, _ := i.Addrs()
	for _, a := range all {
		if p, err := netip.ParsePrefix(a.String()); err == nil && p.Addr().Is6() && p.Addr().IsGlobalUnicast() {
			return p.Addr()
		}
	}
	return netip.Addr{}
}

// step does what the watch wants.
func (u *unit) step(s keep.Step) {
	for _, p := range s.Probes {
		u.iface.bundle.Probe(p)
	}
	if s.Resolve != "" {
		go u.resolve(s.Resolve)
	}
	if s.Dead {
		var why *dial.ResetReason
		if u.keeping.resets.Dead() && resettable(u.entry) {
			broken := dial.LinkBroken
			why = &broken
		}
		u.remake(u.explainDead(time.Now()), why)
	}
}

// resolve finds a host's addresses, apart from the run loop.
func (u *unit) resolve(host string) {
	ctx, cancel := context.WithTimeout(u.d.patient, resolveTime)
	defer cancel()
	addrs, err := net.DefaultResolver.LookupNetIP(ctx, "ip", host)
	if err != nil {
		u.log.Info("monitor: the host's address is not known yet", "host", host, "error", err)
		return
	}
	u.d.box.Put(func() {
		if u.final == nil {
			u.step(u.keeping.watch.Resolved(addrs))
		}
	})
}

// explainDead is the verdict on a link that passes nothing.
func (u *unit) explainDead(now time.Time) Verdict {
	w := u.keeping.watch
	v := Verdict{Status: StatusPeerDead, Phase: mp.PhaseNetwork.String(), By: "us", Evidence: "monitor: " + w.Evidence(now),
		Cause: "the link is up, but no longer passes anything", Try: "nothing: it is made again"}
	if !w.Ever() {
		v.Cause, v.Try = u.explainUnheard()
		if u.entry.Monitor != keep.Auto {
			v.Try += "; monitor=auto, if it is only its host that does not answer"
		}
	}
	return v
}

// timeOfDay is what reset_at asks for.
func (u *unit) timeOfDay() {
	why := dial.TimeOfDay
	v := Verdict{Status: StatusUser, Phase: u.phase(), By: "us", Evidence: "reset_at"}
	switch {
	case u.up:
		u.log.Info("time for a reset")
		u.remake(v, &why)
	case len(u.members)+len(u.attempts)+u.hanging > 0:
		u.log.Info("no reset, though it is time: the line is in use")
	default:
		u.log.Info("time for a reset")
		if !u.makeCaller() {
			return
		}
		u.reset("", why, func() {})
	}
}

// remake breaks the connection and makes it again, with a reset of its modems
// between for a reason that is not nil.
func (u *unit) remake(v Verdict, why *dial.ResetReason) {
	u.keeping.again, u.resetFor = u.entry.Mode != conf.In, why
	u.keeping.lines = nil
	for _, m := range u.joined() {
		u.keeping.lines = append(u.keeping.lines, m.device)
	}
	u.close(v)
}
