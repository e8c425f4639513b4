package mp_test

import (
	"os"
	"testing"
	"time"

	"pppdial/mp"
)

// A packetLine keeps the boundaries of writes, as a synchronous line does.
type packetLine struct {
	name    string
	in, out chan []byte
	wake    chan struct{} // closed when a read has to end
}

func packetPair() (a, b *packetLine) {
	x, y := make(chan []byte, 64), make(chan []byte, 64)
	return &packetLine{"a", x, y, make(chan struct{})}, &packetLine{"b", y, x, make(chan struct{})}
}

func (l *packetLine) Name() string { return l.name }

func (l *packetLine) Read(b []byte) (int, error) {
	select {
	case p := <-l.in:
		time.Sleep(time.Millisecond) // there may be more by then
		return copy(b, p), nil
	case <-l.wake:
		return 0, os.ErrDeadlineExceeded
	}
}

func (l *packetLine) TryRead(b []byte) (int, error) {
	select {
	case p := <-l.in:
		return copy(b, p), nil
	default:
		return 0, nil
	}
}

func (l *packetLine) Write(b []byte) (int, error) {
	l.out <- append([]byte(nil), b...)
	return len(b), nil
}

func (l *packetLine) SetReadDeadline(t time.Time) error {
	if !t.IsZero() {
		close(l.wake)
	}
	return nil
}

func (l *packetLine) SetWriteDeadline(time.Time) error { return nil }

// TestLongFirstFrame: a synchronous line's first long frame comes whole.
func TestLongFirstFrame(t *testing.T) {
	bubble(t, func(t *testing.T) {
		la, lb := packetPair()
		long := func(c *mp.BundleConfig) { c.MTU = 9000 }
		a := newEndWith(t, "a", "10.0.0.2", "10.0.0.1", long)
		b := newEndWith(t, "b", "10.0.0.1", "10.0.0.2", long)
		defer b.close()
		defer a.close()
		sync := func(c *mp.LinkConfig) { c.Sync, c.LCP.ACFC, c.LCP.MRU = true, false, 9000 }
		a.start(la, sync)
		b.start(lb, sync)
		a.wantUp("both frame by driver")
		b.wantUp("both frame by driver")
		p := udp("10.0.0.2", "10.0.0.1", 8900)
		a.tun.Send(p)
		time.Sleep(time.Second)
		select {
		case got := <-b.tun.Received():
			if string(got) != string(p) {
				t.Errorf("%d octets came as %d", len(p), len(got))
			}
		default:
			t.Error("it was lost")
		}
	})
}

// TestSync carries packets over a line that frames by itself.
func TestSync(t *testing.T) {
	bubble(t, func(t *testing.T) {
		la, lb := packetPair()
		a, b := newEnd(t, "a", "10.0.0.2", "10.0.0.1"), newEnd(t, "b", "10.0.0.1", "10.0.0.2")
		defer b.close()
		defer a.close()
		sync := func(c *mp.LinkConfig) { c.Sync = true; c.LCP.ACFC = false }
		a.start(la, sync)
		b.start(lb, sync)
		a.wantUp("both frame by driver")
		b.wantUp("both frame by driver")
		for i := range 20 {
			p := udp("10.0.0.2", "10.0.0.1", i*70)
			a.tun.Send(p)
			if got := <-b.tun.Received(); string(got) != string(p) {
				t.Fatalf("packet of %d octets changed: %x", len(p), got)
			}
		}
		p := udp("10.0.0.2", "10.0.0.1", 1400)
		for range 20 {
			a.tun.Send(p)
		}
		for i := range 20 {
			if got := <-b.tun.Received(); string(got) != string(p) {
				t.Fatalf("packet %d of a burst has %d octets, want %d", i, len(got), len(p))
			}
		}
		a.tun.Send(append(udp("10.0.0.2", "10.0.0.1", 0), "\r\nNO CARRIER\r\n"...)) // there is no modem
		time.Sleep(5 * time.Second)
		a.link.Close(mp.Closed, "User request")
		a.wantLost(mp.Closed, "we have asked for it")
		b.wantLost(mp.PeerTerminated, "the peer has sent a Terminate-Request")
	})
}
