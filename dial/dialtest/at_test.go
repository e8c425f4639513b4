package dialtest

import (
	"strings"
	"testing"
	"time"
)

// dialogue is a program's lines and the modem's answers in turn.
func dialogue(t *testing.T, lines ...string) {
	t.Helper()
	v := newVirtual(t)
	m := v.modem(ModemConfig{Name: "m"})
	m.echo = true
	for i := 0; i < len(lines); i += 2 {
		v.send(m, lines[i])
		v.want(m, lines[i+1], "line "+lines[i])
	}
}

func TestCommandLines(t *testing.T) {
	for name, lines := range map[string][]string{
		"echo":              {"AT\r", "AT\r" + ok, "ATE0\r", "ATE0\r" + ok, "AT\r", ok, "ATE1\r", ok, "at\r", "at\r" + ok},
		"numeric":           {"ATE0V0\r", "ATE0V0\r0\r", "ATX9\r", "4\r", "ATI\r", "33600\r\n0\r"},
		"quiet":             {"ATE0Q1\r", "ATE0Q1\r", "ATI\r", "\r\n33600\r\n", "ATX9\r", "", "ATQ0\r", ok},
		"byte by byte":      {"A", "A", "T", "T", "\r", "\r" + ok},
		"line feeds":        {"AT\r\n", "AT\r" + ok + "\n", "\nAT\r", "\nAT\r" + ok},
		"several at once":   {"AT\rATX9\rAT\r", "AT\r" + ok + "ATX9\r" + bad + "AT\r" + ok},
		"concatenated":      {"ATE0 V1 &D2 S0=3 S0?\r", "ATE0 V1 &D2 S0=3 S0?\r\r\n003\r\n" + ok},
		"error stops":       {"ATE0S0=5U7S0=6\r", "ATE0S0=5U7S0=6\r" + bad, "ATS0?\r", "\r\n005\r\n" + ok},
		"extended":          {"ATE0+IPR=115200;+GMM;S8?\r", "ATE0+IPR=115200;+GMM;S8?\r\r\nSimulated 33600\r\n\r\n002\r\n" + ok, "AT+CSQ\r", bad},
		"repeat":            {"ATS7?\r", "ATS7?\r\r\n050\r\n" + ok, "A/", "A/\r\n050\r\n" + ok},
		"backspace":         {"ATX9\b1\r", "ATX9\b1\r" + ok, "ATX9\x7f1\r", "ATX9\x7f1\r" + ok},
		"garbage before":    {"~\xff}+++ATS8?\r", "~\xff}+++ATS8?\r\r\n002\r\n" + ok},
		"not a command":     {"hello\r", "hello\r", "\r", "\r"},
		"too long":          {"ATE0\r", "ATE0\r" + ok, "AT" + strings.Repeat(" ", 600) + "\r", bad, "AT\r", ok},
		"registers":         {"ATS12=20S2=43\r", "ATS12=20S2=43\r" + ok, "ATS12?\r", "ATS12?\r\r\n020\r\n" + ok, "ATS99=1\r", "ATS99=1\r" + bad, "ATS0=256\r", "ATS0=256\r" + bad},
		"stored":            {"ATE0S0=4&WS0=7\r", "ATE0S0=4&WS0=7\r" + ok, "ATZ\r", ok, "ATS0?\r", "\r\n004\r\n" + ok, "AT&F\r", ok, "ATS0?\r", "ATS0?\r\r\n000\r\n" + ok},
		"CR is S3":          {"ATE0S3=33\r", "ATE0S3=33\r" + ok, "AT!", ok},
		"hang up when idle": {"ATH\r", "ATH\r" + ok, "ATH0\r", "ATH0\r" + ok},
		"nothing to resume": {"ATO\r", "ATO\r" + noCarrier, "ATA\r", "ATA\r" + noCarrier},
		"voice":             {"ATD123;\r", "ATD123;\r" + ok},
		"view":              {"ATE0&V\r", "ATE0&V\r\r\nE0 Q0 V1 X4 &D2\r\nS00:000 S01:000 S02:043 S03:013 S04:010 S05:008 S06:002 S07:050 S08:002 S09:000 S10:014 S11:000 S12:050\r\n" + ok},
	} {
		t.Run(name, func(t *testing.T) { dialogue(t, lines...) })
	}
}

