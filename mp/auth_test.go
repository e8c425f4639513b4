package mp_test

import (
	"errors"
	"testing"
	"time"

	"pppdial/mp"
	"pppdial/mp/hdlc"
	"pppdial/mp/mptest"
	"pppdial/mp/proto"
	"pppdial/mp/wire"
)

var (
	papAuth    = wire.Auth{Protocol: wire.PAP}
	chapAuth   = wire.Auth{Protocol: wire.CHAP, Algorithm: wire.CHAPMD5}
	mschapAuth = wire.Auth{Protocol: wire.CHAP, Algorithm: wire.CHAPMSv2}
	eapAuth    = wire.Auth{Protocol: wire.EAP}
	allAuths   = []wire.Auth{papAuth, chapAuth, mschapAuth, eapAuth}
)

// TestAuthBothWays has each side prove itself, by each pair of protocols, and
// again every minute.
func TestAuthBothWays(t *testing.T) {
	for _, ours := range allAuths {
		for _, theirs := range allAuths {
			t.Run(ours.String()+" and "+theirs.String(), func(t *testing.T) {
				bubble(t, func(t *testing.T) {
					la, lb := mptest.Pair(mptest.Config{Delay: 10 * time.Millisecond})
					a, b := newEnd(t, "ann", "", ""), newEnd(t, "bob", "10.0.0.1", "10.0.0.2")
					defer b.close()
					defer a.close()
					a.secrets, b.secrets = map[string]string{"bob": "bobs"}, map[string]string{"ann": "anns"}
					a.start(la, func(c *mp.LinkConfig) {
						c.LCP.Allow, c.LCP.Demand = []wire.Auth{ours}, []wire.Auth{theirs}
						c.Auth.Password, c.Auth.Again = "anns", time.Minute
					})
					b.start(lb, func(c *mp.LinkConfig) {
						c.LCP.Allow, c.LCP.Demand = []wire.Auth{theirs}, []wire.Auth{ours}
						c.Auth.Password, c.Auth.Again = "bobs", time.Minute
					})
					a.wantUp("both know the secrets")
					b.wantUp("both know the secrets")
					time.Sleep(5 * time.Minute)
					select {
					case f := <-a.lost:
						t.Errorf("link lost: %v", f)
					default:
					}
				})
			})
		}
	}
}

// TestAuthChoice has the peer choose among what both can.
func TestAuthChoice(t *testing.T) {
	bubble(t, func(t *testing.T) {
		la, lb := mptest.Pair(mptest.Config{})
		a, b := newEnd(t, "ann", "", ""), newEnd(t, "bob", "10.0.0.1", "10.0.0.2")
		defer b.close()
		defer a.close()
		claims := make(chan wire.Auth, 1)
		a.start(la, func(c *mp.LinkConfig) {
			c.LCP.Allow = []wire.Auth{eapAuth, papAuth}
			c.Auth.Password = "anns"
		})
		b.start(lb, func(c *mp.LinkConfig) {
			c.LCP.Demand = []wire.Auth{mschapAuth, chapAuth, eapAuth, papAuth}
			c.Auth.Verify = func(c *mp.Claim) { claims <- c.Method; c.Answer(c.CheckSecret("anns"), "") }
		})
		a.wantUp("EAP is what both can")
		b.wantUp("EAP is what both can")
		if m := <-claims; m != eapAuth {
			t.Errorf("authenticated by %v, want %v", m, eapAuth)
		}
	})
}

// TestImpostor is a server that takes everybody in without knowing the secret.
func TestImpostor(t *testing.T) {
	bubble(t, func(t *testing.T) {
		la, lb := mptest.Pair(mptest.Config{})
		a, b := newEnd(t, "ann", "", ""), newEnd(t, "bob", "10.0.0.1", "10.0.0.2")
		defer b.close()
		defer a.close()
		a.start(la, func(c *mp.LinkConfig) {
			c.LCP.Allow = []wire.Auth{mschapAuth}
			c.Auth.Password = "anns"
		})
		b.start(lb, func(c *mp.LinkConfig) {
			c.LCP.Demand = []wire.Auth{mschapAuth}
			c.Auth.Verify = func(c *mp.Claim) { c.Answer(true, "S=0123456789ABCDEF0123456789ABCDEF01234567 M=hello") }
		})
		if f := a.wantLost(mp.OurAuth, "the proof is wrong"); !errors.Is(f, proto.ErrAuthUnproved) {
			t.Errorf("lost with %v, want %v", f, proto.ErrAuthUnproved)
		}
		b.wantLost(mp.PeerTerminated, "the caller has noticed")
	})
}

// A scripted peer speaks LCP like others and everything else as told.
type scripted struct {
	line *mptest.Line
	lcp  *proto.LCP
	on   func(p wire.Protocol, packet wire.Packet)
}

