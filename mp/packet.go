package mp

import (
	"sync"
	"time"
)

// headroom is the space in front of a packet for what the link puts there:
// address, control, MP header, protocol and compression headers.
const headroom = 32

// A packet is one datagram on its way from the interface to the lines. It has
// one owner; who drops it counts why and frees it.
type packet struct {
	store []byte // the whole buffer, headroom first
	data  []byte // the datagram, a part of store
	at    time.Time
	probe bool    // counts for nothing
	next  *packet // in the queue
}

// A packetPool lends packets whose buffers hold size bytes behind the headroom.
type packetPool struct {
	size int
	pool sync.Pool
}

func newPacketPool(size int) *packetPool { return &packetPool{size: size} }

func (p *packetPool) get() *packet {
	if k, _ := p.pool.Get().(*packet); k != nil {
		return k
	}
	return &packet{store: make([]byte, headroom+p.size)}
}

func (p *packetPool) put(k *packet) {
	k.data, k.probe = nil, false
	p.pool.Put(k)
}
