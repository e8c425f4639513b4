package capture_test

import (
	"bytes"
	"fmt"
	"log/slog"
	"net/netip"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"pppdial/cmd/internal/capture"
	"pppdial/mp"
	"pppdial/mp/mptest"
	"pppdial/mp/proto"
	"pppdial/mp/wire"
)

const password = "xyzzy-plugh"

// An end is one side of a call.
type end struct {
	tun    *mptest.Tun
	bundle *mp.Bundle
	up     chan mp.Network
	lost   chan *mp.Failure
}

func newEnd(local, remote string, log *slog.Logger) *end {
	e := &end{tun: mptest.NewTun(64), up: make(chan mp.Network, 4), lost: make(chan *mp.Failure, 4)}
	set := func(a string) []proto.AddrSet {
		return []proto.AddrSet{{Addr: netip.MustParseAddr(a), Mask: netip.MustParseAddr("255.255.255.255")}}
	}
	e.bundle = mp.NewBundle(mp.BundleConfig{
		Tun: e.tun, MTU: 1500, QueueLimit: 50, Events: e, Log: log,
		IPCP: &proto.IPCPConfig{Local: set(local), Remote: set(remote)},
	})
	return e
}

func (e *end) Admit(a *mp.Admission)                        { a.Join(e.bundle) }
func (e *end) LinkLost(_ *mp.Link, f *mp.Failure, _ []byte) { e.lost <- f }
func (e *end) NetworkUp(b *mp.Bundle, n mp.Network)         { b.Ready(n.Family); e.up <- n }
func (e *end) NetworkDown(*mp.Bundle, mp.Family)            {}
func (e *end) Demand(*mp.Bundle, string)                    {}

func (e *end) Busy(*mp.Bundle)  {}
func (e *end) Slack(*mp.Bundle) {}

func (e *end) verify(c *mp.Claim) { c.Answer(c.CheckSecret(password), "welcome") }

func (e *end) close() {
	e.bundle.Close(mp.Closed, "")
	<-e.bundle.Done()
	e.tun.Close()
}

// call makes a call with an authentication of each kind in turn, sends packets,
// and captures it into a file.
func call(t *testing.T, name string) {
	synctest.Test(t, func(t *testing.T) {
		r := capture.New(capture.Config{Entry: "rmt", Application: "ppp test"})
		if err := r.Capture(name, 0); err != nil {
			t.Fatal(err)
		}
		defer r.Close()
		r.Interface("ppp0")
		log := slog.New(r.Handler(slog.DiscardHandler))
		for i, auth := range []wire.Auth{
			{Protocol: wire.PAP}, {Protocol: wire.CHAP, Algorithm: wire.CHAPMD5},
			{Protocol: wire.CHAP, Algorithm: wire.CHAPMSv2}, {Protocol: wire.EAP},
		} {
			line := fmt.Sprint("/dev/ttyS", i)
			r.Begin()
			log.Info("connected", "line", line, "modem", "CONNECT 33600")
			la, lb := mptest.Pair(mptest.Config{BPS: 115200, Delay: 10 * time.Millisecond})
			a, b := newEnd("10.0.0.2", "10.0.0.1", log), newEnd("10.0.0.1", "10.0.0.2", slog.New(slog.DiscardHandler))
			na, nb := mp.NewNursery(), mp.NewNursery()
			na.Start(la, nil, mp.LinkConfig{
				LCP:  proto.LCPConfig{PFC: true, ACFC: true, Allow: []wire.Auth{auth}},
				Auth: mp.AuthConfig{Name: "caller", Password: password},
				Tap:  r.Line(line), Events: a, Log: log,
			})
			nb.Start(lb, nil, mp.LinkConfig{
				LCP:  proto.LCPConfig{PFC: true, ACFC: true, Demand: []wire.Auth{auth}},
				Auth: mp.AuthConfig{Name: "server", Verify: b.verify}, Events: b,
			})
			<-a.up
			<-b.up
			for n := range 20 {
				packet := udp(n * 70)
				a.tun.Send(packet)
				if got := <-b.tun.Received(); !bytes.Equal(got, packet) {
					t.Fatalf("%x became %x", packet, got)
				}
			}
			a.bundle.CloseLinks(mp.Closed, "User request")
			log.Info("verdict: status=5", "line", line, "because", (<-a.lost).Kind)
			<-b.lost
			a.close()
			b.close()
			na.Close()
			nb.Close()
			<-na.Done()
			<-nb.Done()
		}
	})
}

