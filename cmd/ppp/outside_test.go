package main

import (
	"os"
	"testing"

	"pppdial/dial/dialtest"
)

// TestOutside: what others do to the host and its interface. Without IPv6 in the
// kernel the link carries IPv4; without its interface the program ends.
func TestOutside(t *testing.T) {
	t.Parallel()
	for _, mode := range []string{"out", "out camp", "quiet"} {
		t.Run(mode, func(t *testing.T) {
			t.Parallel()
			near, far, bank := newHost(t, "near"), newHost(t, "far"), newBank(t)
			modem := newModem(t, bank, dialtest.ModemConfig{Name: "near", Number: "5550000"})
			bank.Answer(number, far.direct("mynam"))
			far.conf("mynam localhost=%s remotehost=%s", farAddr, nearAddr)
			near.conf("rmt %s device=%s phone=%s localhost=%s remotehost=%s modwait=1 inactive_timeout=60", mode, modem.Path(), number, nearAddr, farAddr)
			if err := near.Do(func() error {
				return os.WriteFile("/proc/sys/net/ipv6/conf/default/disable_ipv6", []byte("1"), 0)
			}); err != nil {
				t.Fatal(err)
			}
			call := near.call("rmt")
			if mode == "quiet" {
				call.await("waiting for traffic", slowly)
			} else {
				call.await("up local="+nearAddr+" remote="+farAddr, slowly)
			}
			near.ping(farAddr, 0, slowly)
			call.await("no IPv6 because=", slowly)
			near.ip("link", "del", "ppp0")
			if got := call.status(slowly); got != 1 {
				t.Errorf("status %d, want 1", got)
			}
			call.await("the interface ppp0 has been removed", 0)
			released(t, modem)
			near.bare()
		})
	}
}
