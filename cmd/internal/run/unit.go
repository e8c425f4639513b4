package run

import (
	"context"
	"log/slog"
	"sync"
	"time"

	"pppdial/cmd/internal/capture"
	"pppdial/cmd/internal/pool"
	"pppdial/cmd/internal/rendezvous"
	"pppdial/cmd/internal/status"
	"pppdial/conf"
	"pppdial/dial"
	"pppdial/mp"
)

// A unit is one interface: its entry, when it is called and by how many lines
// (package dial), the lines, and the bundle that they are.
type unit struct {
	d     *daemon
	entry *conf.Entry
	waits *conf.Entry // by which it waits for calls; nil: it does not
	log   *slog.Logger
	label *rendezvous.Claim

	policy  *dial.Policy
	lines   *dial.Lines
	history history
	caller  caller // nil: not yet
	record  *capture.Recorder

	iface    *iface // nil: not yet
	peer     whose  // whose lines they are, while there are any
	machine  whose  // that it keeps from other processes; zero: none
	attempts map[*attempt]bool
	members  map[*member]bool
	hanging  int      // lines that are being given back
	pending  []func() // to be done when they are

	keeping     keeping
	resetFor    *dial.ResetReason  // the connection is being broken to reset the modem
	cancelReset context.CancelFunc // of the reset under way; nil: none

	timer *time.Timer
	until time.Time // before which the last failure allows no call

	up      bool     // a network protocol has been up in this connection
	unfit   bool     // the kernel has refused what it has agreed upon
	noIPv4  *Verdict // why this connection has none; nil: it may have
	alone   bool     // its first line uses no multilink: no other can join
	waiting string   // the packet that wants a link; "": none
	because string   // that brought this connection up
	tries   int      // calls in a row without a network
	broken  *Verdict // of the links that we are closing
	account account
	hooks   *commands   // nil: there are none
	rates   rates       // has a lock of its own
	party   *party      // for RADIUS; nil: nobody there is known to it
	lease   *pool.Lease // the peer's address; nil: it is not out of a pool
	final   *Verdict    // it ends when everything is given back
	renew   bool        // another one waits for the next call then

	leaving   bool // everything is being given back
	abandoned sync.Once
}

// entrySaysSo is why a connection is made that no packet has asked for.
const entrySaysSo = "the entry says so"

func (d *daemon) newUnit(e *conf.Entry) *unit {
	u := &unit{
		d: d, entry: e, record: d.newRecorder(e),
		attempts: map[*attempt]bool{}, members: map[*member]bool{},
		history: history{dir: d.opt.StateDir, label: e.Label},
	}
	u.log = d.recorded(u.record, e)
	now := time.Now()
	c := policyConfig(e)
	if c.HourLimit > 0 {
		c.History = u.history.load(now, u.log)
	}
	u.policy, u.lines = dial.NewPolicy(c), dial.NewLines(linesConfig(e))
	u.account.started = now
	u.beginKeeping(now)
	d.units = append(d.units, u)
	d.setLevel()
	return u
}

// begin makes the interface, unless it waits for a caller, and the first call.
func (u *unit) begin() *Verdict {
	if u.entry.Mode == conf.In {
		u.waits = u.entry
	} else if v := u.makeInterface(); v != nil {
		u.end(*v)
		return v
	}
	if stands(u.entry) {
		if err := u.iface.stand(); err != nil {
			v := explainInterface(err)
			u.end(v)
			return &v
		}
	}
	if u.entry.Mode == conf.Quiet {
		u.log.Info("waiting for traffic")
	}
	u.do(u.policy.Start(time.Now()))
	return nil
}

func (u *unit) makeInterface() *Verdict {
	if u.iface != nil {
		return nil
	}
	gone := func(err error) {
		u.d.box.Put(func() { u.end(explainRemoved(u.iface.tun.Name(), u.phase(), err)) })
	}
	f, err := openInterface(u.entry, &u.d.world, u.d.opt.StateDir, u.d, u.answered(), gone, u.log)
	if err != nil {
		v := explainInterface(err)
		return &v
	}
	u.iface = f
	u.d.byBundle[f.bundle] = u
	u.record.Interface(f.tun.Name())
	u.hooks = newCommands(u)
	return nil
}

// do carries out what the policy wants.
func (u *unit) do(a dial.Action) {
	if a == dial.MakeCall {
		u.answerOrCall()
	}
	u.rearm()
}

