package mp

import "pppdial/mp/wire"

// Address and control field of every uncompressed frame (RFC 1662, section 3.1).
const (
	allStations = 0xff
	unnumbered  = 0x03
)

// framing is what LCP has agreed for one direction of a link.
type framing struct {
	acfc bool // address and control field may be left out
	pfc  bool // a protocol below 0x100 may take one octet
}

// header appends what stands before a packet of protocol p. LCP is sent as
// if nothing had been agreed, so that a peer in any state can read it.
func (f framing) header(b []byte, p wire.Protocol) []byte {
	if p == wire.LCP {
		f = framing{}
	}
	if !f.acfc {
		b = append(b, allStations, unnumbered)
	}
	return wire.AppendProtocol(b, p, f.pfc)
}

// split takes a received frame apart. Compressed fields are understood
// whether agreed or not: 0xff begins no protocol number.
func split(frame []byte) (wire.Protocol, []byte, error) {
	if len(frame) >= 2 && frame[0] == allStations && frame[1] == unnumbered {
		frame = frame[2:]
	}
	return wire.ParseProtocol(frame)
}
