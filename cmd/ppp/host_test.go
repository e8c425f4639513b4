package main

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"net/netip"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"pppdial/dial/dialtest"
	"pppdial/route/routetest/traffic"
)

// slowly bounds what takes a moment on a machine that has nothing else to do.
const slowly = 90 * time.Second

// A host is a machine: a network namespace, a place for files, and the log of
// the ppps that run on it.
type host struct {
	*traffic.Net
	*journal
	t    *testing.T
	name string
	dir  string
	ns   *os.File // the namespace
	sink *os.File // what is written there is in the journal
	env  []string // of programs, besides the usual one

	machine *machine // nil: the one that the tests run on
}

func newHost(t *testing.T, name string) *host {
	t.Helper()
	n, err := traffic.New()
	if err != nil {
		t.Fatal(err)
	}
	h := &host{Net: n, t: t, name: name, dir: t.TempDir(), journal: newJournal(t, name)}
	if err := n.Do(func() (err error) {
		h.ns, err = os.Open("/proc/thread-self/ns/net")
		return err
	}); err != nil {
		t.Fatal(err)
	}
	r, w, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	h.sink = w
	read := make(chan struct{})
	go func() { h.read(r); close(read) }()
	t.Cleanup(func() {
		w.Close()
		<-read // all programs have ended
		r.Close()
		h.ns.Close()
		n.Close()
		if _, race, _ := h.has("DATA RACE"); race || t.Failed() {
			t.Errorf("log of %s:\n%s", name, h.Log())
		}
	})
	return h
}

// file makes a file on the host that only root may read.
func (h *host) file(name, text string) string {
	h.t.Helper()
	path := filepath.Join(h.dir, name)
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		h.t.Fatal(err)
	}
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		h.t.Fatal(err)
	}
	return path
}

// conf makes the host's control file.
func (h *host) conf(format string, args ...any) string {
	return h.file("ppp.conf", fmt.Sprintf(format+"\n", args...))
}

// ip is what the command ip says on the host.
func (h *host) ip(args ...string) string {
	h.t.Helper()
	var out []byte
	err := h.Do(func() (err error) {
		out, err = exec.Command("ip", args...).CombinedOutput()
		return err
	})
	if err != nil {
		h.t.Fatalf("ip %s: %v\n%s", strings.Join(args, " "), err, out)
	}
	return string(out)
}

// bare fails the test if the host has routes or interfaces but its loopback.
func (h *host) bare() {
	h.t.Helper()
	if routes := h.ip("route"); routes != "" {
		h.t.Errorf("%s has routes left:\n%s", h.name, routes)
	}
	for line := range strings.Lines(h.ip("-o", "link")) {
		if !strings.Contains(line, " lo: ") {
			h.t.Errorf("%s has an interface left: %s", h.name, line)
		}
	}
}

// shell is ppp as a login shell on this host, for callers of a modem who log
// in by this name; the password is "xxx".
func (h *host) shell(user string) dialtest.Login {
	pid := os.Getpid()
	self, err := os.Executable()
	if err != nil {
		h.t.Fatal(err)
	}
	return dialtest.Login{
		Banner: "Welcome to the museum\r\n", User: user, Password: "xxx",
		Command: dialtest.Command{
			Command: []string{self, "-d", "-d", "-f", filepath.Join(h.dir, "ppp.conf")}, Shell: true,
			Env: []string{
				fmt.Sprintf("%s=/proc/%d/fd/%d", envNamespace, pid, h.ns.Fd()),
				fmt.Sprintf("%s=/proc/%d/fd/%d", envLog, pid, h.sink.Fd()),
				envProgram + "=" + program, "RUNTIME_DIRECTORY=" + h.dir,
			},
		},
	}
}

// command is the same login shell as a command of a control file.
func (h *host) command(user string) string {
	c := h.shell(user).Command
	return strings.Join(append(append([]string{"USER=" + user}, c.Env...), c.Command...), " ")
}

