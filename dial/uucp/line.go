package uucp

import (
	"slices"
	"strings"
	"unicode/utf8"
)

// A logical is a line of a file with those that continue it.
type logical struct {
	text string
	runs []run
}

// A run is the part of a logical line that comes from one line of the file.
type run struct {
	off int // in the logical line
	pos Pos
}

// pos gives the place of the byte at off.
func (l *logical) pos(off int) Pos {
	i := len(l.runs) - 1
	for i > 0 && l.runs[i].off > off {
		i--
	}
	r := l.runs[i]
	p := r.pos
	p.Col += utf8.RuneCountInString(l.text[r.off:min(off, len(l.text))])
	return p
}

// A field is one of the words between blanks.
type field struct {
	text string
	off  int
	line *logical
}

// pos gives the place of byte i of f.
func (f field) pos(i int) Pos { return f.line.pos(f.off + i) }

// logicals gives the lines of src that say something: remarks and empty lines
// are left out, continued lines joined. An odd number of backslashes at the end
// of a line continues it, since two are one backslash to a chat script.
func logicals(file string, src []byte) []*logical {
	var all []*logical
	var open *logical // continued by the next line
	number := 0
	for l := range strings.Lines(string(src)) {
		number++
		l = strings.TrimSuffix(strings.TrimSuffix(l, "\n"), "\r")
		if open == nil {
			if l == "" || strings.ContainsRune("# \t", rune(l[0])) {
				continue
			}
			open = &logical{}
			all = append(all, open)
		}
		text := strings.TrimRight(l, `\`)
		slashes := len(l) - len(text)
		continued := slashes%2 == 1
		if continued {
			slashes--
		}
		open.runs = append(open.runs, run{off: len(open.text), pos: Pos{File: file, Line: number, Col: 1}})
		open.text += text + strings.Repeat(`\`, slashes)
		if !continued {
			open = nil
		}
	}
	return slices.DeleteFunc(all, func(l *logical) bool { return strings.Trim(l.text, " \t") == "" })
}

// cut gives the first n fields of l, fewer if there are no more, and the rest of
// the line as it stands.
func (l *logical) cut(n int) (fields []field, rest Chat) {
	i := 0
	for {
		for i < len(l.text) && isBlank(l.text[i]) {
			i++
		}
		if i == len(l.text) || len(fields) == n {
			return fields, Chat{Text: l.text[i:], line: l, off: i}
		}
		start := i
		for i < len(l.text) && !isBlank(l.text[i]) {
			i++
		}
		fields = append(fields, field{text: l.text[start:i], off: start, line: l})
	}
}

// fields gives all fields of l.
func (l *logical) fields() []field {
	fields, _ := l.cut(len(l.text))
	return fields
}

func isBlank(c byte) bool { return c == ' ' || c == '\t' }

// A Chat is the expect-send script at the end of a line, as it stands there,
// continuation lines joined. It goes to chat.Parse(c.Text, c.Where).
type Chat struct {
	Text string
	line *logical
	off  int // of Text in line
}

// Where gives the place of the byte at off of Text, for messages.
func (c Chat) Where(off int) string {
	if c.line == nil {
		return ""
	}
	return c.line.pos(c.off + off).String()
}

// String gives the place and not the text, which may hold a password.
func (c Chat) String() string { return c.Where(0) }