// The numbers that the bank knows without modems, as callers with different ATX hear them.
func TestFailedCalls(t *testing.T) {
	for _, tc := range []struct {
		is   Behaviour
		x    string
		want string
	}{
		{Busy, "4", "BUSY"}, {Busy, "3", "BUSY"}, {Busy, "2", "NO CARRIER"}, {Busy, "0", "NO CARRIER"},
		{NoCarrier, "4", "NO CARRIER"},
		{NoDialtone, "4", "NO DIALTONE"}, {NoDialtone, "2", "NO DIALTONE"}, {NoDialtone, "3", "NO CARRIER"}, {NoDialtone, "1", "NO CARRIER"},
		{NoAnswer, "4", "NO ANSWER"},
	} {
		v := newVirtual(t)
		a := v.modem(ModemConfig{Name: "a", ConnectAfter: 5 * time.Second})
		v.ex.numbers["7"] = &subscriber{behaviour: tc.is}
		v.say(a, "ATX"+tc.x+"DT7", "", "nothing before the call is over")
		v.pass(5*time.Second - 1)
		v.want(a, "", "it takes ConnectAfter")
		v.pass(1)
		v.want(a, "\r\n"+tc.want+"\r\n", "as ATX"+tc.x+" hears it")
		v.say(a, "AT", ok, "back in command mode")
	}
}

func TestOwnLineIsDead(t *testing.T) {
	v := newVirtual(t)
	a := v.modem(ModemConfig{Name: "a", Behaviour: NoDialtone})
	v.modem(ModemConfig{Name: "b", Number: "2"})
	v.say(a, "ATD2", "\r\nNO DIALTONE\r\n", "whatever the number")
}

func TestUnknownNumber(t *testing.T) {
	v := newVirtual(t)
	a := v.modem(ModemConfig{Name: "a", Number: "1"})
	v.say(a, "ATD404", noCarrier, "nobody is there")
	v.say(a, "ATD1", "\r\nBUSY\r\n", "its own number")
}

func TestDialStrings(t *testing.T) {
	for _, tc := range []struct {
		in   string
		want dialString
	}{
		{"T5551234", dialString{number: "5551234"}},
		{"P 0,,555-12 34", dialString{number: "05551234", pauses: 2}},
		{"t(089)W!@1", dialString{number: "0891"}},
		{"*99***1#", dialString{number: "*99***1#"}},
		{"T*99#", dialString{number: "*99#"}},
		{"+49 89 1;", dialString{number: "+49891", voice: true}},
	} {
		if got := parseDial(tc.in); got != tc.want {
			t.Errorf("%q: %+v, want %+v", tc.in, got, tc.want)
		}
	}
}

func TestConnect(t *testing.T) {
	v := newVirtual(t)
	a := v.modem(ModemConfig{Name: "a", Rate: 33600, ConnectAfter: 2 * time.Second})
	b := v.modem(ModemConfig{Name: "b", Number: "2", Rate: 14400})
	v.say(a, "ATDT2,,,", "", "three commas are six seconds")
	v.pass(6*time.Second - 1)
	v.want(b, "", "still dialing")
	v.pass(1)
	v.want(b, "\r\nRING\r\n", "the first ring comes at once")
	v.pass(6 * time.Second)
	v.want(b, "\r\nRING\r\n", "and one every six seconds")
	v.say(b, "ATS1?", "\r\n002\r\n"+ok, "S1 counts the rings")
	v.say(b, "ATA", "", "training")
	v.pass(2 * time.Second)
	v.want(a, "\r\nCONNECT 14400\r\n", "the lower rate")
	v.want(b, "\r\nCONNECT 14400\r\n", "both see the same")
	v.wantDeeds("connect a b")
	if data := v.send(a, "ATH\r"); data != "ATH\r" {
		t.Errorf("in data mode %q is left as data", data)
	}
	v.want(a, "", "data mode has no echo")
}

func TestDataInOneWriteWithTheCommand(t *testing.T) {
	v := newVirtual(t)
	a := v.modem(ModemConfig{Name: "a"})
	b := v.modem(ModemConfig{Name: "b", Number: "2"})
	v.say(b, "ATS0=1", ok, "set up")
	if data := v.send(a, "ATX0D2\r~data"); data != "~data" {
		t.Errorf("%q is left as data", data)
	}
	v.want(a, connected, "X0 does not tell the rate")
}

