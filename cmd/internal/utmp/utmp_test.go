package utmp

import (
	"bytes"
	"fmt"
	"log/slog"
	"net/netip"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"sync"
	"testing"
	"time"

	"go.uber.org/goleak"
	"golang.org/x/sys/unix"
)

// childEnv names the directory in which the test program records a call and
// waits to be killed; beganEnv is when the call is to have begun.
const (
	childEnv = "UTMP_TEST_DIR"
	beganEnv = "UTMP_TEST_BEGAN"
)

func TestMain(m *testing.M) {
	if dir := os.Getenv(childEnv); dir != "" {
		b := Open(now, files(dir, nil))
		var began time.Time
		if err := began.UnmarshalText([]byte(os.Getenv(beganEnv))); err != nil {
			panic(err)
		}
		b.Begin(began, Call{Line: "ttyS9", User: "killed"})
		b.Close()
		fmt.Println("ready")
		select {}
	}
	goleak.VerifyTestMain(m)
}

// now is some minutes ago: last(1) takes the end of a call for its beginning when
// that is the present second.
var now = time.Now().Add(-10 * time.Minute)

func files(dir string, log *slog.Logger) Config {
	return Config{Utmp: filepath.Join(dir, "utmp"), Wtmp: filepath.Join(dir, "wtmp"), Log: log}
}

// start makes empty files, and a Book that writes them. What it logs must not be
// a warning.
func start(t *testing.T) (*Book, string) {
	t.Helper()
	dir := t.TempDir()
	for _, n := range []string{"utmp", "wtmp"} {
		if err := os.WriteFile(filepath.Join(dir, n), nil, 0o664); err != nil {
			t.Fatal(err)
		}
	}
	return Open(now, files(dir, quiet(t))), dir
}

func quiet(t *testing.T) *slog.Logger {
	return slog.New(slog.NewTextHandler(failing{t}, &slog.HandlerOptions{Level: slog.LevelWarn}))
}

type failing struct{ t *testing.T }

func (w failing) Write(b []byte) (int, error) { w.t.Errorf("logged: %s", b); return len(b), nil }

// run gives what a program of the system says.
func run(t *testing.T, name string, args ...string) string {
	t.Helper()
	c := exec.Command(name, args...)
	c.Env = append(os.Environ(), "TZ=UTC", "LC_ALL=C")
	out, err := c.Output()
	if err != nil {
		t.Fatalf("%v: %v", c, err)
	}
	return string(out)
}

// wantLine wants a line that matches, blanks taken as they come.
func wantLine(t *testing.T, text, pattern string) {
	t.Helper()
	pattern = "(?m)^" + strings.ReplaceAll(pattern, " ", ` +`) + " *$"
	if !regexp.MustCompile(pattern).MatchString(text) {
		t.Errorf("no line like %q in:\n%s", pattern, text)
	}
}

// TestLastAndWho: the programs of the system show a call while it lasts, and
// when it is over.
func TestLastAndWho(t *testing.T) {
	b, dir := start(t)
	a := b.Begin(now, Call{Line: "/dev/ttyUSB0", User: "rmt", Host: "10.0.0.2", Addr: netip.MustParseAddr("10.0.0.2")})
	second := b.Begin(now, Call{Line: "ttyUSB1", User: "rmt", Host: "5551234"})
	b.Close()
	who := run(t, "who", dir+"/utmp")
	wantLine(t, who, `rmt ttyUSB0 .* \(10\.0\.0\.2\)`)
	wantLine(t, who, `rmt ttyUSB1 .* \(5551234\)`)
	last := run(t, "last", "-w", "-i", "-f", dir+"/wtmp")
	wantLine(t, last, `rmt ttyUSB0 10\.0\.0\.2 .* (still logged in|gone - no logout)`)

	a.End(now.Add(2 * time.Minute))
	a.End(now.Add(3 * time.Minute))
	b.Close()
	who = run(t, "who", dir+"/utmp")
	if strings.Contains(who, "ttyUSB0") || !strings.Contains(who, "ttyUSB1") {
		t.Errorf("who, after the end of one:\n%s", who)
	}
	wantLine(t, run(t, "last", "-w", "-i", "-f", dir+"/wtmp"), `rmt ttyUSB0 10\.0\.0\.2 .* - \d\d:\d\d \(00:02\)`)
	wantLine(t, run(t, "last", "-w", "-f", dir+"/wtmp"), `rmt ttyUSB0 10\.0\.0\.2 .* - \d\d:\d\d \(00:02\)`)
	second.End(now)
	b.Close()
	if who := run(t, "who", dir+"/utmp"); who != "" {
		t.Errorf("who, after the end of both:\n%s", who)
	}
	dump := run(t, "utmpdump", dir+"/utmp")
	wantLine(t, dump, fmt.Sprintf(`\[8\] \[%05d\] \[~000\] \[ \] \[ttyUSB0 \] \[ \] \[0\.0\.0\.0 \] \[.*\]`, os.Getpid()))
}

