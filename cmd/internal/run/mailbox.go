package run

import "sync"

// A mailbox takes events from goroutines that must not wait, the loops of
// package mp among them, and hands them out in order.
type mailbox struct {
	mu    sync.Mutex
	queue []func()
	ready chan struct{}
}

func newMailbox() *mailbox { return &mailbox{ready: make(chan struct{}, 1)} }

// put adds an event: what the run loop shall do about it.
func (m *mailbox) put(f func()) {
	m.mu.Lock()
	m.queue = append(m.queue, f)
	m.mu.Unlock()
	select {
	case m.ready <- struct{}{}:
	default:
	}
}

// take returns what has come in.
func (m *mailbox) take() []func() {
	m.mu.Lock()
	defer m.mu.Unlock()
	q := m.queue
	m.queue = nil
	return q
}
