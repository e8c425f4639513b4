package chat

import (
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"
)

// A modem in command mode, or a careless host, echoes what nobody may see.
func TestSecretsStayHidden(t *testing.T) {
	const secret = `Gu3ss-it`
	for _, tt := range []struct{ name, script string }{
		{"password prompt", `ECHO ON ogin: me ssword: ` + secret + ` PPP`},
		{"in pieces", `ECHO ON ogin: me ssword: Gu3\pss-it PPP`},
		{"marked", `ECHO ON ogin: me ode: \q` + secret + ` PPP`},
		{"sub-send", `ECHO ON ogin: me ssword:-` + `Gu3ss\055it-x: y PPP`},
		{"echo checked", `ECHO ON ogin: me ssword: \E` + secret + ` PPP`},
	} {
		t.Run(tt.name, func(t *testing.T) {
			o := converse(t, Runner{Timeout: time.Second}, tt.script, func(f *far) {
				f.says("login:")
				f.hears("me\r", "the name")
				if tt.name != "sub-send" {
					f.says("me\r\nPassword: Code:")
				}
				if tt.name == "echo checked" {
					for _, c := range secret[:4] {
						f.hears(string(c), "checked")
						f.says(string(c))
					}
					return
				}
				f.hears("Gu3", "the secret")
				if tt.name == "in pieces" {
					f.says("Gu3")
					f.hears("ss-it\r", "the secret")
					f.says("ss-it\r\nincorrect " + secret + "\r\nagain Gu3ss")
				} else {
					f.hears("ss-it\r", "the secret")
					f.says(secret + "\r\nincorrect " + secret + "\r\nagain Gu3ss")
				}
				f.isSilent(time.Hour, "no PPP came")
			})
			e := o.failure(t)
			for what, text := range map[string]string{
				"error": e.Error(), "%+v": fmt.Sprintf("%+v", *e), "log": o.log,
			} {
				if strings.Contains(text, "Gu3") || strings.Contains(text, "ss-it") {
					t.Errorf("%s shows the secret: %s", what, text)
				}
			}
		})
	}
}

func TestScriptDoesNotPrintSecrets(t *testing.T) {
	s, err := Parse(`ogin: me ssword: hunter2 PPP`, nil)
	if err != nil {
		t.Fatal(err)
	}
	_, serr := Parse(`ssword: hunter2\Q "hunter2`, nil)
	words, _ := Split(`ssword: hunter2`, func(int) string { return "f:1:1" })
	for _, text := range []string{
		fmt.Sprint(s), fmt.Sprintf("%v %+v", s, s.Steps), fmt.Sprint(serr), fmt.Sprint(words),
	} {
		if strings.Contains(text, "hunter2") {
			t.Errorf("shows the password: %s", text)
		}
	}
	var e *SyntaxError
	if !errors.As(serr, &e) {
		t.Errorf("got %v", serr)
	}
}

func TestHide(t *testing.T) {
	for _, tt := range []struct{ script, want string }{
		{"", ""},
		{`ogin: me ssword: hunter2 PPP`, `ogin: me ssword: ****** PPP`},
		{`ogin:--ogin: me ssword: \qhunter2\r\d PPP ""`, `ogin:--ogin: me ssword: ****** PPP ""`},
		{`>-\qhunter2-> "" word: "hunter 2" x 'y z'`, `>-******-> "" word: "******" x 'y z'`},
		{`"" AT OK AT+CPIN=4711 OK 'ATDT 1' CONNECT ""`, `"" AT OK ****** OK 'ATDT 1' CONNECT ""`},
		{`ssword: hunter2\Q`, `******`},
		{`ssword: "hunter2`, `******`},
	} {
		if got := Hide(tt.script); got != tt.want {
			t.Errorf("%s: %s, want %s", tt.script, got, tt.want)
		}
	}
	for command, want := range map[string]string{
		"AT+CPIN=4711": "AT+CPIN=******", "+CPIN=4711": "+CPIN=******", `at+cgauth=1,1,"u","p=q"`: "at+cgauth=******", "ATE1": "ATE1", "AT+CGDCONT=1": "AT+CGDCONT=1",
	} {
		if got := HideCommand(command); got != want {
			t.Errorf("%s: %s, want %s", command, got, want)
		}
	}
}

