package modem

import (
	"strconv"
	"strings"
)

// A Code is the kind of a result code.
type Code uint8

// The result codes of V.250, section 5.7.1, and others that modems have.
const (
	None Code = iota // not a result code
	OK
	Connect
	Ring
	NoCarrier
	Failed // ERROR, +CME ERROR: n, +CMS ERROR: n
	NoDialtone
	Busy
	NoAnswer
	Voice       // a human voice, in place of a modem's
	Delayed     // the modem waits before it dials the number again
	Blacklisted // the modem no longer dials the number
)

var codes = map[string]Code{
	"OK": OK, "RING": Ring, "NO CARRIER": NoCarrier, "ERROR": Failed, "BUSY": Busy,
	"NO DIALTONE": NoDialtone, "NO DIAL TONE": NoDialtone, "NO ANSWER": NoAnswer,
	"VOICE": Voice, "DELAYED": Delayed, "BLACKLISTED": Blacklisted, "BLACK LISTED": Blacklisted,
	"COMMAND NOT SUPPORT": Failed,
}

// A Result is a result code as the modem said it.
type Result struct {
	Code  Code
	Text  string // the whole line
	Speed int    // the first number behind CONNECT, in bit/s; 0: none
}

// ParseResult reads one line, without its end. A line that is no result code has
// Code None.
func ParseResult(line string) Result {
	r := Result{Text: strings.TrimSpace(line)}
	upper := strings.ToUpper(r.Text)
	if c, ok := codes[upper]; ok {
		r.Code = c
		return r
	}
	first, rest, _ := strings.Cut(upper, " ")
	switch {
	case first == "CONNECT":
		r.Code, r.Speed = Connect, firstNumber(rest)
	case strings.HasPrefix(upper, "+CME ERROR:"), strings.HasPrefix(upper, "+CMS ERROR:"):
		r.Code = Failed
	case first == "RING", strings.HasPrefix(first, "RING;"), strings.HasPrefix(first, "RING/"): // and who calls
		r.Code = Ring
	case first == "DELAYED": // some say how long
		r.Code = Delayed
	}
	return r
}

// firstNumber reads the digits that s begins with, as in "33600/ARQ/V34".
func firstNumber(s string) int {
	end := strings.IndexFunc(s, func(c rune) bool { return c < '0' || c > '9' })
	if end < 0 {
		end = len(s)
	}
	n, err := strconv.ParseInt(s[:end], 10, 32)
	if err != nil {
		return 0
	}
	return int(n)
}
