package wire

import "fmt"

// Code is the first octet of a control packet. Codes 1 to 7 mean the same in
// every protocol that follows RFC 1661; PAP, CHAP and EAP have their own.
type Code uint8

// Codes of LCP and the network control protocols.
const (
	VendorSpecific   Code = 0 // RFC 2153
	ConfigureRequest Code = 1 // 1 to 7: RFC 1661, all control protocols
	ConfigureAck     Code = 2
	ConfigureNak     Code = 3
	ConfigureReject  Code = 4
	TerminateRequest Code = 5
	TerminateAck     Code = 6
	CodeReject       Code = 7
	ProtocolReject   Code = 8 // 8 to 11: RFC 1661, LCP alone
	EchoRequest      Code = 9
	EchoReply        Code = 10
	DiscardRequest   Code = 11
	Identification   Code = 12 // 12, 13: RFC 1570, LCP alone
	TimeRemaining    Code = 13
	ResetRequest     Code = 14 // 14, 15: RFC 1962, CCP alone
	ResetAck         Code = 15
)

// PacketHeader is the length of code, identifier and length.
const PacketHeader = 4

// MaxData is the longest data that a control packet's length field can tell.
const MaxData = 0xffff - PacketHeader

// Packet is a control packet of LCP, an NCP, CCP, PAP, CHAP or EAP.
//
//	+------+----+--------+------
//	| code | id | length | data
//	+------+----+--------+------
//	   1     1      2      length-4
type Packet struct {
	Code Code
	ID   uint8
	Data []byte
}

// AppendPacket appends p. Data beyond [MaxData] octets is left out, so that
// the length field always tells the truth.
func AppendPacket(b []byte, p Packet) []byte {
	data := p.Data[:min(len(p.Data), MaxData)]
	n := PacketHeader + len(data)
	b = append(b, byte(p.Code), p.ID, byte(n>>8), byte(n))
	return append(b, data...)
}

// ParsePacket reads a control packet. Octets behind its length are padding and
// dropped (RFC 1661 section 5). The result aliases info.
func ParsePacket(info []byte) (Packet, error) {
	if len(info) < PacketHeader {
		return Packet{}, short("packet header", len(info), PacketHeader)
	}
	n := int(info[2])<<8 | int(info[3])
	if n < PacketHeader {
		return Packet{}, fmt.Errorf("wire: packet: %w: length field %d", ErrLength, n)
	}
	if n > len(info) {
		return Packet{}, short("packet", len(info), n)
	}
	return Packet{Code: Code(info[0]), ID: info[1], Data: info[PacketHeader:n]}, nil
}
