package run

import (
	"encoding/binary"
	"net/netip"
	"slices"

	"pppdial/conf"
	"pppdial/mp"
)

// This file is what addresses an interface has before there is a call.

// stands reports whether the interface has addresses before anybody is called:
// in quiet mode, and as a timeout makes out the same but for the first call, there
// where quiet would be possible.
func stands(e *conf.Entry) bool {
	_, local := inFull(e.LocalHost)
	_, remote := inFull(e.RemoteHost)
	return e.Mode == conf.Quiet || e.Demand() && !e.Camp && e.IPv4 && (local && remote || e.Placeholders())
}

// inFull is the first address that is named in full.
func inFull(set []conf.Addr) (netip.Addr, bool) {
	i := slices.IndexFunc(set, conf.Addr.Single)
	if i < 0 {
		return netip.Addr{}, false
	}
	return set[i].Addr, true
}

// The addresses of a standing interface whose real ones come with the call, of
// unit 0.
var (
	placeholderLocal  = netip.AddrFrom4([4]byte{10, 64, 64, 0})
	placeholderRemote = netip.AddrFrom4([4]byte{10, 112, 112, 0})
)

// standing are the addresses of an interface that nobody has called with yet:
// the first that the entry names in full. Units from 256 on carry into the octets
// before the last of a placeholder.
func standing(e *conf.Entry, unit int) *mp.Network {
	known := func(set []conf.Addr, otherwise netip.Addr) netip.Addr {
		if a, ok := inFull(set); ok {
			return a
		}
		a := otherwise.As4()
		binary.BigEndian.PutUint32(a[:], binary.BigEndian.Uint32(a[:])+uint32(unit))
		return netip.AddrFrom4(a)
	}
	return &mp.Network{
		Family: mp.IPv4, MTU: e.MTU,
		Local: known(e.LocalHost, placeholderLocal), Remote: known(e.RemoteHost, placeholderRemote),
	}
}