func TestHideShell(t *testing.T) {
	for _, tt := range []struct{ line, want string }{
		{"", ""},
		{`dial -p secret ssword: it`, `dial -p secret ssword: it`},
		{`chat -v ABORT BUSY "" ATZ OK ATDT1 CONNECT "" ogin: me ssword: guess PPP`, `chat -v ABORT BUSY "" ATZ OK ATDT1 CONNECT "" ogin: me ssword: ****** PPP`},
		{`/usr/sbin/chat '' AT+CPIN="4711" OK '\qguess' x \qname "y z" ""`, `/usr/sbin/chat '' ****** OK ****** x \qname "y z" ""`},
		{`chat "x y" me "ssword:-gu\"ess-word:" 'gu ess' x me`, `chat "x y" me ****** ****** x me`},
		// Options, some with a word of their own.
		{`chat -t5 -vT 1 -f /etc/x`, `chat -t5 -vT 1 -f /etc/x`},
		{`chat -Evr file -- word: guess`, `chat -Evr file -- word: ******`},
		{`chat -f`, `chat -f`},
		// More of the shell.
		{`A=b timeout 9 chat word: guess; exit`, `A=b timeout 9 chat word: ******; exit`},
		{`(chat word: guess||chat x me word: guess)&& x`, `(chat word: ******||chat x me word: ******)&& x`},
		{`chat 2>/dev/null >$DEVICE word: guess 2>&1 x me <$DEVICE`, `chat 2>/dev/null >$DEVICE word: ****** 2>&1 x me <$DEVICE`},
		{`chat ogin: $(id -un) word: guess`, `chat ******`},
		{"chat -f `x` word: guess", `chat ******`},
		{`x && chat word: 'guess`, `x && chat ******`},
		{`chat word: '\Qguess' x; y`, `chat ******; y`},
		{`chat`, `chat`},
	} {
		wantText(t, tt.line, HideShell(tt.line), tt.want)
	}
}

// TestVeil: the lines are those of chat -s -v, with and without -e.
func TestVeil(t *testing.T) {
	for _, tt := range []struct{ name, in, want string }{
		{"login", "expect (ogin:)|login:|-- got it|send (me^M)|expect (ssword:)|me^M|Password:|-- got it|send (guess^M)|expect (PPP)|guess^M|PPP",
			"expect (ogin:)|login:|-- got it|send (me^M)|expect (ssword:)|me^M|Password:|-- got it|send (******)|expect (PPP)|******^M|PPP"},
		{"no text", "expect (ssword:)|send (^M)|send (\\K)", "expect (ssword:)|send (^M)|send (\\K)"},
		{"escapes", `expect (word:)|send (\dgu\pe\\ss)|expect (x)|gue\ss^M`, `expect (word:)|send (******)|expect (x)|******^M`},
		{"parentheses", "expect (word:)|send (g(1)u)|g(1)u", "expect (word:)|send (******)|******"},
		{"cut short", "expect (word:)|send (gue", "expect (word:)|send (******)"},
		{"sub-sends", "expect (ssword:)|alarm|send (one^M)|expect (x:)|alarm|send (two^M)|expect (y:)|-- got it|send (three^M)|expect (PPP)|send (four^M)",
			"expect (ssword:)|alarm|send (******)|expect (x:)|alarm|send (******)|expect (y:)|-- got it|send (******)|expect (PPP)|send (four^M)"},
		{"AT commands", `send (ATZ^M)|send (\dAT+CPIN=4711^M)|AT+CPIN=4711^M^M|send (at+cgauth=1,1,"u","p"^M)`, `send (ATZ^M)|send (******)|******^M^M|send (******)`},
		{"quiet", "send (??????)|AT+CPIN=4711^M^M", "send (??????)|AT+CPIN=******"},
		{"echo", "login:expect (ssword:)|me|password:password:|helloalarm|guesend (guess^M)|guess", "login:expect (ssword:)|me|password:password:|helloalarm|guesend (******)|******"},
		{"other programs", "ssh: Permission denied (password).|send (x)|wrong code=7", "ssh: Permission denied (password).|send (x)|wrong code=7"},
	} {
		var v Veil
		var shown []string
		for line := range strings.SplitSeq(tt.in, "|") {
			shown = append(shown, v.Hide(line))
		}
		wantText(t, tt.name, strings.Join(shown, "|"), tt.want)
	}
}

func TestMask(t *testing.T) {
	var s Secrets
	s.add([]byte("secret\r"))
	s.add([]byte("\r"))
	for _, tt := range []struct{ in, want string }{
		{"a secret b", "a ****** b"},
		{"ret secretsecret sec", "****** ************ ******"},
		{"plain", "plain"},
		{"", ""},
	} {
		wantText(t, tt.in, string(s.Mask([]byte(tt.in))), tt.want)
	}
}
