package main

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"pppdial/dial/dialtest"
)

// The programs other than getty and login that bring callers to ppp: an ssh
// server, and mgetty.

// program starts another program on the host, which has the accounts.
func (h *host) program(path string, args ...string) *ppp {
	h.t.Helper()
	self, err := os.Executable()
	if err != nil {
		h.t.Fatal(err)
	}
	cmd := exec.Command(self, args...)
	cmd.Env = append(os.Environ(), h.inside(path)...)
	cmd.SysProcAttr = &syscall.SysProcAttr{Setsid: true}
	return h.launch(cmd)
}

// conclude ends a call to a daemon that serves login shells, and then the daemon.
func (p *pairing) conclude(call, daemon *ppp) {
	p.near.t.Helper()
	if got := call.term(); got != 5 {
		p.near.t.Errorf("status %d, want 5", got)
	}
	daemon.await("verdict: status=0 ", slowly)
	if got := daemon.term(); got != 5 {
		p.near.t.Errorf("the daemon ends with %d, want 5", got)
	}
	p.near.bare()
	p.far.bare()
}

// TestSSH: ppp is the shell of an account that is reached by ssh, as in
// examples/ssh.conf.
func TestSSH(t *testing.T) {
	t.Parallel()
	p := newPairing(t)
	p.far.ip("link", "set", "lo", "up")
	key, keys := filepath.Join(p.near.dir, "key"), filepath.Join(p.far.dir, "hostkey")
	for _, c := range []*exec.Cmd{
		exec.Command("ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", key),
		exec.Command("dropbearkey", "-t", "ed25519", "-f", keys),
	} {
		if out, err := c.CombinedOutput(); err != nil {
			t.Fatalf("%v: %v\n%s", c.Args, err, out)
		}
	}
	public, err := os.ReadFile(key + ".pub")
	if err != nil {
		t.Fatal(err)
	}
	allowed := p.far.file("home/.ssh/authorized_keys", string(public))
	if err := os.Chmod(allowed, 0o644); err != nil {
		t.Fatal(err)
	}
	daemon := p.far.listen(fmt.Sprintf("mynam localhost=%s remotehost=%s\n", farAddr, nearAddr))
	server := p.far.program("/usr/sbin/dropbear", "-F", "-E", "-s", "-p", "127.0.0.1:2222", "-P", shellDir+"/sshd.pid", "-r", shellDir+"/hostkey")
	server.await("Not backgrounding", slowly)

	// ssh runs on the far host, which spares the two a network before the call.
	p.near.conf(`rmt device='exec:nsenter --net=/proc/%d/fd/%d ssh -tt -e none -o BatchMode=yes -o StrictHostKeyChecking=no -o UserKnownHostsFile=/dev/null -p 2222 -i %s mynam@127.0.0.1'
	login_chat=PPP localhost=%s remotehost=%s`, os.Getpid(), p.far.ns.Fd(), key, nearAddr, farAddr)
	call := p.near.call("rmt")
	call.await("up local="+nearAddr+" remote="+farAddr, slowly)
	daemon.await("up local="+farAddr+" remote="+nearAddr, slowly)
	exchange(t, p.near.Net, p.far.echo(farAddr), 1<<20)
	p.conclude(call, daemon)
}

// TestMgetty: mgetty answers the telephone, and tells a caller who speaks PPP at
// once from one who logs in.
func TestMgetty(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct{ name, near, entry string }{
		{"login", `login_chat='ogin: mynam ssword: \qxxx PPP'`, "mynam"},
		{"AutoPPP", "send_pap send_name=mynam send_passwd=xxx", "_INCOMING reconfigure\nmynam"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			p := newPairing(t)
			p.modem = newModem(t, p.bank, dialtest.ModemConfig{Name: "near", Number: "5550000"})
			answering := newModem(t, p.bank, dialtest.ModemConfig{Name: "far", Number: number, CarrierHangup: true})
			tty, err := filepath.EvalSymlinks(answering.Path())
			if err != nil {
				t.Fatal(err)
			}
			daemon := p.far.listen(fmt.Sprintf("%s localhost=%s remotehost=%s\n", tt.entry, farAddr, nearAddr))
			mgetty := p.far.program("/usr/sbin/mgetty", "-D", "-x", "5", "-s", "115200", strings.TrimPrefix(tty, "/dev/"))
			p.near.conf(`rmt device=%s phone=%s localhost=%s remotehost=%s %s`, p.modem.Path(), number, nearAddr, farAddr, tt.near)
			call := p.near.call("rmt")
			call.await("up local="+nearAddr+" remote="+farAddr, slowly)
			daemon.await("up local="+farAddr+" remote="+nearAddr, slowly)
			exchange(t, p.near.Net, p.far.echo(farAddr), 1<<18)
			p.conclude(call, daemon)
			mgetty.status(slowly)
			released(t, p.modem)
		})
	}
}
