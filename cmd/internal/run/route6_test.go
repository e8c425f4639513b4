package run

import (
	"os/exec"
	"strings"
	"testing"

	"pppdial/mp/mptest"
)

// ip runs ip(8) in the end's namespace.
func (e *end) ip(words string) string {
	e.t.Helper()
	var out []byte
	if err := e.net.Do(func() (err error) {
		out, err = exec.Command("ip", strings.Fields(words)...).CombinedOutput()
		return err
	}); err != nil {
		e.t.Fatalf("ip %s: %v\n%s", words, err, out)
	}
	return string(out)
}

// TestRoute6: the routes of IPv6 stand while it is up, and the interface has
// all that a client of router advertisements or DHCPv6 needs.
func TestRoute6(t *testing.T) {
	const net = "2001:db8:77::/48"
	const add = "add_route6='add -inet6 " + net + " #' "
	for _, tt := range []struct {
		name, words string
		want        bool
	}{
		{"none", "", false},
		{"add_route6", add, true},
		{"del_route6", add + "-del_route6 del_route6='delete -inet6 " + net + "'", true},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			a, b := newEnd(t, "device=/dev/null -ipv4 "+tt.words), newEnd(t, "device=/dev/null -ipv4")
			la, lb := mptest.Pair(mptest.Config{})
			a.start(la)
			b.start(lb)
			a.wantUp(1)
			b.wantUp(1)
			dev := a.iface.tun.Name()
			route := net + " dev " + dev
			if got := strings.Contains(a.ip("-6 route"), route); got != tt.want {
				t.Errorf("while it is up: %v, want %v:\n%s", got, tt.want, a.ip("-6 route"))
			}
			if got := a.ip("-6 addr show dev " + dev); !strings.Contains(got, a.v6.Local.String()) || strings.Count(got, "inet6 ") != 1 {
				t.Errorf("addresses:\n%s", got)
			}
			if got := a.ip("link show dev " + dev); !strings.Contains(got, "MULTICAST") || !strings.Contains(got, "UP") {
				t.Errorf("interface:\n%s", got)
			}
			a.close()
			a.iface.withdraw()
			if strings.Contains(a.ip("-6 route"), route) {
				t.Errorf("behind it:\n%s", a.ip("-6 route"))
			}
		})
	}
}

// TestEUI64: without localif the identifier is made of an Ethernet
// address, as RFC 4291, appendix A, has it.
func TestEUI64(t *testing.T) {
	e := newEnd(t, "device=/dev/null")
	e.ip("tuntap add eth7 mode tap")
	e.ip("link set eth7 address 02:18:f3:a5:0b:1c")
	if err := e.net.Do(func() error {
		mac, ok := findEthernet()
		if got := eui64(mac).String(); !ok || got != "0018:f3ff:fea5:0b1c" {
			t.Errorf("identifier %s", got)
		}
		return nil
	}); err != nil {
		t.Fatal(err)
	}
}
