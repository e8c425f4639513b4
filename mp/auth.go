package mp

import (
	"fmt"
	"time"

	"pppdial/mp/proto"
	"pppdial/mp/wire"
)

// maxClaims is how many claims a peer may put without having one accepted. The
// first that is refused ends the link; there are more when the peer begins LCP
// anew before it has an answer.
const maxClaims = 3

var errClaims = fmt.Errorf("%w: begun anew too often without waiting for the answer", proto.ErrAuthRefused)

// authenticators are the two directions of a link's Authenticate phase.
type authenticators struct {
	link           *Link
	server         proto.Server        // proves the peer, or, when it need not, accepts what it says by PAP
	client         proto.Authenticator // proves us; nil: we need not
	peerAuth       wire.Auth           // as agreed for the peer; without a protocol: none
	ourAuth        wire.Auth           // and for us
	wantPeer, want bool                // still to be done: the peer's side, ours
	told           bool
}

// start begins what LCP has agreed upon.
func (a *authenticators) start(now time.Time, k *Link, r *proto.LCPResult) {
	*a = authenticators{link: k, peerAuth: r.PeerAuth, ourAuth: r.OurAuth}
	if a.wantPeer = a.wantsProof(); a.wantPeer {
		if k.proveBy.IsZero() {
			k.proveBy = now.Add(k.cfg.Auth.Times.WithDefaults().Limit)
		}
		s := k.side(a.peerAuth, a.peerPassed, k.unproved)
		s.verify = a.verify
		a.server = authMethods[a.peerAuth.Protocol].server(s)
	} else {
		a.server = a.acceptAnything()
	}
	a.want = a.ourAuth.Protocol != 0
	a.server.Start(now)
	if a.want && !k.cfg.Auth.Later {
		a.proveUs(now)
	}
	a.check(now)
}

// proveUs begins with our own side.
func (a *authenticators) proveUs(now time.Time) {
	s := a.link.side(a.ourAuth, a.wePassed, a.weFailed)
	a.client = authMethods[a.ourAuth.Protocol].client(s)
	a.client.Start(now)
}

// acceptAnything makes the server for a peer of which nothing was demanded and
// that may use PAP all the same. Its name does not count.
func (a *authenticators) acceptAnything() proto.Server {
	s := a.link.side(wire.Auth{Protocol: wire.PAP}, nil, nil)
	return proto.NewPAPServer(proto.PAPServerConfig{
		Optional: true,
		Verify:   func(now time.Time, r *proto.AuthRequest) { a.server.Answer(now, r, true, "") },
		Log:      s.log,
	}, s.layer)
}

// serverProto is the protocol of the server's packets.
func (a *authenticators) serverProto() wire.Protocol {
	if a.wantsProof() {
		return a.peerAuth.Protocol
	}
	return wire.PAP
}

// wantsProof reports whether the peer had or has to prove who it is.
func (a *authenticators) wantsProof() bool { return a.peerAuth.Protocol != 0 }

// repeated is what to demand of a peer that has proved who it is, when LCP is
// agreed anew: challenges need its consent.
func (a *authenticators) repeated(again time.Duration) []wire.Auth {
	if again == 0 || !a.wantsProof() || a.peerAuth.Protocol == wire.PAP {
		return nil
	}
	return []wire.Auth{a.peerAuth}
}

func (a *authenticators) verify(now time.Time, r *proto.AuthRequest) {
	k, server := a.link, a.server
	if k.claims == maxClaims {
		k.unproved(now, errClaims)
		return
	}
	k.claims++
	k.cfg.Auth.Verify(&Claim{k, r, func(ok bool, message string) {
		k.post(func(now time.Time) {
			if ok {
				k.claims--
			}
			server.Answer(now, r, ok, message)
			k.flush(now)
		})
	}})
}

func (a *authenticators) peerPassed(now time.Time, _ string) {
	a.link.log.Info("peer authenticated", "name", a.server.Name(), "by", a.peerAuth)
	a.wantPeer, a.link.proveBy = false, time.Time{}
	a.check(now)
}

// unproved ends the link of a peer that has not proved who it is.
func (k *Link) unproved(now time.Time, err error) {
	k.fail(PeerAuth, "", err)
	k.close(now, PeerAuth, "Authentication failed")
}

func (a *authenticators) wePassed(now time.Time, message string) {
	a.link.log.Info("authenticated to the peer", "by", a.ourAuth, "message", message)
	a.want = false
	a.check(now)
}

func (a *authenticators) weFailed(now time.Time, err error) {
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
	if !a.wantsProof() {
		return ""
	}
	return a.server.Name()
}

// input takes a packet of an authentication protocol, and reports false when
// that protocol was not agreed.
func (a *authenticators) input(now time.Time, p wire.Protocol, info []byte) bool {
	known := false
	if a.server != nil && p == a.serverProto() {
		a.server.Input(now, info)
		known = true
	}
	if a.ourAuth.Protocol != 0 && p == a.ourAuth.Protocol {
		if a.client != nil { // else the peer asks again until we know our name
			a.client.Input(now, info)
		}
		known = true
	}
	return known
}

// networkBegun says that the peer has begun with network protocols. A client
// of EAP may wait for a Success that was lost.
func (a *authenticators) networkBegun(now time.Time) {
	if c, ok := a.client.(*proto.EAPClient); ok {
		c.NetworkBegun(now)
	}
}

// rejected takes the peer's Protocol-Reject of an authentication protocol.
func (a *authenticators) rejected(now time.Time, p wire.Protocol) bool {
	switch {
	case a.client != nil && p == a.ourAuth.Protocol && a.want:
		a.link.close(now, OurAuth, "the peer rejects "+p.String()+" that it asked for")
	case a.server != nil && p == a.serverProto() && a.wantPeer:
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
	if a.link != nil {
		a.link.challenges.forget(a.link)
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
