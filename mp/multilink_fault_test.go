package mp_test

import (
	"encoding/binary"
	"sync/atomic"
	"testing"
	"time"

	"pppdial/mp"
	"pppdial/mp/mptest"
	"pppdial/mp/proto"
	"pppdial/mp/wire"
)

// resumed is how long after now a flow, of which something has just happened
// to a line, carries so many octets a second again: over half a second, and
// from then on over the next five seconds.
func (f *flow) resumed(rate float64) time.Duration {
	const step, most = 50 * time.Millisecond, 20 * time.Second
	var came []int64
	for range most / step {
		came = append(came, f.octets.Load())
		time.Sleep(step)
	}
	enough := func(i int, over time.Duration) bool {
		n := int(over / step)
		return i+n < len(came) && float64(came[i+n]-came[i]) >= rate*over.Seconds()
	}
	for i := range came {
		if enough(i, 500*time.Millisecond) && enough(i, 5*time.Second) {
			return time.Duration(i) * step
		}
	}
	return most
}

// echoes are on by default.
func echoes(c *mp.LinkConfig) { c.LCP.EchoInterval, c.LCP.EchoFails = 10*time.Second, 3 }

func TestSilentLine(t *testing.T) {
	for _, n := range []int{2, 3, 4} {
		for _, both := range []bool{false, true} {
			t.Run("", func(t *testing.T) {
				bubble(t, func(t *testing.T) {
					var all []mptest.Config
					for range n {
						all = append(all, lines(115200)...)
					}
					m := newMulti(t, nil, echoes, all...)
					defer m.close()
					flows := []*flow{flood(t, m.a, m.b, 1500, 1.3*total(all))}
					if both {
						flows = append(flows, flood(t, m.b, m.a, 1500, 1.3*total(all)))
					} else {
						flows = append(flows, flood(t, m.b, m.a, 60, 600)) // as acknowledgements are
					}
					time.Sleep(3300 * time.Millisecond)
					m.lines[n-1].la.Silence(true)
					took := make(chan time.Duration)
					for i, f := range flows {
						if i == 0 || both {
							go func() { took <- f.resumed(0.9 * 11520 * float64(n-1)) }()
						}
					}
					for i := range flows {
						if i == 0 || both {
							d := <-took
							t.Logf("%d lines, one silent: full rate again after %v", n, d)
							if d > 2*time.Second {
								t.Errorf("it took %v", d)
							}
						}
					}
					m.lines[n-1].la.Silence(false)
					time.Sleep(8 * time.Second)
					if s, _ := m.a.bundle.Stats(); joined(s) == n {
						if got := flows[0].goodput(5 * time.Second); got < 0.93*total(all) {
							t.Errorf("%.1f %% when the line is back", got/total(all)*100)
						}
					} else {
						t.Error("the link is gone")
					}
					for _, f := range flows {
						f.stop()
					}
				})
			})
		}
	}
}

// TestOneOfSilentLinesAnswers: what the other one was given while neither did is
// sent anew, and all else goes without numbers. Linux would wait for those that
// it misses until the silent link is taken away.
func TestOneOfSilentLinesAnswers(t *testing.T) {
	for _, both := range []bool{false, true} {
		bubble(t, func(t *testing.T) {
			all := lines(115200, 115200)
			m := newMulti(t, nil, echoes, all...)
			defer m.close()
			f := flood(t, m.a, m.b, 1428, 1.3*total(all))
			defer f.stop()
			time.Sleep(3300 * time.Millisecond)
			m.lines[1].la.Silence(true)
			if both {
				m.lines[0].la.Silence(true)
				time.Sleep(1800 * time.Millisecond)
			}
			silent, _ := m.a.bundle.Stats()
			m.lines[0].la.Silence(false)
			time.Sleep(3 * time.Second)
			before, _ := m.a.bundle.Stats()
			if before.MP.Resent == silent.MP.Resent {
				t.Errorf("both silent %v: nothing was sent anew", both)
			}
			time.Sleep(5 * time.Second)
			now, _ := m.a.bundle.Stats()
			if n := now.MP.TxSeq - before.MP.TxSeq; n > 0 {
				t.Errorf("both silent %v: %d fragments more", both, n)
			}
			if got := f.goodput(5 * time.Second); got < 0.93*11520 {
				t.Errorf("both silent %v: %.0f octets a second", both, got)
			}
		})
	}
}

