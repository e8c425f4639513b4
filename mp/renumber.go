package mp

import (
	"encoding/binary"
	"net/netip"
	"slices"
	"time"
)

// A renumbering is what becomes of packets from an address that the interface
// has had before the peer has given it another: that it stood with while it
// waited for traffic, or that of an earlier call. What has waited for the call
// and begins a conversation leaves from the new address, and so does all that
// follows in it; its answers find their way back. Programs whose packets cannot
// be saved so are told at once, so that they try again from the new address.
type renumbering struct {
	local, remote [4]byte
	former        [][4]byte // addresses of before, the latest last
	ready         time.Time // the interface has the new address; zero: not yet
	flows         map[dialogue]saved
	scratch       [maxRefusal]byte
}

// A dialogue is what tells one conversation from another as the far side sees it. The
// ports of an ICMP echo are its identifier and 0.
type dialogue struct {
	proto        byte
	far          [4]byte
	port, theirs uint16
}

// A saved conversation is one that goes on from the new address.
type saved struct {
	former     [4]byte
	last       time.Time
	sent, came uint16 // identification of the last packet that was fragmented
}

const (
	maxFormer = 8
	maxSaved  = 1024
	// What the kernel was sending when it got the new address may come a
	// little later.
	renumberGrace = time.Second
	// How long a conversation is silent that must have ended (RFC 5382,
	// section 5; RFC 4787, section 4.3; RFC 5508, section 3.2).
	tcpLife  = connectionLife
	udpLife  = 5 * time.Minute
	icmpLife = time.Minute

	udpHeader  = 8
	icmpHeader = 8
	// An ICMP error quotes as much as fits (RFC 1812, section 4.3.2.3).
	maxRefusal = 576

	tcpACK = 0x10
	ttl    = 64

	icmpEchoReply   = 0
	icmpUnreachable = 3
	icmpQuench      = 4
	icmpRedirect    = 5
	icmpEcho        = 8
	icmpExceeded    = 11
	icmpParameter   = 12
	// The code that Linux takes for an error of a UDP socket too, unlike those
	// of an unreachable host: communication is prohibited.
	codeProhibited = 13
)

// agreed says what addresses the link has now. It returns those of before. A
// peer that tells none of its own goes on under the one that it had.
func (r *renumbering) agreed(local, remote netip.Addr) []netip.Addr {
	if !local.Is4() {
		return nil
	}
	was := r.local
	r.local, r.ready = local.As4(), time.Time{}
	if remote.Is4() {
		r.remote = remote.As4()
	}
	if was != r.local {
		clear(r.flows)
		r.former = slices.DeleteFunc(r.former, func(a [4]byte) bool { return a == r.local || a == was })
		if was != [4]byte{} {
			r.former = append(r.former, was)
		}
		if n := len(r.former) - maxFormer; n > 0 {
			r.former = slices.Delete(r.former, 0, n)
		}
	}
	var all []netip.Addr
	for _, a := range r.former {
		all = append(all, netip.AddrFrom4(a))
	}
	return all
}

// out takes a packet on its way to the peer, that came from the interface at
// some time, and reports false when it has no way from its address.
func (r *renumbering) out(now, came time.Time, p []byte) bool {
	if len(r.former) == 0 || len(p) < ipv4Header || p[0]>>4 != 4 {
		return true
	}
	from, to := [4]byte(p[12:16]), [4]byte(p[16:20])
	if from == r.local {
		if len(r.flows) > 0 { // a new conversation has the same ports
			if c, ok := outward(p); ok {
				delete(r.flows, c)
			}
		}
		return true
	}
	if !slices.Contains(r.former, from) {
		return true
	}
	if laterFragment(p) {
		for c, s := range r.flows {
			if c.proto == p[9] && c.far == to && s.former == from && s.sent == identification(p) {
				readdress(p, 12, r.local)
				return true
			}
		}
		return false
	}
	c, ok := outward(p)
	if !ok {
		return false
	}
	s, known := r.flows[c]
	switch {
	case known && s.former != from:
		return false
	case !known:
		waited := r.ready.IsZero() || came.Before(r.ready.Add(renumberGrace))
		if !waited || !begins(p) || !r.room(now) {
			return false
		}
		s.former = from
	}
	s.last = now
	if moreFragments(p) {
		s.sent = identification(p)
	}
	r.flows[c] = s
	readdress(p, 12, r.local)
	return true
}

