package modem

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"
)

// says makes an answer of lines, without OK where the last is a result.
func says(lines ...string) string {
	var b strings.Builder
	for _, l := range lines {
		b.WriteString("\r\n" + l + "\r\n")
	}
	if last := ParseResult(lines[len(lines)-1]).Code; last != Failed && last != OK {
		b.WriteString("\r\nOK\r\n")
	}
	return b.String()
}

// cell is what a cellular modem says that has nothing to complain of; several
// answers in turn are parted by |.
func cell(more ...string) *fake {
	f := &fake{other: says("ERROR"), answers: usual(
		"ATE0Q0V1", says("OK"), "AT+CMEE=1", says("OK"),
		"AT+CGMI", says("Quectel"), "AT+CGMM", says("EC25"), "AT+CGMR", says("EC25EFAR06A03M4G"), "AT+CGSN", says("867698040123456"),
		"AT+CFUN?", says("+CFUN: 1"), "AT+CPIN?", says("+CPIN: READY"), "AT+QCCID", says("+QCCID: 89860000000000000001"),
		"AT+CEREG?", says("+CEREG: 0,1"), "AT+CGREG?", says("+CGREG: 0,1"), "AT+CREG?", says("+CREG: 0,1"),
		"AT+CSQ", says("+CSQ: 20,99"), "AT+COPS?", says(`+COPS: 0,0,"Test Network",7`), "AT+COPS=3,2", says("OK"), "AT+COPS=3,0", says("OK"),
		"AT+CGDCONT?", says(`+CGDCONT: 1,"IP","internet","0.0.0.0",0,0,0,0`), "AT+CEER", says("+CEER: No cause information available"),
	)}
	for i := 0; i < len(more); i += 2 {
		var turns []string
		for turn := range strings.SplitSeq(more[i+1], "|") {
			if turn == "" { // it keeps silent
				turns = append(turns, "")
				continue
			}
			turns = append(turns, says(strings.Split(turn, "\n")...))
		}
		f.answers[more[i]] = strings.Join(turns, "|")
	}
	return f
}

