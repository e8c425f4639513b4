package proto

import (
	"encoding/binary"

	"pppdial/mp/fsm"
	"pppdial/mp/wire"
)

// Values that we ask the peer for instead of unusable ones.
const (
	minMRU  = 128 // less would leave no room for a packet's headers
	minMRRU = 128
	// One class more than without the option: one that passes the other.
	minClasses = 2
)

// lcpAsk is what our next Configure-Request asks for.
type lcpAsk struct {
	mru      int  // 0: nothing, the default holds
	accm     bool // accmMap
	accmMap  uint32
	auth     wire.Auth // zero: none
	magic    uint32    // 0: none
	pfc      bool
	acfc     bool
	mrru     int  // 0: none
	ssn      bool // of the headers with classes, if there are any
	classes  int  // 0: none
	endpoint bool
}

type lcpPolicy struct{ l *LCP }

// Reset starts from the configuration, with a new magic number.
func (p lcpPolicy) Reset() {
	l := p.l
	l.ask = lcpAsk{
		accm: l.cfg.ACCM != wire.DefaultACCM, accmMap: l.cfg.ACCM,
		magic: l.cfg.Magic(),
		pfc:   l.cfg.PFC, acfc: l.cfg.ACFC,
		mrru: l.cfg.MRRU, ssn: l.cfg.RecvSSN && l.cfg.MRRU > 0,
		endpoint: l.cfg.Endpoint.Class != wire.EndpointNull,
	}
	if l.multiclass() {
		l.ask.classes = l.cfg.Classes
	}
	if l.cfg.MRU != wire.DefaultMRU {
		l.ask.mru = l.cfg.MRU
	}
	l.auth = authTalk{}
	l.loop = loopback{}
	l.ask.auth, _ = l.auth.next(l.cfg.Demand)
}

func (p lcpPolicy) Request(b []byte) []byte {
	a := &p.l.ask
	if a.mru != 0 {
		b = wire.AppendUint16(b, wire.LCPMRU, uint16(a.mru))
	}
	if a.accm {
		b = wire.AppendUint32(b, wire.LCPACCM, a.accmMap)
	}
	if a.auth.Protocol != 0 {
		b = wire.AppendAuth(b, a.auth)
	}
	if a.magic != 0 {
		b = wire.AppendUint32(b, wire.LCPMagic, a.magic)
	}
	if a.pfc {
		b = wire.AppendFlag(b, wire.LCPPFC)
	}
	if a.acfc {
		b = wire.AppendFlag(b, wire.LCPACFC)
	}
	if a.mrru != 0 {
		b = wire.AppendUint16(b, wire.LCPMRRU, uint16(a.mrru))
	}
	if a.ssn && a.classes == 0 { // RFC 2686: not both options
		b = wire.AppendFlag(b, wire.LCPSSNHF)
	}
	if a.endpoint {
		b = wire.AppendEndpoint(b, p.l.cfg.Endpoint)
	}
	if a.classes != 0 {
		h := wire.MPHeaders{Format: wire.LongClasses, Classes: uint8(a.classes)}
		if a.ssn {
			h.Format = wire.ShortClasses
		}
		b = wire.AppendMPHeaders(b, h)
	}
	return b
}

