package wire

import (
	"fmt"
	"net/netip"
)

// Types of IPV6CP options (RFC 5072 section 4).
const (
	IPV6CPInterfaceID uint8 = 1
	IPV6CPCompression uint8 = 2 // RFC 5172
)

// InterfaceID is the lower half of an IPv6 address, in network order (RFC 5072
// section 4.1). Zero asks the peer for one.
type InterfaceID [8]byte

// IsZero reports whether the identifier is zero: not known.
func (id InterfaceID) IsZero() bool { return id == InterfaceID{} }

// LinkLocal returns the link-local address with this identifier, fe80::/64.
func (id InterfaceID) LinkLocal() netip.Addr {
	a := [16]byte{0xfe, 0x80}
	copy(a[8:], id[:])
	return netip.AddrFrom16(a)
}

// String returns the four groups in hex, as they stand behind fe80::.
func (id InterfaceID) String() string {
	return fmt.Sprintf("%x:%x:%x:%x", id[0:2], id[2:4], id[4:6], id[6:8])
}

// AppendInterfaceID appends the option whole.
func AppendInterfaceID(b []byte, id InterfaceID) []byte {
	return append(append(b, IPV6CPInterfaceID, byte(2+len(id))), id[:]...)
}

// ParseInterfaceID reads the option's data.
func ParseInterfaceID(data []byte) (InterfaceID, error) {
	if len(data) != len(InterfaceID{}) {
		return InterfaceID{}, wrongLength("interface identifier option", len(data), len(InterfaceID{}))
	}
	return InterfaceID(data), nil
}
