package proto

import (
	"errors"
	"math/rand/v2"
	"net/netip"
	"slices"
	"testing"
	"time"

	"pgregory.net/rapid"

	"pppdial/mp/fsm"
	"pppdial/mp/wire"
)

// pair is two machines of one protocol with a line between them.
type pair struct {
	m     [2]Machine
	now   time.Time
	queue []transfer
}

type transfer struct {
	to   int
	at   time.Time
	info []byte
}

func (p *pair) layer(i int, delay time.Duration, lost func() bool) Layer {
	return Layer{Send: func(k wire.Packet) {
		if !lost() {
			p.queue = append(p.queue, transfer{1 - i, p.now.Add(delay), wire.AppendPacket(nil, k)})
		}
	}}
}

// run opens both and lets them talk until nothing is on its way and no timer
// runs, or for five minutes.
func (p *pair) run(t *rapid.T) {
	for _, m := range p.m {
		m.Open(p.now)
		m.Up(p.now)
	}
	end := p.now.Add(5 * time.Minute)
	for n := 0; p.now.Before(end); n++ {
		if n > 20000 {
			t.Fatal("a busy loop")
		}
		var next time.Time
		earlier := func(at time.Time) {
			if !at.IsZero() && (next.IsZero() || at.Before(next)) {
				next = at
			}
		}
		if len(p.queue) > 0 {
			earlier(p.queue[0].at)
		}
		earlier(p.m[0].Deadline())
		earlier(p.m[1].Deadline())
		if next.IsZero() {
			return
		}
		p.now = next
		if len(p.queue) > 0 && p.queue[0].at.Equal(next) {
			f := p.queue[0]
			p.queue = p.queue[1:]
			p.m[f.to].Input(p.now, f.info)
			continue
		}
		p.m[0].Advance(p.now)
		p.m[1].Advance(p.now)
	}
}

func (p *pair) open() bool { return p.m[0].State() == fsm.Opened && p.m[1].State() == fsm.Opened }

// drawLine draws a line that may lose some of its first packets.
func drawLine(t *rapid.T) (delay time.Duration, lost func() bool) {
	bad := rapid.IntRange(0, 12).Draw(t, "bad packets")
	random := rand.New(rand.NewPCG(rapid.Uint64().Draw(t, "seed"), 0))
	return time.Duration(rapid.IntRange(0, 400).Draw(t, "ms")) * time.Millisecond, func() bool {
		bad--
		return bad >= 0 && random.IntN(3) == 0
	}
}

func drawAuths(t *rapid.T, label string) []wire.Auth {
	return rapid.SliceOfNDistinct(rapid.SampledFrom([]wire.Auth{pap, chapMD5, msv2, eapMD5}), 0, 4, rapid.ID).Draw(t, label)
}

func drawLCP(t *rapid.T) LCPConfig {
	return LCPConfig{
		FSM:    testFSM,
		MRU:    rapid.SampledFrom([]int{0, 296, 1400, 4000}).Draw(t, "MRU"),
		ACCM:   rapid.SampledFrom([]uint32{0, 0xa0000, 0xffffffff}).Draw(t, "ACCM"),
		TxACCM: rapid.SampledFrom([]uint32{0, 0x20000}).Draw(t, "TxACCM"),
		Demand: drawAuths(t, "Demand"), Allow: drawAuths(t, "Allow"),
		PFC: rapid.Bool().Draw(t, "PFC"), ACFC: rapid.Bool().Draw(t, "ACFC"),
		MRRU:     rapid.SampledFrom([]int{0, 1500, 1600}).Draw(t, "MRRU"),
		RecvSSN:  rapid.Bool().Draw(t, "RecvSSN"),
		SendSSN:  rapid.Bool().Draw(t, "SendSSN"),
		Endpoint: wire.Endpoint{Class: wire.EndpointLocal, Address: "x"},
	}
}

func common(demand, allow []wire.Auth) bool {
	return slices.ContainsFunc(demand, func(a wire.Auth) bool { return slices.Contains(allow, a) })
}

