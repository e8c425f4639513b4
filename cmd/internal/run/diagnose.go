package run

import (
	"context"

	"pppdial/dial"
	"pppdial/mp"
)

// diagnose asks a cellular modem what became of its call, before anything is done
// to it, and goes on with a verdict that knows the answer.
func (d *daemon) diagnose(m *member, f *mp.Failure, v Verdict, goOn func(Verdict)) {
	u := m.unit
	if m.conn.diagnose == nil || !worthAsking(f.Kind) || d.final != nil || u != nil && u.final != nil {
		goOn(v)
		return
	}
	d.hanging++
	if u != nil {
		u.hanging++
	}
	go func() {
		ctx, cancel := context.WithTimeout(d.patient, hangupTime)
		defer cancel()
		e := m.conn.diagnose(ctx)
		d.box.Put(func() {
			d.hanging--
			if u != nil {
				u.hanging--
			}
			goOn(withDiagnosis(v, f, e))
		})
	}()
}

// worthAsking tells whether the modem may know more of such an end than we do.
func worthAsking(k mp.Kind) bool {
	switch k {
	case mp.Hangup, mp.Silent, mp.Loopback, mp.PeerDead, mp.Negotiation, mp.PeerTerminated:
		return true
	}
	return false
}

// withDiagnosis puts what the modem says into the verdict. Its status stays: it says
// how the link has ended, not why.
func withDiagnosis(v Verdict, f *mp.Failure, e *dial.Error) Verdict {
	if e == nil || e.Modem == nil {
		return v
	}
	k := f.Kind
	v.Evidence += "; the modem says: " + e.Modem.String()
	switch {
	case e.Kind == dial.NoCarrier && (k == mp.Silent || k == mp.PeerDead):
		v.Cause = "the modem still has its call and is registered, yet the network passes nothing: the context is not active, or the card may not use it"
		v.Try = "check apn= and its type with the operator; modem_init=AT+CGATT=1 attaches first; reset_on_fail resets a modem that stays so"
	case (e.Kind == dial.NoCarrier || e.Kind == dial.CommandMode) && f.Phase == mp.PhaseNetwork && !f.Up:
		// In whatever way it ends then: the modem has no other manner to say so.
		v.Cause, v.Try = feigned.cause, feigned.try
	case e.Kind == dial.NoCarrier, e.Kind == dial.CommandMode && k == mp.Hangup:
	case e.Kind == dial.CommandMode && (k == mp.PeerTerminated || k == mp.Negotiation):
	default:
		r := callReasons[e.Kind]
		v.By, v.Cause, v.Try = r.by, r.cause, r.try
	}
	return v
}
