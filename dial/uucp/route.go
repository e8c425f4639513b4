package uucp

import (
	"fmt"
	"slices"
	"strings"
	"time"
)

// A Route is one way to call a system: a Systems line with a Devices line that
// fits it.
type Route struct {
	System     *SystemsLine
	Device     *DevicesLine
	Speed      int          // bit/s; 0 when both lines leave it open
	Phone      string       // as in Systems; "" for none
	Translated string       // with its abbreviation spelled out
	Dialers    []DialerStep // in the order in which they act; none: nothing is dialed
	Login      Chat
	Retry      time.Duration // at least so long between tries; 0: not said
}

// A DialerStep is one dialer's part in a call.
type DialerStep struct {
	Name       string
	Phone      string // \D in Script: the token of the Devices line, or the number
	Translated string // \T in Script: the same with an abbreviation spelled out
	Script     Chat
}

// A Reason is the kind of a RouteError.
type Reason uint8

// Reasons why a system cannot be called.
const (
	UnknownSystem Reason = iota // no Systems line that has the name can be used
	NotNow                      // no Systems line allows the time
	NoDevice                    // no usable Devices line fits
)

// A RouteError says why there is no way to call a system.
type RouteError struct {
	System string
	Reason Reason
	Next   time.Time // NotNow: when it may be called; zero for never
	Msg    string
	Hint   string // what to do
}

func (e *RouteError) Error() string {
	s := "uucp: " + e.Msg
	if e.Hint != "" {
		s += "; " + e.Hint
	}
	return s
}

// Routes gives every way to call system at the time now: for each of its Systems
// lines that allows the time, in order, each Devices line that fits, in order.
// Without any it returns a *RouteError. now is judged in its own time zone.
func (db *DB) Routes(system string, now time.Time) ([]Route, error) {
	var routes []Route
	var next time.Time
	var misfits []string
	hint := "see " + strings.Join(db.Files.Devices, ", ")
	known, allowed := false, false
	var faulty *SystemsLine
	for i := range db.Systems {
		s := &db.Systems[i]
		if s.Name != system {
			continue
		}
		if s.Faulty {
			faulty = s
			continue
		}
		known = true
		at := s.Times.Next(now)
		if !at.Equal(now) {
			if !at.IsZero() && (next.IsZero() || at.Before(next)) {
				next = at
			}
			continue
		}
		allowed = true
		found, misfit := db.over(s)
		routes = append(routes, found...)
		if misfit != "" && !slices.Contains(misfits, misfit) {
			misfits = append(misfits, misfit)
		}
		if types := db.types(); !slices.Contains(types, s.Type) {
			hint = didYouMean(s.Type, types, "types")
		}
	}
	switch {
	case len(routes) > 0:
		return routes, nil
	case !known && faulty != nil:
		return nil, &RouteError{
			System: system, Reason: UnknownSystem,
			Msg:  fmt.Sprintf("%s: the line of %s is not understood", faulty.Pos, system),
			Hint: "mend what is reported of it",
		}
	case !known:
		return nil, db.unknown(system)
	case !allowed:
		return nil, notNow(system, next)
	}
	return nil, &RouteError{
		System: system, Reason: NoDevice,
		Msg:  fmt.Sprintf("no line to call %s over: %s", system, strings.Join(misfits, ", and ")),
		Hint: hint,
	}
}

// over gives the routes of one Systems line, or what the Devices lines lack for it.
func (db *DB) over(s *SystemsLine) (routes []Route, misfit string) {
	var speeds, undialed []string
	for i := range db.Devices {
		d := &db.Devices[i]
		if d.Type != s.Type {
			continue
		}
		speed, fits := s.Class.fit(d.Class)
		if !fits {
			speeds = append(speeds, d.Class.String())
			continue
		}
		r := Route{System: s, Device: d, Speed: speed, Phone: s.Phone, Login: s.Login, Retry: s.Times.Retry}
		r.Translated, _ = translate(db.codes, s.Phone)
		var missing string
		r.Dialers, missing = db.steps(d, s.Phone)
		if missing != "" {
			undialed = append(undialed, fmt.Sprintf("the dialer %q of %s is not in Dialers", missing, d.Path))
			continue
		}
		routes = append(routes, r)
	}
	switch {
	case len(routes) > 0:
		return routes, ""
	case len(undialed) > 0:
		return nil, strings.Join(undialed, ", ")
	case len(speeds) > 0:
		return nil, fmt.Sprintf("it wants class %s, and the lines of type %s have %s", s.Class, s.Type, strings.Join(speeds, ", "))
	}
	return nil, fmt.Sprintf("no Devices line has type %q", s.Type)
}

// steps gives what the dialers of d do with a number, or the name of one that
// does not exist. On a Direct line they do nothing.
func (db *DB) steps(d *DevicesLine, phone string) (steps []DialerStep, missing string) {
	if d.Type == Direct {
		return nil, ""
	}
	for _, c := range d.Dialers {
		if c.builtin() {
			continue
		}
		dialer := db.dialer(c.Name)
		if dialer == nil {
			return nil, c.Name
		}
		step := DialerStep{Name: c.Name, Script: dialer.Script}
		switch c.Token {
		case `\D`:
			step.Phone = dialer.substitute(phone)
			translated, _ := translate(db.codes, phone)
			step.Translated = dialer.substitute(translated)
		case `\T`:
			translated, _ := translate(db.codes, phone)
			step.Translated = dialer.substitute(translated)
			step.Phone = step.Translated
		default: // not a number: the port of a switch, for example
			step.Phone = c.Token
			step.Translated, _ = translate(db.codes, c.Token)
		}
		steps = append(steps, step)
	}
	return steps, ""
}

func (db *DB) unknown(system string) error {
	var names []string
	for _, s := range db.Systems {
		if !slices.Contains(names, s.Name) {
			names = append(names, s.Name)
		}
	}
	return &RouteError{
		System: system, Reason: UnknownSystem,
		Msg:  fmt.Sprintf("no system %q in %s", system, strings.Join(db.Files.Systems, ", ")),
		Hint: didYouMean(system, names, "systems"),
	}
}

func notNow(system string, next time.Time) error {
	e := &RouteError{System: system, Reason: NotNow, Next: next}
	if next.IsZero() {
		e.Msg = fmt.Sprintf("%s may never be called", system)
		e.Hint = "its time field in Systems says so"
	} else {
		e.Msg = fmt.Sprintf("%s may not be called now", system)
		e.Hint = "the next time is " + next.Format("Mon 2 Jan 15:04 MST")
	}
	return e
}
