package radius

import "sync"

// A mailbox brings functions to the goroutine that runs them. It takes them at
// once.
type mailbox struct {
	mu    sync.Mutex
	queue []func()
	ready chan struct{} // has an element when the queue has
}

func newMailbox() *mailbox { return &mailbox{ready: make(chan struct{}, 1)} }

func (m *mailbox) put(f func()) {
	m.mu.Lock()
	m.queue = append(m.queue, f)
	m.mu.Unlock()
	select {
	case m.ready <- struct{}{}:
	default:
	}
}

func (m *mailbox) take() []func() {
	m.mu.Lock()
	defer m.mu.Unlock()
	q := m.queue
	m.queue = nil
	return q
}
