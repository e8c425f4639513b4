package hdlc

// ACCM is the set of octets that are escaped when sending: bit n%32 of word
// n/32 stands for octet n. The first word is the async-control-character-map
// of LCP (RFC 1662 section 7.1); the others are the extended map. Flag and
// escape are always escaped, whatever the map says. Octet 0x5e must not be in
// it: escaped it would be a flag.
type ACCM [8]uint32

// FromUint32 returns the map with the control characters of a 32-bit map as
// LCP agrees upon it.
func FromUint32(m uint32) ACCM { return ACCM{m} }

// Set adds octet c.
func (m *ACCM) Set(c byte) { m[c>>5] |= 1 << (c & 31) }

// Has reports whether octet c is in the map.
func (m *ACCM) Has(c byte) bool { return m[c>>5]>>(c&31)&1 != 0 }

// WithParity returns the map with each of its control characters escaped
// whatever its parity bit: octets 0x80 to 0x9f follow 0x00 to 0x1f.
func (m ACCM) WithParity() ACCM {
	m[4] |= m[0]
	return m
}
