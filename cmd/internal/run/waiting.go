package run

// This file is how calls are waited for, one after the other.

// listen waits for calls on every line of the entry: who calls on one too many is
// told so. Without any, lines come from other processes.
func (u *unit) listen() {
	inUse := len(u.attempts) + u.hanging + u.talking()
	limit := len(u.entry.Device)
	if u.entry.UnsafeMP && !u.entry.Reconfigure { // what is over is for our calls
		limit = min(limit, u.entry.MaxDevs)
	}
	for range limit - inUse {
		u.attempt(!u.up, false)
	}
}

// talking is the number of lines that speak PPP by the entry.
func (u *unit) talking() (n int) {
	for _, m := range u.d.members {
		if m.entry == u.entry {
			n++
		}
	}
	return n
}

// answers reports whether calls are awaited, carried or just over: the end of one
// is followed by another wait.
func (u *unit) answers() bool { return len(u.attempts) > 0 || u.talking() > 0 || u.d.hanging > 0 }

// listenAgain waits for the next call on a line that is free again, unless its
// call was the last of a connection: then the unit's successor does.
func (d *daemon) listenAgain(m *member) {
	u := m.unit
	if d.main != nil && d.main.entry == m.entry {
		u = d.main
	}
	if u != nil && u.final == nil && u.waits != nil && (u.up || u.iface == nil) {
		u.listen()
	}
}

// finish ends the unit of a connection that is over, or came to nothing. Where
// calls are awaited, another one takes its place, in which nothing is left of this
// caller.
func (u *unit) finish(v Verdict) {
	u.renew = u.waits != nil
	u.end(v)
}
