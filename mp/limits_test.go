package mp_test

import (
	"testing"
	"time"

	"pppdial/mp"
	"pppdial/mp/mptest"
)

// TestSetLimits: limits may change while a call lasts, and the end of a link
// tells what it has carried.
func TestSetLimits(t *testing.T) {
	const minute = time.Minute
	for _, tc := range []struct {
		why                          string
		active, inactive, maxConnect time.Duration
		kind                         mp.Kind
		after                        time.Duration // of the call, in which a minute has passed
	}{
		{"an idle limit", 0, 5 * minute, 0, mp.Idle, 5 * minute},
		{"an idle limit that is over", 0, minute / 2, 0, mp.Idle, minute},
		{"a limit of the call", 0, 0, 4 * minute, mp.ConnectTime, 4 * minute},
		{"a limit of the call that is over", 0, 0, minute / 2, mp.ConnectTime, minute},
	} {
		t.Run(tc.why, func(t *testing.T) {
			bubble(t, func(t *testing.T) {
				la, lb := mptest.Pair(mptest.Config{})
				a := newEndWith(t, "caller", "", "", func(c *mp.BundleConfig) { c.MaxConnect = 2 * minute })
				b := newEnd(t, "server", "10.0.0.1", "10.0.0.2")
				defer b.close()
				defer a.close()
				a.start(la)
				b.start(lb)
				a.wantUp("")
				b.wantUp("")
				began := time.Now()
				time.Sleep(minute)
				if tc.maxConnect > 0 { // however busy the call is
					a.tun.Send(udp("10.0.0.2", "10.0.0.1", 40))
					<-b.tun.Received()
				}
				a.bundle.SetLimits(tc.active, tc.inactive, tc.maxConnect)
				f := a.wantLost(tc.kind, tc.why)
				if took := time.Since(began); took < tc.after || took > tc.after+time.Second {
					t.Errorf("after %v, want %v", took, tc.after)
				}
				g := b.wantLost(mp.PeerTerminated, "")
				if f.Rx != g.Tx || f.Tx != g.Rx || f.Rx.Packets == 0 || f.Rx.Bytes == 0 {
					t.Errorf("one side has sent %v and received %v, the other %v, %v", f.Tx, f.Rx, g.Tx, g.Rx)
				}
			})
		})
	}
}
