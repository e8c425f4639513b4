package run

import (
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"pppdial/mp/mptest"
)

// pingTime is in the report of a ping.
var pingTime = regexp.MustCompile(`icmp_seq=\d+ .*time=([0-9.]+) ms`)

// A latency is what pings of 64 octets have met.
type latency struct {
	median, p99 float64 // ms
	sent, lost  int
}

func (l latency) String() string {
	return fmt.Sprintf("median %.0f ms, 99 %% %.0f ms, %d of %d lost", l.median, l.p99, l.lost, l.sent)
}

// latency sends pings beside a transfer in the same direction.
func (p *pairing) latency(pings int) (l latency, err error) {
	j, err := p.start(fmt.Sprintf("iperf3 -c %s -C cubic -t %d", pppdAddr, int(settling.Seconds())+pings/5+1))
	if err != nil {
		return l, err
	}
	time.Sleep(settling)
	out, err := p.run(fmt.Sprintf("ping -i 0.2 -c %d -W 10 -s 56 %s", pings, pppdAddr))
	if err != nil {
		return l, err
	}
	var took []float64
	for _, m := range pingTime.FindAllStringSubmatch(out, -1) {
		ms, err := strconv.ParseFloat(m[1], 64)
		if err != nil {
			return l, err
		}
		took = append(took, ms)
	}
	slices.Sort(took)
	if l.sent, l.lost = pings, pings-len(took); len(took) == 0 {
		return l, fmt.Errorf("%s: no ping has come back:\n%s", p.name, out)
	}
	l.median, l.p99 = took[len(took)/2], took[len(took)*99/100]
	return l, j.wait()
}

// latencies measures pairings at the same time.
func latencies(t testing.TB, pings int, pairings ...*pairing) map[string]latency {
	t.Helper()
	var mu sync.Mutex
	var wg sync.WaitGroup
	all := map[string]latency{}
	for _, p := range pairings {
		wg.Go(func() {
			l, err := p.latency(pings)
			if err != nil {
				t.Error(err)
			}
			mu.Lock()
			defer mu.Unlock()
			all[p.name] = l
			t.Logf("%-25s %v", p.name+":", l)
		})
	}
	wg.Wait()
	return all
}

func interleaved(t testing.TB, lines []mptest.Config) *pairing {
	return ourselves(t, "ourselves interleaved", "mp_interleave", lines...)
}

// TestBundleLatency is a short version of BenchmarkBundleLatency.
func TestBundleLatency(t *testing.T) {
	t.Parallel()
	lines := cablesOf(115200, 115200, 115200, 115200)
	for name, l := range latencies(t, 30, mixed(t, "", lines...), interleaved(t, lines)) {
		if l.lost > 0 {
			t.Errorf("%s: %v", name, l)
		}
	}
}

// BenchmarkBundleLatency sends pings through a bundle of four lines that
// carries as much as it can.
func BenchmarkBundleLatency(b *testing.B) {
	lines := cablesOf(115200, 115200, 115200, 115200)
	for name, l := range latencies(b, 200, append(pairings(b, lines), interleaved(b, lines))...) {
		name = strings.ReplaceAll(name, " ", "-")
		b.ReportMetric(l.median, name+"-median-ms")
		b.ReportMetric(l.p99, name+"-p99-ms")
		b.ReportMetric(float64(l.lost), name+"-lost")
	}
	b.ReportMetric(0, "ns/op")
}
