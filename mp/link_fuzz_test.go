package mp_test

import (
	"crypto/md5"
	"slices"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"pppdial/mp"
	"pppdial/mp/hdlc"
	"pppdial/mp/mptest"
	"pppdial/mp/proto"
	"pppdial/mp/wire"
)

// A mischief is a peer that says right and wrong things in any order to a
// whole link, and watches what that says and does.
//
// What it checks are necessary conditions: no packet of a network protocol,
// control or data, before authentication, and none of that without the password;
// no datagram either way before both
// sides have acknowledged the protocol's configuration; no more frames than
// what came and the restart timer ask for, and none at all from a link that has
// been left alone for long.
type mischief struct {
	t      *testing.T
	end    *end
	line   *mptest.Line
	demand wire.Protocol // 0: the link demands nothing

	mu  sync.Mutex
	raw []byte // from the link, not looked at yet

	dec     hdlc.Decoder
	request map[wire.Protocol]wire.Packet // its last Configure-Request
	// What has been said in this life of LCP.
	opened bool                   // the link has said what it says only when LCP is open
	proven bool                   // and has accepted our name
	acked  map[wire.Protocol]bool // it has acknowledged our configuration
	ours   map[wire.Protocol]bool // and we have acknowledged its own
	right  bool                   // we have said the password, or the response to a challenge
	value  []byte                 // of its last challenge
	id     byte
	sent   int // frames by the link
	inputs int // to it
	over   bool
}

var escapeAll = hdlc.FromUint32(0xffffffff)

// wrong ends the game.
func (m *mischief) wrong(format string, args ...any) {
	m.t.Errorf(format, args...)
	m.over = true
}

// send sends a frame; its protocol and content may be nonsense.
func (m *mischief) send(p wire.Protocol, info []byte) {
	m.inputs++
	frame := append(wire.AppendProtocol([]byte{0xff, 0x03}, p, false), info...)
	m.line.Write(hdlc.AppendFrame(nil, frame, &escapeAll, true))
	m.look()
}

func (m *mischief) packet(p wire.Protocol, code wire.Code, id byte, data []byte) {
	if code == wire.ConfigureAck {
		m.ours[p] = true
	}
	m.send(p, wire.AppendPacket(nil, wire.Packet{Code: code, ID: id, Data: data}))
}

// look reads what the link has said.
func (m *mischief) look() {
	synctest.Wait()
	m.mu.Lock()
	raw := m.raw
	m.raw = nil
	m.mu.Unlock()
	m.dec.Feed(raw)
	for {
		f, ok := m.dec.Next()
		if !ok {
			break
		}
		m.sent++
		m.frame(f)
	}
	for {
		select {
		case p := <-m.end.tun.Received():
			proto := wire.Protocol(wire.IPv4)
			if p[0]>>4 == 6 {
				proto = wire.IPv6
			}
			m.mayCarry(proto, "delivers")
			continue
		case <-m.end.lost:
			m.over = true
		case <-m.end.up:
			continue
		case <-m.end.down:
			continue
		case <-m.end.demand:
			continue
		default:
		}
		break
	}
	// Each input may be answered, and NCPs begin at most four conversations,
	// each with ten requests; every input may begin them anew.
	if m.sent > 60*(m.inputs+1) {
		m.wrong("%d frames for %d", m.sent, m.inputs)
	}
}

var ncpOf = map[wire.Protocol]wire.Protocol{wire.IPv4: wire.IPCP, wire.IPv6: wire.IPV6CP, wire.VJCompressed: wire.IPCP, wire.VJUncompressed: wire.IPCP, wire.Compressed: wire.CCP}

func (m *mischief) mayCarry(p wire.Protocol, verb string) {
	ncp := ncpOf[p]
	if !m.acked[ncp] || !m.ours[ncp] {
		m.wrong("the link %s %v before %v is open", verb, p, ncp)
	}
	m.mayNegotiate(p, verb)
}

