package mp_test

import (
	"bytes"
	"slices"
	"testing"
	"time"

	"pppdial/mp"
	"pppdial/mp/mptest"
	"pppdial/mp/wire"
)

var byPAP = []wire.Auth{{Protocol: wire.PAP}}

// TestReconfigure: the link gets another configuration when the peer's name is
// known, agrees anew where that is needed, and the peer proves itself once.
func TestReconfigure(t *testing.T) {
	for _, tt := range []struct {
		name   string
		change func(*mp.LinkConfig)
		anew   bool
		local  string // among the options that the server has agreed upon
	}{
		{"nothing", func(*mp.LinkConfig) {}, false, "pcomp"},
		{"the map of control characters", func(c *mp.LinkConfig) { c.LCP.ACCM = 0xa0000 }, true, "asyncmap 0xa0000"},
		{"the MRU", func(c *mp.LinkConfig) { c.LCP.MRU = 576 }, true, "mru 576"},
		{"more escapes", func(c *mp.LinkConfig) { c.EscapeTx.Set(0x81) }, false, "pcomp"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			bubble(t, func(t *testing.T) {
				la, lb := mptest.Pair(mptest.Config{Delay: 10 * time.Millisecond})
				a, b := newEnd(t, "caller", "", ""), newEnd(t, "server", "10.0.0.1", "10.0.0.2")
				defer b.close()
				defer a.close()
				asked := 0
				b.secrets = map[string]string{"caller": "xyzzy"}
				b.asked = make(chan *mp.Admission, 2)
				a.start(la, func(c *mp.LinkConfig) { c.LCP.Allow, c.Auth.Password = byPAP, "xyzzy" })
				b.start(lb, func(c *mp.LinkConfig) {
					c.LCP.Demand = byPAP
					c.Auth.Verify = func(claim *mp.Claim) { asked++; b.verify(claim) }
				})
				question := <-b.asked
				cfg := b.linkConfig()
				tt.change(&cfg)
				question.Reconfigure(cfg)
				question.Join(b.bundle)
				a.wantUp("")
				b.wantUp("")
				p := udp("10.0.0.2", "10.0.0.1", 100)
				a.tun.Send(p)
				if got := <-b.tun.Received(); !bytes.Equal(got, p) {
					t.Errorf("the server got %x", got)
				}
				s, _ := b.bundle.Stats()
				if local := s.Links[0].Local; !slices.Contains(local, tt.local) {
					t.Errorf("agreed: %q, want %q among it", local, tt.local)
				}
				if asked != 1 || len(b.asked) != 0 {
					t.Errorf("the peer has proved itself %d times", asked)
				}
			})
		})
	}
}

// TestProveUsLater: who does not know yet by which name to prove itself to this
// peer waits until it knows who that is.
func TestProveUsLater(t *testing.T) {
	for _, proof := range []wire.Auth{{Protocol: wire.PAP}, {Protocol: wire.CHAP, Algorithm: wire.CHAPMD5}} {
		t.Run(proof.String(), func(t *testing.T) {
			bubble(t, func(t *testing.T) {
				la, lb := mptest.Pair(mptest.Config{Delay: 10 * time.Millisecond})
				a, b := newEnd(t, "caller", "", ""), newEnd(t, "server", "10.0.0.1", "10.0.0.2")
				defer b.close()
				defer a.close()
				a.secrets = map[string]string{"for the caller": "abc"}
				a.start(la, func(c *mp.LinkConfig) {
					c.LCP.Allow, c.Auth.Password = byPAP, "xyzzy"
					c.LCP.Demand = []wire.Auth{proof}
				})
				b.start(lb, func(c *mp.LinkConfig) {
					c.LCP.Demand, c.LCP.Allow = byPAP, []wire.Auth{proof}
					c.Auth.Name, c.Auth.Later = "", true
					c.Auth.Verify = func(claim *mp.Claim) {
						time.AfterFunc(time.Second, func() {
							claim.ProveUs("for the "+claim.Name, "abc")
							claim.ProveUs("somebody else", "abc") // it is known already
							claim.Answer(claim.CheckSecret("xyzzy"), "")
						})
					}
				})
				a.wantUp("")
				b.wantUp("")
			})
		})
	}
}
