package run

import (
	"context"
	"os"
	"slices"
	"sort"
	"time"

	"pppdial/cmd/internal/rendezvous"
	"pppdial/cmd/internal/status"
	"pppdial/mp"
)

// This file is what pppstat and the metrics are told. The run loop only tells
// what it owns; the loops that own the links are asked behind its back, so that
// nobody who looks keeps a line waiting.

// State tells of the units.
func (h host) State(ctx context.Context, q rendezvous.Query) ([]status.Bundle, error) {
	seen, err := ask(ctx, h.d, func() []sight { return h.d.look(q) })
	all := make([]status.Bundle, len(seen))
	for i := range seen {
		all[i] = seen[i].Bundle
		if !q.Brief {
			all[i] = seen[i].complete(time.Now())
		}
	}
	return all, err
}

// A sight is what the run loop knows of a unit.
type sight struct {
	status.Bundle
	bundle *mp.Bundle // nil: there is none yet
	rates  *rates
	start  counters    // of the connection
	lines  []linkSight // as far as the run loop knows them
}

// A linkSight is a link as far as the run loop knows it.
type linkSight struct {
	link *mp.Link
	status.Link
	told bool
}

func (d *daemon) look(q rendezvous.Query) (all []sight) {
	now := time.Now()
	if q.Target == (rendezvous.Target{}) {
		all = make([]sight, 0, len(d.units))
	}
	for _, u := range d.units {
		if q.Match(u.entry.Label, u.number()) {
			all = append(all, u.look(now, q.Brief))
		}
	}
	return all
}

// number is that of the unit's interface.
func (u *unit) number() int {
	if u.iface == nil {
		return status.NoUnit
	}
	return u.iface.unit
}

func (u *unit) look(now time.Time, brief bool) sight {
	s := sight{Bundle: status.Bundle{
		Entry: u.entry.Label, Unit: u.number(), PID: os.Getpid(),
		Mode: u.entry.Mode.String(), Phase: u.phase(), Since: u.since(),
	}}
	if u.iface != nil {
		s.Interface = u.iface.tun.Name()
	}
	if brief {
		return s
	}
	if u.iface != nil {
		u.iface.look(&s)
	}
	a := &u.account
	s.Accounting = status.Accounting{
		CallsTried: a.tried, CallsMade: a.made, CallsTaken: a.taken, CallsFailed: a.failed,
		ConnectSecs: int64(a.total(now).Seconds()),
	}
	s.Accounting.LinesAdding = u.have() - len(u.members)
	if s.Up = u.up; s.Up {
		s.WhyUp = u.because
	}
	for _, v := range a.verdicts {
		s.Verdicts = append(s.Verdicts, status.Verdict{
			Time: v.at, Status: v.Status, Phase: v.Phase, By: v.By, Evidence: v.Evidence, Cause: v.Cause, Try: v.Try,
		})
		s.WhyDown = v.reason()
	}
	s.rates, s.start = &u.rates, counters{at: a.since, whole: a.atStart}
	for m := range u.members {
		s.lines = append(s.lines, linkSight{link: m.link, Link: status.Link{
			Line: m.Name(), Phase: status.Establish, Since: m.started, Speed: m.speed, Origin: m.origin,
		}})
	}
	return s
}

func (f *iface) look(s *sight) {
	s.bundle = f.bundle
	if n := f.up.v4; n != nil {
		s.Local = n.Local.String()
		if n.Remote.IsValid() {
			s.Remote = n.Remote.String()
		}
		for _, a := range n.DNS {
			s.DNS = append(s.DNS, a.String())
		}
	}
	if n := f.up.v6; n != nil {
		s.Local6, s.Remote6 = n.Local.String(), n.Remote.String()
	}
}

// since is when the unit's phase began.
func (u *unit) since() time.Time {
	earliest := func(t, other time.Time) time.Time {
		if t.IsZero() || other.Before(t) {
			return other
		}
		return t
	}
	t := time.Time{}
	switch u.phase() {
	case status.NetworkPhase:
		if t = u.account.since; !t.IsZero() {
			return t
		}
		for _, m := range u.joined() {
			t = earliest(t, m.joined)
		}
	case status.Establish:
		for m := range u.members {
			t = earliest(t, m.started)
		}
	case status.Dialing:
		for a := range u.attempts {
			t = earliest(t, a.began)
		}
	}
	if !t.IsZero() {
		return t
	}
	if n := len(u.account.verdicts); n > 0 {
		return u.account.verdicts[n-1].at
	}
	return u.account.started
}

