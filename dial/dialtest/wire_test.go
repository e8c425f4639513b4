package dialtest

import (
	"bytes"
	"testing"
	"time"

	"pgregory.net/rapid"
)

var epoch = time.Unix(1000000, 0)

func TestWireTimes(t *testing.T) {
	w := wire{rate: 9600, delay: 20 * time.Millisecond}
	w.enter(epoch, make([]byte, 96)) // 100 ms of line time
	w.enter(epoch.Add(50*time.Millisecond), make([]byte, 48))
	for _, tc := range []struct {
		at            time.Duration
		taken, behind int
	}{
		{0, 0, 144}, {20 * time.Millisecond, 0, 125}, {70 * time.Millisecond, 48, 77},
		{120 * time.Millisecond, 48, 29}, {150 * time.Millisecond, 28, 0}, {170*time.Millisecond - time.Microsecond, 19, 0}, {170 * time.Millisecond, 1, 0},
	} {
		now := epoch.Add(tc.at)
		if got := len(w.take(now, nil, 1000)); got != tc.taken {
			t.Errorf("at %v: %d bytes arrive, want %d", tc.at, got, tc.taken)
		}
		if got := w.backlog(now); got != tc.behind && got != tc.behind+1 {
			t.Errorf("at %v: %d bytes wait, want %d", tc.at, got, tc.behind)
		}
	}
	if w.size() != 0 {
		t.Errorf("%d bytes are left", w.size())
	}
}

// However late somebody looks, the line loses no time while it has bytes.
func TestWireLateReader(t *testing.T) {
	w := wire{rate: 115200}
	w.enter(epoch, make([]byte, 1152))
	late := epoch.Add(99 * time.Millisecond)
	w.enter(late, make([]byte, 1152))
	if got := w.take(epoch.Add(200*time.Millisecond), nil, 1<<20); len(got) != 2304 {
		t.Errorf("%d bytes in 200 ms, want 2304", len(got))
	}
}

func TestWireWake(t *testing.T) {
	w := wire{rate: 10000, delay: 5 * time.Millisecond} // a byte a millisecond
	if !w.wake().IsZero() {
		t.Error("an empty wire wakes")
	}
	w.enter(epoch, make([]byte, 2))
	if got := w.wake().Sub(epoch); got != 7*time.Millisecond {
		t.Errorf("the end of a short burst wakes at %v, want 7ms", got)
	}
	w.enter(epoch, make([]byte, 100))
	if got := w.wake().Sub(epoch); got != 8*time.Millisecond {
		t.Errorf("a long one wakes at %v, want a tick after its first byte", got)
	}
}

func TestWireRetime(t *testing.T) {
	w := wire{rate: 300}
	w.enter(epoch, make([]byte, 90)) // 3 s
	w.retime(epoch.Add(time.Second), 9600, 0)
	if got := len(w.take(epoch.Add(time.Second), nil, 100)); got != 30 {
		t.Errorf("%d bytes in the first second, want 30", got)
	}
	if got := w.wake().Sub(epoch); got != time.Second+span(1, 9600)+tick {
		t.Errorf("wakes at %v", got)
	}
	if got := len(w.take(epoch.Add(time.Second+span(60, 9600)), nil, 100)); got != 60 {
		t.Errorf("%d bytes at the new rate, want 60", got)
	}
	w.enter(epoch.Add(2*time.Second), make([]byte, 10))
	w.retime(epoch.Add(2*time.Second), 0, 0)
	if got := len(w.take(epoch.Add(2*time.Second), nil, 100)); got != 10 {
		t.Errorf("%d bytes without a limit, want 10", got)
	}
}

