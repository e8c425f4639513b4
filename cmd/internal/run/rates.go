package run

import (
	"sync"
	"time"

	"pppdial/mp"
)

// rateTime is the least time that a rate is taken over.
const rateTime = 900 * time.Millisecond

// Rates are taken over the time since somebody looked before, so that they cost
// nothing while nobody does. Those who look at the same time share them.
type rates struct {
	mu         sync.Mutex
	base, last counters // base is at least rateTime older than now, last may not be
}

type counters struct {
	at    time.Time // zero: when the counters began
	whole octets
	links []carrier
}

// A carrier is what one link has carried.
type carrier struct {
	link *mp.Link
	octets
}

func (c *counters) of(k *mp.Link) (t octets, known bool) {
	for i := range c.links {
		if c.links[i].link == k {
			return c.links[i].octets, true
		}
	}
	return octets{}, false
}

// A flow is bits a second in both directions.
type flow struct{ rx, tx float64 }

type speeds struct {
	flow
	links []flow // in the order of the statistics
}

// take returns the rates of late, and remembers the counters for the next time.
// The first time they are those of the connection so far, which has begun with
// what start says.
func (r *rates) take(now time.Time, start counters, s *mp.Stats) speeds {
	c := counters{now, octetsOf(*s), make([]carrier, len(s.Links))}
	for i, k := range s.Links {
		c.links[i] = carrier{k.Link, octets{k.Tx.Bytes, k.Rx.Bytes}}
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.last.at.Before(start.at) {
		r.last = start
	}
	if r.base.at.IsZero() || now.Sub(r.last.at) >= rateTime {
		r.base, r.last = r.last, c
	}
	v := speeds{links: make([]flow, len(s.Links))}
	if r.base.at.IsZero() {
		return v
	}
	v.flow = c.whole.over(r.base.whole, now.Sub(r.base.at))
	for i, k := range s.Links {
		took := now.Sub(r.base.at)
		before, known := r.base.of(k.Link)
		if !known && k.Since.After(r.base.at) {
			took = now.Sub(k.Since)
		}
		v.links[i] = c.links[i].over(before, took)
	}
	return v
}

// over is the rate at which counters have grown.
func (t octets) over(before octets, took time.Duration) flow {
	if took <= 0 || t.sent < before.sent || t.received < before.received {
		return flow{}
	}
	d := t.less(before)
	return flow{rx: float64(d.received) * 8 / took.Seconds(), tx: float64(d.sent) * 8 / took.Seconds()}
}
