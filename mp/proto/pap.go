package proto

import (
	"log/slog"
	"time"

	"pppdial/mp/fsm"
	"pppdial/mp/wire"
)

// PAPClientConfig is how we authenticate ourselves by PAP.
type PAPClientConfig struct {
	Name     string
	Password string
	Times    AuthTimes
	Log      *slog.Logger
}

// PAPClient sends Authenticate-Requests until one is answered (RFC 1334).
type PAPClient struct {
	cfg   PAPClientConfig
	layer AuthLayer

	waiting bool // for an answer
	timer   authTimer
	id      uint8 // of the last request
	sent    int   // requests since Start
}

// NewPAPClient returns a client that waits for Start.
func NewPAPClient(cfg PAPClientConfig, layer AuthLayer) *PAPClient {
	cfg.Times, cfg.Log = cfg.Times.WithDefaults(), logger(cfg.Log)
	return &PAPClient{cfg: cfg, layer: layer}
}

// Start sends the first request.
func (c *PAPClient) Start(now time.Time) {
	c.waiting, c.sent = true, 0
	c.timer = authTimer{limit: now.Add(c.cfg.Times.Limit)}
	c.request(now)
}

// request sends a request. Each has its own identifier (RFC 1334, section
// 2.2.1), and the answer to any of them counts.
func (c *PAPClient) request(now time.Time) {
	c.id++
	c.sent++
	c.timer.repeat = now.Add(c.cfg.Times.Interval)
	c.layer.Send(wire.Packet{Code: wire.PAPAuthReq, ID: c.id,
		Data: wire.AppendPAPRequest(nil, wire.PAPRequest{PeerID: c.cfg.Name, Password: c.cfg.Password})})
}

// Input takes an answer.
func (c *PAPClient) Input(now time.Time, info []byte) {
	p, err := wire.ParsePacket(info)
	if !c.waiting || err != nil || int(c.id-p.ID) >= c.sent || p.Code != wire.PAPAuthAck && p.Code != wire.PAPAuthNak {
		return
	}
	reply, err := wire.ParsePAPReply(p.Data)
	if err != nil {
		c.cfg.Log.Debug("answer without a readable message", "proto", "PAP", "error", err)
	}
	message := fsm.Printable([]byte(reply.Message))
	c.Stop()
	if p.Code == wire.PAPAuthAck {
		c.layer.passed(now, message)
		return
	}
	c.layer.failed(now, refusedError("PAP", ErrAuthRefused, message))
}

// Deadline is when Advance wants to be called, zero when there is no need.
func (c *PAPClient) Deadline() time.Time { return c.timer.deadline() }

// Advance repeats the request or gives up.
func (c *PAPClient) Advance(now time.Time) {
	repeat, over := c.timer.due(now)
	switch {
	case over:
		c.Stop()
		c.layer.failed(now, refusedError("PAP", ErrAuthTimeout, ""))
	case repeat:
		c.request(now)
	}
}

// Stop ends it silently.
func (c *PAPClient) Stop() { c.waiting, c.timer = false, authTimer{} }

// PAPServerConfig is how the peer authenticates itself by PAP.
type PAPServerConfig struct {
	Times    AuthTimes
	Optional bool // the peer need not authenticate itself: no limit
	// Verify asks the owner to check the request and to call Answer.
	Verify func(now time.Time, r *AuthRequest)
	Log    *slog.Logger
}

// PAPServer waits for the peer's Authenticate-Request (RFC 1334).
type PAPServer struct {
	cfg   PAPServerConfig
	layer AuthLayer

	started bool
	timer   authTimer
	current *AuthRequest // being verified
	id      uint8        // of its last repetition: the answer's
	done    bool
	ok      bool
	message string
	name    string
}

// NewPAPServer returns a server that waits for Start.
func NewPAPServer(cfg PAPServerConfig, layer AuthLayer) *PAPServer {
	cfg.Times, cfg.Log = cfg.Times.WithDefaults(), logger(cfg.Log)
	return &PAPServer{cfg: cfg, layer: layer}
}

// Start waits for a request.
func (s *PAPServer) Start(now time.Time) {
	*s = PAPServer{cfg: s.cfg, layer: s.layer, started: true}
	if !s.cfg.Optional {
		s.timer.limit = now.Add(s.cfg.Times.Limit)
	}
}

// Input takes a request. The first one counts: while it is being verified only
// its repetitions are heard, and after the answer every request gets the same
// one: the peer may not have seen it (RFC 1334, section 2.2.1).
func (s *PAPServer) Input(now time.Time, info []byte) {
	p, err := wire.ParsePacket(info)
	if !s.started || err != nil || p.Code != wire.PAPAuthReq {
		return
	}
	if s.done {
		s.reply(p.ID)
		return
	}
	q, err := wire.ParsePAPRequest(p.Data)
	if err != nil {
		s.cfg.Log.Debug("packet dropped", "proto", "PAP", "why", err)
		return
	}
	if r := s.current; r != nil { // being verified
		if r.Name == q.PeerID && r.Password == q.Password {
			s.id = p.ID // a repetition
		}
		return
	}
	s.id = p.ID
	s.current = &AuthRequest{Method: wire.Auth{Protocol: wire.PAP}, Name: q.PeerID, ID: p.ID, Password: q.Password}
	s.cfg.Verify(now, s.current)
}

// Answer is the owner's answer to Verify.
func (s *PAPServer) Answer(now time.Time, r *AuthRequest, ok bool, message string) {
	if r == nil || r != s.current {
		return
	}
	s.current, s.timer = nil, authTimer{}
	s.done, s.ok, s.message = true, ok, message
	if ok {
		s.name = r.Name
	}
	s.reply(s.id)
	if ok {
		s.layer.passed(now, message)
		return
	}
	s.layer.failed(now, refusedError("PAP", ErrAuthRefused, message))
}

func (s *PAPServer) reply(id uint8) {
	code := wire.PAPAuthNak
	if s.ok {
		code = wire.PAPAuthAck
	}
	s.layer.Send(wire.Packet{Code: code, ID: id, Data: wire.AppendPAPReply(nil, wire.PAPReply{Message: s.message})})
}

// Name is the name that the peer has proved, empty before.
func (s *PAPServer) Name() string { return s.name }

// Deadline is when Advance wants to be called, zero when there is no need.
func (s *PAPServer) Deadline() time.Time { return s.timer.deadline() }

// SetRounds changes nothing: there is one.
func (s *PAPServer) SetRounds(time.Time, AuthTimes, time.Duration) {}

// Advance gives up when the limit has come.
func (s *PAPServer) Advance(now time.Time) {
	if _, over := s.timer.due(now); over {
		s.Stop()
		s.layer.failed(now, refusedError("PAP", ErrAuthTimeout, ""))
	}
}

// Stop ends it silently. The name stays known.
func (s *PAPServer) Stop() { s.started, s.current, s.timer = false, nil, authTimer{} }
