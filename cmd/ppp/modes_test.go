package main

import (
	"bytes"
	"context"
	"fmt"
	"math/rand/v2"
	"net/netip"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"pppdial/cmd/internal/lab"
	"pppdial/cmd/internal/rendezvous"
	"pppdial/cmd/internal/status"
	"pppdial/dial/dialtest"
)

// direct is ppp as a login shell without the login.
func (h *host) direct(user string) dialtest.Command {
	c := h.shell(user).Command
	c.Env = append(c.Env, "USER="+user)
	return c
}

// ping sends one echo request over a link that may have to be made first.
func (h *host) ping(to string, seq int, patience time.Duration) time.Duration {
	h.t.Helper()
	rtt, err := h.Ping(netip.MustParseAddr(to), seq, 56, patience)
	if err != nil {
		h.t.Fatal(err)
	}
	return rtt
}

// TestQuiet: a packet makes the call and is answered itself, idleness ends it,
// the interface stays, and the next packet does the same again.
func TestQuiet(t *testing.T) {
	t.Parallel()
	near, far, bank := newHost(t, "near"), newHost(t, "far"), newBank(t)
	modem := newModem(t, bank, dialtest.ModemConfig{Name: "near", Number: "5550000", ConnectAfter: time.Second})
	bank.Answer(number, far.direct("mynam"))
	far.conf("mynam localhost=%s remotehost=%s", farAddr, nearAddr)
	near.conf("rmt quiet device=%s phone=%s localhost=%s remotehost=%s add_route inactive_timeout=2 active_timeout=2 modwait=1",
		modem.Path(), number, nearAddr, farAddr)
	call := near.call("rmt")
	call.await("waiting for traffic", slowly)
	standing := near.ip("route")
	if !strings.Contains(standing, "default dev ppp0") {
		t.Errorf("routes before the first call:\n%s", standing)
	}
	for i := range 3 {
		took := near.ping(farAddr, i, slowly)
		rest := "a modem that has rested"
		if i > 0 {
			rest = "a modem that has to rest for 1 s"
		}
		t.Logf("from the first packet to its reply, with %s and connects in 1 s: %v", rest, took.Round(time.Millisecond))
		call.awaitTimes(`calling because="icmp `+nearAddr+" > "+farAddr, i+1, slowly)
		call.awaitTimes(`connection begins because="icmp `, i+1, slowly)
		call.awaitTimes("connection ends because=\"there was nothing to carry\"", i+1, slowly)
		call.awaitTimes("verdict: status=12 ", i+1, slowly)
		released(t, modem)
		if got := near.ip("route"); got != standing {
			t.Errorf("routes after the call:\n%s", got)
		}
	}
	if got := strings.Count(modem.Transcript(), "> \"ATDT"); got != 3 {
		t.Errorf("%d calls, want 3", got)
	}
	if got := call.term(); got != 5 {
		t.Errorf("status %d, want 5", got)
	}
	near.bare()
}

// TestQuietPPPD: the same against pppd.
func TestQuietPPPD(t *testing.T) {
	t.Parallel()
	l := newLogin(t, "noauth")
	near, bank := newHost(t, "near"), newBank(t)
	modem := newModem(t, bank, dialtest.ModemConfig{Name: "near", Number: "5550000", ConnectAfter: time.Second})
	bank.Answer(number, l.service())
	near.conf(`rmt quiet device=%s phone=%s login_chat='ogin: mynam ssword: \qxxx' localhost=%s remotehost=%s inactive_timeout=3 -ipv6 %s`,
		modem.Path(), number, ourAddr(l.line), pppdAddr(l.line), noBSD)
	call := near.call("rmt")
	call.await("waiting for traffic", slowly)
	for i := range 2 {
		took, err := near.Ping(netip.MustParseAddr(pppdAddr(l.line)), i, 56, 10*time.Second)
		if err != nil { // it came before pppd had an interface for it
			t.Logf("pppd does not answer the first packet: %v", err)
		} else {
			t.Logf("from the first packet to pppd's reply, with a login: %v", took.Round(time.Millisecond))
		}
		peer := l.pppd(slowly)
		call.awaitTimes("verdict: status=12 ", i+1, slowly)
		if n := strings.Count(call.Log(), ` sent=84 `); n != i+1 {
			t.Errorf("%d of %d calls have carried the packet that caused them", n, i+1)
		}
		ended(t, peer)
	}
	if got := call.term(); got != 5 {
		t.Errorf("status %d, want 5", got)
	}
}

