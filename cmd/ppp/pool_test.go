package main

import (
	"net/netip"
	"strings"
	"testing"

	"pppdial/mp"
	"pppdial/mp/proto"
)

const pooled = `_INCOMING reconfigure recv_chap send_name=server
+pool pool=10.201.0.10-10.201.0.14 localhost=10.201.0.10 recv_passwd=Geheimnis
ann continue=+pool
bob continue=+pool
cat continue=+pool
dan continue=+pool
eve remotehost=10.201.0.12 continue=+pool
`

// TestPool: callers get addresses that nobody has, the same again when they call
// again, and are sent away when none is left.
func TestPool(t *testing.T) {
	t.Parallel()
	h := newHost(t, "server")
	h.ip("address", "add", "10.201.0.14/32", "dev", "lo")
	daemon, c := h.serve(pooled)
	call := func(name string) *callerEnd { return c.call("_INCOMING", name, "Geheimnis") }
	addr := func(e *callerEnd) string { return e.isUp(t).Local.String() }

	ann, bob := call("ann"), (*callerEnd)(nil)
	first := addr(ann)
	bob = call("bob")
	second := addr(bob)
	if first != "10.201.0.11" || second != "10.201.0.13" {
		t.Errorf("the first two have %s and %s, want those which nobody else has", first, second)
	}
	cat := call("cat")
	if f, _ := cat.ends(t); f.Kind != mp.PeerTerminated || !strings.Contains(f.Error(), "No address is left") {
		t.Errorf("the third: %+v", f)
	}
	daemon.await(`are in use or reserved" cause="there is no address for the peer"`, slowly)
	eve := call("eve")
	if got := addr(eve); got != "10.201.0.12" {
		t.Errorf("whose entry names an address has %s", got)
	}

	bob.bye(t)
	ann.bye(t)
	daemon.awaitTimes(`verdict: status=0 `, 2, slowly)
	bob = call("bob")
	if got := addr(bob); got != second {
		t.Errorf("%s had %s and now gets %s", bob.name, second, got)
	}
	dan := c.calls(calling{label: "_INCOMING", name: "dan", secret: "Geheimnis",
		ipcp: &proto.IPCPConfig{Local: []proto.AddrSet{{Addr: netip.MustParseAddr(second)}}}})
	if f, _ := dan.ends(t); f.Up {
		t.Errorf("who insists on another's address: %+v", f)
	}
	for _, e := range []*callerEnd{bob, eve} {
		e.bye(t)
	}
	daemon.awaitTimes(`verdict: `, 6, slowly)
	if got := daemon.term(); got != 5 {
		t.Errorf("status %d, want 5", got)
	}
	h.bare()
}
