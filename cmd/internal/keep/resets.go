package keep

import "time"

// searchTime is how long a modem may look for a network: the first search in a new
// place takes minutes, and a reset begins it anew.
const searchTime = 10 * time.Minute

// Resets decide when the modem is reset; how is the dialer's business.
type Resets struct {
	OnFail bool // reset_on_fail
	Always bool // reset_always

	dead   int                  // links in a row that passed nothing in the end
	search map[string]time.Time // when a modem was first found without a network, by its line
}

// Failed reports whether to reset after a call that failed.
func (r *Resets) Failed() bool { return r.OnFail || r.Always }

// Ended reports whether to reset after a link that was up.
func (r *Resets) Ended() bool { return r.Always }

// Dead reports whether to reset after a link that the monitor has broken. The
// first one is only made again.
func (r *Resets) Dead() bool {
	r.dead++
	return r.OnFail || r.Always || r.dead > 1
}

// Alive says that something has come over a link.
func (r *Resets) Alive() { r.dead = 0 }

// Searched reports whether a modem that has no network has looked for one for so
// long that a reset may help.
func (r *Resets) Searched(device string, now time.Time) bool {
	since, ok := r.search[device]
	if !ok {
		if r.search == nil {
			r.search = map[string]time.Time{}
		}
		r.search[device] = now
	}
	return ok && now.Sub(since) >= searchTime
}

// SearchEnds says that the modem has a network, or looks for one anew; "" is all
// modems.
func (r *Resets) SearchEnds(device string) {
	if device == "" {
		clear(r.search)
	}
	delete(r.search, device)
}
