package fsm

import (
	"bytes"
	"context"
	"fmt"
	"log/slog"
	"time"

	"pppdial/mp/wire"
)

// A Machine is the automaton of one protocol on one link or bundle.
type Machine struct {
	// Fixed after creation.
	cfg    Config
	policy Policy
	send   func(wire.Packet)

	state  State
	err    error
	counts Counts
	id     uint8
	// listening: in Stopped for the peer to begin, without tlf, which a Close
	// must make up for.
	listening bool

	// What waits for the event at hand to be done.
	busy bool
	todo []func()

	restart
	ours
	theirs

	packet wire.Packet // being handled: for the actions that answer it
	reason string      // of the Terminate-Request
	termID uint8
}

// New returns a machine in state Initial. The data of a packet given to send
// is valid until send returns.
func New(cfg Config, policy Policy, send func(wire.Packet)) *Machine {
	return &Machine{cfg: cfg.withDefaults(), policy: policy, send: send}
}

// Up says that the lower layer is ready to carry packets.
func (m *Machine) Up(now time.Time) { m.do(func() { m.event(now, up) }) }

// Down says that the lower layer no longer carries packets.
func (m *Machine) Down(now time.Time) { m.do(func() { m.event(now, down) }) }

// Open allows the negotiation.
func (m *Machine) Open(now time.Time) { m.do(func() { m.event(now, open) }) }

// Close ends the negotiation or the open protocol in an orderly way. The
// reason, for people, goes with the Terminate-Request.
func (m *Machine) Close(now time.Time, reason string) {
	m.do(func() {
		m.reason = reason
		m.event(now, closing)
	})
}

// Fail is Close for a reason that Err will tell.
func (m *Machine) Fail(now time.Time, err error) { m.do(func() { m.fail(now, err) }) }

// Retime takes the restart timer and the limits of c. What is being sent goes on
// as it began.
func (m *Machine) Retime(c Config) {
	c = c.withDefaults()
	c.Name, c.Proto, c.Silent, c.Passive, c.Log = m.cfg.Name, m.cfg.Proto, m.cfg.Silent, m.cfg.Passive, m.cfg.Log
	m.cfg = c
}

// Input takes the information field of a received packet.
func (m *Machine) Input(now time.Time, info []byte) {
	if m.busy {
		info = bytes.Clone(info)
	}
	m.do(func() { m.input(now, info) })
}

// ProtocolRejected says that the peer does not know our protocol.
func (m *Machine) ProtocolRejected(now time.Time) {
	m.do(func() {
		m.because(fmt.Errorf("%s: %w: the peer does not know the protocol", m.cfg.Name, ErrRejected))
		m.event(now, rxjMinus)
	})
}

// State returns the automaton's state.
func (m *Machine) State() State { return m.state }

// Err tells why the machine has given up, nil when it did not or was told to
// close.
func (m *Machine) Err() error { return m.err }

// Counts returns the counters.
func (m *Machine) Counts() Counts { return m.counts }

// NextID returns an identifier for a packet that the policy sends.
func (m *Machine) NextID() uint8 {
	m.id++
	return m.id
}

// do runs f when nothing else runs: what a policy calls from within an action
// waits until all actions of the event are done.
func (m *Machine) do(f func()) {
	m.todo = append(m.todo, f)
	if m.busy {
		return
	}
	m.busy = true
	for len(m.todo) > 0 {
		f := m.todo[0]
		m.todo = m.todo[1:]
		f()
	}
	m.busy, m.todo = false, nil
}

// event does what the table says.
func (m *Machine) event(now time.Time, e event) {
	c := table[e][m.state]
	switch {
	case !c.possible:
		m.counts.Impossible++
		m.cfg.Log.Debug("event cannot happen", "proto", m.cfg.Name, "event", e.String(), "state", m.state.String())
		return
	case c.crossed:
		m.counts.Crossed++
	case m.cfg.Silent && (e == up || e == open) && c.next == ReqSent:
		c = cell{next: Stopped}
		m.listening = true
	case m.cfg.Passive && c.passive:
		c.actions = nil
		m.listening = true
	case m.listening && m.state == Stopped && e == closing:
		c.actions = []action{tlf}
	}
	if c.next != Stopped {
		m.listening = false
	}
	if c.next.negotiating() && !m.state.negotiating() {
		m.fresh = true
		m.heard = e != up && e != open
	}
	m.enter(now, c.next, e)
	for _, a := range c.actions {
		m.act(now, a)
	}
}

// enter is the one place that changes the state.
func (m *Machine) enter(_ time.Time, next State, e event) {
	old := m.state
	m.state = next
	if !next.timed() {
		m.deadline = time.Time{}
	}
	if next == Opened {
		if old != Opened {
			m.err = nil
		}
	} else {
		m.settled = false
	}
	if log := m.cfg.Log; old != next && log.Enabled(context.Background(), slog.LevelDebug) {
		log.Debug("state", "proto", m.cfg.Name, "event", e.String(), "from", old.String(), "to", next.String())
	}
}

func (m *Machine) act(now time.Time, a action) {
	switch a {
	case tlu:
		m.policy.Up(now)
	case tld:
		m.policy.Down(now)
	case tls:
		m.policy.Started(now)
	case tlf:
		m.listening = false
		m.policy.Finished(now)
	case irc:
		m.initRestart(now)
	case zrc:
		m.zeroRestart(now)
	case scr:
		m.sendRequest(now)
	case sca:
		m.sendAck(now)
	case scn:
		m.sendRefusal(now)
	case str:
		m.sendTerminate(now)
	case sta:
		m.send(wire.Packet{Code: wire.TerminateAck, ID: m.packet.ID})
	case scj:
		m.sendCodeReject()
	case ser:
		m.policy.Code(now, m.packet)
	}
}

// because keeps the first reason why the machine ends.
func (m *Machine) because(err error) {
	if m.err == nil {
		m.err = err
	}
}

func (m *Machine) fail(now time.Time, err error) {
	m.because(err)
	m.reason = err.Error()
	m.event(now, closing)
}