// A ppp is a running program.
type ppp struct {
	*host
	*journal
	cmd  *exec.Cmd
	done chan struct{}
}

// run starts ppp with arguments on the host.
func (h *host) run(args ...string) *ppp {
	h.t.Helper()
	cmd := exec.Command(program, args...)
	cmd.Env = append(os.Environ(), "RUNTIME_DIRECTORY="+h.dir, "STATE_DIRECTORY="+filepath.Join(h.dir, "keep"))
	cmd.Env = append(cmd.Env, h.env...)
	return h.launch(cmd)
}

func (h *host) launch(cmd *exec.Cmd) *ppp {
	h.t.Helper()
	p := &ppp{host: h, cmd: cmd, done: make(chan struct{}), journal: newJournal(h.t, h.name)}
	log, err := p.cmd.StderrPipe()
	if err != nil {
		h.t.Fatal(err)
	}
	if err := h.start(p.cmd); err != nil {
		h.t.Fatal(err)
	}
	p.ended = p.done
	go func() {
		p.read(log)
		p.cmd.Wait()
		close(p.done)
	}()
	h.t.Cleanup(func() {
		p.stop()
		if h.t.Failed() {
			h.t.Logf("%s: ppp %s:\n%s", h.name, strings.Join(cmd.Args[1:], " "), p.Log())
		}
	})
	return p
}

// start starts a command on the host.
func (h *host) start(cmd *exec.Cmd) error {
	return h.Do(func() error {
		if h.machine != nil {
			if err := h.machine.enter(); err != nil {
				return err
			}
		}
		return cmd.Start()
	})
}

// call starts ppp -r on the host's control file.
func (h *host) call(label string, more ...string) *ppp {
	h.t.Helper()
	return h.run(append([]string{"-d", "-d", "-r", label, "-f", filepath.Join(h.dir, "ppp.conf")}, more...)...)
}

// status waits for the end of the program.
func (p *ppp) status(patience time.Duration) int {
	p.t.Helper()
	select {
	case <-p.done:
		return p.cmd.ProcessState.ExitCode()
	case <-time.After(patience):
		p.t.Fatalf("ppp has not ended after %v", patience)
	}
	return -1
}

func (p *ppp) signal(s syscall.Signal) {
	p.t.Helper()
	if err := p.cmd.Process.Signal(s); err != nil {
		p.t.Fatal(err)
	}
}

// term ends the program in an orderly way.
func (p *ppp) term() int {
	p.t.Helper()
	p.signal(syscall.SIGTERM)
	return p.status(slowly)
}

func (p *ppp) stop() {
	for _, s := range []syscall.Signal{syscall.SIGTERM, syscall.SIGTERM, syscall.SIGKILL} {
		p.cmd.Process.Signal(s)
		select {
		case <-p.done:
			return
		case <-time.After(10 * time.Second):
			p.t.Errorf("ppp ignores signal %v", s)
		}
	}
}

// A journal is a log that grows.
type journal struct {
	tb    *testing.T
	who   string
	ended <-chan struct{} // of the only writer; nil: there may be more

	mu    sync.Mutex
	lines []string
	news  chan struct{}
}

func newJournal(t *testing.T, name string) *journal {
	return &journal{tb: t, who: name, news: make(chan struct{})}
}

func (j *journal) read(r io.Reader) {
	for s := bufio.NewScanner(r); s.Scan(); {
		j.mu.Lock()
		j.lines = append(j.lines, s.Text())
		close(j.news)
		j.news = make(chan struct{})
		j.mu.Unlock()
	}
}

// Log is what was written so far.
func (j *journal) Log() string {
	j.mu.Lock()
	defer j.mu.Unlock()
	return strings.Join(j.lines, "\n")
}

// has tells whether text is in the log, and gives the first line with it.
func (j *journal) has(text string) (line string, ok bool, news <-chan struct{}) {
	j.mu.Lock()
	defer j.mu.Unlock()
	for _, l := range j.lines {
		if strings.Contains(l, text) {
			return l, true, j.news
		}
	}
	return "", false, j.news
}

