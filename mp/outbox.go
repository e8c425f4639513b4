package mp

const outboxBytes = 32 << 10 // gathered at most, and one packet more

// An outbox gathers received packets for one write to the interface. Their
// bytes are copied, because a frame is valid only until the next is read. It
// grows with what comes: that of an idle interface is small.
type outbox struct {
	arena   []byte
	packets [][]byte // with headroom in front
}

func (o *outbox) add(p []byte) {
	from := len(o.arena)
	o.arena = append(o.arena, emptyHeadroom[:]...)
	o.arena = append(o.arena, p...)
	o.packets = append(o.packets, o.arena[from:len(o.arena):len(o.arena)])
}

var emptyHeadroom [headroom]byte

// full reports whether it is time to write.
func (o *outbox) full() bool { return len(o.packets) == batchSize || len(o.arena) > outboxBytes }

func (o *outbox) len() int { return len(o.packets) }

func (o *outbox) reset() { o.arena, o.packets = o.arena[:0], o.packets[:0] }
