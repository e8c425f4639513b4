package modem

import (
	"regexp"
	"strings"
)

// A Caller is what a modem tells of a call before it is answered.
type Caller struct {
	Calling string // the number that calls; "": not told
	Called  string // the number that was called; "": not told
}

// Caller returns what was told of the call that Await or Listen has answered.
func (m *Modem) Caller() Caller { return m.caller }

// tellsCaller knows the commands that make modems tell who calls: V.253 (+VCID),
// its forerunner (#CID) and TS 27.007 (+CLIP).
var tellsCaller = regexp.MustCompile(`(?i)(\+VCID|#CID|\+CLIP)=[1-9]`)

// numberOf are the ways in which modems tell a number: formatted reports of
// V.253, TS 27.007, section 7.6, and what ISDN adapters and RING itself say.
var numberOf = []struct {
	calling bool
	line    *regexp.Regexp
}{
	{true, regexp.MustCompile(`^(?:NMBR|CALLER NUMBER|CID) ?[=:] ?(` + digits + `)`)},
	{true, regexp.MustCompile(`^\+CLIP: ?"?(` + digits + `)`)},
	{true, regexp.MustCompile(`^RING[ ;/]+(` + digits + `)`)},
	{true, regexp.MustCompile(`^FM: ?(` + digits + `)`)},
	{false, regexp.MustCompile(`^(?:CALLED NUMBER|DDN) ?[=:] ?(` + digits + `)`)},
	{false, regexp.MustCompile(`\bTO: ?(` + digits + `)`)},
}

// digits has no limit: with one, the regexp would be copied for each digit.
const digits = `\+?[0-9][0-9A-D*#-]*`

const longestNumber = 64

// hear takes a number out of a line.
func (c *Caller) hear(text string) {
	text = strings.ToUpper(text)
	for _, n := range numberOf {
		found := n.line.FindStringSubmatch(text)
		if found == nil {
			continue
		}
		number := found[1][:min(len(found[1]), longestNumber)]
		if n.calling {
			c.Calling = number
		} else {
			c.Called = number
		}
	}
}
