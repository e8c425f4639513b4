package tun

import (
	"io/fs"
	"sync"
)

// Mem is a Device in memory, made of channels: what a test gives to Send is
// read, what is written comes out of Received. It works under testing/synctest.
type Mem struct {
	name     string
	outbound chan []byte // to Read
	inbound  chan []byte // from Write
	closed   chan struct{}
	once     sync.Once
}

// NewMem returns an interface that holds up to depth packets each way.
func NewMem(name string, depth int) *Mem {
	return &Mem{
		name:     name,
		outbound: make(chan []byte, depth),
		inbound:  make(chan []byte, depth),
		closed:   make(chan struct{}),
	}
}

// Name returns the name given to NewMem.
func (m *Mem) Name() string { return m.name }

// Send puts a copy of p into the interface, as the kernel does; it waits while
// depth packets are unread. The error is fs.ErrClosed after Close.
func (m *Mem) Send(p []byte) error {
	select {
	case <-m.closed:
		return fs.ErrClosed
	default:
	}
	select {
	case m.outbound <- append([]byte(nil), p...):
		return nil
	case <-m.closed:
		return fs.ErrClosed
	}
}

// Received gives the packets that were written. It is not closed.
func (m *Mem) Received() <-chan []byte { return m.inbound }

// Read implements Device.
func (m *Mem) Read(bufs [][]byte, sizes []int, offset int) (int, error) {
	select {
	case <-m.closed:
		return 0, fs.ErrClosed
	default:
	}
	select {
	case p := <-m.outbound:
		sizes[0] = copy(bufs[0][offset:], p)
	case <-m.closed:
		return 0, fs.ErrClosed
	}
	for n := 1; n < len(bufs); n++ {
		select {
		case p := <-m.outbound:
			sizes[n] = copy(bufs[n][offset:], p)
		default:
			return n, nil
		}
	}
	return len(bufs), nil
}

// Write implements Device. It waits while depth packets were not taken.
func (m *Mem) Write(bufs [][]byte, offset int) (int, error) {
	select {
	case <-m.closed:
		return 0, fs.ErrClosed
	default:
	}
	for i, b := range bufs {
		select {
		case m.inbound <- append([]byte(nil), b[offset:]...):
		case <-m.closed:
			return i, fs.ErrClosed
		}
	}
	return len(bufs), nil
}

// SetOffload implements Device: there is nothing to be left to us.
func (m *Mem) SetOffload(bool) error { return nil }

// Close implements Device.
func (m *Mem) Close() error {
	m.once.Do(func() { close(m.closed) })
	return nil
}