// in takes a packet of the peer's and brings it to the address that its
// conversation began with.
func (r *renumbering) in(now time.Time, p []byte) {
	if len(r.flows) == 0 || len(p) < ipv4Header || p[0]>>4 != 4 || [4]byte(p[16:20]) != r.local {
		return
	}
	if laterFragment(p) {
		for c, s := range r.flows {
			if c.proto == p[9] && c.far == [4]byte(p[12:16]) && s.came == identification(p) {
				readdress(p, 16, s.former)
				return
			}
		}
		return
	}
	if r.inError(p) {
		return
	}
	c, ok := inward(p)
	if !ok {
		return
	}
	if s, known := r.flows[c]; known {
		s.last = now
		if moreFragments(p) {
			s.came = identification(p)
		}
		r.flows[c] = s
		readdress(p, 16, s.former)
	}
}

// inError does that for an ICMP error, which quotes what we have sent, and
// reports whether p is one.
func (r *renumbering) inError(p []byte) bool {
	above, body := transport(p)
	if above != protoICMP || len(body) < icmpHeader || !isICMPError(body[0]) {
		return false
	}
	quoted := body[icmpHeader:]
	if len(quoted) < ipv4Header || quoted[0]>>4 != 4 || [4]byte(quoted[12:16]) != r.local {
		return true
	}
	c, ok := outward(quoted)
	s, known := r.flows[c]
	if !ok || !known {
		return true
	}
	readdress(quoted, 12, s.former)
	readdress(p, 16, s.former)
	body[2], body[3] = 0, 0
	binary.BigEndian.PutUint16(body[2:], checksum(body, 0))
	return true
}

// room makes sure that one more conversation can be kept.
func (r *renumbering) room(now time.Time) bool {
	if r.flows == nil {
		r.flows = make(map[dialogue]saved)
	}
	if len(r.flows) >= maxSaved {
		for c, s := range r.flows {
			if now.Sub(s.last) > lifeOf(c.proto) {
				delete(r.flows, c)
			}
		}
	}
	return len(r.flows) < maxSaved
}

func lifeOf(proto byte) time.Duration {
	switch proto {
	case protoTCP:
		return tcpLife
	case protoUDP:
		return udpLife
	}
	return icmpLife
}

// begins reports whether a packet can be the first of a conversation.
func begins(p []byte) bool {
	above, body := transport(p)
	switch above {
	case protoTCP:
		return len(body) >= tcpHeader && body[13]&(tcpSYN|tcpACK) == tcpSYN
	case protoICMP:
		return body[0] == icmpEcho
	}
	return true
}

// outward is the conversation of a packet that we send. It has one only if its
// transport header is whole as far as that matters.
func outward(p []byte) (c dialogue, ok bool) {
	above, body := transport(p)
	c = dialogue{proto: above, far: [4]byte(p[16:20])}
	switch {
	case (above == protoTCP || above == protoUDP) && len(body) >= udpHeader:
		c.port, c.theirs = binary.BigEndian.Uint16(body), binary.BigEndian.Uint16(body[2:])
		return c, true
	case above == protoICMP && len(body) >= icmpHeader && body[0] == icmpEcho:
		c.port = binary.BigEndian.Uint16(body[4:])
		return c, true
	}
	return c, false
}

// inward is that of a packet that has come.
func inward(p []byte) (c dialogue, ok bool) {
	above, body := transport(p)
	c = dialogue{proto: above, far: [4]byte(p[12:16])}
	switch {
	case (above == protoTCP || above == protoUDP) && len(body) >= udpHeader:
		c.theirs, c.port = binary.BigEndian.Uint16(body), binary.BigEndian.Uint16(body[2:])
		return c, true
	case above == protoICMP && len(body) >= icmpHeader && body[0] == icmpEchoReply:
		c.port = binary.BigEndian.Uint16(body[4:])
		return c, true
	}
	return c, false
}

// readdress writes an address into the IP header and mends the checksums that
// cover it. Of a quoted packet there may be less than its transport header.
func readdress(p []byte, at int, a [4]byte) {
	above, body := transport(p)
	var sum []byte // of the transport's
	switch {
	case above == protoTCP && len(body) >= 18:
		sum = body[16:18]
	case above == protoUDP && len(body) >= udpHeader && (body[6] != 0 || body[7] != 0): // 0: none
		sum = body[6:8]
	}
	for i := 0; i < 4; i += 2 {
		from, to := binary.BigEndian.Uint16(p[at+i:]), binary.BigEndian.Uint16(a[i:])
		patchChecksum(p[10:12], at+i, from, to)
		if sum != nil {
			patchChecksum(sum, at+i, from, to)
		}
	}
	if above == protoUDP && sum != nil && sum[0] == 0 && sum[1] == 0 {
		sum[0], sum[1] = 0xff, 0xff // the same, and not none (RFC 768)
	}
	copy(p[at:], a[:])
}

