package main

import (
	"bytes"
	"fmt"
	"net/netip"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"pppdial/mp"
	"pppdial/mp/hdlc"
	"pppdial/mp/proto"
	"pppdial/mp/wire"
)

// The tests of this file are attacks. Each has a friend, who calls meanwhile and
// must not be bothered, and nothing that is secret may get into the log.

// friendly is the control file of the attacks.
const friendly = `_INCOMING reconfigure recv_chap recv_pap send_name=server max_auth_secs=8
friend recv_passwd=Geheimnis remotehost=10.201.0.1 continue=+common
mallory recv_passwd=Gegenteil remotehost=10.201.0.2 continue=+common
+common localhost=10.200.0.1 -ccp
_SILENT reconfigure recv_chap restart_ms=1000 max_FSM_conf=3
`

// attacked is a host with a daemon and a friend of it whose link is up.
func attacked(t *testing.T, more ...string) (*ppp, *crowd, *callerEnd, mp.Network) {
	t.Helper()
	h := newHost(t, "server")
	daemon, c := h.serve(friendly, more...)
	friend := c.call("_INCOMING", "friend", "Geheimnis")
	return daemon, c, friend, friend.isUp(t)
}

// unharmed ends an attack.
func unharmed(t *testing.T, daemon *ppp, friend *callerEnd, n mp.Network) {
	t.Helper()
	if err := friend.ping(n, slowly); err != nil {
		t.Errorf("the friend is bothered: %v", err)
	}
	friend.bye(t)
	if got := daemon.term(); got != 5 {
		t.Errorf("status %d, want 5", got)
	}
	daemon.bare()
	for _, secret := range []string{"Geheimnis", "Gegenteil", "geraten"} {
		if strings.Contains(daemon.Log(), secret) {
			t.Errorf("the log shows the secret %s", secret)
		}
	}
}

// TestAnothersLabel: a login shell of an ordinary user gets no other entry than
// that of the account's name, and without one who has another shell gets nothing.
func TestAnothersLabel(t *testing.T) {
	t.Parallel()
	h := newHost(t, "server")
	daemon := h.listen("mynam localhost=" + farAddr + "\nroot localhost=" + farAddr + "\n")
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	for label, uid := range map[string]int{"root": 4242, "_INCOMING": 4242, "peter": 4242, "../mynam": 4242, "guest": 4243} {
		master, slave := openPTY(t)
		cmd := exec.Command(self, fmt.Sprint("--reuid=", uid), "--regid=4242", "--clear-groups", shellFile)
		cmd.Env = append(h.inside("/usr/bin/setpriv"), "USER="+label, "PATH=/usr/bin")
		cmd.Stdin, cmd.Stdout = slave, slave
		var stderr bytes.Buffer
		cmd.Stderr = &stderr
		h.Do(cmd.Start)
		slave.Close()
		err := cmd.Wait()
		master.Close()
		if err == nil || !strings.Contains(stderr.String(), "permission denied") {
			t.Errorf("%s: %v: %s", label, err, &stderr)
		}
	}
	daemon.await("request refused", slowly)
	if got := daemon.term(); got != 5 {
		t.Errorf("status %d, want 5", got)
	}
	h.bare()
}

// TestSymlinks: a daemon uses no directory of sockets that others could have
// made, and no control file that others can write.
func TestSymlinks(t *testing.T) {
	t.Parallel()
	h := newHost(t, "server")
	conf := h.conf("rmt device=/dev/null")
	real, link := t.TempDir(), filepath.Join(t.TempDir(), "run")
	os.Symlink(real, link)
	others := t.TempDir()
	os.Chown(others, 4242, 4242)
	for _, dir := range []string{link, others} {
		cmd := exec.Command(program, "-l", "-f", conf)
		cmd.Env = append(os.Environ(), "RUNTIME_DIRECTORY="+dir)
		p := h.launch(cmd)
		if got := p.status(slowly); got != 1 {
			t.Errorf("%s: status %d", dir, got)
		}
		p.await("login shells cannot bring their lines", 0)
	}
	for _, mode := range []os.FileMode{0o620, 0o602, 0o644} {
		os.Chmod(conf, mode)
		p := h.run("-l", "-f", conf)
		if got := p.status(slowly); got != 2 {
			t.Errorf("mode %v: status %d", mode, got)
		}
		p.await("chmod 600", 0)
	}
}

