package main

import (
	"fmt"
	"strings"
	"syscall"
	"testing"
	"time"

	"pppdial/dial/dialtest"
)

// TestTermWhileDialing: the attempt is given up and the modem idle again.
func TestTermWhileDialing(t *testing.T) {
	t.Parallel()
	near, bank := newHost(t, "near"), newBank(t)
	modem := newModem(t, bank, dialtest.ModemConfig{Name: "near", Number: "5550000", ConnectAfter: time.Minute})
	bank.Answer(number, dialtest.Silent())
	near.conf("rmt device=%s phone=%s", modem.Path(), number)
	call := near.call("rmt")
	call.await("ATDT"+number, slowly)
	if got := call.term(); got != 5 {
		t.Errorf("status %d, want 5", got)
	}
	call.await("verdict: status=5 phase=dialing by=us", 0)
	released(t, modem)
	near.bare()
}

// TestSecondTerm: the second signal waits for nobody.
func TestSecondTerm(t *testing.T) {
	t.Parallel()
	p := newPairing(t)
	byIn(t, p, "max_term_ms=60000", "")
	p.awaitUp()
	p.modem.Silence(true)
	began := time.Now()
	p.call.signal(syscall.SIGTERM)
	p.call.await("sent [LCP TermReq", slowly)
	p.call.signal(syscall.SIGTERM)
	if got := p.call.status(slowly); got != 5 {
		t.Errorf("status %d, want 5", got)
	}
	t.Logf("ended after %v", time.Since(began))
	released(t, p.modem)
	near := p.near
	near.bare()
}

// TestSignals: how a link that is up takes them, and what the other end says.
func TestSignals(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name     string
		signal   syscall.Signal
		far      bool // the answering end gets it
		us, them int  // verdicts on the call of who gets it, and of the other
	}{
		{name: "INT", signal: syscall.SIGINT, us: 5, them: 0},
		{name: "HUP", signal: syscall.SIGHUP, us: 16, them: 0},
		{name: "TERM at the answering end", signal: syscall.SIGTERM, far: true, us: 5, them: 0},
		{name: "HUP at the answering end", signal: syscall.SIGHUP, far: true, us: 16, them: 0},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			p := newPairing(t)
			byIn(t, p, "", "")
			p.awaitUp()
			us, them := p.call, p.answer
			if tt.far {
				us, them = them, us
			}
			us.signal(tt.signal)
			for end, want := range map[*ppp]int{us: tt.us, them: tt.them} {
				end.await(fmt.Sprintf("verdict: status=%d ", want), slowly)
				if end == p.answer && want != 5 { // it waits for the next call
					end.awaitTimes("waiting for a call", 2, slowly)
					end.signal(syscall.SIGTERM)
					want = 5
				}
				if got := end.status(slowly); got != want {
					t.Errorf("%s: status %d, want %d", end.who, got, want)
				}
			}
			them.await("rcvd [LCP TermReq", 0)
			released(t, p.modem)
			p.near.bare()
			p.far.bare()
		})
	}
}

// TestDebugSignals: USR1 tells more, USR2 less.
func TestDebugSignals(t *testing.T) {
	t.Parallel()
	p := newPairing(t)
	c, err := p.bank.Cable(dialtest.CableConfig{Name: "cable"})
	if err != nil {
		t.Fatal(err)
	}
	p.far.conf("right in device=%s local localhost=%s remotehost=%s", c.PathB(), farAddr, nearAddr)
	p.near.conf("left device=%s local localhost=%s remotehost=%s LCP_ECHO_INTERVAL=1", c.PathA(), nearAddr, farAddr)
	p.answer = p.far.call("right")
	p.call = p.near.run("-r", "left", "-f", p.near.dir+"/ppp.conf")
	p.awaitUp()
	if log := p.call.Log(); strings.Contains(log, "ConfReq") || strings.Contains(log, "phase") {
		t.Errorf("without -d the log says too much")
	}
	p.call.signal(syscall.SIGUSR1)
	p.call.await("more debugging information", slowly)
	p.call.signal(syscall.SIGUSR1)
	p.call.await("sent [LCP EchoReq", slowly)
	p.call.signal(syscall.SIGUSR1)
	p.call.await("sent ff03c021", slowly)
	for i := range 3 {
		p.call.signal(syscall.SIGUSR2)
		p.call.awaitTimes("less debugging information", i+1, slowly)
	}
	if got := p.call.term(); got != 5 {
		t.Errorf("status %d, want 5", got)
	}
	if strings.Contains(p.call.Log(), "TermReq") {
		t.Error("after USR2 packets are still in the log")
	}
}

// TestCarrierLost: a tty that is hung up ends the link, and so does a modem
// that says NO CARRIER where nothing else tells.
func TestCarrierLost(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name    string
		hangup  bool
		verdict string
	}{
		{"tty hung up", true, `by=line evidence="line: `},
		{"only words", false, `by=modem evidence="the modem says NO CARRIER"`},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			p := newPairing(t)
			p.modem = newModem(t, p.bank, dialtest.ModemConfig{Name: "near", Number: "5550000", CarrierHangup: tt.hangup})
			p.bank.Answer(number, p.far.shell("mynam"))
			p.far.conf("mynam localhost=%s remotehost=%s", farAddr, nearAddr)
			p.near.conf(`rmt device=%s phone=%s login_chat='ogin: mynam ssword: \qxxx PPP' localhost=%s remotehost=%s`, p.modem.Path(), number, nearAddr, farAddr)
			p.call = p.near.call("rmt")
			p.awaitUp()
			p.modem.Hangup()
			if got := p.call.status(slowly); got != 16 {
				t.Errorf("status %d, want 16", got)
			}
			p.call.await("verdict: status=16 phase=network "+tt.verdict, 0)
			p.other().await("verdict: status=16 ", slowly)
			released(t, p.modem)
			p.near.bare()
			p.far.bare()
		})
	}
}
