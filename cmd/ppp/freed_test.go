package main

import (
	"bytes"
	"cmp"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"pppdial/mp"
	"pppdial/mp/wire"
)

// several is the control file of a few tests.
const several = `joe localhost=10.200.0.1 remotehost=10.201.0.1 -ccp maxdevs=2
proof recv_chap recv_passwd=Geheimnis localhost=10.200.0.1 remotehost=10.201.0.1 max_auth_secs=2
quick localhost=10.200.0.1 remotehost=10.201.0.1 restart_ms=200 max_FSM_conf=5 LCP_ECHO_INTERVAL=1 lcp_echo_fails=2
`

// TestTwoLines: a caller's second line joins the bundle of the first one, and
// leaves it again.
func TestTwoLines(t *testing.T) {
	t.Parallel()
	h := newHost(t, "server")
	daemon, c := h.serve(several)
	multilink := func(l *mp.LinkConfig) { l.LCP.MRRU, l.LCP.Endpoint = 1500, wire.LocalEndpoint("joe's") }
	first := c.calls(calling{label: "joe", link: multilink})
	n := first.isUp(t)
	second := c.calls(calling{label: "joe", link: multilink, with: first})
	daemon.await("link joined peer=\"\" links=2", slowly)
	if err := first.ping(n, slowly); err != nil {
		t.Error(err)
	}
	if links := h.ip("-o", "link"); strings.Count(links, "ppp") != 1 {
		t.Errorf("interfaces:\n%s", links)
	}
	stranger := c.calls(calling{label: "joe", link: func(l *mp.LinkConfig) {
		l.LCP.MRRU, l.LCP.Endpoint = 1500, wire.LocalEndpoint("not joe's")
	}})
	other := stranger.isUp(t)
	if other.Local != n.Local {
		t.Logf("another machine of the same name has %v", other.Local)
	}
	stranger.bye(t)
	second.link.Close(mp.Closed, "bye")
	daemon.await("a line less", slowly)
	if err := first.ping(n, slowly); err != nil {
		t.Error(err)
	}
	first.link.Close(mp.Closed, "bye")
	for _, e := range []*callerEnd{second, first} {
		if err := <-e.shell; err != nil {
			t.Error(err)
		}
	}
	if got := daemon.term(); got != 5 {
		t.Errorf("status %d, want 5", got)
	}
	h.bare()
}

// joes is the control file of a caller who comes under several labels.
const joes = `_INCOMING reconfigure recv_chap
joe in recv_chap recv_passwd=Geheimnis localhost=10.200.0.1 pool=10.201.0.1-10.201.0.9 -ccp maxdevs=2
`

// joe begins a call of a machine of joe's, to a login shell of root for label. With
// is the call whose second line it is; nil: it is the first.
func (c *crowd) joe(h *host, label, machine string, with *callerEnd) (*callerEnd, *ppp) {
	e := c.idle(machine)
	quiet(c.t, e.slave)
	e.calling = calling{name: "joe", secret: "Geheimnis", link: func(l *mp.LinkConfig) {
		l.LCP.MRRU, l.LCP.Endpoint = 1500, wire.LocalEndpoint(machine)
	}}
	if with != nil {
		e.bundle, e.joins = with.bundle, with
	}
	shell := h.at(e.slave, label, "-f", filepath.Join(h.dir, "ppp.conf"))
	e.start(nil)
	return e, shell
}

// over waits for the end of a call, and gives the status of its shell.
func (e *callerEnd) over(shell *ppp) int {
	got := shell.status(slowly)
	<-e.lost
	e.slave.Close()
	e.close()
	return got
}

// TestLinesElsewhere: a caller's second line that comes to another process than the
// first one is sent away, and the first stays up. When that is over, the other
// process takes the caller.
func TestLinesElsewhere(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name          string
		daemons       []string // that are there before
		first, second string   // labels of the shells that bring the lines
		by            string   // who sends the second one away; "": its shell
	}{
		{"two shells of root", nil, "_INCOMING", "_INCOMING", ""},
		{"two shells of root by two labels", nil, "_INCOMING", "joe", ""},
		{"ppp -r and then ppp -l", []string{"-rjoe", "-l"}, "joe", "_INCOMING", "-l"},
		{"ppp -l and then ppp -r", []string{"-rjoe", "-l"}, "_INCOMING", "joe", "-rjoe"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			h := newHost(t, "server")
			file := h.file("ppp.conf", joes)
			programs := map[string]*ppp{}
			for _, option := range tt.daemons {
				programs[option] = h.run(option, "-f", file)
			}
			if tt.daemons != nil {
				h.awaitFiles("owner.joe", 1)
				h.awaitFiles("listen.sock", 1)
			}
			c := newCrowd(t, h.dir)
			first, shell := c.joe(h, tt.first, "joe's", nil)
			n := first.isUp(t)
			second, refused := c.joe(h, tt.second, "joe's", first)
			select {
			case f := <-second.lost:
				second.lost <- f
			case <-first.up:
				t.Fatal("the second line has broken the first")
			}
			if got := second.over(refused); got != 6 {
				t.Errorf("status %d, want 6", got)
			}
			by := cmp.Or(programs[tt.by], refused)
			by.await(`cause="another ppp has the caller's other lines"`, slowly)
			if err := first.ping(n, slowly); err != nil {
				t.Error(err)
			}
			first.link.Close(mp.Closed, "bye")
			first.over(shell)
			h.awaitFiles("owner.joe%20*", 0)
			again, shell := c.joe(h, tt.second, "joe's", nil)
			again.isUp(t)
			again.link.Close(mp.Closed, "bye")
			again.over(shell)
			for _, option := range tt.daemons {
				if got := programs[option].term(); got != 5 {
					t.Errorf("%s: status %d, want 5", option, got)
				}
			}
			h.bare()
		})
	}
}