// TestGuessing: passwords are guessed slowly, and a right one gets in meanwhile.
func TestGuessing(t *testing.T) {
	t.Parallel()
	daemon, c, friend, n := attacked(t)
	began := time.Now()
	for i := range 8 {
		c.calls(calling{label: "_INCOMING", name: "mallory", secret: fmt.Sprintf("geraten%d", i), auth: [][]wire.Auth{byPAP, byCHAP}[i%2]})
	}
	for _, e := range c.all[1:] {
		if f, _ := e.ends(t); f.Up || f.Kind != mp.OurAuth && f.Kind != mp.PeerTerminated {
			t.Errorf("with a guessed secret: %v", f)
		}
	}
	if took := time.Since(began); took < 2*time.Second {
		t.Errorf("all guesses are answered after %v", took)
	}
	daemon.awaitTimes("the peer is not believed", 8, slowly)
	right := c.call("_INCOMING", "mallory", "Gegenteil")
	right.isUp(t)
	right.bye(t)
	unharmed(t, daemon, friend, n)
}

// TestReplay: the answer to one challenge answers no other, on any line.
func TestReplay(t *testing.T) {
	t.Parallel()
	daemon, c, friend, n := attacked(t)
	var heard []byte
	play := func() string {
		line := raw{c.silent("_INCOMING")}
		said := "nothing"
		line.run(t, nil, func(p wire.Protocol, body []byte) {
			switch {
			case p != wire.CHAP:
			case body[0] == challenge && heard == nil:
				heard = answerTo(body, "mallory", "Gegenteil")
				line.send(p, heard)
			case body[0] == challenge:
				heard[1] = body[1]
				line.send(p, heard)
			default:
				said = wire.Format(p, body)
				line.master.Close()
			}
		})
		return said
	}
	if said := play(); !strings.Contains(said, "Success") {
		t.Errorf("the right answer: %s", said)
	}
	if said := play(); !strings.Contains(said, "Failure") {
		t.Errorf("the same answer to another challenge: %s", said)
	}
	unharmed(t, daemon, friend, n)
}

// TestReflection: who has no answer to our challenge but what we would say to it
// gets none from us.
func TestReflection(t *testing.T) {
	t.Parallel()
	h := newHost(t, "server")
	daemon, c := h.serve(`_INCOMING reconfigure recv_chap send_chap send_name=server max_auth_secs=8
server recv_passwd=Geheimnis send_passwd=Geheimnis remotehost=10.201.0.9 localhost=10.200.0.1
friend recv_passwd=Geheimnis remotehost=10.201.0.1 localhost=10.200.0.1
both recv_chap send_chap send_name=server recv_passwd=Geheimnis send_passwd=Geheimnis remotehost=10.201.0.9 localhost=10.200.0.1
`, "-d", "-d")
	friend := c.call("_INCOMING", "friend", "Geheimnis")
	n := friend.isUp(t)
	first, second := raw{c.silent("both")}, raw{c.silent("both")}
	chap := []byte{3, 5, 0xc2, 0x23, 5} // we, too, want CHAP
	var wg sync.WaitGroup
	for line, other := range map[raw]raw{first: second, second: first} {
		wg.Go(func() {
			line.run(t, chap, func(p wire.Protocol, body []byte) {
				if p == wire.CHAP {
					line.send(p, body)
					other.send(p, body)
				}
			})
		})
	}
	wg.Wait()
	if strings.Contains(daemon.Log(), "peer authenticated name=server") {
		t.Error("our own answer has let somebody in")
	}
	unharmed(t, daemon, friend, n)
}

