// Package tun is the network interface as a program sees it: packets in
// batches, from and to the kernel's TUN driver (Documentation/networking/
// tuntap.rst), and a twin in memory for tests.
//
// The driver is spoken to by its ioctl and plain reads and writes. On lines that
// are fast enough for it to matter, a read gives a packet of up to 64 KB, which is
// cut into TCP segments here, and a write takes segments that are joined here: the
// kernel then goes its way once for many packets (IFF_VNET_HDR, TUNSETOFFLOAD).
// Whoever reads and writes batches sees packets as they are on the line.
// golang.zx2c4.com/wireguard/tun does the same; but it has no release, always
// offloads, holds 128 buffers, and loses what they have no room for.
//
// The kernel gives the interface addresses and routes through package route;
// here it is only made, with point-to-point and no-ARP flags, down, and kept
// from inventing an IPv6 link-local address. It is gone when it is closed or
// the process dies, and its addresses and routes with it.
package tun

// A Device is a network interface: Read gives what the kernel sends through
// it, Write delivers to the kernel. One goroutine may read while another
// writes; Close may come from anywhere and frees both.
//
// Packets stand in the buffers from offset on, which is MinOffset at least. What
// is in front of offset is the caller's headroom, which the device may overwrite
// while it works.
type Device interface {
	// Name is that of the interface, ppp0.
	Name() string

	// Read waits for a packet and takes what else is there without waiting, at
	// most one for each buffer. It returns their number n and their lengths in
	// sizes[:n]. A buffer holds len(buf)-offset bytes of packet, which must be
	// the interface's MTU or more: the rest of a longer packet is lost. After
	// Close the error is fs.ErrClosed.
	Read(bufs [][]byte, sizes []int, offset int) (n int, err error)

	// Write hands the packets bufs[i][offset:] to the kernel in order and
	// returns how many it took. It may change their headers. One that is refused
	// (no IP packet, interface down) does not stop the others; err is that of the
	// first.
	Write(bufs [][]byte, offset int) (n int, err error)

	// SetOffload says whether the kernel may leave to us what Read then does: the
	// cutting of large packets into TCP segments, and checksums. At first it may
	// not. It can be changed at any time, by anybody. The error is an
	// errors.ErrUnsupported where the device cannot do it.
	SetOffload(on bool) error

	// Close removes the interface.
	Close() error
}

// MinOffset is the least headroom that a Device needs.
const MinOffset = vnetLen
