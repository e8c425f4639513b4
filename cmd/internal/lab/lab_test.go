package lab

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"
	"sync"
	"testing"
	"time"

	"go.uber.org/goleak"
)

// guest is the one guest of all tests but those of Boot itself.
var guest *Guest

func TestMain(m *testing.M) { os.Exit(run(m)) }

func run(m *testing.M) int {
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	var err error
	if guest, err = Boot(ctx, Options{Lines: 6}); err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	fmt.Fprintf(os.Stderr, "lab: the guest booted in %v\n", guest.BootTime.Round(time.Millisecond))
	code := m.Run()
	if err := errors.Join(guest.Close(), goleak.Find()); err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	return code
}

// soon bounds a step that takes a second or two on an idle machine.
const soon = 30 * time.Second

func short(t *testing.T) context.Context {
	ctx, cancel := context.WithTimeout(t.Context(), soon)
	t.Cleanup(cancel)
	return ctx
}

// attach attaches to line i for the time of the test.
func attach(t *testing.T, i int) *Conn {
	t.Helper()
	c, err := guest.Line(i).Attach()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { c.Close() })
	return c
}

// join carries bytes between two lines for the time of the test.
func join(t *testing.T, a, b int) {
	t.Helper()
	ca, cb := attach(t, a), attach(t, b)
	var wg sync.WaitGroup
	for _, p := range [][2]*Conn{{ca, cb}, {cb, ca}} {
		wg.Go(func() {
			if _, err := io.Copy(p[0], p[1]); err != nil && !errors.Is(err, os.ErrClosed) {
				t.Error(err)
			}
		})
	}
	t.Cleanup(func() {
		ca.Close()
		cb.Close()
		wg.Wait()
	})
}

// start starts a pppd that ends with the test.
func start(t *testing.T, n *Netns, i int, options string) *PPPD {
	t.Helper()
	p, err := n.PPPD(short(t), i, strings.Fields(options)...)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := p.Kill(); err != nil {
			t.Error(err)
		}
		if t.Failed() {
			t.Logf("%s:\n%s", p.tty, p.Log())
		}
	})
	return p
}

func netns(t *testing.T, name string) *Netns {
	t.Helper()
	n, err := guest.NewNetns(short(t), name)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		ctx, cancel := context.WithTimeout(context.Background(), soon)
		defer cancel()
		if err := guest.DeleteNetns(ctx, n); err != nil {
			t.Error(err)
		}
	})
	return n
}

// must runs a command that has to succeed.
func must(t *testing.T, n *Netns, command string) string {
	t.Helper()
	out, status, err := n.Run(short(t), command)
	if err != nil || status != 0 {
		t.Fatalf("%s: status %d, %v\n%s", command, status, err, out)
	}
	return out
}

func TestRun(t *testing.T) {
	out, status, err := guest.Run(short(t), "echo out; echo err >&2; exit 3")
	if out != "out\nerr\n" || status != 3 || err != nil {
		t.Errorf("got %q, %d, %v", out, status, err)
	}
	if _, status, err = guest.Run(short(t), "kill -TERM $$"); status != 128+15 || err != nil {
		t.Errorf("a signal's status is %d, %v", status, err)
	}
	began := time.Now()
	const n = 20
	for range n {
		must(t, &guest.Netns, ":")
	}
	t.Logf("a command takes %v", (time.Since(began) / n).Round(time.Microsecond))
}

func TestRunEndsWithItsContext(t *testing.T) {
	ctx, cancel := context.WithTimeout(t.Context(), 100*time.Millisecond)
	defer cancel()
	if _, _, err := guest.Run(ctx, "sleep 1000 & wait"); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("error %v", err)
	}
	out := must(t, &guest.Netns, "busybox pidof sleep | busybox wc -w")
	if got := strings.TrimSpace(out); got != "1" { // that of the guest's life time
		t.Errorf("%s processes sleep, want one", got)
	}
}

func TestFiles(t *testing.T) {
	data := make([]byte, 1<<20)
	for i := range data {
		data[i] = byte(i * i >> 3)
	}
	if err := guest.WriteFile(short(t), "/tmp/it's a file", data); err != nil {
		t.Fatal(err)
	}
	began := time.Now()
	got, err := guest.ReadFile(short(t), "/tmp/it's a file")
	if err != nil || !bytes.Equal(got, data) {
		t.Fatalf("%d bytes, %v", len(got), err)
	}
	t.Logf("reading 1 MB takes %v", time.Since(began).Round(time.Millisecond))
	if _, err := guest.ReadFile(short(t), "/tmp/none"); err == nil || !strings.Contains(err.Error(), "No such file") {
		t.Errorf("a missing file: %v", err)
	}
}

func TestPPPDAgainstPPPD(t *testing.T) {
	a, b := netns(t, "a"), netns(t, "b")
	join(t, 0, 1)
	answering := start(t, a, 0, "debug noauth 10.9.0.1:10.9.0.2")
	calling := start(t, b, 1, "debug noauth")
	for _, p := range []*PPPD{answering, calling} {
		e, err := p.WaitEvent("ip-up", soon)
		if err != nil {
			t.Fatal(err)
		}
		t.Logf("%s %q", e.Name, e.Args)
	}
	must(t, b, "ping -c 3 -i 0.2 10.9.0.1")
	if _, err := a.Echo(); err != nil {
		t.Fatal(err)
	}
	began := time.Now()
	must(t, b, `head -c 1000000 /dev/urandom >/tmp/sent
		busybox nc 10.9.0.1 7 </tmp/sent >/tmp/got && cmp /tmp/sent /tmp/got`)
	t.Logf("1 MB each way takes %v", time.Since(began).Round(time.Millisecond))
	status, err := calling.Stop(short(t))
	if err != nil || status != 5 {
		t.Errorf("TERM: status %d, %v", status, err)
	}
	if err := answering.WaitLog("LCP terminated by peer", soon); err != nil {
		t.Error(err)
	}
	if _, err := calling.WaitEvent("ip-down", soon); err != nil {
		t.Error(err)
	}
}
