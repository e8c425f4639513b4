package mp

const outboxBytes = 64 << 10

// An outbox gathers received packets for one write to the interface. Their
// bytes are copied, because a frame is valid only until the next is read.
type outbox struct {
	arena   []byte
	packets [][]byte // with headroom in front
}

func (o *outbox) add(p []byte) {
	if o.arena == nil {
		o.arena = make([]byte, 0, outboxBytes)
	}
	from := len(o.arena)
	o.arena = append(o.arena, emptyHeadroom[:]...)
	o.arena = append(o.arena, p...)
	o.packets = append(o.packets, o.arena[from:len(o.arena):len(o.arena)])
}

var emptyHeadroom [headroom]byte

// full reports whether the next packet might not fit without growing.
func (o *outbox) full() bool { return len(o.packets) == batchSize || len(o.arena) > outboxBytes/2 }

func (o *outbox) len() int { return len(o.packets) }

func (o *outbox) reset() { o.arena, o.packets = o.arena[:0], o.packets[:0] }
