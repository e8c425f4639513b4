package modem

import (
	"fmt"
	"strconv"
	"strings"
)

// A SIM is what +CPIN? says of the card (3GPP TS 27.007, section 8.3).
type SIM uint8

// The states of the card.
const (
	SIMUnknown SIM = iota // not asked, or the modem has no word for it
	SIMReady              // perhaps with PIN2 or PUK2 wanted, which data does without
	SIMNeedsPIN
	SIMNeedsPUK
	SIMLocked // to a network or a telephone: PH-SIM PIN, PH-NET PIN ...
	SIMAbsent
	SIMBusy   // it starts
	SIMFailed // it is there and does not work
)

var simNames = map[SIM]string{
	SIMUnknown: "unknown", SIMReady: "ready", SIMNeedsPIN: "wants its PIN", SIMNeedsPUK: "wants its PUK",
	SIMLocked: "locked to another network or device", SIMAbsent: "missing", SIMBusy: "busy", SIMFailed: "faulty",
}

func (s SIM) String() string { return simNames[s] }

// parseSIM reads an answer to +CPIN?.
func parseSIM(text string) SIM {
	upper := strings.ToUpper(strings.TrimSpace(text))
	if code, ok := cmeCode(upper); ok {
		switch code {
		case 10:
			return SIMAbsent
		case 11:
			return SIMNeedsPIN
		case 12:
			return SIMNeedsPUK
		case 13, 15:
			return SIMFailed
		case 14:
			return SIMBusy
		case 17, 18:
			return SIMReady
		case 5, 6, 7, 40, 41, 42, 43, 44, 45, 46, 47:
			return SIMLocked
		}
		return SIMUnknown
	}
	word, ok := strings.CutPrefix(upper, "+CPIN:")
	if !ok {
		return SIMUnknown
	}
	switch word = strings.Trim(word, ` "`); word {
	case "READY", "SIM PIN2", "SIM PUK2":
		return SIMReady
	case "SIM PIN":
		return SIMNeedsPIN
	case "SIM PUK", "BLOCKED":
		return SIMNeedsPUK
	case "NOT INSERTED", "REMOVED":
		return SIMAbsent
	case "NOT READY":
		return SIMBusy
	case "":
		return SIMUnknown
	}
	return SIMLocked
}

// cmeTexts are the texts of +CME ERROR with +CMEE=2 that matter here (TS 27.007,
// section 9.2).
var cmeTexts = map[string]int{
	"OPERATION NOT ALLOWED": 3, "OPERATION NOT SUPPORTED": 4,
	"SIM NOT INSERTED": 10, "SIM PIN REQUIRED": 11, "SIM PUK REQUIRED": 12, "SIM FAILURE": 13, "SIM BUSY": 14,
	"SIM WRONG": 15, "INCORRECT PASSWORD": 16, "SIM PIN2 REQUIRED": 17, "SIM PUK2 REQUIRED": 18,
	"NO NETWORK SERVICE": 30, "UNKNOWN": 100,
}

// cmeCode gives the number of a +CME ERROR, which comes as a number or as a text.
func cmeCode(text string) (code int, ok bool) {
	rest, ok := strings.CutPrefix(strings.ToUpper(strings.TrimSpace(text)), "+CME ERROR:")
	if !ok {
		return 0, false
	}
	rest = strings.TrimSpace(rest)
	if n, err := strconv.Atoi(rest); err == nil {
		return n, true
	}
	if n, known := cmeTexts[rest]; known {
		return n, true
	}
	return 100, true
}

// A Registration is what +CREG and its like say (TS 27.007, section 7.2).
type Registration int8

// The values that need a name; 9 and 10 are registered, though not preferred for
// calls by voice.
const (
	RegUnknown   Registration = -1 // not asked, or the modem does not know the question
	RegIdle      Registration = 0  // not registered, and not searching
	RegHome      Registration = 1
	RegSearching Registration = 2
	RegDenied    Registration = 3
	RegOut       Registration = 4 // "unknown": mostly, out of coverage
	RegRoaming   Registration = 5
)

var regNames = []string{
	"not searching", "registered, home network", "searching", "denied by the network", "out of coverage", "registered, roaming",
	"registered for SMS only", "registered for SMS only, roaming", "emergency calls only",
	"registered, home network", "registered, roaming",
}

func (r Registration) String() string {
	if r < 0 || int(r) >= len(regNames) {
		return "unknown"
	}
	return regNames[r]
}

// Registered tells whether data calls can be made.
func (r Registration) Registered() bool {
	return r == RegHome || r == RegRoaming || r == 9 || r == 10
}

// parseRegistration reads the answer to a question "+CREG?", of which name is
// "+CREG", or an unsolicited result code. The answer is N,STAT and, with N of 2 and
// more, location and technology; unsolicited, N is missing.
func parseRegistration(name, line string) (r Registration, ok bool) {
	rest, ok := cutName(line, name)
	if !ok {
		return RegUnknown, false
	}
	f := splitFields(rest)
	at := 0
	// Location codes are quoted, or, in old modems, are hexadecimal numbers of four
	// digits; a status is one or two digits.
	if len(f) > 1 && !strings.HasPrefix(f[1], `"`) && len(f[1]) <= 2 {
		at = 1
	}
	n, err := strconv.ParseInt(f[at], 10, 8)
	if err != nil || n < 0 {
		return RegUnknown, false
	}
	return Registration(n), true
}

