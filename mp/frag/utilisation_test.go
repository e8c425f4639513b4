package frag

import (
	"fmt"
	"slices"
	"testing"
	"time"
)

// goodput runs a bulk transfer and returns the payload that arrives, as a part
// of what the lines carry. With a window, so many packets are under way at a
// time; else there are always some waiting.
func goodput(s *sim, window int) float64 {
	const warmUp, measured = 2 * time.Second, 30 * time.Second
	octets := 0
	start := s.now.Add(warmUp)
	s.arrived = func(byte, time.Duration) {
		if !s.now.Before(start) {
			octets += simPayload
		}
		if window > 0 {
			s.at(s.now.Add(4*simDelay), func() { s.push(simPkt{kind: bulkPacket, size: simPacket}) })
		}
	}
	if window == 0 {
		s.saturate()
	}
	for range window {
		s.queue = append(s.queue, simPkt{kind: bulkPacket, size: simPacket, at: s.now})
	}
	s.run(warmUp + measured)
	return float64(octets) / measured.Seconds() / s.rate()
}

func best(lines []*simLine) *simLine {
	return slices.MaxFunc(lines, func(a, b *simLine) int { return int(a.rate - b.rate) })
}

// What a bulk transfer gets of the lines, beside what pppd and the Linux kernel
// do on the same lines, where that is known.
func TestGoodput(t *testing.T) {
	skewed := func() []*simLine {
		l := simLines(115200, 115200)
		l[1].delay += 200 * time.Millisecond
		return l
	}
	for _, c := range []struct {
		name  string
		lines func() []*simLine
		least float64
	}{
		{"2 x 115200", func() []*simLine { return simLines(115200, 115200) }, 0.946},
		{"4 x 115200", func() []*simLine { return simLines(115200, 115200, 115200, 115200) }, 0.946},
		{"8 x 115200", func() []*simLine {
			return simLines(115200, 115200, 115200, 115200, 115200, 115200, 115200, 115200)
		}, 0.946},
		{"57600 + 115200", func() []*simLine { return simLines(57600, 115200) }, 0.94},
		{"33600 + 115200", func() []*simLine { return simLines(33600, 115200) }, 0.94},
		{"9600 + 33600 + 57600 + 115200", func() []*simLine { return simLines(9600, 33600, 57600, 115200) }, 0.94},
		{"2 x 115200, 200 ms apart", skewed, 0.9},
		{"9600 + 115200", func() []*simLine { return simLines(9600, 115200) }, 0.94},
		{"300 + 115200", func() []*simLine { return simLines(300, 115200) }, 0.94},
		{"4 x 10M", func() []*simLine { return simLines(1e7, 1e7, 1e7, 1e7) }, 0.94},
	} {
		t.Run(c.name, func(t *testing.T) {
			for _, f := range []Format{Long, Short} {
				got := goodput(newSim(t, SplitterConfig{Format: f}, c.lines()...), 0)
				t.Logf("format %d: %.1f %%", f, got*100)
				if got < c.least {
					t.Errorf("format %d: %.1f %%, want %.1f %%", f, got*100, c.least*100)
				}
			}
		})
	}
}

// However few packets are under way, the bundle is not slower than its best
// line; from four of them on, that is: a line whose delay is longer by 200 ms
// costs a transfer of two packets a part of its speed.
func TestGoodputNeverBelowBestLine(t *testing.T) {
	for _, rates := range [][]int{
		{115200, 115200}, {57600, 115200}, {33600, 115200}, {9600, 115200}, {300, 115200},
		{9600, 33600, 57600, 115200}, {115200, 1e7}, {1e6, 1e7},
	} {
		for _, skew := range []time.Duration{0, 200 * time.Millisecond} {
			for _, window := range []int{4, 8, 16} {
				lines := simLines(rates...)
				lines[0].delay += skew
				single := newSim(t, SplitterConfig{}, simLines(int(best(lines).rate*10))...)
				alone := goodput(single, window) * single.rate()
				all := newSim(t, SplitterConfig{}, lines...)
				// One part in a hundred is for headers, which are as many but
				// not the same.
				if got := goodput(all, window) * all.rate(); got < 0.99*alone {
					t.Errorf("%d, the first later by %v, window %d: %.0f octets a second, the best line alone has %.0f",
						rates, skew, window, got, alone)
				}
			}
		}
	}
}

