package mp_test

import (
	"bytes"
	"testing"
	"time"

	"pppdial/mp"
	"pppdial/mp/hdlc"
	"pppdial/mp/mptest"
)

// TestFlags: frames behind one another share their flags, whichever write they
// were in; one after a pause has its own.
func TestFlags(t *testing.T) {
	bubble(t, func(t *testing.T) {
		a, b := newEnd(t, "a", "10.0.0.1", "10.0.0.2"), newEnd(t, "b", "10.0.0.2", "10.0.0.1")
		defer b.close()
		defer a.close()
		la, lb := mptest.Pair(mptest.Config{BPS: 115200})
		tee := &teeLine{Line: la}
		a.start(tee, noEcho)
		b.start(lb, noEcho)
		a.wantUp("")
		b.wantUp("")
		for _, packets := range []int{8, 1, 4} {
			time.Sleep(time.Second)
			tee.take()
			for range packets {
				a.tun.Send(udp("10.0.0.1", "10.0.0.2", 1000))
			}
			time.Sleep(3 * time.Second)
			frames := 0
			for ; len(b.tun.Received()) > 0; frames++ {
				<-b.tun.Received()
			}
			wrote := tee.take()
			if n := bytes.Count(wrote, []byte{hdlc.Flag}); frames == 0 || n != frames+1 || wrote[0] != hdlc.Flag {
				t.Errorf("%d frames have %d flags, the first octet is %#x", frames, n, wrote[0])
			}
		}
	})
}

func noEcho(c *mp.LinkConfig) { c.LCP.EchoInterval = 0 }
