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

// An eagerLine is a Line that can tell waiting for the line from waiting for
// the machine's attention: TryWrite writes what the line takes at once, and
// returns how much that was.
type eagerLine interface {
	TryWrite([]byte) (int, error)
}

// A readyLine is a Line that can tell what has come already from what one has to wait for:
// TryRead reads the former, and returns how much that was.
type readyLine interface {
	TryRead([]byte) (int, error)
}

const (
	readBufs   = 2       // one being filled, one being read
	readBufMin = 4 << 10 // an idle line costs little memory
	readBufMax = 64 << 10
	// readFrameMax is what the longest frame of any MRU takes.
	readFrameMax = 64<<10 + 64
	maxNilReads  = 100 // reads of nothing in a row before a line counts as broken

	// Who sends so much at a time may have sent more: up to so much is taken to
	// the owner at once, which is awakened less often then.
	bulkRead = 1 << 10
	bulkMost = 16<<10 - 1 // less than a buffer, which would grow
)

var errNoProgress = errors.New("mp: the line returns neither bytes nor an error")

// A port is a link's pair of goroutines at its line: the reader fills chunks,
// the writer empties what the owner has put together. Both only tell the
// owner that there is news.
type port struct {
	line  Line
	eager eagerLine // nil: it is none
	ready readyLine // nil: it is none
	news  func()

	rx   chan chunk  // filled chunks, and the error that ended reading
	free chan []byte // chunks to fill

	first int // size of the first chunks

	quit     chan struct{}
	tx       chan []byte // to the writer, one at a time
	busy     atomic.Bool // the writer has work; what follows is its own then
	part     int         // bytes handed to the line at a time
	eagerly  bool        // as far as it takes them at once
	ends     []int       // where the line takes one frame at a time: their ends
	seen     handover    // of the last write
	writeErr atomic.Pointer[error]

	wg sync.WaitGroup
}

type chunk struct {
	b      []byte
	pooled bool // b is a buffer of the reader, not what came with the line
	err    error
}

func newPort(line Line, unread []byte, news func()) *port {
	p := &port{
		line:  line,
		news:  news,
		first: readBufMin,
		rx:    make(chan chunk, readBufs+2), // all buffers, what came with the line, the error
		free:  make(chan []byte, readBufs),
		quit:  make(chan struct{}),
		tx:    make(chan []byte, 1),
	}
	p.eager, _ = line.(eagerLine)
	p.ready, _ = line.(readyLine)
	if len(unread) > 0 {
		p.rx <- chunk{b: unread}
	}
	return p
}

func (p *port) start() {
	for range readBufs {
		p.free <- make([]byte, p.first)
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
			if n >= bulkRead && err == nil && p.ready != nil {
				n += p.more(buf[n:max(n, min(len(buf), bulkMost))])
			}
			p.rx <- chunk{b: buf[:n], pooled: true}
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

// more reads what has come beside a chunk.
func (p *port) more(buf []byte) (n int) {
	for n < len(buf) {
		m, err := p.ready.TryRead(buf[n:])
		if m == 0 || err != nil {
			break
		}
		n += m
	}
	return n
}

// release gives a chunk back to the reader; a line that filled it gets a
// larger one. No other buffers join: free has room for the reader's own.
func (p *port) release(c chunk) {
	if !c.pooled {
		return
	}
	b := c.b
	if len(b) == cap(b) && cap(b) < readBufMax {
		b = make([]byte, 2*cap(b))
	}
	p.free <- b[:cap(b)]
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