// TestDemandPPPD is what pppd needs where TestQuiet tells what we do: its demand
// with chat, a modem that connects in 1 s, the same other side.
func TestDemandPPPD(t *testing.T) {
	t.Parallel()
	g, line := theLab(t), nextLine(t)
	far, bank := newHost(t, "far"), newBank(t)
	modem := newModem(t, bank, dialtest.ModemConfig{Name: "near", Number: "5550000", ConnectAfter: time.Second})
	bank.Answer(number, far.direct("mynam"))
	far.conf("mynam localhost=%s remotehost=%s %s", ourAddr(line), pppdAddr(line), noBSD)

	ctx, cancel := context.WithTimeout(context.Background(), 2*time.Minute)
	defer cancel()
	conn, err := g.Line(line).Attach()
	if err != nil {
		t.Fatal(err)
	}
	tty, err := os.OpenFile(modem.Path(), os.O_RDWR|unix.O_NOCTTY|unix.O_NONBLOCK, 0)
	if err != nil {
		t.Fatal(err)
	}
	joined, disconnect := context.WithCancel(ctx)
	done := make(chan struct{})
	go func() { lab.Join(joined, conn, tty); close(done) }()
	defer func() { disconnect(); <-done }()
	net, err := g.NewNetns(ctx, fmt.Sprint("demand", line))
	if err != nil {
		t.Fatal(err)
	}
	peer, err := net.PPPD(ctx, line, "debug", "noauth", "noipv6", "demand", "idle", "600", pppdAddr(line)+":"+ourAddr(line),
		"connect", `chat ABORT BUSY ABORT 'NO CARRIER' '' AT OK ATDT`+number+` CONNECT ''`)
	if err != nil {
		t.Fatal(err)
	}
	out, status, err := net.Run(ctx, "ping -n -c 1 -W 40 "+ourAddr(line))
	if err != nil || status != 0 {
		t.Fatalf("%v, %s\n%s", err, out, peer.Log())
	}
	_, took, _ := strings.Cut(out, " time=")
	took, _, _ = strings.Cut(took, "\n")
	t.Logf("pppd demand, from the first packet to its reply, with a modem that connects in 1 s: %s", took)
	if _, err := peer.Stop(ctx); err != nil {
		t.Error(err)
	}
}

// TestQuietGivesUp: what waits for a link that does not come is dropped, and
// counted, and the next packet begins a new series of calls.
func TestQuietGivesUp(t *testing.T) {
	t.Parallel()
	near, bank := newHost(t, "near"), newBank(t)
	modem := newModem(t, bank, dialtest.ModemConfig{Name: "near", Number: "5550000"})
	bank.Number(number, dialtest.NoAnswer)
	near.conf("rmt quiet device=%s phone=%s localhost=%s remotehost=%s modtries=2 modwait=1", modem.Path(), number, nearAddr, farAddr)
	call := near.call("rmt")
	call.await("waiting for traffic", slowly)
	for i := range 2 {
		if _, err := near.Ping(netip.MustParseAddr(farAddr), i, 56, 100*time.Millisecond); err == nil {
			t.Fatal("somebody answers")
		}
		call.awaitTimes("giving up for now tries=2", i+1, slowly)
	}
	if got := strings.Count(modem.Transcript(), "> \"ATDT"); got != 4 {
		t.Errorf("%d calls, want 4", got)
	}
	if got := call.term(); got != 5 {
		t.Errorf("status %d, want 5", got)
	}
	call.await("dropped=map[no_link:2]", 0)
}

// TestCamp: whatever happens to the other side, the link comes back, and its
// routes are others' in the meantime.
func TestCamp(t *testing.T) {
	t.Parallel()
	near, far, bank := newHost(t, "near"), newHost(t, "far"), newBank(t)
	modem := newModem(t, bank, dialtest.ModemConfig{Name: "near", Number: "5550000", ConnectAfter: 300 * time.Millisecond, CarrierHangup: true})
	bank.Answer(number, far.direct("mynam"))
	far.conf("mynam localhost=%s remotehost=%s", farAddr, nearAddr)
	near.conf("rmt camp device=%s phone=%s localhost=%s remotehost=%s add_route modwait=1 modtries=2", modem.Path(), number, nearAddr, farAddr)
	near.ip("link", "set", "lo", "up")
	near.ip("route", "add", "default", "dev", "lo", "metric", "500")
	call := near.call("rmt")
	for i := range 10 {
		call.awaitTimes("up local="+nearAddr, i+1, slowly)
		near.ping(farAddr, i, slowly)
		if routes := near.ip("route"); !strings.Contains(routes, "default dev ppp0") {
			t.Errorf("routes of the caller:\n%s", routes)
		}
		time.Sleep(rand.N(400 * time.Millisecond)) // the moment is to be any
		killed := time.Now()
		killAll(t, filepath.Join(far.dir, "ppp.conf"))
		call.awaitTimes("connection ends", i+1, slowly)
		if routes := near.ip("route"); strings.Contains(routes, "default dev ppp0") {
			t.Errorf("routes while it is down:\n%s", routes)
		}
		call.awaitTimes("up local="+nearAddr, i+2, slowly)
		t.Logf("back %v after the kill, with 1 s of rest and 0.3 s of dialing", time.Since(killed).Round(time.Millisecond))
	}
	if got := call.term(); got != 5 {
		t.Errorf("status %d, want 5", got)
	}
	released(t, modem)
	if got, want := near.ip("route"), "default dev lo scope link metric 500 \n"; got != want {
		t.Errorf("routes afterwards:\n%s", got)
	}
}