// refusal is what tells the sender of a packet that it has no way from its
// address: the end of its TCP connection, which no ICMP error would end, or an
// ICMP error; nil where nothing may be sent. It is valid until the next call.
func (r *renumbering) refusal(p []byte) []byte {
	above, body := transport(p)
	switch {
	case laterFragment(p), p[16] >= 224:
		return nil
	case above == protoTCP && len(body) >= tcpHeader:
		if flags := body[13]; flags&tcpRST != 0 {
			return nil
		} else if flags&(tcpSYN|tcpACK) != tcpSYN {
			return r.reset(p, body)
		}
	case above == protoICMP && (len(body) == 0 || isICMPError(body[0])):
		return nil
	}
	return r.unreachable(p)
}

// unreachable is an ICMP error about p, of the peer's.
func (r *renumbering) unreachable(p []byte) []byte {
	quoted := p[:min(len(p), maxRefusal-ipv4Header-icmpHeader)]
	e := r.answer(p, r.remote, protoICMP, icmpHeader+len(quoted))
	icmp := e[ipv4Header:]
	icmp[0], icmp[1] = icmpUnreachable, codeProhibited
	copy(icmp[icmpHeader:], quoted)
	binary.BigEndian.PutUint16(icmp[2:], checksum(icmp, 0))
	return e
}

// reset ends the connection of a segment (RFC 9293, section 3.5.2).
func (r *renumbering) reset(p, segment []byte) []byte {
	e := r.answer(p, [4]byte(p[16:20]), protoTCP, tcpHeader)
	tcp := e[ipv4Header:]
	copy(tcp[0:2], segment[2:4])
	copy(tcp[2:4], segment[0:2])
	tcp[12], tcp[13] = tcpHeader/4<<4, tcpRST
	if segment[13]&tcpACK != 0 {
		copy(tcp[4:8], segment[8:12])
	} else {
		tcp[13] |= tcpACK
		length := uint32(max(0, len(segment)-int(segment[12]>>4)*4))
		if segment[13]&tcpFIN != 0 {
			length++
		}
		binary.BigEndian.PutUint32(tcp[8:], binary.BigEndian.Uint32(segment[4:])+length)
	}
	pseudo := checksumAdd(protoTCP+tcpHeader, e[12:20])
	binary.BigEndian.PutUint16(tcp[16:], checksum(tcp, pseudo))
	return e
}

// answer is the frame of a packet for the sender of p.
func (r *renumbering) answer(p []byte, from [4]byte, proto byte, size int) []byte {
	e := r.scratch[:ipv4Header+size]
	clear(e)
	e[0], e[8], e[9] = 0x45, ttl, proto
	binary.BigEndian.PutUint16(e[2:], uint16(len(e)))
	copy(e[12:], from[:])
	copy(e[16:], p[12:16])
	binary.BigEndian.PutUint16(e[10:], checksum(e[:ipv4Header], 0))
	return e
}

func isICMPError(kind byte) bool {
	switch kind {
	case icmpUnreachable, icmpQuench, icmpRedirect, icmpExceeded, icmpParameter:
		return true
	}
	return false
}

func identification(p []byte) uint16 { return binary.BigEndian.Uint16(p[4:]) }

func moreFragments(p []byte) bool { return p[6]&0x20 != 0 }

func laterFragment(p []byte) bool { return binary.BigEndian.Uint16(p[6:])&0x1fff != 0 }

// checksum is that of the Internet (RFC 1071) over b and what was summed before.
func checksum(b []byte, sum uint32) uint16 {
	sum = checksumAdd(sum, b)
	return ^uint16(sum)
}

// checksumAdd adds octets to a sum of 16 bits.
func checksumAdd(sum uint32, b []byte) uint32 {
	for len(b) > 1 {
		sum += uint32(b[0])<<8 | uint32(b[1])
		b = b[2:]
	}
	if len(b) == 1 {
		sum += uint32(b[0]) << 8
	}
	for sum>>16 != 0 {
		sum = sum>>16 + sum&0xffff
	}
	return sum
}