// TestTooEarly: packets of network protocols before anybody has proved anything
// get nowhere.
func TestTooEarly(t *testing.T) {
	t.Parallel()
	daemon, c, friend, n := attacked(t, "-d", "-d")
	ipcp := []byte{0x80, 0x21, 1, 1, 0, 10, 3, 6, 10, 201, 0, 1}
	ip := append([]byte{0x00, 0x21}, echoRequest(netip.MustParseAddr("10.201.0.1"), n.Remote)...)
	junk := [][]byte{ipcp, ip, {0x80, 0x57, 1, 1, 0, 4}, {0x80, 0xfd, 1, 1, 0, 4}, {0x00, 0x3d, 0xc0, 0, 0, 0, 0x21}}
	e := c.calls(calling{label: "_INCOMING", name: "mallory", secret: "geraten", link: func(l *mp.LinkConfig) {
		l.Auth.Times = proto.AuthTimes{Interval: time.Minute, Limit: time.Minute}
	}})
	var accm hdlc.ACCM
	for range 50 {
		for _, p := range junk {
			e.master.Write(hdlc.AppendFrame(nil, append([]byte{0xff, 0x03}, p...), &accm, true))
		}
		time.Sleep(10 * time.Millisecond)
	}
	if f, _ := e.ends(t); f.Up {
		t.Errorf("%v", f)
	}
	if log := daemon.Log(); strings.Contains(log, "mallory: network up") || strings.Contains(log, "mallory: pts") {
		t.Error("mallory has got somewhere")
	}
	unharmed(t, daemon, friend, n)
}

// TestAnothersAddress: a peer gets no address but that of its entry.
func TestAnothersAddress(t *testing.T) {
	t.Parallel()
	daemon, c, friend, n := attacked(t)
	e := c.calls(calling{label: "_INCOMING", name: "mallory", secret: "Gegenteil",
		ipcp: &proto.IPCPConfig{Local: []proto.AddrSet{{Addr: n.Local}}}})
	if f, _ := e.ends(t); f.Up {
		t.Errorf("mallory is up with the friend's address: %v", f)
	}
	if routes := daemon.ip("route"); strings.Count(routes, "10.201.0.") != 1 {
		t.Errorf("routes:\n%s", routes)
	}
	unharmed(t, daemon, friend, n)
}

// TestHalfOpen: callers who say nothing cost little, and not for long.
func TestHalfOpen(t *testing.T) {
	t.Parallel()
	calls := min(1000, 10*manyCallers(t))
	h := newHost(t, "server")
	daemon, c := h.serve(friendly)
	friend := c.call("_INCOMING", "friend", "Geheimnis")
	n := friend.isUp(t)
	before := statusOf(t, daemon)
	silent := make([]*callerEnd, calls)
	for i := range silent {
		silent[i] = c.silent("_SILENT")
	}
	daemon.awaitTimes("_SILENT: /dev/pts/", calls, slowly)
	during := statusOf(t, daemon)
	t.Logf("%d silent callers: %d KB each", calls, (during.rss-before.rss)/calls)
	late := c.call("_INCOMING", "mallory", "Gegenteil")
	late.isUp(t)
	late.bye(t)
	for _, e := range silent {
		if err := <-e.shell; err != nil {
			t.Error(err)
		}
		if e.result.Status != 10 {
			t.Errorf("a silent caller's shell has status %d, want 10", e.result.Status)
		}
		e.master.Close()
	}
	awaitDescriptors(t, daemon, before.fds+2)
	unharmed(t, daemon, friend, n)
}

// TestStuckTerminal: a terminal that takes nothing holds up nobody else.
func TestStuckTerminal(t *testing.T) {
	t.Parallel()
	daemon, c, friend, n := attacked(t)
	stuck := make([]*callerEnd, 3)
	for i := range stuck {
		stuck[i] = c.idle("stuck")
		fd := int(stuck[i].slave.Fd())
		unix.SetNonblock(fd, true)
		for full := time.Now(); time.Since(full) < 100*time.Millisecond; time.Sleep(time.Millisecond) {
			for _, err := unix.Write(fd, []byte{0}); err == nil; _, err = unix.Write(fd, []byte{0}) {
				full = time.Now()
			}
		}
		c.hand(stuck[i], "_SILENT")
	}
	daemon.awaitTimes("_SILENT: /dev/pts/", len(stuck), slowly)
	late := c.call("_INCOMING", "mallory", "Gegenteil")
	began := time.Now()
	late.isUp(t)
	t.Logf("another caller is up after %v", time.Since(began).Round(time.Millisecond))
	late.bye(t)
	for _, e := range stuck {
		if err := <-e.shell; err != nil || e.result.Status == 0 {
			t.Errorf("%v, %+v", err, e.result)
		}
		e.master.Close()
	}
	unharmed(t, daemon, friend, n)
}
