package dial

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"pppdial/dial/dialtest"
	"pppdial/dial/line"
)

func TestCall(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	s.cfg.ModemInit = []string{"ATX3", "+CSQ", "&F"}
	s.near = s.add(dialtest.ModemConfig{Name: "cell", Profile: dialtest.LTE()})
	s.cfg.Devices = []string{s.near.Path()}
	c := s.call()
	if c.Device != s.near.Path() || c.Number != farNumber || c.Direct || !strings.HasPrefix(c.Connect, "CONNECT") || len(c.Unread) > 0 {
		t.Errorf("call is %+v", c)
	}
	wantEcho(t, c.Line, "~\xff}#")
	if locks, _ := os.ReadDir(s.cfg.LockDir); len(locks) != 1 {
		t.Errorf("locks of a call: %v", locks)
	}
	c.Hangup(t.Context())
	c.Hangup(t.Context())
	s.wantIdle()
	want := fmt.Sprintf("dialing line=%s number=%s\nconnected line=%[1]s modem=%[3]q\n\"hanging up\" line=%[1]s", c.Device, c.Number, c.Connect)
	if got := s.log.infos(); got != want {
		t.Errorf("the log says\n%s\nwant\n%s", got, want)
	}
}

func TestUnreadAndSpeed(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	s.far.Serve(dialtest.Text("~first frame~"))
	c := s.call()
	c.Line.SetReadDeadline(time.Now().Add(5 * time.Second))
	got := string(c.Unread)
	for b := make([]byte, 64); !strings.HasSuffix(got, "frame~"); {
		n, err := c.Line.Read(b)
		if err != nil {
			t.Fatalf("got %q, %v", got, err)
		}
		got += string(b[:n])
	}
	if got != "~first frame~" || c.ConnectSpeed != 33600 {
		t.Errorf("behind %s came %q, speed %d", c.Connect, got, c.ConnectSpeed)
	}
	c.Hangup(t.Context())
	s.wantIdle()
}

const hayes = `hayes =,-, "" AT OK ATDT\T CONNECT \c` + "\n"

// TestOutcomes has every outcome of a call by all three kinds of dialogue.
func TestOutcomes(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		is   dialtest.Behaviour
		kind Kind
	}{
		{dialtest.Busy, Busy}, {dialtest.NoCarrier, NoCarrier}, {dialtest.NoDialtone, NoDialtone}, {dialtest.NoAnswer, NoAnswer},
	} {
		for _, how := range []string{"AT", "chat", "chat without ABORT", "uucp"} {
			t.Run(fmt.Sprint(how, c.kind), func(t *testing.T) {
				t.Parallel()
				s := newSite(t)
				s.bank.Number("5559999", c.is)
				s.cfg.Phones = []string{"5559999"}
				const dial = `"" AT OK ATDT\D TIMEOUT 15 CONNECT \c`
				switch how {
				case "chat":
					s.cfg.Chat.Text = `ABORT BUSY ABORT "NO CARRIER" ABORT "NO ANSWER" ABORT "NO DIALTONE" ` + dial
				case "chat without ABORT":
					s.cfg.Chat.Text = strings.Replace(dial, "15", "2", 1)
				case "uucp":
					s.uucp("isp Any ACU 38400 5559999\n", "ACU "+s.near.Path()+" - 38400 hayes\n", `hayes =,-, "" AT OK ATDT\T TIMEOUT 2 CONNECT \c`+"\n")
				}
				e := s.wantError(c.kind)
				if e.Number != "5559999" || e.Device != s.near.Path() || !strings.Contains(e.Want, "CONNECT") || e.Got == "" {
					t.Errorf("error is %+v", e)
				}
			})
		}
	}
}

func TestNumbersInTurn(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	s.bank.Number("5551111", dialtest.Busy)
	s.cfg.Phones = []string{"5551111", farNumber}
	c := s.call()
	if c.Number != farNumber {
		t.Errorf("connected with %s", c.Number)
	}
	wantEcho(t, c.Line, "~")
}

func TestRefused(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	s.near = s.add(dialtest.ModemConfig{Name: "odd", Profile: &dialtest.Profile{Rows: []dialtest.Row{{Command: "D*", Result: "+CME ERROR: 30"}}}})
	s.cfg.Devices = []string{s.near.Path()}
	e := s.wantError(Refused)
	if !strings.Contains(e.Error(), "+CME ERROR: 30") {
		t.Error(e)
	}
	s.cfg.ModemInit = []string{"ATX4", "AT+NOSUCH"}
	if e = s.wantError(ModemError); !strings.Contains(e.Error(), "AT+NOSUCH") {
		t.Error(e)
	}
}

