package main

import (
	"context"
	"fmt"
	"io"
	"net/netip"
	"os"
	"strings"
	"sync"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"pppdial/cmd/internal/lab"
	"pppdial/dial/dialtest"
)

// pppd answers and calls on lines of the lab, each test on lines of its own:
// nextLine lends them, the longest free first, and the addresses are the line's.
var lines = func() chan int {
	c := make(chan int, lab.MaxLines)
	for i := range cap(c) {
		c <- i
	}
	return c
}()

func nextLine(t *testing.T) int {
	t.Helper()
	n := <-lines
	t.Cleanup(func() { lines <- n })
	return n
}

// Addresses of pppd and of us on a line.
func pppdAddr(line int) string { return fmt.Sprintf("10.9.%d.1", line) }
func ourAddr(line int) string  { return fmt.Sprintf("10.9.%d.2", line) }

// noBSD is for pppds on 64-bit machines, where Linux cannot decompress BSD
// Compress: it finds out with the first packets, which are lost, and does
// without compression from then on. TestBadCompression shows that we bear it.
const noBSD = "-tx_bsd"

// What pppd knows.
const (
	papSecrets  = "me srv Geheimnis *\nmynam srv xxx *\npeter srv xxx *\n"
	chapSecrets = "me srv Geheimnis *\nthem * Gegenteil *\n"
)

// A login is a system behind a simulated modem: a login prompt, and then a
// pppd of the lab on the caller's line.
type login struct {
	t       *testing.T
	guest   *lab.Guest
	line    int
	options []string
	pppds   chan *lab.PPPD

	mu      sync.Mutex
	started []*lab.PPPD
}

func newLogin(t *testing.T, options ...string) *login {
	t.Helper()
	l := &login{t: t, guest: theLab(t), line: nextLine(t), pppds: make(chan *lab.PPPD, 20)}
	l.options = append([]string{"debug", pppdAddr(l.line) + ":" + ourAddr(l.line)}, options...)
	t.Cleanup(func() { // the line's next user must find it free
		l.mu.Lock()
		defer l.mu.Unlock()
		for _, p := range l.started {
			if err := p.Kill(); err != nil {
				t.Log(err)
			}
		}
	})
	return l
}

// service is what callers of a modem meet.
func (l *login) service() dialtest.Login {
	return dialtest.Login{User: "mynam", Password: "xxx", Command: dialtest.Command{Raw: true, Run: l.serve}}
}

// serve starts pppd and joins its line to the caller's.
func (l *login) serve(ctx context.Context, tty io.ReadWriter) error {
	conn, err := l.guest.Line(l.line).Attach()
	if err != nil {
		return err
	}
	defer conn.Close()
	p, err := l.guest.PPPD(ctx, l.line, l.options...)
	if err != nil {
		l.t.Log(err)
		return err
	}
	l.mu.Lock()
	l.started = append(l.started, p)
	l.mu.Unlock()
	l.pppds <- p
	ended := make(chan struct{}, 2)
	go func() { io.Copy(conn, tty); conn.Close(); ended <- struct{}{} }()
	go func() { io.Copy(tty, conn); ended <- struct{}{} }()
	go func() { p.Wait(ctx); ended <- struct{}{} }()
	<-ended
	return nil
}

func (l *login) pppd(patience time.Duration) *lab.PPPD {
	l.t.Helper()
	select {
	case p := <-l.pppds:
		return p
	case <-time.After(patience):
		l.t.Fatal("the login has not got as far as pppd")
	}
	return nil
}

// ended waits for the end of a pppd that our Terminate-Request has ended.
func ended(t *testing.T, p *lab.PPPD) {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), 40*time.Second)
	defer cancel()
	if _, err := p.Wait(ctx); err != nil || !strings.Contains(p.Output(), "rcvd [LCP TermReq") {
		t.Errorf("pppd has not ended by our Terminate-Request: %v\n%s", err, p.Log())
	}
}

func (l *login) echo() netip.AddrPort {
	return netip.AddrPortFrom(netip.MustParseAddr(pppdAddr(l.line)), lab.EchoPort)
}

