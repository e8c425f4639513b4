package run

import (
	"errors"
	"fmt"

	accounts "pppdial/cmd/internal/account"
	"pppdial/conf"
	"pppdial/mp"
	"pppdial/mp/wire"
)

// This file is how it is found out whether peers are who they say: by the
// secrets of the control file, and by the accounts of this system.

// verify answers a peer's claim to be somebody.
func (d *daemon) verify(m *member, c *mp.Claim) {
	if d.members[c.Link] == nil {
		return // lost by now
	}
	if m.radius != nil {
		d.askRadius(m, c)
		return
	}
	base := m.entry
	switch {
	case !allowed(m.names(), c.Name):
		d.refuseLater(m, c, errName)
	case !base.Reconfigure:
		d.judge(m, c, base, nil)
	case m.chosen != nil && m.chosen.Label != c.Name:
		d.refuseLater(m, c, errOther)
	case m.chosen != nil:
		d.judge(m, c, m.chosen, nil)
	default: // the name service may be asked for what the entry names
		go func() {
			e, err := d.choose(base, c.Name)
			d.box.Put(func() { d.judge(m, c, e, err) })
		}()
	}
}

// judge answers a claim by the entry that has to do with it.
func (d *daemon) judge(m *member, c *mp.Claim, e *conf.Entry, err error) {
	switch {
	case d.members[c.Link] == nil:
	case err != nil:
		d.refuseLater(m, c, err)
	case e.RecvPasswd != "":
		if !accepts(e, m.names(), c.Name, c.CheckSecret) {
			d.refuseLater(m, c, errSecret)
			return
		}
		m.believe(e, c)
	case c.Method.Protocol == wire.PAP:
		d.checker().Check(c.Name, c.Password, func(err error) {
			d.box.Put(func() { d.checked(m, e, c, err) })
		})
	default:
		d.refuseLater(m, c, errNoSecret)
	}
}

// Why a peer is not believed, apart from what package account says.
var (
	errName     = errors.New("the name is none of those that recv_name lists")
	errSecret   = errors.New("the peer does not know recv_passwd")
	errNoSecret = errors.New("the entry has no recv_passwd, and only PAP can do without")
	errOther    = errors.New("the name is not that with which the link has begun")
)

// checked takes what the accounts say about a claim.
func (d *daemon) checked(m *member, e *conf.Entry, c *mp.Claim, err error) {
	switch {
	case d.members[c.Link] == nil:
	case err != nil:
		d.refuse(m, c, err)
	default:
		m.believe(e, c)
	}
}

// believe lets a peer in.
func (m *member) believe(e *conf.Entry, c *mp.Claim) {
	if m.entry.Reconfigure {
		m.chosen = e
	}
	m.refused = nil
	c.Answer(true, "")
	m.proveUs(c)
}

// refuseLater refuses a claim after as long as the accounts take for it, so that
// nobody learns why, or can guess often.
func (d *daemon) refuseLater(m *member, c *mp.Claim, why error) {
	d.after(accounts.RefusalTime, func() {
		if d.members[c.Link] != nil {
			d.refuse(m, c, why)
		}
	})
}

func (d *daemon) refuse(m *member, c *mp.Claim, why error) {
	m.log.Warn("the peer is not believed", "line", m.Name(), "name", c.Name, "by", c.Method, "because", why)
	v := explainPeer(c.Name, why)
	m.refused = &v
	c.Answer(false, "")
}

// checker is what knows the accounts of this system.
func (d *daemon) checker() *accounts.Checker {
	if d.accounts == nil {
		d.accounts = accounts.New(accounts.Config{})
	}
	return d.accounts
}

// explainPeer explains why a peer was not believed.
func explainPeer(name string, why error) Verdict {
	r := linkReasons[mp.PeerAuth]
	v := Verdict{Status: r.status, Phase: mp.PhaseAuthenticate.String(), By: r.by, Evidence: fmt.Sprintf("the peer's name %q: %v", name, why), Cause: r.cause, Try: r.try}
	if !errors.Is(why, errSecret) {
		v.Try = "see recv_name, recv_passwd and reconfigure in ppp.conf(5)"
	}
	return v
}
