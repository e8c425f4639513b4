package main

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"syscall"
	"testing"
	"time"

	"pppdial/cmd/internal/radius/radiustest"
	"pppdial/dial/dialtest"
)

const (
	radiusSecret = "not for everybody's eyes"
	radiusUsers  = `
ann Cleartext-Password := "right"
	Framed-IP-Address = 192.0.2.7,
	Framed-Route = "198.51.100.0/24 0.0.0.0 7",
	Framed-IPv6-Prefix = 2001:db8:7::/48,
	Framed-Interface-Id = 0000:0000:0000:0007,
	Framed-MTU = 1400,
	Session-Timeout = 3600,
	Idle-Timeout = 600,
	Reply-Message = "Good morning",
	Class = 0x676f6c64
short Cleartext-Password := "right"
	Framed-IP-Address = 192.0.2.8,
	Session-Timeout = 3
two Cleartext-Password := "right"
	Framed-IP-Address = 192.0.2.9
one Cleartext-Password := "right"
	Framed-IP-Address = 192.0.2.10,
	Framed-IP-Netmask = 255.255.255.0,
	Port-Limit = 1,
	Idle-Timeout = 4
swim Cleartext-Password := "right"
	Framed-Pool = "water"
vip Cleartext-Password := "right"
	Filter-Id = "premium"
lost Cleartext-Password := "right"
	Filter-Id = "nowhere"
DEFAULT Auth-Type := Reject
	Reply-Message = "Not here"
`
)

// radiusServer runs freeradius on the host, and makes the file with its secret.
func (h *host) radiusServer() (s *radiustest.Server, secret string) {
	h.t.Helper()
	h.ip("link", "set", "lo", "up")
	if err := h.Do(func() error { s = radiustest.Start(h.t, radiusSecret, radiusUsers); return nil }); err != nil {
		h.t.Fatal(err)
	}
	return s, h.file("radius.secret", radiusSecret+"\n")
}

// answering is a host that answers the telephone and asks RADIUS.
func answering(t *testing.T, words string) (p *pairing, s *radiustest.Server) {
	p = &pairing{near: newHost(t, "near"), far: newHost(t, "far"), bank: newBank(t)}
	s, secret := p.far.radiusServer()
	p.modem = newModem(t, p.bank, dialtest.ModemConfig{Name: "near", Number: "5550000"})
	far := newModem(t, p.bank, dialtest.ModemConfig{Name: "far", Number: number})
	p.far.conf("answer in device=%s modem_init=AT localhost=%s %s", far.Path(), farAddr,
		strings.ReplaceAll(words, "RADIUS", fmt.Sprintf("radius=127.0.0.1:%d,%s", s.Port, secret)))
	p.answer = p.far.call("answer")
	p.answer.await("waiting for a call", slowly)
	return p, s
}

// dial calls as somebody.
func (p *pairing) dial(name, password, words string) {
	p.near.conf("rmt device=%s phone=%s localhost=0 remotehost=0 send_name=%s send_passwd=%s %s", p.modem.Path(), number, name, password, words)
	p.call = p.near.call("rmt")
}

// detail waits for records in the server's books.
func detail(t *testing.T, s *radiustest.Server, n int) []string {
	t.Helper()
	for end := time.Now().Add(10 * time.Second); ; time.Sleep(50 * time.Millisecond) {
		if all := s.Details(); len(all) >= n {
			return all
		} else if time.Now().After(end) {
			t.Fatalf("%d records in the books, want %d:\n%s", len(all), n, strings.Join(all, "\n"))
		}
	}
}

