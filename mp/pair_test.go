package mp_test

import (
	"bytes"
	"errors"
	"fmt"
	"log/slog"
	"net/netip"
	"testing"
	"testing/synctest"
	"time"

	"pppdial/mp"
	"pppdial/mp/hdlc"
	"pppdial/mp/mptest"
	"pppdial/mp/proto"
	"pppdial/mp/wire"
)

// An end is one side of a call in a test: a nursery, a bundle and the events
// they tell.
type end struct {
	t       *testing.T
	name    string
	nursery *mp.Nursery
	bundle  *mp.Bundle
	tun     *mptest.Tun
	link    *mp.Link

	up      chan mp.Network
	down    chan mp.Family
	lost    chan *mp.Failure
	demand  chan string
	busy    chan time.Time
	slack   chan time.Time
	refuse  string             // Admit refuses with this
	asked   chan *mp.Admission // takes the questions, if not nil
	secrets map[string]string
}

type testWriter struct{ t *testing.T }

func (w testWriter) Write(b []byte) (int, error) { w.t.Logf("%s", b[:len(b)-1]); return len(b), nil }

func newEnd(t *testing.T, name string, local, remote string) *end {
	return newEndWith(t, name, local, remote, nil)
}

func newEndWith(t *testing.T, name string, local, remote string, change func(*mp.BundleConfig)) *end {
	e := &end{
		t: t, name: name, tun: mptest.NewTun(256), nursery: mp.NewNursery(),
		up: make(chan mp.Network, 8), down: make(chan mp.Family, 8), lost: make(chan *mp.Failure, 8), demand: make(chan string, 8),
		busy: make(chan time.Time, 100), slack: make(chan time.Time, 100),
	}
	log := e.log()
	set := func(a string) []proto.AddrSet {
		if a == "" {
			return nil
		}
		return []proto.AddrSet{{Addr: netip.MustParseAddr(a), Mask: netip.MustParseAddr("255.255.255.255")}}
	}
	cfg := mp.BundleConfig{
		Tun: e.tun, MTU: 1500, QueueLimit: 50,
		IPCP:   &proto.IPCPConfig{Local: set(local), Remote: set(remote)},
		Events: e, Log: log,
	}
	if change != nil {
		change(&cfg)
	}
	e.bundle = mp.NewBundle(cfg)
	return e
}

func (e *end) log() *slog.Logger {
	h := slog.NewTextHandler(testWriter{e.t}, &slog.HandlerOptions{Level: mp.LevelPacket})
	return slog.New(h).With("end", e.name)
}

func (e *end) Admit(a *mp.Admission) {
	switch {
	case e.asked != nil:
		e.asked <- a
		return
	case e.refuse != "":
		a.Refuse(e.refuse)
		return
	}
	a.Join(e.bundle)
}
func (e *end) LinkLost(k *mp.Link, f *mp.Failure, unread []byte) { e.lost <- f }
func (e *end) NetworkUp(b *mp.Bundle, n mp.Network)              { b.Ready(n.Family); e.up <- n }
func (e *end) NetworkDown(b *mp.Bundle, f mp.Family)             { e.down <- f }
func (e *end) Demand(b *mp.Bundle, packet string)                { e.demand <- packet }
func (e *end) Busy(*mp.Bundle)                                   { e.busy <- time.Now() }
func (e *end) Slack(*mp.Bundle)                                  { e.slack <- time.Now() }

// linkConfig is a plain link: magic numbers, compressed fields, no
// authentication.
func (e *end) linkConfig() mp.LinkConfig {
	return mp.LinkConfig{
		LCP:    proto.LCPConfig{PFC: true, ACFC: true, EchoInterval: 10 * time.Second, EchoFails: 3},
		Auth:   mp.AuthConfig{Name: e.name, Verify: e.verify},
		Events: e, Log: e.log(),
	}
}

func (e *end) verify(c *mp.Claim) {
	secret, ok := e.secrets[c.Name]
	c.Answer(ok && c.CheckSecret(secret), "")
}

func (e *end) start(line mp.Line, change ...func(*mp.LinkConfig)) {
	cfg := e.linkConfig()
	for _, f := range change {
		f(&cfg)
	}
	e.link = e.nursery.Start(line, nil, cfg)
}

