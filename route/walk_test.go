package route_test

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"pppdial/route"
	"pppdial/route/routetest"
)

// states are what a Router may be asked for, one after the other in any order.
func states(t testing.TB) map[string]route.State {
	up := route.State{Name: "ppp0", Up: true, MTU: 1500, QueueLen: 3, Addrs: []route.Addr{toPeer("10.0.0.1", "10.0.0.2")}}
	both := up
	both.Addrs = append(both.Addrs, toPeer("fe80::1", "fe80::2"))
	with := func(s route.State, change func(*route.State)) route.State {
		change(&s)
		return s
	}
	return map[string]route.State{
		"nothing": {Name: "ppp0"},
		"bare":    {Name: "ppp0", Up: true},
		"up":      up,
		"default": with(up, func(s *route.State) { s.Routes = routes(t, "add default #") }),
		"replace": with(up, func(s *route.State) {
			s.Routes = routes(t, "add default #")
			s.Replace = true
		}),
		"metric": with(up, func(s *route.State) {
			s.Metric = 7
			s.Routes = routes(t, "add default #", "add -net 10.1.0.0/16 # 9")
		}),
		"renumbered here": with(up, func(s *route.State) {
			s.Addrs = []route.Addr{toPeer("10.0.0.9", "10.0.0.2")}
			s.Routes = routes(t, "add default #")
		}),
		"renumbered there": with(up, func(s *route.State) {
			s.Addrs = []route.Addr{toPeer("10.0.0.1", "10.0.0.3")}
			s.Routes = routes(t, "add default #")
		}),
		"renumbered with conversations": with(up, func(s *route.State) {
			s.Addrs = []route.Addr{toPeer("10.0.0.9", "10.0.0.3"), {Local: ip("10.0.0.1"), Former: true}, {Local: ip("10.0.0.7"), Former: true}}
			s.Routes = routes(t, "add default #")
		}),
		"renumbered back": with(up, func(s *route.State) {
			s.Addrs = []route.Addr{toPeer("10.0.0.1", "10.0.0.2"), {Local: ip("10.0.0.9"), Former: true}}
		}),
		"netmask": with(up, func(s *route.State) {
			s.Addrs = []route.Addr{{Local: ip("10.0.0.1"), Remote: ip("10.0.0.2"), Bits: 24}}
			s.Routes = routes(t, "add -net 10.1.0.0/16 #", "add default #")
		}),
		"netmask renumbered": with(up, func(s *route.State) {
			s.Addrs = []route.Addr{{Local: ip("10.0.0.7"), Remote: ip("10.0.0.8"), Bits: 24}}
			s.Routes = routes(t, "add -net 10.1.0.0/16 #", "add default #")
		}),
		"unnumbered with proxy ARP": with(up, func(s *route.State) {
			s.Addrs = []route.Addr{toPeer("192.168.1.5", "192.168.1.20")}
		}),
		"proxy ARP by name": with(up, func(s *route.State) { s.ProxyARP.Interface = "eth1" }),
		"proxy ARP off": with(up, func(s *route.State) {
			s.Addrs = []route.Addr{toPeer("192.168.1.5", "192.168.1.20")}
			s.ProxyARP.Off = true
		}),
		"by the Ethernet": with(up, func(s *route.State) {
			s.Routes = routes(t, "add -net 10.9.0.0/16 192.168.1.1", "add -host 10.8.0.1 -interface eth1 5", "add -host 10.6.0.1 #", "add -net 10.7.0.0/16 10.6.0.1")
		}),
		"IPv6": with(both, func(s *route.State) {
			s.Routes = routes(t, "add -inet6 default #", "add -inet6 2001:db8::/32 fe80::9 50")
		}),
		"IPv6 router": with(both, func(s *route.State) { s.Routes = routes(t, "add -inet6 default fe80::9") }),
		"IPv6 replace": with(both, func(s *route.State) {
			s.Routes = routes(t, "add -inet6 default #", "add default #")
			s.Replace = true
		}),
		"IPv6 metric": with(both, func(s *route.State) {
			s.Metric = 30
			s.Routes = routes(t, "add -inet6 default #")
		}),
		"IPv6 small MTU": with(both, func(s *route.State) { s.MTU = 296 }),
		"withdrawn": with(both, func(s *route.State) {
			s.Routes = routes(t, "add default #", "add -net 10.9.0.0/16 192.168.1.1")
			s.Withdrawn = true
		}),
		"two peers": with(up, func(s *route.State) {
			s.Addrs = append(s.Addrs, route.Addr{Local: ip("10.0.0.1"), Remote: ip("192.168.1.21")})
		}),
		"no ppp1": {Name: "ppp1", Up: true},
	}
}

