package chat

import (
	"io"
	"time"
)

// An intake reads the line all through a conversation, so that a far end that
// talks while we send holds up neither. One goroutine, joined by halt.
type intake struct {
	conn   Conn
	chunks chan chunk // closed by the reader when it ends
	stop   chan struct{}
	rest   chunk // read while stopping; the reader's until chunks is closed
}

// A chunk is what one Read gave.
type chunk struct {
	data []byte
	err  error
}

// What is read ahead is bounded: readAhead chunks of chunkSize bytes.
const (
	chunkSize = 512
	readAhead = 16
)

// past is a deadline that ends a read or write at once.
var past = time.Unix(1, 0)

func startIntake(c Conn) (*intake, error) {
	if err := c.SetReadDeadline(time.Time{}); err != nil {
		return nil, err
	}
	in := &intake{conn: c, chunks: make(chan chunk, readAhead), stop: make(chan struct{})}
	go in.read()
	return in, nil
}

func (in *intake) read() {
	defer close(in.chunks)
	idle := 0
	for {
		buf := make([]byte, chunkSize)
		n, err := in.conn.Read(buf)
		if n == 0 && err == nil {
			if idle++; idle < 100 {
				continue
			}
			err = io.ErrNoProgress
		}
		idle = 0
		ch := chunk{data: buf[:n], err: err}
		select {
		case in.chunks <- ch:
		case <-in.stop:
			in.rest = ch
			return
		}
		if err != nil {
			return
		}
	}
}

// halt ends the reader and gives all that it read and nobody took.
func (in *intake) halt() []byte {
	close(in.stop)
	in.conn.SetReadDeadline(past)
	var data []byte
	for ch := range in.chunks {
		data = append(data, ch.data...)
	}
	in.conn.SetReadDeadline(time.Time{}) // fails on a closed line only
	return append(data, in.rest.data...)
}
