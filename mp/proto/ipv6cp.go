package proto

import (
	"crypto/rand"
	"log/slog"
	"time"

	"pppdial/mp/fsm"
	"pppdial/mp/wire"
)

// IPV6CPConfig is what we want of IPv6 on a link or bundle.
type IPV6CPConfig struct {
	FSM fsm.Config // Proto is filled in

	Local  wire.InterfaceID        // ours, to begin with; zero: a random one
	Remote wire.InterfaceID        // for a peer that has none; zero: a random one
	Insist bool                    // a peer that has one is to take Remote, too
	Random func() wire.InterfaceID // never zero; nil: crypto/rand

	Log *slog.Logger // the automaton's too, unless FSM has one
}

// IPV6CPResult is what has been agreed.
type IPV6CPResult struct {
	Local, Remote wire.InterfaceID
}

// IPV6CP negotiates IPv6 (RFC 5072).
type IPV6CP struct {
	*fsm.Machine
	draft  IPV6CPResult
	result IPV6CPResult
}

// NewIPV6CP returns IPV6CP in state Initial.
func NewIPV6CP(cfg IPV6CPConfig, layer Layer) *IPV6CP {
	if cfg.Random == nil {
		cfg.Random = randomInterfaceID
	}
	cfg.FSM.Proto = wire.IPV6CP
	p := &IPV6CP{}
	p.Machine = fsm.New(withLog(cfg.FSM, cfg.Log), &ipv6cpPolicy{plain: plain{layer}, p: p, cfg: cfg}, layer.Send)
	return p
}

// Result is what has been agreed upon: final while IPV6CP is open, and kept
// afterwards until it is open again.
func (p *IPV6CP) Result() *IPV6CPResult { return &p.result }

type ipv6cpPolicy struct {
	plain
	p   *IPV6CP
	cfg IPV6CPConfig

	ours   wire.InterfaceID // in our next Configure-Request
	silent bool             // the peer has Rejected the option: ours is not sent
	theirs wire.InterfaceID // the last acceptable one of the peer
	naked  wire.InterfaceID // that we have asked the peer to take last; zero: none

	insists int // Naks for an identifier that is not what we insist on
}

// Reset keeps an identifier that was open before: addresses depend on it.
func (y *ipv6cpPolicy) Reset() {
	y.ours = y.cfg.Local
	if last := y.p.result.Local; !last.IsZero() {
		y.ours = last
	}
	if y.ours.IsZero() {
		y.ours = y.cfg.Random()
	}
	y.silent, y.insists = false, 0
	y.theirs, y.naked = wire.InterfaceID{}, wire.InterfaceID{}
}

func (y *ipv6cpPolicy) Request(b []byte) []byte {
	if y.silent {
		return b
	}
	return wire.AppendInterfaceID(b, y.ours)
}

// Naked takes the peer's identifier for us. One that is the peer's own, or
// that comes back from our own Nak, does not help: a random one may (RFC 5072,
// section 4.1).
func (y *ipv6cpPolicy) Naked(o wire.Option) error {
	if o.Type != wire.IPV6CPInterfaceID {
		return nil
	}
	id, err := wire.ParseInterfaceID(o.Data)
	if err != nil || id.IsZero() || id == y.ours || id == y.theirs || id == y.naked {
		id = y.cfg.Random()
	}
	y.ours = id
	return nil
}

func (y *ipv6cpPolicy) Rejected(o wire.Option) error {
	y.silent = y.silent || o.Type == wire.IPV6CPInterfaceID
	return nil
}

func (y *ipv6cpPolicy) Acked(wire.Options) { y.p.draft.Local = y.ours }

func (y *ipv6cpPolicy) Judge(o wire.Option, _ wire.Options) (fsm.Verdict, []byte) {
	if o.Type != wire.IPV6CPInterfaceID {
		return fsm.Reject, nil
	}
	id, err := wire.ParseInterfaceID(o.Data)
	if err != nil || id.IsZero() || id == y.ours {
		return fsm.Nak, wire.AppendInterfaceID(nil, y.suggest())[2:]
	}
	if want := y.cfg.Remote; y.cfg.Insist && id != want && want != y.ours && !want.IsZero() && y.insists < maxPrompts {
		y.insists++
		return fsm.Nak, wire.AppendInterfaceID(nil, y.suggest())[2:]
	}
	y.theirs = id
	return fsm.Ack, nil
}

// suggest is an identifier for the peer.
func (y *ipv6cpPolicy) suggest() wire.InterfaceID {
	y.naked = y.cfg.Remote
	for y.naked.IsZero() || y.naked == y.ours {
		y.naked = y.cfg.Random()
	}
	return y.naked
}

// Missing prompts a peer that does not tell its identifier, unless it has been
// offered one: then it does not know the option (RFC 5072, section 4.1).
func (y *ipv6cpPolicy) Missing(b []byte, request wire.Options) []byte {
	if len(request) > 0 || !y.naked.IsZero() {
		return b
	}
	return wire.AppendInterfaceID(b, y.suggest())
}

// Accept leaves a peer that does not tell its identifier the one that it was
// offered last.
func (y *ipv6cpPolicy) Accept(request wire.Options) error {
	y.p.draft.Remote = y.naked
	for o := range request.All {
		y.p.draft.Remote, _ = wire.ParseInterfaceID(o.Data)
	}
	return nil
}

// Impasse leaves the words to the option itself.
func (y *ipv6cpPolicy) Impasse(wire.Option, bool) string { return "" }

func (y *ipv6cpPolicy) Up(now time.Time) {
	y.p.result = y.p.draft
	tell(y.layer.Up, now)
}

func (y *ipv6cpPolicy) Finished(now time.Time) { y.layer.finished(now, y.p.Err()) }

// randomInterfaceID is 64 random bits that do not claim to be unique in the
// world: the universal bit is zero (RFC 5072, section 4.1).
func randomInterfaceID() (id wire.InterfaceID) {
	for id.IsZero() {
		rand.Read(id[:])
		id[0] &^= 0x02
	}
	return id
}
