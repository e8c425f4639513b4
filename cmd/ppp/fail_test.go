package main

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"pppdial/dial/dialtest"
)

// TestFailures: each ends with its exit status and a verdict that a person
// understands.
func TestFailures(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name    string
		modem   dialtest.ModemConfig
		prepare func(t *testing.T, p *pairing)
		words   string // of the entry
		raw     bool   // no login
		far     string // of the answering entry
		status  int
		verdict string // regular expression
	}{
		{
			name: "wrong password, PAP", words: "send_pap send_name=me send_passwd=false", far: "recv_pap recv_passwd=right",
			status: 19, verdict: `phase=authenticate by=peer evidence="PAP: refused.*" cause="the peer does not accept our name or password" try="check send_name and send_passwd"`,
		},
		{
			name: "wrong password, CHAP", words: "send_chap send_name=me send_passwd=false", far: "recv_chap recv_passwd=right",
			status: 19, verdict: `phase=authenticate by=peer evidence="CHAP: refused.*" cause="the peer does not accept our name or password"`,
		},
		{
			name: "a synchronous modem", words: "sync",
			status: 7, verdict: `by=us evidence=".*no synchronous discipline.*" cause="the line is asynchronous`,
		},
		{
			name: "no password", far: "recv_pap recv_passwd=right",
			status: 19, verdict: `by=peer .* cause="the peer wants to know who we are, and the entry tells nothing" try="give send_name and send_passwd"`,
		},
		{
			name: "wrong password, login", words: `login_chat='TIMEOUT 2 ogin: mynam ssword: \qfalse PPP'`,
			status: 8, verdict: `phase=dialing by=peer .* cause="the login was refused" try="check name and password of the login"`,
		},
		{
			name: "wrong number", words: "phone=5559999",
			status: 8, verdict: `by=modem evidence=".*5559999.*NO CARRIER.*" cause="no modem answered at this number, or the network refused the call"`,
		},
		{
			name: "busy", prepare: func(t *testing.T, p *pairing) { p.bank.Number(number, dialtest.Busy) },
			status: 8, verdict: `by=modem evidence=".*BUSY.*" cause="the number is busy"`,
		},
		{
			name: "no carrier", prepare: func(t *testing.T, p *pairing) { p.bank.Number(number, dialtest.NoCarrier) },
			status: 8, verdict: `by=modem evidence=".*NO CARRIER.*" cause="no modem answered`,
		},
		{
			name: "no dial tone", prepare: func(t *testing.T, p *pairing) { p.bank.Number(number, dialtest.NoDialtone) },
			status: 8, verdict: `by=modem evidence=".*NO DIALTONE.*" cause="the telephone line is dead`,
		},
		{
			name: "silent modem", prepare: func(t *testing.T, p *pairing) { p.modem.Wedge(true) },
			status: 18, verdict: `by=modem evidence=".*" cause="the modem says nothing: it is switched off, or this is not its device or speed"`,
		},
		{
			name: "locked device", prepare: lockedBySleep,
			status: 6, verdict: `by=us evidence=".*is used by sleep \(pid \d+, /var/lock/LCK\.\.\d+\)" cause="the line is used by sleep" try="wait for it, or end it: kill \d+"`,
		},
		{
			name: "missing device", words: "-device", // taken away below
			status: 7, verdict: `by=us evidence=".*/dev/ttyNONE: there is no such device.*" cause="the device is not there or may not be opened"`,
		},
		{
			name: "only text", prepare: func(t *testing.T, p *pairing) { p.bank.Answer(number, dialtest.Text("\r\nmuseum login: ")) }, raw: true,
			words: "max_FSM_conf=3 restart_ms=300", status: 10,
			verdict: `phase=establish by=peer evidence="no PPP came, but text: .*museum login: .*" cause="the far end still asks for a login" try="answer it in login_chat"`,
		},
		{
			name: "nothing at all", prepare: func(t *testing.T, p *pairing) { p.bank.Answer(number, dialtest.Silent()) }, raw: true,
			words: "max_FSM_conf=3 restart_ms=300", status: 10,
			verdict: `phase=establish by=peer evidence="not a single byte came" cause="nothing at the other end speaks"`,
		},
		{
			name: "echo", prepare: func(t *testing.T, p *pairing) { p.bank.Answer(number, dialtest.Echo()) }, raw: true,
			status:  17,
			verdict: `phase=establish by=peer evidence="LCP: the line is looped back: our own packets come back" cause="the line sends back what we say`,
		},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			p := newPairing(t)
			p.modem = newModem(t, p.bank, dialtest.ModemConfig{Name: "near", Number: "5550000"})
			p.bank.Answer(number, p.far.shell("mynam"))
			if tt.prepare != nil {
				tt.prepare(t, p)
			}
			device := p.modem.Path()
			if tt.words == "-device" {
				device, tt.words = "/dev/ttyNONE", ""
			}
			if !strings.Contains(tt.words, "phone=") {
				tt.words += " phone=" + number
			}
			if !tt.raw && !strings.Contains(tt.words, "login_chat=") {
				tt.words += ` login_chat='ogin: mynam ssword: \qxxx PPP'`
			}
			p.far.conf("mynam localhost=%s remotehost=%s %s", farAddr, nearAddr, tt.far)
			p.near.conf(`rmt device=%s modtries=1 localhost=%s remotehost=%s %s`, device, nearAddr, farAddr, tt.words)
			p.call = p.near.call("rmt")
			if got := p.call.status(slowly); got != tt.status {
				t.Errorf("status %d, want %d", got, tt.status)
			}
			got := p.call.await("verdict: ", 0)
			_, got, _ = strings.Cut(got, "verdict: ")
			t.Logf("%s", strings.ReplaceAll(got, filepath.Dir(p.modem.Path())+"/", ""))
			if want := regexp.MustCompile(fmt.Sprintf("^status=%d .*%s", tt.status, tt.verdict)); !want.MatchString(got) {
				t.Errorf("the verdict is not %s", want)
			}
			p.near.bare()
			if tt.status != 6 && tt.status != 18 {
				released(t, p.modem)
			}
		})
	}
}

