package mp_test

import (
	"bytes"
	"encoding/binary"
	"errors"
	"sync"
	"testing"
	"time"

	"pppdial/mp"
	"pppdial/mp/hdlc"
	"pppdial/mp/mptest"
	"pppdial/mp/proto"
	"pppdial/mp/wire"
)

// ipcpRequest asks for the address of the scripted peer.
var ipcpRequest = wire.Packet{Code: wire.ConfigureRequest, ID: 1, Data: []byte{wire.IPCPAddress, 6, 10, 0, 0, 1}}

// raw sends octets of a protocol as they are, with all of its header.
func (s *scripted) raw(p wire.Protocol, info []byte) {
	all := hdlc.FromUint32(wire.DefaultACCM)
	s.line.Write(hdlc.AppendFrame(nil, append(wire.AppendProtocol([]byte{0xff, 0x03}, p, false), info...), &all, true))
}

// A seen is what a scripted peer was sent beside LCP, in words.
type seen struct {
	mu  sync.Mutex
	all []string
}

func (s *seen) note(p wire.Protocol, packet wire.Packet) {
	if p == wire.LCP {
		return
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.all = append(s.all, wire.Format(p, wire.AppendPacket(nil, packet)))
}

func (s *seen) want(t *testing.T, why string, n int) {
	t.Helper()
	s.mu.Lock()
	defer s.mu.Unlock()
	if len(s.all) != n {
		t.Errorf("%s: the peer was sent %q", why, s.all)
	}
}

// TestOnlyLCPBeforeItIsOpen: RFC 1661, section 3.4.
func TestOnlyLCPBeforeItIsOpen(t *testing.T) {
	bubble(t, func(t *testing.T) {
		la, lb := mptest.Pair(mptest.Config{})
		a := newEnd(t, "ann", "10.0.0.2", "10.0.0.1")
		defer a.close()
		a.start(la, func(c *mp.LinkConfig) { c.LCP.EchoInterval = 0 })
		silent := &scripted{line: lb}
		for range 3 {
			silent.send(wire.IPCP, ipcpRequest)
			silent.send(wire.PAP, wire.Packet{Code: wire.PAPAuthReq, ID: 1, Data: []byte{0, 0}})
			silent.raw(wire.IPv4, udp("10.0.0.1", "10.0.0.2", 9))
			silent.raw(0x8281, []byte{1, 1, 0, 4})
		}
		time.Sleep(2 * time.Second)
		buf := make([]byte, 4096)
		n, _ := lb.Read(buf)
		dec := hdlc.Decoder{MaxFrame: 2000}
		dec.Feed(buf[:n])
		frames := 0
		for f, ok := dec.Next(); ok; f, ok = dec.Next() {
			if frames++; !bytes.HasPrefix(f, []byte("\xff\x03\xc0\x21\x01")) {
				t.Errorf("answered by %x", f)
			}
		}
		if frames < 2 || len(a.tun.Received()) > 0 {
			t.Errorf("%d Configure-Requests, %d packets for the interface", frames, len(a.tun.Received()))
		}
		a.link.Drop(mp.Closed, "")
		a.wantLost(mp.Closed, "")
		lb.Hangup()
	})
}

// TestNoNetworkBeforeAuthentication: RFC 1661, section 3.5.
func TestNoNetworkBeforeAuthentication(t *testing.T) {
	for _, method := range allAuths {
		t.Run(method.String(), func(t *testing.T) {
			bubble(t, func(t *testing.T) {
				la, lb := mptest.Pair(mptest.Config{})
				a := newEnd(t, "ann", "10.0.0.2", "10.0.0.1")
				defer a.close()
				var s seen
				startScripted(lb, nil, []wire.Auth{method}, func(peer *scripted, p wire.Protocol, packet wire.Packet) {
					if p != method.Protocol {
						s.note(p, packet)
					}
					peer.send(wire.IPCP, ipcpRequest)
					peer.raw(wire.IPv4, udp("10.0.0.1", "10.0.0.2", 9))
				})
				a.start(la, func(c *mp.LinkConfig) {
					c.LCP.Demand = []wire.Auth{method}
					c.LCP.EchoInterval = 0
				})
				a.wantLost(mp.PeerAuth, "it does not say who it is")
				s.want(t, "nothing but authentication", 0)
				if len(a.tun.Received()) > 0 || len(a.up) > 0 {
					t.Error("the network was reached")
				}
				lb.Hangup()
			})
		})
	}
}

// TestDiscardedWhileAuthenticating: RFC 1661, section 3.5: what comes for the
// network before authentication is over, either side's, is neither answered nor
// Rejected, nor kept until then.
func TestDiscardedWhileAuthenticating(t *testing.T) {
	for _, ours := range []bool{false, true} {
		t.Run(map[bool]string{false: "the peer", true: "us"}[ours], func(t *testing.T) {
			bubble(t, func(t *testing.T) {
				la, lb := mptest.Pair(mptest.Config{})
				a := newEnd(t, "ann", "10.0.0.2", "10.0.0.1")
				defer a.close()
				a.secrets = map[string]string{"joe": "x"}
				tee := &teeLine{Line: la}
				var s seen
				demand, allow := []wire.Auth{papAuth}, []wire.Auth(nil)
				prove := wire.Packet{Code: wire.PAPAuthAck, ID: 1, Data: []byte{0}}
				if !ours {
					demand, allow = nil, []wire.Auth{papAuth}
					prove = wire.Packet{Code: wire.PAPAuthReq, ID: 1, Data: []byte("\x03joe\x01x")}
				}
				startScripted(lb, demand, allow, func(peer *scripted, p wire.Protocol, packet wire.Packet) {
					if p != wire.PAP {
						s.note(p, packet)
					}
					if p == wire.LCP {
						peer.send(wire.IPCP, ipcpRequest)
						peer.raw(wire.IPv4, udp("10.0.0.1", "10.0.0.2", 9))
					}
				})
				a.start(tee, func(c *mp.LinkConfig) {
					c.LCP.Demand, c.LCP.Allow = allow, demand
					c.LCP.EchoInterval = 0
				})
				time.Sleep(2 * time.Second)
				s.want(t, "nothing but authentication", 0)
				(&scripted{line: lb}).send(wire.PAP, prove)
				time.Sleep(100 * time.Millisecond)
				s.want(t, "our own Configure-Request, and no answer to the peer's", 1)
				if r := tee.rejects(); len(r) > 0 || len(a.tun.Received()) > 0 || a.drops("early") > 0 {
					t.Errorf("rejects %v, %d packets for the interface, %d early", r, len(a.tun.Received()), a.drops("early"))
				}
				a.link.Drop(mp.Closed, "")
				a.wantLost(mp.Closed, "")
				lb.Hangup()
			})
		})
	}
}

// TestRefusedAndStaying: RFC 1661, section 3.5: who has failed to authenticate
// itself is sent away, and so are we when we have failed, though the peer would stay.
func TestRefusedAndStaying(t *testing.T) {
	for _, ours := range []bool{false, true} {
		t.Run(map[bool]string{false: "the peer", true: "us"}[ours], func(t *testing.T) {
			bubble(t, func(t *testing.T) {
				la, lb := mptest.Pair(mptest.Config{})
				a := newEnd(t, "ann", "", "")
				defer a.close()
				begin := time.Now()
				demand, allow, kind := []wire.Auth{papAuth}, []wire.Auth(nil), mp.OurAuth
				if !ours {
					demand, allow, kind = nil, []wire.Auth{papAuth}, mp.PeerAuth
				}
				startScripted(lb, demand, allow, func(peer *scripted, p wire.Protocol, packet wire.Packet) {
					switch {
					case !ours && p == wire.LCP:
						peer.send(wire.PAP, wire.Packet{Code: wire.PAPAuthReq, ID: 1, Data: []byte("\x03joe\x01x")})
					case p == wire.PAP && packet.Code == wire.PAPAuthReq:
						peer.send(wire.PAP, wire.Packet{Code: wire.PAPAuthNak, ID: packet.ID, Data: []byte{0}})
					}
				})
				a.start(la, func(c *mp.LinkConfig) { c.LCP.Demand, c.LCP.Allow = allow, demand })
				a.wantLost(kind, "the password is wrong")
				if after := time.Since(begin); after > 5*time.Second {
					t.Errorf("lost after %v", after)
				}
				lb.Hangup()
			})
		})
	}
}

// TestLCPGoesPlain: RFC 1661, sections 5, 6.5 and 6.6; RFC 1662, section 7.1.
// Whatever was agreed, LCP has its whole header and all control characters
// escaped.
func TestLCPGoesPlain(t *testing.T) {
	bubble(t, func(t *testing.T) {
		la, lb := mptest.Pair(mptest.Config{})
		a, b := newEnd(t, "caller", "", ""), newEnd(t, "server", "10.0.0.1", "10.0.0.2")
		defer b.close()
		defer a.close()
		tee := &teeLine{Line: la}
		a.start(tee)
		b.start(lb)
		a.wantUp("")
		b.wantUp("")
		a.tun.Send(udp("10.0.0.2", "10.0.0.1", 40))
		<-b.tun.Received()
		time.Sleep(25 * time.Second) // two Echo-Requests
		a.link.Close(mp.Closed, "bye")
		a.wantLost(mp.Closed, "")
		b.wantLost(mp.PeerTerminated, "")
		lcp, others := 0, 0
		for _, f := range tee.octets() {
			if !bytes.HasPrefix(f, []byte("\xff\x7d\x23\xc0\x21")) {
				others++
				if f[0] == 0xff {
					t.Errorf("address field in %x, which needs none", f)
				}
				continue
			}
			lcp++
			for _, c := range f {
				if c < 0x20 {
					t.Errorf("%#02x as it is in %x", c, f)
				}
			}
		}
		if lcp < 5 || others < 3 {
			t.Errorf("%d frames of LCP, %d others", lcp, others)
		}
	})
}

// TestHeadersInFull: RFC 1661, sections 6.1, 6.5 and 6.6: what need not be sent
// in full may be, and 1500 octets are taken whatever MRU was agreed.
func TestHeadersInFull(t *testing.T) {
	bubble(t, func(t *testing.T) {
		la, lb := mptest.Pair(mptest.Config{})
		a, b := newEnd(t, "caller", "", ""), newEnd(t, "server", "10.0.0.1", "10.0.0.2")
		defer b.close()
		defer a.close()
		small := func(c *mp.LinkConfig) { c.LCP.MRU = 576 }
		a.start(la, small)
		b.start(lb, small)
		a.wantUp("")
		b.wantUp("")
		p := udp("10.0.0.1", "10.0.0.2", 1472)
		for _, header := range []string{"\xff\x03\x00\x21", "\x00\x21", "\xff\x03\x21", "\x21"} {
			lb.Write(hdlc.AppendFrame(nil, append([]byte(header), p...), &hdlc.ACCM{}, true))
			if got := <-a.tun.Received(); !bytes.Equal(got, p) {
				t.Errorf("header %x: %x", header, got)
			}
		}
		a.link.Close(mp.Closed, "")
		a.wantLost(mp.Closed, "")
	})
}

// TestBackToEstablish: RFC 1661, section 3.4: a Configure-Request of LCP takes
// the link back, and the network comes up again.
func TestBackToEstablish(t *testing.T) {
	bubble(t, func(t *testing.T) {
		la, lb := mptest.Pair(mptest.Config{})
		a := newEnd(t, "ann", "10.0.0.2", "10.0.0.1")
		defer a.close()
		startScripted(lb, nil, nil, func(s *scripted, p wire.Protocol, packet wire.Packet) {
			switch {
			case p == wire.LCP:
				s.send(wire.IPCP, ipcpRequest)
			case p == wire.IPCP && packet.Code == wire.ConfigureRequest:
				s.send(p, wire.Packet{Code: wire.ConfigureAck, ID: packet.ID, Data: packet.Data})
			}
		})
		a.start(la, func(c *mp.LinkConfig) { c.LCP.EchoInterval = 0 })
		a.wantUp("")
		time.Sleep(time.Minute)
		(&scripted{line: lb}).send(wire.LCP, wire.Packet{Code: wire.ConfigureRequest, ID: 77})
		if f := <-a.down; f != mp.IPv4 {
			t.Errorf("%v is down", f)
		}
		a.wantUp("the peer has begun anew")
		a.link.Drop(mp.Closed, "")
		a.wantLost(mp.Closed, "")
		lb.Hangup()
	})
}

// anew is a Configure-Request that takes an open link back.
func anew(id byte) wire.Packet { return wire.Packet{Code: wire.ConfigureRequest, ID: id} }

// TestNoGuessesByBeginningAnew: a peer that begins LCP anew instead of waiting
// for the refusal of its guess does not guess on for long.
func TestNoGuessesByBeginningAnew(t *testing.T) {
	for _, method := range []wire.Auth{papAuth, chapAuth, eapAuth} {
		t.Run(method.String(), func(t *testing.T) {
			bubble(t, func(t *testing.T) {
				la, lb := mptest.Pair(mptest.Config{Delay: 10 * time.Millisecond})
				a := newEnd(t, "server", "", "")
				defer a.close()
				guesses, asked := byte(0), 0
				guess := wire.AppendCHAPValue(nil, wire.CHAPValue{Value: make([]byte, 16), Name: "joe"})
				startScripted(lb, nil, []wire.Auth{method}, func(s *scripted, p wire.Protocol, packet wire.Packet) {
					switch body, _ := wire.ParseEAPBody(packet.Data); {
					case p == wire.LCP && method == papAuth:
						s.send(wire.PAP, wire.Packet{Code: wire.PAPAuthReq, ID: guesses, Data: []byte("\x03joe\x01x")})
					case p == wire.CHAP && packet.Code == wire.CHAPChallenge:
						s.send(p, wire.Packet{Code: wire.CHAPResponse, ID: packet.ID, Data: guess})
					case p == wire.EAP && packet.Code == wire.EAPRequest && body.Type == wire.EAPIdentity:
						s.send(p, wire.Packet{Code: wire.EAPResponse, ID: packet.ID, Data: []byte("\x01joe")})
						return
					case p == wire.EAP && packet.Code == wire.EAPRequest:
						s.send(p, wire.Packet{Code: wire.EAPResponse, ID: packet.ID, Data: append([]byte{byte(wire.EAPMD5)}, guess...)})
					default:
						return
					}
					if guesses++; guesses < 20 {
						s.send(wire.LCP, anew(100+guesses))
					}
				})
				a.start(la, func(c *mp.LinkConfig) {
					c.LCP.Demand = []wire.Auth{method}
					c.LCP.EchoInterval = 0
					c.Auth.Verify = func(claim *mp.Claim) {
						asked++
						time.AfterFunc(2*time.Second, func() { claim.Answer(false, "") })
					}
				})
				a.wantLost(mp.PeerAuth, "it does not wait for the answers")
				if asked > 3 {
					t.Errorf("%d guesses", asked)
				}
				lb.Hangup()
			})
		})
	}
}

// TestTimeToProve: the time in which a peer has to prove who it is does not
// begin again with LCP.
func TestTimeToProve(t *testing.T) {
	bubble(t, func(t *testing.T) {
		la, lb := mptest.Pair(mptest.Config{})
		a := newEnd(t, "server", "", "")
		defer a.close()
		startScripted(lb, nil, []wire.Auth{chapAuth}, func(*scripted, wire.Protocol, wire.Packet) {})
		begin := time.Now()
		a.start(la, func(c *mp.LinkConfig) {
			c.LCP.Demand = []wire.Auth{chapAuth}
			c.LCP.EchoInterval = 0
		})
		for i := range byte(5) {
			time.Sleep(7 * time.Second)
			(&scripted{line: lb}).send(wire.LCP, anew(100+i))
		}
		if f := a.wantLost(mp.PeerAuth, "it has proved nothing"); !errors.Is(f, proto.ErrAuthTimeout) {
			t.Error(f)
		}
		if after := time.Since(begin); after > 40*time.Second {
			t.Errorf("lost after %v", after)
		}
		lb.Hangup()
	})
}

// TestProofAfterBeginningAnew: a peer that can prove who it is may begin anew,
// before it has done so and, again and again, afterwards.
func TestProofAfterBeginningAnew(t *testing.T) {
	for _, method := range allAuths {
		t.Run(method.String(), func(t *testing.T) {
			bubble(t, func(t *testing.T) {
				la, lb := mptest.Pair(mptest.Config{Delay: 10 * time.Millisecond})
				a, b := newEnd(t, "caller", "", ""), newEnd(t, "server", "10.0.0.1", "10.0.0.2")
				defer b.close()
				defer a.close()
				b.secrets = map[string]string{"caller": "xyzzy"}
				a.start(la, func(c *mp.LinkConfig) { c.LCP.Allow, c.Auth.Password = []wire.Auth{method}, "xyzzy" })
				b.start(lb, func(c *mp.LinkConfig) {
					c.LCP.Demand = []wire.Auth{method}
					c.Auth.Verify = func(claim *mp.Claim) { time.AfterFunc(time.Second, func() { b.verify(claim) }) }
				})
				for i := range byte(8) {
					time.Sleep(500 * time.Millisecond)
					if i >= 2 {
						a.wantUp("")
						b.wantUp("")
						time.Sleep(time.Minute)
					}
					(&scripted{line: la}).send(wire.LCP, anew(100+i))
				}
				a.wantUp("the password is right")
				b.wantUp("the password is right")
			})
		})
	}
}

// TestLinkPacketsWithinABundle: RFC 1990, section 2: what configures, ends or
// authenticates a link is not heard with a multilink header.
func TestLinkPacketsWithinABundle(t *testing.T) {
	bubble(t, func(t *testing.T) {
		la, lb := mptest.Pair(mptest.Config{})
		a, b := newEnd(t, "caller", "", ""), newEnd(t, "server", "10.0.0.1", "10.0.0.2")
		defer b.close()
		defer a.close()
		ours, theirs := &teeLine{Line: la}, &teeLine{Line: lb}
		a.start(ours, multilinked)
		b.start(theirs, multilinked)
		a.wantUp("")
		b.wantUp("")
		time.Sleep(time.Second)
		number := uint32(0) // the last that the server has sent
		for _, f := range theirs.frames() {
			if p, info, err := wire.ParseProtocol(bytes.TrimPrefix(f, []byte("\xff\x03"))); err == nil && p == wire.MP {
				number = binary.BigEndian.Uint32(info) & 0xffffff
			}
		}
		before := len(ours.frames())
		for _, within := range []string{"\xc0\x21\x05\x09\x00\x04", "\xc0\x21\x01\x09\x00\x04", "\xc0\x23\x01\x09\x00\x06\x00\x00", "\xc2\x23\x01\x09\x00\x06\x01x"} {
			number++
			header := binary.BigEndian.AppendUint32([]byte("\xff\x03\x00\x3d"), 0xc0<<24|number)
			lb.Write(hdlc.AppendFrame(nil, append(header, within...), &hdlc.ACCM{}, true))
		}
		number++
		p := udp("10.0.0.1", "10.0.0.2", 9)
		lb.Write(hdlc.AppendFrame(nil, append(binary.BigEndian.AppendUint32([]byte("\xff\x03\x00\x3d"), 0xc0<<24|number), append([]byte{0, 0x21}, p...)...), &hdlc.ACCM{}, true))
		if got := <-a.tun.Received(); !bytes.Equal(got, p) {
			t.Errorf("the packet behind them came as %x", got)
		}
		time.Sleep(time.Second)
		if after := ours.frames(); len(after) != before || len(a.lost) > 0 {
			t.Errorf("answered by %x", after[before:])
		}
	})
}
