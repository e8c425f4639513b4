package tun

import (
	"net"
	"net/netip"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/vishvananda/netlink"
	"golang.org/x/sys/unix"

	"pppdial/route/routetest/traffic"
)

// A station is an interface in a namespace of its own.
type station struct {
	*traffic.Net
	dev  Device
	link netlink.Link
	h    *netlink.Handle
}

func newStation(t testing.TB, addrs ...string) *station {
	t.Helper()
	n, err := traffic.New()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { n.Close() })
	s := &station{Net: n}
	if err := n.Do(func() (err error) {
		if s.dev, err = Open("ppp0"); err != nil {
			return err
		}
		if s.h, err = netlink.NewHandle(unix.NETLINK_ROUTE); err != nil {
			return err
		}
		if s.link, err = s.h.LinkByName("ppp0"); err != nil {
			return err
		}
		if err := s.h.LinkSetUp(s.link); err != nil {
			return err
		}
		for _, a := range addrs {
			p := netip.MustParsePrefix(a)
			if err := s.h.AddrAdd(s.link, &netlink.Addr{
				IPNet: &net.IPNet{IP: p.Addr().AsSlice(), Mask: net.CIDRMask(p.Bits(), p.Addr().BitLen())}, Flags: unix.IFA_F_NODAD,
			}); err != nil {
				return err
			}
		}
		return nil
	}); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { s.dev.Close(); s.h.Close() })
	return s
}

// await waits until another station answers: the kernel takes an IPv6 address
// into use when it finds the time.
func (s *station) await(t *testing.T, other netip.Addr) {
	t.Helper()
	for began := time.Now(); ; {
		_, err := s.Ping(other, 1, 56, 100*time.Millisecond)
		if err == nil {
			return
		}
		if time.Sleep(10 * time.Millisecond); time.Since(began) > time.Minute {
			t.Fatal(err)
		}
	}
}

// counted is how many packets the kernel counts, sent and received.
func (s *station) counted(t *testing.T) (tx, rx uint64) {
	l, err := s.h.LinkByName("ppp0")
	if err != nil {
		t.Fatal(err)
	}
	return l.Attrs().Statistics.TxPackets, l.Attrs().Statistics.RxPackets
}

// carry brings packets from one station to another until an interface is
// closed, and looks at each.
func carry(t *testing.T, from, to *station, packets *atomic.Uint64) {
	const batch = 32
	var bufs [batch][]byte
	for i := range bufs {
		bufs[i] = make([]byte, testOffset+1500)
	}
	sizes := make([]int, batch)
	for {
		n, err := from.dev.Read(bufs[:], sizes, testOffset)
		if err != nil {
			return
		}
		out := make([][]byte, 0, batch)
		for i := range n {
			p := bufs[i][testOffset : testOffset+sizes[i]]
			if s, ok := shapeOf(p); ok && (!s.intact(p) || s.length(p) != len(p)) {
				t.Errorf("a damaged packet is read: %x", p)
			}
			out = append(out, bufs[i][:testOffset+sizes[i]])
		}
		packets.Add(uint64(n))
		if _, err := to.dev.Write(out, testOffset); err != nil {
			return
		}
	}
}

