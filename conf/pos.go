package conf

import (
	"cmp"
	"fmt"
	"slices"
	"sort"
	"strings"
)

// A Pos is a place in a control file. Line and Col count from 1; Col counts
// characters, a tab being one. A Pos without Line means the whole file.
type Pos struct {
	File string
	Line int
	Col  int
}

// String gives "file:line:col", the form that editors jump to.
func (p Pos) String() string {
	if p.Line == 0 {
		return p.File
	}
	return fmt.Sprintf("%s:%d:%d", p.File, p.Line, p.Col)
}

// before orders positions of one file.
func (p Pos) before(q Pos) int {
	return cmp.Or(strings.Compare(p.File, q.File), cmp.Compare(p.Line, q.Line), cmp.Compare(p.Col, q.Col))
}

// A Diagnostic is one thing that is wrong, or worth knowing, in a control file.
type Diagnostic struct {
	Pos     Pos
	Warning bool
	// AtStart marks a warning that is fatal when the entry is run: a name that
	// does not resolve, a host without an address. It depends on the machine
	// and the hour, so checking the file (ppp -n) only warns.
	AtStart bool
	Msg     string
	Hint    string // what to write instead
	Via     []Pos  // the continue= words, outermost first, that led to Pos
}

// String gives the line that is shown to the operator.
func (d Diagnostic) String() string {
	var b strings.Builder
	b.WriteString(d.Pos.String())
	if d.Warning {
		b.WriteString(": warning: ")
	} else {
		b.WriteString(": error: ")
	}
	b.WriteString(d.Msg)
	if d.Hint != "" {
		b.WriteString("; ")
		b.WriteString(d.Hint)
	}
	if len(d.Via) > 0 {
		b.WriteString(" (through continue= at ")
		for i, p := range d.Via {
			if i > 0 {
				b.WriteString(", ")
			}
			b.WriteString(p.String())
		}
		b.WriteString(")")
	}
	return b.String()
}

// Diagnostics are sorted by position.
type Diagnostics []Diagnostic

// HasErrors tells whether any of them is more than a warning.
func (ds Diagnostics) HasErrors() bool {
	return slices.ContainsFunc(ds, func(d Diagnostic) bool { return !d.Warning })
}

// Start gives ds as they count when the entry is run and not only checked:
// the warnings marked AtStart are errors.
func (ds Diagnostics) Start() Diagnostics {
	out := slices.Clone(ds)
	for i := range out {
		if out[i].AtStart {
			out[i].Warning = false
		}
	}
	return out
}

// String gives one line per diagnostic, each ended by a newline.
func (ds Diagnostics) String() string {
	var b strings.Builder
	for _, d := range ds {
		b.WriteString(d.String())
		b.WriteByte('\n')
	}
	return b.String()
}

// Sorted orders ds by position, errors first, and removes what is said twice at
// one place; an error outlives the warning in the same words.
func (ds Diagnostics) Sorted() Diagnostics {
	weight := map[bool]int{true: 1}
	sort.SliceStable(ds, func(i, j int) bool {
		a, b := &ds[i], &ds[j]
		return cmp.Or(a.Pos.before(b.Pos), weight[a.Warning]-weight[b.Warning]) < 0
	})
	type place struct {
		pos Pos
		msg string
	}
	seen := make(map[place]bool)
	return slices.DeleteFunc(ds, func(d Diagnostic) bool {
		p := place{d.Pos, d.Msg}
		if seen[p] {
			return true
		}
		seen[p] = true
		return false
	})
}
