package tun

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"net/netip"
	"slices"

	"golang.org/x/sys/unix"
)

const testOffset = 32

// sumModel is RFC 1071's algorithm as it is written there.
func sumModel(b []byte) uint16 {
	var sum uint32
	for i, c := range b {
		if i%2 == 0 {
			sum += uint32(c) << 8
		} else {
			sum += uint32(c)
		}
		sum = sum&0xffff + sum>>16
	}
	return uint16(sum)
}

// A tcp is a segment in words; zero values are those of an ordinary one.
type tcp struct {
	ipv6     bool
	from, to int // ports
	seq, ack uint32
	flags    byte // without ACK
	window   uint16
	tos, ttl byte
	id       uint16
	fragment bool // it may be fragmented
	options  []byte
	payload  []byte
	broken   bool // its checksum is wrong
}

func (t tcp) bytes() []byte {
	h := make([]byte, tcpHeader, tcpHeader+len(t.options)+len(t.payload))
	binary.BigEndian.PutUint16(h, uint16(t.from))
	binary.BigEndian.PutUint16(h[2:], uint16(t.to))
	binary.BigEndian.PutUint32(h[4:], t.seq)
	binary.BigEndian.PutUint32(h[8:], t.ack)
	h[12] = byte((tcpHeader + len(t.options)) / 4 << 4)
	h[13] = tcpACK | t.flags
	binary.BigEndian.PutUint16(h[14:], t.window)
	h = append(append(h, t.options...), t.payload...)
	var ip, pseudo []byte
	if t.ipv6 {
		ip = make([]byte, ipv6Header)
		ip[0], ip[6], ip[7] = 0x60|t.tos>>4, unix.IPPROTO_TCP, 64+t.ttl
		ip[1] = t.tos << 4
		binary.BigEndian.PutUint16(ip[4:], uint16(len(h)))
		copy(ip[8:], netip.MustParseAddr("fd00::1").AsSlice())
		copy(ip[24:], netip.MustParseAddr("fd00::2").AsSlice())
		pseudo = append(pseudo, ip[8:40]...)
	} else {
		ip = make([]byte, ipv4Header)
		ip[0], ip[1], ip[8], ip[9] = 0x45, t.tos, 64+t.ttl, unix.IPPROTO_TCP
		binary.BigEndian.PutUint16(ip[2:], uint16(ipv4Header+len(h)))
		binary.BigEndian.PutUint16(ip[4:], t.id)
		if !t.fragment {
			ip[6] = 0x40
		}
		copy(ip[12:], []byte{10, 0, 0, 1, 10, 0, 0, 2})
		binary.BigEndian.PutUint16(ip[10:], ^sumModel(ip))
		pseudo = append(pseudo, ip[12:20]...)
	}
	pseudo = append(pseudo, 0, unix.IPPROTO_TCP, byte(len(h)>>8), byte(len(h)))
	sum := ^sumModel(append(pseudo, h...))
	if t.broken {
		sum++
	}
	binary.BigEndian.PutUint16(h[16:], sum)
	return append(ip, h...)
}

// A written packet is one that the kernel is given.
type written struct {
	v vnet
	p []byte
}

// join is what Write gives the kernel for packets.
func joined(packets ...[]byte) []written {
	var bufs [][]byte
	for _, p := range packets {
		bufs = append(bufs, append(make([]byte, testOffset), p...))
	}
	var j join
	j.plan(bufs, testOffset, true)
	var all []written
	for k := range j.groups {
		g := &j.groups[k]
		w := written{v: g.head(bufs[g.first][testOffset:]), p: bytes.Clone(bufs[g.first][testOffset:])}
		for i := g.first; i != g.last; {
			i = j.next[i]
			w.p = append(w.p, bufs[i][testOffset+g.headers:]...)
		}
		all = append(all, w)
	}
	return all
}

// cutModel is what the kernel makes of a written packet, in plain words
// (tcp_gso_segment and inet_gso_segment): the same headers before each part of
// the payload, but for what counts on.
func cutModel(w written) (all [][]byte) {
	if !w.v.joined() {
		return [][]byte{w.p}
	}
	at := int(w.v.sumStart)
	headers := at + int(w.p[at+12]>>4)*4
	parts := slices.Collect(slices.Chunk(w.p[headers:], int(w.v.segmentSize)))
	for i, part := range parts {
		p := append(bytes.Clone(w.p[:headers]), part...)
		var pseudo []byte
		if w.p[0]>>4 == 6 {
			binary.BigEndian.PutUint16(p[4:], uint16(len(p)-40))
			pseudo = append(pseudo, p[8:40]...)
		} else {
			binary.BigEndian.PutUint16(p[2:], uint16(len(p)))
			binary.BigEndian.PutUint16(p[4:], binary.BigEndian.Uint16(p[4:])+uint16(i))
			p[10], p[11] = 0, 0
			binary.BigEndian.PutUint16(p[10:], ^sumModel(p[:at]))
			pseudo = append(pseudo, p[12:20]...)
		}
		seq := binary.BigEndian.Uint32(p[at+4:])
		binary.BigEndian.PutUint32(p[at+4:], seq+uint32(i*int(w.v.segmentSize)))
		if i < len(parts)-1 {
			p[at+13] &^= tcpFIN | tcpPSH
		}
		if i > 0 {
			p[at+13] &^= tcpCWR
		}
		n := len(p) - at
		p[at+16], p[at+17] = 0, 0
		pseudo = append(pseudo, 0, unix.IPPROTO_TCP, byte(n>>8), byte(n))
		binary.BigEndian.PutUint16(p[at+16:], ^sumModel(append(pseudo, p[at:]...)))
		all = append(all, p)
	}
	return all
}

// whole is the packet that the kernel hands over for one to be cut into
// segments of so many octets.
func whole(t tcp, size int) written {
	p := t.bytes()
	s, _ := shapeOf(p)
	v := vnet{
		flags: unix.VIRTIO_NET_HDR_F_NEEDS_CSUM, gso: unix.VIRTIO_NET_HDR_GSO_TCPV4, headers: uint16(s.headers),
		segmentSize: uint16(size), sumStart: uint16(s.tcp), sumOffset: tcpSumAt,
	}
	if t.ipv6 {
		v.gso = unix.VIRTIO_NET_HDR_GSO_TCPV6
	}
	binary.BigEndian.PutUint16(p[s.tcp+tcpSumAt:], s.pseudoHeader(p, len(p)-s.tcp))
	return written{v, p}
}

// cut is what Read makes of it.
func cut(w written) (all [][]byte, err error) {
	var s split
	if err := s.begin(w.v, bytes.Clone(w.p)); err != nil {
		return nil, err
	}
	for s.left() {
		b := make([]byte, maxDatagram)
		all = append(all, b[:s.next(b)])
	}
	return all, nil
}

// differs says how two lists of packets do.
func differs(got, want [][]byte) string {
	if len(got) != len(want) {
		return fmt.Sprintf("%d packets, want %d", len(got), len(want))
	}
	for i := range got {
		if !bytes.Equal(got[i], want[i]) {
			return fmt.Sprintf("packet %d is\n%x, want\n%x", i, got[i], want[i])
		}
	}
	return ""
}
