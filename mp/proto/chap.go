package proto

import (
	"log/slog"
	"time"
)

// CHAPClientConfig is how we authenticate ourselves by CHAP.
type CHAPClientConfig struct {
	Algorithm uint8 // wire.CHAPMD5
	Name      string
	Secret    string
	Times     AuthTimes
	// Own reports whether a challenge is one that our own server has sent;
	// such a one is refused. See CHAPServer.Sent.
	Own func(challenge []byte) bool
	Log *slog.Logger
}

// CHAPClient answers Challenges.
type CHAPClient struct{}

// NewCHAPClient returns a client that waits for Start.
func NewCHAPClient(cfg CHAPClientConfig, layer AuthLayer) *CHAPClient { return &CHAPClient{} }

func (c *CHAPClient) Start(now time.Time)              {}
func (c *CHAPClient) Input(now time.Time, info []byte) {}
func (c *CHAPClient) Deadline() time.Time              { return time.Time{} }
func (c *CHAPClient) Advance(now time.Time)            {}
func (c *CHAPClient) Stop()                            {}

// CHAPServerConfig is how the peer authenticates itself by CHAP.
type CHAPServerConfig struct {
	Algorithm uint8  // wire.CHAPMD5
	Name      string // ours, in the Challenges
	Times     AuthTimes
	Again     time.Duration // between rounds after the first; 0: no further ones
	// Verify asks the owner to check the response and to call Answer.
	Verify func(now time.Time, r *AuthRequest)
	Random func([]byte) // fills with random octets; nil: crypto/rand
	Log    *slog.Logger
}

// CHAPServer sends Challenges.
type CHAPServer struct{}

// NewCHAPServer returns a server that waits for Start.
func NewCHAPServer(cfg CHAPServerConfig, layer AuthLayer) *CHAPServer { return &CHAPServer{} }

func (s *CHAPServer) Start(now time.Time)              {}
func (s *CHAPServer) Input(now time.Time, info []byte) {}
func (s *CHAPServer) Deadline() time.Time              { return time.Time{} }
func (s *CHAPServer) Advance(now time.Time)            {}
func (s *CHAPServer) Stop()                            {}
func (s *CHAPServer) Name() string                     { return "" }
func (s *CHAPServer) Answer(now time.Time, r *AuthRequest, ok bool, message string) {
}

// Sent reports whether challenge is one of those that the server has sent
// lately, for the client's Own.
func (s *CHAPServer) Sent(challenge []byte) bool { return false }
