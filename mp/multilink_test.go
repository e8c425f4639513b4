package mp_test

import (
	"encoding/binary"
	"fmt"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"pppdial/mp"
	"pppdial/mp/frag"
	"pppdial/mp/mptest"
)

// A multi is a bundle of lines between two ends.
type multi struct {
	t     *testing.T
	a, b  *end
	lines []*cable
}

// A cable is one line of a multi.
type cable struct {
	la, lb *mptest.Line
	ka, kb *mp.Link
}

type linkChange func(*mp.LinkConfig)

func multilinked(c *mp.LinkConfig) { c.LCP.MRRU = 1500 }
func interleaved(c *mp.LinkConfig) { multilinked(c); c.LCP.Classes = 2 }

// newMulti calls over so many lines, one after the other.
func newMulti(t *testing.T, cfg func(*mp.BundleConfig), change linkChange, lines ...mptest.Config) *multi {
	m := &multi{t: t, a: newEndWith(t, "caller", "", "", cfg), b: newEndWith(t, "server", "10.0.0.1", "10.0.0.2", cfg)}
	for i, l := range lines {
		m.add(l, change)
		if i == 0 {
			m.a.wantUp("first line")
			m.b.wantUp("first line")
		}
		m.wantLinks(i + 1)
	}
	return m
}

func (m *multi) add(l mptest.Config, change linkChange) *cable {
	both := func(c *mp.LinkConfig) {
		multilinked(c)
		if change != nil {
			change(c)
		}
	}
	c := &cable{}
	c.la, c.lb = mptest.Pair(l)
	m.a.start(c.la, both)
	m.b.start(c.lb, both)
	c.ka, c.kb = m.a.link, m.b.link
	m.lines = append(m.lines, c)
	return c
}

// wantLinks waits until both ends have so many links.
func (m *multi) wantLinks(n int) {
	m.t.Helper()
	for range 600 {
		sa, _ := m.a.bundle.Stats()
		sb, _ := m.b.bundle.Stats()
		if joined(sa) == n && joined(sb) == n {
			return
		}
		time.Sleep(100 * time.Millisecond)
	}
	m.t.Fatalf("not %d links", n)
}

func joined(s mp.Stats) (n int) {
	for _, k := range s.Links {
		if k.Phase == mp.PhaseNetwork {
			n++
		}
	}
	return n
}

func (m *multi) close() {
	for _, e := range []*end{m.a, m.b} {
		e.close()
	}
}

// A flow is packets from one end to the other, numbered, more than the lines
// carry.
type flow struct {
	t        *testing.T
	name     string
	halt     chan struct{} // ends the sender
	quit     chan struct{}
	wg       sync.WaitGroup
	packets  atomic.Int64
	octets   atomic.Int64
	last     atomic.Int64 // number
	at       atomic.Int64 // when the last one came, in nanoseconds of Unix time
	unsorted atomic.Int64
	other    func(p []byte) // takes what is no UDP
}

// flood sends packets of n octets from e, so many octets a second, and checks
// what comes out at the other end.
func flood(t *testing.T, e, to *end, n int, rate float64) *flow {
	f := &flow{t: t, name: e.name, halt: make(chan struct{}), quit: make(chan struct{})}
	from, dst := "10.0.0.2", "10.0.0.1"
	if e.name == "server" {
		from, dst = dst, from
	}
	p := udp(from, dst, n-28)
	f.wg.Add(2)
	go func() {
		defer f.wg.Done()
		began, sent := time.Now(), 0.
		for i := uint64(1); ; i++ {
			binary.BigEndian.PutUint64(p[28:], i)
			e.tun.Send(p)
			if sent += float64(n); sent > rate*time.Since(began).Seconds() {
				select {
				case <-f.halt:
					return
				case <-time.After(time.Duration(float64(n) / rate * 1e9)):
				}
			}
		}
	}()
	go func() {
		defer f.wg.Done()
		for {
			select {
			case got := <-to.tun.Received():
				if got[9] != 17 {
					f.other(got)
					continue
				}
				i := int64(binary.BigEndian.Uint64(got[28:]))
				want := udp(from, dst, n-28)
				binary.BigEndian.PutUint64(want[28:], uint64(i))
				if string(got) != string(want) {
					t.Errorf("packet %d from the %s has changed", i, f.name)
				}
				if i <= f.last.Load() {
					f.unsorted.Add(1)
					t.Logf("%v: packet %d after %d", time.Now(), i, f.last.Load())
				}
				f.last.Store(i)
				f.packets.Add(1)
				f.octets.Add(int64(len(got)))
				f.at.Store(time.Now().UnixNano())
			case <-f.quit:
				return
			}
		}
	}()
	return f
}

