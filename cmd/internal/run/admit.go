package run

import (
	"pppdial/conf"
	"pppdial/mp"
	"pppdial/mp/wire"
)

// This file is where it is decided who is let in, and to which unit.

// names are those that the peer may have: of the entry with which the link has
// begun, for in the one that the name has chosen they no longer count.
func (m *member) names() []string { return m.entry.RecvName }

// proveUs tells a reconfigure link who we are to this peer.
func (m *member) proveUs(c *mp.Claim) {
	if e := m.chosen; e != nil {
		c.ProveUs(e.SendName, e.SendPasswd.Reveal())
	}
}

// choose finds the entry of a peer's name.
func (d *daemon) choose(base *conf.Entry, name string) (*conf.Entry, error) {
	return d.file.Reconfigure(base, name)
}

// admit answers an authenticated link.
func (d *daemon) admit(a *mp.Admission) {
	m := d.members[a.Link]
	switch {
	case m == nil: // lost by now
	case d.final != nil || m.unit != nil && m.unit.final != nil:
		a.Refuse("going down")
	case m.unit == nil:
		d.place(m, a)
	default:
		m.unit.admit(m, a)
	}
}

// place finds the unit of a caller's line: that of the lines which it has
// already, or a new one.
func (d *daemon) place(m *member, a *mp.Admission) {
	e := m.entry
	if e.Reconfigure {
		if m.chosen == nil {
			a.Refuse("Who are you?")
			return
		}
		e = m.chosen
		a.Reconfigure(linkConfig(e, m.limit, d, m.log))
		m.log = d.recorded(m.record, e)
		m.log.Info("the peer's name has chosen the entry", "line", m.Name())
	}
	who := identityOf(e, a)
	u := d.byPeer[whose{e.Label, who}]
	made := u == nil || u.final != nil || !a.Multilink
	if made {
		u = d.newUnit(e)
	}
	m.hand(u, made)
	m.unit = u
	u.members[m] = true
	u.account.taken++
	u.admit(m, a)
}

// An identity is what tells machines apart: only links with the same one belong
// to one bundle (RFC 1990, section 5.1.3).
type identity struct {
	name     string // as authenticated
	endpoint string
}

// A whose is an entry, and the machine whose lines a unit of it has.
type whose struct {
	label string
	identity
}

// identityOf is whose link it is. A peer that gives no endpoint discriminator
// has the system's name.
func identityOf(e *conf.Entry, a *mp.Admission) identity {
	if a.Endpoint.Class == wire.EndpointNull {
		return identity{a.PeerName, "system " + e.RemSysname}
	}
	return identity{a.PeerName, a.Endpoint.String()}
}
