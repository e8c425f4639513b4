package mp

import (
	"log/slog"
	"sync/atomic"
	"time"

	"pppdial/mp/fsm"
	"pppdial/mp/hdlc"
	"pppdial/mp/proto"
	"pppdial/mp/wire"
)

const (
	drainTime  = 2 * time.Second        // for the last frames to leave before the line is given up
	heldFrames = 16                     // network frames kept while admission is being decided
	maxFill    = 2 * maxBurst           // octets for the writer; beyond them control packets are dropped
	flagTime   = 250 * time.Millisecond // without a write before which frames share their flags
)

// A Link is one line that speaks PPP. It is born in a Nursery and lives until
// its line is lost or PPP on it is over.
type Link struct {
	// Fixed after creation.
	cfg        LinkConfig
	log        *slog.Logger
	port       *port
	challenges *challenges // of the nursery's links

	owner atomic.Pointer[loop]

	// Owned by the owner.
	phase     Phase
	entered   time.Time // that phase
	dec       hdlc.Decoder
	badFCS    uint64 // of the decoder's count, seen so far
	fill      []byte // frames for the writer
	spare     []byte // the buffer that the writer has had
	ends      []int  // of the frames in fill, on a synchronous line
	spareEnds []int
	pace      pace
	writing   bool // the writer has a buffer whose end we have not seen
	scratch   []byte
	rx, tx    framing
	lcpACCM   hdlc.ACCM // of LCP's frames
	txACCM    hdlc.ACCM
	lcp       *proto.LCP
	auth      authenticators
	claims    int         // that the peer has put and that were not accepted
	proveBy   time.Time   // when the peer must have proved who it is; zero: it has, or need not
	control   []byte      // scratch for control packets
	bundle    *Bundle     // that it carries data for
	home      *Bundle     // that it was admitted to
	asked     bool        // where it belongs
	proven    bool        // the peer has proved its name before LCP was negotiated anew
	held      []heldFrame // arrived before admission was answered
	peerName  string
	heard     bool // a good frame came
	member
	parting        *multilink // that it has left, whose fragments may come yet
	received, sent Traffic    // frames
	farewell       farewell

	failure *Failure  // why the link ends; set once
	drain   time.Time // when the end waits no longer for the writer
	over    bool      // PPP is over, the last frames are leaving
	ended   bool
}

type heldFrame struct {
	proto wire.Protocol
	info  []byte
}

// post sends f to the link's owner; nothing happens when the link has ended.
func (k *Link) post(f func(now time.Time)) {
	k.owner.Load().post(k, func(now time.Time) {
		if !k.ended {
			f(now)
		}
	})
}

// Name is the line's.
func (k *Link) Name() string { return k.port.line.Name() }

// Close ends the link in an orderly way: Terminate-Request, and, when the peer
// has answered or will not, Events.LinkLost with a Failure of this kind.
func (k *Link) Close(kind Kind, reason string) {
	k.post(func(now time.Time) { k.close(now, kind, reason) })
}

// Drop ends the link at once, as if its line had been lost.
func (k *Link) Drop(kind Kind, reason string) {
	k.post(func(now time.Time) {
		k.fail(kind, reason, nil)
		k.end(now)
	})
}

// fail remembers why the link ends; the first reason stays.
func (k *Link) fail(kind Kind, detail string, err error) {
	if k.failure != nil {
		return
	}
	k.proveBy = time.Time{}
	k.failure = &Failure{
		Kind: kind, Phase: k.phase, Up: k.bundle != nil && k.bundle.up(), Detail: detail, Err: err,
	}
	if !k.heard {
		k.failure.Noise = append([]byte(nil), k.dec.Noise()...)
	}
}

func (k *Link) setPhase(now time.Time, p Phase) {
	if k.phase != p {
		k.log.Debug("phase " + p.String())
		k.phase, k.entered = p, now
	}
}

// start begins LCP; the line talks already.
func (k *Link) start(now time.Time) {
	k.setPhase(now, PhaseEstablish)
	k.port.start()
	k.lcp.Open(now)
	k.lcp.Up(now)
	k.flush(now)
}

func (k *Link) close(now time.Time, kind Kind, reason string) {
	k.fail(kind, reason, nil)
	k.setPhase(now, PhaseTerminate)
	k.leaveBundle(now, true)
	k.lcp.Close(now, reason)
	k.flush(now)
}

