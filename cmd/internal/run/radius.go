package run

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"maps"
	"strconv"
	"strings"
	"sync/atomic"
	"time"

	"pppdial/cmd/internal/radius"
	"pppdial/conf"
	"pppdial/mp"
	"pppdial/mp/wire"
)

// This file is how RADIUS servers decide about callers (radius=) and get to know
// what became of them. What they grant is in radius_grant.go.

const (
	// booksWait is how long a session's Start waits for the other network
	// protocol, so that it can tell all addresses.
	booksWait = 2 * time.Second
	// lastRecords is how long the program's end waits for servers to take the
	// last records; those that are left are on the disk.
	lastRecords = 3 * time.Second
)

// A radiusCall is what RADIUS has to do with a member.
type radiusCall struct {
	client  *radius.Client
	call    radius.Call
	ctx     context.Context
	cancel  context.CancelFunc
	first   *mp.Claim     // whose name is the call's
	grant   *radius.Grant // nil: not yet
	pool    []conf.Range  // that the grant names
	err     error         // why no server has decided
	session *radius.Session
	cause   radius.Cause // of the session's end, if it is not the verdict's
}

// A party is the links of a bundle, for the books.
type party struct {
	id  string
	had atomic.Int32 // links until now
}

// A radiusKey is what an entry says of servers.
type radiusKey struct{ servers, coa string }

// radiusFor finds or makes the client of an entry's servers.
func (d *daemon) radiusFor(e *conf.Entry) (*radius.Client, error) {
	key := radiusKey{fmt.Sprint(e.Radius), e.RadiusCoA}
	if c := d.radius[key]; c != nil {
		return c, nil
	}
	cfg, err := radiusConfig(e, &d.opt, d.log)
	if err != nil {
		return nil, err
	}
	for k := range d.radius {
		if k.coa == key.coa && cfg.Listen != "" {
			d.log.Error("radius_coa is taken by entries with other servers: those of this one cannot end or change its sessions",
				"address", key.coa, "entry", e.Label)
			cfg.Listen = ""
		}
	}
	cfg.Disconnect = func(s *radius.Session) { d.box.Put(func() { d.disconnect(s) }) }
	cfg.Change = func(s *radius.Session, c radius.Change) { d.box.Put(func() { d.change(s, c) }) }
	c, err := radius.New(cfg)
	if err == nil {
		d.radius[key] = c
	}
	return c, err
}

// checkRadius makes sure that an entry's servers can be asked before anybody
// calls.
func (d *daemon) checkRadius(e *conf.Entry) *Verdict {
	if len(e.Radius) == 0 {
		return nil
	}
	_, err := d.radiusFor(e)
	if err == nil {
		return nil
	}
	v := &Verdict{Status: StatusOptions, Phase: "dead", By: "us", Evidence: err.Error(),
		Cause: "the RADIUS servers cannot be asked", Try: "see radius in ppp.conf(5)"}
	switch { // what may be mended while we wait
	case errors.Is(err, radius.ErrListen):
		v.Status, v.Cause = StatusFatal, "requests of the RADIUS servers cannot be taken"
		v.Try = "see that radius_coa has a name that resolves, and a port that this process may take"
	case errors.Is(err, radius.ErrSpool):
		v.Status, v.Cause = StatusFatal, "accounting records for the RADIUS servers cannot be kept"
		v.Try = "see that there is room in " + d.opt.KeepDir + ", and that it can be written to"
	}
	return v
}

// withRadius gets ready to ask the servers of the member's entry.
func (d *daemon) withRadius(m *member) *Verdict {
	if v := d.checkRadius(m.entry); v != nil || len(m.entry.Radius) == 0 {
		return v
	}
	client, _ := d.radiusFor(m.entry)
	m.radius = &radiusCall{client: client, call: radiusPort(m)}
	m.radius.ctx, m.radius.cancel = context.WithCancel(context.Background())
	return nil
}

// radiusPort tells the servers which line it is.
func radiusPort(m *member) radius.Call {
	c := radius.Call{
		ID: radius.NewID(), Line: strings.TrimPrefix(m.Name(), "/dev/"), Type: radius.Async,
		Calling: m.caller.Calling, Called: m.caller.Called, Connect: connectInfo(m.report),
	}
	if m.entry.Sync == conf.Yes {
		c.Type = radius.Sync
	}
	c.Port = lineNumber(c.Line)
	return c
}

// connectInfo is what a modem says behind CONNECT, as far as RADIUS has room.
func connectInfo(report string) string {
	_, report, _ = strings.Cut(report, " ")
	return report[:min(len(report), 253)]
}

// lineNumber is the number at the end of a line's name; 0 if there is none.
func lineNumber(name string) uint32 {
	n, err := strconv.ParseUint(name[strings.LastIndexFunc(name, func(r rune) bool { return r < '0' || r > '9' })+1:], 10, 32)
	if err != nil {
		return 0
	}
	return uint32(n)
}

