package fsm

import (
	"fmt"
	"time"

	"pppdial/mp/wire"
)

// maxRejected is how much of an unknown packet goes back in a Code-Reject:
// enough to recognise it, and within every MRU.
const maxRejected = 120

func (m *Machine) input(now time.Time, info []byte) {
	p, err := wire.ParsePacket(info)
	if err != nil {
		m.counts.Malformed++
		m.cfg.Log.Debug("packet dropped", "proto", m.cfg.Name, "why", err)
		return
	}
	m.packet = p
	m.hear(now, p)
	switch p.Code {
	case wire.ConfigureRequest:
		m.requestedByPeer(now, p)
	case wire.ConfigureAck:
		m.acked(now, p)
	case wire.ConfigureNak, wire.ConfigureReject:
		m.refused(now, p)
	case wire.TerminateRequest:
		m.terminated(now, p)
	case wire.TerminateAck:
		m.event(now, rta)
	case wire.CodeReject:
		m.codeRejected(now, p)
	default:
		if m.policy.Knows(p.Code) {
			m.event(now, rxr)
		} else {
			m.event(now, ruc)
		}
	}
	m.packet = wire.Packet{}
}

func (m *Machine) terminated(now time.Time, p wire.Packet) {
	if m.state.negotiating() || m.state == Opened {
		err := fmt.Errorf("%s: %w", m.cfg.Name, ErrTerminated)
		if text := Printable(p.Data); text != "" {
			err = fmt.Errorf("%w: %s", err, text)
		}
		m.because(err)
	}
	m.event(now, rtr)
	if m.state == ReqSent {
		m.refusedByPeer(now)
	}
}

// codeRejected is RXJ: catastrophic for the codes that every control protocol
// needs, a note for the others (RFC 1661, section 5.6).
func (m *Machine) codeRejected(now time.Time, p wire.Packet) {
	if len(p.Data) == 0 {
		m.drop(&m.counts.Malformed, "Code-Reject of nothing", p)
		return
	}
	code := wire.Code(p.Data[0])
	if code >= wire.ConfigureRequest && code <= wire.CodeReject {
		m.because(fmt.Errorf("%s: %w: the peer does not know code %d", m.cfg.Name, ErrRejected, code))
		m.event(now, rxjMinus)
		return
	}
	m.policy.CodeRejected(now, code)
	m.event(now, rxjPlus)
}

// sendCodeReject is scj.
func (m *Machine) sendCodeReject() {
	p := m.packet
	whole := wire.AppendPacket(nil, p)
	m.send(wire.Packet{Code: wire.CodeReject, ID: m.NextID(), Data: whole[:min(len(whole), maxRejected)]})
}

// sendTerminate is str. A repetition keeps the identifier.
func (m *Machine) sendTerminate(now time.Time) {
	m.count--
	m.repeat(now)
	m.send(wire.Packet{Code: wire.TerminateRequest, ID: m.termID, Data: []byte(m.reason)})
}

// drop counts a packet that is not looked at any further.
func (m *Machine) drop(counter *uint64, why string, p wire.Packet) {
	*counter++
	m.cfg.Log.Debug("packet dropped", "proto", m.cfg.Name, "why", why, "code", uint8(p.Code), "id", p.ID)
}