// TestTries: a call that fails is made modtries times, with the modem at rest
// in between; one that Systems forbids now is not made again.
func TestTries(t *testing.T) {
	t.Parallel()
	near, bank := newHost(t, "near"), newBank(t)
	modem := newModem(t, bank, dialtest.ModemConfig{Name: "near", Number: "5550000"})
	bank.Number(number, dialtest.Busy)
	near.conf("rmt device=%s phone=%s modtries=3 modwait=1\nnever modtries=3 modwait=1\nnobody modtries=3 modwait=1", modem.Path(), number)
	near.file("uucp/Systems", "never Never ACU 38400 "+number+"\n")
	near.file("uucp/Devices", "ACU "+modem.Path()+" - 38400 hayes\n")
	near.file("uucp/Dialers", `hayes =,-, "" ATZ OK ATDT\T CONNECT`+"\n")
	for _, tt := range []struct {
		label         string
		status, calls int
		says          string
	}{
		{"rmt", 8, 3, `giving up for now tries=3`},
		{"never", 8, 0, `cause="Systems forbids calls at this time"`},
		{"nobody", 2, 0, `cause="the UUCP files tell no way to this system"`},
	} {
		before := strings.Count(modem.Transcript(), "> \"ATDT"+number)
		began := time.Now()
		call := near.call(tt.label, "-u", near.dir+"/uucp")
		if got := call.status(slowly); got != tt.status {
			t.Errorf("%s: status %d, want %d", tt.label, got, tt.status)
		}
		call.await(tt.says, 0)
		if got := strings.Count(modem.Transcript(), "> \"ATDT"+number) - before; got != tt.calls {
			t.Errorf("%s: %d calls, want %d", tt.label, got, tt.calls)
		}
		if took := time.Since(began); took < time.Duration(tt.calls-1)*time.Second {
			t.Errorf("%s: only %v for %d calls", tt.label, took, tt.calls)
		}
	}
	released(t, modem)
}

// lockedBySleep has another program lock the modem's tty.
func lockedBySleep(t *testing.T, p *pairing) {
	sleep := exec.Command("sleep", "1000")
	if err := sleep.Start(); err != nil {
		t.Fatal(err)
	}
	lock := lockOf(t, p.modem.Path())
	if err := os.WriteFile(lock, fmt.Appendf(nil, "%10d\n", sleep.Process.Pid), 0o644); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		os.Remove(lock)
		sleep.Process.Kill()
		sleep.Wait()
	})
}