func (e *end) wantUp(why string) mp.Network {
	e.t.Helper()
	select {
	case n := <-e.up:
		return n
	case f := <-e.lost:
		e.t.Fatalf("%s: link lost (%v), want the network up: %s", e.name, f, why)
	case <-time.After(time.Minute):
		e.t.Fatalf("%s: nothing for a minute, want the network up: %s", e.name, why)
	}
	return mp.Network{}
}

func (e *end) wantLost(kind mp.Kind, why string) *mp.Failure {
	e.t.Helper()
	select {
	case f := <-e.lost:
		if f.Kind != kind {
			e.t.Fatalf("%s: link lost with %v, want %v: %s", e.name, f, kind, why)
		}
		return f
	case <-time.After(5 * time.Minute):
		e.t.Fatalf("%s: link still there, want it lost with %v: %s", e.name, kind, why)
	}
	return nil
}

// close ends everything and waits.
func (e *end) close() {
	if e.link != nil {
		e.link.Drop(mp.Closed, "end of test")
	}
	e.bundle.Close(mp.Closed, "end of test")
	<-e.bundle.Done()
	e.nursery.Close()
	<-e.nursery.Done()
	e.tun.Close()
}

func udp(from, to string, n int) []byte {
	p := make([]byte, 28+n)
	p[0], p[8], p[9] = 0x45, 64, 17
	p[2], p[3] = byte(len(p)>>8), byte(len(p))
	f, t := netip.MustParseAddr(from).As4(), netip.MustParseAddr(to).As4()
	copy(p[12:], f[:])
	copy(p[16:], t[:])
	for i := 28; i < len(p); i++ {
		p[i] = byte(i * 7)
	}
	return p
}

func bubble(t *testing.T, f func(t *testing.T)) {
	t.Helper()
	synctest.Test(t, f)
}

func TestCall(t *testing.T) {
	auth := func(p wire.Protocol, alg uint8) wire.Auth { return wire.Auth{Protocol: p, Algorithm: alg} }
	for _, tc := range []struct {
		name   string
		demand wire.Auth
	}{
		{"no authentication", wire.Auth{}},
		{"PAP", auth(wire.PAP, 0)},
		{"CHAP", auth(wire.CHAP, wire.CHAPMD5)},
		{"MS-CHAPv2", auth(wire.CHAP, wire.CHAPMSv2)},
		{"EAP", auth(wire.EAP, 0)},
	} {
		t.Run(tc.name, func(t *testing.T) {
			bubble(t, func(t *testing.T) {
				la, lb := mptest.Pair(mptest.Config{BPS: 115200, Delay: 10 * time.Millisecond})
				a := newEnd(t, "caller", "", "")
				b := newEnd(t, "server", "10.0.0.1", "10.0.0.2")
				defer b.close()
				defer a.close()
				b.secrets = map[string]string{"caller": "xyzzy"}
				a.start(la, func(c *mp.LinkConfig) {
					if tc.demand.Protocol != 0 {
						c.LCP.Allow = []wire.Auth{tc.demand}
					}
					c.Auth.Password = "xyzzy"
				})
				b.start(lb, func(c *mp.LinkConfig) {
					if tc.demand.Protocol != 0 {
						c.LCP.Demand = []wire.Auth{tc.demand}
					}
				})
				n := a.wantUp("both speak PPP")
				if n.Local.String() != "10.0.0.2" || n.Remote.String() != "10.0.0.1" {
					t.Errorf("caller has %v and %v, want the server's choice", n.Local, n.Remote)
				}
				b.wantUp("both speak PPP")
				for i := range 20 {
					p := udp("10.0.0.2", "10.0.0.1", i*70)
					a.tun.Send(p)
					if got := <-b.tun.Received(); string(got) != string(p) {
						t.Fatalf("packet of %d octets changed: %x", len(p), got)
					}
				}
				a.link.Close(mp.Closed, "User request")
				a.wantLost(mp.Closed, "we have asked for it")
				b.wantLost(mp.PeerTerminated, "the peer has sent a Terminate-Request")
			})
		})
	}
}

