package main

import (
	"net/netip"
	"os"
	"strings"
	"testing"

	"golang.org/x/sys/unix"

	"pppdial/cmd/internal/lab"
	"pppdial/dial/dialtest"
)

// Addresses of the two ends in tests against ourselves.
const (
	nearAddr = "10.20.30.2"
	farAddr  = "10.20.30.1"
	number   = "5551234"
)

// A pairing is two hosts and what joins them. Each begins its call in its own
// way, and then everything is as always.
type pairing struct {
	near, far *host
	bank      *dialtest.Bank
	modem     *dialtest.Modem // of near; nil: none
	call      *ppp
	answer    *ppp // nil: a login shell, whose log is far's
}

// setUp makes the pairing; the far end's entry has words of farWords.
type setUp func(t *testing.T, p *pairing, nearWords, farWords string)

// byUUCP: the caller's way is in the UUCP files, as on the manual page.
func byUUCP(t *testing.T, p *pairing, nearWords, farWords string) {
	p.modem = newModem(t, p.bank, dialtest.ModemConfig{Name: "near", Number: "5550000"})
	p.bank.Answer(number, p.far.shell("mynam"))
	p.far.conf("mynam localhost=%s remotehost=%s %s", farAddr, nearAddr, farWords)
	p.near.file("uucp/Systems", `rmt Any ACUSLIP 19200 `+number+` "" @\r\c ogin: mynam ssword: xxx PPP`+"\n")
	p.near.file("uucp/Devices", "ACUSLIP "+p.modem.Path()+" - 19200 hayes\n")
	p.near.file("uucp/Dialers", `hayes =,-, "" ATZ OK ATDT\T CONNECT`+"\n")
	p.near.conf("rmt localhost=%s remotehost=%s %s", nearAddr, farAddr, nearWords)
	p.call = p.near.call("rmt", "-u", p.near.dir+"/uucp")
}

// byDevice: the caller's way is in its entry.
func byDevice(t *testing.T, p *pairing, nearWords, farWords string) {
	p.modem = newModem(t, p.bank, dialtest.ModemConfig{Name: "near", Number: "5550000"})
	p.bank.Answer(number, p.far.shell("mynam"))
	p.far.conf("mynam localhost=%s remotehost=%s %s", farAddr, nearAddr, farWords)
	p.near.conf(`rmt device=%s phone=%s login_chat='ogin: mynam ssword: \qxxx PPP' localhost=%s remotehost=%s %s`,
		p.modem.Path(), number, nearAddr, farAddr, nearWords)
	p.call = p.near.call("rmt")
}

// byIn: ppp itself answers the telephone.
func byIn(t *testing.T, p *pairing, nearWords, farWords string) {
	p.modem = newModem(t, p.bank, dialtest.ModemConfig{Name: "near", Number: "5550000"})
	far := newModem(t, p.bank, dialtest.ModemConfig{Name: "far", Number: number})
	p.far.conf("answer in device=%s modem_init=AT localhost=%s remotehost=%s %s", far.Path(), farAddr, nearAddr, farWords)
	p.near.conf("rmt device=%s phone=%s localhost=%s remotehost=%s %s", p.modem.Path(), number, nearAddr, farAddr, nearWords)
	p.answer = p.far.call("answer")
	p.answer.await("waiting for a call", slowly)
	p.call = p.near.call("rmt")
}

// byCable: nothing is dialed.
func byCable(t *testing.T, p *pairing, nearWords, farWords string) {
	c, err := p.bank.Cable(dialtest.CableConfig{Name: "cable"})
	if err != nil {
		t.Fatal(err)
	}
	p.far.conf("right in device=%s local localhost=%s remotehost=%s %s", c.PathB(), farAddr, nearAddr, farWords)
	p.near.conf("left device=%s local localhost=%s remotehost=%s %s", c.PathA(), nearAddr, farAddr, nearWords)
	p.answer = p.far.call("right")
	p.call = p.near.call("left")
}

// byExec: the far end is a program that the caller starts.
func byExec(t *testing.T, p *pairing, nearWords, farWords string) {
	p.far.conf("mynam localhost=%s remotehost=%s %s", farAddr, nearAddr, farWords)
	p.near.conf(`rmt device='exec:%s' localhost=%s remotehost=%s %s`, p.far.command("mynam"), nearAddr, farAddr, nearWords)
	p.call = p.near.call("rmt")
}

