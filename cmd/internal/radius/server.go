package radius

import (
	"log/slog"
	"slices"
	"sync"
	"time"
)

// restTime is how long a silent server is not asked first.
const restTime = time.Minute

// A port is one port of a server, with what is known of its health.
type port struct {
	Server
	address string
	log     *slog.Logger

	mu     sync.Mutex
	heard  time.Time // the last answer
	silent time.Time // until then others are asked first; zero: it is well
	warned time.Time // of a dropped answer
}

func newPort(s Server, offset int, log *slog.Logger) *port {
	a := s.address(offset)
	return &port{Server: s, address: a, log: log.With("server", a)}
}

func (p *port) String() string { return p.address }

// answered notes an answer.
func (p *port) answered(now time.Time) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if !p.silent.IsZero() {
		p.log.Info("RADIUS server answers again")
	}
	p.heard, p.silent = now, time.Time{}
}

// failed notes that nothing has come since then.
func (p *port) failed(now, since time.Time, why error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.heard.After(since) {
		return
	}
	if p.silent.IsZero() {
		p.log.Warn("RADIUS server does not answer", "why", why)
	}
	p.silent = now.Add(restTime)
}

// dropped logs a dropped answer, now and then.
func (p *port) dropped(now time.Time, err error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if now.Sub(p.warned) >= restTime {
		p.warned = now
		p.log.Warn("answer of a RADIUS server dropped", "why", err)
	}
}

// resting reports whether others are to be asked first. Who finds that the rest
// is over tries the server; the others leave it alone until it has answered.
func (p *port) resting(now time.Time) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.silent.IsZero() || !now.Before(p.silent) {
		if !p.silent.IsZero() {
			p.silent = now.Add(restTime)
		}
		return false
	}
	return true
}

// order is the order in which the servers are asked now: the silent ones last.
func order(all []*port, now time.Time) []*port {
	var well, silent []*port
	for _, p := range all {
		if p.resting(now) {
			silent = append(silent, p)
		} else {
			well = append(well, p)
		}
	}
	return slices.Concat(well, silent)
}