// TestSilentLineOfATransfer: what is sent goes on only as far as it is
// acknowledged, so that soon nothing comes over the other line either; and the
// peer does not look after its lines: it goes on to use the silent one.
func TestSilentLineOfATransfer(t *testing.T) {
	for _, helpful := range []bool{true, false} {
		bubble(t, func(t *testing.T) {
			links := 0
			m := newMulti(t, nil, func(c *mp.LinkConfig) {
				if links++; helpful || links%2 == 1 { // of the caller
					echoes(c)
				}
			}, lines(115200, 115200)...)
			defer m.close()
			f := transfer(m, 16)
			time.Sleep(3300 * time.Millisecond)
			m.lines[1].la.Silence(true)
			took := f.resumed(0.9 * 11520)
			t.Logf("full rate again after %v", took)
			if took > 2*time.Second {
				t.Errorf("it took %v", took)
			}
			f.stop()
		})
	}
}

// TestNobodyAsksDuringATransfer: acknowledgments need one line alone, but marks
// on the others tell that they are there. Each Echo-Request would take room of
// the transfer.
func TestNobodyAsksDuringATransfer(t *testing.T) {
	bubble(t, func(t *testing.T) {
		m := newMulti(t, nil, echoes, lines(115200, 115200, 115200, 115200)...)
		defer m.close()
		f := transfer(m, 32)
		time.Sleep(6 * time.Second) // it has found its pace
		unnumbered := func() (n uint64) {
			s, _ := m.a.bundle.Stats()
			for _, k := range s.Links {
				n += k.Tx.Packets
			}
			return n - uint64(s.MP.TxSeq)
		}
		before := unnumbered()
		time.Sleep(20 * time.Second)
		if n := unnumbered() - before; n > 4*2*2 { // LCP's own on each line, and the answers
			t.Errorf("%d frames in 20 s that are no fragments", n)
		}
		f.stop()
	})
}

// TestResetBesideASilentLine: a decompressor that has lost its way is set right
// over the line that carries all data, whichever of them that is.
func TestResetBesideASilentLine(t *testing.T) {
	for silent := range 2 {
		bubble(t, func(t *testing.T) {
			deflate := []proto.Compressor{{Type: wire.CCPDeflate, Bits: 15}}
			ccp := func(c *mp.BundleConfig) { c.CCP = &proto.CCPConfig{Rx: deflate, Tx: deflate} }
			m := newMulti(t, ccp, echoes, lines(115200, 115200)...)
			defer m.close()
			const rate = 9000
			f := flood(t, m.a, m.b, 1428, rate)
			time.Sleep(5 * time.Second)
			m.lines[silent].la.Silence(true)
			time.Sleep(2 * time.Second)
			other := m.lines[1-silent]
			other.la.Silence(true)
			time.Sleep(200 * time.Millisecond)
			other.la.Silence(false)
			if took := f.resumed(0.9 * rate); took > 3*time.Second {
				t.Errorf("line %d silent: it took %v", silent, took)
			}
			f.stop()
		})
	}
}

// transfer sends full packets, of which so many are on their way, and any that
// has not been acknowledged after a second again.
func transfer(m *multi, window int64) *flow {
	f := &flow{t: m.t, name: "caller", halt: make(chan struct{}), quit: make(chan struct{})}
	var acked atomic.Int64
	p, ack := udp("10.0.0.2", "10.0.0.1", 1472), udp("10.0.0.1", "10.0.0.2", 24)
	f.wg.Add(2)
	go func() { // the sender
		defer f.wg.Done()
		sent, patience := int64(0), time.After(time.Second)
		for {
			for ; sent < acked.Load()+window; sent++ {
				binary.BigEndian.PutUint64(p[28:], uint64(sent))
				m.a.tun.Send(p)
			}
			select {
			case got := <-m.a.tun.Received():
				if n := int64(binary.BigEndian.Uint64(got[28:])); n > acked.Load() {
					acked.Store(n)
					patience = time.After(time.Second)
				}
			case <-patience:
				binary.BigEndian.PutUint64(p[28:], uint64(acked.Load()))
				m.a.tun.Send(p)
				patience = time.After(time.Second)
			case <-f.halt:
				return
			}
		}
	}()
	go func() { // the receiver
		defer f.wg.Done()
		has := map[int64]bool{}
		next := int64(0)
		for {
			select {
			case got := <-m.b.tun.Received():
				for has[int64(binary.BigEndian.Uint64(got[28:]))] = true; has[next]; next++ {
					delete(has, next)
					f.octets.Add(1500)
				}
				binary.BigEndian.PutUint64(ack[28:], uint64(next))
				m.b.tun.Send(ack)
			case <-f.quit:
				return
			}
		}
	}()
	return f
}

