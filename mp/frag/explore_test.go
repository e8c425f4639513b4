package frag

import (
	"fmt"
	"slices"
	"testing"
	"time"
)

var sets = []struct {
	name string
	l    func() []*simLine
}{
	{"1x115200", func() []*simLine { return simLines(115200) }},
	{"2x115200", func() []*simLine { return simLines(115200, 115200) }},
	{"4x115200", func() []*simLine { return simLines(115200, 115200, 115200, 115200) }},
	{"8x115200", func() []*simLine { return simLines(115200, 115200, 115200, 115200, 115200, 115200, 115200, 115200) }},
	{"57600+115200", func() []*simLine { return simLines(57600, 115200) }},
	{"33600+115200", func() []*simLine { return simLines(33600, 115200) }},
	{"9600+33600+57600+115200", func() []*simLine { return simLines(9600, 33600, 57600, 115200) }},
	{"2x115200 +200ms", func() []*simLine { return simLines(115200, 115200, 205*time.Millisecond) }},
	{"9600+115200", func() []*simLine { return simLines(9600, 115200) }},
	{"300+115200", func() []*simLine { return simLines(300, 115200) }},
	{"4x10M", func() []*simLine { return simLines(10000000, 10000000, 10000000, 10000000) }},
	{"115200+10M", func() []*simLine { return simLines(115200, 10000000) }},
}

func goodput(t *testing.T, cfg SplitterConfig, lines []*simLine, behind int, window int) (float64, *sim) {
	s := newSim(t, cfg, lines...)
	bytes := 0
	start := s.now.Add(2 * time.Second)
	s.arrived = func(kind byte, size int, took time.Duration) {
		if !s.now.Before(start) {
			bytes += simPayload
		}
		if window > 0 {
			s.after(20*time.Millisecond, func() { s.push(simPkt{kind: 'B', size: simPacket, at: s.now}) })
		}
	}
	if window > 0 {
		for range window {
			s.queue = append(s.queue, simPkt{kind: 'B', size: simPacket, at: s.now})
		}
	} else {
		s.refill = func() {
			for len(s.queue)*simPacket < behind+simPacket {
				s.queue = append(s.queue, simPkt{kind: 'B', size: simPacket, at: s.now})
			}
		}
	}
	s.run(32 * time.Second)
	return float64(bytes) / 30 / sum(lines), s
}

func TestExplore(t *testing.T) {
	for _, set := range sets {
		var row string
		for _, f := range []SplitterConfig{{Format: Long}, {Format: Short}, {Format: Long, Whole: true}, {Format: Classes, Urgent: OwnClass}} {
			g, s := goodput(t, f, set.l(), 6000, 0)
			row += fmt.Sprintf(" %5.1f(%.1f)", g*100, float64(s.frags)/float64(s.r.counts.Packets))
		}
		row += " | win"
		for _, w := range []int{2, 4, 6, 8, 12, 16, 24} {
			g, _ := goodput(t, SplitterConfig{Format: Long}, set.l(), 0, w)
			all := set.l()
			best := all[0]
			for _, l := range all {
				if l.rate > best.rate || l.rate == best.rate && l.delay < best.delay {
					best = l
				}
			}
			g1, _ := goodput(t, SplitterConfig{Format: Long}, []*simLine{best}, 0, w)
			row += fmt.Sprintf(" %d:%.1f/%.1f", w, g*100, g1*100*best.rate/sum(all))
		}
		t.Logf("%-24s %s", set.name, row)
	}
}

func TestExploreLatency(t *testing.T) {
	for _, set := range sets {
		var row string
		for _, m := range []struct {
			n      string
			cfg    SplitterConfig
			urgent bool
		}{{"fifo-sparse", SplitterConfig{Format: Long}, true}, {"unnumbered", SplitterConfig{Format: Long, Urgent: Unnumbered}, true}, {"class", SplitterConfig{Format: Classes, Urgent: OwnClass}, true}} {
			s := newSim(t, m.cfg, set.l()...)
			s.refill = func() {
				n := 0
				for _, p := range s.queue {
					if p.kind == 'B' {
						n++
					}
				}
				for ; n < 4; n++ {
					s.queue = append(s.queue, simPkt{kind: 'B', size: simPacket, at: s.now})
				}
			}
			var took []time.Duration
			s.arrived = func(kind byte, size int, d time.Duration) {
				if kind == 'P' {
					took = append(took, d)
				}
			}
			var sent []time.Time
			_ = sent
			var ping func()
			ping = func() {
				s.push(simPkt{kind: 'P', urgent: m.urgent, size: simPing})
				s.after(time.Duration(200+s.rnd.IntN(200))*time.Millisecond, ping)
			}
			s.after(time.Second, ping)
			s.run(200 * time.Second)
			slices.Sort(took)
			row += fmt.Sprintf(" %s: %v/%v/%v", m.n, took[len(took)/2].Round(time.Millisecond), took[len(took)*99/100].Round(time.Millisecond), took[len(took)-1].Round(time.Millisecond))
		}
		t.Logf("%-24s %s", set.name, row)
	}
}