// askRadius asks about a claim of a link that is still there.
func (d *daemon) askRadius(m *member, claim *mp.Claim) {
	if !allowed(m.names(), claim.Name) {
		claim.Answer(false, "")
		return
	}
	r, base, log := m.radius, m.entry, m.log
	if r.first == nil {
		r.first = claim
	}
	if claim.Name != r.first.Name { // an answer about the first may be under way
		d.refuseLater(m, claim, errOther)
		return
	}
	first := r.grant == nil
	r.client.Authenticate(r.ctx, r.call, claim.AuthRequest, func(a radius.Answer) {
		var n named
		if a.Grant != nil && first { // the name service may be asked for what the entries name
			n.entry, n.err = d.goesOnWith(base, claim.Name, a.Grant.Filter)
			n.pool = d.poolOf(a.Grant, log)
		}
		d.box.Put(func() { d.radiusAnswered(m, claim, a, n) })
	})
}

// A named is what a grant names in the control file.
type named struct {
	entry *conf.Entry // nil: the call goes on as it has begun
	err   error
	pool  []conf.Range
}

// radiusAnswered passes the answer on. The grant of the first round counts.
func (d *daemon) radiusAnswered(m *member, claim *mp.Claim, a radius.Answer, n named) {
	if d.members[claim.Link] == nil {
		return // lost by now
	}
	r := m.radius
	if a.Grant != nil && r.grant == nil {
		m.chosen, r.err = n.entry, n.err
		r.grant, r.pool = a.Grant, n.pool
	} else {
		r.err = a.Err
	}
	if r.err != nil {
		m.log.Error("the peer cannot be let in", "line", m.Name(), "name", claim.Name, "because", r.err)
	}
	ok := a.Grant != nil && r.err == nil
	claim.Answer(ok, a.Message)
	if ok {
		m.proveUs(claim)
	}
}

// goesOnWith finds the entry that a call goes on with: the one that the server
// names, by Filter-Id, or, behind reconfigure, that of the peer's name or, where
// there is none, the one with which it has begun. Nil: there is nothing to
// change.
func (d *daemon) goesOnWith(e *conf.Entry, name, filter string) (*conf.Entry, error) {
	switch {
	case filter != "":
		x, err := d.file.Reconfigure(e, filter)
		if err != nil {
			err = fmt.Errorf("attribute Filter-Id: %w", err)
		}
		return x, err
	case !e.Reconfigure:
		return nil, nil
	case d.file.Has(name):
		return d.choose(e, name)
	}
	x := *e
	x.Reconfigure, x.Device = false, nil
	return &x, nil
}

// grant puts what a server grants to the peer of a first line into effect, or
// says why the line is not let in.
func (u *unit) grant(m *member, a *mp.Admission) (why string) {
	if m.radius == nil || m.radius.grant == nil {
		return ""
	}
	g, there := m.radius.grant, len(u.joined())
	if g.Ports > 0 && there >= g.Ports {
		return "No further lines allowed"
	}
	if there == 0 {
		e := u.entry
		if m.chosen != nil {
			e = m.chosen
			if !m.entry.Reconfigure {
				a.Reconfigure(chosenConfig(e, m.limit, u.d, m.log))
			}
		}
		u.goOnWith(granted(withPool(e, m.radius.pool), g, m.log))
	}
	return ""
}

// poolOf is the pool that a server names by the label of an entry.
func (d *daemon) poolOf(g *radius.Grant, log *slog.Logger) []conf.Range {
	if g.Pool == "" {
		return nil
	}
	if !d.file.Has(g.Pool) {
		log.Warn("attribute Framed-Pool ignored: there is no such entry", "label", g.Pool)
		return nil
	}
	from, _ := d.file.Entry(g.Pool)
	if len(from.Pool) == 0 {
		log.Warn("attribute Framed-Pool ignored: the entry has no pool", "label", g.Pool)
	}
	return from.Pool
}

// withPool is the entry with the addresses of a pool that a server names.
func withPool(e *conf.Entry, pool []conf.Range) *conf.Entry {
	if len(pool) == 0 {
		return e
	}
	x := *e
	x.Pool, x.Set = pool, maps.Clone(e.Set)
	delete(x.Set, "remotehost") // in whose place the pool is
	return &x
}

// goOnWith changes the entry, and the limits of a bundle that is there.
func (u *unit) goOnWith(e *conf.Entry) {
	for _, m := range u.d.members {
		if m.entry == u.entry {
			m.entry = e
		}
	}
	u.entry = e
	if u.iface != nil {
		u.iface.bundle.SetLimits(e.ActiveTimeout, e.InactiveTimeout, e.MaxConnectSecs)
	}
}

// book opens the books of the unit's lines, now or when all network protocols
// had time to come up.
func (u *unit) book() {
	wait := time.Duration(0)
	if up := u.iface.up; u.entry.IPv4 && up.v4 == nil || u.entry.IPv6 && up.v6 == nil {
		wait = booksWait
	}
	u.d.after(wait, func() {
		if !u.up || u.final != nil {
			return
		}
		for _, m := range u.joined() {
			u.open(m)
		}
	})
}

