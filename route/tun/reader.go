package tun

import (
	"sync/atomic"

	"golang.org/x/sys/unix"
)

// A reader holds what one Read works on. Its method is bound once, as a closure
// for each call would be one allocation for each batch.
type reader struct {
	take   func(fd uintptr) bool
	vnet   bool
	large  atomic.Bool // packets may be larger than a buffer
	bufs   [][]byte
	sizes  []int
	offset int
	n      int
	err    error

	store []byte // of large packets
	rest  split  // of the last one
}

// fill reads until there is nothing more or no buffer. It returns false to be
// called again when there is a packet.
func (r *reader) fill(fd uintptr) bool {
	for r.n < len(r.bufs) {
		if r.rest.left() {
			b := r.bufs[r.n][r.offset:]
			n := r.rest.next(b)
			if n > len(b) {
				n = 0
			}
			r.took(n)
			continue
		}
		switch err := r.read(int(fd)); err {
		case nil, unix.EINTR:
		case unix.EAGAIN:
			return r.n > 0
		default:
			r.err = err
			return true
		}
	}
	return true
}

// read reads one packet into the next buffer, or a large one to be cut.
func (r *reader) read(fd int) error {
	b := r.bufs[r.n]
	if !r.vnet {
		n, err := unix.Read(fd, b[r.offset:])
		if err == nil {
			r.took(n)
		}
		return err
	}
	into := b[r.offset-vnetLen:]
	large := r.large.Load()
	if large {
		if r.store == nil {
			r.store = make([]byte, vnetLen+maxDatagram)
		}
		into = r.store
	}
	n, err := unix.Read(fd, into)
	if err != nil {
		return err
	}
	p := into[vnetLen:max(n, vnetLen)]
	v := parseVnet(into)
	switch {
	case v.joined():
		if !large || r.rest.begin(v, p) != nil {
			r.took(0)
		}
		return nil
	case v.finish(p) != nil:
		p = nil
	}
	if large {
		p = p[:copy(b[r.offset:], p)]
	}
	r.took(len(p))
	return nil
}

// took says that the next buffer holds a packet. One of no octets stands for one
// that could not be made sense of.
func (r *reader) took(n int) {
	r.sizes[r.n] = n
	r.n++
}
