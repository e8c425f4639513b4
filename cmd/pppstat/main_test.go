package main

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"go.uber.org/goleak"
	"golang.org/x/sys/unix"

	tea "charm.land/bubbletea/v2"
	"github.com/charmbracelet/x/ansi"

	"pppdial/cmd/internal/rendezvous"
	"pppdial/cmd/internal/status"
	"pppdial/cmd/pppstat/internal/screen"
)

// The test binary is pppstat itself when it is started with this.
const envProgram = "PPPSTAT_TEST"

func TestMain(m *testing.M) {
	if os.Getenv(envProgram) != "" {
		main()
	}
	goleak.VerifyTestMain(m)
}

func pppstat(t *testing.T, dir string, args ...string) *exec.Cmd {
	t.Helper()
	cmd := exec.Command("/proc/self/exe", args...)
	cmd.Env = append(os.Environ(), envProgram+"=1", "RUNTIME_DIRECTORY="+dir, "LC_ALL=C.UTF-8", "TERM=xterm", "GORACE=atexit_sleep_ms=0")
	return cmd
}

// A daemon tells of bundles, whose counters grow from question to question.
type daemon struct {
	mu      sync.Mutex
	bundles []status.Bundle
	acts    []rendezvous.Command
}

func (d *daemon) State(_ context.Context, q rendezvous.Query) (all []status.Bundle, err error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	for i := range d.bundles {
		b := &d.bundles[i]
		if !q.Brief {
			b.Rx.Bytes += 1000
		}
		if q.Match(b.Entry, b.Unit) {
			one := *b
			one.Links = slices.Clone(b.Links) // the server completes what it is given
			all = append(all, one)
		}
	}
	return all, nil
}

func (d *daemon) Act(_ context.Context, _ rendezvous.Caller, c rendezvous.Command) error {
	d.mu.Lock()
	defer d.mu.Unlock()
	if !c.Match("rmt", 1) {
		return rendezvous.ErrUnknown
	}
	if c.Verb == rendezvous.DropLine {
		return errors.New("no line can be spared")
	}
	d.acts = append(d.acts, c)
	return nil
}

func (d *daemon) Adopt(h *rendezvous.Handover) { h.Decline() }

func (d *daemon) set(b ...status.Bundle) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.bundles = b
}

// house starts a daemon with two bundles, of which the second is active.
func house(t *testing.T) (dir string, d *daemon) {
	t.Helper()
	dir = filepath.Join(t.TempDir(), "run")
	d = &daemon{}
	since := time.Now().Add(-time.Hour)
	d.set(status.Bundle{Entry: "idle", Interface: "ppp0", Unit: 0, PID: 1, Phase: status.Holding, Since: since},
		status.Bundle{Entry: "rmt", Interface: "ppp1", Unit: 1, PID: 1, Phase: status.NetworkPhase, Since: since, Local: "127.0.0.1", Remote: "10.0.0.2",
			Links: []status.Link{{Line: "/dev/ttyS0"}, {Line: "/dev/ttyS1"}, {Line: "/dev/ttyS2"}, {Line: "/dev/ttyS3"}, {Line: "/dev/ttyS4"}}})
	s, err := rendezvous.Listen(dir, rendezvous.Options{}, d)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(s.Close)
	return dir, d
}

func TestCommandLine(t *testing.T) {
	for in, want := range map[string]string{
		"-x":                "there is no option -x",
		"-u":                "-u needs a value",
		"-u -1":             "-u -1: give the number of a unit",
		"-u x":              "-u x: give the number of a unit",
		"-i 0":              "-i 0: give seconds",
		"-i NaN":            "-i NaN: give seconds",
		"-m x":              "-m x: give d, r or z",
		"-m dr":             "-m dr: give d, r or z",
		"-m ":               "-m : give d, r or z",
		"extra":             `what is "extra"?`,
		"-c up":             "up which interface? Give a label, or -u",
		"-c up rmt another": `what is "another"?`,
		"-c debug rmt":      "debug needs a level, 0 to 3",
		"-c debug 4 rmt":    "debug needs a level, 0 to 3",
		"-c reboot rmt":     `there is no command "reboot"`,
	} {
		var stdout, stderr bytes.Buffer
		o, status := parseArgs(append([]string{"pppstat"}, strings.Split(in, " ")...), &stdout, &stderr)
		if o != nil || status != statusUsage || !strings.HasPrefix(stderr.String(), "pppstat: "+want) {
			t.Errorf("%s: %v, %d, %s", in, o, status, stderr.String())
		}
	}
	o, _ := parseArgs(strings.Fields("pppstat -nju2 -i2.5 -md"), io.Discard, io.Discard)
	if o == nil || !o.numeric || !o.json || *o.unit != 2 || o.interval != 2500*time.Millisecond || o.mode != screen.Delta {
		t.Errorf("%+v", o)
	}
	o, _ = parseArgs(strings.Fields("pppstat -u ppp3 -c debug 2"), io.Discard, io.Discard)
	if o == nil || *o.command.Unit != 3 || o.command.Level != 2 || o.command.Verb != rendezvous.Debug {
		t.Errorf("%+v", o)
	}
}

