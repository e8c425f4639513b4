package main

import (
	"fmt"
	"net/netip"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"pppdial/dial/dialtest"
)

// cellAddr is what the networks give us.
var cellAddr = netip.MustParseAddr("10.43.124.1")

// cellWords are what all the entries have.
const cellWords = "apn=internet,IP send_name=me send_passwd=guess localhost=0 remotehost=0 modtries=1 modwait=1 -LCP_IDENT restart_ms=300"

// TestCellular dials, keeps and hangs up all the modems of the bank.
func TestCellular(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		profile   func() *dialtest.Profile
		secretive bool
		addrs     string
	}{
		{dialtest.EC25, false, " peer 10.64.64.64"},
		{dialtest.SIM7600, false, " peer 10.64.64.64"},
		{dialtest.E398, true, "/32 scope global ppp0"},
		{dialtest.BC66, false, " peer 10.64.64.64"},
	} {
		p := tt.profile()
		t.Run(p.Name, func(t *testing.T) {
			t.Parallel()
			h, bank := newHost(t, "near"), newBank(t)
			p.Cellular.SIM.PIN = "24681357" // no number in the log has it by chance
			p.Cellular.RegisterAfter = time.Second
			modem := newModem(t, bank, dialtest.ModemConfig{Name: p.Name, Profile: p})
			bank.Answer("*99#", operator{addr: cellAddr, secretive: tt.secretive}.service())
			h.conf("cell device=%s pin=24681357 add_route %s", modem.Path(), cellWords)
			call := h.call("cell")
			call.await("registered network=", slowly)
			call.await("up local=", slowly)
			if out := h.ip("addr"); !strings.Contains(out, cellAddr.String()+tt.addrs) {
				t.Errorf("the addresses are\n%s", out)
			}
			if out := h.ip("route"); !strings.Contains(out, "default dev ppp0") {
				t.Errorf("the routes are\n%s", out)
			}
			if got := call.term(); got != 5 {
				t.Errorf("status %d, want 5", got)
			}
			if strings.Contains(call.Log(), "24681357") || strings.Contains(call.Log(), "guess") {
				t.Error("the log holds a secret")
			}
			h.bare()
			released(t, modem)
		})
	}
}

