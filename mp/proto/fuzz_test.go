package proto

import (
	"net/netip"
	"testing"
	"time"

	"pppdial/mp/mptest"
	"pppdial/mp/wire"
)

// play hands a machine packets, each prefixed by its length, while time goes
// on; a length of 255 advances to the deadline. What the machine sends must
// stay in proportion.
func play(t *testing.T, now time.Time, m actor, sent *int, data []byte) {
	inputs := 0
	for len(data) > 0 {
		n := int(data[0])
		data = data[1:]
		inputs++
		if at := m.Deadline(); n == 255 && !at.IsZero() {
			now = at
			m.Advance(now)
			if next := m.Deadline(); !next.IsZero() && !next.After(now) {
				t.Fatalf("deadline %v at %v", next, now)
			}
			continue
		}
		n = min(n, len(data))
		now = now.Add(time.Millisecond)
		m.Input(now, data[:n:n])
		data = data[n:]
	}
	if *sent > 4*inputs+10 {
		t.Fatalf("%d packets sent for %d", *sent, inputs)
	}
}

// seeds adds packets to the corpus, all in one play and with time passing.
func seeds(f *testing.F, packets ...wire.Packet) {
	var all []byte
	for _, p := range packets {
		b := wire.AppendPacket(nil, p)
		all = append(append(all, byte(len(b))), b...)
		f.Add(append([]byte{byte(len(b))}, b...))
	}
	f.Add(all)
	f.Add(append(all, 255, 255, 255))
}

// recorded adds what pppd has said in the recorded conversations, each a play.
func recorded(f *testing.F, p wire.Protocol) {
	for _, said := range mptest.ByPPPD(uint16(p)) {
		var all []byte
		for _, b := range said {
			all = append(append(all, byte(len(b))), b...)
		}
		f.Add(all)
	}
}

func FuzzLCP(f *testing.F) {
	recorded(f, wire.LCP)
	seeds(f,
		wire.Packet{Code: confReq, ID: 1, Data: join(accm(0), auth(chapMD5), magic(0xb1), lflag(wire.LCPPFC), mrru(1500))},
		wire.Packet{Code: confNak, ID: 1, Data: join(auth(pap), mru(500))},
		wire.Packet{Code: confRej, ID: 2, Data: lflag(wire.LCPPFC)},
		wire.Packet{Code: wire.EchoRequest, ID: 9, Data: []byte{0, 0, 0, 1, 2}},
		wire.Packet{Code: wire.ProtocolReject, ID: 9, Data: []byte{0x80, 0x21, 1}},
		wire.Packet{Code: wire.Identification, ID: 9, Data: []byte("\x00\x00\x00\x01me")},
		wire.Packet{Code: termReq, ID: 3, Data: []byte("bye")})
	f.Fuzz(func(t *testing.T, data []byte) {
		cfg := usual()
		cfg.Demand, cfg.Allow = []wire.Auth{chapMD5, pap}, []wire.Auth{pap}
		cfg.MRRU, cfg.RecvSSN, cfg.EchoInterval = 1500, true, 10*time.Second
		sent, now := 0, time.Unix(0, 0)
		l := NewLCP(cfg, LCPLayer{Layer: Layer{Send: func(wire.Packet) { sent++ }}})
		l.Open(now)
		l.Up(now)
		play(t, now, l, &sent, data)
	})
}

func FuzzIPCP(f *testing.F) {
	recorded(f, wire.IPCP)
	seeds(f,
		wire.Packet{Code: confReq, ID: 1, Data: join(vj(15, true), addr("0.0.0.0"), dns(0, "0.0.0.0"))},
		wire.Packet{Code: confNak, ID: 1, Data: join(addr("10.0.0.1"), dns(0, "10.0.0.53"), vj(3, false))},
		wire.Packet{Code: confRej, ID: 2, Data: dns(1, "0.0.0.0")})
	f.Fuzz(func(t *testing.T, data []byte) {
		sent, now := 0, time.Unix(0, 0)
		p := NewIPCP(IPCPConfig{
			FSM: testFSM, Remote: sets("10.0.0.2", "10.1.0.0,255.255.0.0"), VJ: true, DNS: true,
			OurDNS: []netip.Addr{netip.MustParseAddr("10.0.0.53")},
		}, Layer{Send: func(wire.Packet) { sent++ }})
		p.Open(now)
		p.Up(now)
		play(t, now, p, &sent, data)
	})
}