// What is printed where there is no terminal, and exit statuses.
func TestOnce(t *testing.T) {
	dir, d := house(t)
	out, err := pppstat(t, dir, "-j").Output()
	var doc status.Document
	if err != nil || json.Unmarshal(out, &doc) != nil || len(doc.Bundles) != 2 || doc.Bundles[1].Entry != "rmt" || bytes.Contains(out, []byte("null")) {
		t.Errorf("%s %v", out, err)
	}
	out, err = pppstat(t, dir).Output()
	text := string(out)
	if err != nil || !strings.HasPrefix(text, "rmt  ppp1  unit 1") || !strings.Contains(text, "Link 5 of 5") ||
		!strings.Contains(text, "localhost") || strings.Contains(text, "\x1b") {
		t.Errorf("%s %v", out, err)
	}
	if out, err = pppstat(t, dir, "-n", "-u", "0").Output(); err != nil || !strings.HasPrefix(string(out), "idle  ppp0") {
		t.Errorf("%s %v", out, err)
	}
	for _, c := range []struct {
		args, stderr string
		status       int
	}{
		{"-c up rmt", "", 0},
		{"-u 1 -c debug 2", "", 0},
		{"-c up other", "pppstat: there is no such interface\n", 1},
		{"-c drop-line rmt", "pppstat: no line can be spared\n", 1},
		{"-u 7", "pppstat: unit 7: there is no such interface\n", 1},
		{"-j -i 0.1 -u 9 extra", "pppstat: what is \"extra\"?\n" + usage, 2},
	} {
		cmd := pppstat(t, dir, strings.Fields(c.args)...)
		var stderr bytes.Buffer
		cmd.Stderr = &stderr
		cmd.Run()
		if got := cmd.ProcessState.ExitCode(); got != c.status || stderr.String() != c.stderr {
			t.Errorf("%s: %d, %s", c.args, got, stderr.String())
		}
	}
	if len(d.acts) != 2 || d.acts[1].Level != 2 {
		t.Errorf("%+v", d.acts)
	}
	cmd := pppstat(t, dir+"x", "-j")
	if out, err := cmd.CombinedOutput(); err == nil || string(out) != "pppstat: no ppp is running\n" {
		t.Errorf("%s %v", out, err)
	}
	// Text again and again counts as the mode says.
	for mode, want := range map[string][2]uint64{"d": {1000, 1000}, "z": {1000, 2000}, "r": {1000, 2000}} {
		r, w, err := os.Pipe()
		if err != nil {
			t.Fatal(err)
		}
		cmd := pppstat(t, dir, "-n", "-u", "1", "-i", "0.1", "-m", mode)
		cmd.Stdout = w
		if err := cmd.Start(); err != nil {
			t.Fatal(err)
		}
		w.Close()
		var got []uint64
		for lines := bufio.NewScanner(r); len(got) < 3 && lines.Scan(); {
			var n uint64
			if fmt.Sscanf(lines.Text(), " octets %d", &n); n > 0 { // not of a link
				got = append(got, n)
			}
		}
		r.Close()
		cmd.Process.Kill()
		cmd.Wait()
		if len(got) == 3 && mode == "r" {
			got[1], got[2] = got[1]-got[0], got[2]-got[0]
		}
		if len(got) < 3 || [2]uint64(got[1:]) != want {
			t.Errorf("-m %s: %v, want %v behind the first", mode, got, want)
		}
	}
	// With -i one document a line, until nobody reads them.
	cmd = pppstat(t, dir, "-j", "-i", "0.1")
	r, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	for d := json.NewDecoder(r); len(doc.Bundles) > 0 && doc.Bundles[0].Rx.Bytes < 10000; {
		if err := d.Decode(&doc); err != nil {
			t.Fatal(err)
		}
	}
	r.Close()
	cmd.Wait()
}

