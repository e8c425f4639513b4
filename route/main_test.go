package route_test

import (
	"net/netip"
	"os"
	"strings"
	"testing"

	"pppdial/route"
	"pppdial/route/routetest"
	"pppdial/route/rtcmd"
	"pppdial/route/tun"
)

func TestMain(m *testing.M) {
	if dir := os.Getenv(victim); dir != "" {
		beVictim(dir)
	}
	os.Exit(routetest.Main(m))
}

func ip(s string) netip.Addr       { return netip.MustParseAddr(s) }
func prefix(s string) netip.Prefix { return netip.MustParsePrefix(s) }

// toPeer is the address pair of a link.
func toPeer(local, remote string) route.Addr {
	return route.Addr{Local: ip(local), Remote: ip(remote)}
}

// routes reads add commands into routes.
func routes(t testing.TB, commands ...string) (rs []route.Route) {
	t.Helper()
	for _, text := range commands {
		remote := ip("10.0.0.2")
		if strings.Contains(text, "-inet6") {
			remote = ip("fe80::2")
		}
		r, err := route.FromCommand(command(t, text), remote)
		if err != nil {
			t.Fatal(err)
		}
		rs = append(rs, r)
	}
	return rs
}

func command(t testing.TB, text string) rtcmd.Command {
	t.Helper()
	c, err := rtcmd.Parse(text)
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// entry reads a route in the words of ip(8).
func entry(s string) (e route.Entry) {
	words := strings.Fields(s)
	e.Dst = prefix(words[0])
	for i := 1; i+1 < len(words); i += 2 {
		switch value := words[i+1]; words[i] {
		case "via":
			e.Via = ip(value)
		case "dev":
			e.Dev = value
		case "metric":
			for _, c := range value {
				e.Metric = 10*e.Metric + int(c-'0')
			}
		case "kind":
			e.Kind = value
		default:
			panic("unknown word " + words[i])
		}
	}
	return e
}

// machine is a namespace with an Ethernet eth0 (192.168.1.5/24), a second one
// eth1 (172.16.0.5/16) and a link ppp0 that is still down.
func machine(t testing.TB) *routetest.Kernel {
	t.Helper()
	k := routetest.New(t.Name())
	k.AddLink("ppp0", false)
	k.AddLink("eth0", true)
	k.AddLink("eth1", true)
	furnish(t, k)
	return k
}

// realMachine is the same in the real kernel, in a namespace of its own.
func realMachine(t testing.TB) (route.Kernel, tun.Device) {
	t.Helper()
	routetest.Namespace(t)
	routetest.Ethernet(t, "eth0")
	routetest.Ethernet(t, "eth1")
	d, err := tun.Open("ppp0")
	must(t, err)
	t.Cleanup(func() { d.Close() })
	k, err := route.OpenKernel()
	must(t, err)
	t.Cleanup(func() { k.Close() })
	furnish(t, k)
	return k, d
}

// onBoth runs a test on a machine in memory and on one in the real kernel.
func onBoth(t *testing.T, test func(*testing.T, route.Kernel)) {
	t.Run("in memory", func(t *testing.T) { test(t, machine(t)) })
	t.Run("real", func(t *testing.T) {
		k, _ := realMachine(t)
		test(t, k)
	})
}

// furnish gives eth0 and eth1 their addresses.
func furnish(t testing.TB, k route.Kernel) {
	t.Helper()
	must(t, k.SetUp("eth0", true))
	must(t, k.SetUp("eth1", true))
	must(t, k.AddAddr(route.IfAddr{Dev: "eth0", Local: ip("192.168.1.5"), Bits: 24}))
	must(t, k.AddAddr(route.IfAddr{Dev: "eth1", Local: ip("172.16.0.5"), Bits: 16}))
}

func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func lines(t testing.TB, k route.Kernel) string {
	t.Helper()
	s, err := routetest.Lines(k, "ppp0", "eth0", "eth1")
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// flat is the text of an error on one line.
func flat(err error) string {
	if err == nil {
		return ""
	}
	return strings.ReplaceAll(err.Error(), "\n", "; ")
}
