package conf

import (
	"fmt"
	"net/netip"
	"slices"
	"time"
)

// A slot is the place of one keyword in an Entry: the way in from the words of
// the file, and the way out into the dumps.
type slot interface {
	// set takes one use of the keyword; form is Bare, Negated or Valued.
	set(form Forms, text string) error
	// uses gives the uses of the keyword after which an entry without any
	// setting holds the same. There are none for what is unset, and for what
	// no word can say: a flag that is on until negated.
	uses() []use
	// json gives the value for DumpJSON, nil when unset.
	json() any
}

type use struct {
	form Forms
	text string
}

// A maker makes the slot of a keyword in an entry.
type maker func(*Entry, *Keyword, *Options) slot

// A fault is what is wrong with a value.
type fault struct {
	off  int // the byte that it begins at, -1 for all of it
	msg  string
	hint string
}

func (f *fault) Error() string { return f.msg }

func faultf(format string, args ...any) *fault {
	return &fault{off: -1, msg: fmt.Sprintf(format, args...)}
}

// at says at which byte of the value the fault is.
func (f *fault) at(off int) *fault { f.off = off; return f }

// try says what to write instead.
func (f *fault) try(format string, args ...any) *fault {
	f.hint = fmt.Sprintf(format, args...)
	return f
}

// onOff is a keyword that is on or off.
func onOff(field func(*Entry) *bool) maker {
	return func(e *Entry, k *Keyword, _ *Options) slot { return flagSlot{field(e), k} }
}

type flagSlot struct {
	p *bool
	k *Keyword
}

func (s flagSlot) set(form Forms, _ string) error { *s.p = form != Negated; return nil }
func (s flagSlot) json() any                      { return *s.p }

func (s flagSlot) uses() []use {
	form := Negated
	if *s.p {
		form = Bare
	}
	if s.k.Forms&form == 0 {
		return nil
	}
	return []use{{form: form}}
}

// choice is a keyword that is on, off or not mentioned.
func choice(field func(*Entry) *Choice) maker {
	return func(e *Entry, _ *Keyword, _ *Options) slot { return choiceSlot{field(e)} }
}

type choiceSlot struct{ p *Choice }

func (s choiceSlot) set(form Forms, _ string) error {
	*s.p = Yes
	if form == Negated {
		*s.p = No
	}
	return nil
}

func (s choiceSlot) uses() []use {
	switch *s.p {
	case Yes:
		return []use{{form: Bare}}
	case No:
		return []use{{form: Negated}}
	}
	return nil
}

func (s choiceSlot) json() any {
	if *s.p == Unset {
		return nil
	}
	return *s.p == Yes
}

// A kind is a type of value.
type kind[T any] struct {
	parse func(o *Options, k *Keyword, text string) (T, error)
	text  func(T) string // the form of the control file
	json  func(T) any    // nil: like text
	unset T              // stands for "not given"
	off   T              // stands for the negated form
}

func (k kind[T]) value(v T) any {
	if k.json == nil {
		return k.text(v)
	}
	return k.json(v)
}

// one is a keyword with one value.
func one[T comparable](kd kind[T], field func(*Entry) *T) maker {
	return func(e *Entry, k *Keyword, o *Options) slot { return oneSlot[T]{kd, field(e), e, k, o} }
}

type oneSlot[T comparable] struct {
	kind kind[T]
	p    *T
	e    *Entry
	k    *Keyword
	o    *Options
}

func (s oneSlot[T]) set(form Forms, text string) error {
	if form == Negated {
		*s.p = s.kind.off
		return nil
	}
	v, err := s.kind.parse(s.o, s.k, text)
	if err == nil {
		*s.p = v
	}
	return err
}

func (s oneSlot[T]) isUnset() bool {
	if *s.p != s.kind.unset || s.e.Set[s.k.Name] {
		return false
	}
	return s.k.Default == "" || s.k.Default != s.kind.text(s.kind.unset)
}

func (s oneSlot[T]) isOff() bool { return s.k.Forms&Negated != 0 && *s.p == s.kind.off }

func (s oneSlot[T]) uses() []use {
	switch {
	case s.isUnset():
		return nil
	case s.isOff():
		return []use{{form: Negated}}
	}
	return []use{{Valued, s.kind.text(*s.p)}}
}

func (s oneSlot[T]) json() any {
	switch {
	case s.isUnset():
		return nil
	case s.isOff():
		return false
	}
	return s.kind.value(*s.p)
}

// many is a keyword whose values add up. The negated form clears them.
func many[T any](kd kind[T], field func(*Entry) *[]T) maker {
	return func(e *Entry, k *Keyword, o *Options) slot { return manySlot[T]{kd, field(e), k, o} }
}