func FuzzIPV6CP(f *testing.F) {
	recorded(f, wire.IPV6CP)
	seeds(f,
		wire.Packet{Code: confReq, ID: 1, Data: ifid(iid(1))},
		wire.Packet{Code: confNak, ID: 1, Data: ifid(iid(2))},
		wire.Packet{Code: confRej, ID: 2, Data: ifid(iid(2))})
	f.Fuzz(func(t *testing.T, data []byte) {
		sent, now := 0, time.Unix(0, 0)
		p := NewIPV6CP(IPV6CPConfig{FSM: testFSM, Local: iid(1)}, Layer{Send: func(wire.Packet) { sent++ }})
		p.Open(now)
		p.Up(now)
		play(t, now, p, &sent, data)
	})
}

func FuzzCCP(f *testing.F) {
	recorded(f, wire.CCP)
	seeds(f,
		wire.Packet{Code: confReq, ID: 1, Data: join(method(wire.CCPBSD, 15), method(wire.CCPDeflate, 15))},
		wire.Packet{Code: confNak, ID: 1, Data: method(wire.CCPBSD, 9)},
		wire.Packet{Code: confRej, ID: 2, Data: method(wire.CCPPredictor1, 0)},
		wire.Packet{Code: wire.ResetRequest, ID: 2},
		wire.Packet{Code: wire.ResetAck, ID: 2})
	f.Fuzz(func(t *testing.T, data []byte) {
		sent, now := 0, time.Unix(0, 0)
		p := NewCCP(CCPConfig{FSM: testFSM, Rx: everything, Tx: everything}, CCPLayer{Layer: Layer{Send: func(wire.Packet) { sent++ }}})
		p.Open(now)
		p.Up(now)
		play(t, now, p, &sent, data)
	})
}

// fuzzAuth plays with one side of an authentication.
func fuzzAuth(f *testing.F, make func(now time.Time, layer AuthLayer) Authenticator) {
	f.Fuzz(func(t *testing.T, data []byte) {
		sent, ends, now := 0, 0, time.Unix(0, 0)
		m := make(now, AuthLayer{
			Send:   func(wire.Packet) { sent++ },
			Failed: func(time.Time, error) { ends++ },
		})
		m.Start(now)
		play(t, now, m, &sent, data)
		if ends > 1 {
			t.Fatalf("failed %d times", ends)
		}
	})
}

func FuzzPAPClient(f *testing.F) {
	recorded(f, wire.PAP)
	seeds(f, wire.Packet{Code: wire.PAPAuthAck, ID: 1, Data: reply("hello")}, wire.Packet{Code: wire.PAPAuthNak, ID: 1})
	fuzzAuth(f, func(now time.Time, layer AuthLayer) Authenticator {
		return NewPAPClient(PAPClientConfig{Name: "joe", Password: "x"}, layer)
	})
}

func FuzzPAPServer(f *testing.F) {
	recorded(f, wire.PAP)
	seeds(f, wire.Packet{Code: wire.PAPAuthReq, ID: 1, Data: request("joe", "x")}, wire.Packet{Code: wire.PAPAuthReq, ID: 2})
	fuzzAuth(f, func(now time.Time, layer AuthLayer) Authenticator {
		var s *PAPServer
		s = NewPAPServer(PAPServerConfig{Verify: func(now time.Time, r *AuthRequest) { s.Answer(now, r, r.CheckSecret("x"), "") }}, layer)
		return s
	})
}

func FuzzCHAPClient(f *testing.F) {
	recorded(f, wire.CHAP)
	seeds(f, wire.Packet{Code: wire.CHAPChallenge, ID: 1, Data: value([]byte("abc"), "srv")}, wire.Packet{Code: wire.CHAPSuccess, ID: 1},
		wire.Packet{Code: wire.CHAPFailure, ID: 1})
	fuzzAuth(f, func(now time.Time, layer AuthLayer) Authenticator {
		return NewCHAPClient(CHAPClientConfig{Algorithm: wire.CHAPMD5, Name: "joe", Secret: "x"}, layer)
	})
}