// byConnect: a program makes the caller's call, pppd's own chat.
func byConnect(t *testing.T, p *pairing, nearWords, farWords string) {
	p.modem = newModem(t, p.bank, dialtest.ModemConfig{Name: "near", Number: "5550000"})
	p.bank.Answer(number, p.far.shell("mynam"))
	p.far.conf("mynam localhost=%s remotehost=%s %s", farAddr, nearAddr, farWords)
	p.near.conf(`rmt device=%s connect_cmd='chat ABORT BUSY "" ATZ OK ATDT%s CONNECT "" ogin: mynam ssword: xxx PPP' localhost=%s remotehost=%s %s`,
		p.modem.Path(), number, nearAddr, farAddr, nearWords)
	p.call = p.near.call("rmt")
}

// byTCP: the line is at a terminal server.
func byTCP(t *testing.T, p *pairing, nearWords, farWords string) {
	c, err := p.bank.Cable(dialtest.CableConfig{Name: "cable"})
	if err != nil {
		t.Fatal(err)
	}
	p.near.ip("link", "set", "lo", "up")
	server, err := p.near.Listen(netip.MustParseAddrPort("127.0.0.1:3001"))
	if err != nil {
		t.Fatal(err)
	}
	served := make(chan error, 1)
	go func() {
		conn, err := server.Accept()
		if err != nil {
			served <- err
			return
		}
		tty, err := os.OpenFile(c.PathA(), os.O_RDWR|unix.O_NOCTTY|unix.O_NONBLOCK, 0)
		if err != nil {
			served <- err
			return
		}
		served <- lab.Join(t.Context(), conn, tty)
	}()
	t.Cleanup(func() {
		server.Close()
		if err := <-served; err != nil {
			t.Error(err)
		}
	})
	p.far.conf("right in device=%s local localhost=%s remotehost=%s %s", c.PathB(), farAddr, nearAddr, farWords)
	p.near.conf("left device=tcp:127.0.0.1:3001 localhost=%s remotehost=%s %s", nearAddr, farAddr, nearWords)
	p.answer = p.far.call("right")
	p.call = p.near.call("left")
}

// newPairing makes the hosts; a setUp starts the call.
func newPairing(t *testing.T) *pairing {
	t.Helper()
	return &pairing{near: newHost(t, "near"), far: newHost(t, "far"), bank: newBank(t)}
}

// other is the log of the far end.
func (p *pairing) other() *journal {
	if p.answer != nil {
		return p.answer.journal
	}
	return p.far.journal
}

// awaitUp waits until both ends are up.
func (p *pairing) awaitUp() {
	p.call.t.Helper()
	p.call.await("up local="+nearAddr+" remote="+farAddr, slowly)
	p.other().await("up local="+farAddr+" remote="+nearAddr, slowly)
}

func TestCallOurselves(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name      string
		by        setUp
		near, far string
		has       string // in the caller's log
	}{
		{name: "UUCP", by: byUUCP},
		{name: "UUCP and PAP", by: byUUCP, near: "send_name=me send_passwd=Geheimnis", far: "recv_name=me recv_passwd=Geheimnis", has: "rcvd [PAP AuthAck"},
		{name: "device", by: byDevice},
		{name: "device and CHAP", by: byDevice, near: "send_chap send_name=me send_passwd=Geheimnis", far: "recv_chap recv_name=me recv_passwd=Geheimnis", has: "rcvd [CHAP Success"},
		{
			name: "both prove themselves", by: byDevice,
			near: "send_chap send_name=me send_passwd=Geheimnis recv_pap recv_name=you recv_passwd=Gegenteil",
			far:  "recv_chap recv_name=me recv_passwd=Geheimnis send_pap send_name=you send_passwd=Gegenteil",
			has:  "sent [PAP AuthAck",
		},
		{name: "in", by: byIn},
		{name: "in and CHAP", by: byIn, near: "send_chap send_name=me send_passwd=Geheimnis", far: "recv_chap recv_passwd=Geheimnis", has: "rcvd [CHAP Success"},
		{name: "exec", by: byExec},
		{name: "exec and CHAP", by: byExec, near: "send_chap send_name=me send_passwd=Geheimnis", far: "recv_chap recv_name=me recv_passwd=Geheimnis", has: "rcvd [CHAP Success"},
		{name: "connect_cmd", by: byConnect},
		{name: "tcp", by: byTCP},
		{name: "cable", by: byCable},
		{name: "cable and PAP", by: byCable, near: "send_pap send_name=me send_passwd=Geheimnis", far: "recv_pap recv_passwd=Geheimnis", has: "rcvd [PAP AuthAck"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			p := newPairing(t)
			tt.by(t, p, "add_route "+tt.near, tt.far)
			p.awaitUp()
			if !strings.Contains(p.call.Log(), tt.has) {
				t.Errorf("no %q in the log", tt.has)
			}
			if routes := p.near.ip("route"); !strings.Contains(routes, "default dev ppp0") || !strings.Contains(routes, farAddr+" dev ppp0") {
				t.Errorf("routes of the caller:\n%s", routes)
			}
			carry(t, p.near.Net, p.far.echo(farAddr), 1<<20)
			if got := p.call.term(); got != 5 {
				t.Errorf("the caller ends with status %d, want 5", got)
			}
			p.call.await("verdict: status=5 ", 0)
			p.other().await("verdict: status=0 ", slowly)
			p.other().await("rcvd [LCP TermReq", 0)
			if p.answer != nil { // it waits for the next call
				p.answer.awaitTimes("waiting for a call", 2, slowly)
				if got := p.answer.term(); got != 5 {
					t.Errorf("the answerer ends with status %d, want 5", got)
				}
			}
			if p.modem != nil {
				released(t, p.modem)
			}
			p.near.bare()
			p.far.bare()
			for _, secret := range []string{"Geheimnis", "Gegenteil", "xxx"} {
				if strings.Contains(p.call.Log()+p.other().Log(), secret) {
					t.Errorf("a log shows the password %s", secret)
				}
			}
		})
	}
}

