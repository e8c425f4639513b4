package mp

import (
	"errors"
	"io"
	"net"
	"testing"
	"testing/synctest"
)

type pipeLine struct{ net.Conn }

func (pipeLine) Name() string { return "pipe" }

// TestUnreadAndTheEnd: however much has come with a line, its end is seen, and
// the port can be stopped.
func TestUnreadAndTheEnd(t *testing.T) {
	for _, unread := range []int{0, 100, 3457, readBufMin, 5000, 2 * readBufMax} {
		synctest.Test(t, func(t *testing.T) {
			near, far := net.Pipe()
			p := newPort(pipeLine{near}, append([]byte(nil), make([]byte, unread)...), func() {})
			p.start()
			got, want := 0, unread
			var end error
			take := func() {
				synctest.Wait()
				for len(p.rx) > 0 {
					c := <-p.rx
					got, end = got+len(c.b), c.err
					p.release(c)
				}
			}
			take()
			for range 5 {
				n, _ := far.Write(make([]byte, 1000))
				want += n
				take()
			}
			far.Close()
			take()
			if got != want || !errors.Is(end, io.EOF) {
				t.Errorf("with %d octets unread: got %d octets and %v, want %d and %v", unread, got, end, want, io.EOF)
			}
			if len(p.free) != readBufs {
				t.Errorf("with %d octets unread: %d buffers, want %d", unread, len(p.free), readBufs)
			}
			p.stop()
			near.Close()
		})
	}
}
