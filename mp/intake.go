package mp

// A Tun is the interface as the bundle sees it: packets in batches, each
// standing at offset in its buffer. Read waits for the first packet and takes
// what else is there; it must fail when the interface is closed. Closing is
// the caller's.
type Tun interface {
	Name() string
	Read(bufs [][]byte, sizes []int, offset int) (int, error)
	Write(bufs [][]byte, offset int) (int, error)
}

const (
	batchSize  = 32 // packets read from the interface at once, at most
	leastBatch = 4  // the same while there is little to read: it costs memory
	batches    = 2  // one being read, one being queued
)

// A batch is packets on their way from the interface's reader to the loop.
type batch struct {
	packets [batchSize]*packet
	bufs    [][]byte
	sizes   []int
	n       int   // packets read
	taken   int   // and given away again
	err     error // the interface is gone
}

// An intake reads the interface, always: a queue in the kernel would be ahead
// of everything urgent. It ends when the interface is closed or quit is.
type intake struct {
	tun   Tun
	pool  *packetPool
	full  chan *batch
	empty chan *batch
	quit  <-chan struct{}
}

func newIntake(tun Tun, pool *packetPool, quit <-chan struct{}) *intake {
	in := &intake{
		tun:   tun,
		pool:  pool,
		full:  make(chan *batch, batches),
		empty: make(chan *batch, batches),
		quit:  quit,
	}
	for range batches {
		in.empty <- &batch{bufs: make([][]byte, batchSize), sizes: make([]int, batchSize)}
	}
	return in
}

func (in *intake) run() {
	for size := leastBatch; ; {
		var b *batch
		select {
		case b = <-in.empty:
		case <-in.quit:
			return
		}
		in.provide(b, size)
		b.n, b.err = in.tun.Read(b.bufs[:size], b.sizes, headroom)
		switch {
		case b.n == size:
			size = min(2*size, batchSize)
		case b.n < size/4:
			size = max(size/2, leastBatch)
		}
		b.taken = 0
		for i, k := range b.packets[:b.n] {
			k.data = k.store[headroom : headroom+b.sizes[i]]
		}
		select {
		case in.full <- b:
		case <-in.quit:
			return
		}
		if b.err != nil {
			return
		}
	}
}

// provide gives a batch room for as many packets, and no more.
func (in *intake) provide(b *batch, size int) {
	for i, k := range b.packets {
		switch {
		case i < size && k == nil:
			b.packets[i] = in.pool.get()
			b.bufs[i] = b.packets[i].store
		case i >= size && k != nil:
			b.packets[i], b.bufs[i] = nil, nil
			in.pool.put(k)
		}
	}
}

// next gives the next packet away, nil when there is none left.
func (b *batch) next() *packet {
	if b.taken == b.n {
		return nil
	}
	p := b.packets[b.taken]
	b.packets[b.taken] = nil
	b.taken++
	return p
}