// TestCallTime counts the round trips from CONNECT to the network.
func TestCallTime(t *testing.T) {
	bubble(t, func(t *testing.T) {
		const trip = 100 * time.Millisecond
		la, lb := mptest.Pair(mptest.Config{Delay: trip / 2})
		a, b := newEnd(t, "caller", "", ""), newEnd(t, "server", "10.0.0.1", "10.0.0.2")
		defer b.close()
		defer a.close()
		began := time.Now()
		a.start(la)
		b.start(lb)
		a.wantUp("")
		// LCP one, IPCP one, and one more for our 0.0.0.0 that is Nak-ed.
		if took := time.Since(began); took > 3*trip+50*time.Millisecond {
			t.Errorf("the network took %v, with a round trip of %v", took, trip)
		}
		b.wantUp("")
	})
}

func TestWrongSecret(t *testing.T) {
	for _, p := range []wire.Auth{
		{Protocol: wire.PAP}, {Protocol: wire.CHAP, Algorithm: wire.CHAPMD5},
		{Protocol: wire.CHAP, Algorithm: wire.CHAPMSv2}, {Protocol: wire.EAP},
	} {
		t.Run(p.String(), func(t *testing.T) {
			bubble(t, func(t *testing.T) {
				la, lb := mptest.Pair(mptest.Config{})
				a, b := newEnd(t, "caller", "", ""), newEnd(t, "server", "10.0.0.1", "10.0.0.2")
				defer b.close()
				defer a.close()
				b.secrets = map[string]string{"caller": "right"}
				a.start(la, func(c *mp.LinkConfig) { c.LCP.Allow = []wire.Auth{p}; c.Auth.Password = "wrong" })
				b.start(lb, func(c *mp.LinkConfig) { c.LCP.Demand = []wire.Auth{p} })
				a.wantLost(mp.OurAuth, "the password is wrong")
				b.wantLost(mp.PeerAuth, "the password is wrong")
			})
		})
	}
}

func TestSilentPeer(t *testing.T) {
	bubble(t, func(t *testing.T) {
		la, lb := mptest.Pair(mptest.Config{})
		a := newEnd(t, "caller", "", "")
		defer a.close()
		go func() { // a peer that shows a login prompt and reads what comes
			fmt.Fprint(lb, "\r\nlogin: ")
			for buf := make([]byte, 512); ; {
				if _, err := lb.Read(buf); err != nil {
					return
				}
			}
		}()
		a.start(la)
		f := a.wantLost(mp.Silent, "a login prompt is no PPP")
		if string(f.Noise) != "\r\nlogin: " {
			t.Errorf("noise %q, want the prompt", f.Noise)
		}
		lb.Hangup()
	})
}

func TestLoopback(t *testing.T) {
	bubble(t, func(t *testing.T) {
		la, lb := mptest.Pair(mptest.Config{})
		a := newEnd(t, "caller", "", "")
		defer a.close()
		go func() {
			buf := make([]byte, 4096)
			for {
				n, err := lb.Read(buf)
				if err != nil {
					return
				}
				lb.Write(buf[:n])
			}
		}()
		a.start(la)
		a.wantLost(mp.Loopback, "the peer echoes everything")
		lb.Hangup()
	})
}

func TestHangup(t *testing.T) {
	bubble(t, func(t *testing.T) {
		la, lb := mptest.Pair(mptest.Config{})
		a, b := newEnd(t, "caller", "", ""), newEnd(t, "server", "10.0.0.1", "10.0.0.2")
		defer b.close()
		defer a.close()
		a.start(la)
		b.start(lb)
		a.wantUp("")
		b.wantUp("")
		la.Hangup()
		if f := a.wantLost(mp.Hangup, "the line is gone"); !f.Up || f.Phase != mp.PhaseNetwork {
			t.Errorf("%+v, want it up in phase network", f)
		}
		b.wantLost(mp.Hangup, "the line is gone")
		<-a.down

		// The bundle outlives its link: a packet asks for a new one.
		a.tun.Send(udp("10.0.0.2", "10.0.0.1", 10))
		if got, want := <-a.demand, "udp 10.0.0.2:7905 > 10.0.0.1:12817"; got == "" {
			t.Errorf("demand %q, want %q", got, want)
		}
		la, lb = mptest.Pair(mptest.Config{})
		a.start(la)
		b.start(lb)
		a.wantUp("a second line came")
		b.wantUp("a second line came")
		if p := <-b.tun.Received(); len(p) != 38 {
			t.Errorf("the waiting packet has %d octets, want 38", len(p))
		}
	})
}