// TestRinging has somebody who calls the line that is about to be dialed: the call is
// left to the program that answers it.
func TestRinging(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	s.near = s.add(dialtest.ModemConfig{Name: "odd", Profile: &dialtest.Profile{Rows: []dialtest.Row{{Command: "X4", Lines: []string{"RING"}}}}})
	s.cfg.Devices, s.cfg.ModemInit, s.cfg.Phones = []string{s.near.Path()}, []string{"ATX4"}, []string{"1", "2"}
	e := s.wantError(Ringing)
	if len(e.Others) > 0 {
		t.Errorf("another number was tried: %v", e)
	}
	if _, after, ok := strings.Cut(s.near.Transcript(), "ATX4"); !ok || strings.Contains(after, "ATD") || strings.Contains(after, "ATH") {
		t.Errorf("the modem was told:\n%s", s.near.Transcript())
	}
	s.cfg.ModemInit, s.cfg.Phones = nil, []string{farNumber}
	s.call()
}

func TestSilentModem(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	s.near.Wedge(true)
	s.cfg.Phones = []string{"1", "2", "3"} // it's not asked thrice
	began := time.Now()
	e := s.wantError(Silent)
	if took := time.Since(began); took > 15*time.Second || e.Number != "1" || len(e.Others) > 0 {
		t.Errorf("after %v: %v", took, e)
	}
	s.near.Wedge(false)
}

func TestLinesInTurn(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	second := s.add(dialtest.ModemConfig{Name: "second"})
	s.bank.Answer("5557777", dialtest.Echo())
	s.cfg.Phones = []string{"5557777"}
	missing := filepath.Join(s.dir, "ttyX1")
	os.WriteFile(filepath.Join(s.dir, "ttyX0"), nil, 0o600)
	s.cfg.Devices = []string{missing, filepath.Join(s.dir, "ttyX*"), s.near.Path(), second.Path()}
	first := s.call()
	next := s.call()
	if first.Device != s.near.Path() || next.Device != second.Path() {
		t.Errorf("calls are over %s and %s", first.Device, next.Device)
	}
	_, err := s.dialer().Call(t.Context())
	e := new(Error)
	if !errors.As(err, &e) || e.Kind != Locked || len(e.Others) != 3 || e.Called {
		t.Fatalf("all lines are used: %v, called %t", err, e.Called)
	}
	if lock := new(line.LockError); !errors.As(err, &lock) || lock.PID != os.Getpid() {
		t.Errorf("no LockError in %v", err)
	}
	for _, want := range []string{missing + ": there is no such device", "there is " + filepath.Join(s.dir, "ttyX0"), s.near.Path() + " is used by", second.Path() + " is used by"} {
		if !strings.Contains(err.Error(), want) {
			t.Errorf("%q does not contain %q", err, want)
		}
	}
	s.cfg.Devices = []string{filepath.Join(s.dir, "nothing*")}
	if _, err := s.dialer().Call(t.Context()); !errors.As(err, &e) || e.Kind != OpenFailed {
		t.Errorf("a pattern that fits nothing: %v", err)
	}
}

func TestLoginChat(t *testing.T) {
	t.Parallel()
	login := dialtest.Login{Banner: "Welcome\r\n", User: "mynam", Password: "s3cret", Command: dialtest.Command{
		Run: func(ctx context.Context, tty io.ReadWriter) error {
			io.WriteString(tty, "PPP\r\n")
			io.Copy(tty, tty)
			return nil
		}, Raw: true}}
	s := newSite(t)
	s.far.Serve(login)
	s.cfg.LoginChat = Chat{Text: `"" \r ogin: mynam ssword: \qs3cret PPP`, Where: func(off int) string { return fmt.Sprintf("ppp.conf:1:%d", off+1) }}
	c := s.call()
	if strings.Contains(s.log.String(), "s3cret") {
		t.Error("the log shows the password")
	}
	c.Hangup(t.Context())
	s.wantIdle()

	s.cfg.LoginChat.Text = `"" \r ogin: mynam ssword: \qwr0ng TIMEOUT 1 PPP`
	e := s.wantError(ChatFailed)
	if e.Where != "ppp.conf:1:45" || e.Want != "PPP" || !strings.Contains(e.Got, "ogin: ") || e.After < time.Second || strings.Contains(e.Error()+s.log.String(), "wr0ng") {
		t.Errorf("error is %+v", e)
	}
	s.cfg.LoginChat.Text = `"" \r ogin: mynam \x`
	if _, err := New(s.cfg); err == nil || !strings.Contains(err.Error(), "ppp.conf:1:19") {
		t.Errorf("a script with a fault: %v", err)
	}
}