// killAll kills the programs that have a word on their command line.
func killAll(t *testing.T, word string) {
	t.Helper()
	all, err := filepath.Glob("/proc/[0-9]*/cmdline")
	if err != nil {
		t.Fatal(err)
	}
	killed := 0
	for _, path := range all {
		if line, err := os.ReadFile(path); err != nil || !bytes.Contains(line, []byte(word)) {
			continue
		}
		pid, err := strconv.Atoi(filepath.Base(filepath.Dir(path)))
		if err != nil {
			t.Fatal(err)
		}
		syscall.Kill(pid, syscall.SIGKILL)
		killed++
	}
	if killed == 0 {
		t.Errorf("nobody has %s on the command line", word)
	}
}

// TestCampPPPD: the same with a pppd that is killed.
func TestCampPPPD(t *testing.T) {
	t.Parallel()
	l := newLogin(t, "noauth")
	near, bank := newHost(t, "near"), newBank(t)
	modem := newModem(t, bank, dialtest.ModemConfig{Name: "near", Number: "5550000"})
	bank.Answer(number, l.service())
	near.conf(`rmt camp device=%s phone=%s login_chat='ogin: mynam ssword: \qxxx' localhost=%s remotehost=%s modwait=1 %s`,
		modem.Path(), number, ourAddr(l.line), pppdAddr(l.line), noBSD)
	call := near.call("rmt")
	for i := range 3 {
		peer := l.pppd(slowly)
		call.awaitTimes("up local="+ourAddr(l.line), i+1, slowly)
		if _, err := peer.WaitEvent("ip-up", slowly); err != nil {
			t.Fatal(err)
		}
		near.ping(pppdAddr(l.line), i, slowly)
		if err := peer.Signal("KILL"); err != nil {
			t.Fatal(err)
		}
	}
	call.awaitTimes("up local="+ourAddr(l.line), 4, slowly)
	if got := call.term(); got != 5 {
		t.Errorf("status %d, want 5", got)
	}
}

// TestHangupSignal: SIGHUP breaks the link, and the mode decides what follows.
func TestHangupSignal(t *testing.T) {
	t.Parallel()
	near, far, bank := newHost(t, "near"), newHost(t, "far"), newBank(t)
	modem := newModem(t, bank, dialtest.ModemConfig{Name: "near", Number: "5550000"})
	bank.Answer(number, far.direct("mynam"))
	// The login shell does not wait for traffic, whatever its entry says.
	far.conf("mynam quiet localhost=%s remotehost=%s", farAddr, nearAddr)
	near.conf("rmt out camp device=%s phone=%s localhost=%s remotehost=%s modwait=1\nquiet quiet inactive_timeout=60 device=%[1]s phone=%[2]s localhost=%[3]s remotehost=%[4]s modwait=1",
		modem.Path(), number, nearAddr, farAddr)
	for _, mode := range []string{"rmt", "quiet"} {
		call := near.call(mode)
		if mode == "quiet" {
			call.await("waiting for traffic", slowly)
			near.ping(farAddr, 0, slowly)
		}
		call.await("up local="+nearAddr+" remote="+farAddr, slowly)
		call.signal(syscall.SIGHUP)
		call.await("verdict: status=16 phase=network by=us evidence=\"SIGHUP\"", slowly)
		if mode == "quiet" {
			near.ping(farAddr, 1, slowly)
		}
		call.awaitTimes("connection begins", 2, slowly)
		if got := call.term(); got != 5 {
			t.Errorf("%s: status %d, want 5", mode, got)
		}
	}
	near.bare()
}

// TestTimeouts: what ends a call by itself, and with which status.
func TestTimeouts(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		words  string
		status int
	}{
		{"max_connect_secs=2", 13},
	} {
		t.Run(tt.words, func(t *testing.T) {
			t.Parallel()
			p := newPairing(t)
			byIn(t, p, tt.words, "")
			p.awaitUp()
			if got := p.call.status(slowly); got != tt.status {
				t.Errorf("status %d, want %d", got, tt.status)
			}
			p.call.await(fmt.Sprintf("verdict: status=%d phase=network by=us", tt.status), 0)
			released(t, p.modem)
			p.near.bare()
		})
	}
}

