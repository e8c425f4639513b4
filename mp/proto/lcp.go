package proto

import (
	"bytes"
	"errors"
	"fmt"
	"log/slog"
	"time"

	"pppdial/mp/fsm"
	"pppdial/mp/wire"
)

// Why LCP gave up, beside the reasons of package fsm. For refused
// authentication see [AuthRefused].
var (
	ErrLoopback = errors.New("the line is looped back: our own packets come back")
	ErrPeerDead = errors.New("the peer is dead: no answer to our Echo-Requests")
)

// LCPConfig is what we want of a link.
type LCPConfig struct {
	FSM fsm.Config // Proto is filled in

	MRU    int    // the longest information field that we receive; 0: 1500
	ACCM   uint32 // control characters that the peer shall escape
	TxACCM uint32 // control characters that we escape, whatever the peer asks

	// Demand are the protocols by which the peer may authenticate itself,
	// preferred first; it must by one of them. Empty: it need not.
	Demand []wire.Auth
	// Allow are the protocols by which we can authenticate ourselves,
	// preferred first.
	Allow []wire.Auth

	Magic func() uint32 // random numbers, not zero; nil: crypto/rand
	PFC   bool          // the protocol field may be compressed, both ways
	ACFC  bool          // address and control may be left out, both ways

	MRRU    int  // multilink: the longest packet that we reassemble; 0: no multilink
	RecvSSN bool // ask the peer to send short sequence numbers
	SendSSN bool // send short sequence numbers if the peer asks
	// Classes is the number of classes of fragments (RFC 2686) that we ask the
	// peer for and grant it; less than 2: none. With RecvSSN 4 at most.
	Classes    int
	Endpoint   wire.Endpoint // our discriminator; the null class: none
	NoEndpoint bool          // Reject the peer's discriminator

	// Echo-Requests are sent every EchoInterval while LCP is open; 0: none.
	// After EchoFails of them in a row without any frame from the peer, it is
	// dead; 0: 3.
	EchoInterval time.Duration
	EchoFails    int

	Ident string // our Identification; empty: none

	Log *slog.Logger // the automaton's too, unless FSM has one
}

// LCPResult is what has been agreed. Tx is what we send and the peer
// receives, Rx the other direction.
type LCPResult struct {
	MRU, PeerMRU   int    // longest information field that we, the peer, receive
	RxACCM, TxACCM uint32 // to be escaped by the peer, by us
	RxPFC, TxPFC   bool
	RxACFC, TxACFC bool

	PeerAuth wire.Auth // by which the peer authenticates itself; zero: not
	OurAuth  wire.Auth // by which we do; zero: not

	Magic, PeerMagic uint32 // 0: none agreed

	MRRU, PeerMRRU int // multilink if both are set
	RxSSN, TxSSN   bool
	// Classes of fragments that the peer may send and that we may; 0: their
	// headers have no classes.
	RxClasses, TxClasses int
	Endpoint             wire.Endpoint // as the peer knows it
	PeerEndpoint         wire.Endpoint // null class: none given
}

// Multilink reports whether both sides have agreed on MP.
func (r *LCPResult) Multilink() bool { return r.MRRU > 0 && r.PeerMRRU > 0 }

// LCPLayer is a Layer with what only LCP tells.
type LCPLayer struct {
	Layer
	// ProtocolRejected passes on the peer's Protocol-Reject, while LCP is open.
	ProtocolRejected func(now time.Time, p wire.Protocol)
	// Echoed says that an Echo-Request of ours was answered.
	Echoed func(now time.Time, rtt time.Duration)
}

// LCP negotiates a link and watches over it. One LCP serves one line's life:
// it may go up and down several times.
type LCP struct {
	*fsm.Machine
	cfg   LCPConfig
	layer LCPLayer
	log   *slog.Logger

	ask    lcpAsk    // our next Configure-Request
	draft  LCPResult // being negotiated
	result LCPResult // of the last time it was open
	local  []byte    // our options as last Acked
	remote []byte    // the peer's
	said   [2]worded // local and remote
	loop   loopback
	auth   authTalk
	echo   echo

	identRejected bool
	peerIdent     string
	upAt          time.Time
}