// complete adds what the loops of the bundle and the links know.
func (s *sight) complete(now time.Time) status.Bundle {
	b := s.Bundle
	var links []mp.LinkStats
	if s.bundle != nil {
		if stats, ok := s.bundle.Stats(); ok {
			s.fill(&b, stats, s.rates.take(now, s.start, &stats))
			links = slices.Clip(stats.Links)
		}
	}
	sort.Slice(s.lines, func(i, j int) bool { return s.lines[i].Since.Before(s.lines[j].Since) })
	for i := range s.lines {
		l := &s.lines[i]
		if l.told {
			continue
		}
		if k, ok := l.link.Stats(); ok {
			measured(&l.Link, &k)
			l.Since = k.Entered
			links = append(links, k)
		}
		b.Links = append(b.Links, l.Link)
	}
	refine(&b, links)
	return b
}

// refine tells the phases that only links know: the first is proving who it is,
// or all are being ended.
func refine(b *status.Bundle, links []mp.LinkStats) {
	ending := len(links) > 0
	for i := range links {
		k := &links[i]
		if k.Phase == mp.PhaseAuthenticate && b.Phase == status.Establish {
			b.Phase, b.Since = status.Authenticate, k.Entered
		}
		ending = ending && k.Phase == mp.PhaseTerminate
	}
	if ending {
		b.Phase, b.Since, b.Up = status.Terminate, links[len(links)-1].Entered, false
	}
}

// line is what the run loop knows of a link.
func (s *sight) line(k *mp.LinkStats) status.Link {
	for i := range s.lines {
		if l := &s.lines[i]; l.link == k.Link {
			l.told = true
			return l.Link
		}
	}
	return status.Link{Line: k.Name}
}

func (s *sight) fill(b *status.Bundle, from mp.Stats, now speeds) {
	b.MTU, b.Drops, b.KeptUpBy, b.TCPOpen = from.MTU, from.Drops, from.KeptBy, from.OpenTCP
	b.Rx = counted(from.Rx, now.rx)
	b.Tx = status.Sent{Traffic: counted(from.Tx, now.tx), Queued: from.Queued, QueueLimit: from.Limit, Urgent: from.Ahead}
	tx, rx := from.TxCompression, from.RxCompression
	b.Compression = status.Compression{
		Tx: tx.Method, Rx: rx.Method, TxRatio: tx.Ratio(), RxRatio: rx.Ratio(), VJTx: from.TxVJ, VJRx: from.RxVJ,
	}
	if m := from.MP; m != nil {
		b.MP = &status.MP{
			MRRU: m.MRRU, RemoteMRRU: m.PeerMRRU, TxSeq: m.TxSeq, RxSeq: m.RxSeq, TxSSN: m.TxSSN, RxSSN: m.RxSSN,
			TxClasses: m.TxClasses, RxClasses: m.RxClasses, Lost: m.Lost, Resent: m.Resent,
			Endpoint: m.PeerEndpoint, OwnEndpoint: m.Endpoint,
		}
	}
	b.Links = make([]status.Link, 0, max(len(from.Links), len(s.lines)))
	for i := range from.Links {
		k := &from.Links[i]
		l := s.line(k)
		if !k.Since.IsZero() {
			l.Since = k.Since
		}
		measured(&l, k)
		l.Rx.BPS, l.Tx.BPS = now.links[i].rx, now.links[i].tx
		b.Links = append(b.Links, l)
		if b.PeerName == "" {
			b.PeerName = k.PeerName
		}
	}
}

// measured adds a link's counters.
func measured(l *status.Link, k *mp.LinkStats) {
	l.Phase, l.MeasuredBPS = k.Phase.String(), k.Rate*8
	l.Benched, l.Resting, l.BadFCS = k.Benched, k.Resting, k.BadFCS
	l.EchoRTTMS = float64(k.EchoRTT) / float64(time.Millisecond)
	l.Rx, l.Tx = counted(k.Rx, 0), counted(k.Tx, 0)
	l.LCPLocal, l.LCPRemote = k.Local, k.Remote
}

func counted(t mp.Traffic, bps float64) status.Traffic {
	return status.Traffic{Bytes: t.Bytes, Packets: t.Packets, BPS: bps}
}
