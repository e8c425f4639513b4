package mp

import "testing"

// TestLastCall: what a loop has run before it ended has run, however late the
// caller looks. Else a link that a bundle had taken stays with its nursery too.
func TestLastCall(t *testing.T) {
	l, ran := newLoop(nil), make(chan struct{})
	close(l.done)
	if l.await(ran) {
		t.Error("what has not run is said to have")
	}
	close(ran)
	for range 100 { // select takes either
		if !l.await(ran) {
			t.Fatal("what has run is said not to have")
		}
	}
}