// Two LCPs of any configuration open and agree on what each sends and the
// other receives, unless one demands an authentication that the other lacks.
func TestLCPPairs(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		cfg := [2]LCPConfig{drawLCP(t), drawLCP(t)}
		p := &pair{now: time.Unix(0, 0)}
		delay, lost := drawLine(t)
		for i := range p.m {
			p.m[i] = NewLCP(cfg[i], LCPLayer{Layer: p.layer(i, delay, lost)})
		}
		p.run(t)
		possible := (len(cfg[0].Demand) == 0 || common(cfg[0].Demand, cfg[1].Allow)) &&
			(len(cfg[1].Demand) == 0 || common(cfg[1].Demand, cfg[0].Allow))
		if !p.open() {
			if possible {
				t.Fatalf("states %v and %v, errors %v and %v", p.m[0].State(), p.m[1].State(), p.m[0].Err(), p.m[1].Err())
			}
			if !errors.As(p.m[0].Err(), new(*AuthRefused)) && !errors.As(p.m[1].Err(), new(*AuthRefused)) {
				t.Fatalf("errors %v and %v", p.m[0].Err(), p.m[1].Err())
			}
			return
		}
		if !possible {
			t.Fatal("open without the authentication that was demanded")
		}
		for i := range p.m {
			a, b := p.m[i].(*LCP).Result(), p.m[1-i].(*LCP).Result()
			half := LCPResult{
				PeerMRU: b.MRU, TxACCM: b.RxACCM | cfg[i].TxACCM, TxPFC: b.RxPFC, TxACFC: b.RxACFC, OurAuth: b.PeerAuth,
				PeerMagic: b.Magic, PeerMRRU: b.MRRU, TxSSN: b.RxSSN, PeerEndpoint: b.Endpoint,
			}
			got := LCPResult{
				PeerMRU: a.PeerMRU, TxACCM: a.TxACCM, TxPFC: a.TxPFC, TxACFC: a.TxACFC, OurAuth: a.OurAuth,
				PeerMagic: a.PeerMagic, PeerMRRU: a.PeerMRRU, TxSSN: a.TxSSN, PeerEndpoint: a.PeerEndpoint,
			}
			if got != half {
				t.Fatalf("one side sends %+v\nthe other receives %+v", got, half)
			}
			if a.PeerAuth.Protocol == 0 != (len(cfg[i].Demand) == 0) || a.TxSSN && !cfg[i].SendSSN || a.TxPFC && !cfg[i].PFC {
				t.Fatalf("agreed on %+v with %+v", a, cfg[i])
			}
		}
	})
}

func drawSets(t *rapid.T, label string) []AddrSet {
	return rapid.SampledFrom([][]AddrSet{
		nil, anyAddr, sets("10.0.0.1"), sets("10.0.0.2"), sets("10.0.0.1", "10.0.0.2"), sets("10.0.0.0,255.255.255.0"),
		sets("10.0.0.0,255.255.255.0", "10.0.0.2"),
	}).Draw(t, label)
}

// Two IPCPs of any configuration open with addresses that both allow, or end
// with an error that names one.
func TestIPCPPairs(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		var cfg [2]IPCPConfig
		p := &pair{now: time.Unix(0, 0)}
		delay, lost := drawLine(t)
		for i := range p.m {
			cfg[i] = IPCPConfig{
				FSM: testFSM, Local: drawSets(t, "Local"), Remote: drawSets(t, "Remote"),
				VJ: rapid.Bool().Draw(t, "VJ"), VJSlots: rapid.IntRange(2, 256).Draw(t, "VJSlots"),
				DNS: rapid.Bool().Draw(t, "DNS"),
			}
			if rapid.Bool().Draw(t, "gives DNS") {
				cfg[i].OurDNS = []netip.Addr{netip.MustParseAddr("10.0.0.53")}
			}
			p.m[i] = NewIPCP(cfg[i], p.layer(i, delay, lost))
		}
		p.run(t)
		if !p.open() {
			a, b := p.m[0].Err(), p.m[1].Err()
			if !errors.Is(a, fsm.ErrImpasse) && !errors.Is(b, fsm.ErrImpasse) {
				t.Fatalf("states %v and %v, errors %v and %v", p.m[0].State(), p.m[1].State(), a, b)
			}
			return
		}
		for i := range p.m {
			a, b := p.m[i].(*IPCP).Result(), p.m[1-i].(*IPCP).Result()
			if a.Local.IsValid() && !addrSets(cfg[i].Local).contains(a.Local) || a.Remote.IsValid() && !addrSets(cfg[i].Remote).contains(a.Remote) {
				t.Fatalf("agreed on %v and %v with %+v", a.Local, a.Remote, cfg[i])
			}
			if a.Local.IsValid() && b.Remote.IsValid() && a.Local != b.Remote {
				t.Fatalf("one side is %v, the other thinks %v", a.Local, b.Remote)
			}
			if (a.TxVJ == nil) != (b.RxVJ == nil) || a.TxVJ != nil && a.TxVJ.MaxSlot > b.RxVJ.MaxSlot {
				t.Fatalf("one side sends VJ %v, the other receives %v", a.TxVJ, b.RxVJ)
			}
		}
	})
}
