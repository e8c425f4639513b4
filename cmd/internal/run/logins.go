package run

import (
	"cmp"
	"fmt"
	"net/netip"
	"os"
	"path/filepath"
	"strings"
	"time"

	"pppdial/cmd/internal/utmp"
	"pppdial/conf"
)

// This file is how calls get into utmp and wtmp (-utmp).

// ttyName is the name of a terminal without /dev/.
func ttyName(f *os.File) string {
	name, err := os.Readlink(fmt.Sprintf("/proc/self/fd/%d", f.Fd()))
	if err != nil {
		return "stdin"
	}
	return strings.TrimPrefix(name, "/dev/")
}

// records reports whether a call is to be recorded: one that we have made, or
// that no login has recorded.
func (m *member) records(e *conf.Entry) bool { return e.UTMP && !m.login }

// recordCalls begins the records of the unit's lines that have none, with the
// peer's address: that of IPv4, if it comes in time.
func (u *unit) recordCalls() {
	if u.entry.IPv4 && u.iface.up.v4 == nil {
		u.d.after(booksWait, u.recordLines)
	} else {
		u.recordLines()
	}
}

func (u *unit) recordLines() {
	if !u.up || u.final != nil {
		return
	}
	var peer netip.Addr
	if n := cmp.Or(u.iface.up.v4, u.iface.up.v6); n != nil {
		peer = n.Remote
	}
	for _, m := range u.joined() {
		if m.call == nil && m.records(u.entry) {
			m.call = u.d.book.Begin(m.joined, m.callOf(u.entry, peer))
		}
	}
}

// callOf is what is recorded of a call: whose it is, and where that is.
func (m *member) callOf(e *conf.Entry, peer netip.Addr) utmp.Call {
	c := utmp.Call{Line: m.Name(), User: cmp.Or(m.peerName, e.Label), Host: m.number, Addr: peer}
	if tty, err := filepath.EvalSymlinks(c.Line); err == nil {
		c.Line = tty
	}
	if c.Host == "" && peer.IsValid() {
		c.Host = peer.String()
	}
	return c
}

// openBook opens the book of calls, which ends the records of killed programs.
func (d *daemon) openBook() {
	c := d.world.books
	c.Log = d.log
	d.book = utmp.Open(time.Now(), c)
}
