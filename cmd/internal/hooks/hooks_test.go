package hooks

import (
	"bytes"
	"context"
	"log/slog"
	"net/netip"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"go.uber.org/goleak"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// example is a link with everything.
func example() Link {
	ip := netip.MustParseAddr
	return Link{
		Interface: "ppp0", Device: "/dev/ttyUSB0", Speed: 115200,
		Local: ip("10.0.0.2"), Remote: ip("10.0.0.1"), Local6: ip("fe80::2"), Remote6: ip("fe80::1"),
		DNS: []netip.Addr{ip("10.0.0.53"), ip("10.0.1.53")}, Peer: "gate way", Param: "isp",
	}
}

// A logbook keeps what was logged.
type logbook struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (l *logbook) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.Write(p)
}

func (l *logbook) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.String()
}

func (l *logbook) logger() *slog.Logger {
	return slog.New(slog.NewTextHandler(l, &slog.HandlerOptions{Level: slog.LevelDebug}))
}

// start runs commands with a limit.
func start(t *testing.T, limit time.Duration, c Config) (*Runner, *logbook) {
	t.Helper()
	book := new(logbook)
	c.Log = book.logger()
	return newRunner(c, limit), book
}

// script writes a program.
func script(t *testing.T, path, text string) string {
	t.Helper()
	if err := os.WriteFile(path, []byte("#!/bin/sh\n"+text), 0o755); err != nil {
		t.Fatal(err)
	}
	return path
}

// list is a pattern for all arguments.
const list = `'%s.' "$@"`

func read(t *testing.T, path string) string {
	t.Helper()
	b, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

func TestArgumentsAndEnvironment(t *testing.T) {
	dir := t.TempDir()
	out := filepath.Join(dir, "out")
	prog := script(t, filepath.Join(dir, "prog"), "{ printf "+list+"; echo; env; } >> "+out+"\n")
	r, book := start(t, Limit, Config{Up: []string{prog}, Down: []string{prog}})
	r.Up(example())
	waitFor(t, out)
	r.Down(Traffic{Time: 90*time.Second + 700*time.Millisecond, Sent: 3152, Received: 30})
	r.Close(t.Context())

	var want []string
	common := []string{
		"BYTES_RCVD=30", "BYTES_SENT=3152", "CALL_FILE=isp", "CONNECT_TIME=90", "DEVICE=/dev/ttyUSB0", "DNS1=10.0.0.53", "DNS2=10.0.1.53",
		"IFNAME=ppp0", "IPLOCAL=10.0.0.2", "IPREMOTE=10.0.0.1", "LINKNAME=isp", "LLLOCAL=fe80::2", "LLREMOTE=fe80::1",
		"ORIG_UID=" + strconv.Itoa(os.Getuid()), "PATH=" + path, "PEERNAME=gate way", "PPPD_PID=" + strconv.Itoa(os.Getpid()), "PPPLOGNAME=root",
		"PPP_IFACE=ppp0", "PPP_IPPARAM=isp", "PPP_LOCAL=10.0.0.2", "PPP_REMOTE=10.0.0.1", "PPP_SPEED=115200", "PPP_TTY=/dev/ttyUSB0",
		"PPP_TTYNAME=ttyUSB0", "SPEED=115200", "USEPEERDNS=1",
	}
	const args = "ppp0./dev/ttyUSB0.115200.10.0.0.2.10.0.0.1.isp."
	for _, down := range []bool{false, true} {
		want = append(want, args)
		for _, v := range common {
			traffic := strings.HasPrefix(v, "BYTES") || strings.HasPrefix(v, "CONNECT")
			if down || !traffic {
				want = append(want, v)
			}
		}
	}
	var got []string
	runs := strings.SplitAfter(read(t, out), args+"\n")
	for _, part := range runs[1:] {
		env := slices.DeleteFunc(strings.Split(strings.TrimSuffix(strings.TrimSuffix(part, args+"\n"), "\n"), "\n"), func(v string) bool {
			return strings.HasPrefix(v, "PWD=") || strings.HasPrefix(v, "_=") || strings.HasPrefix(v, "SHLVL=") || strings.HasPrefix(v, "OLDPWD=")
		})
		slices.Sort(env)
		got = append(append(got, args), env...)
	}
	if !slices.Equal(got, want) {
		t.Errorf("the commands saw\n%s\nwant\n%s\nlog:\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"), book)
	}
}