func TestSetUp(t *testing.T) {
	internet := Context{1, "IP", "internet"}
	for _, c := range []struct {
		why  string
		fake *fake
		conf Cellular
		init string
		want error  // nil: ready
		said string // commands that must have been said, in this order
		not  string // commands that must not
		most time.Duration
		end  string // the status
	}{
		{
			why: "nothing to do", fake: cell(), conf: Cellular{Context: internet},
			said: "ATE0Q0V1 AT+CMEE=1 AT+CGMI AT+CFUN? AT+CPIN? AT+CGDCONT? AT+CEREG?", not: "AT+CGDCONT= AT+CPIN= AT+COPS=0",
			end: "SIM ready, registered, home network, network Test Network LTE, signal -73 dBm",
		},
		{
			why: "with echo", fake: func() *fake { f := cell(); f.echo = true; return f }(), conf: Cellular{Context: internet},
			not: "AT+CGDCONT=",
			end: "SIM ready, registered, home network, network Test Network LTE, signal -73 dBm",
		},
		{
			why: "another access point", fake: cell(`AT+CGDCONT=1,"IPV4V6","iot.1nce.net"`, "OK"),
			conf: Cellular{Context: Context{1, "IPV4V6", "iot.1nce.net"}}, said: `AT+CGDCONT=1,"IPV4V6","iot.1nce.net" AT+CEREG?`,
		},
		{
			why: "a type that the modem does not have", want: ErrPDPType,
			fake: cell(`AT+CGDCONT=?`, `+CGDCONT: (1-16),"IP",,,(0-2)`+"\n"+`+CGDCONT: (1-16),"IPV6",,,(0-2)`),
			conf: Cellular{Context: Context{1, "PPP", "x"}}, said: `AT+CGDCONT=1,"PPP","x" AT+CGDCONT=?`, not: "AT+CEREG?",
		},
		{
			why: "the PIN is entered", said: `AT+CPIN? AT+QPINC? AT+CPIN="1234" AT+CPIN? AT+CEREG?`, most: 3 * time.Second,
			fake: cell("AT+CPIN?", "+CPIN: SIM PIN|+CME ERROR: 14|+CPIN: READY", `AT+CPIN="1234"`, "OK", "AT+QPINC?", `+QPINC: "SC",3,10`),
			conf: Cellular{PIN: "1234", PINs: NewPINs("")},
		},
		{
			why: "the card starts slowly", most: 8 * time.Second, said: "AT+CPIN? AT+CPIN? AT+CEREG?",
			fake: cell("AT+CPIN?", "+CME ERROR: 14|+CPIN: NOT READY|+CME ERROR: SIM busy|+CME ERROR: 10|+CPIN: READY"),
		},
		{why: "no card", fake: cell("AT+CPIN?", "+CME ERROR: 10"), want: ErrNoSIM, not: "AT+CEREG?", most: 8 * time.Second, end: "SIM missing"},
		{why: "no card, in words", fake: cell("AT+CPIN?", "+CME ERROR: SIM not inserted"), want: ErrNoSIM, most: 8 * time.Second},
		{why: "a faulty card", fake: cell("AT+CPIN?", "+CME ERROR: 13"), want: ErrSIM, most: 35 * time.Second, end: "SIM faulty"},
		{why: "no PIN is given", fake: cell("AT+CPIN?", "+CPIN: SIM PIN"), want: ErrPINNeeded, not: "AT+CPIN="},
		{
			why: "a wrong PIN", fake: cell("AT+CPIN?", "+CPIN: SIM PIN", `AT+CPIN="0000"`, "+CME ERROR: 16"),
			conf: Cellular{PIN: "0000", PINs: NewPINs("")}, want: ErrPINRefused,
		},
		{
			why:  "the card's last try",
			fake: cell("AT+CPIN?", "+CPIN: SIM PIN", "AT+QPINC?", `+QPINC: "SC",1,10`, `AT+CPIN="1234"`, "OK"),
			conf: Cellular{PIN: "1234", PINs: NewPINs("")}, want: ErrPINRefused, not: "AT+CPIN=",
		},
		{
			why: "the card is busy when the PIN comes", most: 5 * time.Second,
			said: `AT+CPIN="1234" AT+CPIN? AT+CPIN="1234" AT+CPIN? AT+CEREG?`,
			fake: cell("AT+CPIN?", "+CPIN: SIM PIN|+CPIN: SIM PIN|+CPIN: READY", `AT+CPIN="1234"`, "+CME ERROR: 14|OK"),
			conf: Cellular{PIN: "1234", PINs: NewPINs("")},
		},
		{
			why: "a card that is busy for ever", want: ErrSIM, most: 35 * time.Second,
			said: `AT+CPIN="1234" AT+CPIN="1234"`,
			fake: cell("AT+CPIN?", "+CPIN: SIM PIN", `AT+CPIN="1234"`, "+CME ERROR: 14"),
			conf: Cellular{PIN: "1234", PINs: NewPINs("")},
		},
		{
			why: "PUK", fake: cell("AT+CPIN?", "+CPIN: SIM PUK"), conf: Cellular{PIN: "1234"}, want: ErrPUKNeeded, not: "AT+CPIN=",
			end: "SIM wants its PUK",
		},
		{why: "network lock", fake: cell("AT+CPIN?", "+CPIN: PH-NET PIN"), conf: Cellular{PIN: "1234"}, want: ErrSIMLocked, not: "AT+CPIN="},
		{why: "the radio is off", fake: cell("AT+CFUN?", "+CFUN: 4", "AT+CFUN=1", "OK"), said: "AT+CFUN=1 AT+CPIN?"},
		{
			why: "searching", most: 12 * time.Second,
			fake: cell("AT+CEREG?", strings.Repeat(`+CEREG: 2,2|`, 10)+`+CEREG: 2,5,"00C3","0000E123",7`, "AT+CGREG?", "+CGREG: 0,2", "AT+CREG?", "+CREG: 0,2"),
			end:  "SIM ready, registered, roaming, network Test Network LTE, signal -73 dBm",
		},
		{
			why: "never registered", want: ErrNotRegistered, most: 92 * time.Second,
			fake: cell("AT+CEREG?", "+CEREG: 0,2", "AT+CGREG?", "+CGREG: 0,2", "AT+CREG?", "+CREG: 0,2", "AT+COPS?", "+COPS: 0"),
			end:  "SIM ready, searching, signal -73 dBm",
		},
		{
			why: "no signal", want: ErrNoSignal, most: 92 * time.Second,
			fake: cell("AT+CEREG?", "+CEREG: 0,4", "AT+CGREG?", "+CGREG: 0,0", "AT+CREG?", "ERROR", "AT+CSQ", "+CSQ: 99,99", "AT+COPS?", "+COPS: 0"),
			end:  "SIM ready, out of coverage, signal none",
		},
		{
			why: "denied", want: ErrDenied, most: 25 * time.Second,
			fake: cell("AT+CEREG?", "+CEREG: 0,3", "AT+CGREG?", "+CGREG: 0,3", "AT+CREG?", "+CREG: 0,3", "AT+COPS?", "+COPS: 0"),
			end:  "SIM ready, denied by the network, signal -73 dBm",
		},
		{
			why: "denied by one network, taken by the other", most: 10 * time.Second,
			fake: cell("AT+CEREG?", "+CEREG: 0,3", "AT+CGREG?", strings.Repeat("+CGREG: 0,2|", 5)+"+CGREG: 0,1"),
		},
		{
			why: "told to stay away from networks", most: 3 * time.Second, said: "AT+COPS=0",
			fake: cell("AT+CEREG?", "+CEREG: 0,0|+CEREG: 0,1", "AT+CGREG?", "+CGREG: 0,0", "AT+CREG?", "+CREG: 0,0", "AT+COPS=0", "OK"),
		},
		{
			why: "the operator that is wanted is out of reach", most: 3 * time.Second, conf: Cellular{Operator: "26201"},
			fake: cell("AT+COPS?", `+COPS: 1,2,"26201",7`, `AT+COPS=1,2,"26201"`, "OK",
				"AT+CEREG?", "+CEREG: 0,0|+CEREG: 0,1", "AT+CGREG?", "+CGREG: 0,0", "AT+CREG?", "+CREG: 0,0"),
			said: `AT+CREG? AT+COPS=1,2,"26201" AT+CEREG?`, not: "AT+COPS=0",
		},
		{
			why: "the operator that a command of the entry wants is out of reach", most: 3 * time.Second, init: `AT+COPS=1,2,"26201"`,
			fake: cell(`AT+COPS=1,2,"26201"`, "OK", "AT+CEREG?", "+CEREG: 0,0|+CEREG: 0,1", "AT+CGREG?", "+CGREG: 0,0", "AT+CREG?", "+CREG: 0,0"),
			not:  "AT+COPS=0",
		},
		{
			why: "told to stay away from packets", most: 3 * time.Second, said: "AT+CGATT=1",
			fake: cell("AT+CEREG?", "ERROR", "AT+CGREG?", "+CGREG: 0,0|+CGREG: 0,1", "AT+CGATT=1", "OK"),
		},
		{why: "a modem that does not know registrations", fake: cell("AT+CEREG?", "ERROR", "AT+CGREG?", "ERROR", "AT+CREG?", "ERROR")},
		{
			why:  "kind of network",
			fake: cell(`AT+QCFG="nwscanmode"`, `+QCFG: "nwscanmode",0`, `AT+QCFG="nwscanmode",3,1`, "OK"),
			conf: Cellular{Mode: ModeLTE}, said: `AT+QCFG="nwscanmode" AT+QCFG="nwscanmode",3,1 AT+CEREG?`,
		},
		{
			why: "kind of network, as it is", fake: cell(`AT+QCFG="nwscanmode"`, `+QCFG: "nwscanmode",3`),
			conf: Cellular{Mode: ModeLTE}, said: `AT+QCFG="nwscanmode" AT+CEREG?`, not: `AT+QCFG="nwscanmode",`,
		},
		{
			why: "kind of network, by a newer command", conf: Cellular{Mode: ModeLTE},
			fake: cell(`AT+QNWPREFCFG="mode_pref"`, `+QNWPREFCFG: "mode_pref",AUTO`, `AT+QNWPREFCFG="mode_pref",LTE`, "OK"),
			said: `AT+QCFG="nwscanmode" AT+QNWPREFCFG="mode_pref",LTE`,
		},
		{why: "kind of network, of a modem without a choice", fake: cell(), conf: Cellular{Mode: ModeLTE}},
		{
			why: "operator", fake: cell("AT+COPS?", `+COPS: 0,2,"26202",7`, `AT+COPS=1,2,"26201"`, "OK"),
			conf: Cellular{Operator: "26201"}, said: `AT+COPS=3,2 AT+COPS? AT+COPS=1,2,"26201" AT+COPS=3,0`,
		},
		{
			why: "operator, as it is", fake: cell("AT+COPS?", `+COPS: 1,2,"26201",7`),
			conf: Cellular{Operator: "26201"}, not: `AT+COPS=1`,
		},
		{
			why: "operator that is not there", fake: cell("AT+COPS?", `+COPS: 0,2,"26202",7`, `AT+COPS=1,2,"26201"`, "+CME ERROR: 30"),
			conf: Cellular{Operator: "26201"}, want: ErrNotRegistered, not: "AT+CEREG?",
		},
		{
			why: "no operator any more", fake: cell("AT+COPS?", `+COPS: 1,2,"26201",7|+COPS: 0,0,"Test Network",7`, "AT+COPS=0", "OK"),
			said: `AT+COPS? AT+COPS=0 AT+CEREG?`, end: "SIM ready, registered, home network, network Test Network LTE, signal -73 dBm",
		},
		{
			why: "no operator any more, of a modem that may leave it", fake: cell("AT+COPS?", `+COPS: 4,2,"26201",7`, "AT+COPS=0", "OK"),
			said: `AT+COPS? AT+COPS=0 AT+CEREG?`,
		},
		{
			why: "an operator by a command of the entry", fake: cell("AT+COPS?", `+COPS: 1,2,"26201",7`, `AT+COPS=1,2,"26201"`, "OK"),
			init: `AT+COPS=1,2,"26201"`, not: "AT+COPS=0",
		},
		{
			why: "commands of the entry", fake: cell("ATZ", "OK", "AT+QICSGP=1,1", "OK"), init: "ATZ AT+QICSGP=1,1",
			said: "ATE0Q0V1 AT+CPIN? ATZ AT+QICSGP=1,1 ATE0Q0V1 AT+CMEE=1 AT+CEREG?",
		},
		{
			why: "result codes that nobody asked for",
			fake: cell("AT+CGMI", "+CREG: 1\nQuectel", "AT+CPIN?", "+QIND: SMS DONE\n+CPIN: READY\n+CEREG: 2",
				"AT+CEREG?", "+CGREG: 1\n+CEREG: 0,1\n+QUSIM: 1", "AT+CSQ", "RING\n+CSQ: 5,99\nNO CARRIER"),
			end: "SIM ready, registered, home network, network Test Network LTE, signal -103 dBm",
		},
		{
			why: "a restart in the middle", most: 3 * time.Second,
			fake: cell("AT+CFUN?", "+CFUN: 1\nRDY\n+CPIN: SIM PIN|+CFUN: 1", "AT+CPIN?", "+CPIN: SIM PIN|+CPIN: READY", `AT+CPIN="1234"`, "OK"),
			conf: Cellular{PIN: "1234", PINs: NewPINs("")}, said: `ATE0Q0V1 AT+CFUN? ATE0Q0V1 AT+CFUN? AT+CPIN="1234"`,
		},
		{
			why: "not a make that is known", fake: cell("AT+CGMI", "ERROR", "AT+CGMM", "ERROR", "ATI", "Acme LTE 1\nRevision 3", "AT+WS46?", "+WS46: 25", "AT+WS46=28", "OK"),
			conf: Cellular{Mode: ModeLTE}, said: "ATI AT+WS46=28",
		},
		{why: "a modem that falls silent", fake: cell("AT+CPIN?", ""), want: ErrSilent, most: 6 * time.Second},
	} {
		t.Run(c.why, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				m := c.fake.start(t)
				began := time.Now()
				s, err := m.SetUp(t.Context(), c.conf, strings.Fields(c.init))
				if !errors.Is(err, c.want) {
					t.Errorf("got %v, want %v", err, c.want)
				}
				within(t, "SetUp", began, c.most)
				if c.end != "" && s.String() != c.end {
					t.Errorf("status is %q, want %q", s, c.end)
				}
				if c.conf.PIN != "" && err != nil && strings.Contains(err.Error(), c.conf.PIN) {
					t.Errorf("the error shows the PIN: %v", err)
				}
				synctest.Wait()
				commands := c.fake.commands
				for _, want := range strings.Fields(c.said) {
					i := slices.Index(commands, want)
					if i < 0 {
						t.Fatalf("%s was not said in its place: %q", want, c.fake.commands)
					}
					commands = commands[i+1:]
				}
				for _, not := range strings.Fields(c.not) {
					for _, said := range c.fake.commands {
						if strings.HasPrefix(said, not) {
							t.Errorf("%s was said", said)
						}
					}
				}
			})
		})
	}
}

