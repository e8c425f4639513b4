package chat

import (
	"bytes"
	"slices"
	"strconv"
	"strings"
)

// A pattern is a text that is waited for.
type pattern struct {
	word string // as the script has it
	text []byte // seven-bit, without NUL; empty: matches at once
	line bool   // a result code: only at the beginning of a line
	eol  bool   // a result code with its line end, whichever of CR and LF come
}

// resultCodes are the verbose result codes of ITU-T V.250, and others that
// modems have. What follows CONNECT is free.
var resultCodes = []string{
	"OK", "RING", "NO CARRIER", "ERROR", "NO DIALTONE", "BUSY", "NO ANSWER",
	"NO DIAL TONE", "RINGING", "VOICE", "DELAYED", "BLACKLISTED", connectCode,
}

const connectCode = "CONNECT"

// newPattern makes a pattern of text. If codes is set and text is a result
// code, line ends around it included, it matches by line.
func newPattern(word string, text []byte, codes bool) pattern {
	p := pattern{word: word, text: text}
	bare := bytes.Trim(text, "\r\n")
	if codes && (slices.Contains(resultCodes, string(bare)) || bytes.HasPrefix(bare, []byte(connectCode))) {
		p.line = true
		p.eol = len(bytes.TrimRight(text, "\r\n")) < len(text)
		p.text = bare
	}
	return p
}

// String gives p as it is looked for: by line, with its line end, or anywhere.
func (p pattern) String() string {
	s := strconv.Quote(Printable(p.text))
	if p.line {
		s += " by line"
	}
	if p.eol {
		s += " to its end"
	}
	return s
}

// isConnect tells whether p is the code with which a modem goes on line.
func (p pattern) isConnect() bool { return strings.HasPrefix(string(p.text), connectCode) }

// same tells whether p and q wait for the same.
func (p pattern) same(q pattern) bool {
	return p.line == q.line && p.eol == q.eol && bytes.Equal(p.text, q.text)
}

// A window holds the last bytes of what the line said.
type window struct {
	buf   []byte // raw
	limit int    // bytes kept at least
	start int    // of what has not been matched, in buf
}

// minWindow is how many bytes a window keeps: more than a line of text, and
// more than any reasonable expected text.
const minWindow = 1024

// grow makes room for p.
func (w *window) grow(p pattern) { w.limit = max(w.limit, minWindow, 2*len(p.text)) }

// push appends b and forgets bytes that are too old.
func (w *window) push(b byte) {
	if len(w.buf) >= 2*w.limit {
		gone := len(w.buf) - w.limit
		w.buf = append(w.buf[:0], w.buf[gone:]...)
		w.start = max(0, w.start-gone)
	}
	w.buf = append(w.buf, b)
}

// consume marks all bytes as matched: they take no part in later matches, apart
// from showing where lines begin.
func (w *window) consume() { w.start = len(w.buf) }

// fresh gives the bytes since the last match, as far as they are kept. The
// window owns them.
func (w *window) fresh() []byte { return w.buf[w.start:] }

// endsWith tells whether the bytes so far end with p. Eight-bit characters
// match as seven-bit ones (a getty with parity), NUL is passed over (padding).
func (w *window) endsWith(p pattern) bool {
	i := len(w.buf)
	if p.eol {
		if i == w.start || !isLineEnd(w.buf[i-1]) {
			return false
		}
		i--
	}
	for k := len(p.text) - 1; k >= 0; k-- {
		for i > w.start && w.buf[i-1]&0x7f == 0 {
			i--
		}
		if i == w.start || w.buf[i-1]&0x7f != p.text[k] {
			return false
		}
		i--
	}
	return !p.line || w.beginsLine(i, p)
}

// beginsLine tells whether p, found at i, has only noise before it on its line.
// ERROR may have +CME or +CMS before it (3GPP TS 27.007, 27.005).
func (w *window) beginsLine(i int, p pattern) bool {
	var before [4]byte
	n := 0
	for i--; i >= 0 && !isLineEnd(w.buf[i]); i-- {
		if c := w.buf[i]; c > ' ' && c < 0x7f {
			if n == len(before) {
				return false
			}
			n++
			before[len(before)-n] = c
		}
	}
	if n == 0 {
		return true
	}
	class := string(before[len(before)-n:])
	return string(p.text) == "ERROR" && (class == "+CME" || class == "+CMS")
}

func isLineEnd(c byte) bool { return c&0x7f == '\r' || c&0x7f == '\n' }
