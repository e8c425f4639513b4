package main

import (
	"context"
	"encoding/binary"
	"io"
	"net/netip"

	"pppdial/dial/dialtest"
	"pppdial/mp/hdlc"
	"pppdial/mp/wire"
)

// An operator is the PPP within a cellular modem: it takes any name and password
// before it has asked the network, and gives the addresses that the network has
// given it.
type operator struct {
	addr    netip.Addr     // for us; the zero Addr: the network has refused us
	network *packetNetwork // where its packets go; nil: nowhere

	secretive bool // tells no address of its own
	gone      bool // the network ends the context as soon as there are addresses

	dumb     bool    // says nothing at all
	open     bool    // asks for no name
	nameless bool    // the network refuses all who have a name
	refusal  refusal // how the modem puts it that the network has refused us
}

// A refusal is what a modem says that has let us in too soon.
type refusal uint8

const (
	emptyNak refusal = iota // an IPCP Nak of nothing
	zeroNak                 // the address that is none
	hangUp
	terminate
)

func (o operator) service() dialtest.Service {
	return dialtest.Func(func(_ context.Context, c io.ReadWriteCloser) {
		s := &operatorSession{operator: o, w: c}
		var d hdlc.Decoder
		buf := make([]byte, 4096)
		for !s.over {
			n, err := c.Read(buf)
			if err != nil {
				return
			}
			d.Feed(buf[:n])
			for {
				frame, ok := d.Next()
				if !ok {
					break
				}
				if !s.dumb {
					s.take(frame)
				}
			}
		}
	})
}

// An operatorSession is one call.
type operatorSession struct {
	operator
	w    io.Writer
	over bool
	name string // that we have given
}

var all32 = hdlc.FromUint32(0xffffffff)

func (s *operatorSession) send(p wire.Protocol, pkt wire.Packet) {
	b := wire.AppendPacket(wire.AppendProtocol([]byte{0xff, 0x03}, p, false), pkt)
	s.w.Write(hdlc.AppendFrame(nil, b, &all32, true))
}

func (s *operatorSession) take(frame []byte) {
	if len(frame) > 2 && frame[0] == 0xff && frame[1] == 0x03 {
		frame = frame[2:]
	}
	p, info, err := wire.ParseProtocol(frame)
	if err != nil {
		return
	}
	pkt, err := wire.ParsePacket(info)
	if err != nil && p != wire.IPv4 {
		return
	}
	switch p {
	case wire.LCP:
		s.lcp(pkt)
	case wire.CHAP: // whatever it says
		if pkt.Code == 2 {
			if v, err := wire.ParseCHAPValue(pkt.Data); err == nil {
				s.name = string(v.Name)
			}
			s.send(wire.CHAP, wire.Packet{Code: 3, ID: pkt.ID, Data: []byte("Congratulations!")})
		}
	case wire.IPCP:
		s.ipcp(pkt)
	case wire.IPv4:
		if s.network == nil {
			return
		}
		if answer := s.network.answer(info); answer != nil {
			b := wire.AppendProtocol([]byte{0xff, 0x03}, wire.IPv4, false)
			s.w.Write(hdlc.AppendFrame(nil, append(b, answer...), &all32, true))
		}
	case wire.VJCompressed, wire.VJUncompressed:
	default:
		rejected := binary.BigEndian.AppendUint16(nil, uint16(p))
		s.send(wire.LCP, wire.Packet{Code: wire.ProtocolReject, ID: 1, Data: append(rejected, info...)})
	}
}

func (s *operatorSession) lcp(pkt wire.Packet) {
	switch pkt.Code {
	case wire.ConfigureRequest:
		chap := wire.AppendAuth(nil, wire.Auth{Protocol: wire.CHAP, Algorithm: wire.CHAPMD5})
		if s.open {
			chap = nil
		}
		s.send(wire.LCP, wire.Packet{Code: wire.ConfigureRequest, ID: 1, Data: chap})
		s.send(wire.LCP, wire.Packet{Code: wire.ConfigureAck, ID: pkt.ID, Data: pkt.Data})
	case wire.ConfigureAck:
		if s.open {
			return
		}
		challenge := wire.AppendCHAPValue(nil, wire.CHAPValue{Value: []byte("0123456789abcdef"), Name: "UMTS_CHAP_SRVR"})
		s.send(wire.CHAP, wire.Packet{Code: 1, ID: 1, Data: challenge})
	case wire.EchoRequest:
		s.send(wire.LCP, wire.Packet{Code: wire.EchoReply, ID: pkt.ID, Data: make([]byte, 4)})
	case wire.TerminateRequest:
		s.send(wire.LCP, wire.Packet{Code: wire.TerminateAck, ID: pkt.ID})
		s.over = true
	}
}

const ipcpAddress = 3 // RFC 1332, section 3.3

func (s *operatorSession) ipcp(pkt wire.Packet) {
	switch {
	case pkt.Code == wire.ConfigureAck && s.gone:
		s.over = true
	case pkt.Code != wire.ConfigureRequest:
	case !s.addr.IsValid(), s.nameless && s.name != "":
		s.refuse(pkt)
	default:
		var reject []byte
		ours := false
		for o := range wire.Options(pkt.Data).All {
			if o.Type != ipcpAddress {
				reject = wire.AppendOption(reject, wire.Option{Type: o.Type, Data: o.Data})
				continue
			}
			a, _ := o.Addr()
			ours = a == s.addr
		}
		switch {
		case reject != nil:
			s.send(wire.IPCP, wire.Packet{Code: wire.ConfigureReject, ID: pkt.ID, Data: reject})
		case !ours:
			s.send(wire.IPCP, wire.Packet{Code: wire.ConfigureNak, ID: pkt.ID, Data: wire.AppendAddr(nil, ipcpAddress, s.addr)})
		default:
			s.send(wire.IPCP, wire.Packet{Code: wire.ConfigureAck, ID: pkt.ID, Data: pkt.Data})
			its := wire.AppendAddr(nil, ipcpAddress, netip.MustParseAddr("10.64.64.64"))
			if s.secretive {
				its = nil
			}
			s.send(wire.IPCP, wire.Packet{Code: wire.ConfigureRequest, ID: 1, Data: its})
		}
	}
}

// refuse says that the network has not let us in.
func (s *operatorSession) refuse(pkt wire.Packet) {
	switch s.refusal {
	case emptyNak:
		s.send(wire.IPCP, wire.Packet{Code: wire.ConfigureNak, ID: pkt.ID})
	case zeroNak:
		s.send(wire.IPCP, wire.Packet{Code: wire.ConfigureNak, ID: pkt.ID, Data: wire.AppendAddr(nil, ipcpAddress, netip.IPv4Unspecified())})
	case hangUp:
		s.over = true
	case terminate:
		s.send(wire.LCP, wire.Packet{Code: wire.TerminateRequest, ID: 9})
	}
}
