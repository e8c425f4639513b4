package main

import (
	"fmt"
	"os"
	"strings"
	"testing"

	"pppdial/dial/dialtest"
)

// TestOffice: a caller gets an address of the office's Ethernet, and the machines
// there, which know of no route to it, find it by proxy ARP.
func TestOffice(t *testing.T) {
	t.Parallel()
	const server, caller, desk = "192.0.2.1", "192.0.2.13", "192.0.2.5"
	p := newPairing(t)
	office := newHost(t, "office")
	p.far.ip("link", "add", "eth0", "type", "veth", "peer", "name", "eth0", "netns", fmt.Sprintf("/proc/%d/fd/%d", os.Getpid(), office.ns.Fd()))
	p.far.ip("address", "add", server+"/24", "dev", "eth0")
	p.far.ip("link", "set", "eth0", "up")
	office.ip("address", "add", desk+"/24", "dev", "eth0")
	office.ip("link", "set", "eth0", "up")
	if err := p.far.Do(func() error { return os.WriteFile("/proc/sys/net/ipv4/ip_forward", []byte("1"), 0) }); err != nil {
		t.Fatal(err)
	}
	p.modem = newModem(t, p.bank, dialtest.ModemConfig{Name: "near", Number: "5550000"})
	p.bank.Answer(number, p.far.shell("mynam"))
	p.far.conf("mynam localhost=%s remotehost=%s", server, caller)
	p.near.conf(`rmt device=%s phone=%s login_chat='ogin: mynam ssword: \qxxx PPP' localhost=0 remotehost=0 add_route`, p.modem.Path(), number)
	call := p.near.call("rmt")
	call.await("up local="+caller+" remote="+server, slowly)
	p.far.await("up local="+server+" remote="+caller, slowly)
	if proxied := p.far.ip("neigh", "show", "proxy"); !strings.Contains(proxied, caller+" dev eth0") {
		t.Errorf("proxied: %q", proxied)
	}
	exchange(t, p.near.Net, office.echo(desk), 1<<18)
	exchange(t, office.Net, p.near.echo(caller), 1<<18)
	if got := call.term(); got != 5 {
		t.Errorf("status %d, want 5", got)
	}
	p.far.await("verdict: status=0 ", slowly)
	released(t, p.modem)
	if proxied := p.far.ip("neigh", "show", "proxy"); proxied != "" {
		t.Errorf("left: %s", proxied)
	}
	p.near.bare()
}
