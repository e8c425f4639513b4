package lab

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"go.uber.org/goleak"
	"golang.org/x/sys/unix"
)

// guest is the one guest of all tests but those of Boot itself.
var guest *Guest

func TestMain(m *testing.M) {
	if os.Getenv(orphanMaker) != "" {
		os.Exit(makeOrphan())
	}
	os.Exit(run(m))
}

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
func join(t *testing.T, a, b io.ReadWriteCloser) {
	t.Helper()
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan error)
	go func() { done <- Join(ctx, a, b) }()
	t.Cleanup(func() {
		cancel()
		if err := <-done; err != nil {
			t.Error(err)
		}
	})
}

// start starts a pppd that ends with the test.
func start(t *testing.T, n *Netns, i int, options ...string) *PPPD {
	t.Helper()
	p, err := n.PPPD(short(t), i, options...)
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
	// One sleeps for the guest's life time. A busy guest takes a while to end the other.
	must(t, &guest.Netns, "for i in $(busybox seq 100); do [ $(busybox pidof sleep | busybox wc -w) = 1 ] && exit; busybox usleep 100000; done; exit 1")
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

// orphanMaker in the environment makes the test binary boot a guest, tell its
// process and directory, and wait to be killed.
const orphanMaker = "LAB_ORPHAN"

func makeOrphan() int {
	g, err := Boot(context.Background(), Options{})
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	fmt.Println(g.kernel.Process.Pid, g.dir)
	_, err = io.Copy(io.Discard, os.Stdin) // never ends by itself
	fmt.Fprintln(os.Stderr, "still alive:", err)
	return 1
}

func TestGuestEndsWithItsLife(t *testing.T) {
	t.Parallel()
	g, err := Boot(short(t), Options{Life: 4 * time.Second})
	if err != nil {
		t.Fatal(err)
	}
	defer g.Close()
	c, err := g.Line(0).Attach()
	if err != nil {
		t.Fatal(err)
	}
	if _, _, err := g.Run(short(t), "sleep 1000"); !errors.Is(err, errGone) {
		t.Errorf("a command in its last hour: %v", err)
	}
	if _, _, err := g.Run(short(t), ":"); !errors.Is(err, errGone) {
		t.Errorf("a command afterwards: %v", err)
	}
	if _, err := c.Read(make([]byte, 1)); !errors.Is(err, errGone) && !errors.Is(err, io.EOF) {
		t.Errorf("a read from a line: %v", err)
	}
	if err := errors.Join(g.Close(), g.Close()); err != nil {
		t.Error(err)
	}
	if _, err := os.Stat(g.Dir()); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("its directory: %v", err)
	}
}

func TestGuestThatHangsIsKilled(t *testing.T) {
	t.Parallel()
	g, err := Boot(short(t), Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer g.Close()
	text, err := os.ReadFile(g.dir + "/uml/lab/pid")
	if err != nil {
		t.Fatal(err)
	}
	pid, err := strconv.Atoi(strings.TrimSpace(string(text)))
	if err != nil {
		t.Fatal(err)
	}
	if err := syscall.Kill(pid, syscall.SIGSTOP); err != nil {
		t.Fatal(err)
	}
	if err := g.Close(); err == nil || !strings.Contains(err.Error(), "was killed") {
		t.Errorf("Close: %v", err)
	}
	// Those that are not our children end behind our back, once they get a processor.
	left := alive(t, pid)
	for end := time.Now().Add(20 * time.Second); left != nil && time.Now().Before(end); left = alive(t, pid) {
		time.Sleep(10 * time.Millisecond)
	}
	if left != nil {
		t.Errorf("processes of the guest after Close: %q", left)
	}
}

// alive returns /proc/PID/stat of the processes of a group that are no zombies.
func alive(t *testing.T, group int) (found []string) {
	t.Helper()
	stats, err := filepath.Glob("/proc/[0-9]*/stat")
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range stats {
		text, err := os.ReadFile(name)
		if err != nil {
			continue // it has ended
		}
		_, rest, _ := strings.Cut(string(text), ") ") // state, parent, group
		if f := strings.Fields(rest); len(f) > 2 && f[0] != "Z" && f[2] == strconv.Itoa(group) {
			found = append(found, string(text))
		}
	}
	return found
}

func TestGuestEndsWithItsTestBinary(t *testing.T) {
	t.Parallel()
	maker := exec.Command(os.Args[0])
	maker.Env = append(os.Environ(), orphanMaker+"=1")
	maker.Stderr = os.Stderr
	if _, err := maker.StdinPipe(); err != nil {
		t.Fatal(err)
	}
	out, err := maker.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := maker.Start(); err != nil {
		t.Fatal(err)
	}
	var pid int
	var dir string
	_, err = fmt.Fscan(out, &pid, &dir)
	if err := errors.Join(err, maker.Process.Kill()); err != nil {
		t.Fatal(err)
	}
	orphan, err := unix.PidfdOpen(pid, 0)
	if err != nil {
		t.Fatal(err)
	}
	defer unix.Close(orphan)
	_ = maker.Wait() // killed, as intended
	n, err := unix.Poll([]unix.PollFd{{Fd: int32(orphan), Events: unix.POLLIN}}, int(soon.Milliseconds()))
	if err != nil || n == 0 {
		t.Fatalf("the guest is still there: %d, %v", n, err)
	}
	if _, err := os.Stat(dir); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("its directory: %v", err)
	}
}
