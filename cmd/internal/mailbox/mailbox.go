// Package mailbox brings events to the one goroutine that may act on them, from
// others that must not wait for it: the loops of package mp, timers, readers.
package mailbox

import "sync"

// A Mailbox hands events out in the order in which they came: an event is what
// its owner shall do about it.
type Mailbox struct {
	mu    sync.Mutex
	queue []func()
	ready chan struct{} // has an element when the queue has
}

// New returns an empty mailbox.
func New() *Mailbox { return &Mailbox{ready: make(chan struct{}, 1)} }

// Put adds an event. It never waits.
func (m *Mailbox) Put(f func()) {
	m.mu.Lock()
	m.queue = append(m.queue, f)
	m.mu.Unlock()
	select {
	case m.ready <- struct{}{}:
	default:
	}
}

// Ready yields an element after each Put, or one after several: it is time to Take.
func (m *Mailbox) Ready() <-chan struct{} { return m.ready }

// Take returns what has come in since the last time; that may be nothing.
func (m *Mailbox) Take() []func() {
	m.mu.Lock()
	defer m.mu.Unlock()
	q := m.queue
	m.queue = nil
	return q
}
