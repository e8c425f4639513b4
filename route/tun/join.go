package tun

import (
	"bytes"
	"encoding/binary"

	"golang.org/x/sys/unix"
)

// A join sorts the packets of one Write into groups: TCP segments that follow
// each other on a connection go to the kernel as one packet, as if its own
// generic receive offload had made it. Only what the kernel can cut into the
// same segments again is joined, for the packet may leave by another interface.
// Groups go in the order of their first packets, which keeps that of each
// connection.
type join struct {
	groups []group
	next   []int // of each packet: the one behind it in its group
}

// A group is packets that go to the kernel as one, or a single packet.
type group struct {
	shape       // no headers: not TCP, or not of a kind that is joined
	first, last int
	n           int
	open        bool   // more can follow
	intact      bool   // the first one's checksums are right
	pushed      bool   // the last one has PSH set
	size        int    // octets of payload in each but the last
	length      int    // octets of the whole packet
	seq         uint32 // of what follows
	id          uint16 // of the last datagram
}

// lookBack is how many groups are looked at for one that a packet continues.
const lookBack = 8

// plan sorts packets into groups, of one each where they must not be joined.
func (j *join) plan(bufs [][]byte, offset int, may bool) {
	j.groups, j.next = j.groups[:0], j.next[:0]
	for i := range bufs {
		j.next = append(j.next, 0)
		p := bufs[i][offset:]
		s, ok := shapeOf(p)
		if !ok || !may {
			j.groups = append(j.groups, group{first: i, last: i, n: 1})
			continue
		}
		open := s.length(p) == len(p) && len(p) > s.headers && p[s.tcp+tcpFlagsAt]&^tcpPSH == tcpACK
		if g := j.find(bufs, offset, s, p); g != nil && open && g.takes(bufs[g.first][offset:], s, p) {
			j.next[g.last] = i
			g.add(i, s, p)
			continue
		}
		g := group{shape: s, first: i, last: i, open: open, length: s.headers, size: len(p) - s.headers}
		g.add(i, s, p)
		j.groups = append(j.groups, g)
	}
}

// find returns the last group of the connection that p is of, nil if there is
// none.
func (j *join) find(bufs [][]byte, offset int, s shape, p []byte) *group {
	for k := len(j.groups) - 1; k >= max(0, len(j.groups)-lookBack); k-- {
		g := &j.groups[k]
		if g.headers > 0 && g.ipv6 == s.ipv6 && s.sameConnection(bufs[g.first][offset:], p) {
			return g
		}
	}
	return nil
}

func (s shape) sameConnection(a, b []byte) bool {
	if !bytes.Equal(a[s.tcp:s.tcp+4], b[s.tcp:s.tcp+4]) {
		return false
	}
	if s.ipv6 {
		return bytes.Equal(a[8:ipv6Header], b[8:ipv6Header])
	}
	return bytes.Equal(a[12:ipv4Header], b[12:ipv4Header])
}

// takes reports whether p continues the group, whose first packet is given. The
// checksums of a group are not looked at any more by the kernel.
func (g *group) takes(first []byte, s shape, p []byte) bool {
	payload := len(p) - s.headers
	if !g.open || s.headers != g.headers || payload > g.size || g.length+payload > maxDatagram ||
		binary.BigEndian.Uint32(p[s.tcp+4:]) != g.seq || !g.sameHeaders(first, p) {
		return false
	}
	if !g.ipv6 && p[6]&(ipv4DontFragment>>8) == 0 && binary.BigEndian.Uint16(p[4:]) != g.id+1 {
		return false // where it may be fragmented, its number counts (RFC 6864, section 4)
	}
	if !g.intact {
		if g.open = g.shape.intact(first); !g.open {
			return false
		}
		g.intact = true
	}
	return s.intact(p)
}

// sameHeaders compares what is alike in all segments that are cut from a packet.
func (g *group) sameHeaders(a, b []byte) bool {
	if g.ipv6 {
		if !bytes.Equal(a[:4], b[:4]) || a[7] != b[7] {
			return false
		}
	} else if a[1] != b[1] || !bytes.Equal(a[6:9], b[6:9]) {
		return false
	}
	a, b = a[g.tcp:g.headers], b[g.tcp:g.headers]
	return bytes.Equal(a[8:tcpFlagsAt], b[8:tcpFlagsAt]) && bytes.Equal(a[14:tcpSumAt], b[14:tcpSumAt]) && bytes.Equal(a[18:], b[18:])
}

// add puts in packet i.
func (g *group) add(i int, s shape, p []byte) {
	payload := len(p) - s.headers
	g.last = i
	g.n++
	g.length += payload
	g.seq = binary.BigEndian.Uint32(p[s.tcp+4:]) + uint32(payload)
	if !g.ipv6 {
		g.id = binary.BigEndian.Uint16(p[4:])
	}
	if p[s.tcp+tcpFlagsAt]&tcpPSH != 0 {
		g.pushed, g.open = true, false
	}
	if payload < g.size {
		g.open = false
	}
}

// head makes the first packet's headers those of the whole group, and returns
// what has to stand in front of it.
func (g *group) head(p []byte) vnet {
	if g.n == 1 {
		return vnet{}
	}
	id := uint16(0)
	v := vnet{
		flags: unix.VIRTIO_NET_HDR_F_NEEDS_CSUM, gso: unix.VIRTIO_NET_HDR_GSO_TCPV6,
		headers: uint16(g.headers), segmentSize: uint16(g.size), sumStart: uint16(g.tcp), sumOffset: tcpSumAt,
	}
	if !g.ipv6 {
		v.gso, id = unix.VIRTIO_NET_HDR_GSO_TCPV4, binary.BigEndian.Uint16(p[4:])
	}
	g.setLength(p, g.length, id)
	if g.pushed {
		p[g.tcp+tcpFlagsAt] |= tcpPSH
	}
	binary.BigEndian.PutUint16(p[g.tcp+tcpSumAt:], g.pseudoHeader(p, g.length-g.tcp))
	return v
}
