package run

import (
	"cmp"
	"time"

	"pppdial/cmd/internal/status"
	"pppdial/conf"
	"pppdial/dial"
	"pppdial/mp"
)

// This file is how the lines of a unit become its bundle: which are let in,
// what happens when they go, and when more of them are wanted.

// How long after the network has come up a line of the peer's may join that it has
// called before. For a further one, busy_delay passes first, 5 s at least; where there
// can be none, a login may take its time.
const (
	crossTime      = 3 * time.Second
	crossTimeAlone = 30 * time.Second
)

// joined are the lines that carry the bundle.
func (u *unit) joined() (all []*member) {
	for m := range u.members {
		if !m.joined.IsZero() {
			all = append(all, m)
		}
	}
	return all
}

// admit answers a link that has proved who it is.
func (u *unit) admit(m *member, a *mp.Admission) {
	if u.waits != nil && u.iface != nil && len(u.joined()) == 0 { // it is still the last caller's
		m.log.Info("the call before is not over yet", "line", m.Name())
		a.Refuse("The call before is not over yet")
		return
	}
	if why := u.grant(m, a); why != "" {
		m.log.Info("a line too many for the RADIUS server", "line", m.Name(), "lines", len(u.joined()))
		a.Refuse(why)
		return
	}
	who := whoseIs(m.decided(), a)
	if a.Multilink && len(u.joined()) == 0 {
		if v := u.own(who); v != nil {
			m.refused = v
			a.Refuse("Your other lines are not here")
			return
		}
	}
	if err := u.takeAddress(cmp.Or(a.PeerName, u.entry.Label)); err != nil {
		v := explainPool(err)
		m.refused = &v
		a.Refuse("No address is left")
		return
	}
	if v := u.makeInterface(); v != nil {
		a.Refuse("no interface")
		if v.Status == StatusNoTUN { // waiting does not mend it
			u.end(*v)
		} else {
			u.finish(*v)
		}
		return
	}
	m.rank, m.peerName = a.Rank, a.PeerName
	there := u.joined()
	if loser := u.crossed(m, there); loser == m {
		m.log.Info("both sides have called: this line is the one too many", "line", m.Name())
		a.Refuse("Calls crossed")
		return
	} else if loser != nil {
		m.log.Info("both sides have called: this line stays", "line", m.Name())
		loser.link.Close(mp.Refused, "Calls crossed")
		there = nil
	}
	if len(there) > 0 && (!u.entry.MP || !u.lines.Takes(len(there))) {
		v := explainFull(u.entry)
		m.refused = &v
		m.log.Warn("a line too many", "line", m.Name(), "lines", len(there), "because", v.Cause)
		a.Refuse("No further lines")
		return
	}
	if len(there) > 0 && who != u.peer {
		m.log.Warn("the line of another machine", "line", m.Name(), "peer", who.endpoint, "bundle", u.peer.endpoint)
		a.Refuse("Another machine is connected")
		return
	}
	u.belongTo(who)
	m.joined = time.Now()
	if len(there) == 0 {
		u.unfit, u.noIPv4, u.alone = false, nil, !a.Multilink
	}
	if !m.dialed() {
		// What we were calling for is here.
		for at := range u.attempts {
			if at.first && at.calls {
				at.needed = false
				at.cancel()
			}
		}
	}
	a.Join(u.iface.bundle)
	if u.up {
		u.book()
		u.recordCalls()
	}
}

// belongTo takes note of whose lines the unit has.
func (u *unit) belongTo(who whose) {
	if u.d.byPeer[u.peer] == u {
		delete(u.d.byPeer, u.peer)
	}
	u.peer = who
	u.d.byPeer[who] = u
}

