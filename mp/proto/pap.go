package proto

import (
	"log/slog"
	"time"
)

// PAPClientConfig is how we authenticate ourselves by PAP.
type PAPClientConfig struct {
	Name     string
	Password string
	Times    AuthTimes
	Log      *slog.Logger
}

// PAPClient sends Authenticate-Requests until one is answered.
type PAPClient struct{}

// NewPAPClient returns a client that waits for Start.
func NewPAPClient(cfg PAPClientConfig, layer AuthLayer) *PAPClient { return &PAPClient{} }

func (c *PAPClient) Start(now time.Time)              {}
func (c *PAPClient) Input(now time.Time, info []byte) {}
func (c *PAPClient) Deadline() time.Time              { return time.Time{} }
func (c *PAPClient) Advance(now time.Time)            {}
func (c *PAPClient) Stop()                            {}

// PAPServerConfig is how the peer authenticates itself by PAP.
type PAPServerConfig struct {
	Times AuthTimes // Limit 0: none, for a peer that need not authenticate itself
	// Verify asks the owner to check the request and to call Answer.
	Verify func(now time.Time, r *AuthRequest)
	Log    *slog.Logger
}

// PAPServer waits for the peer's Authenticate-Request.
type PAPServer struct{}

// NewPAPServer returns a server that waits for Start.
func NewPAPServer(cfg PAPServerConfig, layer AuthLayer) *PAPServer { return &PAPServer{} }

func (s *PAPServer) Start(now time.Time)              {}
func (s *PAPServer) Input(now time.Time, info []byte) {}
func (s *PAPServer) Deadline() time.Time              { return time.Time{} }
func (s *PAPServer) Advance(now time.Time)            {}
func (s *PAPServer) Stop()                            {}
func (s *PAPServer) Name() string                     { return "" }
func (s *PAPServer) Answer(now time.Time, r *AuthRequest, ok bool, message string) {
}
