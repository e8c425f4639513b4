package proto

import (
	"bytes"
	"fmt"
	"log/slog"
	"strings"
	"time"

	"pppdial/mp/wire"
)

// eapChallenge is the length of our challenges: the output of MD5 (RFC 1994,
// section 2.3).
const eapChallenge = 16

// EAPServerConfig is how the peer authenticates itself by EAP.
type EAPServerConfig struct {
	Name  string // ours, in the challenges
	Times AuthTimes
	Again time.Duration // between challenges after the first; 0: no further ones
	// Verify asks the owner to check the response and to call Answer.
	Verify func(now time.Time, r *AuthRequest)
	Random func([]byte) // fills with random octets; nil: crypto/rand
	Log    *slog.Logger
}

// EAPServer is the authenticator in the words of EAP: it asks for the peer's
// identity, and then for the answer to an MD5-Challenge (RFC 3748).
type EAPServer struct {
	cfg   EAPServerConfig
	layer AuthLayer

	rounds
	id        uint8
	request   wire.EAPBody // that waits for a Response
	identity  string
	challenge []byte
	done      bool // the round is over
}

// NewEAPServer returns a server that waits for Start.
func NewEAPServer(cfg EAPServerConfig, layer AuthLayer) *EAPServer {
	cfg.Times, cfg.Log, cfg.Random = cfg.Times.WithDefaults(), logger(cfg.Log), random(cfg.Random)
	s := &EAPServer{cfg: cfg, layer: layer}
	var first [1]byte
	cfg.Random(first[:])
	s.id = first[0]
	return s
}

// Start asks for the identity.
func (s *EAPServer) Start(now time.Time) {
	*s = EAPServer{cfg: s.cfg, layer: s.layer, id: s.id, rounds: rounds{started: true}}
	s.begin(now, s.cfg.Times)
	s.ask(now, wire.EAPBody{Type: wire.EAPIdentity})
}

// ask sends a new Request, with an identifier of its own (RFC 3748, section
// 4.1).
func (s *EAPServer) ask(now time.Time, request wire.EAPBody) {
	s.id++
	s.request = request
	s.send(now)
}

func (s *EAPServer) send(now time.Time) {
	s.timer.repeat = now.Add(s.cfg.Times.Interval)
	s.layer.Send(wire.Packet{Code: wire.EAPRequest, ID: s.id, Data: wire.AppendEAPBody(nil, s.request)})
}

// round sends a new challenge. The identity is asked for but once.
func (s *EAPServer) round(now time.Time) {
	s.challenge = make([]byte, eapChallenge)
	s.cfg.Random(s.challenge)
	s.done = false
	s.begin(now, s.cfg.Times)
	s.ask(now, wire.EAPBody{Type: wire.EAPMD5,
		Data: wire.AppendCHAPValue(nil, wire.CHAPValue{Value: s.challenge, Name: s.cfg.Name})})
}

// Input takes a Response. The first one to a Request counts.
func (s *EAPServer) Input(now time.Time, info []byte) {
	p, err := wire.ParsePacket(info)
	if !s.started || err != nil || p.Code != wire.EAPResponse || s.done || s.current != nil {
		return
	}
	body, err := wire.ParseEAPBody(p.Data)
	switch {
	case err != nil:
	case p.ID != s.id:
		err = fmt.Errorf("response to no request of ours: id %d", p.ID)
	case body.Type == wire.EAPNak && s.request.Type == wire.EAPMD5:
		s.end(now, refusedError("EAP", ErrAuthRefused, wanted(body.Data)))
	case body.Type != s.request.Type:
		err = fmt.Errorf("response %v to request %v", body.Type, s.request.Type)
	case body.Type == wire.EAPIdentity:
		s.identity = string(body.Data)
		s.round(now)
	default:
		err = s.answered(now, p.ID, body.Data)
	}
	if err != nil {
		s.cfg.Log.Debug("packet dropped", "proto", "EAP", "why", err)
	}
}

// answered has the answer to a challenge verified. The name is the identity,
// as for RADIUS; a peer that does not tell it may still give one here.
func (s *EAPServer) answered(now time.Time, id uint8, data []byte) error {
	v, err := wire.ParseCHAPValue(data)
	if err != nil {
		return err
	}
	name := s.identity
	if name == "" {
		name = v.Name
	}
	s.timer.repeat = time.Time{}
	s.current = &AuthRequest{
		Method: wire.Auth{Protocol: wire.EAP},
		Name:   name, ID: id, Challenge: s.challenge, Response: bytes.Clone(v.Value),
	}
	s.cfg.Verify(now, s.current)
	return nil
}

// wanted says what a peer proposes by Nak.
func wanted(types []byte) string {
	var names []string
	for _, t := range types {
		if t != 0 { // nothing else (RFC 3748, section 5.3.1)
			names = append(names, wire.EAPType(t).String())
		}
	}
	if names == nil {
		return fmt.Sprintf("the peer will not do %v", wire.EAPMD5)
	}
	return fmt.Sprintf("the peer wants %s instead of %v", strings.Join(names, " or "), wire.EAPMD5)
}

// Answer is the owner's answer to Verify. The name must not change from round
// to round. Neither Success nor Failure has a message.
func (s *EAPServer) Answer(now time.Time, r *AuthRequest, ok bool, message string) {
	if r == nil || r != s.current {
		return
	}
	var err error
	switch {
	case !ok:
		err = refusedError("EAP", ErrAuthRefused, message)
	case s.renamed(r):
		err = refusedError("EAP", ErrAuthName, "")
	}
	s.end(now, err)
	if err != nil {
		return
	}
	if s.passed(now, r.Name, s.cfg.Again) {
		s.layer.passed(now, message)
	}
}

// end ends a round by Success or Failure, which has the identifier of the
// Response (RFC 3748, section 4.2).
func (s *EAPServer) end(now time.Time, err error) {
	s.current, s.timer, s.done = nil, authTimer{}, true
	if err == nil {
		s.layer.Send(wire.Packet{Code: wire.EAPSuccess, ID: s.id})
		return
	}
	s.layer.Send(wire.Packet{Code: wire.EAPFailure, ID: s.id})
	s.layer.failed(now, err)
}

// SetRounds changes when further rounds begin.
func (s *EAPServer) SetRounds(now time.Time, t AuthTimes, again time.Duration) {
	s.cfg.Times, s.cfg.Again = t.WithDefaults(), again
	s.schedule(now, again)
}

// Advance repeats the Request, begins a further round or gives up.
func (s *EAPServer) Advance(now time.Time) { s.advance(now, "EAP", &s.layer, s.round, s.send) }
