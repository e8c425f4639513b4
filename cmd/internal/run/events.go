package run

import (
	"strings"
	"unicode"
)

// events are the messages of the log that programs may rely on: their texts do
// not change. ppp(8), "Messages", says what they mean; a test holds it, this
// list and the sources against one another.
var events = makeEvents(
	// A connection.
	"waiting for traffic", "calling", "connection begins", "connection ends", "idle", "next try", "giving up for now",
	"slowing down: another call hardly helps",
	"last 24 hours", "told to", "breaking the link: SIGHUP",
	// A call.
	"dialing", "waiting for a call", "a caller was lost", "connected", "direct line", "hanging up",
	"a caller's line", "resetting the modem", "the modem is reset", "the modem could not be reset",
	"time for a reset", "monitor: the link passes nothing", "nothing is received",
	// Links and bundles.
	"authenticated to the peer", "peer authenticated", "the peer is not believed", "the peer's address", "link joined", "link left", "link down", "link is silent", "link answers again",
	"no further line", "a line less", "a line is no longer needed", "a line too many",
	"both sides have called: this line is the one too many", "both sides have called: this line stays",
	// The network.
	"network up", "network down", "network protocol given up", "no agreement on a network protocol", "compression", "up", "carried", "name servers", "name servers taken away",
	// Other processes.
	"command", "request refused", "serving the lines of login shells", "metrics", "other processes cannot reach this one",
	"what was recorded of the call is kept",
)

func makeEvents(messages ...string) map[string]string {
	names := make(map[string]string, len(messages))
	for _, m := range messages {
		names[m] = eventName(m)
	}
	return names
}

// eventName is a message as the journal gets it in PPP_EVENT: its words, joined
// by hyphens.
func eventName(message string) string {
	return strings.Join(strings.FieldsFunc(strings.ToLower(message), func(c rune) bool {
		return !unicode.IsLetter(c) && !unicode.IsDigit(c) && c != '\''
	}), "-")
}

// eventVerdict is the event of the line that begins with "verdict: ".
const eventVerdict = "verdict"