// others are what happens in the kernel without a Router's doing.
var others = map[string]func(route.Kernel) error{
	"somebody's default route":      func(k route.Kernel) error { return k.AddRoute(entry("0.0.0.0/0 via 192.168.1.1 dev eth0"), false) },
	"somebody's default route gone": func(k route.Kernel) error { return k.DelRoute(entry("0.0.0.0/0 via 192.168.1.1 dev eth0")) },
	"somebody's IPv6 default": func(k route.Kernel) error {
		return k.AddRoute(entry("::/0 via fe80::99 dev eth0 metric 1024"), false)
	},
	"somebody's IPv6 default gone": func(k route.Kernel) error {
		return k.DelRoute(entry("::/0 via fe80::99 dev eth0 metric 1024"))
	},
	"somebody's address": func(k route.Kernel) error {
		return k.AddAddr(route.IfAddr{Dev: "ppp0", Local: ip("10.77.0.1"), Bits: 24})
	},
	"somebody's address gone": func(k route.Kernel) error {
		return k.DelAddr(route.IfAddr{Dev: "ppp0", Local: ip("10.77.0.1"), Bits: 24})
	},
	"somebody's proxy ARP":      func(k route.Kernel) error { return k.AddProxy(route.Proxy{Addr: ip("192.168.1.20"), Dev: "eth0"}) },
	"somebody's proxy ARP gone": func(k route.Kernel) error { return k.DelProxy(route.Proxy{Addr: ip("192.168.1.20"), Dev: "eth0"}) },
	"ppp0 taken down":           func(k route.Kernel) error { return k.SetUp("ppp0", false) },
	"our default route removed": func(k route.Kernel) error { return k.DelRoute(entry("0.0.0.0/0 dev ppp0")) },
}

// TestWalk goes through states and events in random order, on the kernel in
// memory and on the real one: both must always agree, be what was asked for
// again when asked again, and be as before at the end.
func TestWalk(t *testing.T) {
	for seed := range uint64(16) {
		t.Run(fmt.Sprint(seed), func(t *testing.T) {
			real, _ := realMachine(t)
			walk(t, seed, 100, machine(t), real)
		})
	}
}

func walk(t *testing.T, seed uint64, steps int, fake *routetest.Kernel, real route.Kernel) {
	rng := rand.New(rand.NewPCG(seed, 1))
	type step struct {
		name  string
		state *route.State
		event func(route.Kernel) error
	}
	var all []step
	for name, s := range states(t) {
		all = append(all, step{name: name, state: &s})
	}
	for name, e := range others {
		all = append(all, step{name: name, event: e})
	}
	slices.SortFunc(all, func(a, b step) int { return strings.Compare(a.name, b.name) })

	kernels := []route.Kernel{fake, real}
	before := lines(t, fake)
	var routers []*route.Router
	for _, k := range kernels {
		routers = append(routers, route.New(k, route.Options{Dir: t.TempDir()}))
	}
	compare := func(what string, errs [2]error) {
		t.Helper()
		if a, b := lines(t, fake), lines(t, real); a != b {
			t.Fatalf("%s: the kernels differ.\nIn memory (%v):\n%s\nThe real one (%v):\n%s", what, errs[0], a, errs[1], b)
		}
		if flat(errs[0]) != flat(errs[1]) {
			t.Fatalf("%s: the errors differ.\nIn memory: %v\nThe real one: %v", what, errs[0], errs[1])
		}
		for _, to := range []string{"10.0.0.2", "8.8.8.8", "192.168.1.20", "10.9.0.1"} {
			devA, viaA, errA := fake.Lookup(ip(to))
			devB, viaB, errB := real.Lookup(ip(to))
			if devA != devB || viaA != viaB || (errA == nil) != (errB == nil) {
				t.Fatalf("%s: to %s: in memory %s %s %v, the real one %s %s %v", what, to, devA, viaA, errA, devB, viaB, errB)
			}
		}
	}
	compare("at first", [2]error{})
	last := ""
	for range steps {
		s := all[rng.IntN(len(all))]
		var errs [2]error
		for i, k := range kernels {
			if s.event != nil {
				errs[i] = s.event(k)
			} else {
				errs[i] = routers[i].Set(*s.state)
			}
		}
		what := fmt.Sprintf("%q after %q", s.name, last)
		compare(what, errs)
		last = s.name
		if s.event != nil {
			continue
		}
		was := lines(t, real)
		for i := range kernels {
			errs[i] = routers[i].Set(*s.state)
		}
		compare(what+", again", errs)
		if now := lines(t, real); now != was {
			t.Fatalf("%s: asked again, the kernel changed from\n%sto\n%s", what, was, now)
		}
	}
	for i, k := range kernels {
		must(t, routers[i].Close())
		for name, event := range others {
			if strings.HasSuffix(name, " gone") {
				event(k)
			}
		}
		must(t, k.SetMTU("ppp0", 1500))
		must(t, k.SetQueueLen("ppp0", 500))
		must(t, k.SetUp("ppp0", false))
		if after := lines(t, k); after != before {
			t.Errorf("something is left behind:\n%s\nbefore there was\n%s", after, before)
		}
	}
}
