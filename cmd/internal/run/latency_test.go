package run

import (
	"context"
	"fmt"
	"io"
	"maps"
	"net"
	"net/netip"
	"regexp"
	"slices"
	"sync"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"pppdial/cmd/internal/lab"
	"pppdial/route/routetest/traffic"
)

// On a line of 115200 bit/s a full packet takes 130 ms. Whoever presses a key
// may have to wait for the one that is being sent, and for not much more: the
// medians are to be below 260 ms, those of sparse flows beside ten below 400 ms.
const (
	lineRate = 115200

	settling  = 6 * time.Second // until the rate of a line is known
	measuring = 9 * time.Second
)

// TestLatency loads lines by TCP and measures what others meet beside it: one
// transfer beside pings and a telnet connection, ten beside DNS queries and
// new connections. The terminals of a cable stop the writer when the line is
// busy; those that are deep swallow 20 KB first, 1.8 seconds of the line. The
// figures are in the log:
//
//	go test ./cmd/internal/run -run TestLatency -v
//
// What is judged is the ratio to the pings of two pppds on such a line at the same
// time, since a busy machine delays the simulated lines themselves.
func TestLatency(t *testing.T) {
	var pppd time.Duration
	ours := map[string]map[string]time.Duration{}
	var mu sync.Mutex
	t.Run("lines", func(t *testing.T) {
		t.Run("pppd", func(t *testing.T) {
			t.Parallel()
			pppd = latencyOfPPPD(t)
		})
		for name, make := range map[string]func(*testing.T) (a, b string){"cable": stoppingCable, "deep": deepCable} {
			t.Run(name, func(t *testing.T) {
				t.Parallel()
				pathA, pathB := make(t)
				a := newEnd(t, "device=/dev/null localhost=0 remotehost=0 -ccp -ipv6")
				b := newEnd(t, "device=/dev/null localhost=10.9.0.1 remotehost=10.9.0.2 -ccp -ipv6")
				a.start(openTTY(t, pathA))
				b.start(openTTY(t, pathB))
				a.wantUp(1)
				b.wantUp(1)
				medians := measureUnderLoad(t, a, b)
				mu.Lock()
				defer mu.Unlock()
				ours[name] = medians
			})
		}
	})
	for line, medians := range ours {
		for what, median := range medians {
			if median > pppd/2 {
				t.Errorf("%s, %s: median %v, more than half of the %v of a ping with pppd", line, what, median, pppd)
			}
		}
	}
}

// measureUnderLoad sends from a to b as fast as the line can, and measures
// beside that.
func measureUnderLoad(t *testing.T, a, b *end) (medians map[string]time.Duration) {
	to := a.v4.Remote
	discard(t, b, 9)
	echo(t, b, 7)
	echo(t, b, 23)
	echoUDP(t, b, 53)
	telnet, err := a.net.Dial(netip.AddrPortFrom(to, 23), patience)
	if err != nil {
		t.Fatal(err)
	}
	defer telnet.Close()
	var bulk sync.WaitGroup
	stop := func() {}
	defer func() { stop(); bulk.Wait() }()
	transfers := func(n int) {
		var conns []net.Conn
		for range n {
			c, err := a.net.Dial(netip.AddrPortFrom(to, 9), patience)
			if err != nil {
				t.Fatal(err)
			}
			likeMost(t, c)
			conns = append(conns, c)
			bulk.Go(func() {
				for buf := traffic.Data(8192); ; {
					if _, err := c.Write(buf); err != nil {
						return
					}
				}
			})
		}
		before := stop
		stop = func() {
			before()
			for _, c := range conns {
				c.Close()
			}
		}
	}

	transfers(1)
	time.Sleep(settling)
	from := received(t, b)
	ping := 0
	medians = sample(t, map[string]probe{
		"ping": func() error {
			ping++
			_, err := a.net.Ping(to, ping, 56, 5*time.Second)
			return err
		},
		"telnet echo": func() error { return keyPress(telnet) },
	})
	t.Logf("packets, with uncompressed headers, arrive at %.0f %% of the line's rate",
		float64(received(t, b)-from)/measuring.Seconds()/(lineRate/10)*100)

	transfers(9)
	maps.Copy(medians, sample(t, map[string]probe{
		"new connection": func() error {
			c, err := a.net.Dial(netip.AddrPortFrom(to, 7), 5*time.Second)
			if err == nil {
				c.Close()
			}
			return err
		},
		"DNS query": func() error { return query(a, netip.AddrPortFrom(to, 53)) },
	}))
	return medians
}

// received is how many octets of packets have come to an end.
func received(t *testing.T, e *end) uint64 {
	t.Helper()
	s, ok := e.iface.bundle.Stats()
	if !ok {
		t.Fatal("the bundle has ended")
	}
	return s.Rx.Bytes
}

