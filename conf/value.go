package conf

import (
	"strings"
	"unicode/utf8"
)

// A value is what stands behind the "=" of a word, without its quotes.
type value struct {
	text string
	cols []int // the column of each byte of text, and that of the end
}

// reader takes the parts of a value together.
type reader struct {
	out  strings.Builder
	cols []int
	col  int // of what is read next
	bad  func(col int, msg, hint string)
	note func(col int, msg, hint string)
}

func (r *reader) emit(c byte, col int) {
	r.out.WriteByte(c)
	r.cols = append(r.cols, col)
}

// readValue joins the parts of a value as a shell would: a"b c"'d' is "ab cd".
// Backslash escapes count outside quotes and within double quotes, not within
// single quotes. In a raw value (expect-send, whose own escapes look the same)
// no backslash counts, but that \" within double quotes stands for the quote.
// bad and note are told what is wrong and what is suspicious, by column; ok is
// false when anything was bad.
func readValue(n *valueNode, raw bool, bad, note func(col int, msg, hint string)) (v value, ok bool) {
	ok = true
	r := &reader{note: note}
	r.bad = func(col int, msg, hint string) {
		ok = false
		bad(col, msg, hint)
	}
	r.col = n.Assign.Pos.Column + 1
	for _, p := range n.Parts {
		r.col = p.Pos.Column
		switch {
		case p.Single != "":
			r.col++
			r.plain(p.Single[1 : len(p.Single)-1])
			r.col++
		case p.Double != "":
			r.col++
			r.escaped(p.Double[1:len(p.Double)-1], raw, true)
			r.col++
		case p.Open != "":
			r.bad(r.col, "the quote is not closed on this line", "")
			r.col += utf8.RuneCountInString(p.Open)
		case p.Trailing != "":
			r.bad(r.col, `"\" at the end of the line`, "to continue an entry, begin the next line with a blank")
			r.col++
		default:
			r.escaped(p.Text, raw, false)
		}
	}
	v = value{text: r.out.String(), cols: append(r.cols, r.col)}
	if i := strings.IndexByte(v.text, 0); i >= 0 {
		r.bad(v.cols[i], "NUL is not permitted", "")
	}
	return v, ok
}

// plain takes s as it stands.
func (r *reader) plain(s string) {
	for i := 0; i < len(s); i++ {
		r.emit(s[i], r.col)
		if i+1 == len(s) || utf8.RuneStart(s[i+1]) {
			r.col++
		}
	}
}

// escaped takes s with its backslash escapes.
func (r *reader) escaped(s string, raw, quoted bool) {
	for s != "" {
		i := strings.IndexByte(s, '\\')
		if i < 0 {
			r.plain(s)
			return
		}
		r.plain(s[:i])
		s = s[i:]
		if raw {
			if quoted && s[1] == '"' {
				r.emit('"', r.col)
				r.col += 2
				s = s[2:]
				continue
			}
			// Two characters, so that the second backslash of a pair is
			// not taken for the beginning of another escape.
			_, n := utf8.DecodeRuneInString(s[1:])
			r.plain(s[:1+n])
			s = s[1+n:]
			continue
		}
		s = r.escape(s, quoted)
	}
}

// escapes are the backslash escapes of C that are one letter long.
var escapes = map[byte]byte{
	'a': '\a', 'b': '\b', 'f': '\f', 'n': '\n', 'r': '\r', 't': '\t', 'v': '\v',
}

// escape takes the escape sequence at the beginning of s and gives the rest.
func (r *reader) escape(s string, quoted bool) string {
	start, c := r.col, s[1]
	digits := func(from, most, base int) (int, int) {
		n, v := 0, 0
		for n < most && from+n < len(s) {
			d := strings.IndexByte("0123456789abcdef", lower(s[from+n]))
			if d < 0 || d >= base {
				break
			}
			v = v*base + d
			n++
		}
		return v, n
	}
	v, n := int(c), 2
	switch {
	case c >= '0' && c <= '7':
		var d int
		v, d = digits(1, 3, 8)
		n = 1 + d
		if v > 255 {
			r.bad(start, s[:n]+" is no character", `the octal escapes end at \377`)
			v = '?'
		}
	case c == 'x':
		var d int
		v, d = digits(2, 2, 16)
		n = 2 + d
		if d == 0 {
			r.bad(start, `\x wants one or two hexadecimal digits`, "")
			v = '?'
		}
	case escapes[c] != 0:
		v = int(escapes[c])
		if !quoted {
			r.note(start, `\`+string(rune(c))+" is read as a control character", `if a backslash is meant, put the value in single quotes`)
		}
	case c >= utf8.RuneSelf || 'a' <= lower(c) && lower(c) <= 'z' || c == '8' || c == '9':
		_, n = utf8.DecodeRuneInString(s[1:])
		n++
		r.bad(start, s[:n]+" is no escape sequence", `if a backslash is meant, put the value in single quotes or write \\`)
		v = '?'
	}
	r.emit(byte(v), start)
	r.col += utf8.RuneCountInString(s[:n])
	return s[n:]
}

func lower(c byte) byte {
	if 'A' <= c && c <= 'Z' {
		return c + 'a' - 'A'
	}
	return c
}

// Word writes a setting as it may stand in a control file, with the quotes that
// the value wants there.
func Word(keyword, value string) string {
	k := lookup(keyword)
	return keyword + "=" + quote(value, k != nil && k.raw())
}

// quote writes a value so that the file's reader gives it back.
func quote(text string, raw bool) string {
	if raw {
		return quoteRaw(text)
	}
	safe := text != ""
	for i := 0; i < len(text) && safe; i++ {
		c := text[i]
		safe = c > ' ' && c < 0x7f && !strings.ContainsRune(`"'\#`, rune(c))
	}
	if safe {
		return text
	}
	var b strings.Builder
	b.WriteByte('"')
	for i, c := range text {
		switch {
		case c == '"' || c == '\\':
			b.WriteByte('\\')
			b.WriteRune(c)
		case c == utf8.RuneError || c < ' ' || c == 0x7f:
			_, n := utf8.DecodeRuneInString(text[i:])
			for _, o := range []byte(text[i : i+n]) {
				b.Write([]byte{'\\', '0' + o>>6, '0' + o>>3&7, '0' + o&7})
			}
		default:
			b.WriteRune(c)
		}
	}
	b.WriteByte('"')
	return b.String()
}

// quoteRaw writes a raw value: single quotes, and double ones around a single
// quote.
func quoteRaw(text string) string {
	if text == "" {
		return "''"
	}
	var b strings.Builder
	for i, piece := range strings.Split(text, "'") {
		if i > 0 {
			b.WriteString(`"'"`)
		}
		if piece != "" {
			b.WriteString("'" + piece + "'")
		}
	}
	return b.String()
}