// TestNoCarrier: the modem's words end the link. In the middle of a frame they
// are nobody's.
func TestNoCarrier(t *testing.T) {
	echo := hdlc.AppendFrame(nil, []byte("\xff\x03\xc0\x21\x0b\x01\x00\x04"), new(hdlc.ACCM), true)
	t.Run("silence", func(t *testing.T) { noCarrier(t, nil, nil) })
	t.Run("echo of what we send", func(t *testing.T) { noCarrier(t, echo, nil) })
	t.Run("echo of half a frame", func(t *testing.T) { noCarrier(t, echo[:5], nil) })
	t.Run("echo without a flag in front", func(t *testing.T) { noCarrier(t, echo[1:], nil) })
	t.Run("echo behind what else it says", func(t *testing.T) { noCarrier(t, append([]byte("\r\n+QIND: SMS DONE\r\n"), echo...), nil) })
	t.Run("what else the modem says", func(t *testing.T) {
		noCarrier(t, []byte("\r\n+QIND: SMS DONE\r\n"), []byte("\r\n+QIND: PB DONE\r\n"))
	})
}

func noCarrier(t *testing.T, echo, later []byte) {
	bubble(t, func(t *testing.T) {
		la, lb := mptest.Pair(mptest.Config{})
		a, b := newEnd(t, "caller", "", ""), newEnd(t, "server", "10.0.0.1", "10.0.0.2")
		defer b.close()
		defer a.close()
		a.start(la)
		b.start(lb)
		a.wantUp("")
		b.wantUp("")
		words := hdlc.AppendFrame(nil, []byte("\xff\x03\xc0\x21\x0b\x01\x00\x20MAGCthe modem\r\nNO CARRIER\r\n"), new(hdlc.ACCM), true)
		cut := bytes.LastIndex(words, []byte("\r\n")) + 2
		lb.Write(words[:cut])
		time.Sleep(900 * time.Millisecond)
		lb.Write(words[cut:])
		time.Sleep(5 * time.Second)
		select {
		case f := <-a.lost:
			t.Fatalf("words within a frame end the link: %v", f)
		default:
		}
		damaged := bytes.Replace(words, []byte("modem"), []byte("modes"), 1)
		lb.Write(damaged)
		time.Sleep(5 * time.Second)
		select {
		case f := <-a.lost:
			t.Fatalf("words within a damaged frame end the link: %v", f)
		default:
		}
		fmt.Fprint(lb, "\r\nNO CAR")
		time.Sleep(10 * time.Millisecond)
		fmt.Fprintf(lb, "RIER\r\n%s", echo)
		time.Sleep(300 * time.Millisecond)
		lb.Write(later)
		said := time.Now()
		if f := a.wantLost(mp.Hangup, "the modem says NO CARRIER"); !errors.Is(f, mp.ErrNoCarrier) {
			t.Errorf("lost by %v", f)
		}
		if took := time.Since(said); took > 1100*time.Millisecond { // before b says something
			t.Errorf("lost after %v, want 1 s of silence at most", took)
		}
		la.Hangup()
		b.wantLost(mp.Hangup, "the line is gone")
	})
}

func TestDeadPeer(t *testing.T) {
	bubble(t, func(t *testing.T) {
		la, lb := mptest.Pair(mptest.Config{})
		a, b := newEnd(t, "caller", "", ""), newEnd(t, "server", "10.0.0.1", "10.0.0.2")
		defer b.close()
		defer a.close()
		a.start(la)
		b.start(lb)
		a.wantUp("")
		b.wantUp("")
		la.Silence(true)
		began := time.Now()
		a.wantLost(mp.PeerDead, "no Echo-Reply")
		if took := time.Since(began); took < 30*time.Second || took > 42*time.Second {
			t.Errorf("found dead after %v, want three intervals of 10 s", took)
		}
		b.wantLost(mp.PeerDead, "no Echo-Reply")
	})
}

func TestRefused(t *testing.T) {
	bubble(t, func(t *testing.T) {
		la, lb := mptest.Pair(mptest.Config{})
		a, b := newEnd(t, "caller", "", ""), newEnd(t, "server", "10.0.0.1", "10.0.0.2")
		defer b.close()
		defer a.close()
		b.refuse = "no line left"
		a.start(la)
		b.start(lb)
		b.wantLost(mp.Refused, "nobody wants the link")
		a.wantLost(mp.PeerTerminated, "the peer refuses")
	})
}