type manySlot[T any] struct {
	kind kind[T]
	p    *[]T
	k    *Keyword
	o    *Options
}

func (s manySlot[T]) set(form Forms, text string) error {
	if form == Negated {
		*s.p = []T{}
		return nil
	}
	v, err := s.kind.parse(s.o, s.k, text)
	if err == nil {
		*s.p = append(*s.p, v)
	}
	return err
}

func (s manySlot[T]) uses() []use {
	var us []use
	if s.k.Forms&Negated != 0 && *s.p != nil {
		us = append(us, use{form: Negated}) // else the values would add to the default
	}
	for _, v := range *s.p {
		us = append(us, use{Valued, s.kind.text(v)})
	}
	return us
}

func (s manySlot[T]) json() any {
	if *s.p == nil {
		return nil
	}
	out := make([]any, 0, len(*s.p))
	for _, v := range *s.p {
		out = append(out, s.kind.value(v))
	}
	return out
}

// member is a keyword whose values form a set: what is in it already is not
// added again.
func member[T comparable](kd kind[T], field func(*Entry) *[]T) maker {
	return func(e *Entry, k *Keyword, o *Options) slot {
		return memberSlot[T]{manySlot[T]{kd, field(e), k, o}}
	}
}

type memberSlot[T comparable] struct{ manySlot[T] }

func (s memberSlot[T]) set(form Forms, text string) error {
	before := len(*s.p)
	if err := s.manySlot.set(form, text); err != nil {
		return err
	}
	if n := len(*s.p); n > before && slices.Contains((*s.p)[:before], (*s.p)[before]) {
		*s.p = (*s.p)[:before]
	}
	return nil
}

// routeCommands is del_route: commands that add up, and a negated form that
// turns off something else.
func routeCommands(inet6 bool, field func(*Entry) *[]string, auto func(*Entry) *bool) maker {
	return func(e *Entry, k *Keyword, o *Options) slot {
		return routeSlot{manySlot[string]{routeKind(inet6), field(e), k, o}, auto(e)}
	}
}

type routeSlot struct {
	manySlot[string]
	auto *bool
}

func (s routeSlot) set(form Forms, text string) error {
	if form == Negated {
		*s.auto = false
		return nil
	}
	return s.manySlot.set(form, text)
}

func (s routeSlot) uses() []use {
	var us []use
	if !*s.auto {
		us = append(us, use{form: Negated})
	}
	for _, c := range *s.p {
		us = append(us, use{Valued, c})
	}
	return us
}

// modeWord is in, out or quiet: it sets the Mode, which is dumped by itself.
func modeWord(m Mode) maker {
	return func(e *Entry, _ *Keyword, _ *Options) slot { return modeSlot{e, m} }
}

type modeSlot struct {
	e *Entry
	m Mode
}

func (s modeSlot) set(Forms, string) error {
	s.e.Mode = s.m
	for _, m := range []Mode{In, Out, Quiet} { // the later one wins
		delete(s.e.Set, m.String())
		delete(s.e.Origin, m.String())
	}
	return nil
}

func (s modeSlot) uses() []use { return nil }
func (s modeSlot) json() any   { return nil }

// xonXoff and flow are two words for one thing; the later one wins.
func xonXoff(e *Entry, k *Keyword, _ *Options) slot {
	return xonSlot{flagSlot{&e.XonXoff, k}, &e.Flow}
}

type xonSlot struct {
	flagSlot
	flow *Flow
}

func (s xonSlot) set(Forms, string) error {
	*s.p, *s.flow = true, FlowXON
	return nil
}

func flow(e *Entry, k *Keyword, o *Options) slot {
	return flowSlot{oneSlot[Flow]{flowKind, &e.Flow, e, k, o}}
}

type flowSlot struct{ oneSlot[Flow] }

func (s flowSlot) set(form Forms, text string) error {
	err := s.oneSlot.set(form, text)
	s.e.XonXoff = s.e.Flow == FlowXON
	return err
}

// period is a duration that the file gives as a number of units.
func period(unit time.Duration, field func(*Entry) *time.Duration) maker {
	return one(periodKind(unit, 1), field)
}

// rounded is a period that is rounded up to a multiple of step units.
func rounded(unit time.Duration, step int64, field func(*Entry) *time.Duration) maker {
	return one(periodKind(unit, step), field)
}

// Short names for the rows of the table.
type (
	duration = time.Duration
	addr     = netip.Addr
)

const (
	second      = time.Second
	millisecond = time.Millisecond
)
