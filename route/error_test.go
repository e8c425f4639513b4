package route_test

import (
	"errors"
	"io/fs"
	"net"
	"net/netip"
	"os"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/vishvananda/netlink"
	"golang.org/x/sys/unix"

	"pppdial/route"
	"pppdial/route/routetest"
)

func TestErrorsInPlainWords(t *testing.T) {
	somebodys := func(entries ...string) func(route.Kernel) error {
		return func(k route.Kernel) error {
			var errs []error
			for _, e := range entries {
				errs = append(errs, k.AddRoute(entry(e), false))
			}
			return errors.Join(errs...)
		}
	}
	tests := []struct {
		name    string
		prepare func(route.Kernel) error
		change  func(*route.State)
		routes  []string
		want    string
		is      error
	}{
		{
			name:    "the default route is taken",
			prepare: somebodys("0.0.0.0/0 via 192.168.1.1 dev eth0"),
			routes:  []string{"add default #"},
			want:    "route: ppp0: add route default dev ppp0 metric 0: default route already there via 192.168.1.1 dev eth0 metric 0; use metric= or replace_route",
		},
		{
			name:    "a route is taken, the others are added",
			prepare: somebodys("10.9.0.0/16 dev eth1 metric 5"),
			routes:  []string{"add -net 10.9.0.0/16 # 5", "add default #"},
			want:    "route: ppp0: add route 10.9.0.0/16 dev ppp0 metric 5: route to 10.9.0.0/16 already there dev eth1 metric 5; use metric= or replace_route",
		},
		{
			name:    "the route to the peer is taken",
			prepare: somebodys("10.0.0.2/32 dev eth1"),
			want:    "route: ppp0: add route 10.0.0.2 dev ppp0 metric 0 src 10.0.0.1: route to 10.0.0.2 already there dev eth1 metric 0; use metric= or replace_route",
		},
		{
			name:    "the IPv6 default route is taken",
			prepare: somebodys("::/0 via fe80::99 dev eth0 metric 1024"),
			routes:  []string{"add -inet6 default #"},
			want:    "route: ppp0: add route default dev ppp0 metric 1024: default route already there via fe80::99 dev eth0 metric 1024; use metric= or replace_route",
		},
		{
			name:   "two of our own",
			routes: []string{"add default #", "add default 192.168.1.1"},
			want:   "route: ppp0: add route default via 192.168.1.1 dev eth0 metric 0: default route already there dev ppp0 metric 0; use metric= or replace_route",
		},
		{
			name:   "no way to the gateway",
			routes: []string{"add -net 10.9.0.0/16 10.77.0.1"},
			want:   "route: ppp0: add route 10.9.0.0/16 via 10.77.0.1 metric 0: gateway 10.77.0.1 not reachable: no interface leads to it",
			is:     unix.ENETUNREACH,
		},
		{
			name:    "the gateway is far away",
			prepare: somebodys("10.77.0.0/16 via 192.168.1.1 dev eth0"),
			routes:  []string{"add -net 10.9.0.0/16 10.77.0.1"},
			want:    "route: ppp0: add route 10.9.0.0/16 via 10.77.0.1 metric 0: gateway 10.77.0.1 not reachable: it is no neighbour, the way to it leads over 192.168.1.1 dev eth0",
			is:      unix.ENETUNREACH,
		},
		{
			name:   "the gateway is this machine",
			routes: []string{"add -net 10.9.0.0/16 192.168.1.5"},
			want:   "route: ppp0: add route 10.9.0.0/16 via 192.168.1.5 metric 0: gateway 192.168.1.5 is this machine",
		},
		{
			name:   "the IPv6 gateway is nowhere",
			routes: []string{"add -inet6 2001:db8::/32 2001:db9::1"},
			want:   "route: ppp0: add route 2001:db8::/32 via 2001:db9::1 metric 1024: gateway 2001:db9::1 not reachable: no interface leads to it",
			is:     unix.ENETUNREACH,
		},
		{
			name:   "no such interface for a route",
			routes: []string{"add -net 10.9.0.0/16 -interface eth9"},
			want:   "route: ppp0: add route 10.9.0.0/16 dev eth9 metric 0: there is no interface eth9",
			is:     unix.ENODEV,
		},
		{
			name:    "the interface for a route is down",
			prepare: func(k route.Kernel) error { return k.SetUp("eth1", false) },
			routes:  []string{"add -net 10.9.0.0/16 -interface eth1"},
			want:    "route: ppp0: add route 10.9.0.0/16 dev eth1 metric 0: interface eth1 is down",
			is:      unix.ENETDOWN,
		},
		{
			name: "no way to the gateway by an interface",
			change: func(s *route.State) {
				s.Routes = []route.Route{{Dst: prefix("10.9.0.0/16"), Gateway: ip("10.77.0.1"), Interface: "eth0"}}
			},
			want: "route: ppp0: add route 10.9.0.0/16 via 10.77.0.1 dev eth0 metric 0: gateway 10.77.0.1 not reachable by interface eth0",
			is:   unix.ENETUNREACH,
		},
		{
			name:   "the gateway is everybody",
			routes: []string{"add -net 10.9.0.0/16 192.168.1.255"},
			want:   "route: ppp0: add route 10.9.0.0/16 via 192.168.1.255 dev eth0 metric 0: 192.168.1.255 cannot be a gateway on interface eth0",
			is:     unix.EINVAL,
		},
		{
			name:    "no lower IPv6 metric",
			prepare: somebodys("::/0 via fe80::99 dev eth0 metric 1"),
			change:  func(s *route.State) { s.Metric, s.Replace = 1, true },
			routes:  []string{"add -inet6 default #"},
			want:    "route: ppp0: add route default dev ppp0 metric 1: default route already there via fe80::99 dev eth0 metric 1; use metric= or replace_route",
		},
		{
			name:   "no such interface",
			change: func(s *route.State) { s.Name = "ppp9" },
			want:   "route: ppp9: configure the interface: there is no such interface",
			is:     unix.ENODEV,
		},
		{
			name:   "an MTU that cannot be",
			change: func(s *route.State) { s.MTU = 10 },
			want:   "route: ppp0: set MTU 10: invalid argument",
		},
		{
			name: "no room for IPv6",
			change: func(s *route.State) {
				s.MTU = 576
				s.Addrs = append(s.Addrs, toPeer("fe80::1", "fe80::2"))
			},
			want: "route: ppp0: add address fe80::1/64 dev ppp0: IPv6 needs an MTU of 1280 or more",
		},
		{
			name:   "no such interface for proxy ARP",
			change: func(s *route.State) { s.ProxyARP.Interface = "eth9" },
			want:   "route: ppp0: proxy ARP for 10.0.0.2: there is no interface eth9",
		},
		{
			name:   "no ARP for proxy ARP",
			change: func(s *route.State) { s.ProxyARP.Interface = "ppp0" },
			want:   "route: ppp0: proxy ARP for 10.0.0.2: there is no ARP on interface ppp0",
		},
		{
			name:   "no local address",
			change: func(s *route.State) { s.Addrs = []route.Addr{{Remote: ip("10.0.0.2")}} },
			want:   "route: ppp0: configure addresses: there is no local address",
		},
		{
			name:   "two families",
			change: func(s *route.State) { s.Addrs = []route.Addr{toPeer("10.0.0.1", "fe80::1")} },
			want:   "route: ppp0: configure addresses: 10.0.0.1 and fe80::1 are of two families",
		},
		{
			name:   "the same at both ends",
			change: func(s *route.State) { s.Addrs = []route.Addr{toPeer("10.0.0.1", "10.0.0.1")} },
			want:   "route: ppp0: configure addresses: 10.0.0.1 is at both ends",
		},
		{
			name:   "a netmask that cannot be",
			change: func(s *route.State) { s.Addrs[0].Bits = 33 },
			want:   "route: ppp0: configure addresses: 10.0.0.1 with a netmask of 33 bits",
		},
		{
			name:   "a destination that cannot be",
			change: func(s *route.State) { s.Routes = []route.Route{{Dst: netip.MustParsePrefix("10.0.0.1/8")}} },
			want:   "route: ppp0: configure routes: 10.0.0.1/8 is no destination",
		},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			onBoth(t, func(t *testing.T, k route.Kernel) {
				if tt.prepare != nil {
					must(t, tt.prepare(k))
				}
				before := lines(t, k)
				s := link(t, tt.routes...)
				if tt.change != nil {
					tt.change(&s)
				}
				r := route.New(k, route.Options{})
				err := r.Set(s)
				if flat(err) != tt.want {
					t.Errorf("Set: %s\nwant %s", flat(err), tt.want)
				}
				if tt.is != nil && !errors.Is(err, tt.is) {
					t.Errorf("%#v is no %v", err, tt.is)
				}
				must(t, r.Close())
				must(t, k.SetMTU("ppp0", 1500))
				if after := lines(t, k); after != before {
					t.Errorf("left behind:\n%s\nbefore there was\n%s", after, before)
				}
			})
		})
	}
}

