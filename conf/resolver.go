package conf

import (
	"context"
	"errors"
	"net"
	"net/netip"
	"sync"
	"time"
)

// How long the system's name service may take. One that does not answer must
// not hold up the check of a file with many entries, so after each time-out
// the next name gets half the time.
const (
	mostPatience  = 2 * time.Second
	leastPatience = 125 * time.Millisecond
	// Within one check the same names come again and again; later they may
	// have changed.
	remembered = 10 * time.Second
)

// A resolver asks the system for addresses. It may be used by several
// goroutines.
type resolver struct {
	ask func(ctx context.Context, network, host string) ([]netip.Addr, error)

	mu       sync.Mutex // guards what follows, not the lookup
	timeouts int        // in a row
	known    map[string]answer
}

type answer struct {
	addrs []netip.Addr
	err   error
	until time.Time
}

func (r *resolver) lookup(host string) ([]netip.Addr, error) {
	r.mu.Lock()
	a, ok := r.known[host]
	patience := max(mostPatience>>r.timeouts, leastPatience)
	r.mu.Unlock()
	if ok && time.Now().Before(a.until) {
		return a.addrs, a.err
	}
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	a = answer{}
	a.addrs, a.err = r.ask(ctx, "ip4", host)
	for i := range a.addrs {
		a.addrs[i] = a.addrs[i].Unmap()
	}
	a.until = time.Now().Add(remembered)

	r.mu.Lock()
	defer r.mu.Unlock()
	var dns *net.DNSError
	if a.err != nil && (ctx.Err() != nil || errors.As(a.err, &dns) && dns.IsTimeout) {
		r.timeouts = min(r.timeouts+1, 8)
	} else {
		r.timeouts = 0
	}
	if r.known == nil || len(r.known) > 1000 {
		r.known = make(map[string]answer)
	}
	r.known[host] = a
	return a.addrs, a.err
}
