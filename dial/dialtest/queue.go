package dialtest

import "sync"

// queue does things one after the other in a goroutine: texts to a program, and what
// must not overtake them.
type queue struct {
	mu     sync.Mutex
	todo   []func()
	work   chan struct{}
	closed bool
}

func newQueue() *queue { return &queue{work: make(chan struct{}, 1)} }

// add puts f at the end; it never blocks.
func (q *queue) add(f func()) {
	q.mu.Lock()
	q.todo = append(q.todo, f)
	q.mu.Unlock()
	wake(q.work)
}

// close lets run return when all is done.
func (q *queue) close() {
	q.mu.Lock()
	q.closed = true
	q.mu.Unlock()
	wake(q.work)
}

func (q *queue) run() {
	for {
		q.mu.Lock()
		todo, closed := q.todo, q.closed
		q.todo = nil
		q.mu.Unlock()
		for _, f := range todo {
			f()
		}
		if len(todo) > 0 {
			continue
		}
		if closed {
			return
		}
		<-q.work
	}
}
