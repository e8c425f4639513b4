package tun_test

import (
	"errors"
	"fmt"
	"io/fs"
	"net"
	"net/netip"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/vishvananda/netlink"
	"go.uber.org/goleak"
	"golang.org/x/sys/unix"

	"pppdial/route/routetest"
	"pppdial/route/tun"
)

func TestMain(m *testing.M) {
	code := routetest.Main(m)
	if err := goleak.Find(); err != nil && code == 0 {
		fmt.Fprintln(os.Stderr, err)
		code = 1
	}
	os.Exit(code)
}

const headroom = 32

// buffers returns n buffers with headroom for packets of 1500 bytes.
func buffers(n int) (bufs [][]byte, sizes []int) {
	for range n {
		bufs = append(bufs, make([]byte, headroom+1500))
	}
	return bufs, make([]int, n)
}

func open(t testing.TB, name string) tun.Device {
	t.Helper()
	d, err := tun.Open(name)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { d.Close() })
	return d
}

func handle(t testing.TB) *netlink.Handle {
	t.Helper()
	h, err := netlink.NewHandle(unix.NETLINK_ROUTE)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(h.Close)
	return h
}

// configured is an interface that is up, with 10.0.0.1 here and 10.0.0.2 there.
func configured(t testing.TB) (tun.Device, *netlink.Handle, netlink.Link) {
	t.Helper()
	routetest.Namespace(t)
	d, h := open(t, ""), handle(t)
	l, err := h.LinkByName(d.Name())
	if err != nil {
		t.Fatal(err)
	}
	if err := h.LinkSetUp(l); err != nil {
		t.Fatal(err)
	}
	addr := &netlink.Addr{
		IPNet: &net.IPNet{IP: net.IP{10, 0, 0, 1}, Mask: net.CIDRMask(32, 32)},
		Peer:  &net.IPNet{IP: net.IP{10, 0, 0, 2}, Mask: net.CIDRMask(32, 32)},
	}
	if err := h.AddrAdd(l, addr); err != nil {
		t.Fatal(err)
	}
	return d, h, l
}

// sender sends UDP datagrams to the peer.
func sender(t testing.TB) func(payload string) {
	t.Helper()
	fd, err := unix.Socket(unix.AF_INET, unix.SOCK_DGRAM|unix.SOCK_CLOEXEC, 0)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { unix.Close(fd) })
	if err := unix.Connect(fd, &unix.SockaddrInet4{Port: 9, Addr: [4]byte{10, 0, 0, 2}}); err != nil {
		t.Fatal(err)
	}
	return func(payload string) {
		if _, err := unix.Write(fd, []byte(payload)); err != nil {
			t.Fatal(err)
		}
	}
}

func TestOpenTakesTheNextFreeName(t *testing.T) {
	routetest.Namespace(t)
	for i := range 3 {
		if d, want := open(t, ""), fmt.Sprintf("ppp%d", i); d.Name() != want {
			t.Errorf("interface %d is %s, want %s", i, d.Name(), want)
		}
	}
	if d := open(t, "lte0"); d.Name() != "lte0" {
		t.Errorf("name %s, want lte0", d.Name())
	}
}

func TestOpenMakesAQuietPointToPointInterface(t *testing.T) {
	routetest.Namespace(t)
	d, h := open(t, ""), handle(t)
	l, err := h.LinkByName(d.Name())
	if err != nil {
		t.Fatal(err)
	}
	flags := l.Attrs().RawFlags
	if want := uint32(unix.IFF_POINTOPOINT | unix.IFF_NOARP | unix.IFF_MULTICAST); flags != want {
		t.Errorf("flags %#x, want pointopoint, noarp, multicast and not up: %#x", flags, want)
	}
	if err := h.LinkSetUp(l); err != nil {
		t.Fatal(err)
	}
	addrs, err := h.AddrList(l, netlink.FAMILY_ALL)
	if err != nil {
		t.Fatal(err)
	}
	if len(addrs) != 0 {
		t.Errorf("the kernel gave it the addresses %v", addrs)
	}
}

func TestCloseRemovesTheInterface(t *testing.T) {
	routetest.Namespace(t)
	d, h := open(t, ""), handle(t)
	for range 2 {
		if err := d.Close(); err != nil {
			t.Errorf("Close: %v", err)
		}
	}
	if l, err := h.LinkByName(d.Name()); err == nil {
		t.Errorf("%s is still there: %v", d.Name(), l)
	}
	bufs, sizes := buffers(1)
	if _, err := d.Read(bufs, sizes, headroom); !errors.Is(err, fs.ErrClosed) {
		t.Errorf("Read after Close: %v, want fs.ErrClosed", err)
	}
	if _, err := d.Write(bufs, headroom); !errors.Is(err, fs.ErrClosed) {
		t.Errorf("Write after Close: %v, want fs.ErrClosed", err)
	}
}

