package dialtest

import "strings"

// splitCommand cuts the first command off a command line (after AT): a letter
// with its number, Sn, &x, %x or \x with a number, an extended command up to its semicolon, or D
// with all that follows. An empty command is the end.
func splitCommand(s string) (cmd, rest string) {
	s = strings.TrimLeft(s, " ;")
	if s == "" {
		return "", ""
	}
	switch c := s[0] &^ 0x20; {
	case c == 'D':
		return s, ""
	case strings.IndexByte("+^$#!*_", s[0]) >= 0:
		quoted := false
		for i := range len(s) {
			if s[i] == '"' {
				quoted = !quoted
			} else if s[i] == ';' && !quoted {
				return strings.TrimRight(s[:i], " "), s[i+1:]
			}
		}
		return strings.TrimRight(s, " "), ""
	}
	n := 1
	if strings.IndexByte(`&%\`, s[0]) >= 0 && len(s) > 1 {
		n = 2
	}
	for n < len(s) && strings.IndexByte("0123456789=? ", s[n]) >= 0 {
		n++
	}
	return strings.ReplaceAll(s[:n], " ", ""), s[n:]
}

// upperOutside raises ASCII letters outside of quotes.
func upperOutside(s string) string {
	b := []byte(s)
	quoted := false
	for i, c := range b {
		if c == '"' {
			quoted = !quoted
		} else if !quoted && 'a' <= c && c <= 'z' {
			b[i] = c - 'a' + 'A'
		}
	}
	return string(b)
}

// indexFold is where word, in upper case, first stands in s, in any case.
func indexFold[T string | []byte](s T, word string) int {
	for i := range len(s) - len(word) + 1 {
		if strings.EqualFold(string(s[i:i+len(word)]), word) {
			return i
		}
	}
	return -1
}
