// Package hooks runs the operator's commands when a link comes up and goes
// down: up_cmd and down_cmd of ppp.conf(5), with the arguments and the
// environment that pppd(8) gives to /etc/ppp/ip-up and ip-down, so that
// scripts written for those serve here.
//
// Commands never hold up the link: they run one after the other in a
// goroutine of their own, each up before its down, and no longer than Limit.
//
// Only cmd/internal/run imports this package.
package hooks

import (
	"context"
	"log/slog"
	"sync"
	"time"
)

// Limit is how long one command may run.
const Limit = 60 * time.Second

// Config is what is run.
type Config struct {
	Up, Down []string // commands for sh(1), in this order

	// Before runs ahead of the commands of a link that has come up, After
	// behind those of one that has gone; nil: nothing.
	Before func(context.Context, Link)
	After  func(context.Context)

	Log *slog.Logger // names the interface; nil: no log
}

// A Runner runs the commands of one interface. Its methods return at once, but
// for Close.
type Runner struct {
	cfg    Config
	log    *slog.Logger
	limit  time.Duration
	cancel context.CancelFunc
	done   chan struct{}
	news   chan struct{}

	mu      sync.Mutex
	want    *call // nil: none, the link is down
	closing bool

	pipes pipes
}

// A call is one time for which the link is up.
type call struct{ link Link }

// New starts a Runner.
func New(c Config) *Runner { return newRunner(c, Limit) }

func newRunner(c Config, limit time.Duration) *Runner {
	if c.Log == nil {
		c.Log = slog.New(slog.DiscardHandler)
	}
	ctx, cancel := context.WithCancel(context.Background())
	r := &Runner{cfg: c, log: c.Log, limit: limit, cancel: cancel, done: make(chan struct{}), news: make(chan struct{}, 1)}
	go r.run(ctx)
	return r
}

// Up says that the link is up, or that what is to be told of it has changed:
// then the commands for the old one's end run first.
func (r *Runner) Up(l Link) { r.set(&call{link: l}) }

// Down says that the link of the last Up has ended, after which time and which
// traffic. Without an Up it does nothing.
func (r *Runner) Down(t Traffic) {
	r.mu.Lock()
	if r.want != nil {
		r.want.link.ended = &t
	}
	r.mu.Unlock()
	r.set(nil)
}

func (r *Runner) set(c *call) {
	r.mu.Lock()
	r.want = c
	r.mu.Unlock()
	r.wake()
}

func (r *Runner) wake() {
	select {
	case r.news <- struct{}{}:
	default:
	}
}

// Close waits until the commands have ended, those for the link's end among
// them, and kills what runs still when ctx ends. The Runner is not used
// afterwards.
func (r *Runner) Close(ctx context.Context) {
	r.mu.Lock()
	r.want, r.closing = nil, true
	r.mu.Unlock()
	r.wake()
	select {
	case <-r.done:
	case <-ctx.Done():
		r.cancel()
		<-r.done
	}
	r.cancel()
	r.pipes.close()
}

// run brings what was done into line with what is wanted. A call that ended
// before its commands began is passed over.
func (r *Runner) run(ctx context.Context) {
	defer close(r.done)
	var have *call
	for {
		r.mu.Lock()
		want, closing := r.want, r.closing
		var l Link
		switch {
		case have != nil && have != want:
			l = have.link
		case want != nil:
			l = want.link
		}
		r.mu.Unlock()
		switch {
		case have != nil && have != want:
			r.commands(ctx, "down_cmd", r.cfg.Down, l)
			if r.cfg.After != nil {
				r.cfg.After(ctx)
			}
			have = nil
		case have == nil && want != nil:
			if r.cfg.Before != nil {
				r.cfg.Before(ctx, l)
			}
			r.commands(ctx, "up_cmd", r.cfg.Up, l)
			have = want
		case closing:
			return
		default:
			<-r.news
		}
	}
}

func (r *Runner) commands(ctx context.Context, name string, texts []string, l Link) {
	for _, text := range texts {
		if ctx.Err() != nil {
			r.log.Warn(name + " not run: the program ends")
			return
		}
		r.command(ctx, name, text, l)
	}
}