// What goes in comes out, in order, never early, and the line is never idle while bytes wait.
func TestWireProperties(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		rate := rapid.SampledFrom([]int{0, 300, 9600, 33600, 115200, 4000000}).Draw(t, "rate")
		w := wire{rate: rate, delay: time.Duration(rapid.IntRange(0, 50).Draw(t, "delay ms")) * time.Millisecond}
		now := epoch
		var in, out []byte
		var first time.Time
		for range rapid.IntRange(1, 60).Draw(t, "steps") {
			now = now.Add(time.Duration(rapid.IntRange(0, 30000).Draw(t, "us")) * time.Microsecond)
			switch rapid.IntRange(0, 5).Draw(t, "do") {
			case 0:
				w.retime(now, w.rate, w.delay)
			case 1, 2:
				b := rapid.SliceOfN(rapid.Byte(), 1, 300).Draw(t, "bytes")
				if len(in) == 0 {
					first = now
				}
				in = append(in, b...)
				w.enter(now, b)
			default:
				out = w.take(now, out, rapid.IntRange(1, 500).Draw(t, "limit"))
			}
			if !bytes.HasPrefix(in, out) {
				t.Fatal("bytes are changed or out of order")
			}
			if rate > 0 && len(in) > 0 && len(out) > within(now.Sub(first)-w.delay, rate)+1 {
				t.Fatalf("%d bytes after %v", len(out), now.Sub(first))
			}
			if at := w.wake(); at.IsZero() != (w.size() == 0) || w.size() != len(in)-len(out) {
				t.Fatalf("size %d, wake %v", w.size(), at)
			}
		}
		end := now.Add(span(len(in), rate) + w.delay)
		if out = w.take(end, out, len(in)); !bytes.Equal(in, out) {
			t.Fatalf("%d bytes of %d arrived in time", len(out), len(in))
		}
	})
}

func TestNoiseOnFrames(t *testing.T) {
	n := newNoise(1)
	n.set(0.25, 0, 0)
	frame := []byte{flag, 0xff, 0x03, 0xc0, 0x21, 1, 1, 0, 4, 0xaa, 0xbb}
	var st Stats
	damaged := 0
	const frames = 4000
	for range frames {
		b := bytes.Clone(frame)
		for c := b; len(c) > 0; { // in pieces of any size
			k := min(len(c), 1+int(n.rng.Uint32()%5))
			n.pass(c[:k], &st)
			c = c[k:]
		}
		diff := 0
		for i := range b {
			if b[i] != frame[i] {
				diff++
			}
		}
		if diff > 1 || b[0] != flag || bytes.Count(b, []byte{flag}) != 1 {
			t.Fatalf("% x became % x", frame, b)
		}
		damaged += diff
	}
	if damaged < frames*20/100 || damaged > frames*30/100 || st.Damaged != uint64(damaged) || st.Frames != frames-1 {
		t.Errorf("%d of %d frames damaged; counted %+v", damaged, frames, st)
	}
}

func TestNoiseOnBytes(t *testing.T) {
	for _, p := range []float64{0, 0.001, 0.1, 1} {
		n := newNoise(2)
		n.set(0, p, 0)
		var st Stats
		b := make([]byte, 100000)
		for c := b; len(c) > 0; c = c[100:] {
			n.pass(c[:100], &st)
		}
		hit := len(b) - bytes.Count(b, []byte{0})
		if want := p * float64(len(b)); float64(hit) < want*0.7 || float64(hit) > want*1.3+1 || st.Damaged != uint64(hit) {
			t.Errorf("p %v: %d of %d bytes, counted %d", p, hit, len(b), st.Damaged)
		}
	}
}

func TestSlips(t *testing.T) {
	n := newNoise(3)
	n.set(0, 0, 0.1)
	var st Stats
	in := bytes.Repeat([]byte{'a'}, 100_000)
	out := n.slip(in, &st)
	flow := bytes.Count(out, []byte{0x11}) + bytes.Count(out, []byte{0x13})
	if share := float64(st.Damaged) / float64(len(in)); share < 0.09 || share > 0.11 {
		t.Errorf("%v of the bytes have slipped", share)
	}
	if flow < 4500 || flow > 5500 || len(out)-flow < len(in)-500 || len(out)-flow > len(in)+500 {
		t.Errorf("%d bytes of %d are left, and %d of flow control", len(out)-flow, len(in), flow)
	}
}
