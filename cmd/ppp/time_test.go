package main

import (
	"bytes"
	"context"
	"io"
	"os"
	"slices"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"pppdial/cmd/internal/lab"
	"pppdial/dial/dialtest"
)

// TestTimeToUp measures how long it takes from CONNECT to the interface, with
// modems that cost nothing and with a round trip of 100 ms.
func TestTimeToUp(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name      string
		near, far string
		trips     float64 // round trips that the protocols need: LCP, authentication, IPCP
	}{
		{name: "no authentication", trips: 1 + 0 + 1},
		{name: "PAP", near: "send_pap send_name=me send_passwd=x", far: "recv_pap recv_passwd=x", trips: 1 + 1 + 1},
		// The challenge comes half a round trip after LCP.
		{name: "CHAP", near: "send_chap send_name=me send_passwd=x", far: "recv_chap recv_passwd=x", trips: 1 + 1.5 + 1},
	} {
		for _, trip := range []time.Duration{0, 100 * time.Millisecond} {
			t.Run(tt.name+", "+trip.String(), func(t *testing.T) {
				t.Parallel()
				p := newPairing(t)
				p.modem = newModem(t, p.bank, dialtest.ModemConfig{Name: "near", Number: "5550000", Delay: trip / 4})
				far := newModem(t, p.bank, dialtest.ModemConfig{Name: "far", Number: number, Delay: trip / 4})
				p.far.conf("answer in device=%s modem_init=AT -dns localhost=%s remotehost=%s %s", far.Path(), farAddr, nearAddr, tt.far)
				p.near.conf("rmt device=%s phone=%s -dns localhost=%s remotehost=%s %s", p.modem.Path(), number, nearAddr, farAddr, tt.near)
				p.answer = p.far.call("answer")
				p.answer.await("waiting for a call", slowly)
				p.call = p.near.call("rmt")
				p.awaitUp()
				began := lineTime(t, p.call.await("CONNECT", 0))
				took := lineTime(t, p.call.await("up local="+nearAddr, 0)).Sub(began)
				needed := time.Duration(tt.trips * float64(trip))
				t.Logf("CONNECT to up: %v, of which %v are %.1f round trips of %v", took, needed, tt.trips, trip)
				if took > needed+time.Second {
					t.Errorf("CONNECT to up takes %v, and the round trips only %v", took, needed)
				}
				p.call.term()
			})
		}
	}
}

// TestTimeToFirst measures how long it takes from the start of the program to its
// first Configure-Request. It runs while no other test does.
func TestTimeToFirst(t *testing.T) {
	h, bank := newHost(t, "near"), newBank(t)
	cable, err := bank.Cable(dialtest.CableConfig{Name: "cable"})
	if err != nil {
		t.Fatal(err)
	}
	far, err := os.OpenFile(cable.PathB(), os.O_RDWR|unix.O_NOCTTY|unix.O_NONBLOCK, 0)
	if err != nil {
		t.Fatal(err)
	}
	defer far.Close()
	conf := h.conf("direct device=%s local localhost=%s remotehost=%s", cable.PathA(), nearAddr, farAddr)
	var took []time.Duration
	for range 11 {
		began := time.Now()
		call := h.run("-r", "direct", "-f", conf)
		far.SetReadDeadline(began.Add(20 * time.Second))
		var got []byte
		for buf := make([]byte, 256); !bytes.Contains(got, []byte{0x7e}); {
			n, err := far.Read(buf)
			if err != nil {
				t.Fatal(err)
			}
			got = append(got, buf[:n]...)
		}
		took = append(took, time.Since(began))
		call.cmd.Process.Kill() // without a word to a peer who is not there
		<-call.done
		far.SetReadDeadline(time.Now().Add(100 * time.Millisecond))
		io.Copy(io.Discard, far) // until it is silent
	}
	slices.Sort(took)
	t.Logf("start to first Configure-Request: median %v, least %v, most %v", took[len(took)/2], took[0], took[len(took)-1])
}

// TestTimeToUpPPPD measures how long we and a pppd need to come up with a pppd
// that answers, from the moment when both have the line.
func TestTimeToUpPPPD(t *testing.T) {
	t.Parallel()
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	l := newLogin(t, "noauth")
	g := l.guest

	near, bank := newHost(t, "near"), newBank(t)
	modem := newModem(t, bank, dialtest.ModemConfig{Name: "near", Number: "5550000"})
	bank.Answer(number, l.service())
	near.conf(`rmt device=%s phone=%s login_chat='ogin: mynam ssword: \qxxx' localhost=0 remotehost=0`, modem.Path(), number)
	call := near.call("rmt")
	peer := l.pppd(slowly)
	call.await("up local="+ourAddr(l.line), slowly)
	ours := time.Now()
	began, ok := peer.LogTime("Connect: ")
	if !ok {
		t.Errorf("pppd does not say when it has the line:\n%s", peer.Log())
	}
	t.Logf("ppp calls pppd: up %v after pppd has the line", ours.Sub(began).Round(time.Millisecond))
	call.term()
	ended(t, peer)

	a, err := g.Line(l.line).Attach()
	if err != nil {
		t.Fatal(err)
	}
	other := nextLine(t)
	b, err := g.Line(other).Attach()
	if err != nil {
		t.Fatal(err)
	}
	joined, disconnect := context.WithCancel(ctx)
	done := make(chan struct{})
	go func() { lab.Join(joined, a, b); close(done) }()
	defer func() { disconnect(); <-done }()
	answering, err := g.PPPD(ctx, l.line, l.options...)
	if err != nil {
		t.Fatal(err)
	}
	net, err := g.NewNetns(ctx, "calling")
	if err != nil {
		t.Fatal(err)
	}
	calling, err := net.PPPD(ctx, other, "debug", "noauth", "connect", "true")
	if err != nil {
		t.Fatal(err)
	}
	if err := calling.WaitLog("local  IP address", slowly); err != nil {
		t.Fatal(err)
	}
	theirs := time.Now()
	if began, ok = calling.LogTime("Connect: "); !ok {
		t.Errorf("pppd does not say when it has the line:\n%s", calling.Log())
	}
	t.Logf("pppd calls pppd: up %v after it has the line", theirs.Sub(began).Round(time.Millisecond))
	for _, p := range []*lab.PPPD{calling, answering} {
		if _, err := p.Stop(ctx); err != nil {
			t.Error(err)
		}
	}
}
