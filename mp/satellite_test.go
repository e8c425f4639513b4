package mp_test

import (
	"testing"
	"time"

	"pppdial/mp"
	"pppdial/mp/fsm"
	"pppdial/mp/mptest"
)

// TestCallByLongWay: round trips that are longer than the restart timer, over
// satellites, make a call slow and no more than that.
func TestCallByLongWay(t *testing.T) {
	restart := map[string]fsm.Config{
		"as ppp.conf has it": {FirstRestart: 300 * time.Millisecond, Restart: time.Second, RestartLimit: 8 * time.Second},
		"constant":           {Restart: time.Second},
	}
	for name, cfg := range restart {
		for _, delay := range []time.Duration{300 * time.Millisecond, 600 * time.Millisecond, time.Second, 1700 * time.Millisecond, 2500 * time.Millisecond} {
			t.Run(name+", "+delay.String(), func(t *testing.T) {
				bubble(t, func(t *testing.T) {
					la, lb := mptest.Pair(mptest.Config{BPS: 9600, Delay: delay})
					ipcp := func(c *mp.BundleConfig) { c.IPCP.FSM = cfg }
					lcp := func(c *mp.LinkConfig) { c.LCP.FSM = cfg }
					a, b := newEndWith(t, "caller", "", "", ipcp), newEndWith(t, "server", "10.0.0.1", "10.0.0.2", ipcp)
					defer b.close()
					defer a.close()
					began := time.Now()
					a.start(la, lcp)
					b.start(lb, lcp)
					a.wantUp("the line is long, not bad")
					// One round trip for LCP, two for IPCP, and the copies that
					// are on their way in front of them.
					if took := time.Since(began); took > 8*delay+time.Second {
						t.Errorf("the network took %v", took)
					}
					b.wantUp("the line is long, not bad")
					time.Sleep(time.Minute)
					for _, e := range []*end{a, b} {
						if len(e.lost) > 0 || len(e.down) > 0 || len(e.up) > 0 {
							t.Errorf("the %s has not stayed up", e.name)
						}
					}
				})
			})
		}
	}
}
