package main

import (
	"bufio"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"sync"
	"testing"

	"github.com/godbus/dbus/v5"

	"pppdial/dial/dialtest"
)

// A resolved is a D-Bus with a service that plays systemd-resolved.
type resolved struct {
	address string
	mu      sync.Mutex
	calls   []string
}

func newResolved(t *testing.T) *resolved {
	t.Helper()
	r := &resolved{address: "unix:path=" + filepath.Join(t.TempDir(), "bus")}
	cmd := exec.Command("dbus-daemon", "--session", "--nofork", "--nopidfile", "--print-address", "--address="+r.address)
	out, err := cmd.StdoutPipe()
	if err == nil {
		err = cmd.Start()
	}
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { cmd.Process.Kill(); cmd.Wait() })
	if _, err := bufio.NewReader(out).ReadString('\n'); err != nil {
		t.Fatal(err)
	}
	c, err := dbus.Connect(r.address)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { c.Close() })
	if err := c.Export(r, "/org/freedesktop/resolve1", "org.freedesktop.resolve1.Manager"); err != nil {
		t.Fatal(err)
	}
	if _, err := c.RequestName("org.freedesktop.resolve1", dbus.NameFlagDoNotQueue); err != nil {
		t.Fatal(err)
	}
	return r
}

func (r *resolved) note(format string, args ...any) *dbus.Error {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.calls = append(r.calls, fmt.Sprintf(format, args...))
	return nil
}

func (r *resolved) said() string {
	r.mu.Lock()
	defer r.mu.Unlock()
	return strings.Join(r.calls, "; ")
}

type dbusAddress struct {
	Family int32
	Octets []byte
}

// The calls of org.freedesktop.resolve1.Manager that are made.

func (r *resolved) SetLinkDNS(_ int32, a []dbusAddress) *dbus.Error {
	return r.note("SetLinkDNS %v", a)
}
func (r *resolved) SetLinkDefaultRoute(_ int32, on bool) *dbus.Error {
	return r.note("SetLinkDefaultRoute %v", on)
}
func (r *resolved) RevertLink(int32) *dbus.Error { return r.note("RevertLink") }

// named is a call of a host whose peer tells two name servers.
func named(t *testing.T, nearWords string) *pairing {
	t.Helper()
	p := newPairing(t)
	p.modem = newModem(t, p.bank, dialtest.ModemConfig{Name: "near", Number: "5550000"})
	p.bank.Answer(number, p.far.direct("mynam"))
	p.far.conf("mynam localhost=%s remotehost=%s ms_dns=10.0.0.53 ms_dns=10.0.1.53", farAddr, nearAddr)
	p.near.conf("rmt device=%s phone=%s localhost=%s remotehost=%s modtries=1 %s\nagain device=%[1]s phone=%[2]s localhost=%[3]s remotehost=%[4]s -dns",
		p.modem.Path(), number, nearAddr, farAddr, nearWords)
	return p
}

