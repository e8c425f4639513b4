package proto

import (
	"bytes"
	"fmt"
	"time"

	"pppdial/mp/fsm"
	"pppdial/mp/wire"
)

const (
	// resetInterval is how soon a Reset-Request is repeated: nothing
	// compressed can be received until it is answered.
	resetInterval = time.Second
	// maxResets is how many are sent before compression is given up.
	maxResets = 10
)

// ccpReset is a Reset-Request that waits for its Reset-Ack (RFC 1962, section
// 3).
type ccpReset struct {
	next time.Time // zero: none is waiting
	id   uint8
	data []byte
	sent int
}

// RequestReset asks the peer to reset its compressor, again and again until
// ResetAcked. Calls while one is waiting do nothing.
func (p *CCP) RequestReset(now time.Time, data []byte) {
	if p.State() != fsm.Opened || !p.reset.next.IsZero() {
		return
	}
	p.reset = ccpReset{id: p.NextID(), data: bytes.Clone(data)}
	p.sendReset(now)
}

func (p *CCP) sendReset(now time.Time) {
	p.reset.sent++
	p.reset.next = now.Add(resetInterval)
	p.layer.Send(wire.Packet{Code: wire.ResetRequest, ID: p.reset.id, Data: p.reset.data})
}

// Deadline is when Advance wants to be called, zero when there is no need.
func (p *CCP) Deadline() time.Time {
	d := p.Machine.Deadline()
	if r := p.reset.next; d.IsZero() || !r.IsZero() && r.Before(d) {
		return r
	}
	return d
}

// Advance does what is due at now.
func (p *CCP) Advance(now time.Time) {
	p.Machine.Advance(now)
	switch {
	case p.reset.next.IsZero() || now.Before(p.reset.next):
	case p.reset.sent >= maxResets:
		p.reset = ccpReset{}
		p.Fail(now, fmt.Errorf("CCP: no answer to %d Reset-Requests", maxResets))
	default:
		p.sendReset(now)
	}
}

// Code takes resets. Every Reset-Ack counts, also the second one to a repeated
// request: the peer has reset its compressor each time.
func (y *ccpPolicy) Code(now time.Time, k wire.Packet) {
	p := y.p
	switch {
	case k.Code == wire.ResetRequest:
		var data []byte
		if p.layer.ResetRequested != nil {
			data = p.layer.ResetRequested(now, k.Data)
		}
		p.layer.Send(wire.Packet{Code: wire.ResetAck, ID: k.ID, Data: data})
	case k.Code == wire.ResetAck:
		p.reset = ccpReset{}
		if p.layer.ResetAcked != nil {
			p.layer.ResetAcked(now, k.Data)
		}
	}
}

// CodeRejected gives compression up with a peer that cannot be reset.
func (y *ccpPolicy) CodeRejected(now time.Time, code wire.Code) {
	if code == wire.ResetRequest {
		y.p.Fail(now, fmt.Errorf("CCP: %w: the peer does not know Reset-Request", fsm.ErrRejected))
	}
}
