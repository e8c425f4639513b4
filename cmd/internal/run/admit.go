package run

import (
	"errors"
	"fmt"
	"slices"

	"pppdial/cmd/internal/rendezvous"
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
	e := m.decided()
	if e == nil {
		a.Refuse("Who are you?")
		return
	}
	if m.entry.Reconfigure {
		a.Reconfigure(chosenConfig(e, m.limit, d, m.log))
		m.log = d.recorded(m.record, e)
		m.log.Info("the peer's name has chosen the entry", "line", m.Name())
	}
	u := d.byPeer[whoseIs(e, a)]
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

// decided is the entry of a line whose peer is known; nil: no name has chosen one.
func (m *member) decided() *conf.Entry {
	if m.entry.Reconfigure {
		return m.chosen
	}
	return m.entry
}

// A whose is what tells machines apart: only links with the same one belong to one
// bundle (RFC 1990, section 5.1.3).
type whose struct {
	label    string // "": the endpoint is a system's name
	name     string // as authenticated; "" also where it does not count
	endpoint string
}

// String names the claim to the machine's lines.
func (w whose) String() string { return fmt.Sprintf("%s %q %s", w.label, w.name, w.endpoint) }

// whoseIs is whose link it is. A peer that gives no endpoint discriminator is the
// system that its entry names; by an explicit name of it entries say that their lines
// belong together, although the peer has to prove another name for each.
func whoseIs(e *conf.Entry, a *mp.Admission) whose {
	switch {
	case a.Endpoint.Class != wire.EndpointNull:
		return whose{e.Label, a.PeerName, a.Endpoint.String()}
	case e.Set["rem_sysname"]:
		return whose{endpoint: "system " + e.RemSysname}
	default:
		return whose{name: a.PeerName, endpoint: "system " + e.RemSysname}
	}
}

// own keeps the lines of a machine from other processes until the last one is gone, or
// the interface, where that goes with it: the peer takes all of them for one bundle,
// whoever answers. The verdict says that another process has them.
func (u *unit) own(w whose) *Verdict {
	u.disown()
	if u.d.server == nil {
		return nil
	}
	if u.d.machines[w] == nil {
		c, err := u.d.server.Claim(w.String())
		if owned := (*rendezvous.OwnedError)(nil); errors.As(err, &owned) {
			v := explainElsewhere(owned)
			return &v
		}
		if err != nil {
			u.log.Info(err.Error())
			return nil
		}
		u.d.machines[w] = c
	}
	u.machine = w
	return nil
}

// disown gives the machine up, unless another unit has it, too.
func (u *unit) disown() {
	w := u.machine
	u.machine = whose{}
	if c := u.d.machines[w]; c != nil && !slices.ContainsFunc(u.d.units, func(u *unit) bool { return u.machine == w }) {
		c.Release()
		delete(u.d.machines, w)
	}
}
