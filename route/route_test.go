package route_test

import (
	"errors"
	"net/netip"
	"strings"
	"testing"

	"golang.org/x/sys/unix"

	"pppdial/route"
	"pppdial/route/routetest"
)

// link is a State with both addresses.
func link(t testing.TB, commands ...string) route.State {
	return route.State{
		Name:   "ppp0",
		Up:     true,
		MTU:    1500,
		Addrs:  []route.Addr{toPeer("10.0.0.1", "10.0.0.2")},
		Routes: routes(t, commands...),
	}
}

// A route that collided is added by the next Set when there is room.
func TestSetTriesAgain(t *testing.T) {
	onBoth(t, func(t *testing.T, k route.Kernel) {
		there := entry("0.0.0.0/0 via 192.168.1.1 dev eth0")
		must(t, k.AddRoute(there, false))
		r := route.New(k, route.Options{})
		var collision *route.CollisionError
		if err := r.Set(link(t, "add default #")); !errors.As(err, &collision) || collision.There != there {
			t.Fatalf("Set: %v, want a collision with %v", err, there)
		}
		must(t, k.DelRoute(there))
		must(t, r.Set(link(t, "add default #")))
		wantWay(t, k, "8.8.8.8", "ppp0")
	})
}

func wantWay(t testing.TB, k route.Kernel, to, want string) {
	t.Helper()
	if dev, _, err := k.Lookup(ip(to)); dev != want {
		t.Errorf("the way to %s is by %q, %v; want %s", to, dev, err, want)
	}
}

func TestReplacedRouteServesAgainAfterClose(t *testing.T) {
	for _, to := range []string{"8.8.8.8", "2001:db8::1"} {
		t.Run(to, func(t *testing.T) {
			onBoth(t, func(t *testing.T, k route.Kernel) {
				must(t, k.AddRoute(entry("0.0.0.0/0 via 192.168.1.1 dev eth0"), false))
				must(t, k.AddRoute(entry("::/0 via fe80::99 dev eth0 metric 1024"), false))
				must(t, k.AddRoute(entry("::/0 via fe80::98 dev eth0 metric 1023"), false))
				wantWay(t, k, to, "eth0")
				s := link(t, "add default #", "add -inet6 default #")
				s.Addrs = append(s.Addrs, toPeer("fe80::1", "fe80::2"))
				s.Replace = true
				r := route.New(k, route.Options{})
				for range 2 {
					must(t, r.Set(s))
					wantWay(t, k, to, "ppp0")
				}
				must(t, r.Close())
				wantWay(t, k, to, "eth0")
			})
		})
	}
}

// Nothing has to be done for a replaced route when our process is killed: the
// interface goes, and our routes with it.
func TestReplacedRouteServesAgainAfterKill(t *testing.T) {
	k, d := realMachine(t)
	must(t, k.AddRoute(entry("0.0.0.0/0 via 192.168.1.1 dev eth0"), false))
	s := link(t, "add default #")
	s.Replace = true
	must(t, route.New(k, route.Options{}).Set(s))
	wantWay(t, k, "8.8.8.8", "ppp0")
	must(t, d.Close())
	wantWay(t, k, "8.8.8.8", "eth0")
}

func TestKeepLeavesARoute(t *testing.T) {
	onBoth(t, func(t *testing.T, k route.Kernel) {
		s := link(t, "add -net 10.8.0.0/16 192.168.1.1", "add -net 10.9.0.0/16 192.168.1.1", "add default #")
		s.Routes[1].Keep, s.Routes[2].Keep = true, true
		dir := t.TempDir()
		r := route.New(k, route.Options{Dir: dir})
		must(t, r.Set(s))
		must(t, r.Close())
		got := lines(t, k)
		if !strings.Contains(got, "10.9.0.0/16") || strings.Contains(got, "10.8.0.0/16") || strings.Contains(got, "default") {
			t.Errorf("after Close there is\n%s\nwant 10.9.0.0/16 kept, 10.8.0.0/16 removed, and the default route gone with ppp0", got)
		}
	})
}

