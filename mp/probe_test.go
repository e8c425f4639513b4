package mp_test

import (
	"testing"
	"time"

	"pppdial/mp"
	"pppdial/mp/mptest"
	"pppdial/mp/proto"
)

// echo is an ICMP Echo-Request, or with kind 0 its answer.
func echo(from, to string, kind byte) []byte {
	p := udp(from, to, 8)
	p[9], p[20] = 1, kind
	return p
}

// TestProbe: probes pass and are answered, and yet the link is idle and the
// interface sees nothing of them.
func TestProbe(t *testing.T) {
	bubble(t, func(t *testing.T) {
		la, lb := mptest.Pair(mptest.Config{Delay: 10 * time.Millisecond})
		a, b := newEnd(t, "caller", "", ""), newEnd(t, "server", "10.0.0.1", "10.0.0.2")
		defer b.close()
		defer a.close()
		a.bundle.Close(mp.Closed, "")
		<-a.bundle.Done()
		answers := make(chan []byte, 8)
		a.bundle = mp.NewBundle(mp.BundleConfig{
			Tun: a.tun, MTU: 1500, QueueLimit: 50, IPCP: &proto.IPCPConfig{},
			Idle: mp.IdleConfig{Inactive: time.Minute},
			Answered: func(p []byte) bool {
				if p[20] != 0 {
					return false
				}
				answers <- append([]byte(nil), p...)
				return true
			},
			Events: a, Log: a.log(),
		})
		a.bundle.Probe(echo("10.0.0.2", "10.0.0.1", 8)) // no link yet
		a.start(la)
		b.start(lb)
		a.wantUp("")
		b.wantUp("")
		began := time.Now()
		for range 2 {
			time.Sleep(20 * time.Second)
			probe := echo("10.0.0.2", "10.0.0.1", 8)
			a.bundle.Probe(probe)
			if got := <-b.tun.Received(); string(got) != string(probe) {
				t.Fatalf("the peer got %x, want the probe %x", got, probe)
			}
			b.tun.Send(echo("10.0.0.1", "10.0.0.2", 0))
			<-answers
		}
		a.wantLost(mp.Idle, "probes and their answers are no activity")
		if took := time.Since(began); took < time.Minute || took > 61*time.Second {
			t.Errorf("idle after %v, want a minute", took)
		}
		if s, _ := a.bundle.Stats(); s.Rx.Packets != 0 || s.Tx.Packets != 0 || !s.Heard.IsZero() {
			t.Errorf("the interface counts %+v, want nothing of the probes", s)
		}
		a.bundle.Probe(echo("10.0.0.2", "10.0.0.1", 8))
		time.Sleep(time.Minute)
		if n := len(a.demand) + len(a.tun.Received()); n != 0 {
			t.Errorf("%d calls or packets, want none", n)
		}
	})
}

// TestProbeElse: what answers no probe goes to the interface.
func TestProbeElse(t *testing.T) {
	bubble(t, func(t *testing.T) {
		la, lb := mptest.Pair(mptest.Config{})
		a, b := newEnd(t, "caller", "", ""), newEnd(t, "server", "10.0.0.1", "10.0.0.2")
		defer b.close()
		defer a.close()
		a.start(la)
		b.start(lb)
		a.wantUp("")
		b.wantUp("")
		a.bundle.Probe(make([]byte, 1<<16))                       // too large
		a.bundle.Probe([]byte("not a packet"))                    // no protocol
		a.bundle.Probe(append([]byte{0x60}, make([]byte, 60)...)) // no IPv6 here
		b.tun.Send(echo("10.0.0.1", "10.0.0.2", 0))
		if got := <-a.tun.Received(); got[9] != 1 {
			t.Errorf("got %x, want the ICMP datagram", got)
		}
		if len(b.tun.Received()) != 0 {
			t.Error("the peer got a datagram that cannot be sent")
		}
		if s, _ := a.bundle.Stats(); s.Heard.IsZero() {
			t.Error("nothing was heard")
		}
	})
}