// The name of a peer gets to no terminal as anything but text, and to programs
// as it is.
func TestJSONOfControls(t *testing.T) {
	const name = "gr\u00f6\u00df\u009b2J\x7f\x1b\u202e\U000e0001"
	dir, d := house(t)
	d.set(status.Bundle{Entry: "rmt", PeerName: name})
	out, err := pppstat(t, dir, "-j").Output()
	var doc status.Document
	if err != nil || json.Unmarshal(out, &doc) != nil || len(doc.Bundles) != 1 || doc.Bundles[0].PeerName != name {
		t.Errorf("%q %v", out, err)
	}
	if want := `"peer_name":"größ\u009b2J\u007f\u001b\u202e\udb40\udc01"`; !strings.Contains(string(out), want) {
		t.Errorf("%q, want %s in it", out, want)
	}
}

// Keys and what follows from them, with no terminal.
func TestKeys(t *testing.T) {
	dir, d := house(t)
	o, _ := parseArgs([]string{"pppstat", "-n"}, io.Discard, io.Discard)
	o.dir = dir
	m := newModel(t.Context(), o)
	perform := func(cmd tea.Cmd) {
		for cmd != nil {
			_, cmd = m.Update(cmd())
		}
	}
	refresh := func() { perform(m.ask()) }
	press := func(keys string) {
		for _, k := range keys {
			_, cmd := m.Update(tea.KeyPressMsg(tea.Key{Code: k, Text: string(k)}))
			perform(cmd)
		}
	}
	see := func(want ...string) {
		t.Helper()
		text := ansi.Strip(m.View().Content)
		for _, w := range want {
			if !strings.Contains(text, w) {
				t.Errorf("%q is missing:\n%s", w, text)
			}
		}
	}
	refresh()
	see("rmt  ppp1  unit 1", "reset", "octets                1000")
	refresh()
	press("d")
	see("delta", "octets                1000")
	refresh()
	see("octets                1000")
	press("z")
	refresh()
	refresh()
	see("zeroed", "octets                2000")
	press("R")
	see("reset", "octets                5000")
	press("1")
	see("Link 1 of 5: /dev/ttyS0")
	press("4")
	see("Link 4 of 5: /dev/ttyS3")
	press("]")
	see("There is no link 8")
	press("]1")
	see("Link 5 of 5: /dev/ttyS4")
	press("[")
	see("Link 1 of 5")
	press("6")
	see("calls tried")
	press("7")
	see("Multilink")
	press("+")
	see("idle  ppp0  unit 0")
	press("+")
	see("rmt  ppp1")
	press("--")
	see("rmt  ppp1")
	press("-")
	see("idle  ppp0")
	waiting := m.ask() // keys that come meanwhile count together
	press("-----")
	perform(waiting)
	see("rmt  ppp1")
	press("+")
	see("idle  ppp0")
	m.Update(tea.WindowSizeMsg{Width: 40, Height: 10})
	if got := strings.Count(m.View().Content, "\n"); got != 9 {
		t.Errorf("%d lines", got)
	}
	d.set(status.Bundle{Entry: "answer", Unit: status.NoUnit, Mode: "in", Phase: status.Holding, Since: time.Now()},
		status.Bundle{Entry: "idle", Interface: "ppp0", Unit: 0, PID: 1, Phase: status.Holding})
	m.Update(tea.WindowSizeMsg{Width: 80, Height: 24})
	press("+")
	see("answer  no interface  in  holding for")
	refresh()
	see("answer  no interface")
	press("+")
	see("idle  ppp0  unit 0")
	d.set()
	refresh()
	m.Update(tea.WindowSizeMsg{Width: 80, Height: 24})
	see("unit 0: there is no such interface", "There is no interface")
	_, cmd := m.Update(tea.KeyPressMsg(tea.Key{Code: 'q', Text: "q"}))
	if _, quits := cmd().(tea.QuitMsg); !quits {
		t.Error("q does not quit")
	}
}

