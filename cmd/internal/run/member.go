package run

import (
	"context"
	"log/slog"
	"time"

	"pppdial/cmd/internal/capture"
	"pppdial/cmd/internal/status"
	"pppdial/cmd/internal/utmp"
	"pppdial/conf"
	"pppdial/mp"
)

// hangupTime is how long a line may take to be given back.
const hangupTime = 15 * time.Second

// A member is a line from when it talks until it is given back.
type member struct {
	*conn
	entry  *conf.Entry // that its link was configured by
	unit   *unit       // nil until admission tells
	link   *mp.Link
	log    *slog.Logger
	record *capture.Recorder
	origin string // status.Dialed, Answered or HandedOver
	first  bool   // we have called because there was no link

	started, joined time.Time // joined is zero before
	rank            uint64
	peerName        string        // as authenticated
	chosen          *conf.Entry   // by the name that the peer has given, in place of a reconfigure entry
	radius          *radiusCall   // nil: RADIUS has nothing to do with it
	refused         *Verdict      // why we have sent the peer away; nil: the link tells
	login           bool          // a login has recorded the caller
	call            *utmp.Session // nil: the call is not recorded
	done            func(Verdict) // tells the process that has handed the line over
}

// dialed reports whether the line is up because of our call.
func (m *member) dialed() bool { return m.origin == status.Dialed }

// talk starts PPP on a line that is ready for it.
func (d *daemon) talk(m *member) {
	d.record(m)
	m.started = time.Now()
	if m.entry.Sync == conf.Yes {
		if err := m.setSync(); err != nil {
			d.cannotTalk(m, explainSync(err))
			return
		}
	}
	if v := d.withRadius(m); v != nil {
		d.cannotTalk(m, *v)
		return
	}
	c := linkConfig(m.entry, m.limit, d, m.log)
	c.Auth.Verify = func(c *mp.Claim) { d.box.Put(func() { d.verify(m, c) }) }
	c.Tap = m.record.Line(m.Name())
	d.setLevel(m.entry)
	m.link = d.nursery.Start(m.Line, m.unread, c)
	d.members[m.link] = m
	d.world.processors(len(d.members))
	if m.unit != nil {
		m.unit.members[m] = true
	}
}

// cannotTalk gives a line back on which there can be no PPP.
func (d *daemon) cannotTalk(m *member, v Verdict) {
	d.giveBack(m, v)
	if m.unit != nil {
		m.unit.end(v)
	} else {
		d.discard(m, v)
	}
}

// lost takes the end of a link.
func (d *daemon) lost(k *mp.Link, f *mp.Failure, unread []byte) {
	m := d.members[k]
	delete(d.members, k)
	d.setLevel()
	d.world.processors(len(d.members))
	m.log.Info("link down", "line", k.Name(), "because", f.Kind, "after", time.Since(m.started).Round(time.Millisecond),
		"received", f.Rx.Bytes, "sent", f.Tx.Bytes)
	if m.call != nil {
		m.call.End(time.Now())
	}
	if m.mask != nil {
		f.Noise = m.mask(f.Noise)
	}
	v := explainLink(f, unread)
	if u := m.unit; u != nil {
		delete(u.members, m)
		switch {
		case f.Kind == mp.Closed && u.broken != nil:
			v = *u.broken
		case (f.Kind == mp.Negotiation || f.Kind == mp.PeerTerminated) && u.noIPv4 != nil && !u.up && !m.joined.IsZero():
			v = *u.noIPv4
		}
	}
	if m.refused != nil && (f.Kind == mp.Refused || f.Kind == mp.PeerAuth) {
		v = *m.refused
	}
	v = d.radiusLost(m, f, v)
	d.diagnose(m, f, v, func(v Verdict) {
		d.giveBack(m, v)
		if m.unit != nil {
			m.unit.lost(m, f, v)
		} else {
			d.discard(m, v)
		}
	})
}

// discard takes the end of a caller that has never got a unit.
func (d *daemon) discard(m *member, v Verdict) {
	d.keep(m.record, m.log, v)
	m.record.Close()
	switch {
	case d.solo:
		d.end(v)
	case d.final == nil:
		v.log(m.log)
	}
}

// giveBack hangs up, apart from the run loop: modems take their time.
func (d *daemon) giveBack(m *member, v Verdict) {
	u := m.unit
	d.hanging++
	if u != nil {
		u.hanging++
	}
	go func() {
		ctx, cancel := context.WithTimeout(d.patient, hangupTime)
		defer cancel()
		m.hangUp(ctx)
		d.box.Put(func() {
			d.hanging--
			if m.done != nil {
				m.done(v)
			}
			if u != nil {
				u.hanging--
				u.settle()
			}
			d.listenAgain(m)
		})
	}()
}