// TestMachinesElsewhere: two machines by one name may come to two processes.
func TestMachinesElsewhere(t *testing.T) {
	t.Parallel()
	h := newHost(t, "server")
	h.file("ppp.conf", joes)
	c := newCrowd(t, h.dir)
	one, shell := c.joe(h, "_INCOMING", "joe's", nil)
	n := one.isUp(t)
	other, another := c.joe(h, "_INCOMING", "also joe's", nil)
	if err := other.ping(other.isUp(t), slowly); err != nil {
		t.Error(err)
	}
	if err := one.ping(n, slowly); err != nil {
		t.Error(err)
	}
	one.link.Close(mp.Closed, "bye")
	one.over(shell)
	other.link.Close(mp.Closed, "bye")
	other.over(another)
	h.bare()
}

// awaitFiles waits until there are as many files of a pattern in the host's directory.
func (h *host) awaitFiles(pattern string, want int) {
	h.t.Helper()
	for deadline := time.Now().Add(slowly); ; time.Sleep(10 * time.Millisecond) {
		found, err := filepath.Glob(filepath.Join(h.dir, pattern))
		if len(found) == want {
			return
		} else if err != nil || time.Now().After(deadline) {
			h.t.Fatalf("%s: %q, %v", pattern, found, err)
		}
	}
}

// TestFreed: whatever the caller does, its login shell ends, with the status
// that tells why, the terminal is as it was, and has had nothing but PPP.
func TestFreed(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name, label string
		after       string // of the daemon's log, which comes first
		do          func(e *callerEnd, shell *exec.Cmd)
		status      int
	}{
		{"the peer says good-bye", "joe", "up local=", func(e *callerEnd, _ *exec.Cmd) { e.link.Close(mp.Closed, "bye") }, 0},
		{"nothing comes", "quick", "", nil, 10},
		{"something else than PPP comes", "quick", "", func(e *callerEnd, _ *exec.Cmd) {
			for range 20 {
				io.WriteString(e.master, "hello?\r\n")
				time.Sleep(20 * time.Millisecond)
			}
		}, 10},
		{"the peer proves nothing", "proof", "", func(e *callerEnd, _ *exec.Cmd) {
			e.start(func(l *mp.LinkConfig) { l.Auth.Password = "geraten" })
		}, 11},
		{"the peer falls silent", "quick", "up local=", func(e *callerEnd, _ *exec.Cmd) { e.link.Drop(mp.Closed, "") }, 15},
		{"the shell is told to end", "joe", "up local=", func(_ *callerEnd, shell *exec.Cmd) { shell.Process.Signal(syscall.SIGTERM) }, 5},
		{"the shell is interrupted", "joe", "up local=", func(_ *callerEnd, shell *exec.Cmd) { shell.Process.Signal(syscall.SIGINT) }, 5},
		{"the shell is hung up", "joe", "up local=", func(_ *callerEnd, shell *exec.Cmd) { shell.Process.Signal(syscall.SIGHUP) }, 16},
		{"the shell is killed", "joe", "up local=", func(_ *callerEnd, shell *exec.Cmd) { shell.Process.Kill() }, -1},
		{"the carrier is lost", "joe", "up local=", func(e *callerEnd, _ *exec.Cmd) { e.master.Close() }, -1},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			h := newHost(t, "server")
			daemon, c := h.serve(several, "-d", "-d")
			e := c.idle(tt.label)
			heard := e.listen()
			shell := exec.Command(program, "-d", "-d")
			shell.Args[0] = "-ppp"
			shell.Env = append(os.Environ(), "USER="+tt.label, "RUNTIME_DIRECTORY="+h.dir)
			slave := e.slave
			shell.Stdin, shell.Stdout, shell.Stderr = slave, slave, slave
			shell.SysProcAttr = &syscall.SysProcAttr{Setsid: true, Setctty: true}
			before := termiosOf(t, slave)
			if err := h.Do(shell.Start); err != nil {
				t.Fatal(err)
			}
			daemon.await("a caller's line", slowly)
			if tt.after != "" {
				e.start(nil)
				daemon.await(tt.after, slowly)
			}
			if tt.do != nil {
				tt.do(e, shell)
			}
			ended := make(chan error, 1)
			go func() { ended <- shell.Wait() }()
			select {
			case <-ended:
			case <-time.After(60 * time.Second):
				t.Fatal("the shell has not ended")
			}
			if got := shell.ProcessState.ExitCode(); got != tt.status && tt.status >= 0 {
				t.Errorf("the shell ends with %d, want %d", got, tt.status)
			}
			daemon.await("verdict: ", slowly)
			if after := termiosOf(t, slave); after != before && tt.name != "the carrier is lost" {
				t.Errorf("the terminal was %+v and is %+v", before, after)
			}
			slave.Close()
			if text := heard(); !bytes.HasPrefix(text, []byte("PPP\r\n")) || bytes.Contains(text, []byte("verdict")) || bytes.Contains(text, []byte("state proto")) {
				t.Errorf("the line has had %q", text)
			}
			if e.link != nil {
				<-e.lost
			}
			e.close()
			if got := daemon.term(); got != 5 {
				t.Errorf("status %d, want 5", got)
			}
			h.bare()
		})
	}
}

