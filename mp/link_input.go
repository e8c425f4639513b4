package mp

import (
	"errors"
	"time"

	"pppdial/mp/fsm"
	"pppdial/mp/hdlc"
	"pppdial/mp/proto"
	"pppdial/mp/wire"
)

// newLink makes a link; its owner starts it.
func newLink(line Line, unread []byte, cfg LinkConfig) *Link {
	k := &Link{cfg: cfg, log: logger(cfg.Log).With("line", line.Name())}
	k.port = newPort(line, unread, func() { k.owner.Load().lineNews(k) })
	if cfg.Sync {
		k.port.ready, k.port.first = nil, readFrameMax // a chunk is a frame
	}
	k.lcpACCM = k.escaping(defaultACCM)
	k.txACCM = k.lcpACCM
	k.pace = newPace(cfg.Rate, cfg.Limit, cfg.NeverPace)
	k.dec.MaxFrame = maxFrame(cfg.LCP)
	k.dec.RxACCM = k.initialRxACCM()
	cfg.LCP.Log, cfg.LCP.FSM.Log = k.log, k.log
	k.lcp = proto.NewLCP(cfg.LCP, proto.LCPLayer{
		Layer: proto.Layer{
			Send:     func(p wire.Packet) { k.sendControl(wire.LCP, p) },
			Up:       k.lcpUp,
			Down:     k.lcpDown,
			Finished: k.lcpFinished,
		},
		Echoed:           k.echoed,
		ProtocolRejected: k.protocolRejected,
	})
	return k
}

// maxFrame is the longest frame that a peer who keeps to our MRU sends. RFC
// 1661 wants 1500 octets taken always; the rest is for headers and for peers
// that count differently.
func maxFrame(c proto.LCPConfig) int { return max(c.MRU, c.MRRU, wire.DefaultMRU) + 64 }

// sendControl sends a control packet. A line that takes nothing gets no more of
// them: the peer could go on asking, and what matters is repeated.
func (k *Link) sendControl(p wire.Protocol, packet wire.Packet) {
	if len(k.fill) > maxFill {
		if k.bundle != nil {
			k.bundle.drops[dropControl]++
		}
		k.log.Debug("control packet dropped", "protocol", p)
		return
	}
	k.control = wire.AppendPacket(k.control[:0], packet)
	trace(k.log, "sent", p, k.control)
	k.send(p, k.control)
}

// frame takes one good frame: one table from protocol to handler.
func (k *Link) frame(now time.Time, frame []byte) {
	k.heard = true
	k.received.Packets++
	k.lcp.Heard(now)
	if k.bundle != nil && k.bundle.mp != nil {
		k.bundle.mp.heard(now, k)
	}
	k.tap(Received, frame)
	p, info, err := split(frame)
	traceFrame(k.log, "rcvd", p, frame, len(info))
	if err != nil {
		k.log.Debug("frame without a protocol", "error", err)
		return
	}
	if p >= 0x8000 {
		trace(k.log, "rcvd", p, info)
	}
	switch {
	case p == wire.LCP:
		k.lcp.Input(now, info)
	case p == wire.MP && k.parting != nil:
		k.parting.input(now, k, info)
	case k.lcp.State() != fsm.Opened:
		// RFC 1661, section 3.4: silently discarded.
	case authenticates(p):
		if !k.auth.input(now, p, info) {
			k.rejectProtocol(now, p, info)
		}
	case k.bundle != nil:
		k.bundle.input(now, k, p, info)
	case k.phase == PhaseAuthenticate:
		k.early(now, p, info)
	}
}

// early takes a packet that is for a bundle, before the link is in one. The
// peer need not know that we still think about where it belongs.
func (k *Link) early(now time.Time, p wire.Protocol, info []byte) {
	if p < wire.LCP {
		k.auth.networkBegun(now)
	}
	switch {
	case k.bundle != nil:
		k.bundle.input(now, k, p, info)
	case k.auth.done() && len(k.held) < heldFrames:
		k.held = append(k.held, heldFrame{p, append([]byte(nil), info...)})
	}
}

func (k *Link) rejectProtocol(now time.Time, p wire.Protocol, info []byte) {
	k.log.Debug("protocol rejected", "protocol", p)
	k.lcp.RejectProtocol(now, p, info)
}

