package main

import (
	"fmt"
	"net/netip"
	"os"
	"os/exec"
	"strings"
	"testing"

	"pppdial/cmd/internal/lab"
	"pppdial/dial/dialtest"
)

// accountFiles are those of a system with an ordinary user, mynam, whose shell
// is ppp and whose password is xxx, and another, guest, whose shell is none.
var accountFiles = map[string]string{
	"/etc/passwd": "root:x:0:0:root:/root:/bin/sh\nmynam:x:4242:4242::" + shellDir + "/home:" + shellFile + "\nguest:x:4243:4242::/:/bin/sh\n",
	"/etc/group":  "root:x:0:\ntty:x:5:\nutmp:x:43:\nmynam:x:4242:\n",
	"/etc/shadow": "root:*:19000:0:99999:7:::\n" +
		"peter:$y$j9T$tfAu9qF4sHmr/HiSfr.c6.$D1eXjA2jDmqsxjOy2sThLADj1bmPax2RektSK9bwHzC:19000:0:99999:7:::\n" +
		"mynam:$y$j9T$tfAu9qF4sHmr/HiSfr.c6.$D1eXjA2jDmqsxjOy2sThLADj1bmPax2RektSK9bwHzC:19000:0:99999:7:::\n",
	"/etc/shells":              shellFile + "\n",
	"/etc/mgetty/login.config": "/AutoPPP/ - - /usr/bin/env USER=_INCOMING " + shellFile + "\n* - - /bin/login @\n",
	"/etc/pam.d/login":         "auth required pam_unix.so\naccount required pam_unix.so\nsession required pam_permit.so\n",
}

// inside gives the environment with which this test program becomes another one
// on the host, where it sees the accounts, and the daemon's directory in its
// usual place.
func (h *host) inside(command string) []string {
	list := []string{h.dir + "=" + shellDir, program + "=" + shellFile}
	for name, text := range accountFiles {
		list = append(list, h.file(name, text)+"="+name)
	}
	os.Mkdir(h.dir+"/home", 0o755)
	os.Chmod(h.dir+"/etc/passwd", 0o644)
	os.Chmod(h.dir+"/etc/group", 0o644)
	pid := os.Getpid()
	return []string{
		fmt.Sprintf("%s=/proc/%d/fd/%d", envNamespace, pid, h.ns.Fd()),
		envProgram + "=" + command, envMounts + "=" + strings.Join(list, ","),
	}
}

// getty is agetty on the line of a call: it asks for the name, and login for the
// password.
func (h *host) getty() dialtest.Command {
	self, err := os.Executable()
	if err != nil {
		h.t.Fatal(err)
	}
	return dialtest.Command{Command: []string{self, "--noclear", "--nohostname", "--local-line", "-", "19200", "vt100"}, Env: h.inside("/sbin/agetty")}
}

// listen starts ppp -l on a host that has the accounts.
func (h *host) listen(conf string) *ppp {
	h.t.Helper()
	h.file("ppp.conf", conf)
	self, err := os.Executable()
	if err != nil {
		h.t.Fatal(err)
	}
	cmd := exec.Command(self, "-d", "-d", "-l", "-f", shellDir+"/ppp.conf")
	cmd.Env = append(os.Environ(), h.inside(program)...)
	cmd.Env = append(cmd.Env, "RUNTIME_DIRECTORY="+shellDir, "STATE_DIRECTORY="+shellDir+"/keep")
	p := h.launch(cmd)
	p.await("serving the lines of login shells", slowly)
	return p
}

