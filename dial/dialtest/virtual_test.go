package dialtest

import (
	"fmt"
	"strings"
	"testing"
	"time"
)

// virtual is an exchange in virtual time, whose plumbing writes down what it is asked for.
type virtual struct {
	t   *testing.T
	now time.Time
	ex  *exchange

	out      map[*machine]string // to the programs
	deeds    []string            // what else was asked for
	released []func()            // ends of calls that are under way
}

func newVirtual(t *testing.T) *virtual {
	v := &virtual{t: t, now: time.Unix(1000000, 0), out: map[*machine]string{}}
	v.ex = newExchange(v)
	return v
}

func (v *virtual) text(m *machine, s string) { v.out[m] += s }
func (v *virtual) changed(*machine)          {}
func (v *virtual) did(format string, a ...any) {
	v.deeds = append(v.deeds, fmt.Sprintf(format, a...))
}
func (v *virtual) connect(c *call)          { v.did("connect %s %s", c.caller.name, c.callee.name) }
func (v *virtual) hold(m *machine, on bool) { v.did("hold %s %t", m.name, on) }
func (v *virtual) cut(c *call)              { v.did("cut %s %s", c.caller.name, c.callee.name) }
func (v *virtual) carrier(m *machine)       { v.did("carrier %s", m.name) }
func (v *virtual) replug(m *machine)        { v.did("replug %s", m.name) }
func (v *virtual) mute(m *machine)          { v.did("mute %s", m.name) }
func (v *virtual) release(c *call, m *machine) {
	v.did("release %s", m.name)
	v.released = append(v.released, func() { v.ex.carrierLost(c, c.other(m)) })
}

// modem adds a modem at which a program sits, with its echo off.
func (v *virtual) modem(c ModemConfig) *machine {
	if c.Profile == nil {
		c.Profile = Hayes()
	}
	m := &machine{ex: v.ex, name: c.Name, cfg: c, prof: c.Profile}
	if c.Number != "" {
		v.ex.numbers[c.Number] = &subscriber{behaviour: c.Behaviour, modem: m}
	}
	m.boot(v.now)
	m.setDTR(v.now, true)
	m.echo = false
	return m
}

// send is what a program writes; the rest that is data is returned.
func (v *virtual) send(m *machine, s string) string {
	return string(m.input(v.now, []byte(s)))
}

// want checks what the program at m has read since it was last asked.
func (v *virtual) want(m *machine, text, because string) {
	v.t.Helper()
	if got := v.out[m]; got != text {
		v.t.Fatalf("modem %s says %q, want %q: %s", m.name, got, text, because)
	}
	v.out[m] = ""
}

// say sends a command line and wants an answer.
func (v *virtual) say(m *machine, command, answer, because string) {
	v.t.Helper()
	v.send(m, command+"\r")
	v.want(m, answer, because)
}

// pass lets time go by, timer by timer.
func (v *virtual) pass(d time.Duration) {
	end := v.now.Add(d)
	for {
		at := v.ex.deadline()
		if at.IsZero() || at.After(end) {
			break
		}
		v.now = at
		v.ex.advance(v.now)
	}
	v.now = end
}

// arrive lets the ends of released calls arrive.
func (v *virtual) arrive() {
	for _, f := range v.released {
		f()
	}
	v.released = nil
}

// did wants the deeds since it was last asked.
func (v *virtual) wantDeeds(want ...string) {
	v.t.Helper()
	if got := strings.Join(v.deeds, ", "); got != strings.Join(want, ", ") {
		v.t.Fatalf("deeds: %s, want %s", got, strings.Join(want, ", "))
	}
	v.deeds = nil
}

// pair is two modems in a call, a having called b.
func (v *virtual) pair() (a, b *machine) {
	v.t.Helper()
	a, b = v.modem(ModemConfig{Name: "a", Number: "1"}), v.modem(ModemConfig{Name: "b", Number: "2"})
	v.say(b, "ATS0=1", ok, "set up")
	v.say(a, "ATD2", connected, "set up")
	v.want(b, "\r\nRING\r\n"+connected, "set up")
	v.wantDeeds("connect a b")
	return a, b
}

const (
	ok        = "\r\nOK\r\n"
	bad       = "\r\nERROR\r\n"
	connected = "\r\nCONNECT\r\n"
	noCarrier = "\r\nNO CARRIER\r\n"
)