// TestPINOnce enters a wrong PIN, again and again.
func TestPINOnce(t *testing.T) {
	path := filepath.Join(t.TempDir(), "state", "pins")
	locked := func() *fake {
		return cell("AT+CPIN?", "+CPIN: SIM PIN", `AT+CPIN="0000"`, "+CME ERROR: 16", `AT+CPIN="1234"`, "")
	}
	entered := func(why string, pins *PINs, pin string, want error, times int) {
		t.Helper()
		synctest.Test(t, func(t *testing.T) {
			f := locked()
			m := f.start(t)
			if _, err := m.SetUp(t.Context(), Cellular{PIN: pin, PINs: pins}, nil); !errors.Is(err, want) {
				t.Errorf("%s: %v, want %v", why, err, want)
			}
			synctest.Wait()
			n := 0
			for _, c := range f.commands {
				if strings.HasPrefix(c, "AT+CPIN=") {
					n++
				}
			}
			if n != times {
				t.Errorf("%s: entered %d times, want %d", why, n, times)
			}
		})
	}
	pins := NewPINs(path)
	entered("a wrong one", pins, "0000", ErrPINRefused, 1)
	entered("again, by the same program", pins, "0000", ErrPINRefused, 0)
	entered("again, by another program", NewPINs(path), "0000", ErrPINRefused, 0)
	entered("another one, and no answer", NewPINs(path), "1234", ErrSilent, 1)
	entered("again, since it is not known what became of it", NewPINs(path), "1234", ErrPINRefused, 0)

	entered("the first one, after another", NewPINs(path), "0000", ErrPINRefused, 0)

	st, err := os.Stat(path)
	if err != nil || st.Mode().Perm() != 0o600 {
		t.Errorf("the file: %v, %v; want mode 0600", st, err)
	}
	if b, _ := os.ReadFile(path); strings.Contains(string(b), `"1234`) { // the digits are in other numbers too
		t.Errorf("the file holds the PIN: %s", b)
	}
	// The card is open meanwhile: by hand, or the PIN was right after all.
	synctest.Test(t, func(t *testing.T) {
		m := cell().start(t)
		if _, err := m.SetUp(t.Context(), Cellular{PIN: "1234", PINs: NewPINs(path)}, nil); err != nil {
			t.Error(err)
		}
	})
	entered("after the card was seen unlocked", NewPINs(path), "1234", ErrSilent, 1)

	if err := os.Remove(path); err != nil {
		t.Fatal(err)
	}
	if err := os.Mkdir(path, 0o700); err != nil {
		t.Fatal(err)
	}
	entered("what can't be noted", NewPINs(path), "1234", ErrPINNotNoted, 0)
}

