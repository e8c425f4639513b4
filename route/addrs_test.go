package route_test

import (
	"testing"

	"github.com/vishvananda/netlink"
	"golang.org/x/sys/unix"

	"pppdial/route"
)

// TestIPv6ServesAtOnce: who is told that the link is up sends at once, and does
// not wait for the kernel to look for others with the address.
func TestIPv6ServesAtOnce(t *testing.T) {
	k, _ := realMachine(t)
	s := link(t)
	a := toPeer("fe80::1", "fe80::2")
	s.Addrs = append(s.Addrs, a)
	must(t, route.New(k, route.Options{}).Set(s))
	h, err := netlink.NewHandle(unix.NETLINK_ROUTE)
	must(t, err)
	defer h.Close()
	l, err := h.LinkByName("ppp0")
	must(t, err)
	all, err := h.AddrList(l, netlink.FAMILY_V6)
	must(t, err)
	for _, x := range all {
		if x.IP.String() == a.Local.String() && x.Flags&unix.IFA_F_NODAD != 0 && x.Flags&unix.IFA_F_TENTATIVE == 0 {
			return
		}
	}
	t.Errorf("%v is not among %v, or not ready", a.Local, all)
}
