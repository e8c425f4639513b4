package proto

import (
	"log/slog"

	"pppdial/mp/fsm"
	"pppdial/mp/wire"
)

// IPV6CPConfig is what we want of IPv6 on a link or bundle.
type IPV6CPConfig struct {
	FSM fsm.Config // Proto is filled in

	Local  wire.InterfaceID        // ours, to begin with; zero: a random one
	Remote wire.InterfaceID        // for a peer that has none; zero: a random one
	Random func() wire.InterfaceID // never zero; nil: crypto/rand

	Log *slog.Logger
}

// IPV6CPResult is what has been agreed.
type IPV6CPResult struct {
	Local, Remote wire.InterfaceID
}

// IPV6CP negotiates IPv6 (RFC 5072).
type IPV6CP struct {
	*fsm.Machine
	result IPV6CPResult
}

// NewIPV6CP returns IPV6CP in state Initial.
func NewIPV6CP(cfg IPV6CPConfig, layer Layer) *IPV6CP { return &IPV6CP{} }

// Result is what has been agreed upon, final while IPV6CP is open.
func (p *IPV6CP) Result() *IPV6CPResult { return &p.result }