// TestPINOfShyCard: a locked card does not tell its number, an unlocked one does.
func TestPINOfShyCard(t *testing.T) {
	pins := NewPINs("")
	for _, c := range []struct {
		why  string
		fake *fake
		want error
	}{
		{"the answer is lost", cell("AT+CPIN?", "+CPIN: SIM PIN", "AT+QCCID", "ERROR", `AT+CPIN="1234"`, ""), ErrSilent},
		{"it was right", cell(), nil},
		{"after power-on", cell("AT+CPIN?", "+CPIN: SIM PIN|+CPIN: READY", "AT+QCCID", "ERROR", `AT+CPIN="1234"`, "OK"), nil},
	} {
		synctest.Test(t, func(t *testing.T) {
			if _, err := c.fake.start(t).SetUp(t.Context(), Cellular{PIN: "1234", PINs: pins}, nil); !errors.Is(err, c.want) {
				t.Errorf("%s: %v, want %v", c.why, err, c.want)
			}
		})
	}
}

// TestPINsOfManyPrograms: each program keeps what the others have noted, and knows
// it.
func TestPINsOfManyPrograms(t *testing.T) {
	path := filepath.Join(t.TempDir(), "pins")
	programs := make([]*PINs, 8)
	for i := range programs {
		programs[i] = NewPINs(path)
		programs[i].refused(cardID{}, "") // it has read the file
	}
	var all sync.WaitGroup
	for i, p := range programs {
		all.Go(func() {
			card := cardID{number: fmt.Sprint("card", i)}
			if err := errors.Join(p.trying(card, "1234"), p.refuse(card, "1234"), p.trying(card, "0000"), p.settle(card)); err != nil {
				t.Error(err)
			}
		})
	}
	all.Wait()
	for _, p := range append(programs, NewPINs(path)) {
		for i := range programs {
			if card := (cardID{number: fmt.Sprint("card", i)}); !p.refused(card, "1234") || p.refused(card, "0000") {
				t.Errorf("%s: 1234 refused %t, 0000 refused %t", card, p.refused(card, "1234"), p.refused(card, "0000"))
			}
		}
	}
}

