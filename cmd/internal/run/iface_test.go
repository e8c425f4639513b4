package run

import (
	"bytes"
	"log/slog"
	"net/netip"
	"slices"
	"strings"
	"testing"

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

// onLAN makes the interface of an entry on a machine with a LAN and another default
// route. Nothing may be warned of.
func onLAN(t *testing.T, e *conf.Entry, other route.Entry) (*iface, *routetest.Kernel) {
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
		k.AddRoute(other, false),
	} {
		if err != nil {
			t.Fatal(err)
		}
	}
	return f, k
}

// TestRouteCommands: what the default routes are while a link with add_route and
// del_route is up, and when it is down.
func TestRouteCommands(t *testing.T) {
	const ours, theirs = "dev ppp0 metric 0", "via 192.168.1.1 dev eth0 metric 0"
	for _, tt := range []struct{ words, up, down string }{
		{"out add_route='change default #' del_route='change default 192.168.1.1'", ours, theirs},
		{"out camp add_route='change default #' del_route='change default 192.168.1.1'", ours, theirs},
		{"out camp active_timeout=60 add_route='change default #' del_route='change default 192.168.1.1'", ours, theirs},
	} {
		t.Run(tt.words, func(t *testing.T) {
			e := entryOf(t, "device=/dev/a "+tt.words)
			f, k := onLAN(t, e, route.Entry{Dst: netip.MustParsePrefix("0.0.0.0/0"), Via: netip.MustParseAddr("192.168.1.1"), Dev: "eth0"})
			check := func(when, want string) {
				t.Helper()
				lines := slices.DeleteFunc(strings.Split(k.String(), "\n"), func(s string) bool { return !strings.HasPrefix(s, "route default ") })
				if got := strings.ReplaceAll(strings.Join(lines, ", "), "route default ", ""); got != want {
					t.Errorf("%s: %s, want %s", when, got, want)
				}
			}
			for range 2 {
				err := f.networkUp(mp.Network{Family: mp.IPv4, Local: netip.MustParseAddr("10.1.0.1"), Remote: netip.MustParseAddr("10.2.0.1"), MTU: 1500})
				if err != nil {
					t.Fatal(err)
				}
				check("up", tt.up)
				if e.Camp {
					f.withdraw()
				} else {
					f.unset()
				}
				check("down", tt.down)
			}
		})
	}
}
