package route

import (
	"fmt"
	"net"
	"net/netip"
	"slices"

	"github.com/vishvananda/netlink"
	"golang.org/x/sys/unix"
)

func (k *rtnl) Routes(dev string) ([]Entry, error) {
	filter, mask := &netlink.Route{}, uint64(0)
	if dev != "" {
		l, err := k.link(dev)
		if err != nil {
			return nil, err
		}
		filter.LinkIndex, mask = l.Attrs().Index, netlink.RT_FILTER_OIF
	}
	names := k.names()
	var entries []Entry
	for _, family := range []int{netlink.FAMILY_V4, netlink.FAMILY_V6} {
		all, err := list(func() ([]netlink.Route, error) { return k.strict.RouteListFiltered(family, filter, mask) })
		if err != nil {
			return nil, err
		}
		for _, r := range all {
			if r.Tos == 0 { // routes for a TOS stand apart from ours
				entries = append(entries, names.entry(family, &r))
			}
		}
	}
	return entries, nil
}

// entry translates a route of the kernel's list.
func (n names) entry(family int, r *netlink.Route) Entry {
	e := Entry{
		Dst:    netip.PrefixFrom(netip.IPv4Unspecified(), 0),
		Via:    addr(r.Gw),
		Dev:    n.of(r.LinkIndex),
		Metric: r.Priority,
		Src:    addr(r.Src),
	}
	if family == netlink.FAMILY_V6 {
		e.Dst = netip.PrefixFrom(netip.IPv6Unspecified(), 0)
	}
	if r.Dst != nil {
		bits, _ := r.Dst.Mask.Size()
		e.Dst = netip.PrefixFrom(addr(r.Dst.IP), bits)
	}
	if via, ok := r.Via.(*netlink.Via); ok { // an IPv6 gateway of an IPv4 route
		e.Via = addr(via.Addr)
	}
	switch r.Type {
	case unix.RTN_UNICAST:
	case unix.RTN_BLACKHOLE:
		e.Kind = "blackhole"
	case unix.RTN_UNREACHABLE:
		e.Kind = "unreachable"
	case unix.RTN_PROHIBIT:
		e.Kind = "prohibit"
	default:
		e.Kind = fmt.Sprintf("type %d", r.Type)
	}
	if len(r.MultiPath) > 0 {
		e.Kind = "multipath"
		e.Via, e.Dev = addr(r.MultiPath[0].Gw), n.of(r.MultiPath[0].LinkIndex)
	}
	return e
}

func (k *rtnl) AddRoute(e Entry, front bool) error {
	r, err := k.route(e)
	if err != nil {
		return err
	}
	if front {
		return k.h.RouteAddEcmp(r) // NLM_F_CREATE alone: prepend
	}
	return k.h.RouteAdd(r)
}

// DelRoute looks first, since the kernel takes a missing metric, source or
// gateway for any.
func (k *rtnl) DelRoute(e Entry) error {
	r, err := k.route(e)
	if err != nil {
		return err
	}
	have, err := k.Routes(e.Dev)
	if err != nil {
		return err
	}
	if !slices.Contains(have, e) {
		return unix.ESRCH
	}
	r.Protocol, r.Scope = 0, unix.RT_SCOPE_NOWHERE // whatever they are
	return k.h.RouteDel(r)
}

func (k *rtnl) route(e Entry) (*netlink.Route, error) {
	l, err := k.link(e.Dev)
	if err != nil {
		return nil, err
	}
	r := &netlink.Route{
		LinkIndex: l.Attrs().Index,
		Dst:       ipNet(e.Dst),
		Gw:        e.Via.AsSlice(),
		Src:       e.Src.AsSlice(),
		Priority:  e.Metric,
		Table:     unix.RT_TABLE_MAIN,
		Type:      unix.RTN_UNICAST,
		Protocol:  unix.RTPROT_STATIC,
	}
	if e.Dst.Addr().Is4() && !e.Via.IsValid() {
		r.Scope = netlink.SCOPE_LINK
	}
	if e.Src.IsValid() {
		r.Protocol = unix.RTPROT_KERNEL
	}
	return r, nil
}

func (k *rtnl) Lookup(a netip.Addr) (dev string, via netip.Addr, err error) {
	routes, err := k.h.RouteGet(net.IP(a.AsSlice()))
	if err != nil {
		return "", via, err
	}
	if len(routes) == 0 {
		return "", via, unix.ENETUNREACH
	}
	r := routes[0]
	return k.names().of(r.LinkIndex), addr(r.Gw), nil
}