func TestNilPINs(t *testing.T) {
	var p *PINs
	if p.refused(cardID{}, "1") || p.trying(cardID{}, "1") != nil || p.refuse(cardID{}, "1") != nil || p.settle(cardID{}) != nil {
		t.Error("a nil PINs knows nothing and forbids nothing")
	}
}

func TestAskStatus(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := cell("AT+CEER", `+CEER: "PDP type not allowed",28`, "AT+CGSN", "+CGSN: 867698040123456")
		m := f.start(t)
		s, err := m.Diagnose(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		if f.commands[0] != "AT+CEER" {
			t.Errorf("first comes %s, want the cause before anything takes its place", f.commands[0])
		}
		if s.Name() != "Quectel EC25" || s.Firmware != "EC25EFAR06A03M4G" || s.MaskedIMEI() != "86769804*******" || s.Refusal() != RefusedType {
			t.Errorf("status %+v", s)
		}
		if strings.Contains(fmt.Sprint(s), "040123456") {
			t.Errorf("%v shows the IMEI", s)
		}
		again, err := m.Status(t.Context())
		if err != nil || again.Name() != "Quectel EC25" {
			t.Errorf("again: %+v, %v", again, err)
		}
	})
}

func TestReset(t *testing.T) {
	for _, c := range []struct {
		why  string
		fake *fake
		said string
		want error
	}{
		{"by its maker's command", cell("AT+CGMI", "SIMCOM INCORPORATED", "AT+CRESET", "OK"), "AT+CRESET", nil},
		{"by the common one", cell("AT+CGMI", "huawei", "AT^CURC=0", "OK", "AT+CFUN=1,1", "OK"), "AT+CFUN=1,1", nil},
		{"gone before the answer", cell("AT+CFUN=1,1", ""), "AT+CFUN=1,1", nil},
		{"by none", cell(), "AT+QRST=1", ErrReset},
	} {
		synctest.Test(t, func(t *testing.T) {
			m := c.fake.start(t)
			if err := m.Reset(t.Context()); !errors.Is(err, c.want) {
				t.Errorf("%s: %v, want %v", c.why, err, c.want)
			}
			synctest.Wait()
			if last := c.fake.commands[len(c.fake.commands)-1]; last != c.said {
				t.Errorf("%s: the last command was %s, want %s", c.why, last, c.said)
			}
		})
	}
}