// crossed returns the link that has to go because both sides have called at
// the same time, nil when they have not. Both compute the same rank, so that
// both choose the same link. Of a call of ours it is certain: nobody makes a first
// one while the network is up. If the peer's joins too late for us to tell, it is up
// to the peer.
func (u *unit) crossed(m *member, there []*member) *member {
	if len(there) != 1 {
		return nil
	}
	window := crossTime
	if !u.entry.MP {
		window = crossTimeAlone
	}
	other := there[0]
	ours, late := m, false
	if up := u.account.since; !m.dialed() {
		ours, late = other, !up.IsZero() && time.Since(up) > window
	}
	if m.dialed() == other.dialed() || !ours.first || late {
		return nil
	}
	if m.rank > other.rank {
		return m
	}
	return other
}

// networkUp takes what a network protocol has agreed upon.
func (u *unit) networkUp(n mp.Network) {
	if u.unfit { // its links are being closed
		return
	}
	if n.Family == mp.IPv4 && !n.Local.IsValid() {
		u.unaddressed(n)
		return
	}
	if err := u.iface.networkUp(n); err != nil {
		u.refused(n.Family, err)
		return
	}
	if !u.up {
		u.begun(time.Now())
	}
	u.told("%s is up, %v to %v", u.iface.tun.Name(), n.Local, n.RemoteText())
	u.watchUp(n)
	u.hooks.up(u, n)
	u.recordCalls()
	u.book()
}

// unaddressed takes an IPv4 without an address for us. The link is still good for
// IPv6; where there is none it ends by itself, and for this reason.
func (u *unit) unaddressed(n mp.Network) {
	v := explainNoAddress(n)
	u.noIPv4 = &v
	if u.entry.IPv6 {
		u.iface.log.Warn("no IPv4", "cause", v.Cause, "try", v.Try)
	}
	u.iface.bundle.GiveUp(mp.IPv4)
}

// refused takes a network protocol whose settings the kernel does not take. Without
// IPv6 the link is still good for IPv4, without what the entry is for it is not.
func (u *unit) refused(f mp.Family, err error) {
	if f == mp.IPv6 && u.entry.IPv4 {
		u.iface.log.Warn("no IPv6", "because", err)
		u.iface.bundle.GiveUp(f)
		return
	}
	u.unfit = true
	u.close(explainInterface(err))
}

// begun takes note that a connection is up.
func (u *unit) begun(now time.Time) {
	u.up, u.broken = true, nil
	u.because, u.waiting = u.waiting, ""
	ours := false
	for _, m := range u.joined() {
		ours = ours || m.dialed()
	}
	if u.because == "" {
		u.because = map[bool]string{true: entrySaysSo, false: "the peer has called"}[ours]
	}
	u.policy.Up(now)
	u.lines.Up(now, ours, !u.alone)
	u.account.up(now)
	if u.keeping.watch == nil {
		u.carries(now)
	}
	u.listenFor(now)
	u.log.Info("connection begins", "because", u.because)
	if u.waits != nil {
		u.listen()
	}
	u.rearm()
}

// lost takes a line that is no longer one of ours.
func (u *unit) lost(m *member, f *mp.Failure, v Verdict) {
	now := time.Now()
	left := len(u.joined())
	if lasts := u.waits != nil || u.d.main == u && u.entry.Mode != conf.In; left == 0 && lasts {
		u.disown()
	}
	switch {
	case u.final != nil:
		if left == 0 && u.up {
			u.concluded(now)
			u.up = false
			u.parted(now, *u.final)
		}
		u.whenFree(func() {})
	case left > 0:
		m.log.Info("a line less", "line", m.Name(), "left", left, "because", v.Evidence)
		switch {
		case m.dialed() && f.Kind == mp.Silent:
			u.furtherWithoutPPP(m, v)
		case m.joined.IsZero():
			u.lines.Failed(now, u.have())
		case ended(f.Kind):
			u.lines.Ended(left)
			u.callNoFurther()
		default:
			u.lines.Lost(now, m.joined, f.Kind == mp.PeerTerminated, u.have())
		}
		u.rearm()
	case u.up:
		u.over(now, m, f.Kind, v)
	case u.waits != nil:
		u.account.keep(now, v)
		u.keep(v)
		if !m.joined.IsZero() {
			u.finish(v)
			return
		}
		v.log(m.log)
		if len(u.members) == 0 {
			u.record.Begin()
		}
	case m.origin == status.HandedOver && u.d.main != u, u.entry.Mode == conf.In:
		u.end(v)
	case u.policy.Calling() && len(u.members) == 0 && !u.dialing():
		u.whenFree(func() { u.withoutPPP(m, f.Kind, v) })
	default:
		v.log(m.log)
	}
}

