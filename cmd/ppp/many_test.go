package main

import (
	"fmt"
	"net/netip"
	"os"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"pppdial/mp"
)

// envMany is how many callers TestMany has.
const envMany = "PPPTEST_MANY"

// manyCallers is how many there are.
func manyCallers(t *testing.T) int {
	t.Helper()
	s, ok := os.LookupEnv(envMany)
	if !ok {
		return 100
	}
	n, err := strconv.Atoi(s)
	if err != nil {
		t.Fatal(err)
	}
	return n
}

// TestMany: that many callers at once on one daemon, all of which prove
// themselves and are answered; then they are idle; then all hang up, and
// nothing is left.
func TestMany(t *testing.T) {
	n := manyCallers(t)
	lean := len(buildFlags) == 0 // the race detector takes several times as much
	h := newHost(t, "server")
	var conf strings.Builder
	fmt.Fprintln(&conf, "_INCOMING reconfigure recv_chap send_name=server")
	fmt.Fprintln(&conf, "+common localhost=10.200.0.1 -ccp")
	for i := range n {
		fmt.Fprintf(&conf, "u%d recv_passwd=Geheimnis%d remotehost=10.201.%d.%d continue=+common\n", i, i, i>>8, i&0xff)
	}
	daemon, c := h.serve(conf.String())
	before := statusOf(t, daemon)

	began := time.Now()
	for i := range n {
		c.call("_INCOMING", fmt.Sprintf("u%d", i), fmt.Sprintf("Geheimnis%d", i))
	}
	deadline := time.After(60 * time.Second)
	networks := make([]mp.Network, n)
	for i, e := range c.all {
		select {
		case networks[i] = <-e.up:
			if want := netip.AddrFrom4([4]byte{10, 201, byte(i >> 8), byte(i)}); networks[i].Local != want {
				t.Errorf("%s has the address %v, want %v", e.name, networks[i].Local, want)
			}
		case f := <-e.lost:
			t.Fatalf("%s: %+v", e.name, f)
		case <-deadline:
			t.Fatalf("%d of %d are up after 60 s", i, n)
		}
	}
	t.Logf("%d callers up after %v", n, time.Since(began).Round(time.Millisecond))
	var wg sync.WaitGroup
	for i, e := range c.all {
		wg.Go(func() {
			if err := e.ping(networks[i], slowly); err != nil {
				t.Error(err)
			}
		})
	}
	wg.Wait()
	if took := time.Since(began); took > 60*time.Second {
		t.Errorf("all up and answered after %v", took)
	} else {
		t.Logf("and answered after %v", took.Round(time.Millisecond))
	}
	after := statusOf(t, daemon)
	t.Logf("memory of the daemon: %d KB before, %d KB with %d callers: %d KB for each; %v of processor time",
		before.rss, after.rss, n, (after.rss-before.rss)/n, after.cpu-before.cpu)
	if each := (after.rss - before.rss) / n; each > 200 && lean {
		t.Errorf("%d KB of memory for each idle session", each)
	}
	waiting := c.idle("waiting")
	shell := h.at(waiting.slave, "_INCOMING")
	daemon.awaitTimes("a caller's line", n+1, slowly)
	t.Logf("memory of a waiting login shell: %d KB, of which %d KB are its own", statusOf(t, shell).rss, statusOf(t, shell).own)
	waiting.slave.Close()
	waiting.close()
	shell.status(slowly)

	const idle = 5 * time.Second
	time.Sleep(idle)
	last := statusOf(t, daemon)
	share := float64(last.cpu-after.cpu) / float64(idle) * 100
	t.Logf("idle: %.2f %% of a processor, %d threads, %d KB", share, last.threads, last.rss)
	if share > 2 && lean {
		t.Errorf("idle it uses %.2f %% of a processor", share)
	}

	began = time.Now()
	for _, e := range c.all {
		e.link.Close(mp.Closed, "bye")
	}
	for _, e := range c.all {
		<-e.lost
		if err := <-e.shell; err != nil {
			t.Errorf("%s: %v", e.name, err)
		}
		e.close()
	}
	t.Logf("all shells have ended after %v", time.Since(began).Round(time.Millisecond))
	daemon.awaitTimes("evidence=\"LCP: terminated by the peer: bye\"", n, slowly)
	t.Logf("all interfaces are gone after %v", time.Since(began).Round(time.Millisecond))
	h.bare()
	s := awaitDescriptors(t, daemon, before.fds)
	t.Logf("afterwards %d KB, %d descriptors", s.rss, s.fds)
	if got := daemon.term(); got != 5 {
		t.Errorf("status %d, want 5", got)
	}
	if strings.Contains(daemon.Log(), "Geheimnis") {
		t.Error("the log shows a secret")
	}
}
