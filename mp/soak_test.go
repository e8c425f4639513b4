package mp_test

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"math/rand/v2"
	"os"
	"sync"
	"testing"
	"time"

	"pppdial/mp"
	"pppdial/mp/hdlc"
	"pppdial/mp/mptest"
)

const (
	soakEnv    = "PPPTEST_SOAK" // virtual time instead of that
	soakTime   = time.Hour
	soakPause  = 10 * time.Second // between packets each way
	soakBurst  = 3
	soakResume = 5 * time.Minute // traffic is back by then, whatever has happened
)

// TestSoak has bundles of one to four lines live for long with bit errors,
// lost, doubled and added octets, stalls and hang-ups: traffic always comes
// back, and no packet arrives changed beyond what the FCS cannot see.
func TestSoak(t *testing.T) {
	long := soakTime
	if s := os.Getenv(soakEnv); s != "" {
		var err error
		if long, err = time.ParseDuration(s); err != nil {
			t.Fatal(err)
		}
	}
	for i, bitErrors := range []float64{1e-5, 1e-4, 3e-4, 1e-3} {
		lines := i + 1
		t.Run(fmt.Sprintf("%d lines", lines), func(t *testing.T) {
			bubble(t, func(t *testing.T) { soak(t, lines, bitErrors, long) })
		})
	}
}

func soak(t *testing.T, lines int, bitErrors float64, long time.Duration) {
	random := rand.New(rand.NewPCG(uint64(lines), 1))
	quiet := func(c *mp.BundleConfig) { c.Log = nil }
	a, b := newEndWith(t, "a", "10.0.0.1", "10.0.0.2", quiet), newEndWith(t, "b", "10.0.0.2", "10.0.0.1", quiet)
	for _, e := range []*end{a, b} {
		e.up, e.down, e.demand = make(chan mp.Network, 1<<16), make(chan mp.Family, 1<<16), make(chan string, 1<<16)
		e.lost = make(chan *mp.Failure, 1<<16)
	}
	const share = 8 // bits an octet
	config := func() mptest.Config {
		return mptest.Config{
			BPS: 57600, Delay: 20 * time.Millisecond, Seed: random.Uint64(), Noise: share * bitErrors,
			Lost: bitErrors, Twice: bitErrors, Added: bitErrors,
		}
	}
	set := func(c *mp.LinkConfig) {
		c.Log = nil
		multilinked(c)
		// What XON and XOFF do to a line is told by the control file.
		c.LCP.ACCM, c.LCP.TxACCM, c.EscapeTx = 0xa0000, 0xa0000, hdlc.FromUint32(0xa0000)
		c.LCP.EchoInterval, c.LCP.EchoFails = 10*time.Second, 3
	}
	type call struct{ la, lb *mptest.Line }
	calls := make([]call, lines)
	dial := func(i int) {
		calls[i].la, calls[i].lb = mptest.Pair(config())
		a.start(calls[i].la, set)
		b.start(calls[i].lb, set)
	}
	var wg sync.WaitGroup
	done := make(chan struct{})
	var mu sync.Mutex
	var arrived, changed int
	last := time.Now()
	for _, e := range []*end{a, b} {
		wg.Go(func() {
			for {
				select {
				case p := <-e.tun.Received():
					mu.Lock()
					last = time.Now()
					if arrived++; !intact(p) {
						changed++
					}
					mu.Unlock()
				case <-done:
					return
				}
			}
		})
	}
	for i := range calls {
		dial(i)
	}
	var hangups, stalls, sent int
	longest := time.Duration(0)
	end := time.Now().Add(long)
	for seq := uint32(0); time.Now().Before(end); seq++ {
		for i := range soakBurst {
			lengths := 1400
			if i == 0 {
				lengths = 1 // where few of the others arrive, this one tells that some can
			}
			a.tun.Send(marked("10.0.0.1", "10.0.0.2", seq, 20+random.IntN(lengths)))
			b.tun.Send(marked("10.0.0.2", "10.0.0.1", seq, 20+random.IntN(lengths)))
			sent += 2
		}
		// Who has lost a line calls again.
		for len(a.lost)+len(b.lost) > 0 {
			select {
			case <-a.lost:
			case <-b.lost:
			}
			sa, _ := a.bundle.Stats()
			for i := joined(sa); i < lines; i++ {
				k := random.IntN(lines)
				calls[k].la.Hangup()
				dial(k)
			}
		}
		switch k := random.IntN(lines); random.IntN(400) {
		case 0:
			hangups++
			calls[k].la.Hangup()
			dial(k)
		case 1:
			stalls++
			calls[k].la.Silence(true)
			time.Sleep(time.Duration(random.IntN(60)) * time.Second)
			calls[k].la.Silence(false)
		}
		time.Sleep(soakPause)
		mu.Lock()
		away := time.Since(last)
		mu.Unlock()
		if longest = max(longest, away); away > soakResume {
			t.Fatalf("nothing has arrived for %v, after %d hang-ups and %d stalls", away, hangups, stalls)
		}
	}
	close(done)
	wg.Wait()
	t.Logf("%d lines, bit errors %g: %v, %d hang-ups, %d stalls; %d packets sent, %d arrived, %d of them changed; longest silence %v",
		lines, bitErrors, long, hangups, stalls, sent, arrived, changed, longest.Round(time.Second))
	// One damaged frame of 65536 has a good FCS; there are no more of them than
	// packets.
	if limit := 3 + 3*sent/65536; changed > limit {
		t.Errorf("%d packets have arrived changed, more than %d", changed, limit)
	}
	for _, c := range calls {
		c.la.Hangup()
	}
	a.close()
	b.close()
}

// marked is a datagram that intact recognises.
func marked(from, to string, seq uint32, n int) []byte {
	p := udp(from, to, n)
	binary.BigEndian.PutUint32(p[28:], seq)
	return p
}

func intact(p []byte) bool {
	if len(p) < 28+4 {
		return false
	}
	for _, way := range [][2]string{{"10.0.0.1", "10.0.0.2"}, {"10.0.0.2", "10.0.0.1"}} {
		if bytes.Equal(p, marked(way[0], way[1], binary.BigEndian.Uint32(p[28:]), len(p)-28)) {
			return true
		}
	}
	return false
}