func TestCallPPPD(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name string
		pppd []string
		conf string
		has  string // in the log of pppd
	}{
		{name: "no authentication", pppd: []string{"noauth"}, has: "rcvd [IPCP ConfAck"},
		{name: "PAP", pppd: []string{"auth", "require-pap", "name", "srv"}, conf: "send_name=me send_passwd=Geheimnis send_pap", has: "sent [PAP AuthAck"},
		{name: "CHAP", pppd: []string{"auth", "require-chap", "name", "srv"}, conf: "send_name=me send_passwd=Geheimnis send_chap", has: "sent [CHAP Success"},
		{name: "CHAP of pppd", pppd: []string{"noauth", "user", "them"}, conf: "recv_name=them recv_passwd=Gegenteil recv_chap", has: "rcvd [CHAP Success"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			l := newLogin(t, tt.pppd...)
			near, bank := newHost(t, "near"), newBank(t)
			modem := newModem(t, bank, dialtest.ModemConfig{Name: "near", Number: "5550000"})
			bank.Answer(number, l.service())
			near.conf(`rmt device=%s phone=%s login_chat='ogin: mynam ssword: \qxxx' localhost=0 remotehost=0 add_route %s %s`,
				modem.Path(), number, noBSD, tt.conf)
			call := near.call("rmt")
			peer := l.pppd(slowly)
			call.await("up local="+ourAddr(l.line)+" remote="+pppdAddr(l.line), slowly)
			if _, err := peer.WaitEvent("ip-up", slowly); err != nil {
				t.Fatal(err)
			}
			if !strings.Contains(peer.Output(), tt.has) {
				t.Errorf("no %q in pppd's log:\n%s", tt.has, peer.Log())
			}
			if routes := near.ip("route"); !strings.Contains(routes, "default dev ppp0") {
				t.Errorf("no default route through the link:\n%s", routes)
			}
			carry(t, near.Net, l.echo(), 1<<20)
			if got := call.term(); got != 5 {
				t.Errorf("status %d after TERM, want 5", got)
			}
			ended(t, peer)
			released(t, modem)
			near.bare()
			for _, secret := range []string{"Geheimnis", "Gegenteil", "xxx"} {
				if strings.Contains(call.Log(), secret) {
					t.Errorf("the log shows the password %s", secret)
				}
			}
		})
	}
}

// TestBadCompression: TCP bears the loss of the first packets.
func TestBadCompression(t *testing.T) {
	t.Parallel()
	l := newLogin(t, "noauth")
	near, bank := newHost(t, "near"), newBank(t)
	modem := newModem(t, bank, dialtest.ModemConfig{Name: "near", Number: "5550000"})
	bank.Answer(number, l.service())
	near.conf(`rmt device=%s phone=%s login_chat='ogin: mynam ssword: \qxxx' localhost=0 remotehost=0`, modem.Path(), number)
	call := near.call("rmt")
	call.await("up local="+ourAddr(l.line), slowly)
	exchange(t, near.Net, l.echo(), 1<<20)
	if got := call.term(); got != 5 {
		t.Errorf("status %d after TERM, want 5", got)
	}
}

// TestPPPDEndsTheCall: TERM at the other end.
func TestPPPDEndsTheCall(t *testing.T) {
	t.Parallel()
	l := newLogin(t, "noauth")
	near, bank := newHost(t, "near"), newBank(t)
	modem := newModem(t, bank, dialtest.ModemConfig{Name: "near", Number: "5550000"})
	bank.Answer(number, l.service())
	near.conf(`rmt device=%s phone=%s login_chat='ogin: mynam ssword: \qxxx' localhost=0 remotehost=0`, modem.Path(), number)
	call := near.call("rmt")
	peer := l.pppd(slowly)
	call.await("up local="+ourAddr(l.line), slowly)
	ctx, cancel := context.WithTimeout(context.Background(), 40*time.Second)
	defer cancel()
	if _, err := peer.Stop(ctx); err != nil {
		t.Error(err)
	}
	if got := call.status(slowly); got != 0 {
		t.Errorf("status %d, want 0", got)
	}
	released(t, modem)
	near.bare()
}