func TestCloseFreesABlockedRead(t *testing.T) {
	d, _, _ := configured(t)
	entered, done := make(chan struct{}), make(chan error, 1)
	go func() {
		bufs, sizes := buffers(1)
		close(entered)
		_, err := d.Read(bufs, sizes, headroom)
		done <- err
	}()
	<-entered
	d.Close()
	if err := <-done; !errors.Is(err, fs.ErrClosed) {
		t.Errorf("Read: %v, want fs.ErrClosed", err)
	}
}

func TestReadTakesWhatIsThere(t *testing.T) {
	d, _, _ := configured(t)
	send := sender(t)
	for i := range 5 {
		send(strings.Repeat("x", 10*i))
	}
	bufs, sizes := buffers(3)
	var got []string
	for _, want := range []int{3, 2} {
		n, err := d.Read(bufs, sizes, headroom)
		if err != nil || n != want {
			t.Fatalf("Read: %d packets, %v; want %d", n, err, want)
		}
		for i := range n {
			p := bufs[i][headroom : headroom+sizes[i]]
			got = append(got, fmt.Sprintf("%d:%s", len(p), p[28:]))
			if p[0] != 0x45 {
				t.Errorf("packet begins with %#x, want the IPv4 header at the offset", p[0])
			}
		}
	}
	want := []string{"28:", "38:xxxxxxxxxx"}
	for i, w := range want {
		if got[i] != w {
			t.Errorf("packet %d is %q, want %q", i, got[i], w)
		}
	}
}

func TestReadReportsARemovedInterface(t *testing.T) {
	d, h, l := configured(t)
	done := make(chan error, 1)
	go func() {
		bufs, sizes := buffers(1)
		_, err := d.Read(bufs, sizes, headroom)
		done <- err
	}()
	if err := h.LinkDel(l); err != nil {
		t.Fatal(err)
	}
	if err := <-done; err == nil || !strings.Contains(err.Error(), "removed by somebody else") {
		t.Errorf("Read: %v, want to be told that the interface was removed", err)
	}
}

func TestWriteDelivers(t *testing.T) {
	d, _, _ := configured(t)
	pc, err := net.ListenPacket("udp4", "10.0.0.1:7777")
	if err != nil {
		t.Fatal(err)
	}
	defer pc.Close()
	bufs := [][]byte{
		udpPacket("one"),
		append(make([]byte, headroom), 0, 1, 2, 3), // no IP version
		udpPacket("two"),
	}
	n, err := d.Write(bufs, headroom)
	if n != 2 || err == nil || !strings.Contains(err.Error(), "no IP packet") {
		t.Errorf("Write: %d, %v; want 2 and that one is no IP packet", n, err)
	}
	buf := make([]byte, 100)
	for _, want := range []string{"one", "two"} {
		n, _, err := pc.ReadFrom(buf)
		if err != nil || string(buf[:n]) != want {
			t.Errorf("received %q, %v; want %q", buf[:n], err, want)
		}
	}
}

func TestWriteToAnInterfaceThatIsDown(t *testing.T) {
	routetest.Namespace(t)
	d := open(t, "")
	n, err := d.Write([][]byte{udpPacket("lost")}, headroom)
	if n != 0 || !errors.Is(err, unix.EIO) || !strings.Contains(err.Error(), "is down") {
		t.Errorf("Write: %d, %v; want that the interface is down", n, err)
	}
}

// udpPacket is a datagram from 10.0.0.2 to 10.0.0.1 port 7777, behind the
// headroom. The checksum of UDP is left out, as IPv4 allows.
func udpPacket(payload string) []byte {
	src, dst := netip.MustParseAddr("10.0.0.2").As4(), netip.MustParseAddr("10.0.0.1").As4()
	p := make([]byte, 28, 28+len(payload))
	p[0], p[8], p[9] = 0x45, 64, unix.IPPROTO_UDP
	p[2], p[3] = byte((28+len(payload))>>8), byte(28+len(payload))
	copy(p[12:], src[:])
	copy(p[16:], dst[:])
	var sum uint32
	for i := 0; i < 20; i += 2 {
		sum += uint32(p[i])<<8 | uint32(p[i+1])
	}
	sum = sum>>16 + sum&0xffff
	p[10], p[11] = byte(^sum>>8), byte(^sum)
	p[20], p[21] = 0x30, 0x39
	p[22], p[23] = 7777>>8, 7777&0xff
	p[24], p[25] = byte((8+len(payload))>>8), byte(8+len(payload))
	return append(make([]byte, headroom), append(p, payload...)...)
}

