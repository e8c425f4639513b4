package run

import (
	"flag"
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

// cableOf is a line of that many bit/s.
func cableOf(bps int) mptest.Config {
	return mptest.Config{BPS: bps, Delay: 5 * time.Millisecond, Buffer: 64, Lag: 50 * time.Millisecond}
}

func cablesOf(bps ...int) (lines []mptest.Config) {
	for _, n := range bps {
		lines = append(lines, cableOf(n))
	}
	return lines
}

func bps(lines []mptest.Config) (all []int) {
	for _, l := range lines {
		all = append(all, l.BPS)
	}
	return all
}

// sum is what the lines carry together, in octets a second.
func sum(lines []mptest.Config) (rate float64) {
	for _, l := range lines {
		rate += float64(l.BPS) / bitsPerByte
	}
	return rate
}

// An iperfInterval is a piece of a transfer, by the receiver's account.
var iperfInterval = regexp.MustCompile(`(?m)^[\d:.]+ \[ *\d+\] +([\d.]+)-([\d.]+) +sec +[\d.]+ \w+ +([\d.]+) Kbits/sec *(?:[\d.]+ ms .*)?$`)

// A progress is how far a transfer has come.
type progress struct{ at, octets float64 }

// progressOf reads it from the report of who received.
func progressOf(report string) (all []progress, err error) {
	octets := 0.
	for _, m := range iperfInterval.FindAllStringSubmatch(report, -1) {
		var v [3]float64
		for i := range v {
			if v[i], err = strconv.ParseFloat(m[i+1], 64); err != nil {
				return nil, err
			}
		}
		if n := len(all); n > 0 && v[0] > all[n-1].at+0.05 {
			return nil, fmt.Errorf("iperf3 tells nothing of the time from %v to %v s", all[n-1].at, v[0])
		}
		octets += v[2] * 1000 / 8 * (v[1] - v[0])
		all = append(all, progress{v[1], octets})
	}
	return all, nil
}

// uncertain is a share of a transfer's time: what arrives may have to wait so long
// for what is late on a slower line, behind the peer's buffers of seconds, or was
// lost and has to be sent anew; until then it does not count.
const uncertain = 0.3

// rateOf is what has arrived between two times, in octets a second, on lines of
// that rate. It is taken between the times near those at which the transfer was
// least behind the lines: then nothing waited.
func rateOf(all []progress, from, to, lines float64) (rate float64, err error) {
	least := func(from, to float64) (best *progress) {
		for i := range all {
			if p := &all[i]; p.at >= from && p.at <= to && (best == nil || p.octets-p.at*lines > best.octets-best.at*lines) {
				best = p
			}
		}
		return best
	}
	wait := uncertain * (to - from)
	a, b := least(from, from+wait), least(to-wait, to)
	if a == nil || b == nil || b.at <= a.at {
		return 0, fmt.Errorf("iperf3: no progress from %v to %v: %v", from, to, all)
	}
	return (b.octets - a.octets) / (b.at - a.at), nil
}

// omitted are the first seconds of a transfer, which are left out.
const omitted = 4

// transfer measures what a transfer to the other end, or back, carries, and for
// how much of the time the lines are busy, as shares of the lines' rate.
func (p *pairing) transfer(secs int, back bool, lines float64) (share, busy float64, err error) {
	words := fmt.Sprintf("iperf3 -c %s -f k -i 0.1 -C cubic -t %d", pppdAddr, omitted+secs)
	if back {
		words += " -R"
	}
	// The server may not be done with the one before.
	j, err := p.start("for i in 1 2 3 4 5; do " + words + " && exit; sleep 2; done; exit 1")
	if err != nil {
		return 0, 0, err
	}
	time.Sleep(omitted * time.Second)
	began, before := time.Now(), p.carried(back)
	time.Sleep(time.Duration(secs) * time.Second)
	busy = (p.carried(back) - before) / time.Since(began).Seconds() / lines
	if err := j.wait(); err != nil {
		return 0, 0, fmt.Errorf("%s: %s: %w\n%s", p.name, words, err, j.Log())
	}
	out := j.Log()
	if !back {
		out = p.received()
	}
	all, err := progressOf(out)
	if err != nil {
		return 0, 0, err
	}
	rate, err := rateOf(all, omitted, float64(omitted+secs), lines)
	return rate / lines, busy, err
}

// carried is how many octets the lines have carried so far.
func (p *pairing) carried(back bool) (octets float64) {
	for _, l := range p.lines {
		out, in := l.Carried()
		if back {
			out = in
		}
		octets += float64(out)
	}
	return octets
}

// received is what the server has told of the latest transfer.
func (p *pairing) received() string {
	log := p.server.Log()
	return log[max(strings.LastIndex(log, "Accepted connection"), 0):]
}

// A goodput is a share of the lines' rate, there and back.
type goodput [2]spread

// A spread is what several transfers have had. busy is how much of the lines'
// time the one had that used them least.
type spread struct{ median, least, most, busy float64 }

func (g goodput) String() string { return fmt.Sprintf("%v there, %v back", g[0], g[1]) }

func (s spread) String() string {
	return fmt.Sprintf("%.1f %% (%.1f-%.1f, lines busy %.1f %%)", s.median*100, s.least*100, s.most*100, s.busy*100)
}

// goodput is the median of some transfers in each direction.
func (p *pairing) goodput(secs, runs int, lines float64) (g goodput, err error) {
	for i, back := range []bool{false, true} {
		var all, used []float64
		for range runs {
			share, busy, err := p.transfer(secs, back, lines)
			if err != nil {
				return g, err
			}
			all, used = append(all, share), append(used, busy)
		}
		slices.Sort(all)
		g[i] = spread{all[len(all)/2], all[0], all[len(all)-1], slices.Min(used)}
	}
	return g, nil
}

// goodputs measures all pairings at the same time.
func goodputs(t testing.TB, secs, runs int, lines []mptest.Config) map[string]goodput {
	t.Helper()
	var (
		mu   sync.Mutex
		wg   sync.WaitGroup
		all  = map[string]goodput{}
		errs []error
	)
	for _, p := range pairings(t, lines) {
		wg.Go(func() {
			g, err := p.goodput(secs, runs, sum(lines))
			mu.Lock()
			defer mu.Unlock()
			if all[p.name] = g; err != nil {
				errs = append(errs, err)
			}
		})
	}
	wg.Wait()
	for _, err := range errs {
		t.Fatal(err)
	}
	for _, name := range []string{"pppd with pppd", "we with pppd", "ourselves"} {
		t.Logf("%v, %-14s %v", bps(lines), name+":", all[name])
	}
	return all
}

// TestReports: what is written piece by piece has its lines whole, and a report
// that lacks some is refused.
func TestReports(t *testing.T) {
	log := &stamped{}
	var report string
	for i := range 30 {
		report += fmt.Sprintf("[  5]  %2d.00-%d.00  sec  1.41 KBytes   8.00 Kbits/sec                  \n", i, i+1)
	}
	for b := []byte(report); len(b) > 0; {
		n, _ := log.Write(b[:min(100, len(b))])
		b = b[n:]
	}
	all, err := progressOf(log.Log())
	if err != nil || len(all) != 30 || all[29] != (progress{30, 30000}) {
		t.Errorf("%v, %v", all, err)
	}
	first, rest, _ := strings.Cut(log.Log(), "\n")
	_, rest, _ = strings.Cut(rest, "\n")
	if all, err := progressOf(first + "\n" + rest); err == nil {
		t.Errorf("a second is missing: %v", all)
	}
}

// TestBundleGoodput is one short case; all of them are BenchmarkBundleGoodput. A
// busy machine leaves the lines idle at times: what they have carried counts.
func TestBundleGoodput(t *testing.T) {
	t.Parallel()
	lines := cablesOf(57600, 115200)
	for name, g := range goodputs(t, 8, 1, lines) {
		for _, share := range g {
			if best := share.busy * 11520 / sum(lines); name != "pppd with pppd" && share.median < best {
				t.Errorf("%s: %v, less than the best line carries alone", name, g)
			}
		}
	}
}

var (
	transfers    = flag.Int("transfers", 3, "of each kind, whose median counts, in BenchmarkBundleGoodput")
	transferTime = flag.Int("transfer-time", 20, "seconds that each takes: the longer, the less counts what had waited when it began")
)

// BenchmarkBundleGoodput measures transfers for all bundles that matter. It takes
// 35 minutes.
func BenchmarkBundleGoodput(b *testing.B) {
	const fast = 115200
	var cases [][]mptest.Config
	for _, c := range [][]int{
		{fast}, {fast, fast}, {fast, fast, fast, fast}, {fast, fast, fast, fast, fast, fast, fast, fast},
		{57600, fast}, {33600, fast}, {9600, 33600, 57600, fast},
	} {
		cases = append(cases, cablesOf(c...))
	}
	late := cablesOf(fast, fast)
	late[1].Delay += 200 * time.Millisecond
	cases = append(cases, late)
	for _, share := range []float64{0.01, 0.05} {
		noisy := cablesOf(fast, fast)
		noisy[1].Noise = share / 650 // of the frames, which are about so long
		cases = append(cases, noisy)
	}
	for _, lines := range cases {
		name, last := fmt.Sprint(bps(lines)), lines[len(lines)-1]
		if last.Delay != lines[0].Delay {
			name += fmt.Sprintf(" %v later", last.Delay-lines[0].Delay)
		}
		if last.Noise > 0 {
			name += fmt.Sprintf(" %.0f%% bad", last.Noise*65000)
		}
		b.Run(name, func(b *testing.B) {
			for name, g := range goodputs(b, *transferTime, *transfers, lines) {
				name = strings.ReplaceAll(name, " ", "-")
				b.ReportMetric(g[0].median*100, name+"-there-%")
				b.ReportMetric(g[1].median*100, name+"-back-%")
			}
			b.ReportMetric(0, "ns/op")
		})
	}
}