// TestRadius: a RADIUS server lets callers in by every method, what it grants
// has its effect, and its books have what was carried.
func TestRadius(t *testing.T) {
	t.Parallel()
	for _, method := range []string{"pap", "chap", "mschap", "eap"} {
		t.Run(method, func(t *testing.T) {
			t.Parallel()
			capture := filepath.Join(t.TempDir(), "link.pcapng")
			p, s := answering(t, "debug=3 capture="+capture+" modem_init=+VCID=1 RADIUS recv_"+method)
			p.dial("ann", "right", "send_"+method)
			p.call.await("up local=192.0.2.7 remote="+farAddr, slowly)
			p.answer.await("up local="+farAddr+" remote=192.0.2.7 mtu=1400", slowly)
			if method != "eap" { // which has no room for it
				p.call.await(`authenticated to the peer`, slowly)
				p.call.await(`message="Good morning"`, slowly)
			}
			p.answer.await("local=fe80::", slowly)
			if got := p.far.ip("route"); !strings.Contains(got, "198.51.100.0/24 via 192.0.2.7 dev ppp0") && !strings.Contains(got, "198.51.100.0/24 dev ppp0") || !strings.Contains(got, "metric 7") {
				t.Errorf("no Framed-Route:\n%s", got)
			}
			if got := p.far.ip("-6", "route"); !strings.Contains(got, "2001:db8:7::/48") {
				t.Errorf("no route for Framed-IPv6-Prefix:\n%s", got)
			}
			if got := p.far.ip("link", "show", "ppp0"); !strings.Contains(got, "mtu 1400") {
				t.Errorf("no Framed-MTU:\n%s", got)
			}
			p.near.ping(farAddr, 1, slowly)
			start := detail(t, s, 1)[0]
			if got := p.call.term(); got != 5 {
				t.Errorf("status %d", got)
			}
			p.answer.await("verdict: status=0 ", slowly)
			stop := detail(t, s, 2)[1]
			for _, want := range []string{"\tAcct-Status-Type = Start\n", "\tUser-Name = \"ann\"\n", "\tFramed-IP-Address = 192.0.2.7\n",
				"\tFramed-Interface-Id = 0:0:0:7\n", "\tClass = 0x676f6c64\n",
				"\tCalling-Station-Id = \"5550000\"\n", "\tAcct-Multi-Session-Id = \"", "\tAcct-Link-Count = 1\n"} {
				if !strings.Contains(start, want) {
					t.Errorf("the Start has no %q:\n%s", want, start)
				}
			}
			for _, want := range []string{"\tAcct-Status-Type = Stop\n", "\tAcct-Terminate-Cause = User-Request\n"} {
				if !strings.Contains(stop, want) {
					t.Errorf("the Stop has no %q:\n%s", want, stop)
				}
			}
			if got := p.answer.term(); got != 5 {
				t.Errorf("the answerer's status %d", got)
			}
			down := p.answer.await("link down because=", 0)
			m := regexp.MustCompile(`received=(\d+) sent=(\d+)`).FindStringSubmatch(down)
			if m == nil || !strings.Contains(stop, "\tAcct-Input-Octets = "+m[1]+"\n") || !strings.Contains(stop, "\tAcct-Output-Octets = "+m[2]+"\n") {
				t.Errorf("the line has carried %q:\n%s", m, stop)
			}
			captured, err := os.ReadFile(capture)
			if err != nil {
				t.Fatal(err)
			}
			dump, err := exec.Command(program, "-n", "-j", "-f", filepath.Join(p.far.dir, "ppp.conf")).CombinedOutput()
			if err != nil {
				t.Errorf("%v: %s", err, dump)
			}
			if written := p.answer.Log() + p.call.Log() + s.Files() + string(captured) + string(dump); strings.Contains(written, radiusSecret) {
				t.Error("the secret is in a log, a capture or a dump")
			}
			if left, _ := filepath.Glob(filepath.Join(p.far.dir, "keep", "*")); left != nil {
				t.Errorf("records are left: %v", left)
			}
		})
	}
}

// TestRadiusRefuses: who is not known is told so, and so is the operator when no
// server answers.
func TestRadiusRefuses(t *testing.T) {
	t.Parallel()
	t.Run("wrong password", func(t *testing.T) {
		t.Parallel()
		p, s := answering(t, "RADIUS recv_pap")
		p.dial("ann", "wrong", "send_pap")
		p.answer.await("verdict: status=11 ", slowly)
		if got := p.call.status(slowly); got != 19 {
			t.Errorf("the caller's status %d, want 19", got)
		}
		p.call.await("Good morning", slowly)
		if d := s.Details(); d != nil {
			t.Errorf("the books have %q", d)
		}
	})
	t.Run("no server", func(t *testing.T) {
		t.Parallel()
		p, s := answering(t, "RADIUS recv_chap max_auth_secs=6")
		s.Stop()
		p.dial("ann", "right", "send_chap")
		verdict := p.answer.await("verdict: status=11 ", slowly)
		if !strings.Contains(verdict, `cause="no RADIUS server has told who the peer is"`) {
			t.Error(verdict)
		}
		p.answer.awaitTimes("waiting for a call", 2, slowly)
	})
	t.Run("no secret", func(t *testing.T) {
		t.Parallel()
		h := newHost(t, "far")
		secret := h.file("secret", "x\n")
		if err := os.Chmod(secret, 0o644); err != nil {
			t.Fatal(err)
		}
		h.conf("answer in device=/dev/null recv_pap radius=127.0.0.1,%s", secret)
		p := h.call("answer")
		if got := p.status(slowly); got != 2 {
			t.Errorf("status %d, want 2", got)
		}
		p.await("ppp.conf:1:44: radius: "+secret+": others may read or write it (mode 0644); mend it with: chmod 600 "+secret, slowly)
	})
}