// Naked takes the peer's better value where we can live with it, and is a
// Reject of what we can do without. What the peer would like to see beside what
// we ask for is passed over, the MRU apart: it has a default that can be too
// much.
func (p lcpPolicy) Naked(o wire.Option) error {
	l, a := p.l, &p.l.ask
	switch o.Type {
	case wire.LCPMRU:
		if v, err := o.Uint16(); err == nil && v >= minMRU && int(v) <= max(l.cfg.MRU, wire.DefaultMRU) {
			a.mru = int(v)
		}
	case wire.LCPACCM:
		if v, err := o.Uint32(); err == nil {
			a.accm, a.accmMap = true, a.accmMap|v
		}
	case wire.LCPAuth:
		return l.authNaked(o)
	case wire.LCPMagic:
		if a.magic == 0 {
			return nil
		}
		a.magic = l.cfg.Magic()
	case wire.LCPMRRU:
		v, err := o.Uint16()
		if err != nil || v < minMRRU || int(v) > max(l.cfg.MRRU, wire.DefaultMRU) {
			return p.Rejected(o)
		}
		if a.mrru != 0 {
			a.mrru = int(v)
		}
	case wire.LCPPFC, wire.LCPACFC, wire.LCPSSNHF, wire.LCPEndpoint:
		return p.Rejected(o)
	case wire.LCPMPHeaders:
		if a.classes == 0 {
			return nil
		}
		if h, err := wire.ParseMPHeaders(o.Data); err == nil && usable(h, l.cfg.RecvSSN) {
			a.classes, a.ssn = min(int(h.Classes), l.cfg.Classes), h.Format == wire.ShortClasses
		} else {
			l.noClasses()
		}
	}
	return nil
}

func (p lcpPolicy) Rejected(o wire.Option) error {
	l, a := p.l, &p.l.ask
	switch o.Type {
	case wire.LCPMRU:
		a.mru = 0
	case wire.LCPACCM:
		a.accm = false
	case wire.LCPAuth:
		return &AuthRefused{Wanted: l.cfg.Demand}
	case wire.LCPMagic:
		a.magic = 0
	case wire.LCPPFC:
		a.pfc = false
	case wire.LCPACFC:
		a.acfc = false
	case wire.LCPMRRU: // RFC 1990, section 5.1.1: without it no multilink
		a.mrru, a.ssn, a.classes = 0, false, 0
	case wire.LCPSSNHF:
		a.ssn = false
	case wire.LCPEndpoint:
		a.endpoint = false
	case wire.LCPMPHeaders:
		l.noClasses()
	}
	return nil
}

// multiclass reports whether we want classes of fragments.
func (l *LCP) multiclass() bool { return l.cfg.MRRU > 0 && l.cfg.Classes >= minClasses }

// usable reports whether headers are what we can do, with short numbers or not.
func usable(h wire.MPHeaders, ssn bool) bool {
	return h.Classes >= minClasses && (h.Format == wire.LongClasses || ssn && h.Format == wire.ShortClasses)
}

// noClasses asks for what we want where the peer knows no classes.
func (l *LCP) noClasses() {
	l.ask.classes = 0
	l.ask.ssn = l.cfg.RecvSSN && l.ask.mrru > 0
}

// Acked fixes our half of the result.
func (p lcpPolicy) Acked(request wire.Options) {
	a, r := &p.l.ask, &p.l.draft
	r.MRU, r.RxACCM = wire.DefaultMRU, wire.DefaultACCM
	if a.mru != 0 {
		r.MRU = a.mru
	}
	if a.accm {
		r.RxACCM = a.accmMap
	}
	r.PeerAuth, r.Magic = a.auth, a.magic
	r.RxPFC, r.RxACFC = a.pfc, a.acfc
	r.MRRU, r.RxSSN, r.RxClasses = a.mrru, a.ssn, a.classes
	p.l.local = append(p.l.local[:0], request...)
	r.Endpoint = wire.Endpoint{}
	if a.endpoint {
		r.Endpoint = p.l.cfg.Endpoint
	}
}