// startScripted starts one whose answers to packets come from on, which is
// asked for the first time when LCP is open, with no packet of LCP. It ends
// with its line.
func startScripted(line *mptest.Line, demand, allow []wire.Auth, on func(s *scripted, p wire.Protocol, packet wire.Packet)) {
	s := &scripted{line: line}
	s.on = func(p wire.Protocol, packet wire.Packet) { on(s, p, packet) }
	s.lcp = proto.NewLCP(proto.LCPConfig{Demand: demand, Allow: allow}, proto.LCPLayer{
		Layer: proto.Layer{
			Send: func(p wire.Packet) { s.send(wire.LCP, p) },
			Up:   func(time.Time) { on(s, wire.LCP, wire.Packet{}) },
		}})
	go func() {
		s.lcp.Open(time.Now())
		s.lcp.Up(time.Now())
		dec := hdlc.Decoder{MaxFrame: 2000}
		for buf := make([]byte, 512); ; {
			n, err := line.Read(buf)
			if err != nil {
				return
			}
			dec.Feed(buf[:n])
			for frame, ok := dec.Next(); ok; frame, ok = dec.Next() {
				s.frame(frame)
			}
		}
	}()
}

func (s *scripted) frame(frame []byte) {
	p, info, err := wire.ParseProtocol(frame[2:])
	if err != nil {
		return
	}
	if p == wire.LCP {
		s.lcp.Input(time.Now(), info)
		return
	}
	if packet, err := wire.ParsePacket(info); err == nil {
		s.on(p, packet)
	}
}

func (s *scripted) send(p wire.Protocol, packet wire.Packet) {
	frame := wire.AppendPacket(wire.AppendProtocol([]byte{0xff, 0x03}, p, false), packet)
	all := hdlc.FromUint32(wire.DefaultACCM)
	s.line.Write(hdlc.AppendFrame(nil, frame, &all, true))
}

// TestReflection is a peer that has us answer the challenge that we sent it by
// another protocol with the same responses.
func TestReflection(t *testing.T) {
	bubble(t, func(t *testing.T) {
		la, lb := mptest.Pair(mptest.Config{})
		a := newEnd(t, "ann", "", "")
		defer a.close()
		startScripted(lb, []wire.Auth{chapAuth}, []wire.Auth{eapAuth}, func(s *scripted, p wire.Protocol, packet wire.Packet) {
			body, err := wire.ParseEAPBody(packet.Data)
			switch {
			case p == wire.CHAP:
				t.Errorf("our own challenge is answered: %s", wire.Format(p, wire.AppendPacket(nil, packet)))
			case p != wire.EAP || packet.Code != wire.EAPRequest || err != nil:
			case body.Type == wire.EAPIdentity:
				packet.Code, packet.Data = wire.EAPResponse, []byte("\x01thief")
				s.send(p, packet)
			case body.Type == wire.EAPMD5:
				s.send(wire.CHAP, wire.Packet{Code: wire.CHAPChallenge, ID: packet.ID, Data: body.Data})
			}
		})
		a.start(la, func(c *mp.LinkConfig) {
			c.LCP.Allow, c.LCP.Demand = []wire.Auth{chapAuth}, []wire.Auth{eapAuth}
			c.LCP.EchoInterval = 0
			c.Auth.Password = "same"
		})
		if f := a.wantLost(mp.OurAuth, "the challenge is ours"); !errors.Is(f, proto.ErrAuthReflected) {
			t.Errorf("lost with %v, want %v", f, proto.ErrAuthReflected)
		}
		lb.Hangup()
	})
}

// TestReflectionByAnotherLink is a peer that takes the challenge of one call to
// another, after a third has had us make a lot of them.
func TestReflectionByAnotherLink(t *testing.T) {
	bubble(t, func(t *testing.T) {
		first, peer1 := mptest.Pair(mptest.Config{})
		second, peer2 := mptest.Pair(mptest.Config{})
		third, peer3 := mptest.Pair(mptest.Config{})
		a := newEnd(t, "ann", "", "")
		defer a.close()
		stolen, many := make(chan []byte, 1), make(chan bool)
		startScripted(peer1, nil, []wire.Auth{chapAuth}, func(s *scripted, p wire.Protocol, packet wire.Packet) {
			if p == wire.CHAP && packet.Code == wire.CHAPChallenge {
				stolen <- packet.Data
			}
		})
		made := 0
		startScripted(peer3, nil, []wire.Auth{chapAuth}, func(s *scripted, p wire.Protocol, packet wire.Packet) {
			if p != wire.CHAP || packet.Code != wire.CHAPChallenge {
				return
			}
			switch made++; {
			case made < 300:
				s.send(wire.LCP, anew(byte(100+made)))
			case made == 300:
				close(many)
			}
		})
		startScripted(peer2, []wire.Auth{chapAuth}, nil, func(s *scripted, p wire.Protocol, packet wire.Packet) {
			switch {
			case p == wire.LCP:
				<-many
				s.send(wire.CHAP, wire.Packet{Code: wire.CHAPChallenge, ID: 1, Data: <-stolen})
			case p == wire.CHAP:
				t.Errorf("our own challenge is answered: %s", wire.Format(p, wire.AppendPacket(nil, packet)))
			}
		})
		demanding := func(c *mp.LinkConfig) {
			c.LCP.Demand = []wire.Auth{chapAuth}
			c.LCP.EchoInterval = 0
		}
		a.start(first, demanding)
		victim := a.link
		a.start(third, demanding)
		busy := a.link
		a.start(second, func(c *mp.LinkConfig) {
			c.LCP.Allow = []wire.Auth{chapAuth}
			c.LCP.EchoInterval = 0
			c.Auth.Password = "same"
		})
		if f := a.wantLost(mp.OurAuth, "the challenge is of our other link"); !errors.Is(f, proto.ErrAuthReflected) {
			t.Errorf("lost with %v, want %v", f, proto.ErrAuthReflected)
		}
		victim.Drop(mp.Closed, "")
		busy.Drop(mp.Closed, "")
		peer1.Hangup()
		peer2.Hangup()
		peer3.Hangup()
	})
}