// TestManualPage is the Systems line of the manual page, and IRIX's Devices line.
// TestSecretsOfScripts: what one script has sent is shown neither by the next one nor
// by who reads the line after them.
func TestSecretsOfScripts(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	s.cfg.Devices, s.cfg.Phones = []string{`exec:printf Password:; p=$(head -c 7); printf '%s\n$ ' "$p"; while printf '\nOK\n'; do sleep 0.3; done`}, nil
	s.cfg.Chat = Chat{Text: "word: s3same"}
	s.cfg.LoginChat = Chat{Text: "TIMEOUT 1 host> ppp"}
	if _, err := s.dialer().Call(t.Context()); err == nil || strings.Contains(err.Error(), "s3same") || !strings.Contains(err.Error(), "******") {
		t.Errorf("login_chat: %v", err)
	}
	s.cfg.LoginChat = Chat{}
	c := s.call()
	if got := string(c.Mask([]byte("s3same\r\n$ "))); got != "******\r\n$ " {
		t.Errorf("after the scripts: %q", got)
	}
	c.Hangup(t.Context())
	if strings.Contains(s.log.String(), "s3same") {
		t.Errorf("the log has it:\n%s", s.log)
	}
}

func TestManualPage(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	s.far.Serve(dialtest.Login{User: "mynam", Password: "xxx", Command: dialtest.Command{
		Run: func(ctx context.Context, tty io.ReadWriter) error {
			io.WriteString(tty, "IRIX\r\nlast login today\r\nPPP\r\n~")
			<-ctx.Done()
			return nil
		}, Raw: true}})
	s.cfg.System = "rmt"
	s.uucp(`other Any ACUSLIP 19200 1`+"\n"+`rmt Any;5 ACUSLIP 19200 555-9 "" \c`+"\n"+`rmt Any ACUSLIP 19200 5551234 "" @\r\c ogin: mynam ssword: xxx PPP`+"\n",
		"ACUSLIP "+s.near.Path()+" null 19200 212 x usr\n", strings.Replace(hayes, "hayes", "usr", 1))
	s.bank.Number("5559", dialtest.Busy)
	s.cfg.HangupChat.Text = `"" \d+++\d\c OK ATH OK`
	c := s.call()
	if c.Number != "5551234" || c.Line.Speed() != 19200 || c.Connect == "" {
		t.Errorf("call is %+v", c)
	}
	if !strings.Contains(s.log.infos(), "no call") {
		t.Error("the first number, which is busy, is not in the log")
	}
	c.Hangup(t.Context())
	s.wantIdle()
	if strings.Contains(s.log.String(), "hangup_chat failed") {
		t.Errorf("hangup_chat:\n%s", s.log)
	}
	s.cfg.System = "rmtx"
	if e := s.wantError(NoRoute); !strings.Contains(e.Error(), "rmtx") {
		t.Error(e)
	}
	s.uucp("rmt Never ACUSLIP 19200 5551234\nrmt2 Any;7 ACUSLIP 300 1 \"\" AT\\x\n", "ACUSLIP "+s.near.Path()+" - Any usr\n", strings.Replace(hayes, "hayes", "usr", 1))
	s.cfg.System = "rmt"
	s.wantError(NotNow)
}

func TestConnectCommand(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	s.cfg.ConnectCmd = `printf "ATDT$PHONE\r"
while read word more; do
	case "$word" in
	CONNECT*) exit 0;;
	BUSY*) echo "sorry, $DEVICE" >&2; exit 3;;
	esac
done`
	c := s.call()
	wantEcho(t, c.Line, "~\xff}#")
	c.Hangup(t.Context())
	s.wantIdle()
	s.bank.Number("5551111", dialtest.Busy)
	s.cfg.Phones = []string{"5551111"}
	e := s.wantError(CommandFailed)
	if !strings.Contains(e.Error(), "exit status 3") || !strings.Contains(e.Error(), "sorry, "+s.near.Path()) {
		t.Error(e)
	}
	s.cfg.ConnectCmd = "exec cat"
	ctx, cancel := context.WithTimeout(t.Context(), 100*time.Millisecond)
	defer cancel()
	_, err := s.dialer().Call(ctx)
	if e := new(Error); !errors.As(err, &e) || e.Kind != Interrupted {
		t.Errorf("interrupted: %v", err)
	}
	s.wantIdle()
}

func TestCommandLine(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	s.cfg.Phones = nil
	s.cfg.Devices = []string{"exec:cat; exit 4"}
	c := s.call()
	if !c.Direct || c.Number != "" {
		t.Errorf("call is %+v", c)
	}
	wantEcho(t, c.Line, "~\xff}#")
	c.Hangup(t.Context())
	s.cfg.Devices = []string{"exec:KEY=s3cret echo hello; exit 4"}
	s.cfg.LoginChat.Text = "ogin: x"
	if e := s.wantError(CommandFailed); !strings.Contains(e.Error(), "exit status 4") || strings.Contains(e.Error(), "s3cret") || e.Device != "exec:echo" {
		t.Error(e)
	}
	s.cfg.Devices = []string{"tcp:127.0.0.1:1"}
	s.wantError(OpenFailed)
}