// lineNews looks at what the reader and the writer have done.
func (k *Link) lineNews(now time.Time) {
	if k.ended {
		return
	}
	for !k.ended {
		select {
		case c := <-k.port.rx:
			if c.err != nil {
				k.lineLost(now, c.err)
				return
			}
			k.received.Bytes += uint64(len(c.b))
			k.traffic.heard(now)
			k.input(now, c.b)
			k.port.release(c)
			continue
		default:
		}
		break
	}
	if err := k.port.writeErr.Load(); err != nil && !k.ended {
		k.lineLost(now, *err)
		return
	}
	k.flush(now)
}

func (k *Link) lineLost(now time.Time, err error) {
	if k.over {
		k.end(now)
		return
	}
	if k.failure == nil && k.lcp.State() != fsm.Opened {
		k.lcpGaveUp(k.lcp.Err()) // who has sent us away may hang up at once
	}
	k.fail(Hangup, "", err)
	k.end(now)
}

// input reads a chunk. Each frame goes all the way up before the next is
// looked at, for it may change how the next is read.
func (k *Link) input(now time.Time, chunk []byte) {
	k.lcp.Receiving(now)
	if k.cfg.Sync {
		k.frame(now, chunk)
		return
	}
	k.farewell.read(chunk)
	defer k.farewell.judge(now, &k.dec)
	k.dec.Feed(chunk)
	for {
		f, ok := k.dec.Next()
		if bad := k.dec.Stats().BadFCS; bad != k.badFCS {
			k.badFCS = bad
			if k.bundle != nil {
				k.bundle.net.coder.lost()
			}
		}
		if !ok {
			break
		}
		k.frame(now, f)
		if k.ended {
			return
		}
	}
}

// flush gives the writer what is ready, when it is free. What a bundle has for
// the line is in the buffer only when the line has room for it.
func (k *Link) flush(now time.Time) {
	if !k.idle() {
		return
	}
	if len(k.fill) > 0 {
		b := k.fill
		if k.follows(now) {
			b = b[1:]
			k.sent.Bytes--
		}
		k.pace.started(now, len(b))
		// What would not be handed over in parts can be tried at once: that is a
		// wake-up less.
		part := k.pace.part(len(b))
		if !k.port.send(b, k.ends, part, k.pace.quickly() || len(b) <= part) {
			k.writing = true
			k.fill, k.spare = k.spare[:0], k.fill
			k.ends, k.spareEnds = k.spareEnds[:0], k.ends
			return
		}
		k.fill = k.fill[:0]
		k.written()
		if k.bundle != nil && k.bundle.pending() {
			k.bundle.loop.kick()
		}
	}
	if k.over {
		k.end(now)
	}
}

// follows reports whether what is in the buffer needs no flag to open it, because
// the one that has closed the frame before is the last octet on the line. A line
// that has paused may have made up some octets of its own.
func (k *Link) follows(now time.Time) bool {
	return !k.cfg.Sync && k.phase == PhaseNetwork && now.Sub(k.port.seen.ended) < flagTime
}

// idle reports whether the writer is free, and takes note of what it has done.
func (k *Link) idle() bool {
	if k.ended || k.port.busy.Load() {
		return false
	}
	if k.writing {
		k.writing = false
		k.written()
	}
	return true
}

// written takes note of how a write went.
func (k *Link) written() {
	k.pace.done(k.port.seen)
	k.rateKnown()
}

// takes reports whether the line takes another packet of data now.
func (k *Link) takes(now time.Time) bool {
	return k.idle() && k.pace.ready(now) && len(k.fill) < k.pace.burst()
}

// below is the number of octets that have been put together or handed over and
// have not left the line yet.
func (k *Link) below(now time.Time) int { return len(k.fill) + int(k.pace.below(now)) }

// rateKnown passes on what the pace has learned of the line: how long an
// Echo-Request waits behind what was handed over, and how long packets may.
func (k *Link) rateKnown() {
	if k.line != nil {
		k.bundle.mp.tell(k)
	}
	rate := k.pace.rate
	if rate == 0 {
		return
	}
	k.lcp.SetDelay(seconds((float64(len(k.fill)) + k.pace.level) / rate))
	if k.bundle != nil {
		k.bundle.rateKnown()
	}
}