func TestGoodputWhole(t *testing.T) {
	for _, rates := range [][]int{{115200, 115200}, {33600, 115200}, {9600, 33600, 57600, 115200}} {
		s := newSim(t, SplitterConfig{Whole: true}, simLines(rates...)...)
		// A packet of 1500 is just too long for one frame where the MRU is 1500.
		for _, l := range s.lines {
			l.line.cfg.MRU = 1510
		}
		got := goodput(s, 0)
		t.Logf("%d: %.1f %%", rates, got*100)
		if got < 0.9 {
			t.Errorf("%d: %.1f %%", rates, got*100)
		}
	}
}

// What is told of the lines may be wrong.
func TestGoodputWithWrongFigures(t *testing.T) {
	for _, rates := range [][]int{
		{115200, 115200}, {115200, 115200, 115200, 115200}, {33600, 115200}, {9600, 33600, 57600, 115200},
	} {
		for _, c := range []struct {
			name string
			tell func(first bool, l *simLine)
		}{
			{"no rate", func(_ bool, l *simLine) { l.line.Update(0, l.delay) }},
			{"no delay", func(_ bool, l *simLine) { l.line.Update(l.rate, 0) }},
			{"first too fast", func(first bool, l *simLine) {
				if first {
					l.line.Update(l.rate*1.4, l.delay)
				}
			}},
			{"first too slow", func(first bool, l *simLine) {
				if first {
					l.line.Update(l.rate*0.6, l.delay)
				}
			}},
		} {
			lines := simLines(rates...)
			lines[0].delay += 50 * time.Millisecond
			s := newSim(t, SplitterConfig{}, lines...)
			for i, l := range lines {
				c.tell(i == 0, l)
			}
			if got := goodput(s, 12); got < 0.9 {
				t.Errorf("%d, %s: %.1f %%", rates, c.name, got*100)
			}
		}
	}
}

// A line that takes nothing any more holds nobody up.
func TestStuckLine(t *testing.T) {
	for _, small := range []bool{false, true} {
		lines := simLines(115200, 115200, 57600)
		s := newSim(t, SplitterConfig{}, lines...)
		s.saturate()
		s.run(5 * time.Second)
		lines[1].stuck = true
		s.run(time.Second)
		n := 0
		s.arrived = func(byte, time.Duration) { n++ }
		if small {
			s.refill, s.queue = nil, nil
			s.run(5 * time.Second)
			n = 0
			var worst time.Duration
			s.arrived = func(_ byte, took time.Duration) { n++; worst = max(worst, took) }
			for range 100 {
				s.push(simPkt{kind: bulkPacket, size: 100})
				s.run(200 * time.Millisecond)
			}
			if n != 100 || worst > 50*time.Millisecond {
				t.Errorf("%d of 100 small packets arrived, one after %v", n, worst)
			}
			continue
		}
		s.run(10 * time.Second)
		left := s.rate() - lines[1].rate
		if got := float64(n*simPayload) / 10 / left; got < 0.93 {
			t.Errorf("the other lines carry %.1f %%", got*100)
		}
	}
}

// Losses on one line cost what was lost, not more.
func TestLossyLine(t *testing.T) {
	for _, loss := range []float64{0.01, 0.05} {
		lines := simLines(115200, 115200)
		lines[1].loss = loss
		s := newSim(t, SplitterConfig{}, lines...)
		var worst time.Duration
		got := goodput(s, 0)
		s.arrived = func(_ byte, took time.Duration) { worst = max(worst, took) }
		s.run(10 * time.Second)
		c := s.r.Counters()
		t.Logf("%.0f %% of fragments lost: goodput %.1f %%, longest %v, %+v", loss*100, got*100, worst, c)
		if got < 0.94*(1-1.3*loss) || c.TimedOut > 0 {
			t.Errorf("%.0f %% of fragments lost: goodput %.1f %%, %+v", loss*100, got*100, c)
		}
	}
}

