package mp_test

import (
	"testing"
	"time"

	"pppdial/mp/mptest"
)

// TestFastLineLosesNothing: what is too much for a fast line waits in the
// interface, whose senders notice, instead of being dropped.
func TestFastLineLosesNothing(t *testing.T) {
	bubble(t, func(t *testing.T) {
		la, lb := mptest.Pair(mptest.Config{BPS: 800e6, Delay: time.Millisecond})
		a, b := newEnd(t, "a", "10.0.0.1", "10.0.0.2"), newEnd(t, "b", "10.0.0.2", "10.0.0.1")
		defer a.close()
		defer b.close()
		a.start(la)
		b.start(lb)
		a.wantUp("")
		b.wantUp("")
		packet := udp("10.0.0.1", "10.0.0.2", 1400)
		send := func(n int) {
			for range n {
				a.tun.Send(packet)
			}
		}
		for range 50 { // until it is known how fast the line is
			send(10)
			time.Sleep(50 * time.Millisecond)
		}
		for len(b.tun.Received()) > 0 {
			<-b.tun.Received()
		}
		got, done := 0, make(chan struct{})
		const many = 5000
		go func() {
			defer close(done)
			for got < many {
				select {
				case <-b.tun.Received():
					got++
				case <-time.After(time.Second):
					return
				}
			}
		}()
		send(many)
		<-done
		s, _ := a.bundle.Stats()
		if got != many || len(s.Drops) > 0 {
			t.Errorf("%d of %d packets arrive; dropped %v", got, many, s.Drops)
		}
	})
}
