// Package pool gives addresses to peers, out of the ranges that pool= names, for
// package run. A peer gets the address that it had before, while that is free;
// then one that nobody has had; then the one that has been free for longest. No
// address is given twice at a time, nor one that the caller says is taken
// otherwise.
//
// The file "pool" in a directory makes that true for all processes that use it,
// and outlives them: it holds a line ADDRESS NAME for each
// address given, and for as long as an address is in use the byte of the file
// whose offset is the address is locked (fcntl(2), open file description
// locks), so that the kernel frees what a killed process had.
package pool

import (
	"container/list"
	"errors"
	"fmt"
	"log/slog"
	"net/netip"
	"strings"
	"sync"
)

// A Range is the IPv4 addresses from First to Last.
type Range struct{ First, Last netip.Addr }

func (r Range) String() string {
	if r.First == r.Last {
		return r.First.String()
	}
	return r.First.String() + "-" + r.Last.String()
}

func (r Range) contains(a netip.Addr) bool { return !a.Less(r.First) && !r.Last.Less(a) }

// A Pool remembers who has and had which address. Its methods may be called from
// any goroutine.
type Pool struct {
	log  *slog.Logger
	file *file // nil: this process alone, and while it lasts

	mu     sync.Mutex // guards the rest
	inUse  map[netip.Addr]bool
	last   map[string]netip.Addr        // what a name had
	owner  map[netip.Addr]string        // the last that had it and has a name
	free   *list.List                   // of netip.Addr that were given, or looked at; longest free first
	place  map[netip.Addr]*list.Element // in free
	cursor map[Range]netip.Addr         // the first that nobody has had; invalid: all have been had
}

// Open opens the pool of a directory; "" is a pool in memory alone.
func Open(dir string, log *slog.Logger) (*Pool, error) {
	if log == nil {
		log = slog.New(slog.DiscardHandler)
	}
	p := &Pool{
		log: log, inUse: map[netip.Addr]bool{}, last: map[string]netip.Addr{}, owner: map[netip.Addr]string{},
		free: list.New(), place: map[netip.Addr]*list.Element{}, cursor: map[Range]netip.Addr{},
	}
	if dir == "" {
		return p, nil
	}
	var err error
	if p.file, err = openFile(dir); err != nil {
		return nil, fmt.Errorf("pool: addresses cannot be remembered: %w", err)
	}
	p.catchUp()
	if err := p.file.compact(p.last); err != nil {
		p.log.Debug("pool: the file stays as long as it is", "error", err)
	}
	return p, nil
}

// Close gives all addresses back.
func (p *Pool) Close() {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.file != nil {
		p.file.close()
	}
}

// A Lease is an address in use.
type Lease struct {
	Addr netip.Addr
	pool *Pool
	once sync.Once
}

// Free gives the address back; its name may get it again.
func (l *Lease) Free() {
	l.once.Do(func() {
		p := l.pool
		p.mu.Lock()
		defer p.mu.Unlock()
		delete(p.inUse, l.Addr)
		p.freed(l.Addr)
		if p.file != nil {
			p.file.unlock(l.Addr)
		}
	})
}

// ErrExhausted is why there is no address.
var ErrExhausted = errors.New("no address is left")

// Take gives an address of the ranges to a peer, whose name is "" when it has
// none. Taken, which may be nil, tells addresses that must not be given: our
// own, those that entries name, those of peers that were not given by a pool.
func (p *Pool) Take(name string, ranges []Range, taken func(netip.Addr) bool) (*Lease, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.catchUp()
	t := taking{p, ranges, taken}
	a, ok := t.before(name)
	if !ok {
		a, ok = t.fresh()
	}
	if !ok {
		a, ok = t.used()
	}
	if !ok {
		return nil, exhausted(ranges)
	}
	p.inUse[a] = true
	p.remember(a, name)
	if e := p.place[a]; e != nil {
		p.free.Remove(e)
		delete(p.place, a)
	}
	return &Lease{Addr: a, pool: p}, nil
}

func exhausted(ranges []Range) error {
	n := uint64(0)
	words := make([]string, len(ranges))
	for i, r := range ranges {
		n += uint64(number(r.Last)-number(r.First)) + 1
		words[i] = r.String()
	}
	return fmt.Errorf("pool: %w: the %d of %s are in use or reserved", ErrExhausted, n, strings.Join(words, ", "))
}

// remember notes who has an address, here and for other processes. Who has no
// name takes an address from nobody's memory.
func (p *Pool) remember(a netip.Addr, name string) {
	if name == "" || p.owner[a] == name && p.last[name] == a {
		return
	}
	p.note(a, name)
	if p.file == nil {
		return
	}
	if err := p.file.append(a, name); err != nil {
		p.log.Warn("pool: an address will not be remembered", "address", a, "name", name, "error", err)
	}
}

func (p *Pool) note(a netip.Addr, name string) {
	if was, ok := p.owner[a]; ok && p.last[was] == a {
		delete(p.last, was)
	}
	p.owner[a], p.last[name] = name, a
}

// freed puts an address behind all others that are free.
func (p *Pool) freed(a netip.Addr) {
	if e := p.place[a]; e != nil {
		p.free.MoveToBack(e)
		return
	}
	p.place[a] = p.free.PushBack(a)
}

// catchUp reads what other processes have given.
func (p *Pool) catchUp() {
	if p.file == nil {
		return
	}
	err := p.file.news(func(a netip.Addr, name string) {
		p.note(a, name)
		if !p.inUse[a] {
			p.freed(a)
		}
	})
	if err != nil {
		p.log.Warn("pool: who had which address cannot be read", "error", err)
	}
}

// A taking is one search for an address.
type taking struct {
	*Pool
	ranges []Range
	taken  func(netip.Addr) bool
}

// get takes the address, if it may be had.
func (t taking) get(a netip.Addr) bool {
	return !t.inUse[a] && (t.taken == nil || !t.taken(a)) && (t.file == nil || t.file.lock(a))
}

func (t taking) ours(a netip.Addr) bool {
	for _, r := range t.ranges {
		if r.contains(a) {
			return true
		}
	}
	return false
}

// before is what the name had.
func (t taking) before(name string) (netip.Addr, bool) {
	a, ok := t.last[name]
	return a, ok && t.ours(a) && t.get(a)
}

// fresh is an address that nobody has had. Those that it has looked at in vain
// are among the free ones from then on.
func (t taking) fresh() (netip.Addr, bool) {
	for _, r := range t.ranges {
		a, ok := t.cursor[r]
		if !ok {
			a = r.First
		}
		for ; a.IsValid() && !r.Last.Less(a); a = a.Next() {
			if _, had := t.owner[a]; had || t.inUse[a] {
				continue
			}
			if t.get(a) {
				t.cursor[r] = a.Next()
				return a, true
			}
			if t.place[a] == nil {
				t.freed(a)
			}
		}
		t.cursor[r] = a
	}
	return netip.Addr{}, false
}

// used is the address that has been free for longest.
func (t taking) used() (netip.Addr, bool) {
	for e := t.free.Front(); e != nil; e = e.Next() {
		if a := e.Value.(netip.Addr); t.ours(a) && t.get(a) {
			return a, true
		}
	}
	return netip.Addr{}, false
}
