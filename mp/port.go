package mp

import (
	"errors"
	"io"
	"sync"
	"sync/atomic"
	"time"
)

// A Line carries a link's bytes: a tty, a pseudo-terminal, a socket, or the
// in-memory twin of mptest. The link reads and writes it, and leaves it open
// at the end: hanging up is the dialer's. A deadline in the past must free a
// blocked Read or Write at once.
type Line interface {
	io.ReadWriter
	SetReadDeadline(time.Time) error
	SetWriteDeadline(time.Time) error
	Name() string
}

const (
	readBufs    = 2       // one being filled, one being read
	readBufMin  = 4 << 10 // an idle line costs little memory
	readBufMax  = 64 << 10
	maxNilReads = 100 // reads of nothing in a row before a line counts as broken
)

var errNoProgress = errors.New("mp: the line returns neither bytes nor an error")

// A port is a link's pair of goroutines at its line: the reader fills chunks,
// the writer empties what the owner has put together. Both only tell the
// owner that there is news.
type port struct {
	line Line
	news func()

	rx   chan chunk  // filled chunks, and the error that ended reading
	free chan []byte // chunks to fill

	quit     chan struct{}
	ends     []int // of the parts to be written; the writer's own while busy
	whole    [2]int
	tx       chan []byte  // to the writer, one at a time
	busy     atomic.Bool  // the writer has work
	base     time.Time    // when the port was made
	probed   atomic.Int64 // when the probe of the last write was done, in nanoseconds since base
	ended    atomic.Int64 // when the last write was done
	writeErr atomic.Pointer[error]

	wg sync.WaitGroup
}

type chunk struct {
	b   []byte
	err error
}

func newPort(line Line, unread []byte, news func()) *port {
	p := &port{
		line: line,
		news: news,
		base: time.Now(),
		rx:   make(chan chunk, readBufs+2), // all buffers, what came with the line, the error
		free: make(chan []byte, readBufs),
		quit: make(chan struct{}),
		tx:   make(chan []byte, 1),
	}
	if len(unread) > 0 {
		p.rx <- chunk{b: unread}
	}
	return p
}

func (p *port) start() {
	for range readBufs {
		p.free <- make([]byte, readBufMin)
	}
	p.wg.Add(2)
	go p.read()
	go p.write()
	if len(p.rx) > 0 {
		p.news()
	}
}

func (p *port) read() {
	defer p.wg.Done()
	idle := 0
	for {
		var buf []byte
		select {
		case buf = <-p.free:
		case <-p.quit:
			return
		}
		n, err := p.line.Read(buf)
		if n > 0 {
			idle = 0
			p.rx <- chunk{b: buf[:n]}
		} else {
			if idle++; err == nil && idle > maxNilReads {
				err = errNoProgress
			}
			p.free <- buf
		}
		if err != nil {
			p.rx <- chunk{err: err}
			p.news()
			return
		}
		if n > 0 {
			p.news()
		}
	}
}

func (p *port) write() {
	defer p.wg.Done()
	for b := range p.tx {
		err := p.pieces(b)
		p.ended.Store(int64(time.Since(p.base)))
		if err != nil {
			p.writeErr.CompareAndSwap(nil, &err)
		}
		p.busy.Store(false)
		p.news()
	}
}

// probeSize is how much of a write goes first when its times are wanted.
const probeSize = 32

// send gives b to the writer, which must not be busy; the owner leaves b and
// ends alone until busy is false again. Each part up to one of ends is written
// by itself; without ends it is the whole, or, where the times are wanted, a
// probe and the rest.
func (p *port) send(b []byte, ends []int, probe bool) {
	if len(ends) == 0 {
		p.whole = [2]int{probeSize, len(b)}
		ends = p.whole[:]
		if !probe || len(b) <= probeSize {
			ends = p.whole[1:]
		}
	}
	p.ends = ends
	p.busy.Store(true)
	p.tx <- b
}

// writeTimes are when the last write's probe and all of it were done.
func (p *port) writeTimes() (probed, ended time.Time) {
	return p.base.Add(time.Duration(p.probed.Load())), p.base.Add(time.Duration(p.ended.Load()))
}

// pieces writes b up to each of the ends, one after another.
func (p *port) pieces(b []byte) error {
	from := 0
	for i, to := range p.ends {
		if _, err := p.line.Write(b[from:to]); err != nil {
			return err
		}
		if from = to; i == 0 {
			p.probed.Store(int64(time.Since(p.base)))
		}
	}
	return nil
}

// release gives a chunk back to the reader; a line that filled it gets a
// larger one.
func (p *port) release(b []byte) {
	switch {
	case cap(b) < readBufMin: // bytes that came with the line
		return
	case len(b) == cap(b) && cap(b) < readBufMax:
		b = make([]byte, 2*cap(b))
	}
	select {
	case p.free <- b[:cap(b)]:
	default:
	}
}

// stop ends both goroutines and leaves the line open and usable. What was
// read and not looked at is returned. The owner must send nothing any more.
func (p *port) stop() (unread []byte) {
	past := time.Unix(1, 0)
	close(p.quit)
	close(p.tx)
	p.line.SetReadDeadline(past)
	p.line.SetWriteDeadline(past)
	p.wg.Wait()
	p.line.SetReadDeadline(time.Time{})
	p.line.SetWriteDeadline(time.Time{})
	for {
		select {
		case c := <-p.rx:
			unread = append(unread, c.b...)
		default:
			return unread
		}
	}
}
