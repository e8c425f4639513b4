package mp

import "time"

const (
	// A link that is silent for so long while others of its bundle receive is
	// asked by an Echo-Request whether it is still there. So is one that has
	// been given something since it was heard, when it has had the time of a full
	// frame more: the others may be silent only because the peer waits for what
	// this one has lost.
	silence = 250 * time.Millisecond
	// It may take its time: its round trip as it was measured, what waits in
	// front of the request here and a full frame in front of the reply there,
	// but at least this.
	leastAnswer = 200 * time.Millisecond
	// While it does not answer it rests, and is asked again after this time,
	// doubled each time up to a limit.
	askAgain     = 500 * time.Millisecond
	askAgainLast = 4 * time.Second
	// From then on fragments are no longer awaited from it: the peer has had the
	// time to send them anew over other links.
	goneAfter = 1500 * time.Millisecond
	// unsureTime is how well it is known when something has left us.
	unsureTime = 40 * time.Millisecond
)

// A vigil watches one link of several. Carrier and LCP's own Echo-Requests
// tell late or never that a line has gone silent, and one such line would hold
// up all the packets that have a fragment on it.
type vigil struct {
	heard   time.Time // when the last good frame came
	gave    time.Time // the first that was sent since then; zero: none
	asked   time.Time // the first Echo-Request since then; zero: none
	verdict time.Time // when the link rests, or is asked anew, unless it is heard
	again   time.Duration
	silent  bool
	gone    bool // for so long that fragments are not awaited from it any more
}

func (v *vigil) start(now time.Time) { *v = vigil{heard: now} }

// heard says that a good frame came over link k: others that have been silent
// are asked.
func (m *multilink) heard(now time.Time, k *Link) {
	v := &k.vigil
	v.heard, v.gave, v.asked, v.verdict = now, time.Time{}, time.Time{}, time.Time{}
	if v.silent {
		v.silent, v.gone = false, false
		k.log.Info("link answers again")
		m.members(func(j *Link) {
			if j.vigil.silent { // while none answered it was used as well
				m.resend(j, j.unsure())
			}
		})
		m.update()
	}
	m.members(func(j *Link) {
		if j != k && j.vigil.asked.IsZero() && now.Sub(j.vigil.heard) > silence {
			j.vigil.ask(now, j)
		}
	})
}

// given says that link k was given something to send.
func (v *vigil) given(now time.Time) {
	if v.gave.IsZero() {
		v.gave = now
	}
}

// worry is when the link is asked because nothing has come since it was given
// something.
func (v *vigil) worry(k *Link) time.Time {
	if v.gave.IsZero() || !v.asked.IsZero() || k.cfg.LCP.EchoInterval == 0 || k.bundle.mp.count() < 2 {
		return time.Time{}
	}
	return v.gave.Add(silence + k.lineTime(fullFrame))
}

func (v *vigil) ask(now time.Time, k *Link) {
	if k.cfg.LCP.EchoInterval == 0 || !k.lcp.Probe(now) {
		return
	}
	v.asked, v.again = now, askAgain
	rtt, deviation, _ := k.lcp.RTT()
	v.verdict = now.Add(max(leastAnswer, rtt+4*deviation) + k.lineTime(k.below(now)+fullFrame))
}

func (v *vigil) advance(now time.Time, k *Link) {
	if due(v.worry(k), now) {
		v.gave = time.Time{}
		v.ask(now, k)
	}
	if !due(v.verdict, now) {
		return
	}
	if !v.silent {
		v.silent = true
		k.log.Warn("link is silent", "for", now.Sub(v.heard).Round(time.Millisecond))
		k.bundle.mp.resend(k, k.unsure())
		k.bundle.mp.update()
	} else if !v.gone && now.Sub(v.asked) >= goneAfter {
		v.gone = true
		k.bundle.mp.update()
		k.bundle.mp.deliver(now)
	}
	if k.line != nil {
		k.lcp.Probe(now)
		v.verdict = now.Add(v.again)
		v.again = min(2*v.again, askAgainLast)
	}
}

func (v *vigil) deadline(k *Link) time.Time { return earlier(v.verdict, v.worry(k)) }

// unsure is since when what the link has sent may not have arrived: what had
// left so long before the last frame came that this could have been an answer
// has.
func (k *Link) unsure() time.Time {
	return k.vigil.heard.Add(-2*k.delays.oneWay() - unsureTime)
}

// lineTime is how long so many octets take on the link's line, as far as that
// is known.
func (k *Link) lineTime(octets int) time.Duration {
	rate := k.pace.estimate()
	if rate == 0 {
		return 0
	}
	return seconds(float64(octets) / rate)
}

// A delays is how long a link's Echo-Requests have taken lately: the least of
// them is the line's, the others have waited somewhere.
type delays struct {
	rtts [8]time.Duration
	n    int
}

func (d *delays) add(rtt time.Duration) {
	d.rtts[d.n%len(d.rtts)] = rtt
	d.n++
}

// oneWay is half the least of them.
func (d *delays) oneWay() time.Duration {
	if d.n == 0 {
		return 0
	}
	least := d.rtts[0]
	for _, t := range d.rtts[:min(d.n, len(d.rtts))] {
		least = min(least, t)
	}
	return least / 2
}

// A peer that authenticates in one place and forwards in another is not ready
// for fragments on a link as soon as we are: what comes too early it throws
// away, or answers with a Protocol-Reject. So a link that joins others is
// given some only when one has come over it, or after a while.
const (
	entryTime     = 300 * time.Millisecond
	entryTimeLast = 5 * time.Second
)

type entry struct {
	waiting bool
	until   time.Time
	rejects int
}

func (e *entry) wait(now time.Time) {
	e.waiting = true
	e.until = now.Add(min(entryTime<<min(e.rejects, 8), entryTimeLast))
}

// rejected says that the peer has rejected a fragment.
func (m *multilink) rejected(now time.Time, k *Link) {
	if k.line == nil {
		return
	}
	k.log.Debug("the peer is not ready for multilink on this link")
	m.tx.Resend(k.line, k.joined)
	k.entry.wait(now)
	k.entry.rejects++
	m.update()
}

// proven says that the peer has sent a fragment over the link.
func (e *entry) proven(m *multilink) {
	if e.rejects = 0; e.waiting {
		e.waiting, e.until = false, time.Time{}
		m.update()
	}
}

func (e *entry) advance(now time.Time, m *multilink) {
	if due(e.until, now) {
		e.waiting, e.until = false, time.Time{}
		m.update()
	}
}

func (e *entry) deadline() time.Time { return e.until }
