package mp_test

import (
	"strings"
	"testing"
	"time"

	"pppdial/mp"
	"pppdial/mp/mptest"
	"pppdial/mp/wire"
)

// TestMisfit: what does not fit to the other links of the bundle is refused,
// and the bundle goes on.
func TestMisfit(t *testing.T) {
	for name, tt := range map[string]struct {
		first, second linkChange
		why           string
	}{
		"no multilink":      {multilinked, func(c *mp.LinkConfig) {}, "does not use multilink on this line"},
		"first without":     {func(c *mp.LinkConfig) {}, multilinked, "the link that is there does not use multilink"},
		"other MRRU":        {multilinked, func(c *mp.LinkConfig) { c.LCP.MRRU = 1600 }, "other packet sizes"},
		"short numbers":     {multilinked, func(c *mp.LinkConfig) { multilinked(c); c.LCP.RecvSSN, c.LCP.SendSSN = true, true }, "other packet sizes or headers"},
		"classes":           {multilinked, func(c *mp.LinkConfig) { multilinked(c); c.LCP.Classes = 2 }, "other packet sizes or headers"},
		"neither multilink": {func(c *mp.LinkConfig) {}, func(c *mp.LinkConfig) {}, "does not use multilink"},
	} {
		t.Run(name, func(t *testing.T) {
			bubble(t, func(t *testing.T) {
				a, b := newEnd(t, "caller", "", ""), newEnd(t, "server", "10.0.0.1", "10.0.0.2")
				defer b.close()
				defer a.close()
				la, lb := mptest.Pair(mptest.Config{})
				a.start(la, tt.first)
				b.start(lb, tt.first)
				first := a.link
				a.wantUp("first line")
				b.wantUp("first line")
				la, lb = mptest.Pair(mptest.Config{})
				a.start(la, tt.second)
				b.start(lb, tt.second)
				for _, e := range []*end{a, b} {
					select {
					case f := <-e.lost:
						if f.Kind != mp.Refused && f.Kind != mp.PeerTerminated || !strings.Contains(f.Error(), tt.why) {
							t.Errorf("%s: lost with %v, want %q", e.name, f, tt.why)
						}
					case <-time.After(time.Minute):
						t.Fatalf("%s: the link is still there", e.name)
					}
				}
				p := udp("10.0.0.2", "10.0.0.1", 100)
				a.tun.Send(p)
				if got := <-b.tun.Received(); string(got) != string(p) {
					t.Error("packet changed")
				}
				a.link = first
			})
		})
	}
}

// TestAdmission: the owner learns by what it can find the right bundle.
func TestAdmission(t *testing.T) {
	bubble(t, func(t *testing.T) {
		me := wire.MACEndpoint([6]byte{2, 0, 0, 0, 0, 7})
		a, b := newEnd(t, "caller", "", ""), newEnd(t, "server", "10.0.0.1", "10.0.0.2")
		defer b.close()
		defer a.close()
		b.asked = make(chan *mp.Admission, 1)
		la, lb := mptest.Pair(mptest.Config{})
		a.start(la, multilinked, func(c *mp.LinkConfig) { c.LCP.Endpoint = me })
		b.start(lb, multilinked)
		q := <-b.asked
		if !q.Multilink || q.Endpoint != me || q.PeerName != "" {
			t.Errorf("asked about %+v", q)
		}
		q.Join(b.bundle)
		a.wantUp("")
		b.wantUp("")
		s, _ := b.bundle.Stats()
		if s.MP == nil || s.MP.PeerEndpoint != me.String() || len(s.Links) != 1 || !strings.Contains(strings.Join(s.Links[0].Remote, " "), "endpoint [MAC:02:00:00:00:00:07]") {
			t.Errorf("stats %+v", s)
		}
	})
}
