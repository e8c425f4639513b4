package proto

import (
	"bytes"
	"log/slog"
	"time"

	"pppdial/mp/wire"
)

// CHAPServerConfig is how the peer authenticates itself by CHAP.
type CHAPServerConfig struct {
	Algorithm uint8  // wire.CHAPMD5 or wire.CHAPMSv2
	Name      string // ours, in the Challenges
	Times     AuthTimes
	Again     time.Duration // between rounds after the first; 0: no further ones
	// Verify asks the owner to check the response and to call Answer.
	Verify func(now time.Time, r *AuthRequest)
	Random func([]byte) // fills with random octets; nil: crypto/rand
	Log    *slog.Logger
}

// CHAPServer sends Challenges (RFC 1994, RFC 2759).
type CHAPServer struct {
	cfg    CHAPServerConfig
	method chapServerMethod
	layer  AuthLayer

	rounds
	id        uint8
	challenge []byte

	done   bool // the round has its answer
	ok     bool
	reason []byte // the data of Success or Failure
}

// NewCHAPServer returns a server that waits for Start.
func NewCHAPServer(cfg CHAPServerConfig, layer AuthLayer) *CHAPServer {
	cfg.Times, cfg.Log, cfg.Random = cfg.Times.WithDefaults(), logger(cfg.Log), random(cfg.Random)
	s := &CHAPServer{cfg: cfg, method: newCHAPServerMethod(&cfg), layer: layer}
	var first [1]byte
	cfg.Random(first[:])
	s.id = first[0]
	return s
}

// Start sends the first Challenge.
func (s *CHAPServer) Start(now time.Time) {
	*s = CHAPServer{cfg: s.cfg, method: s.method, layer: s.layer, id: s.id, rounds: rounds{started: true}}
	s.round(now)
}

// round begins a round with a new challenge and a new identifier.
func (s *CHAPServer) round(now time.Time) {
	s.id++
	s.challenge = make([]byte, s.method.challengeSize())
	s.cfg.Random(s.challenge)
	s.done = false
	s.begin(now, s.cfg.Times)
	s.send(now)
}

func (s *CHAPServer) send(now time.Time) {
	s.timer.repeat = now.Add(s.cfg.Times.Interval)
	s.layer.Send(wire.Packet{Code: wire.CHAPChallenge, ID: s.id,
		Data: wire.AppendCHAPValue(nil, wire.CHAPValue{Value: s.challenge, Name: s.cfg.Name})})
}

// Input takes a Response. The first one to a challenge counts; after the
// answer each gets the same one (RFC 1994, section 4.2).
func (s *CHAPServer) Input(now time.Time, info []byte) {
	p, err := wire.ParsePacket(info)
	if !s.started || err != nil || p.Code != wire.CHAPResponse {
		return
	}
	if p.ID != s.id {
		s.cfg.Log.Debug("packet dropped", "proto", "CHAP", "why", "response to no challenge of ours", "id", p.ID)
		return
	}
	if s.done {
		s.reply()
		return
	}
	if s.current != nil {
		return // being verified
	}
	v, err := wire.ParseCHAPValue(p.Data)
	if err != nil {
		s.cfg.Log.Debug("packet dropped", "proto", "CHAP", "why", err)
		return
	}
	s.timer.repeat = time.Time{}
	s.current = &AuthRequest{
		Method: wire.Auth{Protocol: wire.CHAP, Algorithm: s.cfg.Algorithm},
		Name:   v.Name, ID: p.ID, Challenge: s.challenge, Response: bytes.Clone(v.Value),
	}
	s.cfg.Verify(now, s.current)
}

// Answer is the owner's answer to Verify. The name must not change from round
// to round.
func (s *CHAPServer) Answer(now time.Time, r *AuthRequest, ok bool, message string) {
	if r == nil || r != s.current {
		return
	}
	message, err := s.decide(r, ok, message)
	s.current, s.timer = nil, authTimer{}
	s.done, s.ok = true, err == nil
	s.reply()
	if err != nil {
		s.layer.failed(now, refusedError("CHAP", err, message))
		return
	}
	if s.passed(now, r.Name, s.cfg.Again) {
		s.layer.passed(now, message)
	}
}

// decide makes the data of the reply, and tells what is to be said of it here.
func (s *CHAPServer) decide(r *AuthRequest, ok bool, message string) (text string, err error) {
	switch {
	case !ok:
		s.reason, text = s.method.failure(message)
		return text, ErrAuthRefused
	case s.renamed(r):
		err = ErrAuthName
	default:
		s.reason, text, err = s.method.success(r, message)
	}
	if err != nil {
		s.reason, _ = s.method.failure("")
	}
	return text, err
}

func (s *CHAPServer) reply() {
	code := wire.CHAPFailure
	if s.ok {
		code = wire.CHAPSuccess
	}
	s.layer.Send(wire.Packet{Code: code, ID: s.id, Data: s.reason})
}

// SetRounds changes when further rounds begin.
func (s *CHAPServer) SetRounds(now time.Time, t AuthTimes, again time.Duration) {
	s.cfg.Times, s.cfg.Again = t.WithDefaults(), again
	s.schedule(now, again)
}

// Advance repeats the Challenge, begins a further round or gives up.
func (s *CHAPServer) Advance(now time.Time) { s.advance(now, "CHAP", &s.layer, s.round, s.send) }
