package main

import (
	"fmt"
	"math/rand/v2"
	"net/netip"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"pppdial/dial/dialtest"
)

const (
	killsEnv  = "PPPTEST_KILLS" // so many instead of a few
	fewKills  = 6
	killsTime = 800 * time.Millisecond // a call comes up and carries traffic within it
)

// TestKills: kill -9 at random moments of calls, of who calls and of who is
// called. The next start succeeds without help, and when it has ended in an
// orderly way nothing is left of any of them: no lock, route, neighbour entry,
// name server or record of a call, no modem in data mode or with its DTR raised.
func TestKills(t *testing.T) {
	t.Parallel()
	kills := fewKills
	if s := os.Getenv(killsEnv); s != "" {
		n, err := strconv.Atoi(s)
		if err != nil {
			t.Fatal(err)
		}
		kills = n
	}
	p := newPairing(t)
	p.modem = newModem(t, p.bank, dialtest.ModemConfig{Name: "near", Number: "5550000"})
	// The labels are the names in the records of calls, which all tests share.
	p.bank.Answer(number, p.far.shell("killed2"))
	p.near.ip("link", "add", "lan0", "type", "veth", "peer", "name", "lan1")
	p.near.ip("addr", "add", "192.0.2.2/24", "dev", "lan0")
	p.near.ip("link", "set", "lan0", "up")
	p.near.ip("link", "set", "lan1", "up")
	bare := p.near.ip("route")
	for end := time.Now().Add(slowly); strings.Contains(bare, "linkdown"); bare = p.near.ip("route") {
		if time.Now().After(end) {
			t.Fatalf("lan0 gets no carrier:\n%s", bare)
		}
		time.Sleep(10 * time.Millisecond) // the kernel says it a while longer than it is so
	}
	p.far.conf("killed2 localhost=%s remotehost=%s ms_dns=10.0.0.53 lcp_echo_interval=1 lcp_echo_fails=3", farAddr, nearAddr)
	// DTR says nothing to the modem: it stays in data mode when its ppp has gone.
	p.near.conf("killed1 device=%s phone=%s modem_init=AT&D0 login_chat='ogin: killed2 ssword: \\qxxx PPP' localhost=%s remotehost=%s modtries=20 modwait=1 lcp_echo_interval=1 lcp_echo_fails=3 "+
		"add_route='add 10.90.0.0/16 192.0.2.1' add_route='add 10.91.0.0/16 #'",
		p.modem.Path(), number, nearAddr, farAddr)

	seed := uint64(time.Now().UnixNano())
	t.Logf("seed %d", seed)
	random := rand.New(rand.NewPCG(seed, seed))
	stages := map[string]int{}
	stale := 0 // records of calls that the next start has ended
	for i := range kills {
		p.call = p.near.call("killed1")
		// Most of them while the call comes up.
		delay := time.Duration(float64(killsTime) * random.Float64() * random.Float64())
		time.Sleep(delay)
		stage := phaseOf(p.call)
		if pid := p.far.owner("killed2"); pid != 0 && random.IntN(3) == 0 {
			stage += ", who is called"
			if err := syscall.Kill(pid, syscall.SIGKILL); err != nil {
				t.Error(err)
			}
			p.call.term()
		} else {
			if err := p.call.cmd.Process.Kill(); err != nil {
				t.Fatal(err)
			}
			<-p.call.done
		}
		stages[stage]++

		p.call = p.near.call("killed1")
		p.call.await("up local="+nearAddr, slowly)
		if _, found, _ := p.call.has("ending the record of a killed ppp"); found {
			stale++
		}
		if _, err := p.near.Ping(netip.MustParseAddr(farAddr), i, 56, slowly); err != nil {
			t.Error(err)
		}
		if got := p.call.term(); got != 5 {
			t.Errorf("status %d, want 5", got)
		}
		released(t, p.modem)
		if routes := p.near.ip("route"); routes != bare {
			t.Errorf("routes that are left:\n%s", routes)
		}
		if neighbours := p.near.ip("neigh", "show", "proxy") + p.far.ip("neigh", "show", "proxy"); neighbours != "" {
			t.Errorf("neighbour entries that are left:\n%s", neighbours)
		}
		if left, _ := filepath.Glob(filepath.Join(p.near.dir, "resolv.conf.*")); len(left) > 0 {
			t.Errorf("name servers that are left: %v", left)
		}
		if calls := who(t, "killed1"); calls != "" {
			t.Errorf("records of calls that are left:\n%s", calls)
		}
		awaitWho(t, "killed2", 0, slowly)
		if links := p.near.ip("-o", "link"); strings.Contains(links, "ppp") {
			t.Errorf("interfaces that are left:\n%s", links)
		}
		if t.Failed() {
			t.Fatalf("kill %d, %s, after %v", i, stage, delay)
		}
	}
	p.far.awaitBare(slowly)
	if calls := last(t, "killed1"); !strings.Contains(calls, "killed1 ") {
		t.Errorf("no call was recorded:\n%s", calls)
	}
	t.Logf("%d kills: %v; %d records of calls ended by the next start of who calls", kills, stages, stale)
}

// owner is the pid of the ppp on the host that has an entry; 0: none.
func (h *host) owner(label string) int {
	b, _ := os.ReadFile(filepath.Join(h.dir, "entry."+label))
	pid, _ := strconv.Atoi(strings.TrimSpace(string(b)))
	if exe, _ := os.Readlink(fmt.Sprintf("/proc/%d/exe", pid)); exe != program {
		return 0
	}
	return pid
}

// awaitBare waits until the host has neither routes nor interfaces but its own.
func (h *host) awaitBare(patience time.Duration) {
	h.t.Helper()
	for began := time.Now(); time.Since(began) < patience; time.Sleep(50 * time.Millisecond) {
		if h.ip("route") == "" && !strings.Contains(h.ip("-o", "link"), "ppp") {
			return
		}
	}
	h.bare()
}

// phaseOf is how far a ppp has come, by its log.
func phaseOf(p *ppp) string {
	last := "before dialing"
	for _, stage := range []struct{ text, phase string }{
		{"ATDT", "dialing"}, {"CONNECT", "LCP"}, {"phase authenticate", "admission"},
		{"phase network", "network"}, {"up local=", "up"},
	} {
		if _, ok, _ := p.has(stage.text); ok {
			last = stage.phase
		}
	}
	return last
}