func TestAutoAnswer(t *testing.T) {
	v := newVirtual(t)
	a := v.modem(ModemConfig{Name: "a"})
	b := v.modem(ModemConfig{Name: "b", Number: "2"})
	v.say(b, "ATS0=3", ok, "set up")
	v.say(a, "ATD2", "", "ringing")
	v.pass(12*time.Second - 1)
	v.want(b, "\r\nRING\r\n\r\nRING\r\n", "two rings")
	v.pass(1)
	v.want(b, "\r\nRING\r\n"+connected, "the third ring answers")
	v.want(a, connected, "both")
}

func TestNobodyAnswers(t *testing.T) {
	v := newVirtual(t)
	a := v.modem(ModemConfig{Name: "a"})
	b := v.modem(ModemConfig{Name: "b", Number: "2"})
	v.say(b, "ATS0=1", ok, "set up")
	b.setDTR(v.now, false)
	v.say(a, "ATS7=20D2", "", "a modem without DTR does not answer")
	v.pass(20 * time.Second)
	v.want(a, noCarrier, "S7 is over")
	v.want(b, strings.Repeat("\r\nRING\r\n", 4), "it has rung")
	v.pass(time.Minute)
	v.want(b, "", "and rings no more")
	if b.state != Idle {
		t.Errorf("b is %v", b.state)
	}
}

func TestCallerGivesUp(t *testing.T) {
	v := newVirtual(t)
	a := v.modem(ModemConfig{Name: "a", ConnectAfter: 3 * time.Second})
	b := v.modem(ModemConfig{Name: "b", Number: "2"})
	v.say(a, "ATD2", "", "ringing")
	v.send(a, "\n")
	v.want(a, "", "the LF of CR LF is no key")
	v.send(a, "x")
	v.want(a, noCarrier, "any key ends dialing")
	v.want(b, "\r\nRING\r\n", "a ring that is over says nothing more")
	v.pass(time.Minute)
	v.say(b, "ATA", noCarrier, "too late")
	v.want(a, "", "a has nothing to do with that")

	v.say(a, "ATD2", "", "again")
	v.say(b, "ATA", "\r\nRING\r\n", "training")
	v.pass(time.Second)
	v.send(a, "x")
	v.want(a, noCarrier, "given up during training")
	v.want(b, noCarrier, "and the answering side finds no carrier")
}

func TestAnswererGivesUp(t *testing.T) {
	v := newVirtual(t)
	a := v.modem(ModemConfig{Name: "a"})
	b := v.modem(ModemConfig{Name: "b", Number: "2", ConnectAfter: 3 * time.Second})
	v.say(a, "ATD2", "", "ringing")
	v.say(b, "ATA", "\r\nRING\r\n", "training")
	b.setDTR(v.now, false)
	v.want(a, noCarrier, "the other side has gone")
}

func TestBothCallEachOther(t *testing.T) {
	v := newVirtual(t)
	a := v.modem(ModemConfig{Name: "a", Number: "1", ConnectAfter: time.Second})
	b := v.modem(ModemConfig{Name: "b", Number: "2", ConnectAfter: time.Second})
	v.say(a, "ATD2,", "", "dialing")
	v.say(b, "ATD1,", "", "at the same time")
	v.pass(3 * time.Second)
	v.want(a, "\r\nBUSY\r\n", "b is off the hook")
	v.want(b, "\r\nBUSY\r\n", "and so is a")

	v.say(a, "ATD2", "", "a was first")
	v.say(b, "ATD1", "\r\nRING\r\n", "b takes up its call instead of dialing")
	v.pass(time.Second)
	v.want(a, noCarrier, "two that call and none that answers")
	v.want(b, noCarrier, "on either side")
}

func TestCarrierLost(t *testing.T) {
	v := newVirtual(t)
	a, b := v.pair()
	v.ex.drop(v.now, b)
	v.want(a, noCarrier, "at once")
	v.want(b, noCarrier, "on both sides")
	v.wantDeeds("cut a b", "carrier b", "carrier a")
	v.say(a, "AT", ok, "command mode")
	v.say(b, "ATO", noCarrier, "there is nothing to go back to")
}

