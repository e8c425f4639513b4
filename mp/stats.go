package mp

import "time"

// Stats are a bundle's state and its counters since it was made.
type Stats struct {
	Rx, Tx Traffic           // as the interface sees them
	Drops  map[string]uint64 // packets that were not carried, by reason
	Queued int               // packets that wait for a line
	Limit  int               // of Queued
	Ahead  uint64            // urgent packets that went before others
	MTU    int               // the largest packet that the peer takes
	KeptBy string            // the last packet that counted as activity
	Heard  time.Time         // when the last packet came; zero: none

	OpenTCP int // connections that seem open, as far as they are observed

	TxCompression, RxCompression Compression
	TxVJ, RxVJ                   bool // headers of TCP are compressed

	MP    *MPStats // nil while the links have not agreed on multilink
	Links []LinkStats
}

// Compression is packet compression in one direction.
type Compression struct {
	Method string // "none" when there is none
	// In and Out are the octets before and after compression, on whichever
	// side of the line it took place.
	In, Out uint64
}

// Ratio is how many times smaller packets have become, 1 where there were
// none.
func (c Compression) Ratio() float64 {
	if c.Out == 0 {
		return 1
	}
	return float64(c.In) / float64(c.Out)
}

// MPStats is multilink in a bundle.
type MPStats struct {
	MRRU, PeerMRRU       int
	TxSeq, RxSeq         uint32 // the next sequence numbers
	TxSSN, RxSSN         bool   // short sequence numbers
	TxClasses, RxClasses int    // classes of fragments; 0: headers have none
	Lost                 uint64 // received numbers that never came
	Resent               uint64 // fragments that were sent anew when their line was lost
	Endpoint             string // our discriminator, in words
	PeerEndpoint         string
}

// LinkStats is one link.
type LinkStats struct {
	Link     *Link
	Name     string // the line's
	Phase    Phase
	Entered  time.Time // when it entered the phase
	Since    time.Time // when it joined
	PeerName string

	Rate    float64       // octets a second that the line sends, 0: not known
	Benched bool          // it is too slow to be of use beside the others
	Resting bool          // it is silent and asked whether it is still there
	EchoRTT time.Duration // of the last Echo-Request, 0: not known

	Rx, Tx Traffic // frames, and octets on the line
	BadFCS uint64

	Local, Remote []string // options of LCP as agreed, in words
}

// A snapshot is what the loop has told at the end of one of its turns.
type snapshot struct {
	Stats
	turn uint64
}

// Stats returns the counters as they are now, false when the bundle has ended.
// While a bundle rests those who look at it get the same snapshot, and do not
// wake its loop; so whatever it refers to is to be left as it is.
func (b *Bundle) Stats() (Stats, bool) {
	if s := b.told.Load(); s != nil && s.turn == b.loop.turns.Load() {
		return s.Stats, true
	}
	got := make(chan *snapshot, 1)
	if !b.loop.post(nil, func(time.Time) { b.lookers = append(b.lookers, got) }) {
		return Stats{}, false
	}
	select {
	case s := <-got:
		return s.Stats, true
	case <-b.loop.done:
		return Stats{}, false
	}
}

// Stats returns the link's counters as they are now, false when it has ended or
// changes its owner. Those of a bundle are better asked all at once.
func (k *Link) Stats() (s LinkStats, ok bool) {
	l := k.owner.Load()
	ran := l.do(func(time.Time) {
		if ok = k.owner.Load() == l && !k.ended; ok {
			s = k.stats()
		}
	})
	return s, ran && ok
}

// tell answers those who look, when the turn has changed what it had to.
func (b *Bundle) tell() {
	if len(b.lookers) == 0 {
		return
	}
	s := &snapshot{b.stats(), b.loop.turns.Load()}
	b.told.Store(s)
	for i, got := range b.lookers {
		got <- s
		b.lookers[i] = nil
	}
	b.lookers = b.lookers[:0]
}

func (b *Bundle) stats() Stats {
	c := &b.net.coder
	s := Stats{
		Rx: b.net.rx, Tx: b.net.tx, Drops: map[string]uint64{}, KeptBy: b.idle.keptBy(),
		Queued: b.queue.n, Limit: b.queue.limit, Ahead: b.queue.ahead, OpenTCP: b.idle.open, MTU: b.net.mtu, Heard: b.net.heard,
		TxCompression: Compression{compressionName(c.txUsed), c.txIn, c.txOut},
		RxCompression: Compression{compressionName(c.rxUsed), c.rxOut, c.rxIn},
		TxVJ:          c.txVJ != nil, RxVJ: c.rxVJ != nil,
	}
	for i, n := range b.drops {
		if n > 0 {
			s.Drops[dropNames[i]] = n
		}
	}
	if b.mp != nil {
		s.MP = b.mp.stats()
	}
	for _, k := range b.loop.links {
		s.Links = append(s.Links, k.stats())
	}
	return s
}

func (k *Link) stats() LinkStats {
	s := LinkStats{Link: k, Name: k.Name(), Phase: k.phase, Entered: k.entered, PeerName: k.peerName, Rate: k.pace.rate, BadFCS: k.badFCS}
	s.Since, s.Rx, s.Tx = k.joined, k.received, k.sent
	if k.line != nil {
		s.Benched, s.Resting = k.line.Benched(), !k.usable()
	}
	_, _, s.EchoRTT = k.lcp.RTT()
	s.Local, s.Remote = k.lcp.Options()
	return s
}
