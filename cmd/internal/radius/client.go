package radius

import (
	"context"
	"crypto/rand"
	"encoding/hex"
	"errors"
	"log/slog"
	"net"
	"sync"
	"time"
)

// A Client serves one list of servers.
type Client struct {
	cfg        Config
	log        *slog.Logger
	auth, acct []*port // of the servers, in their order

	ctx       context.Context // ends when the client is closed
	cancel    context.CancelFunc
	questions sync.WaitGroup
}

// defaultLimit is below the 30 s after which a link gives up authentication.
const defaultLimit = 25 * time.Second

// accountingPort is how far the port of accounting is above that of
// authentication.
const accountingPort = 1

// New starts a client.
func New(cfg Config) (*Client, error) {
	switch {
	case len(cfg.Servers) == 0:
		return nil, errors.New("radius: no servers")
	case cfg.Identifier == "":
		return nil, errors.New("radius: this machine has no name")
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
	c := &Client{cfg: cfg, log: cfg.Log}
	for _, s := range cfg.Servers {
		c.auth = append(c.auth, newPort(s, 0, c.log))
		c.acct = append(c.acct, newPort(s, accountingPort, c.log))
	}
	c.ctx, c.cancel = context.WithCancel(context.Background())
	return c, nil
}

// NewID makes a name for a session or a bundle that no other one has had.
func NewID() string {
	var b [8]byte
	rand.Read(b[:])
	return hex.EncodeToString(b[:])
}
