package proto

import (
	"fmt"
	"time"

	"pppdial/mp/fsm"
	"pppdial/mp/wire"
)

const (
	// echoMemory is how many Echo-Requests are remembered for their replies:
	// more than can be on their way within any sensible interval.
	echoMemory = 8
	// maxEchoDelay bounds what a full output queue adds to the verdict on a
	// silent peer, for one that has stopped us by flow control is dead too.
	maxEchoDelay = time.Minute
)

// echo watches over the peer by Echo-Requests.
type echo struct {
	// Changed by Reconfigure only.
	interval time.Duration // 0: none are sent
	limit    int           // unanswered ones that make the peer dead

	next       time.Time // the next Echo-Request, or the verdict
	unanswered int       // sent since the peer was heard
	oldest     time.Time // of them and of Probe's
	last       time.Time // when the last one was sent
	octets     time.Time // when something came, be it part of a frame
	delay      time.Duration

	sent  [echoMemory]sentEcho
	nsent int

	rtt, deviation, lastRTT time.Duration
}

type sentEcho struct {
	id uint8
	at time.Time // zero: none, or answered
}

type echoAction int

const (
	echoNothing echoAction = iota
	echoSend
	echoDead
)

func (e *echo) start(now time.Time) {
	e.stop()
	if e.interval > 0 {
		e.next = now.Add(e.interval)
	}
}

func (e *echo) stop() {
	e.next, e.oldest, e.unanswered = time.Time{}, time.Time{}, 0
	e.sent, e.nsent = [echoMemory]sentEcho{}, 0
}

func (e *echo) deadline() time.Time { return e.next }

// due says what is to be done. The verdict waits for the last request to
// leave our queue and for the answer's round trip, and while octets come: on a
// slow line a frame takes its time, and the answer stands behind it.
func (e *echo) due(now time.Time) echoAction {
	if e.next.IsZero() || now.Before(e.next) {
		return echoNothing
	}
	if e.unanswered < e.limit {
		return echoSend
	}
	verdict := e.last.Add(min(e.delay, maxEchoDelay) + e.patience())
	if e.octets.After(e.last) && e.octets.Before(e.last.Add(maxEchoDelay)) {
		verdict = later(verdict, e.octets.Add(e.patience()))
	}
	if now.Before(verdict) {
		e.next = verdict
		return echoNothing
	}
	return echoDead
}

func later(a, b time.Time) time.Time {
	if a.After(b) {
		return a
	}
	return b
}

// patience is how long an answer may take once the request is on the line.
func (e *echo) patience() time.Duration { return max(e.interval, e.rtt+4*e.deviation) }

func (e *echo) record(now time.Time, id uint8) {
	e.sent[e.nsent%echoMemory] = sentEcho{id, now}
	e.nsent++
	if e.oldest.IsZero() {
		e.oldest = now
	}
}

// answered takes a reply and returns the round-trip time, negative when it
// answers nothing.
func (e *echo) answered(now time.Time, id uint8) time.Duration {
	for i := range e.sent {
		s := &e.sent[i]
		if s.at.IsZero() || s.id != id {
			continue
		}
		rtt := now.Sub(s.at)
		s.at = time.Time{}
		// RFC 6298, section 2.
		if e.lastRTT == 0 {
			e.rtt, e.deviation = rtt, rtt/2
		} else {
			e.deviation += ((e.rtt - rtt).Abs() - e.deviation) / 4
			e.rtt += (rtt - e.rtt) / 8
		}
		e.lastRTT = max(rtt, 1)
		return rtt
	}
	return -1
}

// Heard says that a good frame of any protocol came from the peer.
func (l *LCP) Heard(time.Time) {
	l.echo.unanswered = 0
	l.echo.oldest = time.Time{}
}

// Receiving says that octets came, which need not be a good frame.
func (l *LCP) Receiving(now time.Time) { l.echo.octets = now }

// SetDelay tells how long what we send now waits before it is on the line:
// the verdict on Echo-Requests waits as much longer, up to a minute.
func (l *LCP) SetDelay(d time.Duration) { l.echo.delay = d }

// Probe sends an Echo-Request at once, if LCP is open, and returns false if it
// cannot. It does not count towards EchoFails.
func (l *LCP) Probe(now time.Time) bool {
	if l.State() != fsm.Opened {
		return false
	}
	l.transmitEcho(now)
	return true
}

// Pending is when the oldest Echo-Request was sent since when nothing was
// heard of the peer; zero if there is none.
func (l *LCP) Pending() time.Time { return l.echo.oldest }

// RTT returns the smoothed round-trip time of Echo-Requests and its mean
// deviation, and the last one as measured; all 0 before the first.
func (l *LCP) RTT() (smoothed, deviation, last time.Duration) {
	return l.echo.rtt, l.echo.deviation, l.echo.lastRTT
}

func (l *LCP) sendEcho(now time.Time) {
	l.echo.unanswered++
	l.echo.last = now
	l.echo.next = now.Add(l.echo.interval)
	l.transmitEcho(now)
}

func (l *LCP) transmitEcho(now time.Time) {
	id := l.NextID()
	l.echo.record(now, id)
	l.layer.Send(wire.Packet{Code: wire.EchoRequest, ID: id,
		Data: wire.AppendEcho(nil, wire.Echo{Magic: l.result.Magic})})
}

// echoRequested answers the peer's Echo-Request. One with our magic number is
// our own (RFC 1661, section 5.8): two in a row and the line is looped back.
func (l *LCP) echoRequested(now time.Time, p wire.Packet) {
	e, err := wire.ParseEcho(p.Data)
	if err != nil {
		return
	}
	if e.Magic != 0 && e.Magic == l.result.Magic && e.Magic != l.result.PeerMagic {
		if l.loop.echoes++; l.loop.echoes >= 2 {
			l.Fail(now, fmt.Errorf("LCP: %w", ErrLoopback))
		}
		return
	}
	l.loop.echoes = 0
	data := e.Data[:min(len(e.Data), max(l.result.PeerMRU-wire.PacketHeader-4, 0))]
	l.layer.Send(wire.Packet{Code: wire.EchoReply, ID: p.ID,
		Data: wire.AppendEcho(nil, wire.Echo{Magic: l.result.Magic, Data: data})})
}

func (l *LCP) echoReplied(now time.Time, p wire.Packet) {
	if _, err := wire.ParseEcho(p.Data); err != nil {
		return
	}
	if rtt := l.echo.answered(now, p.ID); rtt >= 0 && l.layer.Echoed != nil {
		l.layer.Echoed(now, rtt)
	}
}
