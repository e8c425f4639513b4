package chat

import (
	"errors"
	"sort"
	"strings"
)

// Split cuts a script into words, in the manner of chat(8): a word that begins
// with a quotation mark ends at the next such mark that has no backslash before
// it; within other words quotation marks are ordinary. where is as for Parse.
func Split(text string, where func(off int) string) ([]Word, error) {
	words, faults := split(text, where)
	return words, joined(faults)
}

func split(text string, where func(off int) string) (words []Word, faults []*SyntaxError) {
	for i := 0; i < len(text); {
		if isBlank(text[i]) {
			i++
			continue
		}
		start, end := i, i
		if q := text[i]; q == '"' || q == '\'' {
			start++
			end = closing(text, start, q)
			if end < 0 {
				faults = append(faults, &SyntaxError{
					Where: at(where, i), Off: i,
					Msg:  "a quotation mark without its end",
					Hint: `write \042 or \047 for such a mark at the beginning of a word`,
				})
				i = start + len(line(text[start:]))
				continue
			}
			i = end + 1
		} else {
			for end < len(text) && !isBlank(text[end]) {
				end++
			}
			i = end
		}
		words = append(words, Word{Text: text[start:end], Where: at(where, start), Off: start})
	}
	return words, faults
}

// joined makes one error of the faults, in the order of the text.
func joined(faults []*SyntaxError) error {
	sort.SliceStable(faults, func(i, j int) bool { return faults[i].Off < faults[j].Off })
	errs := make([]error, len(faults))
	for i, f := range faults {
		errs[i] = f
	}
	return errors.Join(errs...)
}

// closing finds the mark q that ends the word beginning at i; -1 without one on
// the same line.
func closing(text string, i int, q byte) int {
	for ; i < len(text) && text[i] != '\n'; i++ {
		switch text[i] {
		case q:
			return i
		case '\\':
			i++
		}
	}
	return -1
}

// line gives the beginning of s up to its first newline.
func line(s string) string {
	s, _, _ = strings.Cut(s, "\n")
	return s
}

// withoutRemarks blanks the lines that begin with #, blanks before it allowed,
// and keeps all offsets.
func withoutRemarks(text string) string {
	var b strings.Builder
	b.Grow(len(text))
	for l := range strings.Lines(text) {
		if strings.HasPrefix(strings.TrimLeft(l, " \t"), "#") {
			body := strings.TrimRight(l, "\r\n")
			l = strings.Repeat(" ", len(body)) + l[len(body):]
		}
		b.WriteString(l)
	}
	return b.String()
}

func isBlank(c byte) bool { return c == ' ' || c == '\t' || c == '\r' || c == '\n' }

func at(where func(int) string, off int) string {
	if where == nil {
		return ""
	}
	return where(off)
}