func TestHangupFromBothSides(t *testing.T) {
	v := newVirtual(t)
	a, b := v.pair()
	a.setDTR(v.now, false)
	b.setDTR(v.now, false)
	v.wantDeeds("release a", "cut a b")
	v.arrive()
	v.want(b, "", "it had left by itself")
	if a.state != Idle || b.state != Idle {
		t.Errorf("a is %v, b is %v", a.state, b.state)
	}
}

func TestDTR(t *testing.T) {
	for level, want := range map[string]State{"0": Online, "1": Escaped, "2": Idle, "3": Idle} {
		v := newVirtual(t)
		a := v.modem(ModemConfig{Name: "a"})
		b := v.modem(ModemConfig{Name: "b", Number: "2"})
		v.say(b, "ATS0=1", ok, "set up")
		v.say(a, "AT&D"+level+"S8=9D2", connected, "set up")
		a.setDTR(v.now, false)
		a.setDTR(v.now, true)
		if a.state != want {
			t.Errorf("&D%s: %v, want %v", level, a.state, want)
		}
		if reset := a.s[sPause] == 2; reset != (level == "3") {
			t.Errorf("&D%s: settings reset: %t", level, reset)
		}
	}
}

func TestHalfALineIsForgottenWithItsProgram(t *testing.T) {
	v := newVirtual(t)
	m := v.modem(ModemConfig{Name: "m"})
	v.send(m, "ATD55")
	m.setDTR(v.now, false)
	m.setDTR(v.now, true)
	v.say(m, "AT", ok, "a new program begins a new line")
}

func TestPhantomRing(t *testing.T) {
	v := newVirtual(t)
	m := v.modem(ModemConfig{Name: "m", ConnectAfter: 2 * time.Second})
	v.ex.phantom(v.now, m)
	v.pass(6 * time.Second)
	v.want(m, "\r\nRING\r\n\r\nRING\r\n", "it rings")
	v.say(m, "ATA", "", "answered")
	v.pass(2 * time.Second)
	v.want(m, noCarrier, "nobody is there")
	v.ex.phantom(v.now, m)
	v.pass(2 * time.Minute)
	v.want(m, strings.Repeat("\r\nRING\r\n", 10), "for a minute")
	if m.state != Idle {
		t.Errorf("modem is %v", m.state)
	}
}

func TestNumericCodes(t *testing.T) {
	for text, want := range map[string]string{
		"OK": "0", "CONNECT": "1", "CONNECT 150000000": "1", "CONNECT 9600": "12", "RING": "2",
		"NO CARRIER": "3", "ERROR": "4", "+CME ERROR: 10": "4", "NO DIALTONE": "6", "BUSY": "7", "NO ANSWER": "8",
	} {
		if got := code(text); got != want {
			t.Errorf("%s: %s, want %s", text, got, want)
		}
	}
}

// FuzzInput feeds a modem whatever comes, with time in between.
func FuzzInput(f *testing.F) {
	for _, s := range []string{"ATZ\r", "AT+CPIN=\"1234\"\r", "ATD2\r~\xff}#", "ATDT*99#\r", "A/", "AT&\r", "AT+\r", "ATS=\r", "AT+CGDCONT=1,\"IP\",\"x\";+CSQ\r", "ATS0=1\r+++", "AT+CFUN=0;+COPS=?;\r", "AT\"\r"} {
		f.Add([]byte(s), uint16(1000))
	}
	for _, d := range Dialogues() {
		f.Add([]byte(strings.Join(d.Program, "")), uint16(100))
	}
	f.Fuzz(func(t *testing.T, b []byte, gap uint16) {
		v := newVirtual(t)
		m := v.modem(ModemConfig{Name: "a", Number: "1", Profile: LTE()})
		v.modem(ModemConfig{Name: "b", Number: "2"}).s[sAutoAnswer] = 1
		v.ex.numbers["*99#"] = v.ex.numbers["2"]
		for _, c := range b {
			m.input(v.now, []byte{c})
			v.pass(time.Duration(gap) * time.Millisecond)
			v.arrive()
		}
		v.pass(time.Hour)
		if m.state == Dialing || m.state == Training {
			t.Fatalf("after an hour the modem is %v", m.state)
		}
	})
}