func (f *flow) stop() {
	close(f.halt)
	time.Sleep(2 * time.Second) // for what is on its way
	close(f.quit)
	f.wg.Wait()
	if n := f.unsorted.Load(); n > 0 {
		f.t.Errorf("%d packets of the %s came twice or out of order", n, f.name)
	}
}

// goodput is what arrives in that time, in octets a second.
func (f *flow) goodput(d time.Duration) float64 {
	before := f.octets.Load()
	time.Sleep(d)
	return float64(f.octets.Load()-before) / d.Seconds()
}

func lines(bps ...int) (all []mptest.Config) {
	for i, n := range bps {
		all = append(all, mptest.Config{BPS: n, Delay: 5 * time.Millisecond, Buffer: 64, Seed: uint64(i)})
	}
	return all
}

func total(all []mptest.Config) (rate float64) {
	for _, l := range all {
		rate += float64(l.BPS) / 10
	}
	return rate
}

func TestBundleGoodput(t *testing.T) {
	for _, bps := range [][]int{
		{115200}, {115200, 115200}, {115200, 115200, 115200, 115200}, {57600, 115200}, {33600, 115200}, {9600, 33600, 57600, 115200},
		{115200, 115200, 115200, 115200, 115200, 115200, 115200, 115200},
	} {
		for _, ssn := range []bool{false, true} {
			t.Run(fmt.Sprint(bps, ssn), func(t *testing.T) {
				bubble(t, func(t *testing.T) {
					m := newMulti(t, nil, func(c *mp.LinkConfig) { c.LCP.RecvSSN, c.LCP.SendSSN = ssn, ssn }, lines(bps...)...)
					defer m.close()
					rate := total(lines(bps...))
					f, g := flood(t, m.a, m.b, 1500, 1.3*rate), flood(t, m.b, m.a, 1500, 1.3*rate)
					defer g.stop()
					defer f.stop()
					time.Sleep(5 * time.Second)
					there, back := 0., 0.
					var wg sync.WaitGroup
					wg.Go(func() { there = f.goodput(10 * time.Second) })
					wg.Go(func() { back = g.goodput(10 * time.Second) })
					wg.Wait()
					t.Logf("%.1f %% there, %.1f %% back", there/rate*100, back/rate*100)
					if there < 0.93*rate || back < 0.93*rate {
						s, _ := m.a.bundle.Stats()
						t.Errorf("%.1f %% there, %.1f %% back: %+v", there/rate*100, back/rate*100, s)
					}
				})
			})
		}
	}
}

// TestUrgentOnly: packets that are sent without numbers use a new line, too.
func TestUrgentOnly(t *testing.T) {
	bubble(t, func(t *testing.T) {
		m := newMulti(t, func(c *mp.BundleConfig) { c.TelnetTOS = true }, nil, lines(115200)...)
		defer m.close()
		m.a.tun.Send(udp("10.0.0.2", "10.0.0.1", 100)) // alone, and so without a number as well
		<-m.b.tun.Received()
		m.add(lines(115200)[0], nil)
		m.wantLinks(2)
		ping := append(echo("10.0.0.2", "10.0.0.1", 8), make([]byte, 800)...)
		const pings = 100
		for range pings { // one and a half lines' worth
			m.a.tun.Send(ping)
			time.Sleep(50 * time.Millisecond)
		}
		time.Sleep(time.Second)
		s, _ := m.a.bundle.Stats()
		if k := s.Links[1]; k.Tx.Bytes < pings*800/4 {
			t.Errorf("the second line has carried %d octets", k.Tx.Bytes)
		}
		if n := len(m.b.tun.Received()); n != pings {
			t.Errorf("%d of %d pings have come", n, pings)
		}
	})
}

