package proto

import (
	"fmt"
	"log/slog"
	"net/netip"
	"time"

	"pppdial/mp/fsm"
	"pppdial/mp/wire"
)

// IPCPConfig is what we want of IPv4 on a link or bundle.
type IPCPConfig struct {
	FSM fsm.Config // Proto is filled in

	// Local and Remote are the acceptable addresses, the union of the sets;
	// empty: any. A single address is insisted on and proposed.
	Local, Remote []AddrSet
	// LocalHint and RemoteHint are proposed where the sets leave a choice, such
	// as the addresses of the call before; they need not be had.
	LocalHint, RemoteHint netip.Addr
	NoAddresses           bool // negotiate no addresses: those that we would propose hold

	VJ         bool // Van Jacobson header compression, both ways
	VJSlots    int  // at most so many, both ways, 2 to 256; 0: 16
	VJCompSlot bool // the slot identifier may be left out, both ways

	DNS    bool         // ask for the addresses of name servers
	OurDNS []netip.Addr // name servers for the peer, at most two

	Log *slog.Logger // the automaton's too, unless FSM has one
}

const defaultVJSlots = 16

// IPCPResult is what has been agreed.
type IPCPResult struct {
	Local, Remote netip.Addr   // invalid: not known
	DNS           []netip.Addr // name servers that the peer told
	RxVJ, TxVJ    *wire.VJ     // what the peer may send, what we may; nil: no compression
}

// IPCP negotiates IPv4 (RFC 1332).
type IPCP struct {
	*fsm.Machine
	cfg    IPCPConfig
	draft  IPCPResult
	result IPCPResult
}

// NewIPCP returns IPCP in state Initial.
func NewIPCP(cfg IPCPConfig, layer Layer) *IPCP {
	if cfg.VJSlots == 0 {
		cfg.VJSlots = defaultVJSlots
	}
	cfg.FSM.Proto = wire.IPCP
	p := &IPCP{cfg: cfg}
	p.Machine = fsm.New(withLog(cfg.FSM, cfg.Log), &ipcpPolicy{plain: plain{layer}, p: p, cfg: &p.cfg}, layer.Send)
	return p
}

// Result is what has been agreed upon: final while IPCP is open, and kept
// afterwards until it is open again.
func (p *IPCP) Result() *IPCPResult { return &p.result }

type ipcpPolicy struct {
	plain
	p   *IPCP
	cfg *IPCPConfig

	// Our next Configure-Request.
	addr  netip.Addr // invalid: none
	vj    *wire.VJ
	dns   [2]netip.Addr // invalid: none
	known netip.Addr    // ours, if the peer has Rejected the option
	given netip.Addr    // by the peer for us, and refused by us

	// What the peer asked for.
	claimed netip.Addr // by the peer for itself, and refused by us
	prompts int        // Naks for an address that it has not told
}

// maxPrompts is how often a peer without the address option is asked for it.
const maxPrompts = 2

var dnsTypes = [2]uint8{wire.IPCPDNS1, wire.IPCPDNS2}

func (y *ipcpPolicy) Reset() {
	c := y.cfg
	y.addr, y.known, y.given = netip.Addr{}, netip.Addr{}, netip.Addr{}
	switch local := addrSets(c.Local); {
	case c.NoAddresses:
		y.known = local.proposal(c.LocalHint)
	case local.single().IsValid():
		y.addr = local.single()
	case local.contains(c.LocalHint):
		y.addr = c.LocalHint
	default:
		y.addr = zeroAddr
	}
	y.vj = nil
	if c.VJ {
		y.vj = &wire.VJ{MaxSlot: uint8(c.VJSlots - 1), CompSlot: c.VJCompSlot}
	}
	y.dns = [2]netip.Addr{}
	if c.DNS {
		y.dns = [2]netip.Addr{zeroAddr, zeroAddr}
	}
	y.claimed, y.prompts = netip.Addr{}, 0
}

