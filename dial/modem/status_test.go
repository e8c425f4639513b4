package modem

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"pppdial/dial/dialtest"
)

func TestParseSIM(t *testing.T) {
	for text, want := range map[string]SIM{
		"+CPIN: READY": SIMReady, "+CPIN:READY": SIMReady, "+cpin: ready": SIMReady, "+CPIN: SIM PIN": SIMNeedsPIN,
		`+CPIN: "SIM PIN"`: SIMNeedsPIN, "+CPIN: SIM PUK": SIMNeedsPUK, "+CPIN: SIM PIN2": SIMReady, "+CPIN: SIM PUK2": SIMReady, "+CPIN: PH-SIM PIN": SIMLocked,
		"+CPIN: NOT INSERTED": SIMAbsent, "+CPIN: NOT READY": SIMBusy, "+CPIN:": SIMUnknown,
		"+CME ERROR: 10": SIMAbsent, "+CME ERROR: SIM not inserted": SIMAbsent, "+CME ERROR: 11": SIMNeedsPIN,
		"+CME ERROR: SIM PUK required": SIMNeedsPUK, "+CME ERROR: 13": SIMFailed, "+CME ERROR: 14": SIMBusy,
		"+CME ERROR: 17": SIMReady, "+CME ERROR: 18": SIMReady, "+CME ERROR: SIM PUK2 required": SIMReady, "+CME ERROR: 5": SIMLocked, "+CME ERROR: 3": SIMUnknown, "+CME ERROR: gibberish": SIMUnknown,
		"ERROR": SIMUnknown, "OK": SIMUnknown, "": SIMUnknown,
	} {
		if got := parseSIM(text); got != want {
			t.Errorf("%q is %v, want %v", text, got, want)
		}
	}
}

func TestParseRegistration(t *testing.T) {
	for _, c := range []struct {
		name, line string
		want       Registration
		ok         bool
	}{
		{"+CREG", "+CREG: 0,1", RegHome, true},
		{"+CREG", "+CREG:0,5", RegRoaming, true},
		{"+CREG", "+CREG: 2,1,\"00C3\",\"0000E123\",7", RegHome, true},
		{"+CREG", "+CREG: 2,5,00C3,E123", RegRoaming, true},
		{"+CREG", "+CREG: 1", RegHome, true},                    // unsolicited
		{"+CREG", "+CREG: 1,\"00C3\",\"E123\"", RegHome, true},  // unsolicited, with a place
		{"+CREG", "+CREG: 2,00C3,0000E123", RegSearching, true}, // the same, by an old modem
		{"+CEREG", "+CEREG: 4,3,,,,0,13", RegDenied, true},
		{"+CEREG", "+CEREG: 0,10", 10, true},
		{"+CREG", "+CGREG: 0,1", RegUnknown, false},
		{"+CREG", "+CREG", RegUnknown, false},
		{"+CREG", "+CREG: ", RegUnknown, false},
		{"+CREG", "+CREG: x,y", RegUnknown, false},
		{"+CREG", "+CREG: 0,-1", RegUnknown, false},
	} {
		if got, ok := parseRegistration(c.name, c.line); got != c.want || ok != c.ok {
			t.Errorf("%q is %v, %t; want %v, %t", c.line, got, ok, c.want, c.ok)
		}
	}
}

func TestRegistrationOfAll(t *testing.T) {
	for _, c := range []struct {
		eps, packet, voice, want Registration
	}{
		{1, 0, 0, 1}, {0, 5, 1, 5}, {-1, -1, 1, 1}, {-1, -1, -1, -1}, {-1, 0, 1, 0}, {2, 3, 3, 2}, {3, 3, 1, 3}, {0, 3, 3, 3}, {4, 0, 0, 4}, {3, 1, 1, 1},
	} {
		s := Status{EPS: c.eps, Packet: c.packet, Voice: c.voice}
		if got := s.Registration(); got != c.want {
			t.Errorf("EPS %d, packet %d, voice %d: %v, want %v", c.eps, c.packet, c.voice, got, c.want)
		}
	}
}

