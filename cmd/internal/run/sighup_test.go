package run

import (
	"testing"
	"testing/synctest"
	"time"

	"pppdial/cmd/internal/rendezvous"
	"pppdial/mp"
)

// TestBrokenCalls: SIGHUP breaks the links of all callers, of those too who have not
// yet said who they are, and the next calls are answered.
func TestBrokenCalls(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		x := &exchange{calls: make(chan *conn), free: 2, more: "ann recv_passwd=a localhost=10.0.0.1 remotehost=10.1.0.1 -ipv6\n"}
		d, stop := x.serve(t, 2, "recv_chap", "")
		defer stop()
		defer x.hangUp()
		for range 2 {
			ann := x.call(t, "ann", "a")
			<-ann.up
			stranger := x.call(t, "nobody", "wrong") // a refusal takes two seconds
			time.Sleep(time.Second)
			ask(t.Context(), d, func() error { d.breakLinks(); return nil })
			for _, p := range []*person{ann, stranger} {
				if f := <-p.lost; f.Kind != mp.PeerTerminated {
					t.Error(f)
				}
			}
			time.Sleep(time.Minute)
			if n := len(look(t, d, rendezvous.Query{}).Bundles); n != 1 {
				t.Fatalf("%d units", n)
			}
		}
	})
}
