package uucp

import (
	"fmt"
	"regexp"
	"strconv"
	"strings"
)

// A Class is the class field of a Systems or Devices line: the speeds in bit/s
// that it allows. Lo and Hi are 0 for Any and -.
type Class struct {
	Prefix string // letters before the speed, the same in both lines
	Lo, Hi int
}

// String gives the class as it is written.
func (c Class) String() string {
	switch {
	case c.Hi == 0:
		return "Any"
	case c.Lo == c.Hi:
		return fmt.Sprintf("%s%d", c.Prefix, c.Hi)
	}
	return fmt.Sprintf("%s%d-%d", c.Prefix, c.Lo, c.Hi)
}

// fit gives the speed at which a line of class d serves a call of class c: the
// highest that both allow, 0 if both leave it open.
func (c Class) fit(d Class) (speed int, ok bool) {
	switch {
	case c.Hi == 0:
		return d.Hi, true
	case d.Hi == 0:
		return c.Hi, true
	}
	speed = min(c.Hi, d.Hi)
	return speed, c.Prefix == d.Prefix && speed >= max(c.Lo, d.Lo)
}

var classForm = regexp.MustCompile(`^([A-Za-z]*)([0-9]{1,8})(?:-([0-9]{1,8}))?$`)

// class reads a class field.
func (r *reader) class(f field) (c Class, ok bool) {
	if f.text == "-" || strings.EqualFold(f.text, "Any") {
		return Class{}, true
	}
	const hint = "write a speed like 38400, a range like 9600-38400, or Any"
	m := classForm.FindStringSubmatch(f.text)
	if m == nil {
		r.errorf(f.pos(0), hint, "%q is no class", f.text)
		return Class{}, false
	}
	c.Prefix = m[1]
	c.Lo, _ = strconv.Atoi(m[2])
	c.Hi = c.Lo
	if m[3] != "" {
		c.Hi, _ = strconv.Atoi(m[3])
	}
	if c.Lo == 0 || c.Hi < c.Lo {
		r.errorf(f.pos(0), hint, "the class %q allows no speed", f.text)
		return Class{}, false
	}
	return c, true
}
