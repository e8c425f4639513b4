package mp_test

import (
	"errors"
	"sync/atomic"
	"testing"
	"time"

	"pppdial/mp"
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

// An offloading interface notes what it is told.
type offloading struct {
	*mptest.Tun
	on, calls atomic.Int32
	fails     bool
}

func (o *offloading) SetOffload(on bool) error {
	o.calls.Add(1)
	if o.fails {
		return errors.ErrUnsupported
	}
	if o.on.Store(0); on {
		o.on.Store(1)
	}
	return nil
}

// TestOffloadIsForFastLines: a slow line's queue in the kernel holds packets,
// not trains of them.
func TestOffloadIsForFastLines(t *testing.T) {
	for _, tt := range []struct {
		name  string
		bps   int
		fails bool
		on    int32
	}{
		{"9600 bit/s", 9600, false, 0},
		{"1 Mbit/s", 1e6, false, 0},
		{"800 Mbit/s", 800e6, false, 1},
		{"800 Mbit/s and a kernel that cannot", 800e6, true, 0},
	} {
		t.Run(tt.name, func(t *testing.T) {
			bubble(t, func(t *testing.T) {
				la, lb := mptest.Pair(mptest.Config{BPS: tt.bps, Delay: time.Millisecond})
				dev := &offloading{fails: tt.fails}
				a := newEndWith(t, "a", "10.0.0.1", "10.0.0.2", func(c *mp.BundleConfig) {
					dev.Tun = c.Tun.(*mptest.Tun)
					c.Tun = dev
				})
				b := newEnd(t, "b", "10.0.0.2", "10.0.0.1")
				defer a.close()
				defer b.close()
				a.start(la)
				b.start(lb)
				a.wantUp("")
				b.wantUp("")
				quit := make(chan struct{})
				defer close(quit)
				go func() {
					for {
						select {
						case <-b.tun.Received():
						case <-quit:
							return
						}
					}
				}()
				packet := udp("10.0.0.1", "10.0.0.2", 1400)
				for range 100 {
					for range 10 {
						dev.Send(packet)
					}
					time.Sleep(50 * time.Millisecond)
				}
				if on := dev.on.Load(); on != tt.on {
					t.Errorf("offload is %d, want %d", on, tt.on)
				}
				if n := dev.calls.Load(); n > 3 || tt.fails && n != 1 {
					t.Errorf("it was set %d times", n)
				}
				if s, _ := a.bundle.Stats(); tt.on == 1 {
					a.link.Drop(mp.Closed, "test")
					time.Sleep(time.Second)
					if dev.on.Load() != 0 {
						t.Errorf("offload without a line (%v)", s.Drops)
					}
				}
			})
		})
	}
}