func TestWhatIsNotOursStays(t *testing.T) {
	onBoth(t, func(t *testing.T, k route.Kernel) {
		same := entry("10.9.0.0/16 via 192.168.1.1 dev eth0")
		must(t, k.AddRoute(same, false))
		must(t, k.AddProxy(route.Proxy{Addr: ip("192.168.1.20"), Dev: "eth0"}))
		must(t, k.SetUp("ppp0", true))
		must(t, k.AddAddr(route.IfAddr{Dev: "ppp0", Local: ip("10.77.0.1"), Bits: 24}))
		must(t, k.AddRoute(entry("10.6.0.0/16 dev ppp0"), false))
		before := lines(t, k)

		s := link(t, "add -net 10.9.0.0/16 192.168.1.1")
		s.Addrs = []route.Addr{toPeer("192.168.1.5", "192.168.1.20")}
		r := route.New(k, route.Options{})
		must(t, r.Set(s))
		must(t, r.Close())
		if after := lines(t, k); after != before {
			t.Errorf("there was\n%s\nand is now\n%s", before, after)
		}
	})
}

// Close of a Router whose interface has vanished removes what is elsewhere.
func TestCloseAfterTheInterface(t *testing.T) {
	k := machine(t)
	before := strings.ReplaceAll(k.String(), "link ppp0 down mtu 1500 qlen 500\n", "")
	s := link(t, "add -net 10.9.0.0/16 192.168.1.1", "add default #")
	s.Addrs = []route.Addr{toPeer("192.168.1.5", "192.168.1.20"), toPeer("fe80::1", "fe80::2")}
	r := route.New(k, route.Options{})
	must(t, r.Set(s))
	k.RemoveLink("ppp0")
	must(t, r.Close())
	if after := k.String(); after != before {
		t.Errorf("left behind:\n%s\nbefore there was\n%s", after, before)
	}
}

// What could not be removed is tried again.
func TestRemovalIsTriedAgain(t *testing.T) {
	k := machine(t)
	before := k.String()
	s := link(t, "add -net 10.9.0.0/16 192.168.1.1")
	s.Addrs = append(s.Addrs, toPeer("192.168.1.5", "192.168.1.20"))
	r := route.New(k, route.Options{})
	must(t, r.Set(s))
	k.Fail = func(op string) error {
		if strings.HasPrefix(op, "delete ") {
			return unix.ENOBUFS
		}
		return nil
	}
	if err := r.Set(route.State{Name: "ppp0"}); !errors.Is(err, unix.ENOBUFS) {
		t.Errorf("Set: %v, want ENOBUFS", err)
	}
	k.Fail = nil
	must(t, r.Close())
	if after := k.String(); after != before {
		t.Errorf("left behind:\n%s\nbefore there was\n%s", after, before)
	}
}

// Another name in the State means another interface: the first is given up.
func TestAnotherInterface(t *testing.T) {
	k := machine(t)
	k.AddLink("ppp1", false)
	before := k.String()
	r := route.New(k, route.Options{})
	must(t, r.Set(link(t, "add default #")))
	s := link(t, "add default #")
	s.Name = "ppp1"
	must(t, r.Set(s))
	wantWay(t, k, "8.8.8.8", "ppp1")
	must(t, r.Close())
	if after := k.String(); after != before {
		t.Errorf("left behind:\n%s\nbefore there was\n%s", after, before)
	}
}

