package mp

import (
	"testing"
	"time"
)

// TestLastCall: what a loop has done before it ended is done, however late the
// caller looks. A link that a bundle had taken stayed with its nursery as well.
func TestLastCall(t *testing.T) {
	for range 1000 {
		l := newLoop(nil)
		go l.run()
		if !l.do(func(time.Time) { l.stopping = true }) {
			t.Fatal("what has run is said not to have")
		}
		<-l.done
		if l.do(func(time.Time) { t.Error("a loop that has ended runs") }) {
			t.Fatal("what has not run is said to have")
		}
	}
}
