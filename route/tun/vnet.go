package tun

import (
	"encoding/binary"
	"errors"

	"golang.org/x/sys/unix"
)

// vnetLen is the length of what stands before every packet, each way: struct
// virtio_net_hdr of linux/virtio_net.h, in the machine's own byte order.
const vnetLen = 10

// A vnet says what has been left undone in a packet: its checksum, and its being
// cut into TCP segments.
type vnet struct {
	flags       byte
	gso         byte
	headers     uint16 // length of the headers; a hint
	segmentSize uint16 // octets of payload in each segment
	sumStart    uint16 // where that begins which the checksum is of
	sumOffset   uint16 // from there, where it belongs
}

func parseVnet(b []byte) vnet {
	e := binary.NativeEndian
	return vnet{b[0], b[1], e.Uint16(b[2:]), e.Uint16(b[4:]), e.Uint16(b[6:]), e.Uint16(b[8:])}
}

func (v vnet) put(b []byte) {
	e := binary.NativeEndian
	b[0], b[1] = v.flags, v.gso
	e.PutUint16(b[2:], v.headers)
	e.PutUint16(b[4:], v.segmentSize)
	e.PutUint16(b[6:], v.sumStart)
	e.PutUint16(b[8:], v.sumOffset)
}

// joined reports whether the packet has to be cut.
func (v vnet) joined() bool { return v.gso != unix.VIRTIO_NET_HDR_GSO_NONE }

var errMalformed = errors.New("a packet of the kernel contradicts its header")

const udpSumOffset = 6

// finish puts in the checksum that the kernel has left to us. What stands in its
// place is the sum of the pseudo-header.
func (v vnet) finish(p []byte) error {
	if v.flags&unix.VIRTIO_NET_HDR_F_NEEDS_CSUM == 0 {
		return nil
	}
	at := int(v.sumStart) + int(v.sumOffset)
	if at+2 > len(p) {
		return errMalformed
	}
	sum := ^sum16(p[v.sumStart:])
	if sum == 0 && v.sumOffset == udpSumOffset {
		sum = 0xffff // 0 means that there is none (RFC 768)
	}
	binary.BigEndian.PutUint16(p[at:], sum)
	return nil
}