// TestLostSuccess is an authenticator whose Success never comes, and that goes
// on with IPCP.
func TestLostSuccess(t *testing.T) {
	bubble(t, func(t *testing.T) {
		la, lb := mptest.Pair(mptest.Config{})
		a := newEnd(t, "ann", "10.0.0.2", "10.0.0.1")
		defer a.close()
		startScripted(lb, []wire.Auth{eapAuth}, nil, func(s *scripted, p wire.Protocol, packet wire.Packet) {
			address := wire.AppendOption(nil, wire.Option{Type: wire.IPCPAddress, Data: []byte{10, 0, 0, 1}})
			switch {
			case p == wire.LCP:
				s.send(wire.EAP, wire.Packet{Code: wire.EAPRequest, ID: 1, Data: []byte{byte(wire.EAPIdentity)}})
			case p == wire.EAP && packet.ID == 1:
				s.send(p, wire.Packet{Code: wire.EAPRequest, ID: 2, Data: []byte("\x04\x10" + "0123456789abcdef")})
			case p == wire.EAP:
				s.send(wire.IPCP, wire.Packet{Code: wire.ConfigureRequest, ID: 1, Data: address})
			case p == wire.IPCP && packet.Code == wire.ConfigureRequest:
				s.send(p, wire.Packet{Code: wire.ConfigureAck, ID: packet.ID, Data: packet.Data})
			}
		})
		a.start(la, func(c *mp.LinkConfig) {
			c.LCP.Allow = []wire.Auth{eapAuth}
			c.LCP.EchoInterval = 0
			c.Auth.Password = "anns"
		})
		a.wantUp("IPCP says that we are in")
		a.link.Drop(mp.Closed, "")
		a.wantLost(mp.Closed, "")
		lb.Hangup()
	})
}

// TestRefusedAndHungUp: a peer that sends us away because we have no name, and
// hangs up at once, is not taken for a bad line.
func TestRefusedAndHungUp(t *testing.T) {
	bubble(t, func(t *testing.T) {
		la, lb := mptest.Pair(mptest.Config{})
		a, b := newEnd(t, "ann", "", ""), newEnd(t, "bob", "10.0.0.1", "10.0.0.2")
		defer b.close()
		defer a.close()
		a.start(la)
		b.start(lb, func(c *mp.LinkConfig) { c.LCP.Demand = []wire.Auth{papAuth} })
		b.wantLost(mp.PeerAuth, "the caller has no name")
		lb.Hangup()
		var refused *proto.AuthRefused
		if f := a.wantLost(mp.OurAuth, "the server wants a name"); !errors.As(f, &refused) {
			t.Error(f)
		}
	})
}

// TestUnaskedPAP: a peer that need not prove itself and does so is believed.
func TestUnaskedPAP(t *testing.T) {
	bubble(t, func(t *testing.T) {
		la, lb := mptest.Pair(mptest.Config{})
		a := newEnd(t, "ann", "", "")
		defer a.close()
		answers := make(chan wire.Code, 9)
		startScripted(lb, nil, nil, func(s *scripted, p wire.Protocol, packet wire.Packet) {
			switch p {
			case wire.LCP:
				s.send(wire.PAP, wire.Packet{Code: wire.PAPAuthReq, ID: 1, Data: []byte("\x03joe\x01x")})
			case wire.PAP:
				answers <- packet.Code
			}
		})
		a.start(la, noEcho)
		if code := <-answers; code != wire.PAPAuthAck {
			t.Errorf("answered by code %d", code)
		}
		a.link.Drop(mp.Closed, "")
		a.wantLost(mp.Closed, "")
		lb.Hangup()
	})
}