// Judge Naks the magic number alone when it is ours: then the request may be
// ours as a whole.
func (p lcpPolicy) Judge(o wire.Option, request wire.Options) (fsm.Verdict, []byte) {
	l := p.l
	if isOurs(request, l.ask.magic) {
		if o.Type != wire.LCPMagic {
			return fsm.Ack, nil
		}
		return fsm.Nak, l.loop.nak(l.cfg.Magic())
	}
	switch o.Type {
	case wire.LCPMRU:
		switch v, err := o.Uint16(); {
		case err != nil:
			return fsm.Nak, uint16Data(wire.DefaultMRU)
		case v < minMRU:
			return fsm.Nak, uint16Data(minMRU)
		}
		return fsm.Ack, nil
	case wire.LCPACCM:
		if _, err := o.Uint32(); err != nil {
			return fsm.Nak, binary.BigEndian.AppendUint32(nil, 0)
		}
		return fsm.Ack, nil
	case wire.LCPAuth:
		return l.judgeAuth(o)
	case wire.LCPMagic:
		if v, err := o.Uint32(); err != nil || v == 0 {
			return fsm.Nak, binary.BigEndian.AppendUint32(nil, l.cfg.Magic())
		}
		l.loop.count = 0
		return fsm.Ack, nil
	case wire.LCPPFC:
		return granted(l.cfg.PFC && o.Flag() == nil), nil
	case wire.LCPACFC:
		return granted(l.cfg.ACFC && o.Flag() == nil), nil
	case wire.LCPMRRU:
		if l.cfg.MRRU == 0 {
			return fsm.Reject, nil
		}
		if v, err := o.Uint16(); err != nil || v < minMRRU {
			return fsm.Nak, uint16Data(wire.DefaultMRU)
		}
		return fsm.Ack, nil
	case wire.LCPSSNHF:
		return granted(l.cfg.MRRU > 0 && l.cfg.SendSSN && o.Flag() == nil), nil
	case wire.LCPEndpoint:
		_, err := wire.ParseEndpoint(o.Data)
		return granted(!l.cfg.NoEndpoint && err == nil), nil
	case wire.LCPMPHeaders:
		if !l.multiclass() {
			return fsm.Reject, nil
		}
		h, err := wire.ParseMPHeaders(o.Data)
		if err != nil || !usable(h, l.cfg.SendSSN) {
			return fsm.Nak, []byte{wire.LongClasses, uint8(l.cfg.Classes)}
		}
		return fsm.Ack, nil
	}
	return fsm.Reject, nil
}

func (p lcpPolicy) Missing(b []byte, _ wire.Options) []byte { return b }

// Accept fixes the peer's half of the result.
func (p lcpPolicy) Accept(request wire.Options) error {
	l, r := p.l, &p.l.draft
	r.PeerMRU, r.TxACCM = wire.DefaultMRU, wire.DefaultACCM
	r.OurAuth, r.PeerMagic = wire.Auth{}, 0
	r.TxPFC, r.TxACFC = false, false
	r.PeerMRRU, r.TxSSN, r.TxClasses, r.PeerEndpoint = 0, false, 0, wire.Endpoint{}
	l.remote = append(l.remote[:0], request...)
	short := false // numbers of headers with classes
	for o := range request.All {
		switch o.Type {
		case wire.LCPMRU:
			v, _ := o.Uint16()
			r.PeerMRU = int(v)
		case wire.LCPACCM:
			r.TxACCM, _ = o.Uint32()
		case wire.LCPAuth:
			r.OurAuth, _ = wire.ParseAuth(o.Data)
		case wire.LCPMagic:
			r.PeerMagic, _ = o.Uint32()
		case wire.LCPPFC:
			r.TxPFC = true
		case wire.LCPACFC:
			r.TxACFC = true
		case wire.LCPMRRU:
			v, _ := o.Uint16()
			r.PeerMRRU = int(v)
		case wire.LCPSSNHF:
			r.TxSSN = true
		case wire.LCPEndpoint:
			r.PeerEndpoint, _ = wire.ParseEndpoint(o.Data)
		case wire.LCPMPHeaders:
			h, _ := wire.ParseMPHeaders(o.Data)
			r.TxClasses, short = int(h.Classes), h.Format == wire.ShortClasses
		}
	}
	if r.TxClasses > 0 {
		r.TxSSN = short
	}
	r.TxACCM |= l.cfg.TxACCM
	return nil
}

// Impasse leaves the words to the option itself.
func (p lcpPolicy) Impasse(wire.Option, bool) string { return "" }

func granted(yes bool) fsm.Verdict {
	if yes {
		return fsm.Ack
	}
	return fsm.Reject
}

func uint16Data(v uint16) []byte { return []byte{byte(v >> 8), byte(v)} }
