package wire

import (
	"encoding/binary"
	"fmt"
)

// Types of LCP options.
const (
	LCPMRU       uint8 = 1  // RFC 1661: octets of information the sender can receive
	LCPACCM      uint8 = 2  // RFC 1662: 32 control characters to be escaped towards the sender
	LCPAuth      uint8 = 3  // RFC 1661: see [Auth]
	LCPQuality   uint8 = 4  // RFC 1661
	LCPMagic     uint8 = 5  // RFC 1661: 32 bits, never zero
	LCPPFC       uint8 = 7  // RFC 1661: flag
	LCPACFC      uint8 = 8  // RFC 1661: flag
	LCPFCS       uint8 = 9  // RFC 1570: one octet, bit 0 null, 1 CCITT-16, 2 CCITT-32
	LCPCallback  uint8 = 13 // RFC 1570
	LCPMRRU      uint8 = 17 // RFC 1990: 16 bits
	LCPSSNHF     uint8 = 18 // RFC 1990: flag
	LCPEndpoint  uint8 = 19 // RFC 1990: see [Endpoint]
	LCPLinkDisc  uint8 = 23 // RFC 2125: 16 bits
	LCPMPHeaders uint8 = 27 // RFC 2686: see [MPHeaders]
)

// Values that hold when LCP has not agreed upon others.
const (
	DefaultMRU  = 1500       // RFC 1661 section 6.1
	DefaultACCM = 0xffffffff // RFC 1662 section 7.1
)

// Algorithms of CHAP in the authentication option.
const (
	CHAPMD5  uint8 = 5    // RFC 1994
	CHAPMS   uint8 = 0x80 // RFC 2433
	CHAPMSv2 uint8 = 0x81 // RFC 2759
)

// Auth is the data of the Authentication-Protocol option.
type Auth struct {
	Protocol  Protocol // PAP, CHAP, EAP or what the peer came up with
	Algorithm uint8    // with CHAP alone
}

// size is the length of the option's data.
func (a Auth) size() int {
	if a.Protocol == CHAP {
		return 3
	}
	return 2
}

// AppendAuth appends the option whole: type, length, protocol, algorithm.
func AppendAuth(b []byte, a Auth) []byte {
	b = append(b, LCPAuth, byte(2+a.size()), byte(a.Protocol>>8), byte(a.Protocol))
	if a.Protocol == CHAP {
		b = append(b, a.Algorithm)
	}
	return b
}

// ParseAuth reads the option's data. PAP and EAP have none behind the protocol
// and CHAP one octet; further data of other protocols is passed over.
func ParseAuth(data []byte) (Auth, error) {
	if len(data) < 2 {
		return Auth{}, short("auth option", len(data), 2)
	}
	a := Auth{Protocol: Protocol(binary.BigEndian.Uint16(data))}
	switch a.Protocol {
	case PAP, EAP, CHAP:
		if len(data) != a.size() {
			return Auth{}, wrongLength("auth option", len(data), a.size())
		}
	}
	if a.Protocol == CHAP {
		a.Algorithm = data[2]
	}
	return a, nil
}

// String returns the protocol and algorithm in pppd's words: "pap",
// "chap MD5", "chap MS-v2", "eap".
func (a Auth) String() string {
	switch a.Protocol {
	case PAP:
		return "pap"
	case EAP:
		return "eap"
	case CHAP:
		switch a.Algorithm {
		case CHAPMD5:
			return "chap MD5"
		case CHAPMS:
			return "chap MS"
		case CHAPMSv2:
			return "chap MS-v2"
		}
		return fmt.Sprintf("chap 0x%x", a.Algorithm)
	}
	return fmt.Sprintf("0x%x", uint16(a.Protocol))
}

// MPHeaders is the data of the multilink header format option (RFC 2686
// section 6.1): the code of a header format and the number of classes that
// may be suspended.
type MPHeaders struct {
	Format  uint8
	Classes uint8
}

