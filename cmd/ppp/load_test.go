package main

import (
	"fmt"
	"io"
	"net/netip"
	"strings"
	"testing"
	"time"

	"pppdial/dial/dialtest"
)

// TestLinesFollowLoad: a transfer brings one line after the other up, and when
// it is over they go again, but for the last. The delays are the shortest; the
// rules for longer ones are tested in virtual time.
func TestLinesFollowLoad(t *testing.T) {
	t.Parallel()
	near, far, bank := newHost(t, "near"), newHost(t, "far"), newBank(t)
	bank.Answer(number, far.direct("mynam"))
	far.conf("mynam localhost=%s remotehost=%s maxdevs=3", farAddr, nearAddr)
	var devices []string
	var modems []*dialtest.Modem
	for i, name := range []string{"first", "second", "third"} {
		m := newModem(t, bank, dialtest.ModemConfig{Name: name, Number: fmt.Sprint(5550001 + i), Rate: 57600})
		devices, modems = append(devices, "device="+m.Path()), append(modems, m)
	}
	near.conf("rmt %s phone=%s localhost=%s remotehost=%s outdevs=3 busy_delay=5 idle_delay=5 -ccp",
		strings.Join(devices, " "), number, nearAddr, farAddr)
	began := time.Now()
	call := near.call("rmt")
	call.await("up local="+nearAddr, slowly)

	sink, err := far.Listen(netip.MustParseAddrPort(farAddr + ":9"))
	if err != nil {
		t.Fatal(err)
	}
	defer sink.Close()
	go func() {
		if c, err := sink.Accept(); err == nil {
			io.Copy(io.Discard, c)
			c.Close()
		}
	}()
	conn, err := near.Dial(netip.MustParseAddrPort(farAddr+":9"), slowly)
	if err != nil {
		t.Fatal(err)
	}
	load := time.Now()
	done := make(chan struct{})
	go func() {
		defer close(done)
		for buf := make([]byte, 4096); ; {
			if _, err := conn.Write(buf); err != nil {
				return
			}
		}
	}()
	call.await("links=3", 90*time.Second)
	over := time.Now()
	conn.Close()
	<-done
	call.awaitTimes("link left", 2, 120*time.Second)
	var diary strings.Builder
	for line := range strings.Lines(call.Log()) {
		if strings.Contains(line, "link joined") || strings.Contains(line, "link left") || strings.Contains(line, "no longer needed") {
			diary.WriteString(line)
		}
	}
	t.Logf("started at %v, load from %v to %v\n%s", began.Format(time.TimeOnly), load.Format(time.TimeOnly), over.Format(time.TimeOnly), diary.String())
	if _, err := near.Ping(netip.MustParseAddr(farAddr), 1, 56, slowly); err != nil {
		t.Error(err)
	}
	if got := call.term(); got != 5 {
		t.Errorf("status %d, want 5", got)
	}
	for _, m := range modems {
		released(t, m)
	}
	near.bare()
}
