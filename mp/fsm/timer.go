package fsm

import (
	"fmt"
	"math"
	"time"

	"pppdial/mp/wire"
)

// afterTerminate is how many more Configure-Requests are sent to a peer that
// has answered the negotiation by a Terminate-Request: RFC 1661 keeps the
// automaton in Req-Sent, but to ask on for the whole Max-Configure is no use.
const afterTerminate = 1

// restart is the restart timer with its counter (RFC 1661, section 4.6). It
// runs in the states 4 to 8 and nowhere else.
type restart struct {
	deadline time.Time
	count    int           // transmissions left
	period   time.Duration // before the next repetition but one
	giveUp   time.Time     // end of Terminate-Requests by time, zero if by count

	heard  bool      // a packet of the peer came in this negotiation
	sentAt time.Time // our last Configure-Request
}

// Deadline is when Advance wants to be called, zero when there is no need.
func (m *Machine) Deadline() time.Time { return m.deadline }

// Advance does what is due at now.
func (m *Machine) Advance(now time.Time) {
	m.do(func() {
		if m.deadline.IsZero() || now.Before(m.deadline) {
			return
		}
		m.counts.Restarts++
		if m.count > 0 && (m.giveUp.IsZero() || now.Before(m.giveUp)) {
			m.event(now, toPlus)
			return
		}
		if m.state.negotiating() {
			m.because(fmt.Errorf("%s: %w (%d sent, state %v)", m.cfg.Name, ErrNoAnswer, m.cfg.MaxConfigure, m.state))
		}
		m.event(now, toMinus)
	})
}

// initRestart is irc: for Terminate-Requests in Closing and Stopping, else
// for Configure-Requests.
func (m *Machine) initRestart(now time.Time) {
	m.period = m.firstPeriod()
	m.giveUp = time.Time{}
	switch {
	case m.state.negotiating():
		m.count = m.cfg.MaxConfigure
	case m.state == Opened: // nothing is being sent
	case m.cfg.MaxTerminate > 0:
		m.termID = m.NextID()
		m.count = m.cfg.MaxTerminate
	default:
		m.termID = m.NextID()
		m.count = math.MaxInt
		m.giveUp = now.Add(m.cfg.MaxTermTime)
	}
}

// firstPeriod is the restart timer's first. An answer that took longer in an
// earlier negotiation will do so again, and a copy of ours that reaches a peer in
// Opened looks like a new negotiation to it.
func (m *Machine) firstPeriod() time.Duration {
	return max(m.cfg.Restart, min(m.roundTrip*3/2, m.cfg.RestartLimit))
}

// zeroRestart is zrc: one period for the peer to see our Terminate-Ack, and
// to repeat its request if it did not.
func (m *Machine) zeroRestart(now time.Time) {
	m.count = 0
	m.period = m.cfg.Restart
	m.giveUp = time.Time{}
	m.arm(now, m.cfg.Restart)
}

// repeat arms the timer for the next repetition.
func (m *Machine) repeat(now time.Time) {
	wait := m.period
	m.period = min(2*m.period, max(m.cfg.RestartLimit, m.cfg.Restart))
	m.arm(now, wait)
}

func (m *Machine) arm(now time.Time, wait time.Duration) {
	m.deadline = now.Add(wait)
	if !m.giveUp.IsZero() && m.giveUp.Before(m.deadline) {
		m.deadline = m.giveUp
	}
}

// hear notes the first packet of the peer in a negotiation: the quick
// repetition was for a peer that was not there yet. If it is the peer's
// Configure-Request and ours may have been too early for it, ours is repeated
// now, in front of the answer, so that the peer sees them in this order and
// does not take ours for a new negotiation.
func (m *Machine) hear(now time.Time, p wire.Packet) {
	if m.heard || !m.state.negotiating() {
		return
	}
	m.heard = true
	if now.Sub(m.sentAt) < m.cfg.FirstRestart {
		m.arm(m.sentAt, m.cfg.Restart)
		return
	}
	if m.state == ReqSent && p.Code == wire.ConfigureRequest && m.count > 0 {
		m.period = m.cfg.Restart
		m.event(now, toPlus)
	}
}

// refusedByPeer shortens what is left of a negotiation that the peer has
// answered by a Terminate-Request.
func (m *Machine) refusedByPeer(now time.Time) {
	m.count = min(m.count, afterTerminate)
	m.period = m.cfg.Restart
	m.repeat(now)
}