// send appends one frame for the writer.
func (k *Link) send(p wire.Protocol, info []byte) {
	k.scratch = append(k.tx.header(k.scratch[:0], p), info...)
	traceFrame(k.log, "sent", p, k.scratch, len(info))
	k.tap(Sent, k.scratch)
	accm := &k.txACCM
	if p == wire.LCP {
		accm = &k.lcpACCM
	}
	k.appendFrame(k.scratch, accm)
}

// appendFrame puts a frame into the writer's buffer: framed, or, on a
// synchronous line whose driver does that, as it stands with its end marked.
func (k *Link) appendFrame(frame []byte, accm *hdlc.ACCM) {
	before := len(k.fill)
	defer func() {
		k.sent.Packets++
		k.sent.Bytes += uint64(len(k.fill) - before)
	}()
	if k.cfg.Sync {
		k.fill = append(k.fill, frame...)
		k.ends = append(k.ends, len(k.fill))
		return
	}
	k.fill = hdlc.AppendFrame(k.fill, frame, accm, len(k.fill) == 0)
}

// sendPacket appends a frame for the packet store[from:], whose header goes
// into the headroom in front of it.
func (k *Link) sendPacket(proto wire.Protocol, store []byte, from int) {
	var room [headroom]byte
	h := k.tx.header(room[:0], proto)
	frame := store[from-len(h):]
	copy(frame, h)
	traceFrame(k.log, "sent", proto, frame, len(store)-from)
	k.tap(Sent, frame)
	k.appendFrame(frame, &k.txACCM)
}

// defaultACCM escapes all control characters: LCP packets are sent so,
// whatever has been agreed (RFC 1662, section 7.1), and wanted so.
var defaultACCM = hdlc.FromUint32(wire.DefaultACCM)

// escaping adds to a map what we escape whatever has been agreed.
func (k *Link) escaping(m hdlc.ACCM) hdlc.ACCM {
	for i, e := range k.cfg.EscapeTx {
		m[i] |= e
	}
	if k.cfg.EscapeParity {
		m = m.WithParity()
	}
	return m
}

// finish ends PPP on the link; the line is given up when the last frames have
// left.
func (k *Link) finish(now time.Time) {
	if k.over {
		return
	}
	k.over = true
	k.drain = now.Add(drainTime)
}

// end gives up the line.
func (k *Link) end(now time.Time) {
	if k.ended {
		return
	}
	k.leaveBundle(now, false)
	k.part(now)
	k.auth.stop()
	k.ended = true
	k.setPhase(now, PhaseDead)
	owner := k.owner.Load()
	owner.forget(k)
	k.failure.Rx, k.failure.Tx = k.received, k.sent
	go func() {
		unread := k.port.stop()
		k.cfg.Events.LinkLost(k, k.failure, unread)
	}()
}

// leaveBundle ends the carrying of data. In an orderly end fragments may come
// yet, until the peer knows.
func (k *Link) leaveBundle(now time.Time, orderly bool) {
	if b := k.bundle; b != nil {
		k.bundle = nil
		if orderly {
			k.parting = b.mp
		}
		b.linkLeft(now, k, orderly)
	}
}

// part says that no fragments will come any more.
func (k *Link) part(now time.Time) {
	if m := k.parting; m != nil {
		k.parting = nil
		m.rx.Remove(k.src)
		k.src = nil
		m.deliver(now)
	}
}

func (k *Link) advance(now time.Time) {
	if k.over {
		if !now.Before(k.drain) {
			k.end(now)
		}
		return
	}
	if k.farewell.lost(now) {
		k.lineLost(now, ErrNoCarrier)
		return
	}
	if due(k.lcp.Deadline(), now) {
		k.lcp.Advance(now)
	}
	k.auth.advance(now)
	if due(k.proveBy, now) {
		k.unproved(now, proto.ErrAuthTimeout)
	}
	k.flush(now)
}

func (k *Link) deadline() time.Time {
	if k.over {
		return k.drain
	}
	t := earlier(earlier(k.lcp.Deadline(), k.auth.deadline()), earlier(k.proveBy, k.farewell.until))
	if b := k.bundle; b != nil && b.pending() && !k.port.busy.Load() && k.pace.next.After(b.pumped) {
		t = earlier(t, k.pace.next)
	}
	return t
}