// TestVerdictOfShell: a login shell ends with the verdict of the daemon that had
// its line.
func TestVerdictOfShell(t *testing.T) {
	t.Parallel()
	h := newHost(t, "server")
	daemon, c := h.serve(several)
	e := c.idle("proof")
	quiet(t, e.slave)
	shell := h.at(e.slave, "proof")
	daemon.await("a caller's line", slowly)
	e.start(func(l *mp.LinkConfig) { l.Auth.Password = "geraten" })
	if got := shell.status(slowly); got != 11 {
		t.Errorf("status %d, want 11", got)
	}
	_, want, _ := strings.Cut(daemon.await("verdict: ", slowly), "verdict: ")
	if _, got, _ := strings.Cut(shell.await("verdict: ", 0), "verdict: "); got != want {
		t.Errorf("the shell's verdict: %s\nthe daemon's: %s", got, want)
	}
	<-e.lost
	e.slave.Close()
	e.close()
	if got := daemon.term(); got != 5 {
		t.Errorf("status %d, want 5", got)
	}
	h.bare()
}

func termiosOf(t *testing.T, f *os.File) unix.Termios {
	t.Helper()
	tio, err := unix.IoctlGetTermios(int(f.Fd()), unix.TCGETS)
	if err != nil {
		return unix.Termios{}
	}
	return *tio
}

// TestWithoutDaemon: a login shell of root serves the line itself; an ordinary
// one says in one sentence, and not to the line, that nobody does.
func TestWithoutDaemon(t *testing.T) {
	t.Parallel()
	h := newHost(t, "server")
	h.file("ppp.conf", several)
	c := newCrowd(t, h.dir)
	e := c.idle("joe")
	shell := h.at(e.slave, "joe", "-f", filepath.Join(h.dir, "ppp.conf"))
	e.start(nil)
	n := e.isUp(t)
	if err := e.ping(n, slowly); err != nil {
		t.Error(err)
	}
	e.link.Close(mp.Closed, "bye")
	if got := shell.status(slowly); got != 0 {
		t.Errorf("status %d, want 0", got)
	}
	<-e.lost
	e.slave.Close()
	e.close()
	h.bare()

	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	empty := newHost(t, "empty")
	cmd := exec.Command(self, "--reuid=4242", "--regid=4242", "--clear-groups", shellFile)
	cmd.Env = append(empty.inside("/usr/bin/setpriv"), "USER=mynam", "PATH=/usr/bin")
	p := empty.launch(cmd)
	if got := p.status(slowly); got != 3 {
		t.Errorf("status %d, want 3", got)
	}
	if got := strings.Count(p.Log(), "\n"); got != 0 {
		t.Errorf("more than a sentence:\n%s", p.Log())
	}
	p.await(`cause="no ppp is running that takes the lines of login shells" try="have root start ppp -l, or ppp -r mynam"`, 0)
}

// TestAutoPPP: mgetty starts ppp when it has recognized a caller's first frame,
// which is gone then, on a line that is raw already.
func TestAutoPPP(t *testing.T) {
	t.Parallel()
	h := newHost(t, "server")
	h.file("ppp.conf", friendly)
	c := newCrowd(t, h.dir)
	e := c.idle("mallory")
	quiet(t, e.slave)
	e.start(func(l *mp.LinkConfig) { l.Auth.Name, l.Auth.Password, l.LCP.Allow = "mallory", "Gegenteil", byCHAP })
	frame := make([]byte, 200)
	if n, err := e.slave.Read(frame); err != nil || frame[0] != 0x7e {
		t.Fatalf("%x, %v", frame[:n], err)
	}
	shell := h.at(e.slave, "_INCOMING", "-f", filepath.Join(h.dir, "ppp.conf"))
	n := e.isUp(t)
	if got := fmt.Sprint(n.Local); got != "10.201.0.2" {
		t.Errorf("the caller has %s", got)
	}
	e.link.Close(mp.Closed, "bye")
	shell.status(slowly)
	<-e.lost
	e.slave.Close()
	e.close()
	h.bare()
}
