package modem

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"
	"unicode/utf8"
)

func TestSurvey(t *testing.T) {
	contexts := says(`+CGDCONT: 1,"IPV4V6","internet","0.0.0.0",0,0`, `+CGDCONT: 2,"IP","ims"`, "+CGDCONT: x", "+CGDCONT: 300,\"IP\",\"no\"")
	for _, c := range []struct {
		why      string
		fake     *fake
		want     string // the status
		name     string
		cellular bool
		last     bool
		contexts []Context
		end      string // the last commands
		err      bool
	}{
		{
			why: "a Quectel with echo", name: "Quectel EC25", cellular: true, last: true,
			fake: func() *fake {
				f := cell("AT+CMEE?", "+CMEE: 0", "AT+CMEE=0", "OK")
				f.echo, f.answers["AT+CGDCONT?"] = true, contexts
				return f
			}(),
			want:     "SIM ready, registered, home network, network Test Network LTE, signal -73 dBm",
			contexts: []Context{{1, "IPV4V6", "internet"}, {2, "IP", "ims"}}, end: "AT+CGDCONT? AT+CMEE=0",
		},
		{
			why: "a card without which nothing goes", name: "huawei E398", cellular: true,
			fake: cell("AT+CMEE?", "+CMEE: 2", "AT+CGMI", "huawei", "AT+CGMM", "E398", "AT+CPIN?", "+CME ERROR: SIM not inserted",
				"AT+CEREG?", "ERROR", "AT+CGREG?", "+CGREG: 0,0", "AT+CREG?", "+CREG: 0,0", "AT+CSQ", "+CSQ: 99,99", "AT+COPS?", "ERROR", "AT+CGDCONT?", "OK"),
			want: "SIM missing, not searching, signal none", end: "AT+CGDCONT?",
		},
		{
			why: "one for telephone lines", name: "33600",
			fake: &fake{other: says("ERROR"), answers: usual("ATI", says("33600"))}, end: "AT+COPS?",
		},
		{
			why: "it falls silent", name: "Quectel EC25", err: true, last: true,
			fake: cell("AT+CMEE?", "+CMEE: 0", "AT+CMEE=0", "OK", "AT+CPIN?", ""), end: "AT+CPIN? AT+CMEE=0",
		},
	} {
		t.Run(c.why, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				m := c.fake.start(t)
				s, err := m.Survey(t.Context())
				if (err != nil) != c.err {
					t.Errorf("error %v", err)
				}
				if s.String() != c.want || s.Name() != c.name || s.Cellular() != c.cellular || s.CallsLast != c.last || !slices.Equal(s.Contexts, c.contexts) {
					t.Errorf("survey %+v: %q", s, s.String())
				}
				all := strings.Join(c.fake.commands, " ")
				if !strings.HasSuffix(all, c.end) {
					t.Errorf("the modem was told %s, want %s last", all, c.end)
				}
				for _, changes := range []string{"ATE", "ATZ", "CURC", "CPIN=", "CGDCONT=", "COPS=", "CFUN=", "ATD", "ATH"} {
					if strings.Contains(all, changes) {
						t.Errorf("%s changes the modem: %s", changes, all)
					}
				}
			})
		})
	}
}

// TestSurveyInterrupted leaves the modem as it was when it is cut short.
func TestSurveyInterrupted(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := cell("AT+CMEE?", "+CMEE: 0", "AT+CMEE=0", "OK", "AT+CSQ", "")
		m := f.start(t)
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		if _, err := m.Survey(ctx); err == nil {
			t.Error("no error")
		}
		if last := f.commands[len(f.commands)-1]; last != "AT+CMEE=0" {
			t.Errorf("the last command is %s", fmt.Sprint(f.commands))
		}
	})
}

// FuzzPINs: whatever stands in the file, a PIN that was refused is not entered
// again, by this process or the next.
func FuzzPINs(f *testing.F) {
	f.Add([]byte(`{"8949":[{"salt":"x","hash":"y","refused":true},{}]}`), "8949", "1234")
	f.Add([]byte(`{"8949":null}`), "8949", "")
	f.Add([]byte(`null`), "", "0000")
	f.Add([]byte(`{"a":[1]}`), "a", "0000")
	f.Fuzz(func(t *testing.T, text []byte, number, pin string) {
		path := filepath.Join(t.TempDir(), "pins")
		if err := os.WriteFile(path, text, 0o600); err != nil {
			t.Fatal(err)
		}
		if !utf8.ValidString(number) || !utf8.ValidString(pin) {
			return // a card's number and a PIN are digits
		}
		p, card := NewPINs(path), cardID{number: number}
		if err := p.trying(card, pin); err != nil || !p.refused(card, pin) {
			t.Fatalf("not noted: %v", err)
		}
		if err := p.settle(card); err != nil || NewPINs(path).refused(card, pin) {
			t.Fatalf("not settled: %v", err)
		}
		if err := p.refuse(card, pin); err != nil || !NewPINs(path).refused(card, pin) {
			t.Fatalf("not noted as refused: %v", err)
		}
	})
}
