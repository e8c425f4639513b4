package uucp

import (
	"cmp"
	"fmt"
	"sort"
	"strings"
)

// A Pos is a place in a file. Line and Col count from 1, Col in characters. A
// Pos without Line means the whole file.
type Pos struct {
	File      string
	Line, Col int
}

// String gives "file:line:col", the form that editors jump to.
func (p Pos) String() string {
	if p.Line == 0 {
		return p.File
	}
	return fmt.Sprintf("%s:%d:%d", p.File, p.Line, p.Col)
}

// A Problem is one thing that is wrong in the files; a Warning when every line
// can be used in spite of it. It quotes nothing of a chat script.
type Problem struct {
	Pos     Pos
	Warning bool
	Msg     string
	Hint    string // what to write instead
}

// String gives the line that is shown to the operator.
func (p Problem) String() string {
	kind := "error"
	if p.Warning {
		kind = "warning"
	}
	s := fmt.Sprintf("%s: %s: %s", p.Pos, kind, p.Msg)
	if p.Hint != "" {
		s += "; " + p.Hint
	}
	return s
}

// sortProblems orders them by file and place.
func sortProblems(ps []Problem) {
	sort.SliceStable(ps, func(i, j int) bool {
		a, b := &ps[i].Pos, &ps[j].Pos
		return cmp.Or(strings.Compare(a.File, b.File), cmp.Compare(a.Line, b.Line), cmp.Compare(a.Col, b.Col)) < 0
	})
}
