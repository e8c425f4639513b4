package mp

// A Tap is shown every frame of a link: what is sent, before it is framed, and
// what is received without fault; both from their address and control field,
// where they have one, to their information field. The loop that owns the link
// calls it and waits: it must return at once, must not call the link, and must
// not keep the frame.
type Tap interface {
	Frame(d Direction, frame []byte)
}

// A Direction is the way of a frame, seen from us.
type Direction uint8

const (
	Received Direction = iota
	Sent
)

func (k *Link) tap(d Direction, frame []byte) {
	if k.cfg.Tap != nil {
		k.cfg.Tap.Frame(d, frame)
	}
}
