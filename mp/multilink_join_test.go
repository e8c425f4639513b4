package mp_test

import (
	"bytes"
	"strings"
	"testing"
	"time"

	"pppdial/mp"
	"pppdial/mp/hdlc"
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
		"short, classes":    {interleaved, func(c *mp.LinkConfig) { interleaved(c); c.LCP.RecvSSN, c.LCP.SendSSN = true, true }, "other packet sizes or headers"},
		"classes":           {multilinked, interleaved, "other packet sizes or headers"},
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

// A doorkeeper stands before a peer that agrees to multilink before it can take
// fragments, as a pppd whose kernel is still joining the link: what comes too
// early is rejected, and nothing is sent.
type doorkeeper struct {
	opens    time.Time
	rejected int
}

// fragment returns what stands in a frame behind the protocol of multilink.
func fragment(frame []byte) (info []byte, ok bool) {
	return bytes.CutPrefix(bytes.TrimPrefix(bytes.TrimPrefix(frame, []byte{0xff, 3}), []byte{0}), []byte{byte(wire.MP)})
}

// everything is escaped, for LCP.
var everything = hdlc.FromUint32(wire.DefaultACCM)

// carry takes frames from one line to another until it is hung up. It calls early for
// each fragment that comes too early, and drops it.
func (d *doorkeeper) carry(from, to *mptest.Line, early func(frame, info []byte)) {
	dec, buf := hdlc.Decoder{MaxFrame: 2000}, make([]byte, 256)
	for {
		n, err := from.Read(buf)
		if err != nil {
			to.Hangup()
			return
		}
		dec.Feed(buf[:n])
		for f, ok := dec.Next(); ok; f, ok = dec.Next() {
			if info, ok := fragment(f); ok && time.Now().Before(d.opens) {
				early(f, info)
			} else {
				to.Write(hdlc.AppendFrame(nil, f, &everything, true))
			}
		}
	}
}

// TestRejectedWhileJoining: a peer that rejects the first fragments on a second
// line loses nothing by that, and the line is used soon after it is ready.
func TestRejectedWhileJoining(t *testing.T) {
	for _, ready := range []time.Duration{0, 200 * time.Millisecond, 400 * time.Millisecond, 800 * time.Millisecond, 1500 * time.Millisecond} {
		t.Run(ready.String(), func(t *testing.T) {
			bubble(t, func(t *testing.T) {
				m := newMulti(t, nil, nil, lines(115200)...)
				f := flood(t, m.a, m.b, 1500, 6000) // half of what one line carries
				time.Sleep(2 * time.Second)

				la, ma := mptest.Pair(lines(115200)[0])
				mb, lb := mptest.Pair(mptest.Config{})
				d := &doorkeeper{opens: time.Now().Add(ready)}
				go d.carry(ma, mb, func(frame, info []byte) {
					d.rejected++
					reject := wire.AppendProtocol([]byte{0xff, 3}, wire.LCP, false)
					reject = wire.AppendPacket(reject, wire.Packet{
						Code: wire.ProtocolReject, ID: byte(d.rejected), Data: append(wire.AppendProtocol(nil, wire.MP, false), info...),
					})
					ma.Write(hdlc.AppendFrame(nil, reject, &everything, true))
				})
				go d.carry(mb, ma, func(frame, _ []byte) {
					b := hdlc.AppendFrame(nil, frame, &everything, true)
					time.AfterFunc(time.Until(d.opens), func() { ma.Write(b) })
				})
				m.a.start(la, multilinked)
				m.b.start(lb, multilinked)
				began := time.Now()
				used := func() bool {
					s, _ := m.b.bundle.Stats()
					return len(s.Links) == 2 && s.Links[1].Rx.Bytes > 600
				}
				for !used() && time.Since(began) < 10*time.Second {
					time.Sleep(10 * time.Millisecond)
				}
				took := time.Since(began)
				t.Logf("%d rejected, the line carries data after %v", d.rejected, took)
				if took > 2*ready+700*time.Millisecond {
					t.Errorf("ready after %v, it carries data after %v", ready, took)
				}
				if ready > 2*entryTime && d.rejected == 0 {
					t.Error("nothing was rejected")
				}
				f.stop()
				if last, n := f.last.Load(), f.packets.Load(); n != last {
					t.Errorf("%d of %d packets have come", n, last)
				}
				m.close()
				la.Hangup()
				lb.Hangup()
			})
		})
	}
}

// entryTime is how long a peer is given that says nothing on a new line.
const entryTime = 300 * time.Millisecond