// TestPlacesAreUsedAgain: the file does not grow with every call, and records of
// others stay as they are.
func TestPlacesAreUsedAgain(t *testing.T) {
	b, dir := start(t)
	b.Close()
	getty := record{kind: 6, pid: 77, line: "ttyS0", id: "S0", user: "LOGIN", at: time.Unix(1e9, 0)}
	boot := record{kind: 2, line: "~", id: "~~", user: "reboot", host: "6.1", at: time.Unix(1e9, 0)}
	over := record{kind: deadProcess, pid: 78, line: "tty1", id: "tty1", at: time.Unix(1e9, 0)}
	before := machine.append(machine.append(machine.append(nil, boot), getty), over)
	if err := os.WriteFile(dir+"/utmp", before, 0o664); err != nil {
		t.Fatal(err)
	}
	for range 5 {
		var open []*Session
		for i := range 3 {
			open = append(open, b.Begin(now, Call{Line: fmt.Sprint("ttyS", i), User: "rmt"}))
		}
		for _, s := range open {
			s.End(now)
		}
	}
	b.Close()
	after, err := os.ReadFile(dir + "/utmp")
	if err != nil || !bytes.HasPrefix(after, before) || len(after) != 6*int(size) {
		t.Errorf("%d records, %v", len(after)/int(size), err)
	}
	if wtmp, err := os.ReadFile(dir + "/wtmp"); err != nil || len(wtmp) != 30*int(size) {
		t.Errorf("wtmp has %d records, %v", len(wtmp)/int(size), err)
	}
}

// TestKilled: the next start ends the records of a killed ppp, in both files,
// and leaves those of one that lives.
func TestKilled(t *testing.T) {
	b, dir := start(t)
	b.Begin(now, Call{Line: "ttyS1", User: "alive"})
	b.Close()
	c := exec.Command(os.Args[0])
	c.Env = append(os.Environ(), childEnv+"="+dir, beganEnv+"="+now.Format(time.RFC3339Nano))
	out, err := c.StdoutPipe()
	if err == nil {
		err = c.Start()
	}
	if err != nil {
		t.Fatal(err)
	}
	if _, err := out.Read(make([]byte, 8)); err != nil {
		t.Fatal(err)
	}
	if who := run(t, "who", dir+"/utmp"); !strings.Contains(who, "killed") {
		t.Fatalf("who:\n%s", who)
	}
	c.Process.Kill()
	c.Wait()
	Open(now.Add(20*time.Second), files(dir, quiet(t))).Close()
	who := run(t, "who", dir+"/utmp")
	if strings.Contains(who, "killed") || !strings.Contains(who, "alive") {
		t.Errorf("who:\n%s", who)
	}
	wantLine(t, run(t, "last", "-w", "-f", dir+"/wtmp"), `killed ttyS9 .* - \d\d:\d\d \(00:00\)`)
}

// TestPIDUsedAgain: a process of another program with the number of a killed ppp
// does not keep its record alive.
func TestPIDUsedAgain(t *testing.T) {
	b, dir := start(t)
	b.Close()
	c := exec.Command("sleep", "1000")
	if err := c.Start(); err != nil {
		t.Fatal(err)
	}
	defer func() { c.Process.Kill(); c.Wait() }()
	r := record{kind: userProcess, pid: c.Process.Pid, line: "ttyS9", id: "~00z", user: "old", at: time.Now()}
	if err := os.WriteFile(dir+"/utmp", machine.append(nil, r), 0o664); err != nil {
		t.Fatal(err)
	}
	Open(now, files(dir, quiet(t))).Close()
	if who := run(t, "who", dir+"/utmp"); who != "" {
		t.Errorf("who:\n%s", who)
	}
}

// TestNoFiles: without the files there are no records, and no complaint; what
// can't be a file of records is left alone and told.
func TestNoFiles(t *testing.T) {
	dir := t.TempDir()
	b := Open(now, files(dir, quiet(t)))
	b.Begin(now, Call{Line: "ttyS0", User: "rmt"}).End(now)
	b.Close()
	if all, err := os.ReadDir(dir); err != nil || len(all) != 0 {
		t.Errorf("%v, %v", all, err)
	}
	var log bytes.Buffer
	if err := unix.Mkfifo(dir+"/wtmp", 0o600); err != nil {
		t.Fatal(err)
	}
	b = Open(now, files(dir, slog.New(slog.NewTextHandler(&log, nil))))
	b.Begin(now, Call{Line: "ttyS0", User: "rmt"})
	b.Close()
	if !strings.Contains(log.String(), `level=WARN msg="a call is not recorded" file=`+dir+`/wtmp error="not a regular file"`) {
		t.Errorf("logged:\n%s", log.String())
	}
}