func (m *mischief) mayNegotiate(p wire.Protocol, verb string) {
	if !m.acked[wire.LCP] || !m.ours[wire.LCP] {
		m.wrong("the link %s %v before LCP is open", verb, p)
	}
	if m.demand != 0 && !m.proven {
		m.wrong("the link %s %v before we have proved who we are", verb, p)
	}
}

// frame takes a frame of the link's.
func (m *mischief) frame(f []byte) {
	if len(f) > 2 && f[0] == 0xff {
		f = f[2:]
	}
	p, info, err := wire.ParseProtocol(f)
	if err != nil {
		m.wrong("the link sends the frame % x", f)
		return
	}
	switch p {
	case wire.IPv4, wire.IPv6, wire.VJCompressed, wire.VJUncompressed, wire.Compressed:
		m.mayCarry(p, "sends")
		return
	case wire.MP:
		m.opened = true
		m.mayNegotiate(p, "sends")
		return
	}
	m.opened = m.opened || p != wire.LCP
	pkt, err := wire.ParsePacket(info)
	if err != nil {
		m.wrong("the link sends %v % x", p, info)
		return
	}
	switch p {
	case wire.LCP:
		switch pkt.Code {
		case wire.ConfigureRequest:
			m.request[p] = clone(pkt)
			if m.opened { // it begins anew
				m.opened, m.proven, m.acked, m.ours = false, false, map[wire.Protocol]bool{}, map[wire.Protocol]bool{}
			}
		case wire.ConfigureAck:
			m.acked[p] = true
		}
	case wire.PAP:
		if pkt.Code == wire.PAPAuthAck {
			m.accepted()
		}
	case wire.CHAP:
		switch pkt.Code {
		case wire.CHAPChallenge:
			if v, err := wire.ParseCHAPValue(pkt.Data); err == nil {
				m.value, m.id = v.Value, pkt.ID
			}
		case wire.CHAPSuccess:
			m.accepted()
		}
	case wire.IPCP, wire.IPV6CP, wire.CCP:
		m.mayNegotiate(p, "sends")
		switch pkt.Code {
		case wire.ConfigureRequest:
			m.request[p] = clone(pkt)
		case wire.ConfigureAck:
			m.acked[p] = true
		}
	}
}

// accepted says that the link has let us in.
func (m *mischief) accepted() {
	if m.proven = true; m.demand != 0 && !m.right {
		m.wrong("the link lets us in, though we have never said the password")
	}
}

func clone(p wire.Packet) wire.Packet {
	p.Data = append([]byte(nil), p.Data...)
	return p
}

// protocols are what the peer speaks, or does not.
var mischiefProtocols = []wire.Protocol{
	wire.LCP, wire.PAP, wire.CHAP, wire.IPCP, wire.IPV6CP, wire.CCP, wire.EAP, wire.MP,
	wire.IPv4, wire.IPv6, wire.VJCompressed, wire.VJUncompressed, wire.Compressed, 0x8057 ^ 1, 0xc025, 0x00ff,
}

// goodOptions are configurations that are acceptable, mostly.
func goodOptions(p wire.Protocol) []byte {
	switch p {
	case wire.LCP:
		return wire.AppendUint32(nil, 5, 0x12345678)
	case wire.IPCP:
		return []byte{3, 6, 10, 0, 0, 2}
	case wire.IPV6CP:
		return []byte{1, 10, 0, 0, 0, 0, 0, 0, 0, 2}
	}
	return nil
}