func FuzzCHAPServer(f *testing.F) {
	recorded(f, wire.CHAP)
	seeds(f, wire.Packet{Code: wire.CHAPResponse, ID: 1, Data: value([]byte("abc"), "joe")})
	fuzzAuth(f, func(now time.Time, layer AuthLayer) Authenticator {
		var s *CHAPServer
		s = NewCHAPServer(CHAPServerConfig{
			Algorithm: wire.CHAPMD5, Again: time.Minute, Random: func(b []byte) { clear(b) },
			Verify: func(now time.Time, r *AuthRequest) { s.Answer(now, r, len(r.Response)%2 == 0, "") },
		}, layer)
		return s
	})
}

func FuzzMSCHAPClient(f *testing.F) {
	recorded(f, wire.CHAP)
	seeds(f, wire.Packet{Code: wire.CHAPChallenge, ID: 1, Data: value([]byte("0123456789abcdef"), "srv")},
		wire.Packet{Code: wire.CHAPFailure, ID: 1, Data: []byte("E=691 R=1 C=00112233445566778899AABBCCDDEEFF V=3 M=no")},
		wire.Packet{Code: wire.CHAPSuccess, ID: 1, Data: []byte("S=407A5589115FD0D6209F510FE9C04566932CDA56 M=yes")})
	fuzzAuth(f, func(now time.Time, layer AuthLayer) Authenticator {
		return NewCHAPClient(CHAPClientConfig{Algorithm: wire.CHAPMSv2, Name: "joe", Secret: "x"}, layer)
	})
}

func FuzzMSCHAPServer(f *testing.F) {
	recorded(f, wire.CHAP)
	seeds(f, wire.Packet{Code: wire.CHAPResponse, ID: 1, Data: value(make([]byte, 49), "joe")})
	fuzzAuth(f, func(now time.Time, layer AuthLayer) Authenticator {
		var s *CHAPServer
		s = NewCHAPServer(CHAPServerConfig{
			Algorithm: wire.CHAPMSv2, Again: time.Minute, Random: func(b []byte) { clear(b) },
			Verify: func(now time.Time, r *AuthRequest) { s.Answer(now, r, !r.CheckSecret("x"), string(r.Response)) },
		}, layer)
		return s
	})
}

func FuzzEAPClient(f *testing.F) {
	recorded(f, wire.EAP)
	seeds(f, wire.Packet{Code: wire.EAPRequest, ID: 1, Data: eapBody(wire.EAPIdentity, nil)},
		wire.Packet{Code: wire.EAPRequest, ID: 2, Data: eapBody(wire.EAPMD5, value([]byte("abc"), "srv"))},
		wire.Packet{Code: wire.EAPRequest, ID: 3, Data: eapBody(wire.EAPNotification, []byte("hello"))},
		wire.Packet{Code: wire.EAPRequest, ID: 4, Data: eapBody(25, []byte("abc"))},
		wire.Packet{Code: wire.EAPSuccess, ID: 4}, wire.Packet{Code: wire.EAPFailure, ID: 4})
	fuzzAuth(f, func(now time.Time, layer AuthLayer) Authenticator {
		return NewEAPClient(EAPClientConfig{Name: "joe", Secret: "x"}, layer)
	})
}

func FuzzEAPServer(f *testing.F) {
	recorded(f, wire.EAP)
	seeds(f, wire.Packet{Code: wire.EAPResponse, ID: 1, Data: eapBody(wire.EAPIdentity, []byte("joe"))},
		wire.Packet{Code: wire.EAPResponse, ID: 2, Data: eapBody(wire.EAPMD5, value([]byte("abcd"), "joe"))},
		wire.Packet{Code: wire.EAPResponse, ID: 3, Data: eapBody(wire.EAPNak, []byte{13})})
	fuzzAuth(f, func(now time.Time, layer AuthLayer) Authenticator {
		var s *EAPServer
		s = NewEAPServer(EAPServerConfig{
			Again: time.Minute, Random: func(b []byte) { clear(b) },
			Verify: func(now time.Time, r *AuthRequest) { s.Answer(now, r, len(r.Response)%2 == 0, "") },
		}, layer)
		return s
	})
}

func join(parts ...[]byte) (all []byte) {
	for _, p := range parts {
		all = append(all, p...)
	}
	return all
}
