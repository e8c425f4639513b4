package main

import (
	"context"
	"fmt"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/rogpeppe/go-internal/txtar"

	"pppdial/cmd/internal/rendezvous"
	"pppdial/cmd/internal/status"
	"pppdial/dial/dialtest"
)

// TestImported: who has one of these modems brings the files that he has for pppd,
// wvdial or the gateway. Imported as they stand they dial; the link is kept, by
// itself, when it breaks; and the fault that the modem is known for gets the
// verdict that helps. Then what the verdict says to try is tried.
func TestImported(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name    string
		profile func() *dialtest.Profile
		archive string // of conf/convert/testdata, where what pppimport prints is tested
		label   string // of the entry in there
		suit    func(*dialtest.Profile)
		network operator

		fault   string // in words
		spoil   func(*dialtest.Profile)
		ill     operator // the network then, if it is another
		words   string   // added to the entry
		status  int
		verdict string // regular expression

		cure string // words in place of those; "": there is none on our side
	}{
		{
			name: "EC25, pppd", profile: dialtest.EC25, archive: "quectel-notes", label: "quectel-ppp",
			suit:    func(p *dialtest.Profile) { p.Cellular.SIM.PIN = "1234" },
			network: operator{addr: cellAddr},
			fault:   "after a call it makes no other until it is reset",
			spoil: func(p *dialtest.Profile) {
				p.Rows = append(p.Rows, dialtest.Row{Command: "D*", Pass: true, Times: 1, Then: []dialtest.Step{{After: 1500 * time.Millisecond, Do: dialtest.DropCall}}},
					dialtest.Row{Command: "D*", Result: "NO CARRIER"})
			},
			words: "camp modtries=2 modwait=1", status: 8,
			verdict: `phase=dialing by=modem evidence=".*NO CARRIER.*the modem says: SIM ready, registered.*" cause="the network has refused the call without telling the modem why, or the modem is stuck since an earlier one" try=".*reset_on_fail resets a modem that stays so"`,
			cure:    "camp modtries=8 modwait=1 reset_on_fail reset_wait=1",
		},
		{
			name: "EC25, gateway", profile: dialtest.EC25, archive: "futurenet-operators", label: "ppp.soracom",
			network: operator{addr: cellAddr},
			fault:   "the access point is another",
			spoil: func(p *dialtest.Profile) {
				p.Cellular.APNs, p.Cellular.APNCause = []string{"iot.1nce.net"}, "Missing or unknown APN"
			},
			words: "modtries=1", status: 8,
			verdict: `phase=dialing by=modem evidence=".*last call: Missing or unknown APN.*" cause="the network does not know the access point, or this card may not use it" try="check apn= with the operator"`,
			cure:    "apn=iot.1nce.net",
		},
		{
			name: "SIM7600, wvdial", profile: dialtest.SIM7600, archive: "sim7600", label: "sim7600",
			network: operator{addr: cellAddr},
			fault:   "the antenna falls off",
			spoil: func(p *dialtest.Profile) {
				p.Rows = append(p.Rows, dialtest.Row{Command: "D*", Pass: true, Then: []dialtest.Step{{After: time.Second, Do: dialtest.LoseNet}, {After: 4 * time.Second, Do: dialtest.RegainNet}}})
			},
			status:  16, // and wvdial's entry camps
			verdict: `phase=network by=modem evidence=".*the modem says: SIM ready, searching.*" cause="no network has taken the modem yet" try="look at the antenna`,
			cure:    "camp modwait=1",
		},
		{
			name: "E398, pppd", profile: dialtest.E398, archive: "huawei-e398", label: "e398",
			network: operator{addr: cellAddr, nameless: true},
			fault:   "it lets any name in, and the network does not",
			words:   "send_name=tlund send_passwd=guess max_FSM_fail=4 modtries=1", status: 10,
			verdict: `phase=network by=peer evidence="IPCP: no agreement after 4 refused Configure-Requests: a Nak without options.*" cause="the network takes any name at first, and has refused ours or the access point in truth" try=".*send_name=\\"\\" send_passwd=\\"\\""`,
			cure:    `send_name="" send_passwd=""`,
		},
		{
			name: "BC66, pppd", profile: dialtest.BC66, archive: "nbiot-bc66", label: "quectel-ppp",
			network: operator{addr: cellAddr, open: true},
			fault:   "CONNECT, and then not a byte",
			ill:     operator{dumb: true},
			words:   "max_FSM_conf=3 modtries=1", status: 10,
			verdict: `phase=establish by=peer evidence="not a single byte came; the modem says: SIM ready, registered, roaming.*" cause="the modem still has its call and is registered, yet the network passes nothing: the context is not active, or the card may not use it"`,
		},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			imported := wantConf(t, tt.archive)
			profile := func(change func(*dialtest.Profile)) *dialtest.Profile {
				p := tt.profile()
				for _, f := range []func(*dialtest.Profile){tt.suit, change} {
					if f != nil {
						f(p)
					}
				}
				return p
			}
			// test is an entry with other words at its end.
			entry := func(h *host, words string) string {
				return fmt.Sprintf("%s\ntest\tcontinue=%s capture=%s/record -LCP_IDENT restart_ms=300 %s", imported, tt.label, h.dir, words)
			}

			h, modem := newCell(t, profile(nil), tt.network)
			h.conf("%s", entry(h, "camp modwait=1"))
			call := h.call("test")
			call.await("up local="+cellAddr.String(), slowly)
			modem.Hangup()
			call.awaitTimes("up local="+cellAddr.String(), 2, slowly)
			if got := call.term(); got != 5 {
				t.Errorf("status %d, want 5", got)
			}
			h.bare()
			released(t, modem)

			network := tt.network
			if tt.ill != (operator{}) {
				network = tt.ill
			}
			h, _ = newCell(t, profile(tt.spoil), network)
			h.conf("%s", entry(h, tt.words))
			call = h.call("test")
			got := call.verdict(t, tt.status, slowly)
			t.Logf("%s: %s", tt.fault, got)
			if want := regexp.MustCompile(fmt.Sprintf("^status=%d .*%s", tt.status, tt.verdict)); !want.MatchString(got) {
				t.Errorf("the verdict is not %s", want)
			}
			if tt.cure == "" {
				return
			}
			call.stop()
			h.conf("%s", entry(h, tt.cure))
			call = h.call("test")
			times := 1
			if strings.Contains(tt.cure, "camp") { // up, lost by the fault, and up again
				times = 2
			}
			call.awaitTimes("up local="+cellAddr.String(), times, 90*time.Second)
			if got := call.term(); got != 5 {
				t.Errorf("status %d, want 5", got)
			}
			h.bare()
		})
	}
}

