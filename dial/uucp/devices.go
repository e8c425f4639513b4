package uucp

import (
	"path/filepath"
	"strings"
)

// Direct is the type of Devices lines over which nothing is dialed.
const Direct = "Direct"

// A DevicesLine is one line over which calls can be made.
type DevicesLine struct {
	Pos     Pos
	Type    string
	Path    string // of the tty
	NoWait  bool   // ,M: open without waiting for the carrier
	Line2   string // the tty of a separate dialer; "" for none
	Class   Class
	Dialers []Caller
}

// A Caller is one pair of dialer and token of a Devices line.
type Caller struct {
	Pos   Pos
	Name  string
	Token string // `\D` when left out
}

// builtin callers exist in the programs and not in Dialers. 212 and 801 are
// interfaces to autodialers of old; here all of them do nothing.
func (c Caller) builtin() bool { return c.Name == "direct" || c.Name == "212" || c.Name == "801" }

// ParseDevices reads a Devices file: type line line2 class dialer [token]...
// Lines at fault are left out and reported.
func ParseDevices(file string, src []byte) ([]DevicesLine, []Problem) {
	var r reader
	var lines []DevicesLine
	for _, l := range logicals(file, src) {
		if d, ok := r.devicesLine(l); ok {
			lines = append(lines, d)
		}
	}
	return lines, r.problems
}

func (r *reader) devicesLine(l *logical) (d DevicesLine, ok bool) {
	f := l.fields()
	if len(f) < 4 {
		names := []string{"type", "tty", "second tty", "class"}
		r.errorf(l.pos(len(l.text)), "write type, tty, second tty (- for none), class, and the dialer", "this line ends before the %s", names[len(f)])
		return d, false
	}
	d = DevicesLine{Pos: f[0].pos(0)}
	d.Type, _, _ = strings.Cut(f[0].text, ",") // protocols behind it are uucico's
	name, modifiers, modified := strings.Cut(f[1].text, ",")
	ok = true
	switch {
	case name == "" || name == "-":
		r.errorf(f[1].pos(0), "name a tty, in /dev or by its path", "no line")
		ok = false
	case modified && modifiers != "M":
		r.errorf(f[1].pos(len(name)+1), "only ,M is known: open without waiting for the carrier",
			"%q behind the line's name means nothing", modifiers)
		ok = false
	}
	d.Path, d.NoWait = devicePath(name), modified
	if f[2].text != "-" && f[2].text != "null" {
		d.Line2 = devicePath(f[2].text)
	}
	class, good := r.class(f[3])
	d.Class, ok = class, ok && good
	for i := 4; i < len(f); i += 2 {
		c := Caller{Pos: f[i].pos(0), Name: f[i].text, Token: `\D`}
		if i+1 < len(f) {
			c.Token = f[i+1].text
		}
		d.Dialers = append(d.Dialers, c)
	}
	if d.Type != Direct && len(d.Dialers) == 0 {
		r.errorf(l.pos(len(l.text)), "add one of Dialers, or direct", "this line ends before the dialer")
		ok = false
	}
	return d, ok
}

// devicePath gives the path of a line that is named as in Devices.
func devicePath(name string) string {
	if filepath.IsAbs(name) {
		return name
	}
	return "/dev/" + name
}