// TestCommands: scripts that are there for pppd see what they see with it, and
// systemd-resolved gets the peer's name servers for the time of the connection.
func TestCommands(t *testing.T) {
	t.Parallel()
	bus := newResolved(t)
	dir := t.TempDir()
	told := filepath.Join(dir, "told")
	script := func(name, text string) {
		path := filepath.Join(dir, name)
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte("#!/bin/sh\n"+text+" >> "+told+"\n"), 0o755); err != nil {
			t.Fatal(err)
		}
	}
	for _, name := range []string{"ip-up", "ip-down"} {
		script(name, `echo "${0##*/} $#: $*"`)
		script(name+".d/50own", `echo "run-parts $PPP_IFACE $PPP_LOCAL $PPP_REMOTE $IFNAME $SPEED $IPLOCAL $IPREMOTE $DNS1 $DNS2 [$CONNECT_TIME $BYTES_SENT $BYTES_RCVD]"`)
	}
	p := named(t, strings.ReplaceAll("up_cmd='run-parts DIR/ip-up.d' up_cmd=DIR/ip-up up_cmd='sleep 1; echo told >&2' down_cmd=DIR/ip-down down_cmd='run-parts DIR/ip-down.d'", "DIR", dir))
	p.near.env = []string{"DBUS_SYSTEM_BUS_ADDRESS=" + bus.address}
	p.call = p.near.call("rmt")
	p.call.await("up_cmd: told", slowly)
	const set = "SetLinkDNS [{2 [10 0 0 53]} {2 [10 0 1 53]}]; SetLinkDefaultRoute true"
	if got := bus.said(); got != set {
		t.Errorf("systemd-resolved was told %s", got)
	}
	carry(t, p.near.Net, p.far.echo(farAddr), 10_000)
	if got := p.call.term(); got != 5 {
		t.Errorf("status %d, want 5", got)
	}
	if got := bus.said(); got != set+"; RevertLink" {
		t.Errorf("in the end systemd-resolved was told %s", got)
	}
	b, err := os.ReadFile(told)
	if err != nil {
		t.Fatal(err)
	}
	const vars = `run-parts ppp0 10\.20\.30\.2 10\.20\.30\.1 ppp0 115200 10\.20\.30\.2 10\.20\.30\.1 10\.0\.0\.53 10\.0\.1\.53 `
	args := ` 6: ppp0 ` + regexp.QuoteMeta(p.modem.Path()) + ` 115200 10\.20\.30\.2 10\.20\.30\.1 rmt` + "\n"
	if want := regexp.MustCompile("^" + vars + `\[  \]` + "\n" + `ip-up` + args + `ip-down` + args + vars + `\[\d+ \d{5} \d{5}\]` + "\n$"); !want.Match(b) {
		t.Errorf("the scripts saw\n%swant\n%s", b, want)
	}
	t.Logf("the scripts saw\n%s", b)
	p.near.bare()
}

// TestCommandsTakeTheirTime: a command that does not end holds up neither the
// link nor, when a second signal comes, the end of the program.
func TestCommandsTakeTheirTime(t *testing.T) {
	t.Parallel()
	p := named(t, "up_cmd='echo begun >&2; exec sleep 1000'")
	p.call = p.near.call("rmt")
	p.call.await("up_cmd: begun", slowly)
	carry(t, p.near.Net, p.far.echo(farAddr), 10_000)
	p.call.signal(15)
	p.call.await("connection ends", slowly)
	if got := p.call.term(); got != 5 {
		t.Errorf("status %d, want 5", got)
	}
	p.call.await("killed: the program ends", 0)
	p.near.bare()
}

// TestNamesAfterKill: where nobody else takes name servers they are in a file,
// and after kill -9 the next start takes that away.
func TestNamesAfterKill(t *testing.T) {
	t.Parallel()
	p := named(t, "")
	p.near.env = []string{"DBUS_SYSTEM_BUS_ADDRESS="}
	p.call = p.near.call("rmt")
	p.call.await("name servers servers=", slowly)
	file := filepath.Join(p.near.dir, "resolv.conf.ppp0")
	b, err := os.ReadFile(file)
	if want := "nameserver 10.0.0.53\nnameserver 10.0.1.53\n"; err != nil || !strings.HasSuffix(string(b), "\n"+want) {
		t.Errorf("the file is %q, %v; want %q", b, err, want)
	}
	if err := p.call.cmd.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	<-p.call.done
	if _, err := os.Stat(file); err != nil {
		t.Errorf("nothing is left to get over: %v", err)
	}
	p.call = p.near.call("again")
	p.call.await("up local="+nearAddr, slowly)
	if _, err := os.Stat(file); err == nil {
		t.Error("the name servers of the killed ppp are still there")
	}
	if got := p.call.term(); got != 5 {
		t.Errorf("status %d, want 5", got)
	}
}
