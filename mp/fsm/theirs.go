package fsm

import (
	"bytes"
	"fmt"
	"time"

	"pppdial/mp/wire"
)

// theirs is the peer's side of a negotiation: what it asks for and how we
// answer.
type theirs struct {
	verdict  Verdict // on the request being handled
	answer   []byte  // the options of a Nak or Reject
	disputed wire.Option
	naks     int // sent since our last Ack
	refusals int // Naks and Rejects sent since our last Ack

	settled      bool
	ackedAt      time.Time // when that request was first Acked
	ackedID      uint8     // the request that was last Acked
	ackedRequest []byte    // its options
}

// onItsWay is how much later than our Ack a copy of the request may come that
// the peer had sent before the Ack reached it, beside the round trip.
const onItsWay = time.Second

// Settle says whether a Configure-Request that we have Acked may come again,
// identical, without renegotiation: the Ack is repeated and Opened is kept.
// It is for the LCP of a link in a bundle, holds while the machine is Opened,
// and also makes further answers to our own request harmless.
func (m *Machine) Settle(settled bool) { m.settled = settled && m.state == Opened }

func (m *Machine) requestedByPeer(now time.Time, p wire.Packet) {
	options := wire.Options(p.Data)
	if options.Check() != nil {
		m.drop(&m.counts.Malformed, "malformed options", p)
		return
	}
	if m.state == Opened && m.isCopy(now, p) {
		m.counts.ReAcked++
		m.send(wire.Packet{Code: wire.ConfigureAck, ID: p.ID, Data: p.Data})
		return
	}
	e := rcrPlus
	if m.state == Stopped || m.state == Opened || m.state.negotiating() {
		if m.judge(options); m.verdict != Ack {
			e = rcrMinus
		} else if err := m.policy.Accept(options); err != nil {
			m.fail(now, fmt.Errorf("%s: %w", m.cfg.Name, err))
			return
		}
	}
	m.event(now, e)
}

// isCopy reports whether a request that comes in Opened is the one that we have
// Acked: on a settled machine always, else as long as the peer may have sent it
// before our Ack was there. If that were a new negotiation (RFC 1661, section
// 4.1), two machines with a round trip that is longer than their restart timers
// would never come to an end.
func (m *Machine) isCopy(now time.Time, p wire.Packet) bool {
	late := now.Sub(m.ackedAt) > m.roundTrip+onItsWay
	return (m.settled || !late) && p.ID == m.ackedID && bytes.Equal(p.Data, m.ackedRequest)
}

// judge puts the answer to the peer's request together: the code of the worst
// verdict, with the options that deserve it (RFC 1661, sections 5.2 to 5.4).
// After MaxFailure Naks the rest is Rejected, and nothing missing is asked for.
func (m *Machine) judge(options wire.Options) {
	m.verdict, m.answer = Ack, m.answer[:0]
	mayNak := m.naks < m.cfg.MaxFailure
	end := 0
	for o := range options.All {
		v, data := Reject, []byte(nil)
		if !hasType(options[:end], o.Type) {
			v, data = m.policy.Judge(o, options)
		}
		end += 2 + len(o.Data)
		if v == Nak && !mayNak {
			v = Reject
		}
		if v == Ack || v < m.verdict {
			continue
		}
		if v > m.verdict {
			m.verdict, m.answer = v, m.answer[:0]
			m.disputed = wire.Option{Type: o.Type, Data: bytes.Clone(o.Data)}
		}
		if v == Reject {
			data = o.Data
		}
		m.answer = wire.AppendOption(m.answer, wire.Option{Type: o.Type, Data: data})
	}
	if m.verdict == Reject || !mayNak {
		return
	}
	n := len(m.answer)
	m.answer = m.policy.Missing(m.answer, options)
	if len(m.answer) > n {
		if m.verdict == Ack {
			m.disputed = wire.Option{Type: m.answer[n]}
		}
		m.verdict = Nak
	}
}

// sendAck is sca.
func (m *Machine) sendAck(now time.Time) {
	m.naks, m.refusals = 0, 0
	if m.ackedAt.IsZero() || m.packet.ID != m.ackedID || !bytes.Equal(m.packet.Data, m.ackedRequest) {
		m.ackedAt = now
	}
	m.ackedID = m.packet.ID
	m.ackedRequest = append(m.ackedRequest[:0], m.packet.Data...)
	m.send(wire.Packet{Code: wire.ConfigureAck, ID: m.ackedID, Data: m.ackedRequest})
}

// sendRefusal is scn.
func (m *Machine) sendRefusal(now time.Time) {
	m.refusals++
	code := wire.ConfigureReject
	if m.verdict == Nak {
		code = wire.ConfigureNak
		m.naks++
		m.counts.NaksSent++
	} else {
		m.counts.RejectsSent++
	}
	m.send(wire.Packet{Code: code, ID: m.packet.ID, Data: m.answer})
	// A peer that asks for the same after all Naks, and as many Rejects, will
	// ask for ever.
	if m.refusals >= 2*m.cfg.MaxFailure {
		what := m.policy.Impasse(m.disputed, false)
		if what == "" {
			what = "our " + m.format(wire.Packet{Code: code, ID: m.packet.ID, Data: m.answer})
		}
		m.Fail(now, fmt.Errorf("%s: %w after %d refusals of the peer's Configure-Requests: %s", m.cfg.Name, ErrImpasse, m.refusals, what))
	}
}

func hasType(list wire.Options, typ uint8) bool {
	for o := range list.All {
		if o.Type == typ {
			return true
		}
	}
	return false
}
