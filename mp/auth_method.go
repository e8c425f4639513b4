package mp

import (
	"log/slog"
	"time"

	"pppdial/mp/proto"
	"pppdial/mp/wire"
)

// An authMethod makes the two sides of an authentication protocol.
type authMethod struct {
	server func(*authSide) proto.Server
	client func(*authSide) proto.Authenticator
}

// authMethods has all protocols that LCPConfig's Demand and Allow may name, and
// thus all that LCP agrees upon.
var authMethods = map[wire.Protocol]authMethod{
	wire.PAP: {
		server: func(s *authSide) proto.Server {
			return proto.NewPAPServer(proto.PAPServerConfig{
				Times: s.Times, Verify: s.verify, Log: s.log}, s.layer)
		},
		client: func(s *authSide) proto.Authenticator {
			return proto.NewPAPClient(proto.PAPClientConfig{
				Name: s.Name, Password: s.Password, Times: s.Times, Log: s.log}, s.layer)
		},
	},
	wire.CHAP: {
		server: func(s *authSide) proto.Server {
			return proto.NewCHAPServer(proto.CHAPServerConfig{
				Algorithm: s.algorithm, Name: s.Name, Times: s.Times, Again: s.Again, Verify: s.verify,
				Random: s.random, Log: s.log}, s.layer)
		},
		client: func(s *authSide) proto.Authenticator {
			return proto.NewCHAPClient(proto.CHAPClientConfig{
				Algorithm: s.algorithm, Name: s.Name, Secret: s.Password, Times: s.Times, Own: s.own, Log: s.log}, s.layer)
		},
	},
	wire.EAP: {
		server: func(s *authSide) proto.Server {
			return proto.NewEAPServer(proto.EAPServerConfig{
				Name: s.Name, Times: s.Times, Again: s.Again, Verify: s.verify,
				Random: s.random, Log: s.log}, s.layer)
		},
		client: func(s *authSide) proto.Authenticator {
			return proto.NewEAPClient(proto.EAPClientConfig{
				Name: s.Name, Secret: s.Password, Times: s.Times, Own: s.own, Log: s.log}, s.layer)
		},
	},
}

// An authSide is what one side is made of.
type authSide struct {
	*AuthConfig
	random    func([]byte)                        // makes a challenge
	own       func([]byte) bool                   // is it one that we have made?
	algorithm uint8                               // of CHAP
	verify    func(time.Time, *proto.AuthRequest) // of a server
	layer     proto.AuthLayer
	log       *slog.Logger
}

// side is what the side that LCP has agreed upon is made of.
func (k *Link) side(m wire.Auth, passed func(time.Time, string), failed func(time.Time, error)) *authSide {
	return &authSide{
		AuthConfig: &k.cfg.Auth, algorithm: m.Algorithm, log: k.log,
		random: func(b []byte) { k.challenges.fill(k, b) }, own: k.challenges.has,
		layer: proto.AuthLayer{
			Send:   func(p wire.Packet) { k.sendControl(m.Protocol, p) },
			Passed: passed, Failed: failed,
		},
	}
}