// TestRoutes: routes are as the entry says while the link is up, and as it
// says when it is gone.
func TestRoutes(t *testing.T) {
	t.Parallel()
	p := newPairing(t)
	p.near.ip("link", "set", "lo", "up")
	p.near.ip("route", "add", "10.70.0.0/16", "dev", "lo")
	byCable(t, p, strings.Join([]string{
		"add_route='add -net 10.50.0.0/16 #'", "add_route='add -host 10.60.0.1 $REMOTEADDR 7'",
		"add_route='change 10.70.0.0/16 #'", "del_route='delete 10.70.0.0/16'", "metric=3 mtu=1000",
	}, " "), "")
	p.awaitUp()
	want := `10.20.30.1 dev ppp0 proto kernel scope link src 10.20.30.2 metric 3 
10.50.0.0/16 dev ppp0 proto static scope link metric 3 
10.60.0.1 dev ppp0 proto static scope link metric 7 
10.70.0.0/16 dev ppp0 proto static scope link 
`
	if got := p.near.ip("route"); got != want {
		t.Errorf("routes of the caller:\n%s\nwant:\n%s", got, want)
	}
	if link := p.near.ip("-o", "link", "show", "ppp0"); !strings.Contains(link, "mtu 1000 ") {
		t.Errorf("the interface: %s", link)
	}
	carry(t, p.near.Net, p.far.echo(farAddr), 100_000)
	p.call.term()
	if got := p.near.ip("route"); got != "" {
		t.Errorf("routes that are left:\n%s", got)
	}
}

// TestRouteCollision: a route that is there already stays, is named, and does
// not cost the link.
func TestRouteCollision(t *testing.T) {
	t.Parallel()
	p := newPairing(t)
	p.near.ip("link", "set", "lo", "up")
	p.near.ip("route", "add", "default", "dev", "lo")
	byCable(t, p, "add_route", "")
	p.awaitUp()
	p.call.await("default route already there dev lo metric 0", 0)
	p.call.term()
	if got, want := p.near.ip("route"), "default dev lo scope link \n"; got != want {
		t.Errorf("routes afterwards:\n%s", got)
	}
}

// TestTenOfTen: one call after the other, the next as soon as the last has
// ended, comes up.
func TestTenOfTen(t *testing.T) {
	t.Parallel()
	near, far, bank := newHost(t, "near"), newHost(t, "far"), newBank(t)
	modem := newModem(t, bank, dialtest.ModemConfig{Name: "near", Number: "5550000"})
	bank.Answer(number, far.shell("mynam"))
	far.conf("mynam localhost=%s remotehost=%s", farAddr, nearAddr)
	near.conf(`rmt device=%s phone=%s login_chat='ogin: mynam ssword: \qxxx PPP' localhost=%s remotehost=%s modtries=1`,
		modem.Path(), number, nearAddr, farAddr)
	for i := range 10 {
		call := near.call("rmt")
		connect := call.await("CONNECT", slowly)
		up := call.await("up local="+nearAddr, slowly)
		if _, err := near.Ping(netip.MustParseAddr(farAddr), i, 56, slowly); err != nil {
			t.Error(err)
		}
		if got := call.term(); got != 5 {
			t.Errorf("call %d ends with status %d", i, got)
		}
		t.Logf("call %d: from CONNECT to the interface up, with the login in between: %v", i, lineTime(t, up).Sub(lineTime(t, connect)))
	}
	released(t, modem)
	near.bare()
}
