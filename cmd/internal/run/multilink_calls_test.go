package run

import (
	"fmt"
	"net/netip"
	"slices"
	"strings"
	"testing"
	"time"

	"pppdial/cmd/internal/lab"
	"pppdial/mp/mptest"
	"pppdial/route/routetest/traffic"
)

// A twoLines is how a call of two lines went.
type twoLines struct {
	first    time.Duration // until a ping had come back over the first line
	second   time.Duration // until packets had come and gone over the second, from its beginning
	rejected bool          // some of them came too early for pppd
}

// TestBundleCalls makes a few of the calls that BenchmarkBundleCalls makes a
// hundred of.
func TestBundleCalls(t *testing.T) {
	t.Parallel()
	g := callCenter(t)
	for i := range 5 {
		t.Run(fmt.Sprint(i), func(t *testing.T) {
			c := callTwoLines(t, g, i)
			t.Logf("the first line after %v, the second after %v, rejected at first: %v", c.first, c.second, c.rejected)
		})
	}
}

// BenchmarkBundleCalls tells how long the lines of a hundred calls take. None
// may have to wait for a retransmission of pppd's, three seconds.
func BenchmarkBundleCalls(b *testing.B) {
	g := callCenter(b)
	for i := range 100 {
		b.Run("", func(b *testing.B) {
			c := callTwoLines(b, g, i)
			b.ReportMetric(c.first.Seconds()*1000, "first-ms")
			b.ReportMetric(c.second.Seconds()*1000, "second-ms")
			b.ReportMetric(0, "ns/op")
			if max(c.first, c.second) >= 3*time.Second {
				b.Errorf("%+v", c)
			}
		})
	}
}

// callCenter is a guest whose callers meet an echo server.
func callCenter(t testing.TB) *lab.Guest {
	t.Helper()
	g := bootGuest(t)
	if _, err := g.Echo(); err != nil {
		t.Fatal(err)
	}
	return g
}

// callTwoLines calls pppd over two lines.
func callTwoLines(t testing.TB, g *lab.Guest, number int) (c twoLines) {
	f := &far{
		t: t, guest: g, net: &g.Netns, next: number * 2 % lab.MaxLines, lines: lab.MaxLines,
		words: slices.Concat(farWords, answering),
	}
	b := newBundle(t, "localhost="+ourAddr+" remotehost="+pppdAddr+" -ccp -vj_comp -ipv6")
	to := netip.MustParseAddr(pppdAddr)
	deadline := time.Now().Add(2 * patience)
	ping := func(i int) bool {
		_, err := b.net.Ping(to, i, 1000, time.Second)
		if time.Now().After(deadline) {
			t.Fatal(err)
		}
		return err == nil
	}

	near, distant := mptest.Pair(cableOf(115200))
	p := f.pppd(distant)
	began := time.Now()
	b.plug(near, p)
	b.wantUp(1)
	for i := 0; !ping(i); i++ {
	}
	c.first = time.Since(began)

	near, distant = mptest.Pair(cableOf(115200))
	p = f.pppd(distant)
	began = time.Now()
	b.plug(near, p)
	b.wantLinks(2)
	s, _ := b.iface.bundle.Stats()
	start := s.Links[1]
	conn, err := b.net.Dial(netip.AddrPortFrom(to, lab.EchoPort), patience)
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	exchanged := make(chan error, 1)
	conn.SetDeadline(deadline)
	go func() { exchanged <- traffic.Exchange(conn, traffic.Data(20_000)) }()
	for used := false; !used; time.Sleep(5 * time.Millisecond) {
		s, _ = b.iface.bundle.Stats()
		k := s.Links[1]
		used = k.Rx.Bytes > start.Rx.Bytes+400 && k.Tx.Bytes > start.Tx.Bytes+400
		if time.Now().After(deadline) {
			t.Fatalf("the second line carries nothing: %+v", s.Links)
		}
	}
	c.second = time.Since(began)
	if err := <-exchanged; err != nil {
		t.Error(err)
	}
	c.rejected = strings.Contains(b.log.String(), "the peer is not ready for multilink")
	return c
}