// A single packet is there as soon as all lines together can bring it, within
// a tenth.
func TestSinglePacket(t *testing.T) {
	for _, rates := range [][]int{
		{115200}, {115200, 115200}, {115200, 115200, 115200, 115200}, {57600, 115200}, {33600, 115200},
		{9600, 33600, 57600, 115200}, {9600, 115200}, {300, 115200},
	} {
		s := newSim(t, SplitterConfig{}, simLines(rates...)...)
		var took time.Duration
		s.arrived = func(_ byte, d time.Duration) { took = d }
		s.push(simPkt{kind: bulkPacket, size: simPacket})
		s.run(10 * time.Second)
		ideal := simDelay + seconds((simPacket*(1+simEscapes)+10)/s.rate())
		if took == 0 || took > ideal*11/10 {
			t.Errorf("%d: %v, all lines together could in %v", rates, took, ideal)
		}
	}
}

// Pings through a saturated bundle, one way.
func TestLatency(t *testing.T) {
	for _, c := range []struct {
		rates       []int
		cfg         SplitterConfig
		median, p99 time.Duration
	}{
		{[]int{115200, 115200, 115200, 115200}, SplitterConfig{Format: Long}, 60 * time.Millisecond, 100 * time.Millisecond},
		{[]int{115200, 115200, 115200, 115200}, SplitterConfig{Format: Long, Urgent: Unnumbered}, 35 * time.Millisecond, 60 * time.Millisecond},
		{[]int{115200, 115200, 115200, 115200}, SplitterConfig{Format: Classes, Urgent: OwnClass}, 30 * time.Millisecond, 50 * time.Millisecond},
		{[]int{115200}, SplitterConfig{Format: Classes, Urgent: OwnClass}, 45 * time.Millisecond, 70 * time.Millisecond},
		{[]int{9600, 33600, 57600, 115200}, SplitterConfig{Format: Long}, 150 * time.Millisecond, 300 * time.Millisecond},
		{[]int{9600, 33600, 57600, 115200}, SplitterConfig{Format: Classes, Urgent: OwnClass}, 45 * time.Millisecond, 90 * time.Millisecond},
	} {
		s := newSim(t, c.cfg, simLines(c.rates...)...)
		var took []time.Duration
		s.arrived = func(kind byte, d time.Duration) {
			if kind == pingPacket {
				took = append(took, d)
			}
		}
		s.refill = func() {
			for s.behind() < 3*simPacket {
				size := simPacket // mostly, so that lines do not keep in step
				if s.rnd.IntN(20) == 0 {
					size = 52 + s.rnd.IntN(simPacket-52)
				}
				s.queue = append(s.queue, simPkt{kind: bulkPacket, size: size, at: s.now})
			}
		}
		const pings = 400
		for range pings {
			s.run(time.Duration(200+s.rnd.IntN(200)) * time.Millisecond)
			s.push(simPkt{kind: pingPacket, urgent: true, size: simPing})
		}
		s.run(time.Second)
		if len(took) != pings {
			t.Fatalf("%d: %d of %d pings arrived", c.rates, len(took), pings)
		}
		slices.Sort(took)
		median, p99 := took[pings/2], took[pings*99/100]
		name := fmt.Sprintf("%d, urgency %d", c.rates, c.cfg.Urgent)
		t.Logf("%s: median %v, p99 %v", name, median.Round(time.Millisecond), p99.Round(time.Millisecond))
		if median > c.median || p99 > c.p99 {
			t.Errorf("%s: median %v, p99 %v", name, median, p99)
		}
	}
}
