package dialtest

import (
	"cmp"
	"fmt"
	"time"
)

const ringEvery = 6 * time.Second // 2 s of ringing, 4 s of pause

// hooks is what exchange and machines ask of the plumbing. None of them calls back.
type hooks interface {
	text(m *machine, s string) // to the program at the modem's port
	changed(m *machine)        // its state is a new one
	connect(c *call)           // the call's data may flow, after the texts so far
	hold(m *machine, on bool)  // the program does not, or does again, take data

	// release: by has hung up. What it has sent arrives, and then carrierLost is to be
	// called for the other side.
	release(c *call, by *machine)

	cut(c *call)        // no data flows any more; what is under way is lost
	carrier(m *machine) // m's call has ended: by the other side, or by ATH
	replug(m *machine)  // m falls off the bus and comes back later
	mute(m *machine)    // m's line loses all data from now on
}

// phase is how far a call is.
type phase uint8

const (
	placing  phase = iota // digits are dialed
	ringing               // the callee rings
	training              // answered, no CONNECT yet
	talking               // data flows
	over
)

// call is a connection between two machines, or an attempt at one.
type call struct {
	caller, callee *machine // callee: nil while placing, and at a number without a modem
	number         string
	phase          phase
	left           *machine // the one that has left, while the other does not know yet
}

// other is the far side, seen from m.
func (c *call) other(m *machine) *machine {
	if m == c.caller {
		return c.callee
	}
	return c.caller
}

// subscriber is what a number leads to.
type subscriber struct {
	behaviour Behaviour
	modem     *machine        // nil: no modem of its own
	answer    func() *machine // with a service behind it: a machine for one call
}

// exchange connects machines by number. It and all its machines belong to one owner,
// who calls them under one lock; time is an argument.
type exchange struct {
	hooks   hooks
	numbers map[string]*subscriber
	timers  timers
	seq     int
}

func newExchange(h hooks) *exchange {
	return &exchange{hooks: h, numbers: map[string]*subscriber{}}
}

// lookup finds a number; packet calls share "*99#".
func (ex *exchange) lookup(number string) *subscriber {
	if s := ex.numbers[number]; s != nil {
		return s
	}
	if _, ok := packetCID(number); ok {
		return ex.numbers["*99#"]
	}
	return nil
}

// dial is ATD from m, which is idle.
func (ex *exchange) dial(now time.Time, m *machine, d dialString) {
	c := &call{caller: m, number: d.number}
	m.call = c
	m.to(Dialing)
	ex.unless(now, c, time.Duration(d.pauses)*time.Duration(m.s[sPause])*time.Second, func(now time.Time) { ex.place(now, c) })
}

// unless runs f at now+d if the call is still in its phase then.
func (ex *exchange) unless(now time.Time, c *call, d time.Duration, f func(now time.Time)) {
	if d <= 0 {
		f(now)
		return
	}
	was := c.phase
	ex.after(now, d, func(now time.Time) {
		if c.phase == was {
			f(now)
		}
	})
}

// place is the end of dialing: the number rings, or the call fails.
func (ex *exchange) place(now time.Time, c *call) {
	m := c.caller
	c.phase = ringing
	fails := func(result string) {
		ex.unless(now, c, m.cfg.ConnectAfter, func(now time.Time) { ex.fail(c, result) })
	}
	if cid, ok := packetCID(c.number); ok && m.cell != nil {
		if why := m.cell.packet(cid); why != "" {
			fails(why)
			return
		}
	}
	s := ex.lookup(c.number)
	switch {
	case m.cfg.Behaviour == NoDialtone:
		fails(resNoDialtone)
	case s == nil:
		fails(resNoCarrier)
	case s.behaviour != Normal:
		fails([...]string{Busy: resBusy, NoCarrier: resNoCarrier, NoDialtone: resNoDialtone, NoAnswer: resNoAnswer}[s.behaviour])
	case s.answer != nil:
		c.callee = s.answer()
		ex.ring(now, c)
	case s.modem == nil || s.modem.state == Off:
		fails(resNoCarrier)
	case s.modem.state != Idle || s.modem == m:
		fails(resBusy)
	default:
		c.callee = s.modem
		ex.ring(now, c)
	}
}

// ring lets the callee ring until it answers or the caller gives up.
func (ex *exchange) ring(now time.Time, c *call) {
	m := c.callee
	m.call = c
	m.s[sRings] = 0
	m.to(Ringing)
	ex.unless(now, c, time.Duration(c.caller.s[sWait])*time.Second, func(now time.Time) {
		ex.unring(c)
		ex.fail(c, resNoCarrier)
	})
	ex.ringOnce(now, c)
}

func (ex *exchange) ringOnce(now time.Time, c *call) {
	m := c.callee
	if !m.wedged {
		m.s[sRings]++
		m.final(resRing)
	}
	if m.tellCaller && m.s[sRings] == 1 {
		ex.unless(now, c, ringEvery/4, func(time.Time) {
			m.urc("DATE = 0229\r\nTIME = 1530\r\nNMBR = " + cmp.Or(c.caller.cfg.Number, "O"))
		})
	}
	if m.served || m.s[sAutoAnswer] > 0 && m.s[sRings] >= m.s[sAutoAnswer] && (m.dtr || m.dropDTR == 0) && !m.wedged {
		ex.answer(now, m)
		return
	}
	ex.unless(now, c, ringEvery, func(now time.Time) { ex.ringOnce(now, c) })
}

