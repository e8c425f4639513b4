package dialtest

import "strings"

// dialString is the argument of ATD.
type dialString struct {
	number string // digits, *, #, A to D, + of an international number
	pauses int    // commas
	voice  bool   // ends in ";": stays in command mode
}

// parseDial reads a dial string (ITU-T V.250 section 6.3.1): T and P, the waits W and @,
// the flash !, and marks for the eye are passed over.
func parseDial(s string) dialString {
	var d dialString
	s, d.voice = strings.CutSuffix(strings.TrimSpace(s), ";")
	var b strings.Builder
	for _, c := range strings.ToUpper(s) {
		switch {
		case c >= '0' && c <= '9', c >= 'A' && c <= 'D', c == '*', c == '#', c == '+':
			b.WriteRune(c)
		case c == ',':
			d.pauses++
		}
	}
	d.number = b.String()
	return d
}

// packetCID is the context of a number that starts a packet call: *99#, *99***CID#,
// and what lies between the stars (address, protocol) in the middle.
func packetCID(number string) (cid string, ok bool) {
	inner, ok := strings.CutPrefix(number, "*99")
	if !ok {
		return "", false
	}
	if inner, ok = strings.CutSuffix(inner, "#"); !ok {
		return "", false
	}
	if inner == "" {
		return "1", true
	}
	parts := strings.Split(inner, "*") // "", address, protocol, CID
	if len(parts) == 4 && parts[3] != "" {
		return parts[3], true
	}
	return "1", parts[0] == "" && len(parts) <= 4
}
