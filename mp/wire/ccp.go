package wire

import "fmt"

// Types of CCP options: the numbers of the compression methods.
const (
	CCPOUI          uint8 = 0  // RFC 1962
	CCPPredictor1   uint8 = 1  // RFC 1978: flag
	CCPPredictor2   uint8 = 2  // RFC 1978: flag
	CCPStacLZS      uint8 = 17 // RFC 1974
	CCPMPPE         uint8 = 18 // RFC 2118
	CCPBSD          uint8 = 21 // RFC 1977: see [BSD]
	CCPDeflateDraft uint8 = 24 // the number of drafts of RFC 1979, data as Deflate
	CCPDeflate      uint8 = 26 // RFC 1979: see [Deflate]
)

// Bounds of the code size of BSD Compress (RFC 1977 section 3).
const (
	MinBSDBits = 9
	MaxBSDBits = 16
)

// bsdVersion is the one version of RFC 1977 section 3.
const bsdVersion = 1

// BSD is the data of the BSD Compress option: three bits version, five bits
// for the longest code.
type BSD struct {
	Version uint8 // 1; whatever the peer said when parsed
	Bits    uint8
}

// AppendBSD appends the option whole, with version 1.
func AppendBSD(b []byte, bits uint8) []byte {
	return append(b, CCPBSD, 3, bsdVersion<<5|bits&0x1f)
}

// ParseBSD reads the option's data. Version and bits are as the peer sent
// them: to judge them is the negotiation's.
func ParseBSD(data []byte) (BSD, error) {
	if len(data) != 1 {
		return BSD{}, wrongLength("BSD Compress option", len(data), 1)
	}
	return BSD{Version: data[0] >> 5, Bits: data[0] & 0x1f}, nil
}

// Valid reports whether version and bits are those of RFC 1977.
func (o BSD) Valid() bool {
	return o.Version == bsdVersion && o.Bits >= MinBSDBits && o.Bits <= MaxBSDBits
}

// Bounds of the window of Deflate, as base-2 logarithms (RFC 1979 section 4).
const (
	MinDeflateWindow = 8
	MaxDeflateWindow = 15
)

// Fields of the Deflate option (RFC 1979 section 4).
const (
	deflateMethod = 8 // "deflate" of zlib
	deflateCheck  = 0 // sequence numbers
)

// Deflate is the data of the Deflate option: four bits window, four bits
// method, six bits zero, two bits check method.
type Deflate struct {
	Window uint8 // logarithm of the window, 8 to 15 (RFC 1979: field plus 8)
	Method uint8
	Check  uint8
}

// AppendDeflate appends an option of type typ, CCPDeflate or CCPDeflateDraft,
// for a window of 2^window octets with sequence numbers as its check.
func AppendDeflate(b []byte, typ, window uint8) []byte {
	return append(b, typ, 4, (window-MinDeflateWindow)<<4|deflateMethod, deflateCheck)
}

// ParseDeflate reads the option's data. Fields are as the peer sent them: to
// judge them is the negotiation's.
func ParseDeflate(data []byte) (Deflate, error) {
	if len(data) != 2 {
		return Deflate{}, wrongLength("Deflate option", len(data), 2)
	}
	return Deflate{Window: data[0]>>4 + MinDeflateWindow, Method: data[0] & 0xf, Check: data[1] & 3}, nil
}

// Valid reports whether method and check are those of RFC 1979 and the window
// is one that Deflate knows.
func (o Deflate) Valid() bool {
	return o.Method == deflateMethod && o.Check == deflateCheck && o.Window <= MaxDeflateWindow
}

// String names the option's fields in pppd's words.
func (o Deflate) String() string {
	s := fmt.Sprint(o.Window)
	if o.Method != deflateMethod {
		s += fmt.Sprintf(" method %d", o.Method)
	}
	if o.Check != deflateCheck {
		s += fmt.Sprintf(" check %d", o.Check)
	}
	return s
}