// TestCellularFaults: each modem has the fault that it is known for, and the verdict
// says so.
func TestCellularFaults(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name    string
		profile func() *dialtest.Profile
		change  func(*dialtest.Profile)
		network dialtest.Service
		words   string
		status  int
		verdict string // regular expression
	}{
		{
			name: "EC25, wrong PIN", profile: dialtest.EC25, words: "pin=1357",
			change: func(p *dialtest.Profile) { p.Cellular.SIM.PIN = "2468" },
			status: 18, verdict: `phase=dialing by=modem evidence=".*SIM wants its PIN.*" cause="the SIM card has refused the PIN; it is not entered a second time" try="correct pin=`,
		},
		{
			name: "EC25, no PIN", profile: dialtest.EC25,
			change: func(p *dialtest.Profile) { p.Cellular.SIM.PIN = "2468" },
			status: 18, verdict: `cause="the SIM card wants its PIN, and the entry tells none" try="give it: pin=`,
		},
		{
			name: "SIM7600, no card", profile: dialtest.SIM7600,
			change: func(p *dialtest.Profile) { p.Cellular.SIM.Absent = true },
			status: 18, verdict: `evidence=".*SIM missing.*" cause="there is no SIM card in the modem`,
		},
		{
			name: "SIM7600, denied", profile: dialtest.SIM7600,
			change: func(p *dialtest.Profile) { p.Cellular.Status = 3 },
			status: 8, verdict: `evidence=".*denied by the network, signal -79 dBm.*" cause="the network does not serve this SIM card"`,
		},
		{
			name: "EC25, wrong access point", profile: dialtest.EC25,
			change: func(p *dialtest.Profile) {
				p.Cellular.APNs, p.Cellular.APNCause = []string{"iot.1nce.net"}, "Missing or unknown APN"
			},
			status: 8, verdict: `evidence=".*NO CARRIER.*last call: Missing or unknown APN.*" cause="the network does not know the access point, or this card may not use it" try="check apn= with the operator"`,
		},
		{
			name: "BC66, a type of context that it does not have", profile: dialtest.BC66, words: "apn=internet,PPP",
			status: 8, verdict: `evidence=".*does not take this type of context: it has IP, IPV6, IPV4V6.*" cause="the type of the context is not to be had" try="try apn=NAME,IP"`,
		},
		{
			name: "E398, feigned authentication", profile: dialtest.E398, network: operator{}.service(), words: "max_FSM_fail=4",
			status: 10, verdict: `phase=network by=peer evidence="IPCP: no agreement after 4 refused Configure-Requests: a Nak without options; the modem says: SIM ready, registered.*` +
				`" cause="the network takes any name at first, and has refused ours or the access point in truth" try=".*send_name=\\"\\"`,
		},
		{
			name: "E398, feigned authentication, an address that is none", profile: dialtest.E398, network: operator{refusal: zeroNak}.service(), words: "max_FSM_fail=4",
			status: 10, verdict: `phase=network by=peer evidence="IPCP: no agreement after 4 refused Configure-Requests: the peer has no address for us; the modem says: SIM ready.*" cause="the network takes any name at first, and has refused`,
		},
		{
			name: "E398, feigned authentication and a hang-up", profile: dialtest.E398, network: operator{refusal: hangUp}.service(),
			status: 16, verdict: `phase=network by=modem evidence=".*the modem says: SIM ready.*" cause="the network takes any name at first, and has refused`,
		},
		{
			name: "E398, feigned authentication and a Terminate-Request", profile: dialtest.E398, network: operator{refusal: terminate}.service(),
			status: 10, verdict: `phase=network by=peer evidence=".*the modem says: SIM ready.*" cause="the network takes any name at first, and has refused`,
		},
		{
			name: "SIM7600, the network knows us not", profile: dialtest.SIM7600,
			change: func(p *dialtest.Profile) {
				p.Cellular.APNs, p.Cellular.APNCause = []string{"iot.1nce.net"}, "User authentication failed"
			},
			status: 19, verdict: `evidence=".*NO CARRIER.*last call: User authentication failed.*" cause="the network does not take name and password" try="check send_name and send_passwd with the operator"`,
		},
		{
			name: "EC25, a type of context that the network does not have", profile: dialtest.EC25, words: "apn=internet,IPV6",
			change: func(p *dialtest.Profile) {
				p.Cellular.APNs, p.Cellular.APNCause = []string{"iot.1nce.net"}, "PDP type IPv4 only allowed (#50)"
			},
			status: 8, verdict: `evidence=".*last call: PDP type IPv4 only allowed \(#50\).*" cause="the type of the context is not to be had" try="try apn=NAME,IP"`,
		},
		{
			name: "EC25, three wrong PINs before", profile: dialtest.EC25, words: "pin=1357",
			change: func(p *dialtest.Profile) {
				p.Rows = append(p.Rows, dialtest.Row{Command: "+CPIN?", Lines: []string{"+CPIN: SIM PUK"}})
			},
			status: 18, verdict: `evidence=".*SIM wants its PUK.*" cause="the SIM card is blocked after too many wrong PINs"`,
		},
		{
			name: "EC25, a card for another network", profile: dialtest.EC25,
			change: func(p *dialtest.Profile) {
				p.Rows = append(p.Rows, dialtest.Row{Command: "+CPIN?", Lines: []string{"+CPIN: PH-NET PIN"}})
			},
			status: 18, verdict: `evidence=".*SIM locked.*" cause="the SIM card or the modem is locked to another operator or device"`,
		},
		{
			name: "EC25, CONNECT without a call", profile: dialtest.EC25, words: "max_FSM_conf=3",
			change: func(p *dialtest.Profile) { p.Rows = append(p.Rows, dialtest.Row{Command: "D*", Result: "CONNECT"}) },
			status: 10, verdict: `phase=establish by=modem evidence=".*; the modem says: SIM ready.*" cause="the modem has no call any more, and takes what we send for commands"`,
		},
		{
			name: "SIM7600, a script that makes no call", profile: dialtest.SIM7600, words: `chat='"" AT OK'`,
			status: 17, verdict: `phase=establish by=modem evidence="LCP: the line is looped back.*the modem says: SIM ready.*" cause="the modem has no call any more, and takes what we send for commands"`,
		},
		{
			name: "BC66, CONNECT and then nothing", profile: dialtest.BC66, network: dialtest.Silent(), words: "max_FSM_conf=3",
			status: 10, verdict: `phase=establish by=peer evidence="not a single byte came; the modem says: SIM ready, registered, roaming.*" cause="the modem still has its call and is registered, yet the network passes nothing`,
		},
		{
			name: "EC25, the network ends the call", profile: dialtest.EC25, network: operator{addr: cellAddr, gone: true}.service(),
			change: func(p *dialtest.Profile) { p.Cellular.Cause = "Regular deactivation" },
			status: 16, verdict: `phase=network by=modem evidence=".*the modem says: SIM ready, registered, home network.*last call: Regular deactivation"`,
		},
		{
			name: "SIM7600, the network is lost", profile: dialtest.SIM7600, network: operator{addr: cellAddr}.service(),
			change: func(p *dialtest.Profile) {
				p.Rows = append(p.Rows, dialtest.Row{Command: "D*", Pass: true, Then: []dialtest.Step{{After: 2 * time.Second, Do: dialtest.LoseNet}}})
			},
			status: 16, verdict: `phase=network by=modem evidence=".*the modem says: SIM ready, searching.*" cause="no network has taken the modem yet"`,
		},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			h, bank := newHost(t, "near"), newBank(t)
			p := tt.profile()
			if tt.change != nil {
				tt.change(p)
			}
			modem := newModem(t, bank, dialtest.ModemConfig{Name: p.Name, Profile: p})
			if tt.network == nil {
				tt.network = operator{addr: cellAddr}.service()
			}
			bank.Answer("*99#", tt.network)
			h.conf("cell device=%s %s %s", modem.Path(), cellWords, tt.words)
			call := h.call("cell")
			if got := call.status(slowly); got != tt.status {
				t.Errorf("status %d, want %d", got, tt.status)
			}
			got := call.await("verdict: ", 0)
			_, got, _ = strings.Cut(got, "verdict: ")
			t.Logf("%s", strings.ReplaceAll(got, filepath.Dir(modem.Path())+"/", ""))
			if want := regexp.MustCompile(fmt.Sprintf("^status=%d .*%s", tt.status, tt.verdict)); !want.MatchString(got) {
				t.Errorf("the verdict is not %s", want)
			}
			h.bare()
			released(t, modem)
		})
	}
}