// TestRadiusTimeout: Session-Timeout ends the call, and the books say so.
func TestRadiusTimeout(t *testing.T) {
	t.Parallel()
	p, s := answering(t, "RADIUS recv_chap")
	p.dial("short", "right", "send_chap")
	p.answer.await("verdict: status=13 ", slowly)
	if stop := detail(t, s, 2)[1]; !strings.Contains(stop, "\tAcct-Terminate-Cause = Session-Timeout\n") {
		t.Errorf("%s", stop)
	}
}

// field is the value of an attribute in a record of the books.
func field(t *testing.T, record, name string) string {
	t.Helper()
	_, rest, ok := strings.Cut(record, "\t"+name+" = ")
	if !ok {
		t.Fatalf("no %s:\n%s", name, record)
	}
	value, _, _ := strings.Cut(rest, "\n")
	return strings.Trim(value, `"`)
}

// TestRadiusEntry: who needs no entry has none, and Filter-Id chooses one.
func TestRadiusEntry(t *testing.T) {
	t.Parallel()
	const premium = "premium localhost=" + farAddr + " remotehost=192.0.2.99 add_route='add -net 203.0.113.0/24 #'"
	const water = "\nwater localhost=" + farAddr + " pool=192.0.2.64/28"
	for _, c := range []struct{ name, words, want string }{
		{"swim", "", "remote=192.0.2.6"},
		{"swim", "remotehost=192.0.2.5", "remote=192.0.2.6"},
		{"ann", "reconfigure", "remote=192.0.2.7"},
		{"vip", "reconfigure", "remote=192.0.2.99"},
		{"vip", "", "remote=192.0.2.99"},
	} {
		t.Run(c.name+" "+c.words, func(t *testing.T) {
			t.Parallel()
			p, s := answering(t, c.words+" RADIUS recv_chap\n"+premium+water)
			p.dial(c.name, "right", "send_chap")
			p.answer.await("up local="+farAddr+" "+c.want, slowly)
			if c.name == "vip" {
				if got := p.far.ip("route"); !strings.Contains(got, "203.0.113.0/24") {
					t.Errorf("the entry's route is missing:\n%s", got)
				}
			}
			detail(t, s, 1)
			p.call.term()
			if got := field(t, detail(t, s, 2)[1], "Acct-Terminate-Cause"); got != "User-Request" {
				t.Error(got)
			}
		})
	}
	t.Run("no such entry", func(t *testing.T) {
		t.Parallel()
		p, _ := answering(t, "reconfigure RADIUS recv_chap\n"+premium)
		p.dial("lost", "right", "send_chap")
		p.answer.await(`there is no entry \"nowhere\"`, slowly)
		if got := p.call.status(slowly); got != 19 {
			t.Errorf("the caller's status %d, want 19", got)
		}
	})
}

// TestRadiusDisconnect: the server changes a session, and ends it.
func TestRadiusDisconnect(t *testing.T) {
	t.Parallel()
	p, s := answering(t, "RADIUS recv_chap radius_coa=127.0.0.1")
	p.dial("ann", "right", "send_chap")
	p.answer.await("remote=192.0.2.7", slowly)
	id := field(t, detail(t, s, 1)[0], "Acct-Session-Id")
	order := func(kind, words string) string {
		t.Helper()
		var out []byte
		if err := p.far.Do(func() error {
			cmd := exec.Command("radclient", "-x", "-r", "1", "-t", "5", "127.0.0.1:3799", kind, radiusSecret)
			cmd.Stdin = strings.NewReader(words)
			out, _ = cmd.CombinedOutput()
			return nil
		}); err != nil {
			t.Fatal(err)
		}
		return string(out)
	}
	now := fmt.Sprintf("Event-Timestamp = %d, Message-Authenticator = 0x00, ", time.Now().Unix())
	if got := order("coa", now+`Acct-Session-Id = "`+id+`", Session-Timeout = 1000`); !strings.Contains(got, "Received CoA-ACK") {
		t.Errorf("no CoA-ACK:\n%s", got)
	}
	if got := order("disconnect", now+`User-Name = "nobody"`); !strings.Contains(got, "Received Disconnect-NAK") || !strings.Contains(got, "Error-Cause = Session-Context-Not-Found") {
		t.Errorf("no Disconnect-NAK:\n%s", got)
	}
	if got := order("disconnect", fmt.Sprintf("Event-Timestamp = %d, Acct-Session-Id = %q", time.Now().Unix(), id)); strings.Contains(got, "Received Disconnect") {
		t.Errorf("a request without a Message-Authenticator was answered:\n%s", got)
	}
	if got := order("disconnect", now+`Acct-Session-Id = "`+id+`"`); !strings.Contains(got, "Received Disconnect-ACK") {
		t.Errorf("no Disconnect-ACK:\n%s", got)
	}
	if got := field(t, detail(t, s, 2)[1], "Acct-Terminate-Cause"); got != "Admin-Reset" {
		t.Error(got)
	}
	if got := p.call.status(slowly); got != 0 {
		t.Errorf("the caller's status %d, want 0", got)
	}
}