func TestOpenErrors(t *testing.T) {
	routetest.Namespace(t)
	open(t, "taken0")
	regular := filepath.Join(t.TempDir(), "regular")
	if err := os.WriteFile(regular, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	tests := []struct {
		path, name, want string
		is               error
	}{
		{"/dev/net/none", "", "modprobe tun", fs.ErrNotExist},
		{regular, "", "this is no TUN driver", unix.ENOTTY},
		{"/dev/net/tun", "taken0", "tun: taken0: ", unix.EBUSY},
		{"/dev/net/tun", "taken0", "choose another (ifname=)", unix.EBUSY},
		{"/dev/net/tun", "lo", "there is an interface of this name", nil},
		{"/dev/net/tun", "ppp%d", "no name for an interface", nil},
		{"/dev/net/tun", "a/b", "no name for an interface", nil},
		{"/dev/net/tun", "a234567890123456", "at most 15 characters", nil},
	}
	for _, tt := range tests {
		d, err := tun.OpenAt(tt.path, tt.name)
		if err == nil {
			d.Close()
			t.Errorf("open %s %q succeeded", tt.path, tt.name)
			continue
		}
		var oe *tun.OpenError
		if !errors.As(err, &oe) || !strings.Contains(err.Error(), tt.want) {
			t.Errorf("open %s %q: %v; want an OpenError with %q", tt.path, tt.name, err, tt.want)
		}
		if tt.is != nil && !errors.Is(err, tt.is) {
			t.Errorf("open %s %q: %#v is no %v", tt.path, tt.name, oe.Err, tt.is)
		}
	}
}

func TestOpenWithoutPrivilege(t *testing.T) {
	routetest.Namespace(t)
	routetest.DropPrivileges(t)
	_, err := tun.Open("")
	if !errors.Is(err, fs.ErrPermission) || !strings.Contains(err.Error(), "root") {
		t.Errorf("Open: %v; want fs.ErrPermission and that root is needed", err)
	}
}

func TestReadAndWriteDoNotAllocate(t *testing.T) {
	d, _, _ := configured(t)
	send := sender(t)
	const batch, rounds = 8, 20
	for range batch * (rounds + 1) {
		send("payload")
	}
	bufs, sizes := buffers(batch)
	if n := testing.AllocsPerRun(rounds, func() {
		if n, err := d.Read(bufs, sizes, headroom); n != batch || err != nil {
			t.Fatalf("Read: %d, %v", n, err)
		}
	}); n != 0 {
		t.Errorf("Read of %d packets makes %v allocations", batch, n)
	}
	for i := range bufs {
		bufs[i] = udpPacket("payload")
	}
	if n := testing.AllocsPerRun(rounds, func() {
		if n, err := d.Write(bufs, headroom); n != batch || err != nil {
			t.Fatalf("Write: %d, %v", n, err)
		}
	}); n != 0 {
		t.Errorf("Write of %d packets makes %v allocations", batch, n)
	}
}

// BenchmarkRead is of 64 packets of 1400 bytes at a time, already waiting.
func BenchmarkRead(b *testing.B) {
	d, _, _ := configured(b)
	send := sender(b)
	bufs, sizes := buffers(64)
	payload := strings.Repeat("x", 1372)
	b.SetBytes(1400)
	b.ReportAllocs()
	for done := 0; done < b.N; {
		b.StopTimer()
		for range bufs {
			send(payload)
		}
		b.StartTimer()
		n, err := d.Read(bufs, sizes, headroom)
		if err != nil {
			b.Fatal(err)
		}
		done += n
	}
}

// BenchmarkWrite is of 64 packets of 1400 bytes at a time, to a socket that
// nobody reads.
func BenchmarkWrite(b *testing.B) {
	d, _, _ := configured(b)
	pc, err := net.ListenPacket("udp4", "10.0.0.1:7777")
	if err != nil {
		b.Fatal(err)
	}
	defer pc.Close()
	var bufs [][]byte
	for range 64 {
		bufs = append(bufs, udpPacket(strings.Repeat("x", 1372)))
	}
	b.SetBytes(1400)
	b.ReportAllocs()
	for done := 0; done < b.N; {
		n, err := d.Write(bufs, headroom)
		if err != nil {
			b.Fatal(err)
		}
		done += n
	}
}
