package main

import (
	"context"
	"os"
	"strings"
	"testing"
	"time"

	"pppdial/dial/dialtest"
)

// TestKill: after kill -9 there are a stale lock, a modem in data mode and a
// route at another interface. The next start gets over all of them.
func TestKill(t *testing.T) {
	t.Parallel()
	p := newPairing(t)
	p.modem = newModem(t, p.bank, dialtest.ModemConfig{Name: "near", Number: "5550000"})
	p.bank.Answer(number, p.far.shell("mynam"))
	p.far.conf("mynam localhost=%s remotehost=%s", farAddr, nearAddr)
	p.near.ip("link", "add", "lan0", "type", "veth", "peer", "name", "lan1")
	p.near.ip("addr", "add", "192.0.2.2/24", "dev", "lan0")
	p.near.ip("link", "set", "lan0", "up")
	p.near.ip("link", "set", "lan1", "up")
	const entry = `%s device=%s phone=%s modem_init=AT&D0 login_chat='ogin: mynam ssword: \qxxx PPP' localhost=%s remotehost=%s modtries=1`
	p.near.conf(entry+" add_route='add 10.90.0.0/16 192.0.2.1'\n"+entry,
		"rmt", p.modem.Path(), number, nearAddr, farAddr, "again", p.modem.Path(), number, nearAddr, farAddr)
	p.call = p.near.call("rmt")
	p.awaitUp()
	if err := p.call.cmd.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	<-p.call.done
	if _, err := os.Stat(lockOf(t, p.modem.Path())); err != nil {
		t.Errorf("no stale lock to get over: %v", err)
	}
	ctx, cancel := context.WithTimeout(context.Background(), 5*time.Second)
	defer cancel()
	if err := p.modem.Await(ctx, dialtest.Online); err != nil {
		t.Error(err) // it shall not notice, as its DTR does not count
	}
	if routes := p.near.ip("route"); !strings.Contains(routes, "10.90.0.0/16 via 192.0.2.1 dev lan0") || strings.Contains(routes, "ppp0") {
		t.Errorf("routes after kill -9:\n%s", routes)
	}

	p.call = p.near.call("again")
	p.call.await("up local="+nearAddr, slowly)
	p.far.awaitTimes("up local="+farAddr, 2, slowly)
	carry(t, p.near.Net, p.far.echo(farAddr), 100_000)
	if routes := p.near.ip("route"); strings.Contains(routes, "10.90.0.0/16") {
		t.Errorf("the route of the killed ppp is still there:\n%s", routes)
	}
	if got := p.call.term(); got != 5 {
		t.Errorf("status %d, want 5", got)
	}
	released(t, p.modem)
}