// ended reports whether a line has gone because we wanted it to.
func ended(k mp.Kind) bool { return k == mp.Idle || k == mp.ConnectTime || k == mp.Closed }

// callNoFurther breaks off calls for further lines.
func (u *unit) callNoFurther() {
	for a := range u.attempts {
		if !a.first && a.calls {
			a.needed = false
			a.cancel()
		}
	}
}

// dialing reports whether a call for the first link is being made.
func (u *unit) dialing() bool {
	for a := range u.attempts {
		if a.first {
			return true
		}
	}
	return false
}

// over takes the end of a connection that was up.
func (u *unit) over(now time.Time, m *member, k mp.Kind, v Verdict) {
	v = u.withUnheard(now, v)
	u.up, u.party = false, nil
	u.lines.Down()
	if ended(k) {
		u.callNoFurther()
	}
	u.account.ended(now, v)
	u.keep(v)
	u.parted(now, v)
	if u.cancelReset != nil { // of a further line's modem: the first need not wait for it
		u.cancelReset()
	}
	u.whenFree(func() { u.afterLink(m, k, func() { u.down(v) }) })
}

// parted sums up a connection that was up.
func (u *unit) parted(now time.Time, v Verdict) {
	s := u.account.down(now, u.carried())
	u.told("down: %s", v.reason())
	u.watchDown()
	switch {
	case u.entry.Camp:
		u.iface.withdraw()
	case !u.iface.keeps() && !u.keeping.again: // who calls next may have the same address
		u.iface.unset()
	}
	u.log.Info("connection ends", "because", v.reason(), "lasted", s.lasted, "sent", s.sent, "received", s.received, "units", u.units(s.lasted))
	u.hooks.down(s)
}

// down is what follows the end of a connection when its lines are free.
func (u *unit) down(v Verdict) {
	switch {
	case u.final != nil:
		return
	case u.up: // by another line, meanwhile
		u.keeping.again = false
		v.log(u.log)
		return
	case u.unfit && !u.keeping.again && u.entry.Mode != conf.In:
		u.unfit = false
		u.rest(v, causeOf(v, nil))
		return
	}
	now := time.Now()
	u.tries = 0
	a := u.policy.Down(now)
	switch again := u.keeping.again; {
	case again:
		u.keeping.again = false
		a = u.policy.Wish(now)
	case a == dial.End:
		u.finish(v)
		return
	}
	v.log(u.log)
	u.do(a)
	if u.waiting != "" {
		u.traffic(u.waiting)
	}
}

// units is what the telephone company bills, in units of toll_boundary.
func (u *unit) units(lasted time.Duration) int64 {
	toll := u.entry.TollBoundary
	if toll == 0 {
		return 0
	}
	return int64((lasted + toll - 1) / toll)
}

// busy says that the bundle's lines are not enough.
func (u *unit) busy() {
	u.lines.Busy(u.have())
	u.rearm()
}

// slack says that a line fewer would do.
func (u *unit) slack() { u.dropLine() }

// dropLine gives up the youngest of the lines that we have called, if there may
// be one fewer. The first one stays: the peer may be giving up its own by now.
func (u *unit) dropLine() bool {
	var youngest *member
	called := 0
	there := u.joined()
	for _, m := range there {
		if m.dialed() && !m.first {
			called++
			if youngest == nil || m.joined.After(youngest.joined) {
				youngest = m
			}
		}
	}
	if !u.lines.Slack(len(there), called) {
		return false
	}
	u.log.Info("a line is no longer needed", "line", youngest.Name())
	youngest.link.Close(mp.Idle, "Line not needed")
	return true
}