// Request lists the options in pppd's order.
func (y *ipcpPolicy) Request(b []byte) []byte {
	if y.vj != nil {
		b = wire.AppendVJ(b, *y.vj)
	}
	if y.addr.IsValid() {
		b = wire.AppendAddr(b, wire.IPCPAddress, y.addr)
	}
	for i, a := range y.dns {
		if a.IsValid() {
			b = wire.AppendAddr(b, dnsTypes[i], a)
		}
	}
	return b
}

func (y *ipcpPolicy) Naked(o wire.Option) error {
	switch o.Type {
	case wire.IPCPAddress:
		y.addressNaked(o)
	case wire.IPCPCompression:
		y.vjNaked(o)
	case wire.IPCPDNS1, wire.IPCPDNS2:
		i := dnsIndex(o.Type)
		if a, err := o.Addr(); err == nil && y.dns[i].IsValid() {
			y.dns[i] = a
			if a.IsUnspecified() {
				y.dns[i] = netip.Addr{} // the peer has none
			}
		}
	}
	return nil
}

// addressNaked takes the peer's address for us if it is acceptable. If it is
// not, a concrete address of ours is proposed.
func (y *ipcpPolicy) addressNaked(o wire.Option) {
	a, err := o.Addr()
	if err != nil || !y.addr.IsValid() {
		return
	}
	local := addrSets(y.cfg.Local)
	if local.contains(a) {
		y.addr, y.given = a, netip.Addr{}
		return
	}
	if !a.IsUnspecified() {
		y.given = a
	}
	if better := local.proposal(y.cfg.LocalHint); y.addr.IsUnspecified() && better.IsValid() {
		y.addr = better
	}
}

// vjNaked takes fewer slots, or their identifiers always. Any other wish would
// only come again: it is taken for a Reject.
func (y *ipcpPolicy) vjNaked(o wire.Option) {
	if y.vj == nil {
		return
	}
	v, err := wire.ParseVJ(o.Data)
	less := wire.VJ{MaxSlot: min(v.MaxSlot, y.vj.MaxSlot), CompSlot: v.CompSlot && y.vj.CompSlot}
	if err != nil || less == *y.vj {
		y.vj = nil
		return
	}
	y.vj = &less
}

func (y *ipcpPolicy) Rejected(o wire.Option) error {
	switch o.Type {
	case wire.IPCPAddress:
		if y.given.IsValid() { // it would hold on to that silently
			return fmt.Errorf("%w: %s", fsm.ErrImpasse, y.insists(y.given, true))
		}
		y.known = addrSets(y.cfg.Local).proposal(y.cfg.LocalHint)
		y.addr = netip.Addr{}
	case wire.IPCPCompression:
		y.vj = nil
	case wire.IPCPDNS1, wire.IPCPDNS2:
		y.dns[dnsIndex(o.Type)] = netip.Addr{}
	}
	return nil
}

// Acked fixes our half of the result.
func (y *ipcpPolicy) Acked(wire.Options) {
	r := &y.p.draft
	r.Local, r.RxVJ, r.DNS = y.known, y.vj, nil
	if isHost(y.addr) {
		r.Local = y.addr
	}
	for i, a := range y.dns {
		if isHost(a) && (i == 0 || a != y.dns[0]) {
			r.DNS = append(r.DNS, a)
		}
	}
}

func (y *ipcpPolicy) Judge(o wire.Option, _ wire.Options) (fsm.Verdict, []byte) {
	switch o.Type {
	case wire.IPCPAddress:
		return y.judgeAddress(o)
	case wire.IPCPCompression:
		v, err := wire.ParseVJ(o.Data)
		switch {
		case !y.cfg.VJ || err != nil:
			return fsm.Reject, nil
		case v.MaxSlot == 0:
			return fsm.Nak, wire.AppendVJ(nil, wire.VJ{MaxSlot: defaultVJSlots - 1, CompSlot: v.CompSlot})[2:]
		}
		return fsm.Ack, nil
	case wire.IPCPDNS1, wire.IPCPDNS2:
		return y.judgeDNS(o)
	}
	return fsm.Reject, nil // the obsolete IP-Addresses too: RFC 1332, section 3.1
}

