package tun

import (
	"encoding/binary"

	"golang.org/x/sys/unix"
)

// A split is a packet of the kernel that is being cut into TCP segments, as the
// kernel itself does it for a device that cannot. IP options and extension
// headers are each segment's.
type split struct {
	shape
	packet []byte // nil: there is none
	size   int    // octets of payload in each segment
	pseudo uint16 // sum of the pseudo-header, but for the length
	given  int    // octets of payload that have been given away
	id     uint16 // of the next datagram
}

// begin takes a packet, which must stay as it is until nothing is left of it.
func (s *split) begin(v vnet, p []byte) error {
	n := split{packet: p, size: int(v.segmentSize)}
	n.tcp = int(v.sumStart)
	switch {
	case v.flags&unix.VIRTIO_NET_HDR_F_NEEDS_CSUM == 0, v.sumOffset != tcpSumAt, n.size == 0, n.tcp+tcpHeader > len(p):
		return errMalformed
	}
	switch v.gso &^ unix.VIRTIO_NET_HDR_GSO_ECN {
	case unix.VIRTIO_NET_HDR_GSO_TCPV4:
		if n.tcp < ipv4Header || p[0]>>4 != 4 || int(p[0]&15)*4 != n.tcp {
			return errMalformed
		}
		n.id = binary.BigEndian.Uint16(p[4:])
	case unix.VIRTIO_NET_HDR_GSO_TCPV6:
		if n.tcp < ipv6Header || p[0]>>4 != 6 {
			return errMalformed
		}
		n.ipv6 = true
	default:
		return errMalformed
	}
	if !n.findPayload(p) || n.headers == len(p) {
		return errMalformed
	}
	// The kernel has put in the sum for the length of all.
	n.pseudo = add(binary.BigEndian.Uint16(p[n.tcp+tcpSumAt:]), ^uint16(len(p)-n.tcp))
	*s = n
	return nil
}

// left reports whether there is another segment.
func (s *split) left() bool { return s.packet != nil }

// next puts the next segment into b and returns its length, more than b holds
// where it does not fit.
func (s *split) next(b []byte) int {
	payload := s.packet[s.headers+s.given:]
	last := len(payload) <= s.size
	if !last {
		payload = payload[:s.size]
	}
	n := s.headers + len(payload)
	if n <= len(b) {
		s.put(b[:n], payload, last)
	}
	s.given += len(payload)
	s.id++
	if last {
		s.packet = nil
	}
	return n
}

func (s *split) put(p, payload []byte, last bool) {
	copy(p, s.packet[:s.headers])
	copy(p[s.headers:], payload)
	s.setLength(p, len(p), s.id)
	tcp := p[s.tcp:]
	binary.BigEndian.PutUint32(tcp[4:], binary.BigEndian.Uint32(tcp[4:])+uint32(s.given))
	if !last {
		tcp[tcpFlagsAt] &^= tcpFIN | tcpPSH
	}
	if s.given > 0 {
		tcp[tcpFlagsAt] &^= tcpCWR // RFC 3168, section 6.1.2: once
	}
	tcp[tcpSumAt], tcp[tcpSumAt+1] = 0, 0
	binary.BigEndian.PutUint16(tcp[tcpSumAt:], ^add(s.pseudo, uint16(len(tcp)), sum16(tcp)))
}
