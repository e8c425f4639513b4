package uucp

import "fmt"

// A reader takes the lines of one file apart and gathers what is wrong.
type reader struct {
	problems []Problem
}

func (r *reader) errorf(p Pos, hint, format string, args ...any) {
	r.problems = append(r.problems, Problem{Pos: p, Msg: fmt.Sprintf(format, args...), Hint: hint})
}

func (r *reader) warnf(p Pos, hint, format string, args ...any) {
	r.problems = append(r.problems, Problem{Pos: p, Warning: true, Msg: fmt.Sprintf(format, args...), Hint: hint})
}