// TestPeerName: whatever a peer calls itself, the commands are run.
func TestPeerName(t *testing.T) {
	dir := t.TempDir()
	out := filepath.Join(dir, "out")
	prog := script(t, filepath.Join(dir, "prog"), `printf '%s.' "$PEERNAME" > `+out+"\n")
	for name, want := range map[string]string{
		"x\x00": "x?.", "x\x00PATH=/tmp\n\x1b\x7f": "x?PATH=/tmp???.", "\u009bgr\u00f6\u00df": "?gr\u00f6\u00df.", "gr\xf6\xdf": "gr\xf6\xdf.",
	} {
		r, book := start(t, Limit, Config{Up: []string{prog}})
		l := example()
		l.Peer = name
		r.Up(l)
		waitFor(t, out)
		r.Close(t.Context())
		if got := read(t, out); got != want {
			t.Errorf("the peer %q is %q to the command, want %q; log:\n%s", name, got, want, book)
		}
		os.Remove(out)
	}
}

// TestIPv6Only: without IPv4 the link-local addresses are the arguments, as
// pppd gives them to ipv6-up, and nothing is said that is not known.
func TestIPv6Only(t *testing.T) {
	l := example()
	l.Local, l.Remote, l.DNS, l.Peer = netip.Addr{}, netip.Addr{}, nil, ""
	if got, want := strings.Join(l.args(), " "), "ppp0 /dev/ttyUSB0 115200 fe80::2 fe80::1 isp"; got != want {
		t.Errorf("arguments %q, want %q", got, want)
	}
	for _, v := range l.env() {
		name, _, _ := strings.Cut(v, "=")
		if slices.Contains([]string{"IPLOCAL", "IPREMOTE", "DNS1", "USEPEERDNS", "PEERNAME", "CONNECT_TIME"}, name) {
			t.Errorf("environment has %s", v)
		}
	}
}

// TestRemoteUnknown: of a peer that tells no address of its own pppd's environment says
// nothing, that of Debian's ip-up an empty word, and the arguments keep their places.
func TestRemoteUnknown(t *testing.T) {
	l := example()
	l.Remote = netip.Addr{}
	if got, want := l.args(), []string{"ppp0", "/dev/ttyUSB0", "115200", "10.0.0.2", "", "isp"}; !slices.Equal(got, want) {
		t.Errorf("arguments %q, want %q", got, want)
	}
	env := l.env()
	if slices.ContainsFunc(env, func(v string) bool { return strings.HasPrefix(v, "IPREMOTE=") }) || !slices.Contains(env, "PPP_REMOTE=") {
		t.Errorf("environment %q", env)
	}
}

// TestShell: a command of one word gets the arguments, another one names them.
func TestShell(t *testing.T) {
	dir := t.TempDir()
	out, end := filepath.Join(dir, "out"), filepath.Join(dir, "end")
	prog := script(t, filepath.Join(dir, "prog"), "printf "+list+" >> "+out+"\n")
	r, _ := start(t, Limit, Config{Up: []string{
		prog,
		prog + " one two",
		prog + ` "$5" "$6"; printf '%s.' $IFNAME >> ` + out,
		"touch " + end,
	}})
	r.Up(example())
	waitFor(t, end)
	r.Close(t.Context())
	if got, want := read(t, out), "ppp0./dev/ttyUSB0.115200.10.0.0.2.10.0.0.1.isp.one.two.10.0.0.1.isp.ppp0."; got != want {
		t.Errorf("got %q, want %q", got, want)
	}
}

