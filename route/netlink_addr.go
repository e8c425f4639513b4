package route

import (
	"encoding/binary"
	"net"
	"net/netip"

	"github.com/vishvananda/netlink"
	"github.com/vishvananda/netlink/nl"
	"golang.org/x/sys/unix"
)

func (k *rtnl) Addrs(dev string) ([]IfAddr, error) {
	l, err := k.link(dev)
	if err != nil {
		return nil, err
	}
	index := uint32(l.Attrs().Index)
	all, err := k.listAddrs(unix.IfAddrmsg{Index: index}, func(m *nl.IfAddrmsg) bool { return m.Index == index })
	if err != nil {
		return nil, err
	}
	addrs := make([]IfAddr, len(all))
	for i, x := range all {
		addrs[i] = x.IfAddr
		addrs[i].Dev = dev
	}
	return addrs, nil
}

// Around does not look at the addresses without a subnet, as those of other
// bundles are: there may be a thousand.
func (k *rtnl) Around(to netip.Addr) ([]IfAddr, error) {
	all, err := k.listAddrs(unix.IfAddrmsg{Family: unix.AF_INET}, func(m *nl.IfAddrmsg) bool {
		return m.Family == unix.AF_INET && m.Prefixlen < 32
	})
	if err != nil {
		return nil, err
	}
	names := k.names()
	var addrs []IfAddr
	for _, x := range all {
		if a := x.IfAddr; !a.Peer.IsValid() && a.network().Contains(to) {
			a.Dev = names.of(int(x.index))
			addrs = append(addrs, a)
		}
	}
	return addrs, nil
}

// An indexed is an address with its interface's number in place of the name.
type indexed struct {
	IfAddr
	index uint32
}

// listAddrs is RTM_GETADDR of rtnetlink(7) for those whose messages want says
// yes to. The library's own always has the kernel list, and itself parse, the
// addresses of all interfaces.
func (k *rtnl) listAddrs(of unix.IfAddrmsg, want func(*nl.IfAddrmsg) bool) ([]indexed, error) {
	return list(func() ([]indexed, error) {
		req := nl.NewNetlinkRequest(unix.RTM_GETADDR, unix.NLM_F_DUMP)
		req.Sockets = map[int]*nl.SocketHandle{unix.NETLINK_ROUTE: k.addrs}
		req.AddData(&nl.IfAddrmsg{IfAddrmsg: of})
		var all []indexed
		var bad error
		err := req.ExecuteIter(unix.NETLINK_ROUTE, unix.RTM_NEWADDR, func(b []byte) bool {
			m := nl.DeserializeIfAddrmsg(b)
			if !want(m) {
				return true
			}
			var x indexed
			if x, bad = ifAddr(m, b[m.Len():]); bad != nil {
				return false
			}
			all = append(all, x)
			return true
		})
		if err == nil {
			err = bad
		}
		return all, err
	})
}

// ifAddr translates an address, but for the interface's name.
func ifAddr(m *nl.IfAddrmsg, attrs []byte) (indexed, error) {
	x := indexed{IfAddr{Bits: int(m.Prefixlen)}, m.Index}
	parsed, err := nl.ParseRouteAttr(attrs)
	if err != nil {
		return x, err
	}
	var address netip.Addr // the peer's, or once more the local one
	for _, a := range parsed {
		switch a.Attr.Type {
		case unix.IFA_LOCAL:
			x.Local = addr(a.Value)
		case unix.IFA_ADDRESS:
			address = addr(a.Value)
		case unix.IFA_FLAGS:
			x.NoPrefixRoute = binary.NativeEndian.Uint32(a.Value)&unix.IFA_F_NOPREFIXROUTE != 0
		}
	}
	switch {
	case !x.Local.IsValid():
		x.Local = address
	case x.Local != address:
		x.Peer = address
	}
	x.Former = x.Local.Is4() && m.Scope == unix.RT_SCOPE_HOST
	return x, nil
}

func (k *rtnl) AddAddr(a IfAddr) error {
	l, err := k.link(a.Dev)
	if err != nil {
		return err
	}
	return k.h.AddrAdd(l, a.netlink())
}

func (k *rtnl) DelAddr(a IfAddr) error {
	l, err := k.link(a.Dev)
	if err != nil {
		return err
	}
	return k.h.AddrDel(l, a.netlink())
}

func (a IfAddr) netlink() *netlink.Addr {
	x := &netlink.Addr{
		IPNet:     ipNet(netip.PrefixFrom(a.Local, a.Bits)),
		Broadcast: net.IPv4zero, // none
	}
	if a.Peer.IsValid() {
		x.Peer = ipNet(netip.PrefixFrom(a.Peer, a.Bits))
	}
	if a.NoPrefixRoute {
		x.Flags = unix.IFA_F_NOPREFIXROUTE
	}
	if a.Former {
		x.Scope = unix.RT_SCOPE_HOST
	}
	if a.Local.Is6() {
		// The peer has agreed to it: nobody else on the link can have it
		// (RFC 5072, section 5). So it serves at once.
		x.Flags |= unix.IFA_F_NODAD
	}
	return x
}
