package run

import (
	"fmt"
	"net"
	"net/netip"
	"os"
	"os/exec"
	"strings"
	"testing"
	"time"

	"golang.org/x/net/ipv6"

	"pppdial/mp/mptest"
)

// TestRouterAdvertisement: what a router or a DHCPv6 server on the link sends
// to all nodes comes through, and the system makes use of it.
func TestRouterAdvertisement(t *testing.T) {
	a := newEnd(t, "device=/dev/null -ipv4")
	b := newEnd(t, "device=/dev/null -ipv4")
	la, lb := mptest.Pair(mptest.Config{})
	a.start(la)
	b.start(lb)
	a.wantUp(1)
	b.wantUp(1)
	name := a.iface.tun.Name()
	if err := a.net.Do(func() error {
		return os.WriteFile("/proc/sys/net/ipv6/conf/"+name+"/accept_ra", []byte("2"), 0o644)
	}); err != nil {
		t.Fatal(err)
	}

	all := b.scoped(netip.MustParseAddr("ff02::1"))
	var router net.PacketConn
	if err := b.net.Do(func() (err error) {
		router, err = net.ListenPacket("ip6:ipv6-icmp", "::")
		return err
	}); err != nil {
		t.Fatal(err)
	}
	defer router.Close()
	if err := ipv6.NewPacketConn(router).SetMulticastHopLimit(255); err != nil {
		t.Fatal(err)
	}
	advertisement := []byte{134, 0, 0, 0, 64, 0, 0x07, 0x08, 0, 0, 0, 0, 0, 0, 0, 0} // half an hour
	if _, err := router.WriteTo(advertisement, &net.IPAddr{IP: all.AsSlice(), Zone: all.Zone()}); err != nil {
		t.Fatal(err)
	}
	routes := ""
	for limit := time.Now().Add(patience); !strings.Contains(routes, "default via "+b.v6.Local.String()+" dev "+name+" proto ra"); {
		if time.Now().After(limit) {
			t.Fatalf("no default route by the advertisement:\n%s", routes)
		}
		if err := a.net.Do(func() error {
			out, err := exec.Command("ip", "-6", "route").CombinedOutput()
			routes = string(out)
			return err
		}); err != nil {
			t.Fatal(err)
		}
		time.Sleep(10 * time.Millisecond)
	}

	// DHCPv6 servers are called by ff02::1:2 (RFC 8415, section 7.1).
	const servers = "ff02::1:2"
	var server *net.UDPConn
	if err := b.net.Do(func() error {
		i, err := net.InterfaceByName(b.iface.tun.Name())
		if err == nil {
			server, err = net.ListenMulticastUDP("udp6", i, &net.UDPAddr{IP: net.ParseIP(servers), Port: 547})
		}
		return err
	}); err != nil {
		t.Fatal(err)
	}
	defer server.Close()
	to := a.scoped(netip.MustParseAddr(servers))
	var client net.Conn
	if err := a.net.Do(func() (err error) {
		client, err = net.Dial("udp6", fmt.Sprintf("[%s]:547", to))
		return err
	}); err != nil {
		t.Fatal(err)
	}
	defer client.Close()
	if _, err := client.Write([]byte("solicit")); err != nil {
		t.Fatal(err)
	}
	server.SetReadDeadline(time.Now().Add(patience))
	buf := make([]byte, 100)
	n, _, err := server.ReadFrom(buf)
	if err != nil || string(buf[:n]) != "solicit" {
		t.Errorf("received %q, %v", buf[:n], err)
	}
}