func TestTransfer(t *testing.T) {
	for _, tt := range []struct {
		name    string
		offload bool
		server  string
	}{
		{"plain, IPv4", false, "10.0.0.2:7"}, {"plain, IPv6", false, "[fd00::2]:7"},
		{"offload, IPv4", true, "10.0.0.2:7"}, {"offload, IPv6", true, "[fd00::2]:7"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			a, b := newStation(t, "10.0.0.1/24", "fd00::1/64"), newStation(t, "10.0.0.2/24", "fd00::2/64")
			for _, s := range []*station{a, b} {
				if err := s.dev.SetOffload(tt.offload); err != nil {
					t.Fatal(err)
				}
			}
			var out, back atomic.Uint64
			var wg sync.WaitGroup
			wg.Go(func() { carry(t, a, b, &out) })
			wg.Go(func() { carry(t, b, a, &back) })
			defer wg.Wait()
			defer a.dev.Close()
			defer b.dev.Close()
			server := netip.MustParseAddrPort(tt.server)
			a.await(t, server.Addr())
			l, err := b.Listen(server)
			if err != nil {
				t.Fatal(err)
			}
			var served sync.WaitGroup
			served.Go(func() { traffic.Echo(l) })
			defer served.Wait()
			defer l.Close()
			c, err := a.Dial(server, time.Minute)
			if err != nil {
				t.Fatal(err)
			}
			defer c.Close()
			if err := traffic.Exchange(c, traffic.Data(20e6)); err != nil {
				t.Error(err)
			}
			tx, rx := a.counted(t)
			if few := tx < out.Load()/2; few != tt.offload {
				t.Errorf("the kernel has handed over %d packets that were %d", tx, out.Load())
			}
			if few := rx < back.Load()*9/10; few != tt.offload && tt.offload {
				t.Errorf("the kernel was given %d packets that were %d", rx, back.Load())
			}
			t.Logf("handed over %d packets for %d, given %d for %d", tx, out.Load(), rx, back.Load())
		})
	}
}

// TestUnfinishedChecksums: with offload, the kernel leaves also those of small
// packets to us. Both protocols and both versions come through.
func TestUnfinishedChecksums(t *testing.T) {
	a, b := newStation(t, "10.0.0.1/24", "fd00::1/64"), newStation(t, "10.0.0.2/24", "fd00::2/64")
	for _, s := range []*station{a, b} {
		if err := s.dev.SetOffload(true); err != nil {
			t.Fatal(err)
		}
	}
	var n atomic.Uint64
	var wg sync.WaitGroup
	wg.Go(func() { carry(t, a, b, &n) })
	wg.Go(func() { carry(t, b, a, &n) })
	defer wg.Wait()
	defer a.dev.Close()
	defer b.dev.Close()
	for _, at := range []string{"10.0.0.2:7", "[fd00::2]:7"} {
		a.await(t, netip.MustParseAddrPort(at).Addr())
		var server net.PacketConn
		var client net.Conn
		if err := b.Do(func() (err error) { server, err = net.ListenPacket("udp", at); return err }); err != nil {
			t.Fatal(err)
		}
		defer server.Close()
		if err := a.Do(func() (err error) { client, err = net.Dial("udp", at); return err }); err != nil {
			t.Fatal(err)
		}
		defer client.Close()
		for size := range 20 {
			if _, err := client.Write(payload(size)); err != nil {
				t.Fatal(err)
			}
			buf := make([]byte, 100)
			server.SetReadDeadline(time.Now().Add(time.Minute))
			if n, _, err := server.ReadFrom(buf); n != size || err != nil || string(buf[:n]) != string(payload(size)) {
				t.Errorf("%s: %d octets, %v; want %d", at, n, err, size)
			}
		}
	}
}

// TestRestOfALargePacket: what the buffers have no room for comes with the next
// Read, and without waiting for another packet.
func TestRestOfALargePacket(t *testing.T) {
	r := &reader{vnet: true, offset: testOffset, sizes: make([]int, 2)}
	w := whole(tcp{payload: payload(450)}, 100)
	if err := r.rest.begin(w.v, w.p); err != nil {
		t.Fatal(err)
	}
	var got [][]byte
	for range 3 {
		r.bufs, r.n = [][]byte{make([]byte, testOffset+140), make([]byte, testOffset+140)}, 0
		r.fill(^uintptr(0)) // reading would fail
		for i := range r.n {
			got = append(got, r.bufs[i][testOffset:testOffset+r.sizes[i]])
		}
	}
	if d := differs(got, cutModel(w)); d != "" {
		t.Error(d)
	}
	if r.rest.begin(w.v, w.p) != nil {
		t.Fatal()
	}
	r.bufs, r.n, r.rest.size = [][]byte{make([]byte, testOffset+100)}, 0, 100
	if r.fill(^uintptr(0)); r.n != 1 || r.sizes[0] != 0 {
		t.Errorf("a segment that does not fit is handed over with %d octets, want 0", r.sizes[0])
	}
}