// latencyOfPPPD measures pings beside one transfer between two pppds, whose
// line takes what it has no time for into the buffers of their ttys.
func latencyOfPPPD(t *testing.T) (median time.Duration) {
	a, b := borrowLine(t), borrowLine(t)
	calling, lineA := a.pppd(t, "debug", "noauth", "noccp")
	answering, lineB := b.pppd(t, "debug", "noauth", "noccp", "silent", pppdAddr+":"+ourAddr)
	var both sync.WaitGroup
	both.Go(func() { trickle(lineB.stream, lineA.stream) })
	both.Go(func() { trickle(lineA.stream, lineB.stream) })
	for _, p := range []*lab.PPPD{calling, answering} {
		if _, err := p.WaitEvent("ip-up", patience); err != nil {
			t.Fatal(err)
		}
	}
	server, err := b.net.Iperf3()
	if err != nil {
		t.Fatal(err)
	}
	defer server.Kill()
	bulk, err := a.net.Background("iperf3 -C cubic -t 60 -c " + pppdAddr)
	if err != nil {
		t.Fatal(err)
	}
	defer bulk.Kill()
	time.Sleep(settling)
	ctx, cancel := context.WithTimeout(t.Context(), 2*patience)
	defer cancel()
	out, _, err := a.net.Run(ctx, fmt.Sprintf("ping -i 0.2 -c %d -W 10 %s", int(measuring/(200*time.Millisecond)), pppdAddr))
	if err != nil {
		t.Fatal(err)
	}
	var took []time.Duration
	for _, m := range regexp.MustCompile(`time=([0-9.]+) ms`).FindAllStringSubmatch(out, -1) {
		if d, err := time.ParseDuration(m[1] + "ms"); err == nil {
			took = append(took, d.Round(time.Millisecond))
		}
	}
	if len(took) == 0 {
		t.Fatalf("no ping was answered:\n%s", out)
	}
	median = logTimes(t, "ping", took)
	lineA.stream.(io.Closer).Close()
	lineB.stream.(io.Closer).Close()
	both.Wait()
	return median
}

// A probe is something whose time is measured.
type probe func() error

// sample measures probes at the same time, five times a second. What fails has
// taken the time until then.
func sample(t *testing.T, probes map[string]probe) (medians map[string]time.Duration) {
	medians = map[string]time.Duration{}
	var mu sync.Mutex
	var all sync.WaitGroup
	until := time.Now().Add(measuring)
	for name, p := range probes {
		all.Go(func() {
			var took []time.Duration
			for time.Now().Before(until) {
				began := time.Now()
				if err := p(); err != nil {
					t.Logf("%s: %v", name, err)
				}
				took = append(took, time.Since(began).Round(time.Millisecond))
				time.Sleep(time.Until(began.Add(200 * time.Millisecond)))
			}
			mu.Lock()
			defer mu.Unlock()
			medians[name] = logTimes(t, name, took)
		})
	}
	all.Wait()
	return medians
}

func logTimes(t *testing.T, what string, took []time.Duration) (median time.Duration) {
	slices.Sort(took)
	n := len(took)
	t.Logf("%-14s n=%d, median %v, 90 %% %v, 99 %% %v", what, n, took[n/2], took[n*9/10], took[n*99/100])
	return took[n/2]
}

// likeMost makes a connection use the congestion control that most do,
// whatever this machine's default is.
func likeMost(t *testing.T, c net.Conn) {
	t.Helper()
	raw, err := c.(*net.TCPConn).SyscallConn()
	if err == nil {
		if cerr := raw.Control(func(fd uintptr) {
			err = unix.SetsockoptString(int(fd), unix.IPPROTO_TCP, unix.TCP_CONGESTION, "cubic")
		}); err == nil {
			err = cerr
		}
	}
	if err != nil {
		t.Fatal(err)
	}
}

func keyPress(c net.Conn) error {
	c.SetDeadline(time.Now().Add(5 * time.Second))
	if _, err := c.Write([]byte{'x'}); err != nil {
		return err
	}
	_, err := io.ReadFull(c, make([]byte, 1))
	return err
}

// query sends a datagram of the size of a DNS query, which comes back.
func query(e *end, to netip.AddrPort) error {
	var c net.Conn
	if err := e.net.Do(func() (err error) {
		c, err = net.Dial("udp4", to.String())
		return err
	}); err != nil {
		return err
	}
	defer c.Close()
	c.SetDeadline(time.Now().Add(5 * time.Second))
	if _, err := c.Write(make([]byte, 40)); err != nil {
		return err
	}
	_, err := c.Read(make([]byte, 100))
	return err
}
