package tun

import (
	"errors"
	"fmt"
	"os"
	"strings"

	"github.com/vishvananda/netlink"
	"golang.org/x/sys/unix"
)

// devicePath is the TUN driver's door.
const devicePath = "/dev/net/tun"

// addrGenModeNone is IN6_ADDR_GEN_MODE_NONE of linux/if_link.h.
const addrGenModeNone = 1

// Open makes a network interface of the current network namespace: the next
// free pppN when name is "", otherwise that name, which must not be taken. It
// is point-to-point, without ARP, down, and makes no IPv6 address of its own.
// The error is an *OpenError.
func Open(name string) (Device, error) { return open(devicePath, name) }

func open(path, name string) (Device, error) {
	if err := checkName(name); err != nil {
		return nil, &OpenError{Name: name, Msg: err.Error(), Err: err}
	}
	fd, err := openDriver(path)
	if err != nil {
		return nil, &OpenError{Name: name, Msg: driverTrouble(path, err), Err: err}
	}
	// The driver must know its interface before the descriptor enters the
	// poller, or the poller sees an error on it for ever.
	given, vnet, err := attach(fd, name)
	if err != nil {
		unix.Close(fd)
		return nil, &OpenError{Name: name, Msg: attachTrouble(name, err), Err: err}
	}
	d, err := newDevice(os.NewFile(uintptr(fd), path), given, vnet)
	if err == nil {
		if err = silenceIPv6(given); err == nil {
			return d, nil
		}
		d.Close()
	}
	return nil, &OpenError{Name: given, Msg: err.Error(), Err: err}
}

// checkName refuses what the kernel would refuse, and the patterns that it
// would complete.
func checkName(name string) error {
	switch {
	case len(name) >= unix.IFNAMSIZ:
		return fmt.Errorf("an interface's name has at most %d characters", unix.IFNAMSIZ-1)
	case name == ".", name == "..", strings.ContainsAny(name, "/:% \t\n\v\f\r\x00"):
		return errors.New("no name for an interface")
	}
	return nil
}

func openDriver(path string) (fd int, err error) {
	for {
		fd, err = unix.Open(path, unix.O_RDWR|unix.O_CLOEXEC|unix.O_NONBLOCK, 0)
		if err != unix.EINTR {
			return fd, err
		}
	}
}

// attach makes the interface and returns its name, and whether vnet headers
// stand before packets: all kernels since 2.6.27 can do that.
func attach(fd int, name string) (given string, vnet bool, err error) {
	if name == "" {
		name = "ppp%d" // completed by the kernel: two programs never get the same
	}
	ifr, err := unix.NewIfreq(name)
	if err != nil {
		return "", false, err
	}
	// IFF_TUN_EXCL: a device that somebody else has made is not ours, and would
	// stay when we end.
	flags := uint16(unix.IFF_TUN | unix.IFF_NO_PI | unix.IFF_TUN_EXCL)
	if known, err := unix.IoctlGetUint32(fd, unix.TUNGETFEATURES); err == nil && known&unix.IFF_VNET_HDR != 0 {
		flags, vnet = flags|unix.IFF_VNET_HDR, true
	}
	ifr.SetUint16(flags)
	if err := unix.IoctlIfreq(fd, unix.TUNSETIFF, ifr); err != nil {
		return "", false, err
	}
	return ifr.Name(), vnet, nil
}

// silenceIPv6 keeps the kernel from adding a link-local address of its own
// when the interface goes up: IPV6CP negotiates it. A kernel without IPv6 has
// nothing to be told.
func silenceIPv6(name string) error {
	h, err := netlink.NewHandle(unix.NETLINK_ROUTE)
	if err != nil {
		return fmt.Errorf("netlink: %w", err)
	}
	defer h.Close()
	link, err := h.LinkByName(name)
	if err != nil {
		return fmt.Errorf("netlink: %w", err)
	}
	err = h.LinkSetIP6AddrGenMode(link, addrGenModeNone)
	if err != nil && !errors.Is(err, unix.EAFNOSUPPORT) && !errors.Is(err, unix.EOPNOTSUPP) {
		return fmt.Errorf("turn off automatic IPv6 addresses: %w", err)
	}
	return nil
}

// An OpenError says why there is no interface, and what to do about it. It is
// a fs.ErrPermission where a privilege is missing, and fs.ErrNotExist where the
// driver is.
type OpenError struct {
	Name string // "" for the next free pppN
	Msg  string // what failed, what to do
	Err  error
}

func (e *OpenError) Error() string {
	if e.Name == "" {
		return "tun: " + e.Msg
	}
	return "tun: " + e.Name + ": " + e.Msg
}

func (e *OpenError) Unwrap() error { return e.Err }

func driverTrouble(path string, err error) string {
	switch {
	case errors.Is(err, unix.ENOENT), errors.Is(err, unix.ENODEV), errors.Is(err, unix.ENXIO):
		return fmt.Sprintf("%s: %v: the kernel's TUN driver is missing; load it (modprobe tun) or give the container the device (--device %[1]s)", path, err)
	case errors.Is(err, unix.EACCES), errors.Is(err, unix.EPERM):
		return fmt.Sprintf("%s: %v: not allowed to open the TUN driver; run as root, or open the device to this user (and to this unit or container: DeviceAllow=%[1]s)", path, err)
	}
	return fmt.Sprintf("%s: %v", path, err)
}

func attachTrouble(name string, err error) string {
	switch {
	case errors.Is(err, unix.EPERM), errors.Is(err, unix.EACCES):
		return fmt.Sprintf("%v: not allowed to make an interface; run as root or with CAP_NET_ADMIN", err)
	case errors.Is(err, unix.EBUSY), errors.Is(err, unix.EEXIST), errors.Is(err, unix.EINVAL) && name != "":
		return fmt.Sprintf("%v: there is an interface of this name already; choose another (ifname=) or none for the next free pppN", err)
	case errors.Is(err, unix.ENOTTY), errors.Is(err, unix.EBADFD):
		return fmt.Sprintf("%v: this is no TUN driver", err)
	}
	return fmt.Sprintf("make interface: %v", err)
}
