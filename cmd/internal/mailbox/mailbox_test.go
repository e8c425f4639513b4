package mailbox

import (
	"sync"
	"testing"
)

func TestOrder(t *testing.T) {
	m := New()
	if got := m.Take(); got != nil {
		t.Errorf("an empty mailbox holds %d events", len(got))
	}
	const senders, each = 8, 1000
	var last [senders]int // of each sender, by the events' own account
	var wg sync.WaitGroup
	for s := range senders {
		wg.Go(func() {
			for i := range each {
				m.Put(func() {
					if last[s] != i {
						t.Errorf("event %d of sender %d came in place of %d", i, s, last[s])
					}
					last[s]++
				})
			}
		})
	}
	for n := 0; n < senders*each; {
		<-m.Ready()
		for _, f := range m.Take() {
			f()
			n++
		}
	}
	wg.Wait()
	if got := m.Take(); got != nil {
		t.Errorf("%d events too many", len(got))
	}
}
