package main

import (
	"bytes"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"pppdial/dial/dialtest"
)

// tshark runs Wireshark's decoder on a capture.
func tshark(t *testing.T, file string, args ...string) string {
	t.Helper()
	c := exec.Command("tshark", append([]string{"-n", "-r", file}, args...)...)
	c.Env = append(os.Environ(), "HOME="+t.TempDir())
	var stderr bytes.Buffer
	c.Stderr = &stderr
	out, err := c.Output()
	if err != nil {
		t.Fatalf("%v: %v\n%s", c, err, stderr.String())
	}
	return string(out)
}

// TestCapture: of a call over two modems, with a login and with PAP, everything
// is in the capture, tshark understands it, and the passwords are nowhere. TCP
// headers are not compressed: tshark 4.0 forgets their options.
func TestCapture(t *testing.T) {
	const papSecret = "chopped-liver"
	near, far, bank := newHost(t, "near"), newHost(t, "far"), newBank(t)
	bank.Answer(number, far.shell("mynam"))
	first := newModem(t, bank, dialtest.ModemConfig{Name: "first", Number: "5550001", Rate: 57600})
	second := newModem(t, bank, dialtest.ModemConfig{Name: "second", Number: "5550002", Rate: 57600})
	far.conf("mynam localhost=%s remotehost=%s recv_pap recv_name=me recv_passwd=%s maxdevs=2 -ccp -vj_comp", farAddr, nearAddr, papSecret)
	file := filepath.Join(near.dir, "link.pcapng")
	near.conf(`rmt device=%s device=%s phone=%s login_chat='ogin: mynam ssword: \qxxx PPP' localhost=%s remotehost=%s
	send_pap send_name=me send_passwd=%s mindevs=2 outdevs=2 maxdevs=2 -ccp -vj_comp capture=%s`,
		first.Path(), second.Path(), number, nearAddr, farAddr, papSecret, file)
	call := near.call("rmt")
	call.await("connection begins", slowly)
	call.awaitTimes("link joined", 2, slowly)
	echo := far.echo(farAddr)
	carry(t, near.Net, echo, 8<<10)

	b, err := os.ReadFile(file) // while it is being written
	if err != nil {
		t.Fatal(err)
	}
	live := filepath.Join(t.TempDir(), "live.pcapng")
	if err := os.WriteFile(live, b, 0o600); err != nil {
		t.Fatal(err)
	}
	tshark(t, live)
	if status := call.term(); status != 5 {
		t.Errorf("exit status %d", status)
	}
	if b, err = os.ReadFile(file); err != nil {
		t.Fatal(err)
	}
	for _, secret := range []string{papSecret, "xxx"} {
		if bytes.Contains(b, []byte(secret)) {
			t.Errorf("the capture has the password %q", secret)
		}
	}

	if out := tshark(t, file, "-Y", "_ws.malformed"); out != "" {
		t.Errorf("malformed:\n%s", out)
	}
	count := func(filter string) int { return strings.Count(tshark(t, file, "-Y", filter), "\n") }
	for filter, least := range map[string]int{
		"lcp && frame.interface_name == \"" + first.Path() + "\"":  4,
		"lcp && frame.interface_name == \"" + second.Path() + "\"": 4,
		"pap":                           4,
		"ipcp":                          4,
		"mp":                            20,
		"mp.first == 1 && mp.last == 0": 1, // packets in parts
		"icmp":                          8,
		"tcp.port == 7":                 10,
		"frame.comment contains \"dialing number=" + number + "\"": 1,
		"frame.comment contains \"connected modem=\"":              1,
		"systemd_journal.message contains \"verdict: status=5\"":   1,
		"systemd_journal.message contains \"chat sends\"":          2,
	} {
		if n := count(filter); n < least {
			t.Errorf("%s: %d, want %d or more", filter, n, least)
		}
	}
	if t.Failed() {
		t.Log(tshark(t, file))
	}
}

// TestKeptCall: after a call that has failed its dialogue is in the directory of
// running programs.
func TestKeptCall(t *testing.T) {
	near, bank := newHost(t, "near"), newBank(t)
	modem := newModem(t, bank, dialtest.ModemConfig{Name: "near", Number: "5550000"})
	bank.Answer(number, dialtest.Login{Banner: "Welcome to the museum\r\n", User: "mynam", Password: "yyy"})
	near.conf(`rmt device=%s phone=%s login_chat='ogin: mynam ssword: \qxxx TIMEOUT 2 PPP' modtries=1`, modem.Path(), number)
	call := near.call("rmt")
	call.await("what was recorded of the call is kept file="+near.dir+"/failed-rmt.pcapng", slowly)
	call.status(slowly)
	out := tshark(t, near.dir+"/failed-rmt.pcapng")
	for _, want := range []string{"dialing number=" + number, "connected modem=", "chat sends text=mynam", "chat sends text=******"} {
		if !strings.Contains(out, want) {
			t.Errorf("no %q in:\n%s", want, out)
		}
	}
	if strings.Contains(out, "xxx") {
		t.Errorf("the password is there:\n%s", out)
	}
}
