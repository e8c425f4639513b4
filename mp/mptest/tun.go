package mptest

import (
	"io"
	"sync"
)

// A Tun is a network interface in memory: what the test gives to Send the
// bundle reads, what the bundle writes comes out of Received.
type Tun struct {
	in   chan []byte
	out  chan []byte
	quit chan struct{}
	once sync.Once
}

// NewTun returns an interface that holds up to n packets each way.
func NewTun(n int) *Tun {
	return &Tun{in: make(chan []byte, n), out: make(chan []byte, n), quit: make(chan struct{})}
}

func (t *Tun) Name() string { return "mem0" }

// Send puts a packet into the interface as the kernel does.
func (t *Tun) Send(p []byte) { t.in <- append([]byte(nil), p...) }

// Received is what the bundle has delivered; packets that nobody takes are
// lost when it is full.
func (t *Tun) Received() <-chan []byte { return t.out }

func (t *Tun) Close() error {
	t.once.Do(func() { close(t.quit) })
	return nil
}

func (t *Tun) Read(bufs [][]byte, sizes []int, offset int) (n int, err error) {
	select {
	case p := <-t.in:
		sizes[0] = copy(bufs[0][offset:], p)
	case <-t.quit:
		return 0, io.EOF
	}
	for n = 1; n < len(bufs); n++ {
		select {
		case p := <-t.in:
			sizes[n] = copy(bufs[n][offset:], p)
		default:
			return n, nil
		}
	}
	return n, nil
}

func (t *Tun) Write(bufs [][]byte, offset int) (int, error) {
	for _, b := range bufs {
		select {
		case t.out <- append([]byte(nil), b[offset:]...):
		default:
		}
	}
	return len(bufs), nil
}