// judgeAddress judges the address that the peer claims for itself; 0.0.0.0
// asks for one.
func (y *ipcpPolicy) judgeAddress(o wire.Option) (fsm.Verdict, []byte) {
	remote := addrSets(y.cfg.Remote)
	a, err := o.Addr()
	switch {
	case y.cfg.NoAddresses:
		return fsm.Reject, nil
	case err == nil && remote.contains(a):
		y.claimed = netip.Addr{}
		return fsm.Ack, nil
	case err == nil && !a.IsUnspecified():
		y.claimed = a
	}
	better := remote.proposal(y.cfg.RemoteHint)
	if !better.IsValid() {
		return fsm.Reject, nil
	}
	return fsm.Nak, better.AsSlice()
}

// judgeDNS tells the peer our name servers, the first for the second if there
// is only one.
func (y *ipcpPolicy) judgeDNS(o wire.Option) (fsm.Verdict, []byte) {
	if len(y.cfg.OurDNS) == 0 {
		return fsm.Reject, nil
	}
	want := y.cfg.OurDNS[min(dnsIndex(o.Type), len(y.cfg.OurDNS)-1)]
	if a, err := o.Addr(); err == nil && a == want {
		return fsm.Ack, nil
	}
	return fsm.Nak, want.AsSlice()
}

// Missing prompts a peer that does not tell its address with ours for it.
func (y *ipcpPolicy) Missing(b []byte, request wire.Options) []byte {
	better := addrSets(y.cfg.Remote).proposal(y.cfg.RemoteHint)
	if y.cfg.NoAddresses || !better.IsValid() || y.prompts >= maxPrompts {
		return b
	}
	for o := range request.All {
		if o.Type == wire.IPCPAddress {
			return b
		}
	}
	y.prompts++
	return wire.AppendAddr(b, wire.IPCPAddress, better)
}

// Accept fixes the peer's half of the result. A peer that has claimed an
// address that we refused, and now claims none, would keep it all the same.
func (y *ipcpPolicy) Accept(request wire.Options) error {
	r := &y.p.draft
	r.Remote, r.TxVJ = netip.Addr{}, nil
	for o := range request.All {
		switch o.Type {
		case wire.IPCPAddress:
			r.Remote, _ = o.Addr()
		case wire.IPCPCompression:
			v, _ := wire.ParseVJ(o.Data)
			r.TxVJ = &wire.VJ{MaxSlot: min(v.MaxSlot, uint8(y.cfg.VJSlots-1)), CompSlot: v.CompSlot && y.cfg.VJCompSlot}
		}
	}
	if r.Remote.IsValid() {
		return nil
	}
	if y.claimed.IsValid() {
		return fmt.Errorf("%w: %s", fsm.ErrImpasse, y.insists(y.claimed, false))
	}
	r.Remote = addrSets(y.cfg.Remote).proposal(y.cfg.RemoteHint)
	return nil
}

func (y *ipcpPolicy) Impasse(o wire.Option, ours bool) string {
	a, err := o.Addr()
	set := addrSets(y.cfg.Remote)
	if ours {
		set = y.cfg.Local
	}
	if o.Type != wire.IPCPAddress || err != nil || set.contains(a) {
		return ""
	}
	return y.insists(a, ours)
}

func (y *ipcpPolicy) insists(a netip.Addr, ours bool) string {
	switch {
	case ours && a.IsUnspecified():
		return "the peer has no address for us"
	case ours:
		return fmt.Sprintf("the peer insists on %v as our address, allowed are %v", a, addrSets(y.cfg.Local))
	}
	return fmt.Sprintf("the peer insists on %v as its own address, allowed are %v", a, addrSets(y.cfg.Remote))
}

func (y *ipcpPolicy) Up(now time.Time) {
	y.p.result = y.p.draft
	tell(y.layer.Up, now)
}

func (y *ipcpPolicy) Finished(now time.Time) { y.layer.finished(now, y.p.Err()) }

func dnsIndex(typ uint8) int {
	if typ == wire.IPCPDNS2 {
		return 1
	}
	return 0
}
