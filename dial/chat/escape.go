package chat

import "time"

// An opcode is what one character or escape of a word stands for.
type opcode uint8

const (
	opText       opcode = iota
	opPause             // \d, \p
	opBreak             // \K
	opPhone             // \D
	opTranslated        // \T
	opEchoOn            // \E
	opEchoOff           // \e
	opNoCarrier         // \M
	opCarrier           // \m
	opNoCR              // \c
	opSecret            // \q
)

// The pauses of \d and \p.
const (
	longPause  = time.Second
	shortPause = 250 * time.Millisecond
)

// A token is one character or escape of a word.
type token struct {
	op    opcode
	char  byte          // opText
	pause time.Duration // opPause
}

// letters are the escapes of one letter.
var letters = map[byte]token{
	'r': {char: '\r'},
	'n': {char: '\n'},
	't': {char: '\t'},
	'b': {char: '\b'},
	's': {char: ' '},
	'N': {char: 0},
	'd': {op: opPause, pause: longPause},
	'p': {op: opPause, pause: shortPause},
	'K': {op: opBreak},
	'D': {op: opPhone},
	'T': {op: opTranslated},
	'E': {op: opEchoOn},
	'e': {op: opEchoOff},
	'M': {op: opNoCarrier},
	'm': {op: opCarrier},
	'c': {op: opNoCR},
	'q': {op: opSecret},
}

// lex reads the token at the beginning of s, which is not empty, and its length.
// A fault is told in words, the token is then of no use.
func lex(s string) (t token, n int, fault, hint string) {
	switch {
	case s[0] == '^' && len(s) > 1: // a single ^ at the end is itself, as in chat(8)
		return token{char: s[1] & 0x1f}, 2, "", ""
	case s[0] != '\\':
		return token{char: s[0]}, 1, "", ""
	case len(s) == 1:
		return t, 1, "a backslash at the end of a word", `write \\ for a backslash`
	}
	c := s[1]
	if t, ok := letters[c]; ok {
		return t, 2, "", ""
	}
	switch {
	case '0' <= c && c <= '7':
		v, n := 0, 1
		for ; n < len(s) && n < 4 && '0' <= s[n] && s[n] <= '7'; n++ {
			v = v<<3 | int(s[n]-'0')
		}
		if v > 0xff {
			return t, n, `an octal character above \377`, "write three digits, the first of them 0 to 3"
		}
		return token{char: byte(v)}, n, "", ""
	case c == '8', c == '9', 'a' <= c && c <= 'z', 'A' <= c && c <= 'Z':
		return t, 2, `unknown escape \` + string(rune(c)), `write \\ for a backslash`
	}
	return token{char: c}, 2, "", ""
}