func TestAttend(t *testing.T) {
	for _, c := range []struct {
		why      string
		fake     *fake
		commands bool
		fail     bool
	}{
		{"in command mode", cell(), true, false},
		{"in command mode, with frames in its ears", cell(), true, false},
		{"in command mode, and busy", func() *fake {
			f := cell()
			f.heard = func(string) { time.Sleep(1500 * time.Millisecond); f.heard = nil }
			return f
		}(), true, false},
		{"in data mode", func() *fake { f := cell(); f.data, f.escapes = true, true; return f }(), false, false},
		{"dead", func() *fake { f := cell(); f.data = true; return f }(), false, true},
	} {
		synctest.Test(t, func(t *testing.T) {
			m := c.fake.start(t)
			if strings.HasSuffix(c.why, "in its ears") {
				if _, err := m.conn.Write([]byte("~\xff}#\xc0!}!}!~")); err != nil {
					t.Fatal(err)
				}
			}
			commands, err := m.Attend(t.Context())
			if commands != c.commands || errors.Is(err, ErrSilent) != c.fail {
				t.Errorf("%s: %t, %v", c.why, commands, err)
			}
			if slices.Contains(c.fake.commands, "ATH") {
				t.Errorf("%s: the call was ended", c.why)
			}
		})
	}
}
