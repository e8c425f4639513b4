package proto

import (
	"net/netip"
	"slices"
	"strings"
)

// An AddrSet is a set of IPv4 addresses: all that equal Addr in the bits of
// Mask (ppp(1M), localhost). No Mask is that of a single address; the Mask
// 0.0.0.0 means any.
type AddrSet struct {
	Addr, Mask netip.Addr
}

var (
	allOnes  = netip.AddrFrom4([4]byte{255, 255, 255, 255})
	zeroAddr = netip.AddrFrom4([4]byte{})
	classE   = netip.MustParsePrefix("240.0.0.0/4")
)

func (s AddrSet) mask() netip.Addr {
	if s.Mask.IsValid() {
		return s.Mask
	}
	return allOnes
}

// Contains reports whether a is in the set.
func (s AddrSet) Contains(a netip.Addr) bool {
	if !a.Is4() || !s.Addr.Is4() {
		return false
	}
	have, want, mask := a.As4(), s.Addr.As4(), s.mask().As4()
	for i := range mask {
		if (have[i]^want[i])&mask[i] != 0 {
			return false
		}
	}
	return true
}

func (s AddrSet) String() string {
	switch s.mask() {
	case allOnes:
		return s.Addr.String()
	case zeroAddr:
		return "any"
	}
	return s.Addr.String() + "," + s.Mask.String()
}

// addrSets is a union; empty means any.
type addrSets []AddrSet

// contains reports whether a is in the union and can be a host's address at
// all.
func (u addrSets) contains(a netip.Addr) bool {
	if !isHost(a) {
		return false
	}
	return len(u) == 0 || slices.ContainsFunc(u, func(s AddrSet) bool { return s.Contains(a) })
}

// single is the only address of the union, invalid if it has more.
func (u addrSets) single() netip.Addr {
	if len(u) == 0 {
		return netip.Addr{}
	}
	for _, s := range u {
		if s.mask() != allOnes || s.Addr != u[0].Addr {
			return netip.Addr{}
		}
	}
	return u[0].Addr
}

// proposal is the address to propose: the single one, the hint, or the first
// that is named in full; invalid if there is none.
func (u addrSets) proposal(hint netip.Addr) netip.Addr {
	if u.contains(hint) {
		return hint
	}
	for _, s := range u {
		if s.mask() == allOnes && isHost(s.Addr) {
			return s.Addr
		}
	}
	return netip.Addr{}
}

func (u addrSets) String() string {
	if len(u) == 0 {
		return "any"
	}
	names := make([]string, len(u))
	for i, s := range u {
		names[i] = s.String()
	}
	return strings.Join(names, " or ")
}

// isHost reports whether a can be the address of an interface.
func isHost(a netip.Addr) bool {
	return a.Is4() && !a.IsUnspecified() && !a.IsLoopback() && !classE.Contains(a) && !a.IsMulticast()
}
