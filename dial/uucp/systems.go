package uucp

import "strings"

// A SystemsLine is one way to reach a system. Several lines with one name are
// alternatives, in the order of the file.
type SystemsLine struct {
	Pos   Pos
	Name  string
	Times Times
	Type  string // of the Devices lines to use
	Class Class
	Phone string // as it stands; "" for none
	Login Chat

	// Faulty marks a line that was not understood. It has a Pos and a Name only.
	Faulty bool

	phonePos Pos
}

// ParseSystems reads a Systems file: name time type class phone chat...
// Lines at fault are reported.
func ParseSystems(file string, src []byte) ([]SystemsLine, []Problem) {
	var r reader
	var lines []SystemsLine
	for _, l := range logicals(file, src) {
		s, ok := r.systemsLine(l)
		if !ok {
			s = SystemsLine{Pos: s.Pos, Name: s.Name, Faulty: true}
		}
		lines = append(lines, s)
	}
	return lines, r.problems
}

func (r *reader) systemsLine(l *logical) (s SystemsLine, ok bool) {
	f, login := l.cut(5)
	s = SystemsLine{Pos: f[0].pos(0), Name: f[0].text, Login: login}
	if len(f) > 1 {
		s.Times, ok = r.times(f[1])
	}
	// A system that is never called needs no more than that.
	if len(f) < 5 && (len(f) < 2 || !ok || len(s.Times.windows) > 0) {
		names := []string{"name", "time", "type", "class", "phone"}
		r.errorf(l.pos(len(l.text)), "write name, time, type, class, phone (- for none), and the login script",
			"this line ends before the %s", names[len(f)])
		return s, false
	}
	if len(f) < 5 {
		return s, true
	}
	s.Type, _, _ = strings.Cut(f[2].text, ",") // protocols behind it are uucico's
	if s.Type == "" {
		r.errorf(f[2].pos(0), "name a type that stands in Devices", "no type of line")
		ok = false
	}
	class, good := r.class(f[3])
	s.Class, ok = class, ok && good
	if f[4].text != "-" {
		s.Phone = f[4].text
	}
	s.phonePos = f[4].pos(0)
	return s, ok
}