// The program on a terminal: it draws, follows keys and the window, leaves the
// terminal as it was, and uses no colours where they are not wanted.
func TestTerminal(t *testing.T) {
	dir, _ := house(t)
	for _, noColor := range []string{"", "yes"} {
		far, near := pty(t)
		before := settings(t, near)
		cmd := pppstat(t, dir, "-i", "0.1")
		cmd.Stdin, cmd.Stdout, cmd.Stderr = near, near, near
		cmd.SysProcAttr = &syscall.SysProcAttr{Setsid: true, Setctty: true}
		if noColor != "" {
			cmd.Env = append(cmd.Env, "NO_COLOR="+noColor)
		}
		if err := cmd.Start(); err != nil {
			t.Fatal(err)
		}
		seen := make(chan string)
		go func() {
			var all strings.Builder
			buf := make([]byte, 4096)
			for {
				n, err := far.Read(buf)
				all.Write(buf[:n])
				if err != nil {
					close(seen)
					return
				}
				seen <- all.String()
			}
		}()
		var all string
		wait := func(what string) {
			t.Helper()
			late := time.After(20 * time.Second)
			for !strings.Contains(ansi.Strip(all), what) {
				select {
				case all = <-seen:
				case <-late:
					t.Fatalf("%q does not come: %q", what, all)
				}
			}
		}
		wait("rmt  ppp1  unit 1")
		io.WriteString(far, "6")
		wait("calls tried")
		if err := unix.IoctlSetWinsize(int(far.Fd()), unix.TIOCSWINSZ, &unix.Winsize{Row: 40, Col: 120}); err != nil {
			t.Fatal(err)
		}
		wait("  5  /dev/ttyS4  ?, up") // for which there was no room
		io.WriteString(far, "7q")
		done := make(chan error, 1)
		go func() { done <- cmd.Wait() }()
		for ended := false; !ended; {
			select {
			case all = <-seen:
			case err := <-done:
				if err != nil {
					t.Error(err)
				}
				ended = true
			}
		}
		if got := settings(t, near); got != before {
			t.Error("the terminal is not as it was")
		}
		near.Close()
		for s := range seen {
			all = s
		}
		far.Close()
		if !strings.Contains(all, "\x1b[?1049h") || !strings.Contains(all, "\x1b[?1049l") {
			t.Errorf("no screen of its own: %q", all)
		}
		if colours := strings.Contains(all, "\x1b[36m") || strings.Contains(all, ";36m"); colours == (noColor != "") {
			t.Errorf("NO_COLOR %q, colours %v: %q", noColor, colours, all)
		}
	}
}

func settings(t *testing.T, f *os.File) unix.Termios {
	t.Helper()
	s, err := unix.IoctlGetTermios(int(f.Fd()), unix.TCGETS)
	if err != nil {
		t.Fatal(err)
	}
	return *s
}

func pty(t *testing.T) (far, near *os.File) {
	t.Helper()
	far, err := os.OpenFile("/dev/ptmx", os.O_RDWR|unix.O_NOCTTY, 0)
	if err != nil {
		t.Fatal(err)
	}
	raw, err := far.SyscallConn()
	if err != nil {
		t.Fatal(err)
	}
	var n uint32
	raw.Control(func(fd uintptr) {
		if err = unix.IoctlSetPointerInt(int(fd), unix.TIOCSPTLCK, 0); err == nil {
			n, err = unix.IoctlGetUint32(int(fd), unix.TIOCGPTN)
		}
		if err == nil {
			err = unix.IoctlSetWinsize(int(fd), unix.TIOCSWINSZ, &unix.Winsize{Row: 24, Col: 80})
		}
	})
	if err != nil {
		t.Fatal(err)
	}
	near, err = os.OpenFile(fmt.Sprintf("/dev/pts/%d", n), os.O_RDWR|unix.O_NOCTTY, 0)
	if err != nil {
		t.Fatal(err)
	}
	return far, near
}

// FuzzArgs: a command line gives options in silence, or a status with words.
func FuzzArgs(f *testing.F) {
	for _, s := range []string{"-n -u ppp1 -i 0.5 -md", "-c debug 3 rmt", "-cup rmt -j", "-V", "-h", "-i x", "-- -u", "-", "-u", "-c debug"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, line string) {
		var out, errs bytes.Buffer
		o, status := parseArgs(strings.Split("pppstat "+line, " "), &out, &errs)
		switch {
		case o != nil && (status != 0 || out.Len()+errs.Len() > 0 || o.interval < minInterval || o.interval > maxInterval):
			t.Errorf("%+v, status %d, %q and %q", o, status, &out, &errs)
		case o == nil && (status == 0) != (errs.Len() == 0), o == nil && (status == 0) != (out.Len() > 0):
			t.Errorf("status %d, %q and %q", status, &out, &errs)
		}
	})
}