// TestOrder: each up has its down behind it, and of calls that came and went
// while a command ran nothing is told.
func TestOrder(t *testing.T) {
	dir := t.TempDir()
	out, gate := filepath.Join(dir, "out"), filepath.Join(dir, "gate")
	names := make(chan string, 8)
	r, book := start(t, Limit, Config{
		Up:     []string{"echo up $5 >> " + out, "while ! test -e " + gate + "; do sleep 0.01; done"},
		Down:   []string{"echo down $5 $CONNECT_TIME >> " + out},
		Before: func(_ context.Context, l Link) { names <- "set " + l.DNS[0].String() },
		After:  func(context.Context) { names <- "clear" },
	})
	at := func(remote string) Link {
		l := example()
		l.Remote = netip.MustParseAddr(remote)
		return l
	}
	r.Down(Traffic{}) // never up: nothing to tell
	r.Up(at("10.0.0.1"))
	waitFor(t, out)
	r.Down(Traffic{Time: time.Second})
	r.Up(at("10.0.0.2"))
	r.Down(Traffic{Time: 2 * time.Second})
	r.Up(at("10.0.0.3"))
	if err := os.WriteFile(gate, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	for range 3 {
		<-names
	}
	r.Down(Traffic{Time: 3 * time.Second})
	r.Close(t.Context())
	want := "up 10.0.0.1\ndown 10.0.0.1 1\nup 10.0.0.3\ndown 10.0.0.3 3\n"
	if got := read(t, out); got != want {
		t.Errorf("got\n%swant\n%slog:\n%s", got, want, book)
	}
	if got := <-names; got != "clear" || len(names) != 0 {
		t.Errorf("last %s and %d more, want clear", got, len(names))
	}
}

// TestDeadline: at its end a command goes with all that it has started, even
// if it does not want to, and the next one runs.
func TestDeadline(t *testing.T) {
	dir := t.TempDir()
	pids, out := filepath.Join(dir, "pids"), filepath.Join(dir, "out")
	r, book := start(t, 300*time.Millisecond, Config{
		Up:   []string{"trap '' TERM; sleep 1000 & echo $$ $! > " + pids + "; wait; sleep 1000"},
		Down: []string{"echo down > " + out},
	})
	r.Up(example())
	waitFor(t, pids)
	r.Down(Traffic{})
	r.Close(t.Context())
	if got := read(t, out); got != "down\n" {
		t.Errorf("down_cmd wrote %q", got)
	}
	if !strings.Contains(book.String(), `msg="up_cmd failed" error="killed: it ran for 300ms"`) {
		t.Errorf("log:\n%s", book)
	}
	for _, pid := range strings.Fields(read(t, pids)) {
		waitGone(t, pid)
	}
}

// TestClose: what does not end when the program must is killed, and what has
// not begun is not run.
func TestClose(t *testing.T) {
	dir := t.TempDir()
	out, down := filepath.Join(dir, "out"), filepath.Join(dir, "down")
	r, book := start(t, Limit, Config{Up: []string{"echo $$ > " + out + "; sleep 1000", "false"}, Down: []string{"touch " + down}})
	r.Up(example())
	waitFor(t, out)
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	r.Close(ctx)
	waitGone(t, strings.TrimSpace(read(t, out)))
	if _, err := os.Stat(down); err == nil {
		t.Error("down_cmd was run")
	}
	for _, want := range []string{"killed: the program ends", "up_cmd not run: the program ends", "down_cmd not run: the program ends"} {
		if !strings.Contains(book.String(), want) {
			t.Errorf("no %q in the log:\n%s", want, book)
		}
	}
}

// TestOutput: what commands print is logged, line by line, and long lines are
// cut; a failure too.
func TestOutput(t *testing.T) {
	r, book := start(t, Limit, Config{Up: []string{"echo one; echo two >&2; echo; exit 3", "head -c 5000 /dev/zero | tr '\\0' x; echo; echo three"}})
	r.Up(example())
	soon(t, "the last line", func() bool { return strings.Contains(book.String(), "three") })
	r.Close(t.Context())
	for _, want := range []string{`msg="up_cmd: one"`, `msg="up_cmd: two"`, `msg="up_cmd failed" error="exit status 3"`, "up_cmd: " + strings.Repeat("x", lineSize) + `"`} {
		if !strings.Contains(book.String(), want) {
			t.Errorf("no %q in the log:\n%s", want, book)
		}
	}
}

// TestBackground: a command may leave something running, which nobody waits
// for.
func TestBackground(t *testing.T) {
	out := filepath.Join(t.TempDir(), "out")
	r, book := start(t, Limit, Config{Up: []string{"sleep 1000 & echo $! > " + out}, Down: []string{"kill $(cat " + out + ")"}})
	r.Up(example())
	soon(t, "the end of up_cmd", func() bool { return strings.Contains(book.String(), "up_cmd ended") })
	pid := strings.TrimSpace(read(t, out))
	if _, err := os.Stat("/proc/" + pid); err != nil {
		t.Errorf("what was left in the background is gone: %v", err)
	}
	r.Down(Traffic{})
	r.Close(t.Context())
	waitGone(t, pid)
}

// TestDebianScripts: Debian's /etc/ppp/ip-up, and run-parts alone, run scripts
// of ip-up.d, which go by the variables that the former sets.
func TestDebianScripts(t *testing.T) {
	dir := t.TempDir()
	parts := filepath.Join(dir, "ip-up.d")
	if err := os.Mkdir(parts, 0o755); err != nil {
		t.Fatal(err)
	}
	out := filepath.Join(dir, "out")
	script(t, filepath.Join(parts, "route"),
		`echo "$PPP_IFACE $PPP_TTYNAME $PPP_SPEED $PPP_LOCAL $PPP_REMOTE $PPP_IPPARAM $DNS1 [$1 $6]" >> `+out+"\n")
	ipup := filepath.Join(dir, "ip-up")
	text := strings.ReplaceAll(read(t, "/etc/ppp/ip-up"), "/etc/ppp/ip-up", ipup)
	if err := os.WriteFile(ipup, []byte(text), 0o755); err != nil {
		t.Fatal(err)
	}
	r, book := start(t, Limit, Config{Up: []string{
		ipup,
		"run-parts " + parts,
		`run-parts --arg="$1" --arg="$2" --arg="$3" --arg="$4" --arg="$5" --arg="$6" ` + parts,
		"touch " + filepath.Join(dir, "end"),
	}})
	r.Up(example())
	waitFor(t, filepath.Join(dir, "end"))
	r.Close(t.Context())
	const vars = "ppp0 ttyUSB0 115200 10.0.0.2 10.0.0.1 isp 10.0.0.53 "
	if got, want := read(t, out), vars+"[ppp0 isp]\n"+vars+"[ ]\n"+vars+"[ppp0 isp]\n"; got != want {
		t.Errorf("got\n%swant\n%slog:\n%s", got, want, book)
	}
}

// waitFor waits until a command has written a file.
func waitFor(t *testing.T, path string) {
	t.Helper()
	soon(t, path, func() bool { _, err := os.Stat(path); return err == nil })
}

// waitGone waits for the end of a process whose parent may be init.
func waitGone(t *testing.T, pid string) {
	t.Helper()
	soon(t, "the end of process "+pid, func() bool {
		stat, err := os.ReadFile("/proc/" + pid + "/stat")
		return err != nil || strings.Contains(string(stat), ") Z ")
	})
}

// soon waits for what another process brings about.
func soon(t *testing.T, what string, ready func() bool) {
	t.Helper()
	for end := time.Now().Add(30 * time.Second); !ready(); time.Sleep(time.Millisecond) {
		if time.Now().After(end) {
			t.Fatal("waited in vain for ", what)
		}
	}
}
