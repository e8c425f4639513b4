package run

import (
	"testing"
	"testing/synctest"
	"time"

	"pppdial/cmd/internal/rendezvous"
	"pppdial/mp"
)

// strangers are refused without the name service being asked.
const strangers = "recv_chap recv_name=friend remotehost=0"

// TestAnswerForEver: a daemon that answers goes on, call after call, as long as
// one of its lines works.
func TestAnswerForEver(t *testing.T) {
	for _, tt := range []struct {
		why         string
		lines, work int
	}{{"one line", 1, 1}, {"one of two is off", 2, 1}, {"three", 3, 3}} {
		t.Run(tt.why, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				x := &exchange{calls: make(chan *conn), free: tt.work}
				d, stop := x.serve(t, tt.lines, strangers, "")
				defer stop()
				defer x.hangUp()
				for i := range 7 {
					time.Sleep(time.Hour)
					if n := len(look(t, d, rendezvous.Query{}).Bundles); n != 1 {
						t.Fatalf("before call %d: %d units", i, n)
					}
					for range tt.work {
						p := x.call(t, "nobody", "wrong")
						if f := <-p.lost; f.Kind != mp.OurAuth {
							t.Errorf("call %d: %v", i, f)
						}
					}
				}
				x.mu.Lock()
				waits := x.waits
				x.mu.Unlock()
				if most := 7 * (2*tt.lines + 3600/300 + 3); waits > most {
					t.Errorf("%d waits for calls", waits)
				}
			})
		})
	}
}

// TestAnswerGivesUp: a line on which calls cannot be awaited modtries times in a
// row, with no other, ends the program; a call between begins anew.
func TestAnswerGivesUp(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		x := &exchange{calls: make(chan *conn)}
		d, stop := x.serve(t, 2, strangers, "")
		defer stop()
		defer x.hangUp()
		time.Sleep(7 * time.Second) // two rounds
		x.release()
		time.Sleep(5 * time.Second)
		<-x.call(t, "nobody", "wrong").lost
		time.Sleep(time.Minute)
		look(t, d, rendezvous.Query{})
		stop()
		if d.final.Status != StatusUser {
			t.Errorf("with a line in time: %v", d.final)
		}

		x = &exchange{calls: make(chan *conn)}
		d, stop = x.serve(t, 2, strangers, "")
		time.Sleep(time.Minute)
		stop()
		if d.final.Status != StatusLock {
			t.Errorf("without any line: %v", d.final)
		}
	})
}