// play does what the script says: an octet that says what, and octets that say
// how.
func (m *mischief) play(script []byte) {
	next := func() byte {
		if len(script) == 0 {
			return 0
		}
		b := script[0]
		script = script[1:]
		return b
	}
	rest := func(n int) []byte {
		n = min(n, len(script))
		b := script[:n]
		script = script[n:]
		return b
	}
	for len(script) > 0 && !m.over {
		op := next()
		p := mischiefProtocols[op>>4]
		switch op & 15 {
		case 0:
			time.Sleep(time.Duration(next()) * 50 * time.Millisecond)
			m.inputs++ // the restart timer may have something to say
			m.look()
		case 1: // what it asks for
			if r, ok := m.request[p]; ok {
				m.packet(p, wire.ConfigureAck, r.ID, r.Data)
			}
		case 2:
			m.id++
			m.packet(p, wire.ConfigureRequest, m.id, goodOptions(p))
		case 3:
			m.id++
			m.packet(p, wire.ConfigureRequest, m.id, rest(int(next())))
		case 4:
			if r, ok := m.request[p]; ok {
				m.packet(p, wire.ConfigureNak+wire.Code(next()&1), r.ID, rest(int(next()&31)))
			}
		case 5: // a name and a password, right or wrong
			switch m.demand {
			case wire.CHAP:
				value := md5.Sum(append(append([]byte{m.id}, "secret"...), m.value...))
				if next()&1 == 1 {
					value[0]++
				} else {
					m.right = true
				}
				m.packet(wire.CHAP, wire.CHAPResponse, m.id, wire.AppendCHAPValue(nil, wire.CHAPValue{Value: value[:], Name: "peer"}))
			default:
				password := []string{"secret", "Secret"}[next()&1]
				m.right = m.right || password == "secret"
				m.packet(wire.PAP, wire.PAPAuthReq, m.id, wire.AppendPAPRequest(nil, wire.PAPRequest{PeerID: "peer", Password: password}))
			}
		case 6:
			m.send(wire.IPv4, udp("10.0.0.2", "10.0.0.1", int(next())))
		case 7:
			m.send(wire.MP, append([]byte{next() & 0xc0, 0, 0, next()}, rest(int(next()))...))
		case 8:
			m.end.tun.Send(udp("10.0.0.1", "10.0.0.2", int(next())))
			m.inputs++
			m.look()
		case 9:
			m.packet(p, wire.TerminateRequest+wire.Code(next()&3), next(), rest(int(next()&15)))
		case 10: // no frame at all
			m.inputs++
			m.line.Write(rest(int(next())))
			m.look()
		case 11:
			m.packet(wire.LCP, wire.ProtocolReject, next(), append(wire.AppendProtocol(nil, p, false), rest(int(next()&15))...))
		case 12:
			m.packet(wire.LCP, wire.EchoRequest, next(), []byte{0, 0, 0, 0})
		case 13:
			m.packet(p, wire.Code(next()), next(), rest(int(next())))
		default:
			m.send(p, rest(int(next())))
		}
	}
}

// FuzzLink: whatever a peer says, in whatever phase, the conditions hold.
func FuzzLink(f *testing.F) {
	const auth0, pap, chap, mp4 = 0, 1, 2, 4
	open := []byte{0x01, 0x02} // LCP: acknowledge, ask
	both := []byte{0x31, 0x32, 0x41, 0x42}
	data := []byte{0x06, 40, 0x08, 40, 0x18, 40, 0x00, 20}
	add := func(kind byte, parts ...[]byte) {
		script := []byte{kind}
		for _, p := range parts {
			script = append(script, p...)
		}
		f.Add(script)
	}
	for _, kind := range []byte{auth0, pap, chap} {
		add(kind, open, []byte{0x05, 0}, both, data)
		add(kind, open, []byte{0x05, 1}, both, data)                     // a wrong password
		add(kind, open, both, data)                                      // none
		add(kind, open, []byte{0x05, 0}, both, data, open, both, data)   // LCP anew
		add(kind, open, []byte{0x05, 0}, both, []byte{0x09, 0, 7}, data) // Terminate-Request
		add(kind|mp4, []byte{0x01, 0x03, 4, 17, 4, 5, 220}, []byte{0x05, 0}, both, []byte{0x07, 0xc0, 0, 10, 0x80, 0x21, 1, 2, 3, 4, 5, 6, 7, 8}, data)
	}
	add(pap, []byte{0x06, 40, 0x32, 0x42}, open, both, data)
	add(auth0, []byte{0x00, 255, 0x00, 255, 0x0c, 1, 0x3b, 1, 0, 0x1b, 2, 0}, open, both)
	for _, c := range mptest.Conversations() {
		f.Add(retold(c))
	}
	f.Fuzz(func(t *testing.T, script []byte) {
		if len(script) == 0 || len(script) > 2000 {
			return
		}
		synctest.Test(t, func(t *testing.T) { mischieve(t, script[0], script[1:]) })
	})
}

