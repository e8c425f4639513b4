package main

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"time"
	"unicode"
	"unicode/utf16"
	"unicode/utf8"

	"pppdial/cmd/internal/rendezvous"
	"pppdial/cmd/internal/status"
	"pppdial/cmd/pppstat/internal/screen"
)

// command is -c.
func command(ctx context.Context, o *options) error {
	return rendezvous.Act(ctx, o.dir, *o.command)
}

func (o *options) query() rendezvous.Query {
	return rendezvous.Query{Target: rendezvous.Target{Unit: o.unit}}
}

// printJSON prints the state once, or again and again.
func printJSON(ctx context.Context, o *options, w, stderr io.Writer) error {
	return o.every(ctx, stderr, func() error {
		doc, failed := rendezvous.State(ctx, o.dir, o.query())
		if failed != nil && len(doc.Bundles) == 0 {
			return failed
		}
		j, err := json.Marshal(doc)
		if err != nil {
			return err
		}
		return cmp.Or(write(w, string(escape(j))+"\n"), failed)
	})
}

// escape has nothing in JSON that a terminal would obey: json leaves DEL and
// whatever is beyond ASCII as it is.
func escape(j []byte) []byte {
	b := make([]byte, 0, len(j)+1)
	for _, c := range string(j) {
		if unicode.IsPrint(c) {
			b = utf8.AppendRune(b, c)
			continue
		}
		for _, u := range utf16.AppendRune(nil, c) {
			b = fmt.Appendf(b, `\u%04x`, u)
		}
	}
	return b
}

// printText prints all screens as plain text.
func printText(ctx context.Context, o *options, w, stderr io.Writer) error {
	src := &source{dir: o.dir, unit: o.unit}
	names := newNames(o.numeric)
	var base *status.Bundle // nil: nothing of this interface was printed
	return o.every(ctx, stderr, func() error {
		b, err := src.next(ctx)
		if err != nil {
			return err
		}
		v := screen.View{Bundle: b, Mode: o.mode, Names: names.of(ctx, b), Now: time.Now()}
		if base != nil && !b.Is(base) {
			base = nil
		}
		if base != nil {
			v.Base = *base
		}
		if base == nil || o.mode == screen.Delta {
			base = b
		}
		return write(w, v.Text(textWidth))
	})
}

const textWidth = 80

// A writeError is the output's.
type writeError struct{ error }

func (e writeError) Unwrap() error { return e.error }

func write(w io.Writer, text string) error {
	if _, err := io.WriteString(w, text); err != nil {
		return writeError{err}
	}
	return nil
}

// every does something once, or with -i again and again, as long as the output
// is there. What else fails is told when it begins to.
func (o *options) every(ctx context.Context, stderr io.Writer, f func() error) error {
	tick := time.NewTicker(o.interval)
	defer tick.Stop()
	told := ""
	for {
		err := f()
		var unwritten writeError
		if !o.repeat || ctx.Err() != nil || errors.As(err, &unwritten) {
			return err
		}
		news := ""
		if err != nil {
			news = inWords(err)
		}
		if news != "" && news != told {
			fmt.Fprintln(stderr, "pppstat:", news)
		}
		told = news
		select {
		case <-tick.C:
		case <-ctx.Done():
			return nil
		}
	}
}

// A source asks for the one bundle that is looked at.
type source struct {
	dir   string
	unit  *int   // nil: not chosen yet
	entry string // that has no interface yet, in the place of a unit
}

// next returns the bundle as it is now. Without a unit chosen it is the first
// active one, or else the first.
func (s *source) next(ctx context.Context) (*status.Bundle, error) {
	if s.unit == nil && s.entry == "" {
		all, err := rendezvous.State(ctx, s.dir, rendezvous.Query{Target: rendezvous.Target{}, Brief: true})
		if len(all.Bundles) == 0 {
			return nil, orUnknown(err)
		}
		s.choose(first(all.Bundles))
	}
	doc, err := rendezvous.State(ctx, s.dir, rendezvous.Query{Target: rendezvous.Target{Unit: s.unit, Entry: s.entry}})
	if len(doc.Bundles) == 0 {
		if err == nil {
			err = fmt.Errorf("%s: %w", s, rendezvous.ErrUnknown)
		}
		return nil, err
	}
	return &doc.Bundles[0], nil
}

// step chooses the unit before or after the present one.
func (s *source) step(ctx context.Context, by int) {
	all, _ := rendezvous.State(ctx, s.dir, rendezvous.Query{Brief: true})
	n := len(all.Bundles)
	if n == 0 {
		return
	}
	at := 0
	for i, b := range all.Bundles {
		if s.unit != nil && b.Unit == *s.unit || s.unit == nil && b.Unit == status.NoUnit && b.Entry == s.entry {
			at = i + by
		}
	}
	s.choose(all.Bundles[(at%n+n)%n])
}

// first is the first active bundle, or else the first that has an interface.
func first(all []status.Bundle) status.Bundle {
	pick := all[0]
	for _, b := range all {
		if b.Phase != status.Dead && b.Phase != status.Holding {
			return b
		}
		if pick.Unit == status.NoUnit {
			pick = b
		}
	}
	return pick
}

// choose makes a bundle the one that is looked at.
func (s *source) choose(b status.Bundle) {
	s.unit, s.entry = &b.Unit, ""
	if b.Unit == status.NoUnit {
		s.unit, s.entry = nil, b.Entry
	}
}

func (s *source) String() string {
	if s.unit != nil {
		return fmt.Sprintf("unit %d", *s.unit)
	}
	return s.entry
}

func orUnknown(err error) error {
	if err == nil {
		return rendezvous.ErrUnknown
	}
	return err
}