// echoed takes the time that an Echo-Request took.
func (k *Link) echoed(_ time.Time, rtt time.Duration) {
	k.delays.add(rtt)
	if k.line != nil {
		k.bundle.mp.tell(k)
	}
}

// protocolRejected takes the peer's Protocol-Reject.
func (k *Link) protocolRejected(now time.Time, p wire.Protocol) {
	switch {
	case k.auth.rejected(now, p):
	case k.bundle != nil && k.bundle.mp != nil && p == wire.MP:
		k.bundle.mp.rejected(now, k)
	case k.bundle != nil:
		k.bundle.net.rejected(now, p)
	}
}

// lcpUp begins the Authenticate phase with what LCP has agreed.
func (k *Link) lcpUp(now time.Time) {
	r := k.lcp.Result()
	k.rx = framing{r.RxACFC, r.RxPFC}
	k.tx = framing{r.TxACFC, r.TxPFC}
	k.setEscapes()
	k.setPhase(now, PhaseAuthenticate)
	k.auth.start(now, k, r)
}

// setEscapes says which characters are escaped: what has been agreed, and what
// we want beyond it.
func (k *Link) setEscapes() {
	r := k.lcp.Result()
	k.lcpACCM = k.escaping(defaultACCM)
	k.txACCM = k.escaping(hdlc.FromUint32(r.TxACCM))
	k.dec.RxACCM = 0
	if !k.cfg.KeepRx {
		k.dec.RxACCM = r.RxACCM
	}
}

// initialRxACCM is what is taken for additions of the line before LCP is up:
// no line feeds, for what comes may be text.
func (k *Link) initialRxACCM() uint32 {
	if k.cfg.KeepRx {
		return 0
	}
	return wire.DefaultACCM &^ (1<<'\r' | 1<<'\n')
}

// lcpDown goes back to the Establish phase: the peer negotiates anew, or the
// link ends.
func (k *Link) lcpDown(now time.Time) {
	k.txACCM, k.tx, k.rx = k.lcpACCM, framing{}, framing{}
	k.auth.stop()
	k.held = nil
	if k.failure == nil {
		k.lcpGaveUp(k.lcp.Err())
	}
	k.leaveBundle(now, false)
	switch {
	case k.failure == nil:
		k.setPhase(now, PhaseEstablish)
	case k.failure.Kind == PeerDead:
		// Who does not answer Echo-Requests does not answer a
		// Terminate-Request either: one has to do.
		k.finish(now)
	default:
		k.setPhase(now, PhaseTerminate)
	}
}

// lcpGaveUp remembers why LCP ends, if err says that it does.
func (k *Link) lcpGaveUp(err error) {
	var refused *proto.AuthRefused
	switch {
	case err == nil:
	case errors.Is(err, proto.ErrLoopback):
		k.fail(Loopback, "", err)
	case errors.Is(err, proto.ErrPeerDead):
		k.fail(PeerDead, "", err)
	case errors.As(err, &refused) && refused.Ours:
		k.fail(OurAuth, "", err)
	case errors.As(err, &refused):
		k.fail(PeerAuth, "", err)
	case errors.Is(err, fsm.ErrTerminated):
		k.fail(PeerTerminated, "", err)
	case errors.Is(err, fsm.ErrNoAnswer) && !k.heard:
		k.fail(Silent, "", err)
	default:
		k.fail(Negotiation, "", err)
	}
}

func (k *Link) lcpFinished(now time.Time, err error) {
	k.lcpGaveUp(err)
	if k.failure == nil {
		k.fail(Closed, "", nil)
	}
	k.finish(now)
}

// authenticated asks where the link belongs; one that is back after the peer
// had begun anew goes where it was.
func (k *Link) authenticated(now time.Time) {
	name := k.auth.peerName()
	if k.proven && !k.auth.wantsProof() {
		name = k.peerName
	}
	switch {
	case !k.asked:
		k.asked, k.peerName = true, name
		r := k.lcp.Result()
		k.cfg.Events.Admit(&Admission{
			Link: k, PeerName: name, Multilink: r.Multilink(), Endpoint: r.PeerEndpoint,
			Rank: uint64(min(r.Magic, r.PeerMagic))<<32 | uint64(max(r.Magic, r.PeerMagic)),
		})
	case name != k.peerName:
		k.close(now, Refused, "the peer's name has changed")
	case k.home != nil:
		k.home.linkJoined(now, k)
	}
}