func TestAutomaticProxyARP(t *testing.T) {
	tests := []struct {
		name    string
		prepare func(k *routetest.Kernel) error
		want    string
	}{
		{"on the subnet of eth0", func(k *routetest.Kernel) error { return nil }, "eth0"},
		{"the smaller subnet", func(k *routetest.Kernel) error {
			return k.AddAddr(route.IfAddr{Dev: "eth1", Local: ip("192.168.1.17"), Bits: 28})
		}, "eth1"},
		{"the larger subnet", func(k *routetest.Kernel) error {
			return k.AddAddr(route.IfAddr{Dev: "eth1", Local: ip("192.168.0.9"), Bits: 16})
		}, "eth0"},
		{"two alike", func(k *routetest.Kernel) error {
			return k.AddAddr(route.IfAddr{Dev: "eth1", Local: ip("192.168.1.9"), Bits: 24})
		}, ""},
		{"two addresses on one", func(k *routetest.Kernel) error {
			return k.AddAddr(route.IfAddr{Dev: "eth0", Local: ip("192.168.1.9"), Bits: 24})
		}, "eth0"},
		{"a larger and a smaller subnet on one, the larger on another", func(k *routetest.Kernel) error {
			must(t, k.DelAddr(route.IfAddr{Dev: "eth0", Local: ip("192.168.1.5"), Bits: 24}))
			must(t, k.AddAddr(route.IfAddr{Dev: "eth0", Local: ip("192.168.0.1"), Bits: 16}))
			must(t, k.AddAddr(route.IfAddr{Dev: "eth0", Local: ip("192.168.1.1"), Bits: 24}))
			return k.AddAddr(route.IfAddr{Dev: "eth1", Local: ip("192.168.0.2"), Bits: 16})
		}, "eth0"},
		{"the smallest subnet on the first, one between on another", func(k *routetest.Kernel) error {
			must(t, k.DelAddr(route.IfAddr{Dev: "eth0", Local: ip("192.168.1.5"), Bits: 24}))
			must(t, k.AddAddr(route.IfAddr{Dev: "eth0", Local: ip("192.0.0.1"), Bits: 8}))
			must(t, k.AddAddr(route.IfAddr{Dev: "eth0", Local: ip("192.168.1.1"), Bits: 24}))
			return k.AddAddr(route.IfAddr{Dev: "eth1", Local: ip("192.168.0.2"), Bits: 16})
		}, "eth0"},
		{"eth0 is down", func(k *routetest.Kernel) error { return k.SetUp("eth0", false) }, ""},
		{"a tunnel", func(k *routetest.Kernel) error {
			k.AddLink("tun0", false)
			must(t, k.SetUp("tun0", true))
			return k.AddAddr(route.IfAddr{Dev: "tun0", Local: ip("192.168.1.17"), Bits: 28})
		}, "eth0"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			k := machine(t)
			must(t, tt.prepare(k))
			s := link(t)
			s.Addrs = []route.Addr{toPeer("10.0.0.1", "192.168.1.20")}
			must(t, route.New(k, route.Options{}).Set(s))
			got := ""
			if ps, _ := k.Proxies(); len(ps) > 0 {
				got = ps[0].Dev
			}
			if got != tt.want {
				t.Errorf("proxy ARP on %q, want %q", got, tt.want)
			}
		})
	}
}

func TestFromCommand(t *testing.T) {
	for _, tt := range []struct {
		text   string
		remote netip.Addr
		want   route.Route
	}{
		{"add #/24 192.168.1.1 3", ip("10.1.2.3"), route.Route{Dst: prefix("10.1.2.0/24"), Gateway: ip("192.168.1.1"), Metric: 3}},
		{"add default #", ip("10.1.2.3"), route.Route{Dst: prefix("0.0.0.0/0")}},
		{"add default #", netip.Addr{}, route.Route{Dst: prefix("0.0.0.0/0")}},
	} {
		if r, err := route.FromCommand(command(t, tt.text), tt.remote); err != nil || r != tt.want {
			t.Errorf("%s, the peer being %v: %+v, %v; want %+v", tt.text, tt.remote, r, err, tt.want)
		}
	}
	for _, remote := range []netip.Addr{{}, ip("fe80::1")} {
		if _, err := route.FromCommand(command(t, "add # 192.168.1.1"), remote); err == nil {
			t.Errorf("the peer is taken for %v", remote)
		}
	}
}