// TestLock: while another program has the file locked the caller does not wait,
// and the record comes when the lock is gone.
func TestLock(t *testing.T) {
	b, dir := start(t)
	b.Close()
	f, err := os.OpenFile(dir+"/wtmp", os.O_RDWR, 0)
	if err != nil {
		t.Fatal(err)
	}
	if err := lock(f); err != nil {
		t.Fatal(err)
	}
	b.Begin(now, Call{Line: "ttyS0", User: "rmt"})
	for end := time.Now().Add(30 * time.Second); ; time.Sleep(time.Millisecond) {
		info, err := os.Stat(dir + "/utmp")
		if err == nil && info.Size() > 0 {
			break // the record of the moment is there; that of the past has to wait
		}
		if err != nil || time.Now().After(end) {
			t.Fatal("no record of the moment: ", err)
		}
	}
	if info, err := f.Stat(); err != nil || info.Size() != 0 {
		t.Errorf("%d octets were written in spite of the lock, %v", info.Size(), err)
	}
	f.Close()
	b.Close()
	if info, err := os.Stat(dir + "/wtmp"); err != nil || info.Size() != size {
		t.Errorf("%v", err)
	}
}

// TestCutRecord: half a record at the end of wtmp is cut off.
func TestCutRecord(t *testing.T) {
	b, dir := start(t)
	b.Close()
	if err := os.WriteFile(dir+"/wtmp", make([]byte, size+100), 0o664); err != nil {
		t.Fatal(err)
	}
	b.Begin(now, Call{Line: "ttyS0", User: "rmt"})
	b.Close()
	if info, err := os.Stat(dir + "/wtmp"); err != nil || info.Size() != 2*size {
		t.Errorf("%d octets, %v", info.Size(), err)
	}
}

func TestManyAtOnce(t *testing.T) {
	b, dir := start(t)
	other := Open(now, files(dir, quiet(t)))
	var wg sync.WaitGroup
	for i := range 50 {
		wg.Go(func() {
			s := []*Book{b, other}[i%2].Begin(now, Call{Line: fmt.Sprint("ttyS", i), User: "rmt"})
			if i%5 > 0 {
				s.End(now)
			}
		})
	}
	wg.Wait()
	b.Close()
	other.Close()
	if n := strings.Count(run(t, "who", dir+"/utmp"), "\n"); n != 10 {
		t.Errorf("%d calls", n)
	}
	if n := strings.Count(run(t, "last", "-f", dir+"/wtmp"), "rmt"); n != 50 {
		t.Errorf("%d calls in the past", n)
	}
}

// TestCut: nothing that a terminal would obey gets into a record.
func TestCut(t *testing.T) {
	for in, want := range map[string]string{
		"gr\u00f6\u00df e": "gr\u00f6\u00df e", "x\x1b[2J\n": "x?[2J?", "x\u009b2J\x7f": "x?2J?", "x\x9b": "x\ufffd", "\u202ex": "?x", "12345678901": "1234567890",
	} {
		if got := cut(in, 10); got != want {
			t.Errorf("%q is recorded as %q, want %q", in, got, want)
		}
	}
}

// FuzzRecord: records of both layouts come back as they went in, and any octets
// can be read.
func FuzzRecord(f *testing.F) {
	f.Add("ttyS0", "~001", "rmt", "10.0.0.2", int64(1e9), []byte("x"))
	f.Add(strings.Repeat("x", 300), "", "a\x00b\n", "\xff", int64(1<<32-1), bytes.Repeat([]byte{0xff}, 400))
	f.Fuzz(func(t *testing.T, line, id, user, host string, sec int64, raw []byte) {
		in := record{
			kind: userProcess, pid: 7, line: line, id: id, user: user, host: host, session: 8,
			at: time.Unix(sec&0xffffffff, 5000), addr: netip.MustParseAddr("2001:db8::1"),
		}
		want := in
		want.line, want.id, want.user, want.host = cut(line, lineSize), cut(id, idSize), cut(user, userSize), cut(host, hostSize)
		for _, l := range []layout{narrow, wide} {
			b := l.append(nil, in)
			if got := l.parse(b); len(b) != l.size || got != want {
				t.Errorf("%+v\nbecame\n%+v", want, got)
			}
			l.parse(append(raw, make([]byte, l.size)...))
		}
	})
}

// TestRecorded: which lines somebody has logged in on.
func TestRecorded(t *testing.T) {
	b, dir := start(t)
	b.Begin(now, Call{Line: "ttyS0", User: "me"})
	b.Close()
	f, err := os.OpenFile(filepath.Join(dir, "utmp"), os.O_WRONLY|os.O_APPEND, 0)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	for _, r := range []record{
		{kind: userProcess, pid: os.Getpid(), line: "ttyS1", id: "S1", user: "ann", at: now},
		{kind: deadProcess, pid: os.Getpid(), line: "ttyS2", id: "S2", at: now},
		{kind: userProcess, pid: 1 << 22, line: "ttyS3", id: "S3", user: "bob", at: now},
	} {
		if _, err := f.Write(machine.append(nil, r)); err != nil {
			t.Fatal(err)
		}
	}
	for line, want := range map[string]bool{"ttyS0": false, "ttyS1": true, "/dev/ttyS1": true, "ttyS2": false, "ttyS3": false, "ttyS4": false} {
		if got := Recorded(files(dir, nil), line); got != want {
			t.Errorf("%s: %v", line, got)
		}
	}
	if !Recorded(files(t.TempDir(), nil), "ttyS0") {
		t.Error("without a file nobody knows")
	}
}