// Formats of headers with classes.
const (
	LongClasses  uint8 = 2 // 24 bits of sequence number
	ShortClasses uint8 = 6 // 12 bits
)

// AppendMPHeaders appends the option whole.
func AppendMPHeaders(b []byte, h MPHeaders) []byte {
	return append(b, LCPMPHeaders, 4, h.Format, h.Classes)
}

// ParseMPHeaders reads the option's data.
func ParseMPHeaders(data []byte) (MPHeaders, error) {
	if len(data) != 2 {
		return MPHeaders{}, wrongLength("multilink headers option", len(data), 2)
	}
	return MPHeaders{Format: data[0], Classes: data[1]}, nil
}

// Echo is the data of Echo-Request, Echo-Reply and Discard-Request (RFC 1661
// sections 5.8 and 5.9): the sender's magic number, zero when none was agreed
// upon, and octets of its choice.
type Echo struct {
	Magic uint32
	Data  []byte
}

// AppendEcho appends the data of an Echo-Request, Echo-Reply or
// Discard-Request.
func AppendEcho(b []byte, e Echo) []byte {
	return append(binary.BigEndian.AppendUint32(b, e.Magic), e.Data...)
}

// ParseEcho reads the data of an Echo-Request, Echo-Reply or Discard-Request.
func ParseEcho(data []byte) (Echo, error) {
	if len(data) < 4 {
		return Echo{}, short("echo", len(data), 4)
	}
	return Echo{Magic: binary.BigEndian.Uint32(data), Data: data[4:]}, nil
}

// Ident is the data of Identification (RFC 1570 section 2.1): a text that
// tells people who the sender is.
type Ident struct {
	Magic   uint32
	Message []byte
}

// AppendIdent appends the data of an Identification.
func AppendIdent(b []byte, i Ident) []byte {
	return append(binary.BigEndian.AppendUint32(b, i.Magic), i.Message...)
}

// ParseIdent reads the data of an Identification.
func ParseIdent(data []byte) (Ident, error) {
	if len(data) < 4 {
		return Ident{}, short("identification", len(data), 4)
	}
	return Ident{Magic: binary.BigEndian.Uint32(data), Message: data[4:]}, nil
}

// NoTimeLimit in [Remaining] says that the session has no limit.
const NoTimeLimit = 0xffffffff

// Remaining is the data of Time-Remaining (RFC 1570 section 2.2).
type Remaining struct {
	Magic   uint32
	Seconds uint32 // until the session ends, or [NoTimeLimit]
	Message []byte
}

// AppendRemaining appends the data of a Time-Remaining.
func AppendRemaining(b []byte, r Remaining) []byte {
	b = binary.BigEndian.AppendUint32(b, r.Magic)
	return append(binary.BigEndian.AppendUint32(b, r.Seconds), r.Message...)
}

// ParseRemaining reads the data of a Time-Remaining.
func ParseRemaining(data []byte) (Remaining, error) {
	if len(data) < 8 {
		return Remaining{}, short("time remaining", len(data), 8)
	}
	return Remaining{
		Magic:   binary.BigEndian.Uint32(data),
		Seconds: binary.BigEndian.Uint32(data[4:]),
		Message: data[8:],
	}, nil
}

// Rejected is the data of Protocol-Reject (RFC 1661 section 5.7): the protocol
// that was refused and as much of the packet's information as fitted.
type Rejected struct {
	Protocol Protocol
	Info     []byte
}

// AppendRejected appends the data of a Protocol-Reject. The caller cuts Info
// so that the packet keeps within the peer's MRU.
func AppendRejected(b []byte, r Rejected) []byte {
	return append(binary.BigEndian.AppendUint16(b, uint16(r.Protocol)), r.Info...)
}

// ParseRejected reads the data of a Protocol-Reject.
func ParseRejected(data []byte) (Rejected, error) {
	if len(data) < 2 {
		return Rejected{}, short("protocol reject", len(data), 2)
	}
	return Rejected{Protocol: Protocol(binary.BigEndian.Uint16(data)), Info: data[2:]}, nil
}
