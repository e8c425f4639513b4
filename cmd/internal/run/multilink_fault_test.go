package run

import (
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"
)

// A fault is something that happens to one of two lines.
type fault struct {
	name   string
	happen func(p *pairing)
}

var faults = []fault{
	{"silent", func(p *pairing) { p.lines[1].Silence(true) }},
	{"hung up", func(p *pairing) { p.hangUp(0) }},
}

// TestBundleFaults tells how soon as much arrives as the other line can carry
// when one of two goes silent, or is hung up.
//
// It is datagrams that are sent: Linux spreads even the shortest packets over
// all lines. Without echoes it uses a silent line for ever, so that no
// acknowledgement comes back from there.
func TestBundleFaults(t *testing.T) {
	for _, f := range faults {
		t.Run(f.name, func(t *testing.T) {
			t.Parallel()
			lines := cablesOf(115200, 115200)
			there := []*pairing{mixed(t, "", lines...), ourselves(t, "ourselves", "", lines...)}
			if f.name == "hung up" {
				there = append(there, pppds(t, lines...))
			}
			var all sync.WaitGroup
			for _, p := range there {
				all.Go(func() { recovery(t, p, f, false) })
			}
			back := ourselves(t, "ourselves, back", "", lines...)
			all.Go(func() { recovery(t, back, f, true) })
			all.Wait()
		})
	}
}

const (
	before = 5 * time.Second  // a fault
	after  = 14 * time.Second // enough for a machine that has much else to do
	over   = 2 * time.Second  // a rate is taken
)

// recovery measures how soon a stream recovers from a fault.
func recovery(t testing.TB, p *pairing, f fault, back bool) {
	// It may not come to an orderly end.
	secs := int((before + after).Seconds())
	words := fmt.Sprintf("iperf3 -c %s -u -l 1400 -b 300k -f k -i 0.1 --forceflush -t %d", pppdAddr, secs)
	if back {
		words += " -R"
	}
	j, err := p.start(fmt.Sprintf("timeout %d %s || :", secs+5, words))
	if err != nil {
		t.Error(err)
		return
	}
	time.Sleep(before)
	at := time.Now()
	f.happen(p)
	time.Sleep(after)
	log := p.received()
	if back {
		log = j.Log()
	}
	const line = 11520 * 1400 / 1440. // octets a second of one line
	took, silence, err := resumption(log, at, 0.9*line)
	if err != nil {
		t.Errorf("%s: %v", p.name, err)
	}
	t.Logf("%s: %-16s the other line's rate after %v, nothing came for %v at most", f.name, p.name+":",
		took.Round(time.Millisecond), silence.Round(time.Millisecond))
	// A machine that has much else to do does not carry a line's rate. But nothing
	// comes as long as a part of each packet goes to the wrong line.
	if took, _, err := resumption(log, at.Add(after/2), 0.5*line); (err != nil || took == after) && p.name != "pppd with pppd" {
		t.Errorf("%s: %s: it has not recovered", f.name, p.name)
	}
	if err := j.wait(); err != nil {
		t.Errorf("%s: %v", p.name, err)
	}
}

// resumption reads from the log of who receives how long after a moment so
// much, in octets a second, arrived again, and the longest time in which
// nothing did.
func resumption(log string, at time.Time, rate float64) (took, silence time.Duration, err error) {
	type piece struct {
		at     time.Duration // since then
		octets float64
	}
	var all []piece
	for line := range strings.Lines(log) {
		p, err := progressOf(line)
		if err != nil {
			return 0, 0, err
		}
		stamp, _, _ := strings.Cut(line, " ")
		t, terr := time.ParseInLocation("2006-01-02 15:04:05.000", at.Format("2006-01-02 ")+stamp, at.Location())
		if len(p) > 0 && terr == nil && t.After(at) {
			all = append(all, piece{t.Sub(at), p[0].octets})
		}
	}
	if len(all) == 0 {
		return 0, 0, fmt.Errorf("no report after the fault:\n%s", log)
	}
	took = after
	last := time.Duration(0)
	for i, p := range all {
		if p.octets > 0 {
			silence = max(silence, p.at-last)
			last = p.at
		}
		octets := 0.
		for _, q := range all[i:] {
			if q.at < p.at+over {
				octets += q.octets
			}
		}
		if octets >= rate*over.Seconds() {
			took = min(took, p.at)
		}
	}
	return took, max(silence, all[len(all)-1].at-last), nil
}
