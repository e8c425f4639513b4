package modem

import (
	"regexp"
	"strconv"
	"strings"
)

// A Refusal is what a network has against a call, as far as the modem's words for
// it (+CEER) can be understood.
type Refusal uint8

// The refusals.
const (
	NoRefusal   Refusal = iota // or one that says nothing to us
	RefusedAPN                 // unknown or missing access point, or one that the card may not use
	RefusedType                // of the context
	RefusedAuth                // name and password
	RefusedCard                // the network does not serve this card
)

// refusalCodes are the session management causes (3GPP TS 24.008, annex I; TS
// 24.301, annex B). Smaller numbers, of mobility management, mean other things in
// other modems.
var refusalCodes = map[int]Refusal{
	27: RefusedAPN, 33: RefusedAPN, 66: RefusedAPN, 28: RefusedType, 50: RefusedType, 51: RefusedType, 57: RefusedType,
	29: RefusedAuth, 32: RefusedAPN,
}

// refusalTexts are how modems put them into words. The first that is found counts.
var refusalTexts = []struct {
	words   string
	refusal Refusal
}{
	{"apn", RefusedAPN}, {"access point", RefusedAPN}, {"not subscribed", RefusedAPN}, {"not supported", RefusedAPN},
	{"operator determined barring", RefusedAPN},
	{"pdp type", RefusedType}, {"pdn type", RefusedType}, {"ipv4 only", RefusedType}, {"ipv6 only", RefusedType},
	{"pdp address or type", RefusedType}, {"unknown pdp", RefusedType},
	{"authentication", RefusedAuth}, {"user auth", RefusedAuth},
	{"illegal ms", RefusedCard}, {"illegal ue", RefusedCard}, {"illegal me", RefusedCard}, {"services not allowed", RefusedCard},
	{"imsi unknown", RefusedCard}, {"plmn not allowed", RefusedCard},
}

// refusalNumber finds "#27", "cause 27", or a number that stands alone.
var refusalNumber = regexp.MustCompile(`(?i)(?:#|cause\s*:?\s*|^\s*|,\s*)([0-9]{1,3})\s*(?:$|,|:|\))`)

// Refusal reads the Cause.
func (s *Status) Refusal() Refusal {
	lower := strings.ToLower(s.Cause)
	for _, t := range refusalTexts {
		if strings.Contains(lower, t.words) {
			return t.refusal
		}
	}
	m := refusalNumber.FindStringSubmatch(s.Cause)
	if m == nil {
		return NoRefusal
	}
	n, err := strconv.Atoi(m[1])
	if err != nil {
		return NoRefusal
	}
	return refusalCodes[n]
}
