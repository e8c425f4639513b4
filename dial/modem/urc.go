package modem

import (
	"strings"
	"time"
)

// restarts are what modems say when they have started anew.
var restarts = []string{"RDY", "^SYSSTART", "+SYSSTART", "^BOOT:", "PB DONE", "START"}

// chatter begins the lines that modems say unasked, of those that could be taken
// for an answer: signal, mode, card, short messages, clock, indications of any
// kind.
var chatter = []string{
	"+CREG:", "+CGREG:", "+CEREG:", "+CGEV:", "+CPIN:", "+CFUN:", "+QIND:", "+QUSIM:", "+CMTI:", "+CRING:", "+CLIP:", "+NITZ",
	"+CTZ", "+CTZV", "+UUSTS", "+UUPSD", "+IP:", "^RSSI:", "^MODE:", "^HCSQ:", "^SIMST:", "^SRVST:", "^DSFLOWRPT:", "^STIN:",
	"^CSNR:", "#", "CALL READY", "SMS READY", "SMS DONE", "NORMAL POWER DOWN", "POWERED DOWN", "*PSUTTZ", "DST:",
}

// unsolicited tells whether a line, in an answer that has no name before it, is
// something else.
func unsolicited(line string) bool {
	upper := strings.ToUpper(line)
	for _, list := range [][]string{restarts, chatter} {
		for _, p := range list {
			if strings.HasPrefix(upper, p) {
				return true
			}
		}
	}
	return ParseResult(line).Code != None
}

// ringPause is the most that is between the rings of one call; most countries
// have 4 to 5 s.
const ringPause = 7 * time.Second

// Ringing reports whether the modem has said during the last command that somebody
// calls it.
func (m *Modem) Ringing() bool { return time.Since(m.rang) < ringPause }

// overhear learns from what the modem says unasked.
func (m *Modem) overhear(text string) {
	upper := strings.ToUpper(text)
	switch {
	case upper == "RDY", upper == "START", strings.HasPrefix(upper, "^SYSSTART"), strings.HasPrefix(upper, "+SYSSTART"):
		m.restarted = true
	case ParseResult(text).Code == Ring: // with the number behind it, perhaps
		m.rang = time.Now()
	case strings.HasPrefix(upper, "CONNECT"):
		m.taken = m.Ringing()
	}
}