// newCell makes a host with a modem of a profile, on USB if it is for that, else at
// /dev/ttyS0, and its network.
func newCell(t *testing.T, p *dialtest.Profile, o operator) (*host, *dialtest.Modem) {
	t.Helper()
	h := newHost(t, "near")
	bank, bus := h.newMachine()
	bank.Answer("*99#", o.service())
	if _, ok := sticks[p.Name]; ok {
		return h, onUSB(t, bus, p)
	}
	return h, newModem(t, bank, dialtest.ModemConfig{Name: "ttyS0", Profile: p, CarrierHangup: true})
}

// wantConf is what pppimport makes of an archive's files.
func wantConf(t *testing.T, archive string) string {
	t.Helper()
	a, err := txtar.ParseFile("../../conf/convert/testdata/" + archive + ".txtar")
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range a.Files {
		if f.Name == "want.conf" {
			return string(f.Data)
		}
	}
	t.Fatal("there is no want.conf in", archive)
	return ""
}

// verdict awaits a verdict with the status, of the program as its exit status too,
// or, while it goes on, of the connection in the state that it tells as JSON.
func (p *ppp) verdict(t *testing.T, want int, patience time.Duration) string {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	for {
		select {
		case <-p.done:
			if got := p.cmd.ProcessState.ExitCode(); got != want {
				t.Errorf("exit status %d, want %d", got, want)
			}
			_, got, _ := strings.Cut(p.await("verdict: ", 0), "verdict: ")
			return got
		case <-time.After(50 * time.Millisecond):
		case <-ctx.Done():
			t.Fatal("no verdict")
		}
		doc, err := rendezvous.State(ctx, p.dir, rendezvous.Query{})
		if err != nil || len(doc.Bundles) == 0 {
			continue
		}
		for _, v := range doc.Bundles[0].Verdicts {
			if v.Status == want {
				return verdictText(v)
			}
		}
	}
}

func verdictText(v status.Verdict) string {
	return fmt.Sprintf("status=%d phase=%s by=%s evidence=%q cause=%q try=%q", v.Status, v.Phase, v.By, v.Evidence, v.Cause, v.Try)
}
