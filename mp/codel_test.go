package mp

import (
	"testing"
	"time"
)

// TestCodel gives a packet every 10 ms and says when which are dropped: the
// first after a whole interval above the target, the following after
// interval/sqrt(count) each (RFC 8289, section 5.3).
func TestCodel(t *testing.T) {
	const target, interval = 5 * time.Millisecond, 100 * time.Millisecond
	start := time.Unix(1000, 0)
	type phase struct {
		until  time.Duration // from the start
		waited time.Duration
		alone  bool // nothing waits behind
	}
	for _, tt := range []struct {
		name   string
		phases []phase
		drops  []time.Duration
	}{
		{"below the target", []phase{{time.Second, 4 * time.Millisecond, false}}, nil},
		{"too long", []phase{{500 * time.Millisecond, 20 * time.Millisecond, false}}, []time.Duration{
			100 * time.Millisecond, // a whole interval above
			200 * time.Millisecond, // + 100 ms
			280 * time.Millisecond, // + 100/sqrt 2 = 271, at the next packet
			330 * time.Millisecond, // + 100/sqrt 3 = 328
			380 * time.Millisecond, // + 100/sqrt 4 = 378
			430 * time.Millisecond, // + 100/sqrt 5 = 423
			470 * time.Millisecond, // + 100/sqrt 6 = 464
		}},
		{"a burst passes", []phase{
			{90 * time.Millisecond, 50 * time.Millisecond, false},
			{100 * time.Millisecond, time.Millisecond, false},
			{190 * time.Millisecond, 50 * time.Millisecond, false},
		}, nil},
		{"the last packet stays", []phase{{time.Second, 50 * time.Millisecond, true}}, nil},
		{"again, sooner", []phase{
			{400 * time.Millisecond, 20 * time.Millisecond, false},
			{450 * time.Millisecond, time.Millisecond, false},
			{700 * time.Millisecond, 20 * time.Millisecond, false},
		}, []time.Duration{
			100 * time.Millisecond, 200 * time.Millisecond, 280 * time.Millisecond, 330 * time.Millisecond, 380 * time.Millisecond,
			550 * time.Millisecond, // an interval after 450, and from there at the rate that was right
			600 * time.Millisecond, // + 100/sqrt 4
			650 * time.Millisecond, // + 100/sqrt 5 = 645
			690 * time.Millisecond, // + 100/sqrt 6 = 685
		}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			var c codel
			var drops []time.Duration
			at := time.Duration(0)
			for _, p := range tt.phases {
				for ; at < p.until; at += 10 * time.Millisecond {
					if c.discard(start.Add(at), p.waited, target, interval, !p.alone) {
						drops = append(drops, at)
					}
				}
			}
			if len(drops) != len(tt.drops) {
				t.Fatalf("drops at %v, want %v", drops, tt.drops)
			}
			for i := range drops {
				if d := drops[i] - tt.drops[i]; d < -10*time.Millisecond || d > 10*time.Millisecond {
					t.Errorf("drops at %v, want %v", drops, tt.drops)
					break
				}
			}
		})
	}
}

// TestCodelKeepsQueueShort: a source that backs off when it is told, as TCP
// does, is told until its packets wait no longer than the target, and the line
// stays busy.
func TestCodelKeepsQueueShort(t *testing.T) {
	const rate, packetSize, trip = 1e5, 1000, 50 * time.Millisecond
	now := time.Unix(1000, 0)
	q := newQueue(1000, 1500, nil)
	window, slowStart := 10.0, true
	q.drop = func(*packet, dropReason) {
		window, slowStart = max(window/2, 1), false
	}
	q.setRate(rate)
	flying := []time.Time{} // when the acknowledgement comes
	data := make([]byte, packetSize)
	data[0], data[9] = 0x45, protoTCP
	var busy, waited time.Duration
	var packets int
	start := now
	for now.Sub(start) < 60*time.Second {
		for len(flying) > 0 && !flying[0].After(now) {
			flying = flying[1:]
			if slowStart {
				window++
			} else {
				window += 1 / window
			}
		}
		for len(flying)+q.n < int(window) {
			q.push(&packet{data: data, at: now}, false)
		}
		p := q.pop(now)
		if p == nil {
			now = now.Add(time.Millisecond)
			continue
		}
		if now.Sub(start) > 20*time.Second {
			waited += now.Sub(p.at)
			packets++
			busy += seconds(packetSize / rate)
		}
		now = now.Add(seconds(packetSize / rate))
		flying = append(flying, now.Add(trip))
	}
	mean := waited / time.Duration(packets)
	if used := busy.Seconds() / 40; used < 0.95 || mean > 2*q.target {
		t.Errorf("the line is used to %.1f %%, packets wait %v, target %v", 100*used, mean, q.target)
	}
}