// NewLCP returns LCP in state Initial: Open and Up begin the negotiation.
func NewLCP(cfg LCPConfig, layer LCPLayer) *LCP {
	if cfg.MRU == 0 {
		cfg.MRU = wire.DefaultMRU
	}
	if cfg.Magic == nil {
		cfg.Magic = random32
	}
	if cfg.EchoFails == 0 {
		cfg.EchoFails = 3
	}
	cfg.FSM.Proto = wire.LCP
	l := &LCP{cfg: cfg, layer: layer, log: logger(cfg.Log)}
	l.echo = echo{interval: cfg.EchoInterval, limit: cfg.EchoFails}
	l.Machine = fsm.New(withLog(cfg.FSM, cfg.Log), lcpPolicy{l}, layer.Send)
	return l
}

// Reconfigure takes another configuration while LCP is open, and reports
// whether it has to agree anew for that. Multilink stays as it is, apart from
// the MRRU where both configurations have one, and so does how we can
// authenticate ourselves; what is demanded of the peer matters only when LCP is
// agreed anew.
func (l *LCP) Reconfigure(now time.Time, cfg LCPConfig) bool {
	old := &l.cfg
	if cfg.MRU == 0 {
		cfg.MRU = wire.DefaultMRU
	}
	if old.MRRU == 0 || cfg.MRRU == 0 {
		cfg.MRRU = old.MRRU
	}
	anew := cfg.MRU != old.MRU || cfg.MRRU != old.MRRU || cfg.ACCM != old.ACCM || cfg.PFC != old.PFC || cfg.ACFC != old.ACFC
	old.MRU, old.MRRU, old.ACCM, old.TxACCM, old.PFC, old.ACFC = cfg.MRU, cfg.MRRU, cfg.ACCM, cfg.TxACCM, cfg.PFC, cfg.ACFC
	old.Ident = cfg.Ident
	if old.EchoInterval, old.EchoFails = cfg.EchoInterval, cfg.EchoFails; old.EchoFails == 0 {
		old.EchoFails = 3
	}
	l.echo.interval, l.echo.limit = old.EchoInterval, old.EchoFails
	if l.State() == fsm.Opened {
		l.echo.start(now)
	}
	l.Retime(cfg.FSM)
	if anew && l.State() == fsm.Opened {
		old.Demand = cfg.Demand
		l.Down(now)
		l.Up(now)
		return true
	}
	return false
}

// Result is what has been agreed upon: final while LCP is open, and kept
// afterwards until it is open again.
func (l *LCP) Result() *LCPResult { return &l.result }

// Options returns in words what we, and what the peer, had Acked last. The
// words are shared with later callers.
func (l *LCP) Options() (local, remote []string) {
	return l.said[0].of(l.local), l.said[1].of(l.remote)
}

// Worded are options and what they are in words.
type worded struct {
	options wire.Options
	words   []string
}

func (w *worded) of(o wire.Options) []string {
	if !bytes.Equal(w.options, o) {
		w.options, w.words = bytes.Clone(o), wire.FormatOptions(wire.LCP, o)
	}
	return w.words
}

// PeerIdent returns the peer's last Identification, made printable.
func (l *LCP) PeerIdent() string { return l.peerIdent }

// Err tells why LCP has given up, nil when it did not or was told to close.
func (l *LCP) Err() error { return l.auth.explain(l.Machine.Err(), l.cfg.Allow) }

// Input takes the information field of a received packet. Identification and
// Time-Remaining may come in any state (RFC 1570, section 2).
func (l *LCP) Input(now time.Time, info []byte) {
	if p, err := wire.ParsePacket(info); err == nil {
		switch p.Code {
		case wire.Identification:
			l.identified(p)
			return
		case wire.TimeRemaining:
			return
		case wire.ConfigureNak:
			ours, err := l.loop.naked(wire.Options(p.Data))
			if err != nil {
				l.Fail(now, fmt.Errorf("LCP: %w", err))
			}
			if ours {
				return
			}
		}
	}
	l.Machine.Input(now, info)
}

