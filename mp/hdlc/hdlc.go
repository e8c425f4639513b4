// Package hdlc frames PPP packets on asynchronous lines as RFC 1662 section 4
// says: flags, octet stuffing by the character map, and the 16-bit FCS. It is
// the hot path of a link: both directions look for runs of octets that stand
// for themselves instead of stepping octet by octet, and allocate nothing.
//
// The framing carries payloads: the octets from the address field to the end
// of the information field. What stands in them is not its concern.
//
// [AppendFrame] may be called from any goroutine; a [Decoder] belongs to one
// at a time.
package hdlc

// Octets with a meaning to the framing (RFC 1662 section 4.2).
const (
	Flag   = 0x7e
	Escape = 0x7d
	// Mask is what an escaped octet is xor-ed with.
	Mask = 0x20
)

// Overhead is the most that a frame adds to the octets of its payload, beside
// doubling each of them: the FCS, escaped, and two flags.
const Overhead = 6
