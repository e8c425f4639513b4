package convert

import (
	"strings"
)

// A word is one word of an options file, a secrets file or a script.
type word struct {
	text   string
	at     place
	quoted bool // some of it: "" is a word, and "*" is no wildcard
}

// optionWords cuts a file of pppd into words: blanks part them, quotes of either
// kind hold them together, backslash escapes are those of C and \s, # begins a
// comment at the beginning of a word. A quote that is not closed ends
// with its line, and bad is told.
func optionWords(name string, src []byte, bad func(place, string)) []word {
	var words []word
	s := strings.TrimPrefix(string(src), "\ufeff")
	line := 1
	for i := 0; i < len(s); {
		switch c := s[i]; {
		case c == '\n':
			line++
			i++
		case c == ' ' || c == '\t' || c == '\r' || c == '\f' || c == '\v':
			i++
		case c == '#':
			for i < len(s) && s[i] != '\n' {
				i++
			}
		default:
			w := word{at: place{name, line}}
			i = w.read(s, i, &line, bad)
			words = append(words, w)
		}
	}
	return words
}

// read takes a word that begins at i and gives where it ends.
func (w *word) read(s string, i int, line *int, bad func(place, string)) int {
	var b strings.Builder
	quote := byte(0)
	for ; i < len(s); i++ {
		c := s[i]
		switch {
		case c == '\\' && i+1 < len(s):
			i++
			if s[i] == '\n' { // the line goes on
				*line++
				continue
			}
			if s[i] == '\r' && i+1 < len(s) && s[i+1] == '\n' {
				i++
				*line++
				continue
			}
			i += escaped(&b, s[i:])
			w.quoted = true
		case quote != 0 && c == quote:
			quote = 0
		case quote != 0 && c == '\n':
			if bad != nil {
				bad(w.at, "a quote that is not closed on its line")
			}
			w.text = b.String()
			return i
		case quote == 0 && (c == '"' || c == '\''):
			quote = c
			w.quoted = true
		case quote == 0 && (c == ' ' || c == '\t' || c == '\r' || c == '\n' || c == '\f' || c == '\v'):
			w.text = b.String()
			return i
		default:
			b.WriteByte(c)
		}
	}
	if quote != 0 && bad != nil {
		bad(w.at, "a quote that is not closed")
	}
	w.text = b.String()
	return i
}

// escapes are the letters that stand for others behind a backslash in pppd's
// files.
var escapes = map[byte]byte{'a': 7, 'b': 8, 'e': 27, 'f': 12, 'n': 10, 'r': 13, 's': ' ', 't': 9}

// escaped takes what stands behind a backslash at the beginning of s, and gives
// how many bytes beyond the first that was.
func escaped(b *strings.Builder, s string) int {
	digits := func(from, most, base int) (v, n int) {
		for n < most && from+n < len(s) {
			d := strings.IndexByte("0123456789abcdef", s[from+n]|0x20)
			if s[from+n] < '0' || d < 0 || d >= base {
				break
			}
			v = v*base + d
			n++
		}
		return v, n
	}
	switch c := s[0]; {
	case '0' <= c && c <= '7':
		v, n := digits(0, 3, 8)
		b.WriteByte(byte(v))
		return n - 1
	case c == 'x':
		v, n := digits(1, 2, 16)
		if n == 0 {
			v = 'x'
		}
		b.WriteByte(byte(v))
		return n
	case escapes[c] != 0:
		b.WriteByte(escapes[c])
	default:
		b.WriteByte(c)
	}
	return 0
}

// lines cuts words by the lines on which they begin.
func lines(words []word) [][]word {
	var ls [][]word
	for _, w := range words {
		if n := len(ls); n > 0 && ls[n-1][0].at.line == w.at.line {
			ls[n-1] = append(ls[n-1], w)
			continue
		}
		ls = append(ls, []word{w})
	}
	return ls
}

// shellWords cuts a command of the shell into words. It is false when the
// command uses more of the shell than words and quotes, so that only a shell can
// tell what it does.
func shellWords(command string) (words []string, ok bool) {
	var b strings.Builder
	inWord := false
	for i := 0; i < len(command); i++ {
		c := command[i]
		switch {
		case c == ' ' || c == '\t' || c == '\n' || c == '\r':
			if inWord {
				words = append(words, b.String())
				b.Reset()
			}
			inWord = false
			continue
		case c == '\'':
			end := strings.IndexByte(command[i+1:], '\'')
			if end < 0 {
				return nil, false
			}
			b.WriteString(command[i+1 : i+1+end])
			i += end + 1
		case c == '"':
			for i++; ; i++ {
				if i == len(command) {
					return nil, false
				}
				if command[i] == '"' {
					break
				}
				if command[i] == '$' || command[i] == '`' {
					return nil, false
				}
				if command[i] == '\\' && i+1 < len(command) && strings.IndexByte("\"\\$`\n", command[i+1]) >= 0 {
					i++
				}
				b.WriteByte(command[i])
			}
		case c == '\\':
			if i++; i == len(command) {
				return nil, false
			}
			b.WriteByte(command[i])
		case strings.IndexByte("|&;<>()$`", c) >= 0, (c == '#' || c == '~') && !inWord:
			return nil, false
		default:
			b.WriteByte(c)
		}
		inWord = true
	}
	if inWord {
		words = append(words, b.String())
	}
	return words, true
}

// scriptWords cuts a script file of chat(8): lines that begin with # are
// remarks; a word that begins with a quote ends at the next one, and backslashes
// stay for the script.
func scriptWords(f File, bad func(place, string)) []word {
	var words []word
	line := 0
	for l := range strings.Lines(strings.TrimPrefix(string(f.Src), "\ufeff")) {
		line++
		if strings.HasPrefix(l, "#") {
			continue
		}
		for i := 0; i < len(l); {
			c := l[i]
			if c == ' ' || c == '\t' || c == '\r' || c == '\n' || c == 0 {
				i++
				continue
			}
			w := word{at: place{f.Name, line}}
			start, end, next := i, i, 0
			if c == '"' || c == '\'' {
				w.quoted = true
				start++
				for end = start; end < len(l) && l[end] != c && l[end] != '\n'; end++ {
					if l[end] == '\\' && end+1 < len(l) {
						end++
					}
				}
				end = min(end, len(l))
				next = end + 1
				if end == len(l) || l[end] == '\n' {
					if bad != nil {
						bad(w.at, "a quote that is not closed on its line")
					}
					end = len(strings.TrimRight(l, "\r\n"))
				}
			} else {
				for end < len(l) && strings.IndexByte(" \t\r\n", l[end]) < 0 {
					if l[end] == '\\' && end+1 < len(l) {
						end++
					}
					end++
				}
				end = min(end, len(l))
				next = end
			}
			w.text = strings.TrimRight(l[start:max(start, end)], "\r\n")
			words = append(words, w)
			i = next
		}
	}
	return words
}