// TestTenOfTenPPPD: ten calls one after the other on two lines come up.
func TestTenOfTenPPPD(t *testing.T) {
	t.Parallel()
	for i := range 2 {
		t.Run(fmt.Sprint("line ", i), func(t *testing.T) {
			t.Parallel()
			l := newLogin(t, "noauth")
			near, bank := newHost(t, "near"), newBank(t)
			modem := newModem(t, bank, dialtest.ModemConfig{Name: "near", Number: "5550000"})
			bank.Answer(number, l.service())
			near.conf(`rmt device=%s phone=%s login_chat='ogin: mynam ssword: \qxxx' localhost=0 remotehost=0 modtries=1 %s`,
				modem.Path(), number, noBSD)
			for k := range 5 {
				call := near.call("rmt")
				peer := l.pppd(slowly)
				up := call.await("up local="+ourAddr(l.line), slowly)
				began := call.await("phase establish", 0)
				t.Logf("call %d: up %v after PPP began on the line", k, lineTime(t, up).Sub(lineTime(t, began)))
				if _, err := peer.WaitEvent("ip-up", slowly); err != nil {
					t.Fatal(err)
				}
				if _, err := near.Ping(l.echo().Addr(), k, 56, slowly); err != nil {
					t.Error(err)
				}
				if got := call.term(); got != 5 {
					t.Errorf("call %d ends with status %d", k, got)
				}
				ended(t, peer)
			}
			near.bare()
		})
	}
}

// pppdCalls has a pppd of the lab call over the modem, with chat, and log in.
func pppdCalls(t *testing.T, line int, modem *dialtest.Modem, options ...string) *lab.PPPD {
	t.Helper()
	g := theLab(t)
	conn, err := g.Line(line).Attach()
	if err != nil {
		t.Fatal(err)
	}
	tty, err := os.OpenFile(modem.Path(), os.O_RDWR|unix.O_NOCTTY|unix.O_NONBLOCK, 0)
	if err != nil {
		t.Fatal(err)
	}
	joined, disconnect := context.WithCancel(context.Background())
	done := make(chan struct{})
	go func() { lab.Join(joined, conn, tty); close(done) }()
	t.Cleanup(func() { disconnect(); <-done })
	// On a line that has had another modem there may still be that one's NO CARRIER,
	// inside the guest: before the OK it does not count. And a busy guest may lose
	// what the modem answers.
	script := `chat -v TIMEOUT 5 '' ATZ OK-ATZ-OK '\c' ABORT BUSY ABORT 'NO CARRIER' TIMEOUT 45 '' ATDT` + number + ` CONNECT '' ogin:--ogin: mynam ssword: xxx PPP`
	peer, err := g.PPPD(context.Background(), line, append([]string{"debug", "connect", script}, options...)...)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if t.Failed() {
			t.Logf("modem:\n%s\npppd:\n%s", modem.Transcript(), peer.Log())
		}
	})
	return peer
}

// TestPPPDCalls: pppd with chat calls a login shell that is ppp.
func TestPPPDCalls(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name string
		pppd []string
		conf string
	}{
		{name: "no authentication", pppd: []string{"noauth"}},
		{name: "PAP", pppd: []string{"noauth", "user", "me", "remotename", "srv"}, conf: "recv_pap recv_name=me recv_passwd=Geheimnis"},
		{name: "CHAP", pppd: []string{"noauth", "user", "them"}, conf: "recv_chap recv_name=them recv_passwd=Gegenteil"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			line := nextLine(t)
			far, bank := newHost(t, "far"), newBank(t)
			modem := newModem(t, bank, dialtest.ModemConfig{Name: "near", Number: "5550000"})
			bank.Answer(number, far.shell("mynam"))
			far.conf("mynam localhost=%s remotehost=%s %s %s", ourAddr(line), pppdAddr(line), noBSD, tt.conf)

			peer := pppdCalls(t, line, modem, tt.pppd...)
			far.await("up local="+ourAddr(line)+" remote="+pppdAddr(line), 90*time.Second)
			if _, err := peer.WaitEvent("ip-up", slowly); err != nil {
				t.Fatal(err)
			}
			carry(t, far.Net, netip.AddrPortFrom(netip.MustParseAddr(pppdAddr(line)), lab.EchoPort), 1<<20)
			if _, err := peer.Stop(t.Context()); err != nil {
				t.Error(err)
			}
			far.await("verdict: status=0 ", slowly)
			far.bare()
		})
	}
}
