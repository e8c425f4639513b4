package run

import (
	"bytes"
	"log/slog"
	"net/netip"
	"strings"
	"testing"

	"golang.org/x/sys/unix"

	"pppdial/conf"
	"pppdial/mp"
	"pppdial/route"
	"pppdial/route/routetest"
)

// TestNumberOf: no two interfaces have the same number, whatever their names.
func TestNumberOf(t *testing.T) {
	for name, want := range map[string]int{"ppp0": 0, "ppp17": 17, "lo": firstOther + 1} {
		if n, err := numberOf(name); err != nil || n != want {
			t.Errorf("%s: %d, %v, want %d", name, n, err, want)
		}
	}
	for _, name := range []string{"ppp007", "ppp-1", "ppp+1", "ppp10001", "pp0", "wan-1"} {
		if n, err := numberOf(name); err == nil {
			t.Errorf("%s is no interface of this machine, and has number %d", name, n)
		}
	}
}

// TestPlaceholders: each interface has its own.
func TestPlaceholders(t *testing.T) {
	e := entryOf(t, "quiet device=/dev/a")
	e.LocalHost, e.RemoteHost = nil, nil
	seen := map[string]int{}
	for _, unit := range []int{0, 1, 255, 256, firstOther + 1, firstOther + 257} {
		n := standing(e, unit)
		for _, a := range []string{n.Local.String(), n.Remote.String()} {
			if other, taken := seen[a]; taken {
				t.Errorf("units %d and %d have %s", other, unit, a)
			}
			seen[a] = unit
		}
	}
	if n := standing(e, 7); n.Local.String() != "10.64.64.7" || n.Remote.String() != "10.112.112.7" {
		t.Errorf("unit 7: %v to %v", n.Local, n.Remote)
	}
}

// TestKeeps: what withdraws its routes between connections is configured anew for
// each of them, and so are the name servers.
func TestKeeps(t *testing.T) {
	for words, want := range map[string]bool{
		"quiet": true, "out active_timeout=60": true, "out": false, "in": false,
		"out camp": false, "out camp active_timeout=60": false,
	} {
		f := &iface{entry: entryOf(t, "device=/dev/a "+words)}
		if got := f.keeps(); got != want {
			t.Errorf("%s: %v", words, got)
		}
	}
}

// onLAN makes the interface of an entry on a machine with a LAN and default routes of
// that, the IPv4 one with a metric. Nothing may be warned of.
func onLAN(t *testing.T, e *conf.Entry, metric int) (*iface, *routetest.Kernel) {
	t.Helper()
	w, log := newMemWorld(t), new(bytes.Buffer)
	world := w.world()
	f, err := openInterface(e, &world, t.TempDir(), &farPeer{}, nil, nil,
		slog.New(slog.NewTextHandler(log, &slog.HandlerOptions{Level: slog.LevelWarn})))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if f.close(); log.Len() > 0 {
			t.Error(log)
		}
	})
	k := w.kernels[0]
	k.AddLink("eth0", true)
	for _, err := range []error{
		k.SetUp("eth0", true),
		k.AddAddr(route.IfAddr{Dev: "eth0", Local: netip.MustParseAddr("192.168.1.5"), Bits: 24}),
		k.AddAddr(route.IfAddr{Dev: "eth0", Local: netip.MustParseAddr("2001:db8::5"), Bits: 64}),
		k.AddRoute(route.Entry{Dst: netip.MustParsePrefix("0.0.0.0/0"), Via: netip.MustParseAddr("192.168.1.1"), Dev: "eth0", Metric: metric}, false),
		k.AddRoute(route.Entry{Dst: netip.MustParsePrefix("::/0"), Via: netip.MustParseAddr("2001:db8::1"), Dev: "eth0", Metric: 1024}, false),
	} {
		if err != nil {
			t.Fatal(err)
		}
	}
	return f, k
}

