package fsm

import (
	"bytes"
	"fmt"
	"strings"
	"time"

	"pppdial/mp/wire"
)

// ours is our side of a negotiation: the Configure-Request that we want Acked.
type ours struct {
	fresh     bool // the next request begins a negotiation
	requested bool // there has been one
	answered  bool // it has a valid answer: the next one gets a new identifier
	held      bool // the next one waits for the timer
	vain      int  // so many Naks and Rejects in a row have changed nothing in it
	requestID uint8
	request   []byte // its options
	copies    int    // how often it was sent
	replies   int    // how often it was answered
	failures  int    // Naks and Rejects in this negotiation

	firstSent time.Time     // the first copy
	roundTrip time.Duration // until its answer: no less than what the line takes there and back
}

// sendRequest is scr. A repetition is identical; a request after an answer is
// made anew.
func (m *Machine) sendRequest(now time.Time) {
	if m.fresh {
		m.policy.Reset()
		m.failures, m.refusals, m.naks = 0, 0, 0
		m.held, m.vain = false, 0
		m.ackedAt = time.Time{}
		m.err = nil
		m.initRestart(now)
	}
	if m.held {
		m.held = false
		m.repeat(now)
		return
	}
	if m.fresh || m.answered || !m.requested {
		m.request = m.policy.Request(m.request[:0])
		m.requestID = m.NextID()
		m.requested, m.answered = true, false
		m.copies, m.replies = 0, 0
		m.firstSent = now
	}
	first := m.fresh && !m.heard
	m.fresh = false
	m.copies++
	m.count--
	m.sentAt = now
	if first {
		m.arm(now, m.cfg.FirstRestart)
	} else {
		m.repeat(now)
	}
	m.send(wire.Packet{Code: wire.ConfigureRequest, ID: m.requestID, Data: m.request})
}

// answers reports whether p answers our request, and whether it is the first
// answer. Other packets are dropped and counted, except in Closed and Stopped,
// where the peer is told by a Terminate-Ack that we do not negotiate.
func (m *Machine) answers(p wire.Packet) (valid, first bool) {
	if !m.state.negotiating() && m.state != Opened {
		return true, false
	}
	if !m.requested || p.ID != m.requestID {
		m.drop(&m.counts.Stale, "answer to no request of ours", p)
		return false, false
	}
	if !m.answered {
		return true, true
	}
	m.replies++
	if m.replies <= m.copies || m.settled || m.state != AckRcvd && m.state != Opened {
		m.drop(&m.counts.Duplicate, "further answer", p)
		return false, false
	}
	return true, false // the table's x
}

// answeredNow notes the first answer to our request.
func (m *Machine) answeredNow(now time.Time) {
	m.answered, m.replies = true, 1
	m.roundTrip = now.Sub(m.firstSent)
}

func (m *Machine) acked(now time.Time, p wire.Packet) {
	valid, first := m.answers(p)
	if !valid {
		return
	}
	if first {
		if !bytes.Equal(p.Data, m.request) {
			m.drop(&m.counts.Mismatch, "Ack of something else", p)
			return
		}
		m.answeredNow(now)
		m.policy.Acked(m.request)
	}
	m.event(now, rca)
}

func (m *Machine) refused(now time.Time, p wire.Packet) {
	valid, first := m.answers(p)
	if !valid {
		return
	}
	if !first {
		m.event(now, rcn)
		return
	}
	options := wire.Options(p.Data)
	if options.Check() != nil {
		m.drop(&m.counts.Malformed, "malformed options", p)
		return
	}
	if p.Code == wire.ConfigureReject {
		for o := range options.All {
			if !contains(m.request, o) {
				m.drop(&m.counts.Mismatch, "Reject of something else", p)
				return
			}
		}
		m.counts.RejectsReceived++
	} else {
		m.counts.NaksReceived++
	}
	m.answeredNow(now)
	m.failures++
	if err := m.learn(p); err != nil {
		m.fail(now, fmt.Errorf("%s: %w", m.cfg.Name, err))
		return
	}
	m.event(now, rcn)
}

// learn hands the options of a Nak or Reject to the policy, and gives up when
// there have been too many. A peer may Nak for what it would like to see beside
// (RFC 1661, section 5.3), pppdial does so twice. One that goes on, or Naks without
// options, teaches nothing: such modems are not ready yet, so the next request,
// which is the same, waits for the timer.
func (m *Machine) learn(p wire.Packet) error {
	take := m.policy.Naked
	if p.Code == wire.ConfigureReject {
		take = m.policy.Rejected
	}
	var words []string
	for o := range wire.Options(p.Data).All {
		if err := take(o); err != nil {
			return err
		}
		if s := m.policy.Impasse(o, true); s != "" {
			words = append(words, s)
		}
	}
	if len(p.Data) == 0 {
		m.counts.EmptyNaks++
	}
	if !bytes.Equal(m.policy.Request(nil), m.request) {
		m.vain = 0
	} else if m.vain++; m.vain > 2 || len(p.Data) == 0 {
		m.held = true
	}
	if m.failures < m.cfg.MaxFailure {
		return nil
	}
	what := strings.Join(words, ", ")
	switch {
	case len(p.Data) == 0 && p.Code == wire.ConfigureNak:
		return fmt.Errorf("%w after %d refused Configure-Requests: %w", ErrImpasse, m.failures, ErrEmptyNak)
	case len(p.Data) == 0:
		what = "Reject without options"
	case what == "":
		what = "the peer's " + m.format(p)
	}
	return fmt.Errorf("%w after %d refused Configure-Requests: %s", ErrImpasse, m.failures, what)
}

// format prints a packet without the protocol's name, which errors have anyway.
func (m *Machine) format(p wire.Packet) string {
	_, s, _ := strings.Cut(wire.Format(m.cfg.Proto, wire.AppendPacket(nil, p)), " ")
	return s
}

// contains reports whether an option stands, with the same data, in a list.
func contains(list wire.Options, want wire.Option) bool {
	for o := range list.All {
		if o.Type == want.Type && bytes.Equal(o.Data, want.Data) {
			return true
		}
	}
	return false
}