// retold is a script in which the peer says what pppd has said. Where that has
// acknowledged our configuration, or has authenticated itself, it does so as the
// play has it.
func retold(c mptest.Conversation) []byte {
	script := []byte{0}
	for _, said := range c.Frames {
		p := wire.Protocol(said.Protocol)
		op := byte(slices.Index(mischiefProtocols, p)) << 4
		pkt, err := wire.ParsePacket(said.Info)
		switch {
		case said.Sent:
			if p == wire.MP {
				script[0] |= 4
			}
		case p == wire.PAP && err == nil && pkt.Code == wire.PAPAuthReq:
			script[0] |= 1
			script = append(script, 5, 0)
		case p == wire.CHAP && err == nil && pkt.Code == wire.CHAPResponse:
			script[0] |= 2
			script = append(script, 5, 0)
		case p >= 0x8000 && err == nil && pkt.Code == wire.ConfigureAck:
			script = append(script, op|1)
		default:
			info := said.Info[:min(len(said.Info), 255)]
			script = append(append(script, op|14, byte(len(info))), info...)
		}
	}
	return script
}

func mischieve(t *testing.T, kind byte, script []byte) {
	near, far := mptest.Pair(mptest.Config{})
	e := newEndWith(t, "us", "10.0.0.1", "10.0.0.2", func(c *mp.BundleConfig) {
		c.Log = nil
		c.IPV6CP = &proto.IPV6CPConfig{}
		c.CCP = &proto.CCPConfig{Tx: []proto.Compressor{{Type: wire.CCPDeflate, Bits: 15}}, Rx: []proto.Compressor{{Type: wire.CCPDeflate, Bits: 15}}}
	})
	e.secrets = map[string]string{"peer": "secret"}
	m := &mischief{
		t: t, end: e, line: far, request: map[wire.Protocol]wire.Packet{},
		acked: map[wire.Protocol]bool{}, ours: map[wire.Protocol]bool{}, dec: hdlc.Decoder{MaxFrame: 1 << 14},
	}
	read := make(chan struct{})
	go func() {
		defer close(read)
		for buf := make([]byte, 4096); ; {
			n, err := far.Read(buf)
			if err != nil {
				return
			}
			m.mu.Lock()
			m.raw = append(m.raw, buf[:n]...)
			m.mu.Unlock()
		}
	}()
	e.start(near, func(c *mp.LinkConfig) {
		c.Log, c.LCP.EchoInterval = nil, 0
		switch kind & 3 {
		case 1:
			m.demand, c.LCP.Demand = wire.PAP, []wire.Auth{papAuth}
		case 2:
			m.demand, c.LCP.Demand = wire.CHAP, []wire.Auth{chapAuth}
		}
		if kind&4 != 0 {
			c.LCP.MRRU = 1500
		}
	})
	m.look()
	m.play(script)
	// Left alone, the link comes to rest.
	time.Sleep(time.Hour)
	m.look()
	if before := m.sent; !m.over {
		time.Sleep(time.Hour)
		if m.look(); m.sent != before {
			t.Errorf("%d frames in an hour in which nothing has happened", m.sent-before)
		}
	}
	e.close()
	far.Hangup()
	<-read
}
