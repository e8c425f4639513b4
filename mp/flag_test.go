package mp_test

import (
	"bytes"
	"sync"
	"testing"
	"time"

	"pppdial/mp"
	"pppdial/mp/hdlc"
	"pppdial/mp/mptest"
)

// A recorder keeps what is written to a line.
type recorder struct {
	*mptest.Line
	mu    sync.Mutex
	wrote []byte
}

func (r *recorder) keep(b []byte, n int) {
	r.mu.Lock()
	r.wrote = append(r.wrote, b[:n]...)
	r.mu.Unlock()
}

func (r *recorder) Write(b []byte) (int, error) {
	n, err := r.Line.Write(b)
	r.keep(b, n)
	return n, err
}

func (r *recorder) TryWrite(b []byte) (int, error) {
	n, err := r.Line.TryWrite(b)
	r.keep(b, n)
	return n, err
}

// take returns what was written since.
func (r *recorder) take() []byte {
	r.mu.Lock()
	defer r.mu.Unlock()
	b := r.wrote
	r.wrote = nil
	return b
}

// TestFlags: frames behind one another share their flags, whichever write they
// were in; one after a pause has its own.
func TestFlags(t *testing.T) {
	bubble(t, func(t *testing.T) {
		a, b := newEnd(t, "a", "10.0.0.1", "10.0.0.2"), newEnd(t, "b", "10.0.0.2", "10.0.0.1")
		defer b.close()
		defer a.close()
		la, lb := mptest.Pair(mptest.Config{BPS: 115200})
		rec := &recorder{Line: la}
		a.start(rec, noEcho)
		b.start(lb, noEcho)
		a.wantUp("")
		b.wantUp("")
		for _, packets := range []int{8, 1, 4} {
			time.Sleep(time.Second)
			rec.take()
			for range packets {
				a.tun.Send(udp("10.0.0.1", "10.0.0.2", 1000))
			}
			time.Sleep(3 * time.Second)
			frames := 0
			for ; len(b.tun.Received()) > 0; frames++ {
				<-b.tun.Received()
			}
			wrote := rec.take()
			if n := bytes.Count(wrote, []byte{hdlc.Flag}); frames == 0 || n != frames+1 || wrote[0] != hdlc.Flag {
				t.Errorf("%d frames have %d flags, the first octet is %#x", frames, n, wrote[0])
			}
		}
	})
}

func noEcho(c *mp.LinkConfig) { c.LCP.EchoInterval = 0 }
