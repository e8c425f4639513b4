package capture

import (
	"bytes"

	"pppdial/mp/wire"
)

// hidden stands for a password, and does not tell its length.
const hidden = "********"

// appendMasked appends a frame without what proves in it who somebody is:
// passwords are replaced, responses are covered. What can't be read is covered
// as a whole.
func appendMasked(b, frame []byte) []byte {
	p, info, err := split(frame)
	if err != nil {
		return append(b, frame...)
	}
	b = append(b, frame[:len(frame)-len(info)]...)
	switch p {
	case wire.PAP, wire.CHAP, wire.EAP:
		return appendAuth(b, p, info)
	case wire.LCP:
		if len(info) == 0 || wire.Code(info[0]) != wire.ProtocolReject {
			break
		}
		packet, err := wire.ParsePacket(info)
		if err != nil {
			return appendHeader(b, info)
		}
		// It ends with what was rejected (RFC 1661, section 5.7).
		const field = 2
		if len(packet.Data) < field {
			break
		}
		rejected := wire.Protocol(packet.Data[0])<<8 | wire.Protocol(packet.Data[1])
		if rejected == wire.PAP || rejected == wire.CHAP || rejected == wire.EAP {
			data := appendAuth(packet.Data[:field:field], rejected, packet.Data[field:])
			return wire.AppendPacket(b, wire.Packet{Code: packet.Code, ID: packet.ID, Data: data})
		}
	}
	return append(b, info...)
}

// split tells the protocol of a frame and what follows it.
func split(frame []byte) (p wire.Protocol, info []byte, err error) {
	if len(frame) >= 2 && frame[0] == 0xff && frame[1] == 0x03 {
		frame = frame[2:]
	}
	return wire.ParseProtocol(frame)
}

// appendHeader appends a packet that can't be read, covered but for its header.
func appendHeader(b, info []byte) []byte {
	n := min(len(info), wire.PacketHeader)
	return appendCovered(append(b, info[:n]...), len(info)-n)
}

// appendAuth appends a packet of an authentication protocol, masked.
func appendAuth(b []byte, p wire.Protocol, info []byte) []byte {
	packet, err := wire.ParsePacket(info)
	if err != nil {
		return appendHeader(b, info)
	}
	from := len(b)
	b = append(b, info[:wire.PacketHeader]...)
	switch p {
	case wire.PAP:
		b = appendPAP(b, packet)
	case wire.CHAP:
		b = appendCHAP(b, packet)
	case wire.EAP:
		b = appendEAP(b, packet)
	}
	n := len(b) - from
	b[from+2], b[from+3] = byte(n>>8), byte(n)
	return b
}

func appendPAP(b []byte, p wire.Packet) []byte {
	switch p.Code {
	case wire.PAPAuthReq:
		if r, err := wire.ParsePAPRequest(p.Data); err == nil {
			r.Password = hidden
			return wire.AppendPAPRequest(b, r)
		}
	case wire.PAPAuthAck, wire.PAPAuthNak:
		return append(b, p.Data...)
	}
	return appendCovered(b, len(p.Data))
}

func appendCHAP(b []byte, p wire.Packet) []byte {
	switch p.Code {
	case wire.CHAPChallenge, wire.CHAPSuccess, wire.CHAPFailure:
		return append(b, p.Data...)
	case wire.CHAPResponse:
		return appendResponse(b, p.Data)
	}
	return appendCovered(b, len(p.Data))
}

func appendEAP(b []byte, p wire.Packet) []byte {
	switch p.Code {
	case wire.EAPRequest, wire.EAPSuccess, wire.EAPFailure:
		return append(b, p.Data...)
	case wire.EAPResponse:
		body, err := wire.ParseEAPBody(p.Data)
		if err != nil {
			break
		}
		switch body.Type {
		case wire.EAPIdentity, wire.EAPNotification, wire.EAPNak:
			return append(b, p.Data...)
		case wire.EAPMD5:
			return appendResponse(append(b, p.Data[0]), body.Data)
		}
		return appendCovered(append(b, p.Data[0]), len(body.Data))
	}
	return appendCovered(b, len(p.Data))
}

// appendResponse covers the value in the data of a Response.
func appendResponse(b, data []byte) []byte {
	v, err := wire.ParseCHAPValue(data)
	if err != nil {
		return appendCovered(b, len(data))
	}
	return append(appendCovered(append(b, data[0]), len(v.Value)), v.Name...)
}

func appendCovered(b []byte, n int) []byte { return append(b, bytes.Repeat([]byte{'*'}, n)...) }

// mpHeaders are the lengths of the long and the short header of RFC 1990.
var mpHeaders = [...]int{4, 2}

// isControl reports whether a frame is part of what the two sides agree on: of
// a control or authentication protocol, in a bundle too, and no mere sign of
// life.
func isControl(frame []byte) bool {
	p, info, err := split(frame)
	if err != nil {
		return false
	}
	if p == wire.MP && len(info) > 0 && info[0]>>6 == 3 { // a whole packet
		for _, n := range mpHeaders {
			if len(info) <= n {
				continue
			}
			switch inner, _ := wire.PeekProtocol(info[n:]); inner {
			case wire.IPCP, wire.IPV6CP, wire.CCP:
				return true
			}
		}
	}
	if p == wire.LCP && len(info) > 0 {
		code := wire.Code(info[0])
		return code != wire.EchoRequest && code != wire.EchoReply && code != wire.DiscardRequest
	}
	return p >= 0x8000
}