// What others may have put into the real kernel is seen as what it is.
func TestUnusualRoutes(t *testing.T) {
	k, _ := realMachine(t)
	h, err := netlink.NewHandle(unix.NETLINK_ROUTE)
	must(t, err)
	defer h.Close()
	network := func(s string) *net.IPNet {
		_, n, err := net.ParseCIDR(s)
		must(t, err)
		return n
	}
	hop := func(dev, via string) *netlink.NexthopInfo {
		l, err := h.LinkByName(dev)
		must(t, err)
		return &netlink.NexthopInfo{LinkIndex: l.Attrs().Index, Gw: net.ParseIP(via)}
	}
	for _, r := range []netlink.Route{
		{Dst: network("0.0.0.0/0"), Type: unix.RTN_BLACKHOLE},
		{Dst: network("10.7.0.0/16"), Type: unix.RTN_UNREACHABLE, Priority: 2},
		{Dst: network("10.8.0.0/16"), Type: unix.RTN_PROHIBIT},
		{Dst: network("10.9.0.0/16"), MultiPath: []*netlink.NexthopInfo{hop("eth0", "192.168.1.1"), hop("eth1", "172.16.0.1")}},
		{Dst: network("10.6.0.0/16"), Type: unix.RTN_THROW},
		{Dst: network("10.5.0.0/16"), Gw: net.ParseIP("192.168.1.1"), Tos: 8},
	} {
		must(t, h.RouteAdd(&r))
	}
	r := route.New(k, route.Options{})
	var got []string
	for _, c := range []string{
		"add default #", "add -net 10.7.0.0/16 # 2", "add -net 10.8.0.0/16 #", "add -net 10.9.0.0/16 #", "add -net 10.6.0.0/16 #", "add -net 10.5.0.0/16 #",
	} {
		err := r.Set(link(t, c))
		var collision *route.CollisionError
		if errors.As(err, &collision) {
			err = collision
		}
		got = append(got, flat(err))
	}
	want := []string{
		"default route already there blackhole metric 0; use metric= or replace_route",
		"route to 10.7.0.0/16 already there unreachable metric 2; use metric= or replace_route",
		"route to 10.8.0.0/16 already there prohibit metric 0; use metric= or replace_route",
		"route to 10.9.0.0/16 already there multipath via 192.168.1.1 dev eth0 metric 0; use metric= or replace_route",
		"route to 10.6.0.0/16 already there type 9 metric 0; use metric= or replace_route",
		"",
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("collisions (-want +got):\n%s", diff)
	}
	const refused = "route: ppp0: delete default: the route there is a blackhole one, which is not for this command: operation not supported"
	if err := r.Exec(command(t, "delete default")); flat(err) != refused {
		t.Errorf("Exec: %v, want %s", err, refused)
	}
	s := link(t, "add default #", "add -net 10.9.0.0/16 #")
	s.Replace = true
	must(t, r.Set(s))
	wantWay(t, k, "8.8.8.8", "ppp0")
	wantWay(t, k, "10.9.0.1", "ppp0")
}

func TestWithoutPrivilege(t *testing.T) {
	k, _ := realMachine(t)
	routetest.DropPrivileges(t)
	err := route.New(k, route.Options{}).Set(route.State{Name: "ppp0", Up: true})
	const want = "route: ppp0: bring the interface up: not allowed: this needs root or CAP_NET_ADMIN"
	if flat(err) != want || !errors.Is(err, fs.ErrPermission) {
		t.Errorf("Set: %v, want %s", err, want)
	}
}

func TestIPv6TurnedOff(t *testing.T) {
	k, _ := realMachine(t)
	must(t, os.WriteFile("/proc/sys/net/ipv6/conf/ppp0/disable_ipv6", []byte("1"), 0o644))
	s := link(t)
	s.Addrs = append(s.Addrs, toPeer("fe80::1", "fe80::2"))
	err := route.New(k, route.Options{}).Set(s)
	const want = "route: ppp0: add address fe80::1/64 dev ppp0: IPv6 is turned off here (sysctl net.ipv6.conf.ppp0.disable_ipv6)"
	if flat(err) != want {
		t.Errorf("Set: %v, want %s", err, want)
	}
}
