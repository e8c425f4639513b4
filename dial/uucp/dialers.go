package uucp

import (
	"strings"
	"unicode/utf8"
)

// A Dialer is one entry of Dialers: how to talk to a kind of modem.
type Dialer struct {
	Pos    Pos
	Name   string
	Subst  string // pairs of characters: in a number, the second stands for the first
	Script Chat
}

// ParseDialers reads a Dialers file: name substitutions expect send...
// Entries at fault are left out and reported.
func ParseDialers(file string, src []byte) ([]Dialer, []Problem) {
	var r reader
	var all []Dialer
	for _, l := range logicals(file, src) {
		f, script := l.cut(2)
		d := Dialer{Pos: f[0].pos(0), Name: f[0].text, Script: script}
		if len(f) > 1 && f[1].text != `""` {
			d.Subst = f[1].text
		}
		if utf8.RuneCountInString(d.Subst)%2 == 1 {
			r.errorf(f[1].pos(0), `write pairs as in =,-, or "" for none`,
				"the substitutions %q are not pairs of characters", d.Subst)
			continue
		}
		all = append(all, d)
	}
	return all, r.problems
}

// substitute gives a number with the characters that this kind of modem
// understands.
func (d *Dialer) substitute(number string) string {
	pairs := []rune(d.Subst)
	return strings.Map(func(c rune) rune {
		for i := 0; i < len(pairs); i += 2 {
			if pairs[i] == c {
				return pairs[i+1]
			}
		}
		return c
	}, number)
}

// ParseDialcodes reads a Dialcodes file: abbreviation digits.
func ParseDialcodes(file string, src []byte) (map[string]string, []Problem) {
	var r reader
	codes := map[string]string{}
	for _, l := range logicals(file, src) {
		f := l.fields()
		switch abbreviation := f[0].text; {
		case len(f) == 1:
			r.errorf(l.pos(len(l.text)), "write an abbreviation and its digits", "this line ends before the digits")
		case len(f) > 2:
			r.errorf(f[2].pos(0), "write an abbreviation and its digits", "this line goes on behind the digits")
		case prefix(abbreviation) != abbreviation:
			r.errorf(f[0].pos(0), "an abbreviation is of letters only, since it ends at the first digit of a number",
				"%q cannot be an abbreviation", abbreviation)
		case codes[abbreviation] != "":
			r.warnf(f[0].pos(0), "remove one of the two", "%q stands here again, the first counts", abbreviation)
		default:
			codes[abbreviation] = f[1].text
		}
	}
	return codes, r.problems
}

// prefix gives the letters at the beginning of a number.
func prefix(number string) string {
	return number[:len(number)-len(strings.TrimLeft(number, letters))]
}

const letters = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"

// misplaced gives an abbreviation that stands within a number, where it does not
// count; "" without one.
func misplaced(codes map[string]string, number string) string {
	notLetter := func(c rune) bool { return !strings.ContainsRune(letters, c) }
	for _, word := range strings.FieldsFunc(number[len(prefix(number)):], notLetter) {
		if codes[word] != "" {
			return word
		}
	}
	return ""
}

// translate gives a number with its abbreviation spelled out, and whether it has
// none that is unknown.
func translate(codes map[string]string, number string) (string, bool) {
	p := prefix(number)
	if digits, ok := codes[p]; ok {
		return digits + number[len(p):], true
	}
	return number, p == ""
}