// phantom is a call to m that nobody is behind; it rings for a minute.
func (ex *exchange) phantom(now time.Time, m *machine) {
	if m.state != Idle {
		return
	}
	c := &call{callee: m, phase: ringing}
	m.call = c
	m.s[sRings] = 0
	m.to(Ringing)
	ex.unless(now, c, time.Minute, func(time.Time) {
		c.phase = over
		ex.unring(c)
	})
	ex.ringOnce(now, c)
}

// unring frees a callee that has not answered.
func (ex *exchange) unring(c *call) {
	if m := c.callee; m != nil && m.call == c && m.state == Ringing {
		m.call = nil
		m.to(Idle)
	}
}

// answer is ATA, automatic answering, or a service's.
func (ex *exchange) answer(now time.Time, m *machine) {
	c := m.call
	if m.state != Ringing {
		m.final(resNoCarrier)
		return
	}
	c.phase = training
	m.to(Training)
	wait := m.cfg.ConnectAfter
	if c.caller != nil {
		wait = max(wait, c.caller.cfg.ConnectAfter)
	}
	ex.unless(now, c, wait, func(now time.Time) {
		if c.caller == nil { // Modem.Ring: nobody is there
			ex.fail(c, resNoCarrier)
			return
		}
		ex.connected(now, c)
	})
}

// glare is ATD on a line that rings: it takes up the call, both sides wait for the other's
// carrier, and neither finds one.
func (ex *exchange) glare(now time.Time, m *machine) {
	c := m.call
	c.phase = training
	m.to(Dialing)
	ex.unless(now, c, m.cfg.ConnectAfter, func(time.Time) { ex.fail(c, resNoCarrier) })
}

// connected is CONNECT on both sides.
func (ex *exchange) connected(now time.Time, c *call) {
	c.phase = talking
	for _, m := range [...]*machine{c.callee, c.caller} {
		m.final(m.connectText(c.rate()))
		m.esc.start(now, m.s[sEscape], m.s[sGuard])
		m.to(Online)
	}
	ex.hooks.connect(c)
}

// rate is the line rate of a call: the lower one of both modems' limits.
func (c *call) rate() int {
	a, b := c.caller.cfg.Rate, c.callee.cfg.Rate
	if a == 0 || b != 0 && b < a {
		return b
	}
	return a
}

// connectText is CONNECT with what the modem says after it.
func (m *machine) connectText(rate int) string {
	switch {
	case m.prof.Connect != "":
		return resConnect + " " + m.prof.Connect
	case rate > 0:
		return fmt.Sprintf("%s %d", resConnect, rate)
	}
	return resConnect
}

// fail ends an attempt with a result for who waits for one.
func (ex *exchange) fail(c *call, result string) {
	c.phase = over
	for _, m := range [...]*machine{c.caller, c.callee} {
		if m == nil || m.call != c {
			continue
		}
		waits := m.state == Dialing || m.state == Training
		m.call = nil
		if m.cell != nil {
			m.cell.lost()
		}
		m.to(Idle)
		if waits {
			m.final(result)
		}
	}
}

// abort is a character from the program while it should wait for CONNECT.
func (ex *exchange) abort(now time.Time, m *machine) {
	ex.leave(now, m)
	m.final(resNoCarrier)
}

// leave hangs up, on m's own wish: m is idle afterwards.
func (ex *exchange) leave(now time.Time, m *machine) {
	c := m.call
	if c == nil || m.state == Ringing {
		return // ATH does not stop the bell
	}
	m.call = nil
	m.to(Idle)
	if c.phase != talking {
		c.phase = over
		ex.unring(c)
		if o := c.other(m); o != nil && o.call == c {
			ex.fail(c, resNoCarrier)
		}
		return
	}
	if c.left != nil { // the other had left before
		ex.end(c)
		return
	}
	c.left = m
	ex.hooks.release(c, m)
}

// end is the end of a call whose both sides know of it.
func (ex *exchange) end(c *call) {
	if c.phase != over {
		c.phase = over
		ex.hooks.cut(c)
	}
}

// carrierLost is told when the end of a released call's data has arrived at m.
func (ex *exchange) carrierLost(c *call, m *machine) {
	ex.end(c)
	if m.call != c {
		return
	}
	m.call = nil
	m.to(Idle)
	if m.cell != nil {
		m.cell.lost()
	}
	m.final(resNoCarrier)
	ex.hooks.carrier(m)
}

// drop loses the carrier of m's call, or its attempt, for both sides at once.
func (ex *exchange) drop(now time.Time, m *machine) {
	c := m.call
	if c == nil {
		return
	}
	o := c.other(m)
	if c.phase != talking {
		ex.unring(c)
		ex.fail(c, resNoCarrier)
		return
	}
	ex.carrierLost(c, m)
	if o.call == c {
		ex.carrierLost(c, o)
	}
}

// watchEscape sets a timer for the end of an escape sequence, if one is under way.
func (ex *exchange) watchEscape(now time.Time, m *machine) {
	at := m.esc.due()
	if at.IsZero() {
		return
	}
	c := m.call
	ex.after(now, at.Sub(now), func(now time.Time) {
		if m.call == c && m.state == Online && m.esc.due().Equal(at) {
			ex.escape(now, m)
			m.final(resOK)
		}
	})
}

// escape puts m into command mode during its call.
func (ex *exchange) escape(_ time.Time, m *machine) {
	m.to(Escaped)
	ex.hooks.hold(m, true)
}

// resume is ATO.
func (ex *exchange) resume(now time.Time, m *machine) reply {
	if m.state != Escaped {
		return reply{result: resNoCarrier}
	}
	m.final(m.connectText(m.call.rate()))
	m.esc.start(now, m.s[sEscape], m.s[sGuard])
	m.to(Online)
	ex.hooks.hold(m, false)
	return reply{result: NoResult}
}
