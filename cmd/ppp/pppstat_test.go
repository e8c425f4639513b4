package main

import (
	"encoding/json"
	"io"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus/testutil/promlint"

	"pppdial/cmd/internal/status"
	"pppdial/dial/dialtest"
)

// buildPppstat makes the program that looks.
var buildPppstat = sync.OnceValues(func() (string, error) {
	path := filepath.Join(filepath.Dir(program), "pppstat")
	out, err := exec.Command("go", "build", "-o", path, "pppdial/cmd/pppstat").CombinedOutput()
	if err != nil {
		return "", &exec.Error{Name: string(out), Err: err}
	}
	return path, nil
})

// pppstat runs it on the host, and returns what it says.
func (h *host) pppstat(args ...string) (string, error) {
	h.t.Helper()
	path, err := buildPppstat()
	if err != nil {
		h.t.Fatal(err)
	}
	c := exec.Command(path, args...)
	c.Env = append(os.Environ(), "RUNTIME_DIRECTORY="+h.dir)
	out, err := c.CombinedOutput()
	return string(out), err
}

// state waits until pppstat -j tells of the interface what is wanted.
func (h *host) state(what string, wanted func(*status.Bundle) bool) *status.Bundle {
	h.t.Helper()
	for end := time.Now().Add(60 * time.Second); ; time.Sleep(100 * time.Millisecond) {
		out, err := h.pppstat("-j")
		if err != nil {
			h.t.Fatalf("%v: %s", err, out)
		}
		var doc status.Document
		if err := json.Unmarshal([]byte(out), &doc); err != nil || len(doc.Bundles) != 1 {
			h.t.Fatalf("%v: %s", err, out)
		}
		b := &doc.Bundles[0]
		if wanted(b) {
			return b
		}
		if time.Now().After(end) {
			h.t.Fatalf("not %s: %s", what, out)
		}
	}
}

// TestPppstat: pppstat has a connection made and broken, lines added and dropped,
// and tells what it sees; so do the metrics.
func TestPppstat(t *testing.T) {
	t.Parallel()
	near, far, bank := newHost(t, "near"), newHost(t, "far"), newBank(t)
	bank.Answer(number, far.shell("mynam"))
	first := newModem(t, bank, dialtest.ModemConfig{Name: "first", Number: "5550001"})
	second := newModem(t, bank, dialtest.ModemConfig{Name: "second", Number: "5550002"})
	far.conf("mynam localhost=%s remotehost=%s maxdevs=2", farAddr, nearAddr)
	near.conf(`rmt quiet device=%s device=%s phone=%s login_chat='ogin: mynam ssword: \qxxx PPP' localhost=%s remotehost=%s outdevs=2 maxdevs=2 modwait=1`,
		first.Path(), second.Path(), number, nearAddr, farAddr)
	metrics := near.dir + "/metrics"
	p := near.call("rmt", "-m", metrics)
	p.await("waiting for traffic", slowly)
	do := func(args ...string) {
		t.Helper()
		if out, err := near.pppstat(args...); err != nil || out != "" {
			t.Errorf("%v: %v, %s", args, err, out)
		}
	}
	near.state("waiting", func(b *status.Bundle) bool { return b.Phase == status.Holding && len(b.Links) == 0 })
	if out, err := near.pppstat("-c", "add-line", "rmt"); err == nil || !strings.Contains(out, "there is no room for another line") {
		t.Errorf("a line beside none: %v, %s", err, out)
	}
	do("-c", "up", "rmt")
	b := near.state("up", func(b *status.Bundle) bool {
		return b.Phase == status.NetworkPhase && len(b.Links) == 1 && b.WhyUp != ""
	})
	if b.WhyUp != "pppstat up" || b.Local != nearAddr || b.Remote != farAddr || b.Mode != "quiet" {
		t.Errorf("%+v", b)
	}
	do("-c", "add-line", "rmt")
	near.state("two lines", func(b *status.Bundle) bool {
		return len(b.Links) == 2 && b.MP != nil && b.Links[1].Phase == status.NetworkPhase
	})
	near.ping(farAddr, 1, slowly)
	text, err := near.pppstat("-n", "-u", "0")
	for _, want := range []string{"rmt  ppp0  unit 0  quiet  network for 00:", " Link 2 of 2: ", "up because   pppstat up", " next sent  "} {
		if err != nil || !strings.Contains(text, want) {
			t.Errorf("no %q, %v:\n%s", want, err, text)
		}
	}
	scrape(t, metrics, `ppp_links{entry="rmt",interface="ppp0"} 2`)
	do("-u", "0", "-c", "debug", "3")
	p.await("told to command=debug", slowly)
	do("-c", "debug", "0", "rmt")
	do("-c", "drop-line", "rmt")
	near.state("one line", func(b *status.Bundle) bool { return len(b.Links) == 1 })
	if out, err := near.pppstat("-c", "drop-line", "rmt"); err == nil || !strings.Contains(out, "no line can be spared") {
		t.Errorf("the last line: %v, %s", err, out)
	}
	do("-c", "down", "rmt")
	b = near.state("down", func(b *status.Bundle) bool { return b.Phase == status.Holding && len(b.Links) == 0 })
	if b.WhyDown != "pppstat down" || b.Accounting.CallsMade != 2 {
		t.Errorf("%+v", b)
	}
	if got := p.term(); got != 5 {
		t.Errorf("status %d", got)
	}
	if out, err := near.pppstat(); err == nil || out != "pppstat: no ppp is running\n" {
		t.Errorf("%v: %s", err, out)
	}
}

// scrape reads metrics at a socket as Prometheus would.
func scrape(t *testing.T, path, want string) {
	t.Helper()
	c, err := net.Dial("unix", path)
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	io.WriteString(c, "GET /metrics HTTP/1.1\r\nHost: x\r\n\r\n")
	b, err := io.ReadAll(c)
	_, text, _ := strings.Cut(string(b), "\r\n\r\n")
	if err != nil || !strings.Contains(text, want) {
		t.Errorf("no %q, %v:\n%s", want, err, b)
	}
	problems, err := promlint.New(strings.NewReader(text)).Lint()
	if err != nil || len(problems) > 0 {
		t.Errorf("%v, %v:\n%s", problems, err, text)
	}
}
