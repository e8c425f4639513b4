package dialtest

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"time"
)

// simState is what +CPIN? tells.
type simState uint8

const (
	simReady simState = iota
	simPIN
	simPUK
	simAbsent
)

// cell is the cellular part of a machine: SIM, registration, packet contexts.
type cell struct {
	m    *machine
	conf *Cellular

	// The SIM keeps these over a reset of the modem, as a card does.
	tries int // PINs that may still be wrong
	pin1  string

	sim        simState
	fun        int    // +CFUN
	status     int    // of registration: 0 not searching, 1 home, 2 searching, 3 denied, 5 roaming
	searching  int    // raised by every search; a later one makes an earlier one void
	report     [3]int // +CREG, +CGREG, +CEREG: 0 no result codes, 1 and 2 with
	cmee       int
	copsMode   int
	copsFormat int
	contexts   map[int]string // by CID: type, APN, ... as +CGDCONT? tells them
	cause      string         // +CEER
}

const pinTries = 3

// newCell starts the cellular part; the card of an earlier life stays in it.
func newCell(m *machine, conf *Cellular) *cell {
	c := &cell{m: m, conf: conf, tries: pinTries, pin1: conf.SIM.PIN}
	if old := m.cell; old != nil {
		c.tries, c.pin1 = old.tries, old.pin1
	}
	return c
}

// boot is power-on.
func (c *cell) boot(now time.Time) {
	c.fun, c.contexts, c.cause = 1, map[int]string{}, "No cause information available"
	switch {
	case c.conf.SIM.Absent:
		c.sim = simAbsent
	case c.tries == 0:
		c.sim = simPUK
	case c.pin1 != "":
		c.sim = simPIN
	default:
		c.sim = simReady
	}
	c.search(now)
}

// search looks for a network, if the SIM allows.
func (c *cell) search(now time.Time) {
	c.searching++
	if c.sim != simReady || c.fun != 1 {
		c.setStatus(0)
		return
	}
	c.setStatus(2)
	this := c.searching
	c.m.after(now, c.conf.RegisterAfter, func(time.Time) {
		if c.searching == this {
			c.found()
		}
	})
}

// found is the end of a search.
func (c *cell) found() {
	if c.conf.Status == 0 {
		c.setStatus(1)
	} else {
		c.setStatus(c.conf.Status)
	}
}

func (c *cell) registered() bool { return c.status == 1 || c.status == 5 }

// setStatus changes the registration and reports it to who asked for it.
func (c *cell) setStatus(s int) {
	if c.status == s {
		return
	}
	c.status = s
	for i, name := range [...]string{"+CREG", "+CGREG", "+CEREG"} {
		if c.report[i] > 0 {
			c.m.urc(fmt.Sprintf("%s: %d", name, s))
		}
	}
}

// step is a deed of a profile's script that concerns the network.
func (c *cell) step(now time.Time, a Action) {
	switch a {
	case SIMGone:
		c.sim = simAbsent
		c.m.urc("+CPIN: NOT INSERTED")
		c.m.ex.drop(now, c.m)
		c.search(now)
	case LoseNet:
		c.searching++
		c.m.ex.drop(now, c.m)
		c.setStatus(2)
	case RegainNet:
		c.found()
	}
}

// simError is why a command that needs the SIM fails.
func (c *cell) simError() reply {
	return c.fail(map[simState]int{simPIN: 11, simPUK: 12, simAbsent: 10}[c.sim])
}

// pin is +CPIN: every wrong PIN costs a try, after three the card asks for the PUK.
func (c *cell) pin(now time.Time, p plus) reply {
	switch p.op {
	case "=?":
		return reply{}
	case "?":
		if c.sim == simAbsent {
			return c.simError()
		}
		return text("+CPIN: %s", map[simState]string{simReady: "READY", simPIN: "SIM PIN", simPUK: "SIM PUK"}[c.sim])
	}
	switch c.sim {
	case simAbsent:
		return c.simError()
	case simReady:
		return c.fail(3)
	case simPIN:
		if p.arg(0) != c.pin1 {
			if c.tries--; c.tries == 0 {
				c.sim = simPUK
			}
			return c.fail(16)
		}
	case simPUK:
		if p.arg(0) != c.conf.SIM.PUK || c.conf.SIM.PUK == "" || p.arg(1) == "" {
			return c.fail(16)
		}
		c.pin1 = p.arg(1)
	}
	c.tries, c.sim = pinTries, simReady
	c.m.after(now, time.Millisecond, func(now time.Time) {
		c.m.urc("+CPIN: READY")
		c.search(now)
	})
	return reply{}
}

// packet says whether a packet call may be made on a context: "" or why not, as a result.
func (c *cell) packet(cid string) string {
	switch {
	case c.sim != simReady:
		c.cause = "SIM failure"
		return c.simError().result
	case !c.registered():
		c.cause = "No network service"
		return resNoCarrier
	}
	for id, context := range c.contexts {
		if fmt.Sprint(id) == cid {
			return c.access(splitArgs(context)[1])
		}
	}
	if cid == "1" { // the default bearer's
		return ""
	}
	c.cause = "Unknown PDP context"
	return resError
}

// access says whether the network knows an access point.
func (c *cell) access(apn string) string {
	if len(c.conf.APNs) == 0 || slices.Contains(c.conf.APNs, apn) {
		return ""
	}
	c.cause = cmp.Or(c.conf.APNCause, "Unknown APN")
	return resNoCarrier
}

// types are those of contexts that the modem has.
func (c *cell) types() []string {
	if len(c.conf.Types) > 0 {
		return c.conf.Types
	}
	return []string{"IP", "PPP", "IPV6", "IPV4V6"}
}

// fillIn puts what only the modem knows into lines of a profile.
func (m *machine) fillIn(lines []string) []string {
	if m.cell == nil {
		return lines
	}
	r := strings.NewReplacer("{tries}", fmt.Sprint(m.cell.tries), "{iccid}", m.cell.conf.SIM.ICCID)
	var filled []string
	for _, l := range lines {
		filled = append(filled, r.Replace(l))
	}
	return filled
}

// lost notes why a call ended, for +CEER.
func (c *cell) lost() {
	if c.conf.Cause != "" {
		c.cause = c.conf.Cause
	}
}

func (c *cell) rssi() int {
	if c.conf.RSSI == 0 && c.conf.BER == 0 {
		return 20
	}
	return c.conf.RSSI
}

func (c *cell) ber() int {
	if c.conf.RSSI == 0 && c.conf.BER == 0 {
		return 99
	}
	return c.conf.BER
}