// TestHeaders: with mp_headers an urgent packet has one as well, with its class where
// there are classes.
func TestHeaders(t *testing.T) {
	for name, tt := range map[string]struct {
		headers bool
		change  linkChange
		want    string
	}{
		"without":          {false, multilinked, "[bare bare]"},
		"with":             {true, multilinked, "[class 0 class 0]"},
		"with and classes": {true, interleaved, "[class 1 class 0]"},
	} {
		t.Run(name, func(t *testing.T) {
			bubble(t, func(t *testing.T) {
				with := func(c *mp.BundleConfig) { c.TelnetTOS, c.MP.Headers = true, tt.headers }
				a, b := newEndWith(t, "caller", "", "", with), newEnd(t, "server", "10.0.0.1", "10.0.0.2")
				defer b.close()
				defer a.close()
				la, lb := mptest.Pair(mptest.Config{})
				tee := &teeLine{Line: la}
				a.start(tee, tt.change)
				b.start(lb, tt.change)
				a.wantUp("")
				b.wantUp("")
				tee.take()
				for _, p := range [][]byte{echo("10.0.0.2", "10.0.0.1", 8), udp("10.0.0.2", "10.0.0.1", 100)} {
					a.tun.Send(p)
					<-b.tun.Received()
				}
				var got []string
				for _, f := range tee.frames() {
					if info, ok := fragment(f); ok {
						h, _, _ := frag.ParseHeader(frag.Classes, info)
						got = append(got, fmt.Sprintf("class %d", h.Class))
					} else {
						got = append(got, "bare")
					}
				}
				if fmt.Sprint(got) != tt.want {
					t.Errorf("ping and datagram went as %v, want %s", got, tt.want)
				}
			})
		})
	}
}

// TestShortClasses: each direction has classes with short numbers if the one end asks
// for them and the other sends them, and else with long ones.
func TestShortClasses(t *testing.T) {
	for name, tt := range map[string]struct {
		caller, server linkChange
		there, back    bool
	}{
		"there": {func(c *mp.LinkConfig) { c.LCP.SendSSN = true }, func(c *mp.LinkConfig) { c.LCP.RecvSSN = true }, true, false},
		"back":  {func(c *mp.LinkConfig) { c.LCP.RecvSSN = true }, func(c *mp.LinkConfig) { c.LCP.SendSSN = true }, false, true},
		"asked": {func(c *mp.LinkConfig) { c.LCP.RecvSSN = true }, func(c *mp.LinkConfig) { c.LCP.RecvSSN = true }, false, false},
	} {
		t.Run(name, func(t *testing.T) {
			bubble(t, func(t *testing.T) {
				m := &multi{t: t, a: newEnd(t, "caller", "", ""), b: newEnd(t, "server", "10.0.0.1", "10.0.0.2")}
				defer m.close()
				la, lb := mptest.Pair(lines(115200)[0])
				m.a.start(la, interleaved, tt.caller)
				m.b.start(lb, interleaved, tt.server)
				m.a.wantUp("")
				m.b.wantUp("")
				pings := 0
				f, g := flood(t, m.a, m.b, 1500, 20000), flood(t, m.b, m.a, 1500, 20000)
				f.other = func([]byte) { pings++ }
				for range 20 {
					m.a.tun.Send(echo("10.0.0.2", "10.0.0.1", 8))
					time.Sleep(100 * time.Millisecond)
				}
				g.stop()
				f.stop()
				a, _ := m.a.bundle.Stats()
				b, _ := m.b.bundle.Stats()
				if s := a.MP; s.TxSSN != tt.there || s.RxSSN != tt.back || s.TxClasses != 2 || s.RxClasses != 2 || s.Lost+b.MP.Lost != 0 || pings != 20 {
					t.Errorf("%d pings, %+v", pings, *s)
				}
			})
		})
	}
}