// cutName takes the name of a command and its colon off a line of its answer.
func cutName(line, name string) (rest string, ok bool) {
	if len(line) <= len(name) || !strings.EqualFold(line[:len(name)], name) || line[len(name)] != ':' {
		return "", false
	}
	return strings.TrimSpace(line[len(name)+1:]), true
}

// splitFields splits at commas outside of quotes; quotes stay.
func splitFields(s string) []string {
	var f []string
	quoted, from := false, 0
	for i := range len(s) {
		switch {
		case s[i] == '"':
			quoted = !quoted
		case s[i] == ',' && !quoted:
			f = append(f, strings.TrimSpace(s[from:i]))
			from = i + 1
		}
	}
	return append(f, strings.TrimSpace(s[from:]))
}

func unquote(s string) string { return strings.Trim(s, `"`) }

// A Status is what a modem says of itself and of its network. The zero value of a
// field is not known, except for the registrations (RegUnknown).
type Status struct {
	Manufacturer, Model, Firmware string
	IMEI                          string // personal: String leaves most of it out

	SIM      SIM
	Voice    Registration // +CREG
	Packet   Registration // +CGREG: GSM and UMTS
	EPS      Registration // +CEREG: LTE and NB-IoT
	Operator string       // name or number
	Tech     string       // GSM, UMTS, LTE ...
	Signal   Signal
	Cause    string // why the last call ended or failed: +CEER
}

// NewStatus gives one of which nothing is known.
func NewStatus() Status {
	return Status{Voice: RegUnknown, Packet: RegUnknown, EPS: RegUnknown}
}

// Registration is the one that counts for data: that of the network with packets
// which has the modem, else what is nearest to it.
func (s *Status) Registration() Registration {
	for _, r := range []Registration{s.EPS, s.Packet} {
		if r.Registered() {
			return r
		}
	}
	if s.EPS == RegUnknown && s.Packet == RegUnknown {
		return s.Voice
	}
	// Of two networks that do not have it, one that searches may yet.
	for _, want := range []Registration{RegSearching, RegDenied, RegOut} {
		if s.EPS == want || s.Packet == want {
			return want
		}
	}
	return max(s.EPS, s.Packet)
}

// A Signal is the answer to +CSQ (TS 27.007, section 8.5).
type Signal struct {
	Known bool // the modem has answered
	RSSI  int  // 0 to 31; 99: it hears nothing, or does not know
}

// None tells whether the modem hears no network.
func (g Signal) None() bool { return g.Known && (g.RSSI == 99 || g.RSSI == 0) }

func (g Signal) String() string {
	switch {
	case !g.Known:
		return "unknown"
	case g.RSSI == 99:
		return "none"
	case g.RSSI == 0:
		return "-113 dBm or less"
	case g.RSSI >= 31:
		return "-51 dBm or more"
	}
	return fmt.Sprintf("%d dBm", -113+2*g.RSSI)
}

func parseSignal(line string) (g Signal, ok bool) {
	rest, ok := cutName(line, "+CSQ")
	if !ok {
		return g, false
	}
	n, err := strconv.Atoi(splitFields(rest)[0])
	if err != nil || n < 0 {
		return g, false
	}
	if n > 31 { // 199 and the like, of modems that count on for other networks
		n = 99
	}
	return Signal{true, n}, true
}

// techs are the access technologies of +COPS (TS 27.007, section 7.3).
var techs = map[string]string{
	"0": "GSM", "1": "GSM", "2": "UMTS", "3": "EDGE", "4": "UMTS", "5": "UMTS", "6": "UMTS", "7": "LTE",
	"8": "GSM", "9": "NB-IoT", "10": "LTE", "11": "5G", "12": "5G", "13": "5G",
}

// parseOperator reads the answer to +COPS?: MODE[,FORMAT,NAME[,TECHNOLOGY]].
func parseOperator(line string) (mode int, name, tech string, ok bool) {
	rest, ok := cutName(line, "+COPS")
	if !ok {
		return 0, "", "", false
	}
	f := splitFields(rest)
	mode, err := strconv.Atoi(f[0])
	if err != nil {
		return 0, "", "", false
	}
	if len(f) > 2 {
		name = unquote(f[2])
	}
	if len(f) > 3 {
		tech = techs[f[3]]
	}
	return mode, name, tech, true
}

// String is the status on one line, without who the modem is.
func (s *Status) String() string {
	var parts []string
	add := func(format string, a ...any) { parts = append(parts, fmt.Sprintf(format, a...)) }
	if s.SIM != SIMUnknown {
		add("SIM %v", s.SIM)
	}
	if r := s.Registration(); r != RegUnknown {
		add("%v", r)
	}
	if s.Operator != "" {
		add("network %s", strings.TrimSpace(s.Operator+" "+s.Tech))
	}
	if s.Signal.Known {
		add("signal %v", s.Signal)
	}
	if s.Cause != "" {
		add("last call: %s", s.Cause)
	}
	return strings.Join(parts, ", ")
}

// Name is make and model.
func (s *Status) Name() string {
	maker, model := s.Manufacturer, s.Model
	if strings.HasPrefix(strings.ToUpper(model), strings.ToUpper(maker)) {
		maker = ""
	}
	return strings.TrimSpace(maker + " " + model)
}

// MaskedIMEI shows of the IMEI what tells the type of the modem (the TAC).
func (s *Status) MaskedIMEI() string {
	if len(s.IMEI) < 9 {
		return ""
	}
	return s.IMEI[:8] + strings.Repeat("*", len(s.IMEI)-8)
}
