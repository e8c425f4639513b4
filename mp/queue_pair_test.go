package mp_test

import (
	"encoding/binary"
	"testing"
	"time"

	"pppdial/mp"
	"pppdial/mp/mptest"
)

// A pair of ends is up, on a line of this kind.
func upPair(t *testing.T, line mptest.Config, cfg func(*mp.BundleConfig), change ...func(*mp.LinkConfig)) (a, b *end) {
	t.Helper()
	la, lb := mptest.Pair(line)
	a, b = newEndWith(t, "caller", "", "", cfg), newEnd(t, "server", "10.0.0.1", "10.0.0.2")
	a.start(la, change...)
	b.start(lb, change...)
	a.wantUp("both speak PPP")
	b.wantUp("both speak PPP")
	return a, b
}

func (e *end) drops(why string) uint64 {
	s, _ := e.bundle.Stats()
	return s.Drops[why]
}

// TestNoICMP: what the entry does not want sent is dropped, and counted.
func TestNoICMP(t *testing.T) {
	bubble(t, func(t *testing.T) {
		a, b := upPair(t, mptest.Config{}, func(c *mp.BundleConfig) { c.NoICMP = true })
		defer b.close()
		defer a.close()
		a.tun.Send(echo("10.0.0.2", "10.0.0.1", 8))
		a.tun.Send(udp("10.0.0.2", "10.0.0.1", 9))
		if got := <-b.tun.Received(); got[9] != 17 {
			t.Errorf("protocol %d came first", got[9])
		}
		b.tun.Send(echo("10.0.0.1", "10.0.0.2", 8))
		if got := <-a.tun.Received(); got[9] != 1 {
			t.Errorf("protocol %d came, and not the ping", got[9])
		}
		if n := a.drops("noicmp"); n != 1 {
			t.Errorf("%d packets counted", n)
		}
	})
}

// TestQueueMax: so many packets wait for a line, and those beyond are counted.
func TestQueueMax(t *testing.T) {
	bubble(t, func(t *testing.T) {
		const most = 7
		a, b := upPair(t, mptest.Config{BPS: 9600, Buffer: 64}, func(c *mp.BundleConfig) { c.QueueLimit = most })
		defer b.close()
		defer a.close()
		const sent = 40
		for range sent {
			a.tun.Send(udp("10.0.0.2", "10.0.0.1", 1000))
		}
		time.Sleep(time.Minute)
		came := len(b.tun.Received())
		full, late := int(a.drops("queue_full")), int(a.drops("delay"))
		if came+full+late != sent || came+late < most || came+late > most+3 {
			t.Errorf("of %d packets %d came, %d found the queue full, %d waited too long", sent, came, full, late)
		}
	})
}

// TestClampThroughTheInterface: connections are told what the link carries, in
// both directions, and only with tcp_mss.
func TestClampThroughTheInterface(t *testing.T) {
	for _, clamp := range []bool{false, true} {
		bubble(t, func(t *testing.T) {
			a, b := upPair(t, mptest.Config{}, func(c *mp.BundleConfig) { c.MTU, c.ClampMSS = 600, clamp })
			defer b.close()
			defer a.close()
			want := uint16(1460)
			if clamp {
				want = 560
			}
			for _, way := range []struct {
				name     string
				from, to *end
			}{{"sent", a, b}, {"received", b, a}} {
				way.from.tun.Send(synWithMSS(1460))
				if got := binary.BigEndian.Uint16((<-way.to.tun.Received())[42:]); got != want {
					t.Errorf("tcp_mss %v, %s: MSS %d, want %d", clamp, way.name, got, want)
				}
			}
		})
	}
}

func synWithMSS(mss uint16) []byte {
	p := make([]byte, 44)
	p[0], p[3], p[8], p[9] = 0x45, byte(len(p)), 64, 6
	copy(p[12:], []byte{10, 0, 0, 2, 10, 0, 0, 1})
	p[32], p[33] = 6<<4, 0x02
	p[40], p[41] = 2, 4
	binary.BigEndian.PutUint16(p[42:], mss)
	return p
}

// TestBusyLineIsNoDeadPeer: a line that takes 20 seconds for what it has
// swallowed carries replies to Echo-Requests of every second late, and the
// link lives; nothing else comes from the peer.
func TestBusyLineIsNoDeadPeer(t *testing.T) {
	for _, line := range []struct {
		name string
		mptest.Config
	}{
		{"stops the writer", mptest.Config{BPS: 9600, Delay: 5 * time.Millisecond, Buffer: 64}},
		{"swallows 20 KB", mptest.Config{BPS: 9600, Delay: 5 * time.Millisecond, Buffer: 20000}},
		{"swallows 20 KB, 2400 bit/s", mptest.Config{BPS: 2400, Delay: 5 * time.Millisecond, Buffer: 20000}},
		{"a satellite's delay", mptest.Config{BPS: 9600, Delay: 2 * time.Second, Buffer: 64}},
	} {
		t.Run(line.name, func(t *testing.T) {
			bubble(t, func(t *testing.T) {
				often := func(c *mp.LinkConfig) { c.LCP.EchoInterval, c.LCP.EchoFails = time.Second, 3 }
				a, b := upPair(t, line.Config, nil, often)
				defer b.close()
				defer a.close()
				f := flood(t, a, b, 1500, 1.5*float64(line.BPS)/10)
				time.Sleep(time.Minute)
				f.stop()
				for _, e := range []*end{a, b} {
					select {
					case failure := <-e.lost:
						t.Errorf("the %s has lost the link: %v", e.name, failure)
					default:
					}
				}
			})
		})
	}
}
