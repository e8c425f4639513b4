package wire

import (
	"errors"
	"fmt"
)

// Protocol is a value of the PPP protocol field (RFC 1661 section 2).
type Protocol uint16

// Protocols by the ranges of RFC 1661 section 2: below 4000 the network layer,
// 8000 to bfff the control protocols of the same, from c000 the link layer.
const (
	IPv4           Protocol = 0x0021
	VJCompressed   Protocol = 0x002d // RFC 1332: TCP header compressed
	VJUncompressed Protocol = 0x002f // RFC 1332: whole header, names its slot
	MP             Protocol = 0x003d // RFC 1990
	IPv6           Protocol = 0x0057 // RFC 5072
	CompressedLink Protocol = 0x00fb // RFC 1962: compressed below multilink
	Compressed     Protocol = 0x00fd // RFC 1962

	IPCP    Protocol = 0x8021
	ECP     Protocol = 0x8053
	IPV6CP  Protocol = 0x8057
	CCPLink Protocol = 0x80fb // CCP for CompressedLink
	CCP     Protocol = 0x80fd

	LCP  Protocol = 0xc021
	PAP  Protocol = 0xc023
	LQR  Protocol = 0xc025
	CBCP Protocol = 0xc029
	CHAP Protocol = 0xc223
	EAP  Protocol = 0xc227
)

var protocolNames = map[Protocol]string{
	IPv4: "IP", VJCompressed: "VJ", VJUncompressed: "VJ-uncompressed", MP: "MP", IPv6: "IPv6",
	CompressedLink: "Compressed-link", Compressed: "Compressed",
	IPCP: "IPCP", ECP: "ECP", IPV6CP: "IPV6CP", CCPLink: "CCP-link", CCP: "CCP",
	LCP: "LCP", PAP: "PAP", LQR: "LQR", CBCP: "CBCP", CHAP: "CHAP", EAP: "EAP",
}

// String returns the protocol's short name, or its number as 0x%04x.
func (p Protocol) String() string {
	if s, ok := protocolNames[p]; ok {
		return s
	}
	return fmt.Sprintf("0x%04x", uint16(p))
}

// Compressible reports whether Protocol-Field-Compression may send p in one
// octet: its upper octet is zero (RFC 1661 section 6.5).
func (p Protocol) Compressible() bool { return p <= 0xff }

// AppendProtocol appends the protocol field. With pfc a compressible protocol
// takes one octet.
func AppendProtocol(b []byte, p Protocol, pfc bool) []byte {
	if pfc && p.Compressible() {
		return append(b, byte(p))
	}
	return append(b, byte(p>>8), byte(p))
}

// ErrProtocol says that the octets do not begin with a protocol field.
var ErrProtocol = errors.New("no protocol field")

// ParseProtocol reads the protocol field and returns what follows it. The one
// octet form is always understood, as RFC 1661 section 6.5 recommends: the
// lowest bit of the last octet is 1, that of the first of two octets 0.
func ParseProtocol(b []byte) (p Protocol, rest []byte, err error) {
	p, n := PeekProtocol(b)
	switch {
	case n > 0:
		return p, b[n:], nil
	case len(b) < 2:
		return 0, nil, fmt.Errorf("wire: %w in %d octets", ErrProtocol, len(b))
	}
	return 0, nil, fmt.Errorf("wire: %w: 0x%02x%02x", ErrProtocol, b[0], b[1])
}

// PeekProtocol is ParseProtocol for octets that may well be none: n is the
// length of the field, 0 when there is none.
func PeekProtocol(b []byte) (p Protocol, n int) {
	switch {
	case len(b) >= 1 && b[0]&1 == 1:
		return Protocol(b[0]), 1
	case len(b) >= 2 && b[1]&1 == 1:
		return Protocol(b[0])<<8 | Protocol(b[1]), 2
	}
	return 0, 0
}
