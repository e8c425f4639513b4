package mp

import (
	"encoding/binary"
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"
	"time"
)

// A queueTest is a queue whose packets are of numbered conversations.
type queueTest struct {
	*queue
	t       *testing.T
	now     time.Time
	dropped map[dropReason][]uint16 // conversations
}

func newQueueTest(t *testing.T, limit int, rate float64) *queueTest {
	q := &queueTest{t: t, now: time.Unix(1000, 0), dropped: map[dropReason][]uint16{}}
	q.queue = newQueue(limit, 1500, func(p *packet, why dropReason) {
		q.dropped[why] = append(q.dropped[why], conversation(p))
	})
	q.setRate(rate)
	return q
}

// push queues a UDP packet of a conversation.
func (q *queueTest) push(from uint16, size int) {
	b := make([]byte, size)
	b[0], b[9] = 0x45, protoUDP
	binary.BigEndian.PutUint16(b[20:], from)
	q.queue.push(&packet{data: b, at: q.now}, from == 0)
}

func conversation(p *packet) uint16 { return binary.BigEndian.Uint16(p.data[20:]) }

// order pops n packets, all of them if n is 0, and lists their conversations.
func (q *queueTest) order(n int) (all []uint16) {
	for p := q.pop(q.now); p != nil; p = q.pop(q.now) {
		all = append(all, conversation(p))
		if len(all) == n {
			break
		}
	}
	return all
}

func (q *queueTest) want(what string, got, want []uint16) {
	q.t.Helper()
	if !slices.Equal(got, want) {
		q.t.Errorf("%s: conversations %v, want %v", what, got, want)
	}
}

const slow = 11520 // bytes a second

func TestQueueOrder(t *testing.T) {
	t.Run("urgent first", func(t *testing.T) {
		q := newQueueTest(t, 50, slow)
		q.push(1, 1500)
		q.push(0, 60)
		q.push(2, 60)
		q.push(0, 60)
		q.want("all", q.order(0), []uint16{0, 0, 2, 1})
	})
	t.Run("by turns", func(t *testing.T) {
		q := newQueueTest(t, 50, slow)
		for range 3 {
			q.push(1, 1500)
		}
		for range 3 {
			q.push(2, 1500)
		}
		q.want("all", q.order(0), []uint16{1, 2, 1, 2, 1, 2})
	})
	t.Run("small ones of new conversations before bulk", func(t *testing.T) {
		q := newQueueTest(t, 50, slow)
		for range 4 {
			q.push(1, 1400)
			q.push(2, 1400)
		}
		q.want("bulk", q.order(2), []uint16{1, 1})
		q.push(3, 60)
		q.push(4, 60)
		q.push(5, 1400)
		q.want("then", q.order(6), []uint16{3, 4, 2, 2, 5, 1})
	})
	t.Run("on a fast line large ones, too", func(t *testing.T) {
		q := newQueueTest(t, 50, 1e6)
		for range 4 {
			q.push(1, 1400)
		}
		q.want("bulk", q.order(3), []uint16{1, 1, 1})
		q.push(2, 1400)
		q.want("then", q.order(0), []uint16{2, 1})
	})
	t.Run("nobody is sparse by sending one at a time", func(t *testing.T) {
		q := newQueueTest(t, 50, slow)
		bulk, waiting := 0, 0
		for range 100 {
			for ; waiting < 3; waiting++ {
				q.push(1, 1400)
			}
			q.push(2, 200)
			if p := q.pop(q.now); conversation(p) == 1 {
				bulk += len(p.data)
				waiting--
			}
		}
		if bulk < 9000 {
			t.Errorf("a transfer got %d octets between 100 small packets", bulk)
		}
	})
}

func TestQueueLimit(t *testing.T) {
	q := newQueueTest(t, 5, slow)
	q.push(1, 100)
	for range 4 {
		q.push(2, 1000)
	}
	q.push(3, 1500)
	q.want("dropped", q.dropped[dropQueueFull], []uint16{2})
	q.want("left", q.order(0), []uint16{1, 2, 2, 3, 2})
	if q.n != 0 {
		t.Errorf("%d packets in an empty queue", q.n)
	}
	for range 7 {
		q.push(0, 60)
	}
	q.want("only urgent ones", q.dropped[dropQueueFull], []uint16{2, 0, 0})
	q.push(1, 60)
	if q.peek() == nil {
		t.Error("nothing to see in a full queue")
	}
	q.flush(dropNoLink)
	if q.n != 0 || q.peek() != nil || len(q.dropped[dropNoLink]) != 5 {
		t.Errorf("%d packets left, dropped %v", q.n, q.dropped)
	}
}