func TestParseSignal(t *testing.T) {
	for line, want := range map[string]string{
		"+CSQ: 20,99": "-73 dBm", "+CSQ: 0,99": "-113 dBm or less", "+CSQ: 31,0": "-51 dBm or more", "+CSQ: 99,99": "none",
		"+CSQ:8,0": "-97 dBm", "+CSQ: 199,99": "none", "+CSQ: x": "unknown", "+CREG: 1": "unknown",
	} {
		if g, _ := parseSignal(line); g.String() != want {
			t.Errorf("%q is %v, want %s", line, g, want)
		}
	}
}

func TestParseOperator(t *testing.T) {
	for line, want := range map[string]string{
		`+COPS: 0,0,"Vodafone, D2",7`: "0 Vodafone, D2 LTE true", `+COPS: 1,2,"26201",9`: "1 26201 NB-IoT true",
		`+COPS: 0`: "0   true", `+COPS: 0,2,"26201"`: "0 26201  true", `+COPS: x`: "0   false",
	} {
		mode, name, tech, ok := parseOperator(line)
		if got := fmt.Sprintf("%d %s %s %t", mode, name, tech, ok); got != want {
			t.Errorf("%q is %q, want %q", line, got, want)
		}
	}
}

func TestRefusal(t *testing.T) {
	for cause, want := range map[string]Refusal{
		"":                               NoRefusal,
		"No cause information available": NoRefusal,
		"Regular deactivation":           NoRefusal,
		"SM,36":                          NoRefusal,
		"Requested service option not subscribed (#33)": RefusedAPN,
		"Unknown APN":                     RefusedAPN,
		"#27":                             RefusedAPN,
		"27":                              RefusedAPN,
		"SM cause: 27":                    RefusedAPN,
		"Missing or unknown APN":          RefusedAPN,
		"PDP type IPv4 only allowed":      RefusedType,
		"Unknown PDP address or PDP type": RefusedType,
		`"SM internal cause",50`:          RefusedType,
		"User authentication failed":      RefusedAuth,
		"29":                              RefusedAuth,
		"EPS services not allowed":        RefusedCard,
		"Illegal UE":                      RefusedCard,
	} {
		s := Status{Cause: cause}
		if got := s.Refusal(); got != want {
			t.Errorf("%q is refusal %d, want %d", cause, got, want)
		}
	}
}

// TestVendors says of each make what it is told, so that a change of the table is
// seen.
func TestVendors(t *testing.T) {
	for said, want := range map[string]string{
		"Quectel EC25": `Quectel: auto +QCFG="nwscanmode",0,1 lte +QCFG="nwscanmode",3,1 wcdma +QCFG="nwscanmode",2,1 gsm +QCFG="nwscanmode",1,1` +
			`; PIN +QPINC?; card +QCCID; reset +CFUN=1,1 +QRST=1; cause +CEER`,
		"Quectel_Ltd Quectel_BC66": `Quectel: auto +QCFG="nwscanmode",0,1 lte +QCFG="nwscanmode",3,1 wcdma +QCFG="nwscanmode",2,1 gsm +QCFG="nwscanmode",1,1` +
			`; PIN +QPINC?; card +QCCID; reset +CFUN=1,1 +QRST=1; cause +CEER`,
		"SIMCOM INCORPORATED SIMCOM_SIM7600E-H": "SIMCom: auto +CNMP=2 lte +CNMP=38 wcdma +CNMP=14 gsm +CNMP=13; PIN +SPIC; card +CICCID; reset +CRESET +CFUN=1,1; cause +CEER",
		"huawei E398": `Huawei: auto ^SYSCFGEX="00",3FFFFFFF,1,2,7FFFFFFFFFFFFFFF,, lte ^SYSCFGEX="03",3FFFFFFF,1,2,7FFFFFFFFFFFFFFF,, ` +
			`wcdma ^SYSCFGEX="02",3FFFFFFF,1,2,7FFFFFFFFFFFFFFF,, gsm ^SYSCFGEX="01",3FFFFFFF,1,2,7FFFFFFFFFFFFFFF,,; PIN ^CPIN?; card ^ICCID?; reset ^RESET +CFUN=1,1; cause +CEER`,
		"Telit LE910":                   "Telit: auto +WS46=25 lte +WS46=28 wcdma +WS46=22 gsm +WS46=12; PIN #PCT; card #CCID; reset #REBOOT #ENHRST=1,0; cause #CEER",
		"u-blox LISA-U200":              `u-blox: auto +URAT=4 lte +URAT=3 wcdma +URAT=2 gsm +URAT=0; PIN +UPINCNT; card +CCID; reset +CFUN=16 +CFUN=1,1; cause +CEER`,
		"Sierra Wireless, Incorporated": "Sierra Wireless: auto !SELRAT=00 lte !SELRAT=06 wcdma !SELRAT=01 gsm !SELRAT=02; PIN +CPINC?; card !ICCID?; reset !RESET +CFUN=1,1; cause +CEER",
		"Acme":                          `generic: auto +WS46=25 lte +WS46=28 wcdma +WS46=22 gsm +WS46=12; PIN +CPINR="SIM PIN"; card +CCID; reset +CFUN=1,1; cause +CEER`,
	} {
		v := vendorOf(said)
		var modes []string
		for _, m := range []Mode{ModeAuto, ModeLTE, ModeWCDMA, ModeGSM} {
			modes = append(modes, string(m), fmt.Sprintf(v.modes[0].set, v.modes[0].value[m]))
		}
		got := fmt.Sprintf("%s: %s; PIN %s; card %s; reset %s; cause %s", v.name, strings.Join(modes, " "),
			v.retries[0].command, v.card[0].command, strings.Join(v.reset, " "), v.causes[0].command)
		if got != want {
			t.Errorf("%s:\n%s, want\n%s", said, got, want)
		}
	}
}

