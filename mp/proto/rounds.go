package proto

import "time"

// rounds are those of an authenticator that may ask more than once: in each the
// peer proves the same name (RFC 1994, section 2).
type rounds struct {
	started bool
	timer   authTimer    // of the round
	again   time.Time    // when the next one begins; zero: there is none yet
	current *AuthRequest // being verified
	proved  bool         // in some round
	name    string
}

// Name is the name that the peer has proved, empty before.
func (r *rounds) Name() string { return r.name }

// Deadline is when Advance wants to be called, zero when there is no need.
func (r *rounds) Deadline() time.Time {
	if !r.again.IsZero() {
		return r.again
	}
	return r.timer.deadline()
}

// Stop ends it silently. The name stays known.
func (r *rounds) Stop() {
	r.started, r.current, r.timer, r.again = false, nil, authTimer{}, time.Time{}
}

// begin begins a round.
func (r *rounds) begin(now time.Time, t AuthTimes) {
	r.current, r.again = nil, time.Time{}
	r.timer.limit = now.Add(t.Limit)
}

// renamed reports whether the name is another than that of the rounds before.
func (r *rounds) renamed(a *AuthRequest) bool { return r.proved && a.Name != r.name }

// passed takes the name of a round that has succeeded, and the time until the
// next; it reports whether it was the first.
func (r *rounds) passed(now time.Time, name string, again time.Duration) (first bool) {
	first = !r.proved
	r.name, r.proved = name, true
	r.schedule(now, again)
	return first
}

// schedule sets when the next round begins, unless one is under way.
func (r *rounds) schedule(now time.Time, again time.Duration) {
	if !r.started || !r.proved || !r.timer.limit.IsZero() {
		return
	}
	r.again = time.Time{}
	if again > 0 {
		r.again = now.Add(again)
	}
}

// advance begins a further round, has a packet repeated, or gives up.
func (r *rounds) advance(now time.Time, protocol string, layer *AuthLayer, round, repeat func(time.Time)) {
	if !r.again.IsZero() && !now.Before(r.again) {
		round(now)
		return
	}
	again, over := r.timer.due(now)
	switch {
	case over:
		r.Stop()
		layer.failed(now, refusedError(protocol, ErrAuthTimeout, ""))
	case again:
		repeat(now)
	}
}