// TestQueueKeepsCount: whatever happens, each packet comes out once, or is
// dropped once.
func TestQueueKeepsCount(t *testing.T) {
	rnd := rand.New(rand.NewPCG(1, 1))
	q := newQueueTest(t, 30, slow)
	in, out := map[uint16]int{}, map[uint16]int{}
	for range 100000 {
		switch rnd.IntN(5) {
		case 0, 1:
			c := uint16(rnd.IntN(12))
			q.push(c, 40+rnd.IntN(1400))
			in[c]++
		case 2, 3:
			for _, c := range q.order(1) {
				out[c]++
			}
		case 4:
			q.now = q.now.Add(time.Duration(rnd.IntN(300)) * time.Millisecond)
		}
		if q.n > 30 || q.n < 0 || (q.n == 0) != (q.peek() == nil) {
			t.Fatalf("%d packets, and %v", q.n, q.peek())
		}
	}
	for _, c := range q.order(0) {
		out[c]++
	}
	for _, all := range q.dropped {
		for _, c := range all {
			out[c]++
		}
	}
	for c := range in {
		if in[c] != out[c] {
			t.Errorf("conversation %d: %d packets in, %d out", c, in[c], out[c])
		}
	}
	if len(q.dropped[dropDelay]) == 0 || len(q.dropped[dropQueueFull]) == 0 {
		t.Errorf("%d dropped for their wait, %d for want of room", len(q.dropped[dropDelay]), len(q.dropped[dropQueueFull]))
	}
	if q.bulk != 0 {
		t.Errorf("%d bulk flows in an empty queue", q.bulk)
	}
}

// TestQueueIsFair: conversations that always have packets get the same share,
// whatever the size of those.
func TestQueueIsFair(t *testing.T) {
	q := newQueueTest(t, 50, slow)
	sizes := map[uint16]int{1: 1500, 2: 1500, 3: 576, 4: 40, 5: 1000}
	sent := map[uint16]int{}
	waiting := map[uint16]int{}
	for range 20000 {
		for c, size := range sizes {
			for ; waiting[c] < 5; waiting[c]++ {
				q.push(c, size)
			}
		}
		p := q.pop(q.now)
		c := conversation(p)
		waiting[c]--
		sent[c] += len(p.data)
		q.now = q.now.Add(seconds(float64(len(p.data)) / slow))
	}
	total := 0
	for _, n := range sent {
		total += n
	}
	for c, n := range sent {
		if share := float64(n) / float64(total) * float64(len(sizes)); share < 0.98 || share > 1.02 {
			t.Errorf("conversation %d, packets of %d: %.3f of its share", c, sizes[c], share)
		}
	}
}

// TestQueueBesideBulk: ten transfers with all their packets waiting, and now and
// then a small packet of somebody else's, always a new conversation.
func TestQueueBesideBulk(t *testing.T) {
	q := newQueueTest(t, 50, slow)
	rnd := rand.New(rand.NewPCG(1, 1))
	waiting := map[uint16]int{}
	var worst time.Duration
	other := uint16(1000)
	next := q.now
	for range 5000 {
		for c := uint16(1); c <= 10; c++ {
			for ; waiting[c] < 4; waiting[c]++ {
				q.push(c, 1500)
			}
		}
		if q.now.After(next) {
			q.push(other, 60)
			other++
			next = q.now.Add(time.Duration(rnd.IntN(2000)) * time.Millisecond)
		}
		for {
			p := q.pop(q.now)
			q.now = q.now.Add(seconds(float64(len(p.data)) / slow))
			if c := conversation(p); c <= 10 {
				waiting[c]--
				break
			}
			worst = max(worst, q.now.Sub(p.at))
		}
	}
	if worst > 50*time.Millisecond {
		t.Errorf("a small packet waits %v", worst)
	}
}

// TestQueueTellsConversationsApart: as many as there are flows do not share any.
func TestQueueTellsConversationsApart(t *testing.T) {
	q := newQueueTest(t, 2*maxFlows, slow)
	for c := range uint16(maxFlows) {
		q.push(c+1, 1000)
		q.push(c+1, 1000)
	}
	for i := range q.flows {
		if n := q.flows[i].bytes; n != 2000 {
			t.Errorf("flow %d has %d octets", i, n)
		}
	}
	q.push(maxFlows+1, 1000) // one more has to share
	if got := len(q.order(0)); got != 2*maxFlows {
		t.Errorf("%d packets came out", got)
	}
}

func TestQueueRate(t *testing.T) {
	for _, tt := range []struct {
		rate     float64
		target   time.Duration
		interval time.Duration
		favour   int
	}{
		{0, 5 * time.Millisecond, 100 * time.Millisecond, 1500},
		{960, 7812500 * time.Microsecond, 78125 * time.Millisecond, 256},
		{15000, 500 * time.Millisecond, 5 * time.Second, 375},
		{1e7, 5 * time.Millisecond, 100 * time.Millisecond, 1500},
	} {
		q := newQueue(50, 1500, nil)
		q.setRate(tt.rate)
		got := fmt.Sprint(q.target, q.interval, q.favour)
		if want := fmt.Sprint(tt.target, tt.interval, tt.favour); got != want {
			t.Errorf("%.0f bytes a second: %s, want %s", tt.rate, got, want)
		}
	}
}

func BenchmarkQueue(b *testing.B) {
	q := newQueue(100, 1500, func(*packet, dropReason) {})
	now := time.Unix(1000, 0)
	packets := make([]*packet, 64)
	for i := range packets {
		d := make([]byte, 1400)
		d[0], d[9] = 0x45, protoTCP
		binary.BigEndian.PutUint16(d[20:], uint16(i%20))
		packets[i] = &packet{data: d, at: now}
		q.push(packets[i], false)
	}
	b.ReportAllocs()
	for b.Loop() {
		q.push(q.pop(now), false)
	}
}