// udp makes a datagram for a port of which tshark knows no protocol.
func udp(n int) []byte {
	p := make([]byte, 28+n)
	p[0], p[8], p[9] = 0x45, 64, 17
	p[2], p[3] = byte(len(p)>>8), byte(len(p))
	copy(p[12:], []byte{10, 0, 0, 2, 10, 0, 0, 1, 0x9c, 0x40, 0x9c, 0x40})
	p[24], p[25] = byte((n+8)>>8), byte(n+8)
	return p
}

// tshark runs Wireshark's decoder on a file.
func tshark(t *testing.T, name string, args ...string) string {
	t.Helper()
	c := exec.Command("tshark", append([]string{"-n", "-r", name}, args...)...)
	var stderr bytes.Buffer
	c.Stderr = &stderr
	c.Env = append(os.Environ(), "HOME="+t.TempDir())
	out, err := c.Output()
	if err != nil {
		t.Fatalf("%v: %v\n%s", c, err, stderr.String())
	}
	return string(out)
}

// TestTshark: Wireshark understands every frame and message of a capture, and
// nobody finds the password in it.
func TestTshark(t *testing.T) {
	name := filepath.Join(t.TempDir(), "x.pcapng")
	call(t, name)
	b, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	if bytes.Contains(b, []byte(password)) {
		t.Error("the file has the password")
	}
	if out := tshark(t, name, "-Y", "_ws.malformed || _ws.expert.severity == error"); out != "" {
		t.Errorf("malformed:\n%s", out)
	}
	out := tshark(t, name, "-T", "fields", "-E", "separator=|",
		"-e", "frame.interface_name", "-e", "frame.interface_description", "-e", "frame.p2p_dir", "-e", "_ws.col.Protocol",
		"-e", "_ws.col.Info", "-e", "frame.comment")
	for _, want := range []string{
		"/dev/ttyS0|ppp0, entry rmt|0|PPP LCP|Configuration Request|connected modem=\"CONNECT 33600\"\n",
		"/dev/ttyS0|ppp0, entry rmt|1|PPP LCP|Configuration Ack|\n",
		"/dev/ttyS0|ppp0, entry rmt|0|PPP PAP|Authenticate-Request (Peer-ID='caller', Password='********')|\n",
		"/dev/ttyS0|ppp0, entry rmt|1|PPP PAP|Authenticate-Ack (Message='welcome')|\n",
		"/dev/ttyS1|ppp0, entry rmt|1|PPP CHAP|Challenge (NAME='server', VALUE=0x",
		"/dev/ttyS1|ppp0, entry rmt|0|PPP CHAP|Response (NAME='caller', VALUE=0x2a2a2a2a2a2a2a2a2a2a2a2a2a2a2a2a)|\n",
		"/dev/ttyS2|ppp0, entry rmt|0|PPP CHAP|Response (NAME='caller', VALUE=0x2a2a2a",
		"/dev/ttyS3|ppp0, entry rmt|0|EAP|Response, MD5-Challenge EAP (EAP-MD5-CHALLENGE)|\n",
		"|PPP IPCP|Configuration Request|\n", "|PPP IPCP|Configuration Ack|\n",
		"/dev/ttyS3|ppp0, entry rmt|0|UDP|40000 \xe2\x86\x92 40000 Len=1330|\n",
		"|PPP LCP|Termination Ack|\n",
		"|||systemd Journal|verdict: status=5 because=closed|\n",
	} {
		if !strings.Contains(out, want) {
			t.Errorf("no %q", want)
		}
	}
	if t.Failed() {
		t.Log(out)
	}
	if n := strings.Count(out, "|UDP|"); n != 4*20 {
		t.Errorf("%d UDP packets", n)
	}
}