// TestRouteCommands: what the default routes are while a link is up, and when it is
// down. What add_route deletes or changes is another's, what del_route adds meets no
// route of ours, and a peer that begins anew changes nothing.
func TestRouteCommands(t *testing.T) {
	const (
		deletes  = "add_route='delete default' add_route del_route='add default 192.168.1.1' "
		changes  = "add_route='change default #' del_route='change default 192.168.1.1' "
		deletes6 = "add_route6='delete default' add_route6 del_route6='add default 2001:db8::1' "

		ours, theirs   = "dev ppp0 metric 0, ", "via 192.168.1.1 dev eth0 metric 0, "
		ours6, theirs6 = "dev ppp0 metric 1024, ", "via 2001:db8::1 dev eth0 metric 1024, "
		slower, other  = "via 192.168.1.1 dev eth0 metric 100, ", "via 192.168.1.9 dev eth0 metric 0, "
	)
	for _, tt := range []struct {
		words    string
		metric   int // of the LAN
		up, down string
	}{
		{"out " + deletes, 0, ours + theirs6, theirs + theirs6},
		{"out " + deletes, 100, ours + theirs6, theirs + theirs6},
		{"out camp " + deletes, 0, ours + theirs6, theirs + theirs6},
		{"out active_timeout=60 " + deletes, 0, ours + theirs6, theirs + theirs6},
		{"quiet " + deletes, 0, ours + theirs6, theirs + theirs6},
		{"quiet " + deletes, 100, ours + theirs6, theirs + theirs6},
		{"out add_route add_route='delete default' del_route='add default 192.168.1.1'", 0, ours + theirs6, theirs + theirs6},
		{"out add_route='delete default 192.168.1.1' add_route del_route='add default 192.168.1.1'", 0, ours + theirs6, theirs + theirs6},
		{"out " + changes, 0, ours + theirs6, theirs + theirs6},
		{"out camp " + changes, 0, ours + theirs6, theirs + theirs6},
		{"out camp active_timeout=60 " + changes, 0, ours + theirs6, theirs + theirs6},
		{"quiet " + changes, 0, ours + theirs6, theirs + theirs6},
		{"out add_route='change default #' del_route='add default 192.168.1.1'", 0, ours + theirs6, theirs + theirs6},
		{"out camp add_route del_route='delete default'", 100, ours + slower + theirs6, slower + theirs6},
		{"out -del_route add_route='delete default' add_route='add default 192.168.1.9'", 0, other + theirs6, other + theirs6},
		{"out -ipv4 " + deletes6, 0, ours6 + theirs, theirs + theirs6},
		{"out camp " + deletes + deletes6, 0, ours + ours6, theirs + theirs6},
		{"quiet " + deletes + deletes6, 0, ours + ours6, theirs + theirs6},
	} {
		t.Run(tt.words, func(t *testing.T) {
			e := entryOf(t, "device=/dev/a "+tt.words)
			f, k := onLAN(t, e, tt.metric)
			check := func(when, want string) {
				t.Helper()
				got := ""
				for line := range strings.Lines(k.String()) {
					if r, ok := strings.CutPrefix(strings.TrimSpace(line), "route default "); ok {
						got += r + ", "
					}
				}
				if got != want {
					t.Errorf("%s: %s want %s", when, got, want)
				}
			}
			up := func(family mp.Family, local, remote string) {
				t.Helper()
				n := mp.Network{Family: family, Local: netip.MustParseAddr(local), Remote: netip.MustParseAddr(remote), MTU: 1500}
				if err := f.networkUp(n); err != nil {
					t.Fatal(err)
				}
			}
			if stands(e) {
				if err := f.stand(); err != nil {
					t.Fatal(err)
				}
			}
			for range 2 {
				for _, when := range []string{"up", "begun anew"} {
					k.Fail = func(op string) error {
						if when == "begun anew" || strings.HasPrefix(op, "delete route default dev ppp0") {
							t.Errorf("%s: %s", when, op)
						}
						return nil
					}
					if len(e.AddRoute6) > 0 {
						up(mp.IPv6, "fe80::1", "fe80::2")
					}
					if e.IPv4 {
						up(mp.IPv4, "10.1.0.1", "10.2.0.1")
					}
					check(when, tt.up)
				}
				k.Fail = nil
				switch {
				case e.Camp:
					f.withdraw()
					check("withdrawn", tt.down)
				case !f.keeps():
					f.unset()
					check("down", tt.down)
				}
			}
			f.unset()
			check("at the end", tt.down)
		})
	}
}

// TestNoLinkNoCommands: where the kernel does not take the addresses, nobody's route
// is deleted.
func TestNoLinkNoCommands(t *testing.T) {
	f, k := onLAN(t, entryOf(t, "device=/dev/a out add_route='delete default' add_route"), 0)
	before := k.String()
	k.Fail = func(op string) error {
		if strings.HasPrefix(op, "add address") {
			return unix.EACCES
		}
		return nil
	}
	n := mp.Network{Family: mp.IPv4, Local: netip.MustParseAddr("10.1.0.1"), Remote: netip.MustParseAddr("10.2.0.1"), MTU: 1500}
	if err := f.networkUp(n); err == nil {
		t.Error("the link is up")
	}
	f.unset()
	if got := k.String(); got != before {
		t.Errorf("there is\n%s\nand was\n%s", got, before)
	}
}
