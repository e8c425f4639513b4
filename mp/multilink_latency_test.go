package mp_test

import (
	"encoding/binary"
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"pppdial/mp"
)

// TestBundleLatency sends pings through a bundle of 4 x 115200 bit/s that
// carries as much as it can in the same direction.
func TestBundleLatency(t *testing.T) {
	for _, tt := range []struct {
		name        string
		change      linkChange
		median, p99 time.Duration
	}{
		{"plain", func(c *mp.LinkConfig) {}, 100 * time.Millisecond, 200 * time.Millisecond},
		{"interleaved", interleaved, 50 * time.Millisecond, 100 * time.Millisecond},
		{"interleaved, short numbers", func(c *mp.LinkConfig) { interleaved(c); c.LCP.RecvSSN, c.LCP.SendSSN = true, true }, 50 * time.Millisecond, 100 * time.Millisecond},
	} {
		t.Run(tt.name, func(t *testing.T) {
			bubble(t, func(t *testing.T) {
				all := lines(115200, 115200, 115200, 115200)
				m := newMulti(t, func(c *mp.BundleConfig) { c.TelnetTOS = true }, tt.change, all...)
				defer m.close()
				f := flood(t, m.a, m.b, 1500, 1.3*total(all))
				f.other = func(p []byte) { // the echo
					p = append([]byte(nil), p...)
					p[20] = 0
					m.b.tun.Send(p)
				}
				var took []time.Duration
				time.Sleep(3 * time.Second)
				const pings = 200
				for i := range pings {
					p := echo("10.0.0.2", "10.0.0.1", 8)
					p = append(p, make([]byte, 84-len(p))...)
					binary.BigEndian.PutUint16(p[26:], uint16(i))
					sent := time.Now()
					m.a.tun.Send(p)
					select {
					case got := <-m.a.tun.Received():
						if binary.BigEndian.Uint16(got[26:]) != uint16(i) {
							t.Fatalf("not the answer to ping %d: %x", i, got)
						}
						took = append(took, time.Since(sent))
					case <-time.After(5 * time.Second):
						t.Errorf("ping %d is lost", i)
					}
					time.Sleep(time.Duration(100+rand.IntN(100)) * time.Millisecond)
				}
				slices.Sort(took)
				median, p99 := took[len(took)/2], took[len(took)*99/100]
				t.Logf("median %v, p99 %v, goodput %.1f %%", median, p99, f.goodput(5*time.Second)/total(all)*100)
				if median > tt.median || p99 > tt.p99 {
					t.Errorf("median %v, p99 %v, want %v and %v", median, p99, tt.median, tt.p99)
				}
				f.stop()
			})
		})
	}
}
