package mp

import (
	"pppdial/mp/fsm"
	"sync"
	"time"

	"pppdial/mp/wire"
)

// A Nursery owns the links that belong to no bundle yet: one goroutine for
// all of them.
type Nursery struct {
	loop       *loop
	challenges challenges
}

// NewNursery starts a nursery.
func NewNursery() *Nursery {
	n := &Nursery{loop: newLoop(nil)}
	go n.loop.run()
	return n
}

// Start makes a link of a line that talks, and begins LCP on it. Unread are
// bytes of the line that the dialogue before has read. It returns nil when
// the nursery has been closed.
func (n *Nursery) Start(line Line, unread []byte, cfg LinkConfig) *Link {
	k := newLink(line, unread, cfg)
	k.challenges = &n.challenges
	k.owner.Store(n.loop)
	if !n.loop.post(nil, func(now time.Time) {
		n.loop.adopt(k)
		k.start(now)
	}) {
		return nil
	}
	return k
}

// Close ends the nursery when its last link has gone; it ends no link itself.
func (n *Nursery) Close() {
	n.loop.post(nil, func(time.Time) { n.loop.stopping = true })
}

// Done is closed when the nursery has ended.
func (n *Nursery) Done() <-chan struct{} { return n.loop.done }

// An Admission is an authenticated link that asks where it belongs. It waits,
// and answers LCP, until Join or Refuse is called, from any goroutine.
type Admission struct {
	Link     *Link
	PeerName string // as authenticated; empty when the peer need not

	// Multilink says that both sides have agreed on it. A link without cannot
	// join a bundle that has another.
	Multilink bool
	Endpoint  wire.Endpoint // the peer's discriminator; null class: it gave none

	// Rank orders links: made of the magic numbers, it is the same at both ends.
	Rank uint64

	once sync.Once
}

// Join sends the link into a bundle.
func (a *Admission) Join(b *Bundle) {
	a.once.Do(func() {
		a.Link.post(func(now time.Time) { a.Link.join(now, b) })
	})
}

// Refuse sends the peer away.
func (a *Admission) Refuse(reason string) {
	a.once.Do(func() { a.Link.Close(Refused, reason) })
}

// Reconfigure gives the link the configuration of the entry that its peer's
// name has chosen, before Join: characters that are escaped, echoes and times
// at once, and what LCP has agreed upon otherwise by agreeing anew. The peer
// need not prove itself again for that, unless it is to do so every now and
// then, and how we did stays. An MRRU, which may be left out, is only for a link
// that no other will join: the peer compares it with theirs before it can change.
func (a *Admission) Reconfigure(c LinkConfig) {
	a.Link.post(func(now time.Time) { a.Link.reconfigure(now, c) })
}

func (k *Link) reconfigure(now time.Time, c LinkConfig) {
	k.cfg.EscapeTx, k.cfg.EscapeParity, k.cfg.KeepRx = c.EscapeTx, c.EscapeParity, c.KeepRx
	k.cfg.Auth.Times, k.cfg.Auth.Again = c.Auth.Times, c.Auth.Again
	k.cfg.LCP.EchoInterval = c.LCP.EchoInterval // the vigil goes by it
	if c.Rate > 0 || c.NeverPace {
		k.pace = newPace(c.Rate, k.cfg.Limit, c.NeverPace)
	}
	k.dec.MaxFrame = maxFrame(c.LCP)
	if k.auth.server != nil {
		k.auth.server.SetRounds(now, c.Auth.Times, c.Auth.Again)
	}
	c.LCP.Demand = k.auth.repeated(c.Auth.Again)
	k.proven = true
	if k.lcp.Reconfigure(now, c.LCP) {
		k.log.Info("negotiating anew with the settings of the peer's entry")
	} else {
		k.setEscapes()
	}
	k.flush(now)
}

// join hands the link over from its nursery to the bundle's loop. The nursery
// waits for the bundle, never the other way round.
func (k *Link) join(now time.Time, b *Bundle) {
	from := k.owner.Load()
	from.forget(k)
	taken := false
	ran := b.loop.do(func(now time.Time) {
		if taken = !b.loop.stopping; taken {
			b.loop.adopt(k)
			k.admitted(now, b)
			k.lineNews(now)
		}
	})
	if !ran || !taken {
		from.adopt(k)
		k.close(now, Refused, "the interface is going down")
	}
}

// admitted makes the link one of the bundle's: at once, or, when the peer has
// begun anew since the question was asked, as soon as that is settled.
func (k *Link) admitted(now time.Time, b *Bundle) {
	k.home = b
	if k.lcp.State() == fsm.Opened && k.auth.done() {
		b.linkJoined(now, k)
	}
}
