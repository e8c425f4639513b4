package mp

import (
	"time"

	"pppdial/mp/proto"
	"pppdial/mp/wire"
)

// authenticators are the two directions of a link's Authenticate phase.
type authenticators struct {
	link           *Link
	server         proto.Server        // proves the peer; nil: it need not, and by CHAP it cannot
	client         proto.Authenticator // proves us; nil: we need not
	serverProto    wire.Protocol
	clientProto    wire.Protocol
	wantPeer, want bool // still to be done: the peer's side, ours
	told           bool
}

// start begins what LCP has agreed upon. A peer of which nothing was demanded
// and that offers PAP all the same is accepted, without its name counting.
func (a *authenticators) start(now time.Time, k *Link, r *proto.LCPResult) {
	*a = authenticators{link: k}
	c := &k.cfg.Auth
	layer := func(p wire.Protocol, passed, failed func(time.Time, string, error)) proto.AuthLayer {
		return proto.AuthLayer{
			Send:   func(packet wire.Packet) { k.sendControl(p, packet) },
			Passed: func(now time.Time, m string) { passed(now, m, nil) },
			Failed: func(now time.Time, err error) { failed(now, "", err) },
		}
	}
	var chap *proto.CHAPServer
	switch a.serverProto = r.PeerAuth.Protocol; a.serverProto {
	case wire.PAP:
		a.wantPeer = true
		a.server = proto.NewPAPServer(proto.PAPServerConfig{Times: c.Times, Verify: a.verify, Log: k.log},
			layer(wire.PAP, a.peerPassed, a.peerFailed))
	case wire.CHAP:
		a.wantPeer = true
		chap = proto.NewCHAPServer(proto.CHAPServerConfig{
			Algorithm: r.PeerAuth.Algorithm, Name: c.Name, Times: c.Times, Again: c.Again, Verify: a.verify, Log: k.log,
		}, layer(wire.CHAP, a.peerPassed, a.peerFailed))
		a.server = chap
	default:
		a.serverProto = wire.PAP
		accept := func(now time.Time, r *proto.AuthRequest) { a.server.Answer(now, r, true, "") }
		a.server = proto.NewPAPServer(proto.PAPServerConfig{Verify: accept, Log: k.log},
			layer(wire.PAP, func(time.Time, string, error) {}, func(time.Time, string, error) {}))
	}
	switch a.clientProto = r.OurAuth.Protocol; a.clientProto {
	case wire.PAP:
		a.want = true
		a.client = proto.NewPAPClient(proto.PAPClientConfig{Name: c.Name, Password: c.Password, Times: c.Times, Log: k.log},
			layer(wire.PAP, a.wePassed, a.weFailed))
	case wire.CHAP:
		a.want = true
		own := func([]byte) bool { return false }
		if chap != nil {
			own = chap.Sent
		}
		a.client = proto.NewCHAPClient(proto.CHAPClientConfig{
			Algorithm: r.OurAuth.Algorithm, Name: c.Name, Secret: c.Password, Times: c.Times, Own: own, Log: k.log,
		}, layer(wire.CHAP, a.wePassed, a.weFailed))
	}
	a.server.Start(now)
	if a.client != nil {
		a.client.Start(now)
	}
	a.check(now)
}

func (a *authenticators) verify(now time.Time, r *proto.AuthRequest) {
	k, server := a.link, a.server
	k.cfg.Auth.Verify(&Claim{k, r, func(ok bool, message string) {
		k.post(func(now time.Time) {
			server.Answer(now, r, ok, message)
			k.flush(now)
		})
	}})
}

func (a *authenticators) peerPassed(now time.Time, _ string, _ error) {
	a.link.log.Info("peer authenticated", "name", a.server.Name(), "by", a.serverProto)
	a.wantPeer = false
	a.check(now)
}

func (a *authenticators) peerFailed(now time.Time, _ string, err error) {
	a.link.fail(PeerAuth, "", err)
	a.link.close(now, PeerAuth, "Authentication failed")
}

func (a *authenticators) wePassed(now time.Time, message string, _ error) {
	a.link.log.Info("authenticated to the peer", "by", a.clientProto, "message", message)
	a.want = false
	a.check(now)
}

func (a *authenticators) weFailed(now time.Time, _ string, err error) {
	a.link.fail(OurAuth, "", err)
	a.link.close(now, OurAuth, "Failed to authenticate ourselves to peer")
}

func (a *authenticators) check(now time.Time) {
	if a.done() && !a.told {
		a.told = true
		a.link.authenticated(now)
	}
}

func (a *authenticators) done() bool { return a.link != nil && !a.wantPeer && !a.want }

// peerName is the name that the peer has proved.
func (a *authenticators) peerName() string {
	if a.link.lcp.Result().PeerAuth.Protocol == 0 {
		return ""
	}
	return a.server.Name()
}

// input takes a packet of an authentication protocol, and reports false when
// that protocol was not agreed.
func (a *authenticators) input(now time.Time, p wire.Protocol, info []byte) bool {
	known := false
	if a.server != nil && p == a.serverProto {
		a.server.Input(now, info)
		known = true
	}
	if a.client != nil && p == a.clientProto {
		a.client.Input(now, info)
		known = true
	}
	return known
}

// rejected takes the peer's Protocol-Reject of an authentication protocol.
func (a *authenticators) rejected(now time.Time, p wire.Protocol) bool {
	switch {
	case a.client != nil && p == a.clientProto && a.want:
		a.link.close(now, OurAuth, "the peer rejects "+p.String()+" that it asked for")
	case a.server != nil && p == a.serverProto && a.wantPeer:
		a.link.close(now, PeerAuth, "the peer rejects "+p.String()+" that it agreed to")
	default:
		return false
	}
	return true
}

func (a *authenticators) stop() {
	if a.server != nil {
		a.server.Stop()
	}
	if a.client != nil {
		a.client.Stop()
	}
	*a = authenticators{}
}

func (a *authenticators) advance(now time.Time) {
	if a.server != nil {
		a.server.Advance(now)
	}
	if a.client != nil {
		a.client.Advance(now)
	}
}

func (a *authenticators) deadline() time.Time {
	var t time.Time
	if a.server != nil {
		t = a.server.Deadline()
	}
	if a.client != nil {
		t = earlier(t, a.client.Deadline())
	}
	return t
}