// await waits for text in the log and gives the first line with it.
func (j *journal) await(text string, patience time.Duration) string {
	j.tb.Helper()
	limit := time.After(patience)
	for {
		line, ok, news := j.has(text)
		if ok {
			return line
		}
		select {
		case <-news:
		case <-j.ended:
			if line, ok, _ := j.has(text); ok {
				return line
			}
			j.tb.Fatalf("ppp on %s has ended without %q in its log", j.who, text)
		case <-limit:
			j.tb.Fatalf("no %q in the log of %s after %v", text, j.who, patience)
		}
	}
}

// awaitTimes waits until text is in the log as many times.
func (j *journal) awaitTimes(text string, times int, patience time.Duration) {
	j.tb.Helper()
	limit := time.After(patience)
	for {
		_, _, news := j.has(text)
		if strings.Count(j.Log(), text) >= times {
			return
		}
		select {
		case <-news:
		case <-limit:
			j.tb.Fatalf("%q is not %d times in the log of %s after %v", text, times, j.who, patience)
		}
	}
}

// lineTime is when a line of a log was written, by its stamp.
func lineTime(t *testing.T, line string) time.Time {
	t.Helper()
	stamp, _, _ := strings.Cut(line, " ")
	at, err := time.Parse("15:04:05.000", stamp)
	if err != nil {
		t.Fatal(err)
	}
	return at
}

// newBank makes a bank of modems.
func newBank(t *testing.T) *dialtest.Bank {
	t.Helper()
	bank := dialtest.NewBank(t.TempDir())
	t.Cleanup(func() {
		if err := bank.Close(); err != nil {
			t.Error(err)
		}
	})
	return bank
}

func newModem(t *testing.T, bank *dialtest.Bank, c dialtest.ModemConfig) *dialtest.Modem {
	t.Helper()
	m, err := bank.Add(c)
	if err != nil {
		t.Fatal(err)
	}
	return m
}

// released fails the test unless a modem is idle and its tty unlocked.
func released(t *testing.T, m *dialtest.Modem) {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), 5*time.Second)
	defer cancel()
	if err := m.Await(ctx, dialtest.Idle); err != nil {
		t.Error(err)
	}
	unlocked(t, m.Path())
}

// lockOf is the lock file of a tty.
func lockOf(t *testing.T, tty string) string {
	t.Helper()
	node, err := filepath.EvalSymlinks(tty)
	if err != nil {
		t.Fatal(err)
	}
	return "/var/lock/LCK.." + filepath.Base(node)
}

func unlocked(t *testing.T, tty string) {
	t.Helper()
	if _, err := os.Stat(lockOf(t, tty)); err == nil {
		t.Errorf("%s is still locked", tty)
	}
}

// carry pings a host behind the link and exchanges bytes with its echo server.
func carry(t *testing.T, from *traffic.Net, to netip.AddrPort, size int) {
	t.Helper()
	for i, n := range []int{0, 1, 56, 1400} {
		if _, err := from.Ping(to.Addr(), i, n, slowly); err != nil {
			t.Error(err)
		}
	}
	exchange(t, from, to, size)
}

// exchange sends bytes to an echo server and compares what comes back.
func exchange(t *testing.T, from *traffic.Net, to netip.AddrPort, size int) {
	t.Helper()
	c, err := from.Dial(to, slowly)
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	c.SetDeadline(time.Now().Add(slowly))
	if err := traffic.Exchange(c, traffic.Data(size)); err != nil {
		t.Error(err)
	}
}

// echo serves on the host, for carry.
func (h *host) echo(addr string) netip.AddrPort {
	h.t.Helper()
	at := netip.AddrPortFrom(netip.MustParseAddr(addr), 7)
	l, err := h.Listen(at)
	if err != nil {
		h.t.Fatal(err)
	}
	h.t.Cleanup(func() { l.Close() })
	go traffic.Echo(l)
	return at
}