// answerOrCall begins the first call of a connection.
func (u *unit) answerOrCall() {
	if u.cancelReset != nil { // the modem is being reset, or rests
		u.pending = append(u.pending, func() {
			if u.final == nil {
				u.answerOrCall()
			}
		})
		return
	}
	u.record.Begin()
	if u.entry.Mode == conf.In {
		u.listen()
		return
	}
	if len(u.members) > 0 { // the peer has called, it is not known yet what comes of it
		u.policy.Postponed(time.Now())
		u.policy.Uncalled()
		return
	}
	u.saveHistory()
	u.call(true)
}

// flush drops the packets that wait for a link.
func (u *unit) flush() {
	u.waiting = ""
	u.iface.bundle.FlushQueue()
}

// traffic says that a packet waits and no link is there.
func (u *unit) traffic(packet string) {
	if u.final != nil {
		return
	}
	u.waiting = packet
	u.do(u.policy.Traffic(time.Now()))
}

// settle does what has waited for lines to be free: the modem rests from then
// on.
func (u *unit) settle() {
	if u.hanging > 0 {
		return
	}
	todo := u.pending
	u.pending = nil
	for _, f := range todo {
		f()
	}
	if u.final != nil && !u.leaving && len(u.members) == 0 && len(u.attempts) == 0 {
		u.leaving = true
		go u.leave()
	}
}

// leave gives everything back, apart from the run loop: the kernel takes its
// time to remove an interface, and one after the other.
func (u *unit) leave() {
	u.hooks.close(u.d.patient)
	u.d.removing.Lock()
	u.abandon()
	u.d.removing.Unlock()
	u.d.box.Put(func() { u.d.unitEnded(u) })
}

func (u *unit) whenFree(f func()) {
	u.pending = append(u.pending, f)
	u.settle()
}

// rearm sets the timer for what is next.
func (u *unit) rearm() {
	if u.timer != nil {
		u.timer.Stop()
	}
	if u.final != nil {
		return
	}
	next := u.policy.Deadline()
	for _, t := range []time.Time{u.lines.Deadline(u.have()), u.keepDeadline()} {
		if next.IsZero() || !t.IsZero() && t.Before(next) {
			next = t
		}
	}
	if next.IsZero() {
		return
	}
	wait := time.Until(next)
	if next == u.until { // a time of day, and the clock on the wall may be set
		wait = min(wait, lookAgain)
	}
	u.timer = u.d.after(wait, u.advance)
}

func (u *unit) advance() {
	if u.final != nil {
		return
	}
	now := time.Now()
	u.advanceKeeping(now)
	a := u.policy.Advance(now)
	if u.lines.Advance(now, u.have()) {
		if u.policy.Again(now) {
			u.saveHistory()
			u.call(false)
		} else {
			u.lines.Failed(now, u.have())
		}
	}
	u.do(a)
}

// end sets the final verdict, the first one stays, and ends what runs.
func (u *unit) end(v Verdict) {
	if u.final != nil {
		return
	}
	u.final = &v
	if u.cancelReset != nil {
		u.cancelReset()
	}
	u.record.Note(v.level(), v.String())
	u.rearm()
	u.close(v)
	u.settle()
}

// close ends all attempts and links.
func (u *unit) close(v Verdict) {
	for a := range u.attempts {
		a.cancel()
	}
	u.closeLinks(v)
}

func (u *unit) closeLinks(v Verdict) {
	u.broken = &v
	for m := range u.members {
		m.link.Close(mp.Closed, "User request")
	}
}

// breakLinks ends the connection; what comes then is the policy's.
func (u *unit) breakLinks(v Verdict) {
	switch {
	case u.waits != nil:
		u.closeLinks(v)
	case u.entry.Camp, u.entry.Demand():
		u.close(v)
	default:
		u.end(v)
	}
}

// abandon gives back the interface and the entry, once.
func (u *unit) abandon() { u.abandoned.Do(u.giveUp) }

func (u *unit) giveUp() {
	u.hooks.close(u.d.patient)
	if u.iface != nil {
		u.iface.close()
	}
	if u.lease != nil {
		u.lease.Free()
	}
	if u.caller != nil {
		u.caller.Close()
	}
	if u.label != nil {
		u.label.Release()
	}
	u.record.Close()
}

// claim makes this process the owner of the entry.
func (u *unit) claim() (err error) {
	if u.d.server != nil {
		u.label, err = u.d.server.Claim(u.entry.Label)
	}
	return err
}

// phase is a word for where the unit is.
func (u *unit) phase() string {
	switch {
	case u.up, len(u.joined()) > 0:
		return status.NetworkPhase
	case len(u.members) > 0:
		return status.Establish
	}
	for a := range u.attempts {
		if a.first && u.entry.Mode != conf.In {
			return status.Dialing
		}
	}
	if u.entry.Demand() || u.entry.Camp || u.entry.Mode == conf.In {
		return status.Holding
	}
	return status.Dead
}