func TestLineHangsUp(t *testing.T) {
	for _, back := range []float64{1.3, 0} {
		bubble(t, func(t *testing.T) {
			all := lines(115200, 115200)
			m := newMulti(t, nil, echoes, all...)
			defer m.close()
			f := flood(t, m.a, m.b, 1500, 1.3*total(all))
			g := f
			if back > 0 {
				g = flood(t, m.b, m.a, 1500, back*total(all))
				defer g.stop()
			}
			time.Sleep(3 * time.Second)
			m.lines[0].la.Hangup() // the first is nothing special
			there := f.resumed(0.9 * 11520)
			m.a.wantLost(mp.Hangup, "")
			m.b.wantLost(mp.Hangup, "")
			t.Logf("full rate of the other line after %v", there)
			if there > 500*time.Millisecond {
				t.Errorf("it took %v", there)
			}
			if len(m.a.down) > 0 {
				t.Error("the network went down with one of two lines")
			}
			m.lines = append(m.lines[1:], m.add(lines(115200)[0], nil))
			m.wantLinks(2)
			time.Sleep(3 * time.Second)
			if got := g.goodput(5 * time.Second); got < 0.93*total(all) {
				t.Errorf("%.1f %% with a new line", got/total(all)*100)
			}
			f.stop()
		})
	}
}

// TestLineClosed: when a line is given up in good order nothing is lost.
func TestLineClosed(t *testing.T) {
	for _, who := range []string{"caller", "server"} {
		bubble(t, func(t *testing.T) {
			all := lines(115200, 57600)
			m := newMulti(t, nil, nil, all...)
			defer m.close()
			f, g := flood(t, m.a, m.b, 700, 0.2*total(all)), flood(t, m.b, m.a, 700, 0.2*total(all))
			for i := range 6 {
				time.Sleep(2 * time.Second)
				c := m.lines[0]
				k := c.ka
				if who == "server" {
					k = c.kb
				}
				k.Close(mp.Idle, "not needed")
				<-m.a.lost
				<-m.b.lost
				m.wantLinks(1)
				time.Sleep(time.Duration(i) * 100 * time.Millisecond)
				m.add(all[i%2], nil)
				m.lines = m.lines[1:]
				m.wantLinks(2)
			}
			f.stop()
			g.stop()
			for _, f := range []*flow{f, g} {
				if lost := f.last.Load() - f.packets.Load(); lost > 0 {
					t.Errorf("%d of %d packets from the %s are lost", lost, f.last.Load(), f.name)
				}
			}
		})
	}
}

func TestCorruption(t *testing.T) {
	for _, noise := range []float64{0.01, 0.05} {
		bubble(t, func(t *testing.T) {
			all := lines(115200, 115200)
			all[1].Noise = noise / 650 // of the frames, which are about so long
			m := newMulti(t, nil, nil, all...)
			defer m.close()
			f := flood(t, m.a, m.b, 1500, 1.3*total(all))
			time.Sleep(3 * time.Second)
			got := f.goodput(30 * time.Second)
			t.Logf("%.0f %% of one line's frames corrupted: %.1f %% of the sum", noise*100, got/total(all)*100)
			if got < 0.9*total(all) {
				t.Errorf("%.1f %% of the sum", got/total(all)*100)
			}
			f.stop()
		})
	}
}

func TestDelays(t *testing.T) {
	bubble(t, func(t *testing.T) {
		all := lines(115200, 115200)
		all[1].Delay += 200 * time.Millisecond
		m := newMulti(t, nil, echoes, all...)
		defer m.close()
		f := flood(t, m.a, m.b, 1500, 1.3*total(all))
		time.Sleep(3 * time.Second)
		got := f.goodput(20 * time.Second)
		t.Logf("delays 200 ms apart: %.1f %% of the sum", got/total(all)*100)
		if got < 0.93*total(all) {
			t.Errorf("%.1f %%", got/total(all)*100)
		}
		f.stop()
	})
}

// TestWrap sends more fragments than there are short sequence numbers.
func TestWrap(t *testing.T) {
	bubble(t, func(t *testing.T) {
		all := lines(1e6, 1e6)
		m := newMulti(t, nil, func(c *mp.LinkConfig) { c.LCP.RecvSSN, c.LCP.SendSSN = true, true }, all...)
		defer m.close()
		f := flood(t, m.a, m.b, 200, 0.5*total(all))
		time.Sleep(30 * time.Second)
		f.stop()
		if n := f.packets.Load(); n != f.last.Load() || n < 3*4096 {
			t.Errorf("%d of %d packets came, want more than thrice around", n, f.last.Load())
		}
	})
}
