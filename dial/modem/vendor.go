package modem

import "strings"

// A Mode is a kind of radio network to use.
type Mode string

// The modes.
const (
	ModeAsIs  Mode = "" // whatever the modem is set to
	ModeAuto  Mode = "auto"
	ModeLTE   Mode = "lte"
	ModeWCDMA Mode = "wcdma"
	ModeGSM   Mode = "gsm"
)

// A vendor is a make of cellular modems: what its commands are called for which
// TS 27.007 has none, or has one that it does not take. All commands are without
// AT.
type vendor struct {
	name  string
	match []string // in what it says of itself, upper case

	modes   []modeSet // tried in order, since models differ
	retries []ask     // how many wrong PINs the card still bears
	card    []ask     // the number of the card, ICCID
	quiet   []string  // no more unsolicited result codes
	reset   []string  // restarts it, tried in order
	causes  []ask     // why the last call ended

	// callsLast: of the ttys that take commands, that with the highest interface is
	// meant for calls, not the one with the lowest.
	callsLast bool
}

// A modeSet chooses the kind of network. Modems keep it for good, so that it is
// asked for first and set only where it is another.
type modeSet struct {
	query ask
	set   string // with %s for the value
	value map[Mode]string
}

// An ask is a question and where in its answer what matters stands.
type ask struct {
	command string
	name    string // the answer begins with it and a colon
	field   int    // of those between commas, from 0; -1: all of it
}

// The generic rows of TS 27.007 serve makes that have none of their own, and come
// after a vendor's own.
var generic = vendor{
	name: "generic",
	// Section 5.9: 12 GERAN, 22 UTRAN, 28 E-UTRAN, 25 all of them.
	modes: []modeSet{{ask{"+WS46?", "+WS46", 0}, "+WS46=%s", map[Mode]string{ModeAuto: "25", ModeLTE: "28", ModeWCDMA: "22", ModeGSM: "12"}}},
	// Section 8.65.
	retries: []ask{{`+CPINR="SIM PIN"`, "+CPINR", 1}},
	card:    []ask{{"+CCID", "+CCID", -1}, {"+ICCID", "+ICCID", -1}},
	reset:   []string{"+CFUN=1,1"},
	causes:  []ask{{"+CEER", "+CEER", -1}},
}

var vendors = []vendor{
	{
		name: "Quectel", match: []string{"QUECTEL"},
		callsLast: true,
		modes: []modeSet{
			{ask{`+QCFG="nwscanmode"`, "+QCFG", 1}, `+QCFG="nwscanmode",%s,1`, map[Mode]string{ModeAuto: "0", ModeGSM: "1", ModeWCDMA: "2", ModeLTE: "3"}},
			{ask{`+QNWPREFCFG="mode_pref"`, "+QNWPREFCFG", 1}, `+QNWPREFCFG="mode_pref",%s`, map[Mode]string{ModeAuto: "AUTO", ModeWCDMA: "WCDMA", ModeLTE: "LTE"}},
		},
		retries: []ask{{"+QPINC?", "+QPINC", 1}},
		card:    []ask{{"+QCCID", "+QCCID", -1}},
		reset:   []string{"+CFUN=1,1", "+QRST=1"}, // the second in NB-IoT modules
	},
	{
		name: "SIMCom", match: []string{"SIMCOM", "SIM7", "SIM8"},
		callsLast: true,
		modes:     []modeSet{{ask{"+CNMP?", "+CNMP", 0}, "+CNMP=%s", map[Mode]string{ModeAuto: "2", ModeGSM: "13", ModeWCDMA: "14", ModeLTE: "38"}}},
		retries:   []ask{{"+SPIC", "+SPIC", 0}},
		card:      []ask{{"+CICCID", "+ICCID", -1}},
		reset:     []string{"+CRESET", "+CFUN=1,1"},
	},
	{
		name: "Huawei", match: []string{"HUAWEI"},
		modes: []modeSet{
			{ask{"^SYSCFGEX?", "^SYSCFGEX", 0}, `^SYSCFGEX="%s",3FFFFFFF,1,2,7FFFFFFFFFFFFFFF,,`, map[Mode]string{ModeAuto: "00", ModeGSM: "01", ModeWCDMA: "02", ModeLTE: "03"}},
			{ask{"^SYSCFG?", "^SYSCFG", 0}, "^SYSCFG=%s,2,3FFFFFFF,1,2", map[Mode]string{ModeAuto: "2", ModeGSM: "13", ModeWCDMA: "14"}},
		},
		retries: []ask{{"^CPIN?", "^CPIN", 3}},
		card:    []ask{{"^ICCID?", "^ICCID", -1}},
		quiet:   []string{"^CURC=0"},
		reset:   []string{"^RESET", "+CFUN=1,1"},
	},
	{
		name: "Telit", match: []string{"TELIT"},
		retries: []ask{{"#PCT", "#PCT", 0}},
		card:    []ask{{"#CCID", "#CCID", -1}},
		reset:   []string{"#REBOOT", "#ENHRST=1,0"},
		causes:  []ask{{"#CEER", "#CEER", -1}, {"+CEER", "+CEER", -1}},
	},
	{
		name: "u-blox", match: []string{"U-BLOX"},
		modes:   []modeSet{{ask{"+URAT?", "+URAT", 0}, "+URAT=%s", map[Mode]string{ModeAuto: "4", ModeGSM: "0", ModeWCDMA: "2", ModeLTE: "3"}}},
		retries: []ask{{"+UPINCNT", "+UPINCNT", 0}},
		reset:   []string{"+CFUN=16", "+CFUN=1,1"},
	},
	{
		name: "Sierra Wireless", match: []string{"SIERRA"},
		callsLast: true,
		modes:     []modeSet{{ask{"!SELRAT?", "!SELRAT", 0}, "!SELRAT=%s", map[Mode]string{ModeAuto: "00", ModeWCDMA: "01", ModeGSM: "02", ModeLTE: "06"}}},
		retries:   []ask{{"+CPINC?", "+CPINC", 0}},
		card:      []ask{{"!ICCID?", "!ICCID", -1}},
		reset:     []string{"!RESET", "+CFUN=1,1"},
	},
}

// vendorOf finds the make in what the modem says of itself. What it lacks has the
// generic rows.
func vendorOf(said string) *vendor {
	said = strings.ToUpper(said)
	for _, v := range vendors {
		for _, m := range v.match {
			if strings.Contains(said, m) {
				v.fill()
				return &v
			}
		}
	}
	v := generic
	return &v
}

func (v *vendor) fill() {
	if v.modes == nil {
		v.modes = generic.modes
	}
	if v.causes == nil {
		v.causes = generic.causes
	}
	v.retries = append(v.retries[:len(v.retries):len(v.retries)], generic.retries...)
	v.card = append(v.card[:len(v.card):len(v.card)], generic.card...)
}

// in finds what the question is about in the lines of an answer.
func (a ask) in(lines []string) (value string, ok bool) {
	for _, l := range lines {
		rest, ok := cutName(l, a.name)
		if !ok {
			continue
		}
		if a.field < 0 {
			return unquote(rest), true
		}
		if f := splitFields(rest); a.field < len(f) {
			return unquote(f[a.field]), true
		}
	}
	return "", false
}