// TestPINAcrossRestarts: a PIN that a card has refused is not entered by the next
// program either.
func TestPINAcrossRestarts(t *testing.T) {
	t.Parallel()
	h, bank := newHost(t, "near"), newBank(t)
	p := dialtest.EC25()
	p.Cellular.SIM.PIN = "2468"
	modem := newModem(t, bank, dialtest.ModemConfig{Name: "ec25", Profile: p})
	h.conf("cell device=%s pin=1357 %s", modem.Path(), cellWords)
	for range 3 {
		if got := h.call("cell").status(slowly); got != 18 {
			t.Errorf("status %d, want 18", got)
		}
		if got := modem.SIMTries(); got != 2 {
			t.Fatalf("%d tries are left, want 2", got)
		}
	}
	bank.Answer("*99#", operator{addr: cellAddr}.service())
	h.conf("cell device=%s pin=2468 %s", modem.Path(), cellWords)
	call := h.call("cell")
	call.await("up local=", slowly)
	call.term()
}

// TestWedged: a modem that only a reset cures is reset, and carries the link again.
func TestWedged(t *testing.T) {
	t.Parallel()
	h, bank := newHost(t, "near"), newBank(t)
	modem := newModem(t, bank, dialtest.ModemConfig{Name: "bc66", Profile: dialtest.BC66()})
	bank.Answer("*99#", operator{addr: cellAddr}.service())
	switched := filepath.Join(h.dir, "power")
	h.conf("cell device=%s %s modtries=3 reset_on_fail reset_wait=1 reset_cmd='echo off >%s' camp LCP_ECHO_INTERVAL=1 lcp_echo_fails=2",
		modem.Path(), cellWords, switched)
	call := h.call("cell")
	call.await("up local=", slowly)
	modem.Wedge(true)
	for limit := time.After(60 * time.Second); ; { // the power supply
		if _, err := os.Stat(switched); err == nil {
			modem.Reset()
			break
		}
		select {
		case <-limit:
			t.Fatal("reset_cmd was not run")
		case <-time.After(20 * time.Millisecond):
		}
	}
	call.await("the modem is reset", slowly)
	call.awaitTimes("up local=", 2, slowly)
	if got := call.term(); got != 5 {
		t.Errorf("status %d, want 5", got)
	}
	h.bare()
	released(t, modem)
}

// TestResetAlways resets by the modem's own command after each link.
func TestResetAlways(t *testing.T) {
	t.Parallel()
	h, bank := newHost(t, "near"), newBank(t)
	modem := newModem(t, bank, dialtest.ModemConfig{Name: "sim7600", Profile: dialtest.SIM7600()})
	bank.Answer("*99#", operator{addr: cellAddr, gone: true}.service())
	h.conf("cell device=%s %s modtries=3 reset_always reset_wait=0 camp", modem.Path(), cellWords)
	call := h.call("cell")
	call.awaitTimes("the modem is reset", 2, slowly)
	call.term()
	if !strings.Contains(modem.Transcript(), "AT+CRESET") {
		t.Errorf("the modem was told\n%s", modem.Transcript())
	}
	h.bare()
	released(t, modem)
}
