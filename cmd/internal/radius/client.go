package radius

import (
	"context"
	"crypto/rand"
	"encoding/hex"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"sync"
	"time"
)

type dialer func(ctx context.Context, network, address string) (net.Conn, error)

// A Client serves one list of servers.
type Client struct {
	cfg        Config // fixed
	log        *slog.Logger
	auth, acct []*port // of the servers, in their order
	accountant *accountant
	listener   *listener // nil: none

	ctx       context.Context // of the questions
	cancel    context.CancelFunc
	questions sync.WaitGroup
	closing   sync.WaitGroup     // sessions of which the Stop is being made
	retire    context.CancelFunc // ends the accountant
	retired   chan struct{}      // closed when it has ended

	mu       sync.Mutex // guards the rest
	sessions map[*Session]bool
}

// defaultLimit is below the 30 s after which a link gives up authentication.
const defaultLimit = 25 * time.Second

// accountingPort is how far the port of accounting is above that of
// authentication.
const accountingPort = 1

// New starts a client. It sends the records that killed processes have left.
func New(cfg Config) (*Client, error) {
	switch {
	case len(cfg.Servers) == 0:
		return nil, errors.New("radius: no servers")
	case cfg.Identifier == "" || len(cfg.Identifier) > maxValue:
		return nil, errors.New("radius: this machine has no name that RADIUS can take")
	}
	if cfg.Limit <= 0 {
		cfg.Limit = defaultLimit
	}
	if cfg.Dial == nil {
		cfg.Dial = new(net.Dialer).DialContext
	}
	if cfg.Log == nil {
		cfg.Log = slog.New(slog.DiscardHandler)
	}
	c := &Client{cfg: cfg, log: cfg.Log, retired: make(chan struct{}), sessions: map[*Session]bool{}}
	for _, s := range cfg.Servers {
		c.auth = append(c.auth, newPort(s, 0, c.log))
		c.acct = append(c.acct, newPort(s, accountingPort, c.log))
	}
	if cfg.Listen != "" {
		var err error
		if c.listener, err = listen(c); err != nil {
			return nil, err
		}
	}
	spool, pending, bad, err := openSpool(cfg.Dir, cfg.Servers)
	if err != nil {
		c.listener.close()
		return nil, fmt.Errorf("%w: %w", ErrSpool, err)
	}
	if len(pending) > 0 || bad > 0 {
		c.log.Info("accounting records that were left", "records", len(pending), "unreadable", bad)
	}
	c.ctx, c.cancel = context.WithCancel(context.Background())
	c.accountant = newAccountant(spool, c.acct, cfg.Dial, c.log)
	for _, r := range pending {
		c.accountant.enqueue(r)
	}
	ctx, retire := context.WithCancel(context.Background())
	c.retire = retire
	go func() {
		defer close(c.retired)
		c.accountant.run(ctx)
	}()
	return c, nil
}

// Close ends the client: questions are not answered any more, and the last
// records have until ctx ends to reach a server that takes them. What remains
// is left on the disk, and with it the Stops of sessions that were not closed.
func (c *Client) Close(ctx context.Context) {
	c.listener.close()
	c.cancel()
	c.questions.Wait()
	c.closing.Wait()
	for _, s := range c.find(func(*Session) bool { return true }) {
		s.abandon()
	}
	select {
	case <-c.accountant.done():
	case <-ctx.Done():
	}
	c.retire()
	<-c.retired
}

func (c *Client) add(s *Session) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.sessions[s] = true
}

func (c *Client) remove(s *Session) {
	c.mu.Lock()
	defer c.mu.Unlock()
	delete(c.sessions, s)
}

// find returns the open sessions that are meant.
func (c *Client) find(meant func(*Session) bool) []*Session {
	c.mu.Lock()
	defer c.mu.Unlock()
	var all []*Session
	for s := range c.sessions {
		if meant(s) {
			all = append(all, s)
		}
	}
	return all
}

// NewID makes a name for a session or a bundle that no other one has had.
func NewID() string {
	var b [8]byte
	rand.Read(b[:])
	return hex.EncodeToString(b[:])
}