func TestRetries(t *testing.T) {
	for _, c := range []struct{ maker, answer, want string }{
		{"QUECTEL", `+QPINC: "SC",2,10`, "2"}, {"SIMCOM", "+SPIC: 2,10,3,10", "2"}, {"HUAWEI", "^CPIN: SIM PIN,,10,2,10,3", "2"},
		{"TELIT", "#PCT: 2", "2"}, {"U-BLOX", "+UPINCNT: 2,3,10,10", "2"}, {"SIERRA", "+CPINC: 2,3,10,10", "2"}, {"ACME", "+CPINR: SIM PIN, 2, 3", "2"},
	} {
		if got, ok := vendorOf(c.maker).retries[0].in([]string{"+CREG: 1", c.answer}); !ok || got != c.want {
			t.Errorf("%s: %q has %q, want %s", c.maker, c.answer, got, c.want)
		}
	}
}

// said are the different lines that modems of the bank have said.
func said() (all []string) {
	for _, d := range dialtest.Dialogues() {
		for _, text := range d.Modem {
			if line := strings.TrimSpace(text); !slices.Contains(all, line) {
				all = append(all, line)
			}
		}
	}
	return all
}

// FuzzAnswers reads any line as any answer.
func FuzzAnswers(f *testing.F) {
	for _, s := range []string{`+COPS: 0,0,"x",7`, "+CREG: 2,1,\"a\",\"b\",7", "+CSQ: 99,99", "+CME ERROR: 10", "+CPIN: SIM PIN", "#27", `"`, ",", "+CREG:"} {
		f.Add(s)
	}
	for _, line := range said() {
		f.Add(line)
	}
	f.Fuzz(func(t *testing.T, line string) {
		s := NewStatus()
		for _, q := range questions {
			q.take(&s, line)
		}
		s.SIM = parseSIM(line)
		s.Cause = line
		s.Refusal()
		s.Registration()
		if s.Signal.RSSI < 0 || s.Signal.RSSI > 31 && s.Signal.RSSI != 99 {
			t.Errorf("%q: signal %d", line, s.Signal.RSSI)
		}
		if s.String() == "" && s.SIM != SIMUnknown {
			t.Errorf("%q: no text", line)
		}
		for _, v := range vendors {
			v.fill()
			for _, a := range append(v.retries, v.card...) {
				a.in([]string{line})
			}
		}
		unsolicited(line)
		if c, ok := parseContext(line); ok && (c.CID < 0 || c.CID > 255) {
			t.Errorf("%q: context %d", line, c.CID)
		}
		firstText([]string{line})
	})
}