// TestGettyPPPD: the same with pppd as the caller.
func TestGettyPPPD(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name string
		pppd []string
		far  string
		has  string // in the daemon's log
	}{
		{"PAP by the password of the account", []string{"user", "mynam"}, "mynam recv_pap recv_name=mynam", `peer authenticated name=mynam by=pap`},
		{"CHAP by the entry", []string{"user", "them"}, "mynam recv_chap recv_passwd=Gegenteil", `peer authenticated name=them by="chap MD5"`},
		{"reconfigure by PAP", []string{"user", "peter"}, "mynam reconfigure\npeter", `peter: pts`},
		{"reconfigure by CHAP", []string{"user", "them"}, "mynam reconfigure recv_chap\nthem recv_passwd=Gegenteil", `them: pts`},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			line := nextLine(t)
			far, bank := newHost(t, "far"), newBank(t)
			modem := newModem(t, bank, dialtest.ModemConfig{Name: "near", Number: "5550000"})
			bank.Answer(number, far.getty())
			daemon := far.listen(fmt.Sprintf("%s localhost=%s remotehost=%s %s\n", tt.far, ourAddr(line), pppdAddr(line), noBSD))
			peer := pppdCalls(t, line, modem, append([]string{"noauth", "remotename", "srv"}, tt.pppd...)...)
			daemon.await("up local="+ourAddr(line)+" remote="+pppdAddr(line), slowly)
			daemon.await(tt.has, slowly)
			if _, err := peer.WaitEvent("ip-up", slowly); err != nil {
				t.Fatal(err)
			}
			carry(t, far.Net, netip.AddrPortFrom(netip.MustParseAddr(pppdAddr(line)), lab.EchoPort), 1<<18)
			if _, err := peer.Stop(t.Context()); err != nil {
				t.Error(err)
			}
			daemon.await("verdict: status=0 ", slowly)
			if got := daemon.term(); got != 5 {
				t.Errorf("the daemon ends with %d, want 5", got)
			}
			far.bare()
		})
	}
}

// TestGetty: somebody calls a system where agetty and login answer, and the
// user's shell is ppp, which has no privilege.
func TestGetty(t *testing.T) {
	t.Parallel()
	addrs := fmt.Sprintf(" localhost=%s remotehost=%s\n", farAddr, nearAddr)
	for _, tt := range []struct {
		name, near, far string
		has             string // in the daemon's log
	}{
		{"no more", "", "mynam" + addrs, "mynam: pts"},
		{"no entry", "", "other" + addrs, "mynam: pts"},
		{"PAP by the password of the account", "send_pap send_name=mynam send_passwd=xxx", "mynam recv_pap recv_name=mynam" + addrs, `peer authenticated name=mynam by=pap`},
		{"CHAP by the entry", "send_chap send_name=me send_passwd=Geheimnis", "mynam recv_chap recv_passwd=Geheimnis" + addrs, `peer authenticated name=me by="chap MD5"`},
		{
			"reconfigure by PAP", "send_pap send_name=peter send_passwd=xxx",
			"mynam reconfigure\npeter" + addrs, `peter: pts`,
		},
		{
			"reconfigure by PAP beside CHAP", "send_pap send_name=peter send_passwd=xxx",
			"mynam reconfigure recv_chap recv_pap\npeter" + addrs, `peter: pts`,
		},
		{
			"reconfigure by CHAP", "send_chap send_name=peter send_passwd=Geheimnis",
			"mynam reconfigure recv_chap\npeter recv_passwd=Geheimnis" + addrs, `peter: pts`,
		},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			p := newPairing(t)
			p.modem = newModem(t, p.bank, dialtest.ModemConfig{Name: "near", Number: "5550000"})
			p.bank.Answer(number, p.far.getty())
			daemon := p.far.listen(tt.far)
			p.near.conf(`rmt device=%s phone=%s login_chat='ogin: mynam ssword: \qxxx PPP' localhost=%s remotehost=%s %s`,
				p.modem.Path(), number, nearAddr, farAddr, tt.near)
			call := p.near.call("rmt")
			call.await("up local="+nearAddr, slowly)
			daemon.await(tt.has, slowly)
			p.near.ping(farAddr, 1, slowly)
			if text := who(t, "mynam"); text == "" {
				t.Errorf("the login is not recorded")
			}
			p.conclude(call, daemon)
			released(t, p.modem)
			for _, secret := range []string{"Geheimnis", "xxx"} {
				if strings.Contains(call.Log()+daemon.Log(), secret) {
					t.Errorf("a log shows the password %s", secret)
				}
			}
		})
	}
}
