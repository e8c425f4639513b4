package dialtest

import (
	"container/heap"
	"time"
)

// timer is something to do later.
type timer struct {
	at  time.Time
	seq int // order among equals
	do  func(now time.Time)
}

// timers is a heap by time.
type timers []timer

func (t timers) Len() int      { return len(t) }
func (t timers) Swap(i, j int) { t[i], t[j] = t[j], t[i] }
func (t timers) Less(i, j int) bool {
	return t[i].at.Before(t[j].at) || t[i].at.Equal(t[j].at) && t[i].seq < t[j].seq
}
func (t *timers) Push(x any) { *t = append(*t, x.(timer)) }
func (t *timers) Pop() any {
	old := *t
	x := old[len(old)-1]
	old[len(old)-1] = timer{}
	*t = old[:len(old)-1]
	return x
}

// after does something at now+d.
func (ex *exchange) after(now time.Time, d time.Duration, do func(now time.Time)) {
	ex.seq++
	heap.Push(&ex.timers, timer{now.Add(d), ex.seq, do})
}

// deadline is when advance is to be called next; zero: not at all.
func (ex *exchange) deadline() time.Time {
	if len(ex.timers) == 0 {
		return time.Time{}
	}
	return ex.timers[0].at
}

// advance does what is due at now.
func (ex *exchange) advance(now time.Time) {
	for len(ex.timers) > 0 && !ex.timers[0].at.After(now) {
		heap.Pop(&ex.timers).(timer).do(now)
	}
}