// TestRadiusKilled: whoever starts after a kill -9 tells the server of the
// session that has gone with it.
func TestRadiusKilled(t *testing.T) {
	t.Parallel()
	p, s := answering(t, "RADIUS recv_chap")
	p.dial("ann", "right", "send_chap")
	p.answer.await("remote=192.0.2.7", slowly)
	start := detail(t, s, 1)[0]
	p.answer.signal(syscall.SIGKILL)
	p.answer.status(slowly)
	again := p.far.call("answer")
	want := 2
	if field(t, detail(t, s, want)[1], "Acct-Status-Type") == "Start" { // killed before it knew that the server has it
		want++
	}
	stop := detail(t, s, want)[want-1]
	if field(t, stop, "Acct-Terminate-Cause") != "NAS-Reboot" || field(t, stop, "Acct-Session-Id") != field(t, start, "Acct-Session-Id") {
		t.Errorf("%s", stop)
	}
	again.term()
	if all := s.Details(); len(all) != want {
		t.Errorf("the books have %q", all)
	}
}

// TestRadiusLines: two lines of a caller are one connection in the books, unless
// the server allows only one.
func TestRadiusLines(t *testing.T) {
	t.Parallel()
	for _, name := range []string{"two", "one"} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			p := &pairing{near: newHost(t, "near"), far: newHost(t, "far"), bank: newBank(t)}
			s, secret := p.far.radiusServer()
			const second = "5551235"
			a := newModem(t, p.bank, dialtest.ModemConfig{Name: "a", Number: number})
			b := newModem(t, p.bank, dialtest.ModemConfig{Name: "b", Number: second})
			c := newModem(t, p.bank, dialtest.ModemConfig{Name: "c", Number: "5550001"})
			d := newModem(t, p.bank, dialtest.ModemConfig{Name: "d", Number: "5550002"})
			p.far.conf("answer in device=%s device=%s modem_init=AT maxdevs=2 localhost=%s recv_chap radius=127.0.0.1:%d,%s",
				a.Path(), b.Path(), farAddr, s.Port, secret)
			p.near.conf(`rmt device=%s device=%s phone=%s phone=%s localhost=0 remotehost=0 send_chap send_name=%s send_passwd=right
	mindevs=2 outdevs=2 maxdevs=2 modwait=1`, c.Path(), d.Path(), number, second, name)
			p.answer = p.far.call("answer")
			p.answer.awaitTimes("waiting for a call", 2, slowly)
			p.call = p.near.call("rmt")
			p.answer.await("connection begins", slowly)
			if name == "one" {
				p.answer.await("a line too many for the RADIUS server", slowly)
				if got := p.far.ip("addr", "show", "ppp0"); !strings.Contains(got, "peer 192.0.2.10/24") {
					t.Errorf("no Framed-IP-Netmask:\n%s", got)
				}
				if stop := detail(t, s, 2)[1]; field(t, stop, "Acct-Terminate-Cause") != "Idle-Timeout" || field(t, stop, "Acct-Link-Count") != "1" {
					t.Errorf("%s", stop)
				}
				p.answer.await("verdict: status=12 ", slowly)
				return
			}
			starts := detail(t, s, 2)
			p.near.ping(farAddr, 1, slowly)
			p.call.term()
			stops := detail(t, s, 4)[2:]
			for i, r := range append(starts, stops...) {
				if field(t, r, "Acct-Multi-Session-Id") != field(t, starts[0], "Acct-Multi-Session-Id") {
					t.Errorf("another bundle:\n%s", r)
				}
				if want := []string{"1", "2", "2", "2"}[i]; field(t, r, "Acct-Link-Count") != want {
					t.Errorf("a Link-Count other than %s:\n%s", want, r)
				}
			}
			if field(t, starts[0], "Acct-Session-Id") == field(t, starts[1], "Acct-Session-Id") {
				t.Error("two lines are one session")
			}
		})
	}
}