// TestRedialLimit: calls of a program before count for the next.
func TestRedialLimit(t *testing.T) {
	t.Parallel()
	near, bank := newHost(t, "near"), newBank(t)
	modem := newModem(t, bank, dialtest.ModemConfig{Name: "near", Number: "5550000"})
	bank.Number(number, dialtest.Busy)
	near.conf("rmt camp device=%s phone=%s modwait=1 redial_limit=3", modem.Path(), number)
	call := near.call("rmt")
	call.awaitTimes("next try after=", 2, slowly)
	call.term()
	call = near.call("rmt")
	call.await("next try after=59m", slowly)
	if got := strings.Count(modem.Transcript(), "> \"ATDT"); got != 3 {
		t.Errorf("%d calls, want 3", got)
	}
	call.term()
}

// TestSymmetric: both ends call each other when there is traffic, each with a
// daemon of its own whose number the other one knows. Whatever happens at the
// same time, one link results, and both pings are answered.
func TestSymmetric(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name  string
		lines int // telephone lines of each side for calls of the other
		times int
	}{
		{"one line each", 1, 25},
		{"a line for each call", 2, 25},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			p := newPairing(t)
			var modems, answering [2]*dialtest.Modem
			hosts := [2]*host{p.near, p.far}
			numbers := [2]string{"5550001", "5550002"}
			addrs := [2]string{nearAddr, farAddr}
			for i, h := range hosts {
				modems[i] = newModem(t, p.bank, dialtest.ModemConfig{Name: "m" + h.name, Number: numbers[i], ConnectAfter: 50 * time.Millisecond})
				answering[i] = modems[i]
				if tt.lines == 2 {
					modems[i] = newModem(t, p.bank, dialtest.ModemConfig{Name: "out" + h.name, ConnectAfter: 50 * time.Millisecond})
				}
			}
			var calls [2]*ppp
			for i, h := range hosts {
				answering[i].Serve(h.direct("peer"))
				h.conf(`peer quiet device=%s phone=%s login_chat='TIMEOUT 5 PPP' localhost=%s remotehost=%s modwait=1 modtries=20 inactive_timeout=600`,
					modems[i].Path(), numbers[1-i], addrs[i], addrs[1-i])
				calls[i] = h.call("peer")
				calls[i].await("waiting for traffic", slowly)
			}
			var slowest time.Duration
			var lost atomic.Int32
			for n := range tt.times {
				offset := rand.N(time.Second) // the moments are to be any
				replies := make(chan error, 2)
				began := time.Now()
				for i, h := range hosts {
					go func() {
						time.Sleep(time.Duration(i) * offset)
						again, err := h.insist(addrs[1-i], n)
						lost.Add(int32(again))
						replies <- err
					}()
				}
				for range hosts {
					if err := <-replies; err != nil {
						t.Fatalf("round %d, offset %v: %v", n, offset, err)
					}
				}
				slowest = max(slowest, time.Since(began))
				for i := range hosts {
					if err := hosts[i].awaitLinks(1, slowly); err != nil {
						t.Fatalf("round %d, offset %v, %s: %v", n, offset, hosts[i].name, err)
					}
				}
				calls[n%2].signal(syscall.SIGHUP)
				for i := range hosts {
					if err := hosts[i].awaitLinks(0, slowly); err != nil {
						t.Fatalf("round %d, after SIGHUP, %s: %v", n, hosts[i].name, err)
					}
				}
			}
			t.Logf("%d rounds, the slowest answered after %v; %d pings were lost with a link on which two calls met", tt.times, slowest.Round(time.Millisecond), lost.Load())
			for _, c := range calls {
				if got := c.term(); got != 5 {
					t.Errorf("status %d, want 5", got)
				}
			}
			p.near.bare()
			p.far.bare()
		})
	}
}

// insist pings until there is an answer, and tells how many were lost: what was
// on a link already when a crossing call has cut it is gone. Nor do the two sides
// keep step, or the same moment would come again each time.
func (h *host) insist(to string, seq int) (lost int, err error) {
	for ; lost < 4; lost++ {
		if _, err = h.Ping(netip.MustParseAddr(to), seq, 56, 15*time.Second+rand.N(5*time.Second)); err == nil {
			return lost, nil
		}
	}
	return lost, err
}

// awaitLinks waits until the daemon on a host has so many links, and is in the
// phase that goes with them.
func (h *host) awaitLinks(n int, patience time.Duration) error {
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	phase := status.Holding
	if n > 0 {
		phase = status.NetworkPhase
	}
	for {
		doc, err := rendezvous.State(ctx, h.dir, rendezvous.Query{})
		switch {
		case err != nil:
			return err
		case len(doc.Bundles) == 1 && len(doc.Bundles[0].Links) == n && doc.Bundles[0].Phase == phase:
			return nil
		}
		select {
		case <-time.After(10 * time.Millisecond):
		case <-ctx.Done():
			return fmt.Errorf("%+v", doc)
		}
	}
}
