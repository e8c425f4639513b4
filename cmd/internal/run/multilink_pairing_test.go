package run

import (
	"context"
	"fmt"
	"os/exec"
	"strings"
	"sync"
	"testing"
	"time"

	"pppdial/cmd/internal/lab"
	"pppdial/mp/mptest"
)

// A pairing is a bundle between two ends: two pppds, pppd and we, or ourselves.
// Everything is begun at the one, and there is an iperf3 server at the other.
type pairing struct {
	name   string
	lines  []*mptest.Line
	start  func(command string) (*job, error)
	server logged
	hangUp func(line int) // and all who are on it
}

// A logged writes line by line; the log has each after its time.
type logged interface{ Log() string }

// A job is a shell command at the one end.
type job struct {
	logged
	wait func() error
}

// run starts a command and waits for its end.
func (p *pairing) run(command string) (log string, err error) {
	j, err := p.start(command)
	if err != nil {
		return "", fmt.Errorf("%s: %s: %w", p.name, command, err)
	}
	if err := j.wait(); err != nil {
		return "", fmt.Errorf("%s: %s: %w\n%s", p.name, command, err, j.Log())
	}
	return j.Log(), nil
}

// pairings are all that there are, over such lines each.
func pairings(t testing.TB, lines []mptest.Config) []*pairing {
	return []*pairing{pppds(t, lines...), mixed(t, "", lines...), ourselves(t, "ourselves", "", lines...)}
}

// pppds are two pppds, each in a guest of its own.
func pppds(t testing.TB, lines ...mptest.Config) *pairing {
	t.Helper()
	a, b := newFar(t), newFar(t, answering...)
	p := &pairing{name: "pppd with pppd", start: a.start, server: b.serveIperf()}
	var distants []*mptest.Line
	p.hangUp = func(i int) {
		a.hangUp(p.lines[i])
		b.hangUp(distants[i])
	}
	for i, l := range lines {
		near, distant := mptest.Pair(l)
		p.lines, distants = append(p.lines, near), append(distants, distant)
		b.pppd(distant)
		caller := a.pppd(near)
		if i == 0 {
			if _, err := caller.WaitEvent("ip-up", patience); err != nil {
				t.Fatal(err)
			}
		} else if err := caller.WaitLog("Link attached to ", patience); err != nil {
			t.Fatal(err)
		}
	}
	return p
}

// mixed are we and a pppd.
func mixed(t testing.TB, words string, lines ...mptest.Config) *pairing {
	t.Helper()
	f := newFar(t, answering...)
	a := withPPPD(t, f, words, lines...)
	p := a.pairing("we with pppd", f.serveIperf())
	p.hangUp = func(i int) { f.hangUp(a.cables[i].distant) }
	return p
}

// ourselves are two of our ends.
func ourselves(t testing.TB, name, words string, lines ...mptest.Config) *pairing {
	t.Helper()
	a, b := selves(t, words, lines...)
	return a.pairing(name, b.serveIperf())
}

func (b *bundle) pairing(name string, server logged) *pairing {
	p := &pairing{name: name, start: b.run, server: server}
	for _, c := range b.cables {
		p.lines = append(p.lines, c.Line)
	}
	p.hangUp = func(i int) { p.lines[i].Hangup() }
	return p
}

// run runs a shell command in the end's namespace.
func (e *end) run(command string) (*job, error) {
	c := exec.Command("/bin/sh", "-c", command)
	log := &stamped{}
	c.Stdout, c.Stderr = log, log
	return &job{log, c.Wait}, e.net.Do(c.Start)
}

// start runs a shell command in the guest.
func (f *far) start(command string) (*job, error) {
	p, err := f.guest.Background(command)
	return &job{p, func() error {
		ctx, cancel := context.WithTimeout(f.t.Context(), 10*patience)
		defer cancel()
		status, err := p.Wait(ctx)
		if err == nil && status != 0 {
			err = fmt.Errorf("status %d", status)
		}
		return err
	}}, err
}

const iperfServer = "exec iperf3 -s --forceflush -f k -i 0.1"

// serveIperf starts an iperf3 server in the guest.
func (f *far) serveIperf() *lab.Process {
	f.t.Helper()
	p, err := f.guest.Background(iperfServer)
	if err == nil {
		err = p.WaitLog("Server listening", patience)
	}
	if err != nil {
		f.t.Fatal(err)
	}
	f.t.Cleanup(func() { p.Kill() })
	return p
}

// serveIperf starts an iperf3 server at this end.
func (b *bundle) serveIperf() *stamped {
	b.t.Helper()
	c := exec.Command("/bin/sh", "-c", iperfServer)
	log := &stamped{}
	c.Stdout = log
	if err := b.net.Do(c.Start); err != nil {
		b.t.Fatal(err)
	}
	b.t.Cleanup(func() {
		c.Process.Kill()
		c.Wait()
	})
	for limit := time.Now().Add(patience); !strings.Contains(log.Log(), "Server listening"); {
		if time.Now().After(limit) {
			b.t.Fatal("iperf3 does not listen")
		}
		time.Sleep(10 * time.Millisecond)
	}
	return log
}

// A stamped log has each line after its time, as those of the lab.
type stamped struct {
	mu     sync.Mutex
	b      strings.Builder
	within bool // a line that has not ended yet
}

func (s *stamped) Write(b []byte) (int, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for line := range strings.Lines(string(b)) {
		if !s.within {
			s.b.WriteString(time.Now().Format("15:04:05.000 "))
		}
		s.b.WriteString(line)
		s.within = !strings.HasSuffix(line, "\n")
	}
	return len(b), nil
}

func (s *stamped) Log() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.b.String()
}
