package route_test

import (
	"net/netip"
	"slices"
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

// TestAddrsAmongMany: what one bundle asks does not cost more with each of the
// others.
func TestAddrsAmongMany(t *testing.T) {
	k, _ := realMachine(t)
	ours := route.IfAddr{Dev: "eth0", Local: ip("192.168.1.5"), Bits: 24}
	ask := func() (allocs float64) {
		return testing.AllocsPerRun(10, func() {
			addrs, err := k.Addrs("eth0")
			if err != nil || !slices.Contains(addrs, ours) || len(addrs) > 2 { // an IPv6 address comes by itself
				t.Fatalf("%v, %v", addrs, err)
			}
			addrs, err = k.Around(ip("192.168.1.20"))
			if err != nil || !slices.Equal(addrs, []route.IfAddr{ours}) {
				t.Fatalf("%v, %v", addrs, err)
			}
		})
	}
	alone := ask()
	must(t, k.SetUp("ppp0", true))
	const others = 500
	for i := range others {
		must(t, k.AddAddr(route.IfAddr{Dev: "ppp0", Local: netip.AddrFrom4([4]byte{10, 1, byte(i / 250), byte(i % 250)}), Peer: ip("10.0.0.2"), Bits: 32}))
	}
	if among := ask(); among > alone+others/10 {
		t.Errorf("%v allocations, %v with %d addresses more", alone, among, others)
	}
}
