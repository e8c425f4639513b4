package mp_test

import (
	"bytes"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"pppdial/mp"
	"pppdial/mp/fsm"
	"pppdial/mp/mptest"
	"pppdial/mp/wire"
)

var byPAP = []wire.Auth{{Protocol: wire.PAP}}

func unchanged(*mp.LinkConfig) {}

// TestReconfigure: the link gets another configuration when the peer's name is
// known, agrees anew where that is needed, and the peer proves itself once.
func TestReconfigure(t *testing.T) {
	for _, tt := range []struct {
		name         string
		base, change linkChange
		anew         bool
		local        string // among the options that the server has agreed upon
		mtu          int    // of the caller
	}{
		{"nothing", unchanged, unchanged, false, "pcomp", 1500},
		{"the map of control characters", unchanged, func(c *mp.LinkConfig) { c.LCP.ACCM = 0xa0000 }, true, "asyncmap 0xa0000", 1500},
		{"the MRU", unchanged, func(c *mp.LinkConfig) { c.LCP.MRU = 576 }, true, "mru 576", 576},
		{"more escapes", unchanged, func(c *mp.LinkConfig) { c.EscapeTx.Set(0x81) }, false, "pcomp", 1500},
		{"the MRRU, which is the same", multilinked, multilinked, false, "mrru 1500", 1500},
		{"the MRRU", multilinked, func(c *mp.LinkConfig) { c.LCP.MRRU = 1300 }, true, "mrru 1300", 1300},
		{"the MRU, and no MRRU", multilinked, func(c *mp.LinkConfig) { c.LCP.MRU = 1300 }, true, "mrru 1500", 1500},
		{"multilink, which stays off", unchanged, multilinked, false, "pcomp", 1500},
	} {
		t.Run(tt.name, func(t *testing.T) {
			bubble(t, func(t *testing.T) {
				la, lb := mptest.Pair(mptest.Config{Delay: 10 * time.Millisecond})
				a, b := newEnd(t, "caller", "", ""), newEnd(t, "server", "10.0.0.1", "10.0.0.2")
				defer b.close()
				defer a.close()
				asked, tee := 0, &teeLine{Line: lb}
				b.secrets = map[string]string{"caller": "xyzzy"}
				b.asked = make(chan *mp.Admission, 2)
				a.start(la, tt.base, func(c *mp.LinkConfig) { c.LCP.Allow, c.Auth.Password = byPAP, "xyzzy" })
				b.start(tee, tt.base, func(c *mp.LinkConfig) {
					c.LCP.Demand = byPAP
					c.Auth.Verify = func(claim *mp.Claim) { asked++; b.verify(claim) }
				})
				question := <-b.asked
				tee.take()
				cfg := b.linkConfig()
				tt.change(&cfg)
				question.Reconfigure(cfg)
				question.Join(b.bundle)
				if n := a.wantUp(""); n.MTU != tt.mtu {
					t.Errorf("the caller's MTU is %d, want %d", n.MTU, tt.mtu)
				}
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
				request := func(f []byte) bool { return bytes.HasPrefix(f, []byte("\xff\x03\xc0\x21\x01")) }
				if anew := slices.ContainsFunc(tee.frames(), request); anew != tt.anew {
					t.Errorf("LCP has agreed anew: %v, want %v", anew, tt.anew)
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

// TestReconfigureRounds: how often the peer is challenged is what the chosen
// configuration says, also when LCP has to agree anew for it.
func TestReconfigureRounds(t *testing.T) {
	for _, method := range []wire.Auth{chapAuth, mschapAuth, eapAuth} {
		for _, tt := range []struct {
			name         string
			before, then time.Duration
			mru          int
			want         string // when the peer has proved itself, in s
		}{
			{"begins", 0, 20 * time.Second, 0, "0 20 40"},
			{"ends", 20 * time.Second, 0, 0, "0"},
			{"ends, and the MRU", 20 * time.Second, 0, 576, "0"},
			{"changes, and the MRU", 50 * time.Second, 20 * time.Second, 576, "0 0 20 40"},
		} {
			t.Run(method.String()+" "+tt.name, func(t *testing.T) {
				bubble(t, func(t *testing.T) {
					la, lb := mptest.Pair(mptest.Config{Delay: 10 * time.Millisecond})
					a, b := newEnd(t, "caller", "", ""), newEnd(t, "server", "10.0.0.1", "10.0.0.2")
					defer b.close()
					defer a.close()
					b.secrets = map[string]string{"caller": "xyzzy"}
					b.asked = make(chan *mp.Admission, 2)
					began := time.Now()
					proofs := make(chan string, 9)
					a.start(la, func(c *mp.LinkConfig) { c.LCP.Allow, c.Auth.Password = []wire.Auth{method}, "xyzzy" })
					b.start(lb, func(c *mp.LinkConfig) {
						c.LCP.Demand, c.Auth.Again = []wire.Auth{{Protocol: wire.PAP}, method}, tt.before
						c.Auth.Verify = func(claim *mp.Claim) {
							proofs <- strconv.Itoa(int(time.Since(began).Seconds()))
							b.verify(claim)
						}
					})
					question := <-b.asked
					cfg := b.linkConfig()
					cfg.LCP.MRU, cfg.Auth.Again = tt.mru, tt.then
					question.Reconfigure(cfg)
					question.Join(b.bundle)
					a.wantUp("")
					b.wantUp("")
					time.Sleep(55 * time.Second)
					var proved []string
					for len(proofs) > 0 {
						proved = append(proved, <-proofs)
					}
					if got := strings.Join(proved, " "); got != tt.want {
						t.Errorf("the peer has proved itself after %s s, want %s", got, tt.want)
					}
					if len(b.asked)+len(a.lost)+len(b.lost) > 0 {
						t.Error("the link was lost, or asks where it belongs once more")
					}
				})
			})
		}
	}
}

// TestReconfigureEchoes: how often the peer is asked whether it is there is what
// the chosen configuration says, on the second line of a bundle as on the first.
func TestReconfigureEchoes(t *testing.T) {
	for _, tt := range []struct {
		name         string
		before, then time.Duration
		want         string // when each line asks, in s after it has joined
	}{
		{"as before", 10 * time.Second, 10 * time.Second, "0 10 20 30"},
		{"begins", 0, 10 * time.Second, "0 10 20 30"},
		{"ends", 10 * time.Second, 0, ""},
		{"more often", time.Minute, 10 * time.Second, "0 10 20 30"},
		{"less often", 10 * time.Second, 30 * time.Second, "0 30"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			bubble(t, func(t *testing.T) {
				a, b := newEnd(t, "caller", "", ""), newEnd(t, "server", "10.0.0.1", "10.0.0.2")
				defer b.close()
				defer a.close()
				b.secrets = map[string]string{"caller": "xyzzy"}
				b.asked = make(chan *mp.Admission, 2)
				var tees []*teeLine
				for range 2 {
					la, lb := mptest.Pair(mptest.Config{})
					tee := &teeLine{Line: lb}
					tees = append(tees, tee)
					a.start(la, multilinked, noEcho, func(c *mp.LinkConfig) { c.LCP.Allow, c.Auth.Password = byPAP, "xyzzy" })
					b.start(tee, multilinked, func(c *mp.LinkConfig) { c.LCP.Demand, c.LCP.EchoInterval = byPAP, tt.before })
					question := <-b.asked
					cfg := b.linkConfig()
					cfg.LCP.MRRU, cfg.LCP.EchoInterval = 1500, tt.then
					question.Reconfigure(cfg)
					question.Join(b.bundle)
				}
				asked := make([][]string, 2)
				for s := range 35 {
					time.Sleep(500 * time.Millisecond)
					for i, tee := range tees {
						for _, f := range tee.frames() {
							if bytes.HasPrefix(f, []byte("\xff\x03\xc0\x21\x09")) {
								asked[i] = append(asked[i], strconv.Itoa(s))
							}
						}
						tee.take()
					}
					time.Sleep(500 * time.Millisecond)
				}
				for i := range asked {
					if got := strings.Join(slices.Compact(asked[i]), " "); got != tt.want {
						t.Errorf("line %d asks after %s s, want %s", i, got, tt.want)
					}
				}
				if len(b.lost) > 0 {
					t.Errorf("a healthy link is lost: %v", <-b.lost)
				}
			})
		})
	}
}

// TestReconfigureTimes: how often LCP asks for the end of the link is what the
// chosen configuration says.
func TestReconfigureTimes(t *testing.T) {
	bubble(t, func(t *testing.T) {
		la, lb := mptest.Pair(mptest.Config{Delay: 10 * time.Millisecond})
		a, b := newEnd(t, "caller", "", ""), newEnd(t, "server", "10.0.0.1", "10.0.0.2")
		defer b.close()
		defer a.close()
		b.secrets = map[string]string{"caller": "xyzzy"}
		b.asked = make(chan *mp.Admission, 2)
		a.start(la, func(c *mp.LinkConfig) { c.LCP.Allow, c.Auth.Password = byPAP, "xyzzy" })
		b.start(lb, func(c *mp.LinkConfig) { c.LCP.Demand = byPAP })
		question := <-b.asked
		cfg := b.linkConfig()
		cfg.LCP.FSM = fsm.Config{Restart: 3 * time.Second, MaxTerminate: 2}
		question.Reconfigure(cfg)
		question.Join(b.bundle)
		b.wantUp("")
		a.wantUp("")
		a.link.Drop(mp.Closed, "and says nothing more")
		b.link.Close(mp.Closed, "")
		began := time.Now()
		b.wantLost(mp.Closed, "")
		if took := time.Since(began); took != 6*time.Second {
			t.Errorf("it took %v, want two requests of 3 s", took)
		}
	})
}
