package route

import (
	"errors"
	"fmt"
	"net"
	"net/netip"
	"os"

	"github.com/vishvananda/netlink"
	"github.com/vishvananda/netlink/nl"
	"golang.org/x/sys/unix"
)

// rtnl is the kernel by rtnetlink(7), in the network namespace in which it was
// opened.
type rtnl struct {
	h      *netlink.Handle
	strict *netlink.Handle  // for lists of routes
	addrs  *nl.SocketHandle // for lists of addresses
	ns     string
}

// OpenKernel returns the network namespace of the calling thread. It may be
// used from any thread, by one goroutine at a time.
func OpenKernel() (Kernel, error) {
	ns, err := namespace()
	if err != nil {
		return nil, fmt.Errorf("route: name the network namespace: %w", err)
	}
	h, err := netlink.NewHandle(unix.NETLINK_ROUTE)
	if err != nil {
		return nil, fmt.Errorf("route: open netlink: %w", err)
	}
	strict, err := netlink.NewHandle(unix.NETLINK_ROUTE)
	if err != nil {
		h.Close()
		return nil, fmt.Errorf("route: open netlink: %w", err)
	}
	addrs, err := nl.Subscribe(unix.NETLINK_ROUTE)
	if err != nil {
		h.Close()
		strict.Close()
		return nil, fmt.Errorf("route: open netlink: %w", err)
	}
	// With strict checking (Linux 4.20) the kernel filters lists by interface;
	// without, that is done here. It cannot be had for all: the library's
	// request for proxy entries has bytes of chance in its padding.
	_ = strict.SetStrictCheck(true)
	_ = unix.SetsockoptInt(addrs.GetFd(), unix.SOL_NETLINK, unix.NETLINK_GET_STRICT_CHK, 1)
	return &rtnl{h, strict, &nl.SocketHandle{Socket: addrs}, ns}, nil
}

// namespace names the calling thread's network namespace: by its cookie (Linux
// 5.14), which is never given twice, before that by its inode.
func namespace() (string, error) {
	fd, err := unix.Socket(unix.AF_UNIX, unix.SOCK_DGRAM|unix.SOCK_CLOEXEC, 0)
	if err != nil {
		return "", os.NewSyscallError("socket", err)
	}
	defer unix.Close(fd)
	if cookie, err := unix.GetsockoptUint64(fd, unix.SOL_SOCKET, unix.SO_NETNS_COOKIE); err == nil {
		return fmt.Sprintf("cookie:%d", cookie), nil
	}
	return os.Readlink("/proc/thread-self/ns/net")
}

func (k *rtnl) Namespace() string { return k.ns }

func (k *rtnl) Close() error {
	k.h.Close()
	k.strict.Close()
	k.addrs.Close()
	return nil
}

// link finds an interface by its name.
func (k *rtnl) link(name string) (netlink.Link, error) {
	l, err := k.h.LinkByName(name)
	var none netlink.LinkNotFoundError
	if errors.As(err, &none) || name == "" {
		return nil, unix.ENODEV
	}
	return l, err
}

// A names tells interface names by their numbers, asking once for each.
type names struct {
	k     *rtnl
	known map[int]string
}

func (k *rtnl) names() names { return names{k, make(map[int]string)} }

// of returns "" for an interface that has gone meanwhile.
func (n names) of(index int) string {
	if index == 0 {
		return ""
	}
	name, known := n.known[index]
	if !known {
		if l, err := n.k.h.LinkByIndex(index); err == nil {
			name = l.Attrs().Name
		}
		n.known[index] = name
	}
	return name
}

func (k *rtnl) Link(name string) (Link, error) {
	l, err := k.link(name)
	if err != nil {
		return Link{}, err
	}
	a := l.Attrs()
	const broadcast, noARP = unix.IFF_BROADCAST, unix.IFF_NOARP | unix.IFF_POINTOPOINT | unix.IFF_LOOPBACK
	return Link{
		Name:     a.Name,
		Up:       a.RawFlags&unix.IFF_UP != 0,
		DoesARP:  a.RawFlags&(broadcast|noARP) == broadcast,
		MTU:      a.MTU,
		QueueLen: a.TxQLen,
	}, nil
}

func (k *rtnl) SetUp(name string, up bool) error {
	l, err := k.link(name)
	if err != nil {
		return err
	}
	if up {
		return k.h.LinkSetUp(l)
	}
	return k.h.LinkSetDown(l)
}

// SetMTU keeps automatic IPv6 addresses off: the kernel forgets that setting
// with the rest of IPv6 when the MTU goes under 1280.
func (k *rtnl) SetMTU(name string, mtu int) error {
	l, err := k.link(name)
	if err != nil {
		return err
	}
	if l.Attrs().MTU >= minMTU6 || mtu < minMTU6 {
		return k.h.LinkSetMTU(l, mtu)
	}
	up := l.Attrs().RawFlags&unix.IFF_UP != 0
	if up {
		if err := k.h.LinkSetDown(l); err != nil {
			return err
		}
	}
	err = k.h.LinkSetMTU(l, mtu)
	if err == nil {
		const none = 1 // IN6_ADDR_GEN_MODE_NONE of linux/if_link.h
		err = k.h.LinkSetIP6AddrGenMode(l, none)
		if errors.Is(err, unix.EAFNOSUPPORT) || errors.Is(err, unix.EOPNOTSUPP) {
			err = nil // no IPv6 at all
		}
	}
	if up {
		err = errors.Join(err, k.h.LinkSetUp(l))
	}
	return err
}

func (k *rtnl) SetQueueLen(name string, packets int) error {
	l, err := k.link(name)
	if err != nil {
		return err
	}
	return k.h.LinkSetTxQLen(l, packets)
}

// list asks for a list until the kernel has not changed while giving it.
func list[T any](ask func() ([]T, error)) ([]T, error) {
	for tries := 0; ; tries++ {
		l, err := ask()
		if !errors.Is(err, netlink.ErrDumpInterrupted) || tries == 9 {
			return l, err
		}
	}
}

func (k *rtnl) Proxies() ([]Proxy, error) {
	all, err := list(func() ([]netlink.Neigh, error) { return k.h.NeighProxyList(0, netlink.FAMILY_V4) })
	if err != nil {
		return nil, err
	}
	names := k.names()
	var proxies []Proxy
	for _, x := range all {
		proxies = append(proxies, Proxy{Addr: addr(x.IP), Dev: names.of(x.LinkIndex)})
	}
	return proxies, nil
}

func (k *rtnl) AddProxy(p Proxy) error {
	n, err := k.proxy(p)
	if err != nil {
		return err
	}
	return k.h.NeighAdd(n)
}

func (k *rtnl) DelProxy(p Proxy) error {
	n, err := k.proxy(p)
	if err != nil {
		return err
	}
	return k.h.NeighDel(n)
}

func (k *rtnl) proxy(p Proxy) (*netlink.Neigh, error) {
	l, err := k.link(p.Dev)
	if err != nil {
		return nil, err
	}
	return &netlink.Neigh{
		LinkIndex: l.Attrs().Index,
		Family:    netlink.FAMILY_V4,
		State:     netlink.NUD_PERMANENT,
		Flags:     netlink.NTF_PROXY,
		IP:        p.Addr.AsSlice(),
	}, nil
}

func addr(ip net.IP) netip.Addr {
	a, _ := netip.AddrFromSlice(ip)
	return a.Unmap()
}

func ipNet(p netip.Prefix) *net.IPNet {
	return &net.IPNet{IP: p.Addr().AsSlice(), Mask: net.CIDRMask(p.Bits(), p.Addr().BitLen())}
}