// open opens the books of a line.
func (u *unit) open(m *member) {
	r := m.radius
	if r == nil || r.session != nil || r.grant == nil {
		return
	}
	if u.party == nil {
		u.party = &party{id: radius.NewID()}
	}
	p, b, link := u.party, u.iface.bundle, m.link
	c := radius.SessionConfig{Call: r.call, Grant: r.grant, Links: int(p.had.Add(1))}
	if u.entry.MP {
		c.Bundle = p.id
	}
	if n := u.iface.up.v4; n != nil {
		c.Address = n.Remote
	}
	if n := u.iface.up.v6; n != nil {
		a := n.Remote.As16()
		c.InterfaceID = wire.InterfaceID(a[8:])
	}
	var last radius.Usage
	c.Usage = func() radius.Usage {
		s, _ := b.Stats()
		for _, k := range s.Links {
			if k.Link == link {
				last = carriedBy(k.Rx, k.Tx)
			}
		}
		last.Links = int(p.had.Load())
		return last
	}
	s, err := r.client.Open(c)
	if err != nil {
		m.log.Error("no accounting for this line", "line", m.Name(), "error", err)
		return
	}
	r.session = s
}

// carriedBy is what a line has carried, as the servers count.
func carriedBy(rx, tx mp.Traffic) radius.Usage {
	return radius.Usage{In: rx.Bytes, InPackets: rx.Packets, Out: tx.Bytes, OutPackets: tx.Packets}
}

// radiusLost ends what RADIUS has to do with a line, and tells the verdict.
func (d *daemon) radiusLost(m *member, f *mp.Failure, v Verdict) Verdict {
	r := m.radius
	if r == nil {
		return v
	}
	r.cancel()
	if r.err != nil && f.Kind == mp.PeerAuth {
		v = explainRadius(r.err)
		v.Phase = f.Phase.String()
	}
	if r.session == nil {
		return v
	}
	u := carriedBy(f.Rx, f.Tx)
	if m.unit != nil && m.unit.party != nil {
		u.Links = int(m.unit.party.had.Load())
	}
	if r.cause == 0 {
		r.cause = terminateCause(v, d.final != nil)
	}
	r.session.Close(u, r.cause)
	return v
}

// memberOf finds the line of a session.
func (d *daemon) memberOf(s *radius.Session) *member {
	for _, m := range d.members {
		if m.radius != nil && m.radius.session == s {
			return m
		}
	}
	return nil
}

// disconnect ends a session because a server says so.
func (d *daemon) disconnect(s *radius.Session) {
	if m := d.memberOf(s); m != nil {
		m.radius.cause = radius.AdminReset
		m.link.Close(mp.Closed, "Disconnected by the RADIUS server")
	}
}

// change gives the bundle of a session new limits. They count from its
// beginning, as those that they replace.
func (d *daemon) change(s *radius.Session, c radius.Change) {
	m := d.memberOf(s)
	if m == nil || m.unit == nil {
		return
	}
	e := *m.unit.entry
	if c.SessionTimeout != nil {
		e.MaxConnectSecs = *c.SessionTimeout
	}
	if c.IdleTimeout != nil {
		e.ActiveTimeout, e.InactiveTimeout = *c.IdleTimeout, *c.IdleTimeout
	}
	m.unit.goOnWith(&e)
}

// closeRadius gives the servers the last records.
func (d *daemon) closeRadius() {
	ctx, cancel := context.WithTimeout(d.patient, lastRecords)
	defer cancel()
	for _, c := range d.radius {
		c.Close(ctx)
	}
}

// terminateCause tells the servers why a session has ended.
func terminateCause(v Verdict, goingDown bool) radius.Cause {
	switch {
	case v.Status == StatusUser && goingDown:
		return radius.AdminReboot
	case v.Status == StatusHangup && v.By == "us":
		return radius.AdminReset
	}
	if c, ok := terminateCauses[v.Status]; ok {
		return c
	}
	return radius.NASError
}

var terminateCauses = map[int]radius.Cause{
	StatusOK:           radius.UserRequest,
	StatusUser:         radius.AdminReset,
	StatusNegotiation:  radius.UserError,
	StatusPeerAuth:     radius.UserError,
	StatusAuthRejected: radius.UserError,
	StatusIdle:         radius.IdleTimeout,
	StatusConnectTime:  radius.SessionTimeout,
	StatusPeerDead:     radius.LostCarrier,
	StatusHangup:       radius.LostCarrier,
	StatusLoopback:     radius.PortError,
	StatusFatal:        radius.NASRequest,
}

// explainRadius explains why no RADIUS server has decided.
func explainRadius(err error) Verdict {
	v := Verdict{Status: StatusPeerAuth, Phase: "authenticate", By: "us", Evidence: err.Error(),
		Cause: "the RADIUS server's answer is no help", Try: "see what it is told to answer"}
	if errors.Is(err, radius.ErrNoServer) {
		v.Cause = "no RADIUS server has told who the peer is"
		v.Try = "check that one runs, knows this machine and the secret, and sends a Message-Authenticator"
	}
	return v
}
