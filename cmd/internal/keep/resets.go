package keep

// Resets decide when the modem is reset; how is the dialer's business.
type Resets struct {
	OnFail bool // reset_on_fail
	Always bool // reset_always

	dead int // links in a row that passed nothing in the end
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