// Deadline is when Advance wants to be called, zero when there is no need.
func (l *LCP) Deadline() time.Time {
	d, e := l.Machine.Deadline(), l.echo.deadline()
	if d.IsZero() || !e.IsZero() && e.Before(d) {
		return e
	}
	return d
}

// Advance does what is due at now.
func (l *LCP) Advance(now time.Time) {
	l.Machine.Advance(now)
	if l.State() != fsm.Opened {
		return
	}
	switch l.echo.due(now) {
	case echoSend:
		l.sendEcho(now)
	case echoDead:
		l.log.Debug("peer dead", "unanswered", l.echo.unanswered, "silent for", now.Sub(l.echo.oldest))
		l.Fail(now, fmt.Errorf("LCP: %w (%d)", ErrPeerDead, l.echo.unanswered))
	}
}

// RejectProtocol sends a Protocol-Reject for a packet of protocol p with this
// information field, if LCP is open.
func (l *LCP) RejectProtocol(_ time.Time, p wire.Protocol, info []byte) {
	if l.State() != fsm.Opened {
		return
	}
	info = info[:min(len(info), max(l.result.PeerMRU-wire.PacketHeader-2, 0))]
	l.layer.Send(wire.Packet{Code: wire.ProtocolReject, ID: l.NextID(),
		Data: wire.AppendRejected(nil, wire.Rejected{Protocol: p, Info: info})})
}

// Discard sends a Discard-Request, if LCP is open.
func (l *LCP) Discard(_ time.Time, data []byte) {
	if l.State() != fsm.Opened {
		return
	}
	l.layer.Send(wire.Packet{Code: wire.DiscardRequest, ID: l.NextID(),
		Data: wire.AppendEcho(nil, wire.Echo{Magic: l.result.Magic, Data: data})})
}

// The policy's events.

func (p lcpPolicy) Started(time.Time) {}

func (p lcpPolicy) Up(now time.Time) {
	l := p.l
	l.result = l.draft
	l.upAt = now
	l.echo.start(now)
	tell(l.layer.Up, now)
	if l.cfg.Ident != "" && !l.identRejected {
		l.layer.Send(wire.Packet{Code: wire.Identification, ID: l.NextID(),
			Data: wire.AppendIdent(nil, wire.Ident{Magic: l.result.Magic, Message: []byte(l.cfg.Ident)})})
	}
}

func (p lcpPolicy) Down(now time.Time) {
	p.l.echo.stop()
	p.l.auth.settle(now.Sub(p.l.upAt))
	tell(p.l.layer.Down, now)
}

func (p lcpPolicy) Finished(now time.Time) { p.l.layer.finished(now, p.l.Err()) }

func (p lcpPolicy) Knows(code wire.Code) bool {
	return code >= wire.ProtocolReject && code <= wire.DiscardRequest
}

func (p lcpPolicy) Code(now time.Time, k wire.Packet) {
	l := p.l
	switch k.Code {
	case wire.ProtocolReject:
		r, err := wire.ParseRejected(k.Data)
		switch {
		case err != nil:
		case r.Protocol == wire.LCP:
			l.ProtocolRejected(now)
		case l.layer.ProtocolRejected != nil:
			l.layer.ProtocolRejected(now, r.Protocol)
		}
	case wire.EchoRequest:
		l.echoRequested(now, k)
	case wire.EchoReply:
		l.echoReplied(now, k)
	}
}

// CodeRejected stops what the peer does not know.
func (p lcpPolicy) CodeRejected(_ time.Time, code wire.Code) {
	l := p.l
	switch code {
	case wire.Identification:
		l.identRejected = true
	case wire.EchoRequest:
		l.echo.stop()
	}
	l.log.Debug("code rejected by the peer", "code", wire.CodeName(wire.LCP, code))
}

func (l *LCP) identified(p wire.Packet) {
	i, err := wire.ParseIdent(p.Data)
	if err != nil || l.result.Magic != 0 && i.Magic == l.result.Magic {
		return
	}
	if text := fsm.Printable(i.Message); text != "" && text != l.peerIdent {
		l.peerIdent = text
		l.log.Info("peer identified itself", "as", text)
	}
}
