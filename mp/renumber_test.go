package mp

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"net/netip"
	"testing"
	"time"

	"pppdial/mp/mptest"
	"pppdial/mp/wire"
)

var (
	standingAddr = netip.MustParseAddr("10.64.64.0")
	standingPeer = netip.MustParseAddr("10.112.112.0")
	callAddr     = netip.MustParseAddr("100.66.1.7")
	callPeer     = netip.MustParseAddr("100.66.0.1")
	otherAddr    = netip.MustParseAddr("100.71.200.3")
	farHost      = netip.MustParseAddr("192.0.2.53")
)

// datagram4 is a packet with good checksums.
func datagram4(proto byte, from, to netip.Addr, body ...byte) []byte {
	p := packet4(proto, body...)
	p[8] = 64
	binary.BigEndian.PutUint16(p[2:], uint16(len(p)))
	a, b := from.As4(), to.As4()
	copy(p[12:], a[:])
	copy(p[16:], b[:])
	return sums(p)
}

// sums writes the checksums of a packet.
func sums(p []byte) []byte {
	p[10], p[11] = 0, 0
	binary.BigEndian.PutUint16(p[10:], checksum(p[:ipv4Header], 0))
	above, body := transport(p)
	pseudo := checksumAdd(uint32(above)+uint32(len(body)), p[12:20])
	put := func(at int, sum uint32) {
		body[at], body[at+1] = 0, 0
		binary.BigEndian.PutUint16(body[at:], checksum(body, sum))
	}
	switch {
	case above == protoTCP && len(body) >= tcpHeader:
		put(16, pseudo)
	case above == protoUDP && len(body) >= udpHeader:
		put(6, pseudo)
		if body[6] == 0 && body[7] == 0 {
			body[6], body[7] = 0xff, 0xff
		}
	case above == protoICMP && len(body) >= icmpHeader:
		put(2, 0)
	}
	return p
}

// correct reports whether all checksums are good. A UDP datagram may have none.
func correct(p []byte) bool {
	above, body := transport(p)
	pseudo := checksumAdd(uint32(above)+uint32(len(body)), p[12:20])
	switch {
	case checksum(p[:ipv4Header], 0) != 0:
		return false
	case above == protoTCP && len(body) >= tcpHeader:
		return checksum(body, pseudo) == 0
	case above == protoUDP && len(body) >= udpHeader:
		return body[6] == 0 && body[7] == 0 || checksum(body, pseudo) == 0
	case above == protoICMP && len(body) >= icmpHeader:
		return checksum(body, 0) == 0
	}
	return true
}

func segment(from, to netip.Addr, sport, dport uint16, flags byte, data string) []byte {
	b := make([]byte, tcpHeader, tcpHeader+len(data))
	binary.BigEndian.PutUint16(b, sport)
	binary.BigEndian.PutUint16(b[2:], dport)
	binary.BigEndian.PutUint32(b[4:], 1000)
	if flags&tcpACK != 0 {
		binary.BigEndian.PutUint32(b[8:], 5000)
	}
	b[12], b[13] = 0x50, flags
	return datagram4(protoTCP, from, to, append(b, data...)...)
}

func user(from, to netip.Addr, sport, dport uint16, data string) []byte {
	b := make([]byte, udpHeader, udpHeader+len(data))
	binary.BigEndian.PutUint16(b, sport)
	binary.BigEndian.PutUint16(b[2:], dport)
	binary.BigEndian.PutUint16(b[4:], uint16(udpHeader+len(data)))
	return datagram4(protoUDP, from, to, append(b, data...)...)
}

func echo(kind byte, from, to netip.Addr, id uint16) []byte {
	return datagram4(protoICMP, from, to, kind, 0, 0, 0, byte(id>>8), byte(id), 0, 1, 'p', 'i', 'n', 'g')
}

// fragment makes a packet a fragment at an offset, of a datagram with an
// identification. The checksum of its transport is that of the whole.
func fragment(p []byte, id uint16, more bool, offset int) []byte {
	binary.BigEndian.PutUint16(p[4:], id)
	at := uint16(offset / 8)
	if more {
		at |= 0x2000
	}
	binary.BigEndian.PutUint16(p[6:], at)
	p[10], p[11] = 0, 0
	binary.BigEndian.PutUint16(p[10:], checksum(p[:ipv4Header], 0))
	return p
}

// called is a quiet interface whose first call has come up at t, with all
// packets of before t waiting.
func called(t time.Time) *renumbering {
	r := new(renumbering)
	r.agreed(standingAddr, standingPeer)
	r.agreed(callAddr, callPeer)
	r.ready = t
	return r
}

// What is saved, and what is refused and how.
func TestRenumberedOut(t *testing.T) {
	up := time.Unix(1_000_000, 0)
	before, after := up.Add(-time.Minute), up.Add(time.Minute)
	for _, tc := range []struct {
		name string
		p    []byte
		came time.Time
		want string // "as it is", "saved" or the refusal
	}{
		{"from the new address", segment(callAddr, farHost, 40000, 80, tcpSYN, ""), after, "as it is"},
		{"passed on for another machine", segment(farHost, standingPeer, 40000, 80, tcpACK, ""), before, "as it is"},
		{"a SYN that has waited", segment(standingAddr, farHost, 40000, 80, tcpSYN, ""), before, "saved"},
		{"a SYN that was under way", segment(standingAddr, farHost, 40000, 80, tcpSYN, ""), up.Add(renumberGrace / 2), "saved"},
		{"a SYN of later", segment(standingAddr, farHost, 40000, 80, tcpSYN, ""), after, "icmp 10.64.64.0 unreachable"},
		{"a DNS query that has waited", user(standingAddr, farHost, 40000, 53, "query"), before, "saved"},
		{"a DNS query of later", user(standingAddr, farHost, 40000, 53, "query"), after, "icmp 10.64.64.0 unreachable"},
		{"a ping that has waited", echo(icmpEcho, standingAddr, farHost, 7), before, "saved"},
		{"a ping of later", echo(icmpEcho, standingAddr, farHost, 7), after, "icmp 10.64.64.0 unreachable"},
		{"a segment of a connection of before", segment(standingAddr, farHost, 40000, 80, tcpACK, "data"), before, "reset"},
		{"its end", segment(standingAddr, farHost, 40000, 80, tcpACK|tcpFIN, ""), before, "reset"},
		{"a segment without acknowledgement", segment(standingAddr, farHost, 40000, 80, 0, "data"), before, "reset"},
		{"a reset", segment(standingAddr, farHost, 40000, 80, tcpRST, ""), before, ""},
		{"an answer to a ping", echo(icmpEchoReply, standingAddr, farHost, 7), before, "icmp 10.64.64.0 unreachable"},
		{"an ICMP error", datagram4(protoICMP, standingAddr, farHost, icmpUnreachable, 1, 0, 0, 0, 0, 0, 0), before, ""},
		{"GRE", datagram4(47, standingAddr, farHost, 0, 0, 8, 0), before, "icmp 10.64.64.0 unreachable"},
		{"multicast of a protocol", datagram4(2, standingAddr, netip.MustParseAddr("224.0.0.22"), 0x22), before, ""},
		{"a later fragment without its first", fragment(user(standingAddr, farHost, 1, 2, "rest of it"), 77, false, 800), before, ""},
		{"TCP without a header", datagram4(protoTCP, standingAddr, farHost, 1, 2, 3, 4, 5, 6, 7, 8, 9), before, "icmp 10.64.64.0 unreachable"},
		{"no IPv4", packet6(protoUDP, 1, 2, 3, 4, 5, 6, 7, 8), before, "as it is"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			r := called(up)
			was := bytes.Clone(tc.p)
			ok := r.out(after, tc.came, tc.p)
			got := "as it is"
			switch {
			case !ok && !bytes.Equal(was, tc.p):
				t.Error("changed what is refused")
			case !ok:
				got = refusalWords(t, r, tc.p)
			case !bytes.Equal(was, tc.p):
				got = "saved"
				if source(tc.p) != callAddr || destination(tc.p) != farHost || !correct(tc.p) {
					t.Errorf("% x", tc.p)
				}
			}
			if got != tc.want {
				t.Errorf("%q, want %q", got, tc.want)
			}
		})
	}
}

// refusalWords checks the answer to a refused packet, and says what it is.
func refusalWords(t *testing.T, r *renumbering, p []byte) string {
	t.Helper()
	e := r.refusal(p)
	if e == nil {
		return ""
	}
	if !correct(e) || int(binary.BigEndian.Uint16(e[2:])) != len(e) || len(e) > maxRefusal || destination(e) != source(p) {
		t.Errorf("refusal % x", e)
	}
	above, body := transport(e)
	_, of := transport(p)
	switch above {
	case protoICMP:
		if source(e) != callPeer || body[0] != icmpUnreachable || body[1] != codeProhibited || !bytes.HasPrefix(p, body[icmpHeader:]) || len(body) < icmpHeader+ipv4Header {
			t.Errorf("ICMP error % x", e)
		}
		return fmt.Sprintf("icmp %s unreachable", destination(e))
	case protoTCP:
		if source(e) != destination(p) || !bytes.Equal(body[:2], of[2:4]) || !bytes.Equal(body[2:4], of[:2]) {
			t.Errorf("reset % x", e)
		}
		seq, ack := binary.BigEndian.Uint32(body[4:]), binary.BigEndian.Uint32(body[8:])
		if of[13]&tcpACK != 0 && (body[13] != tcpRST || seq != 5000) || of[13]&tcpACK == 0 && (body[13] != tcpRST|tcpACK || seq != 0 || ack != 1004) {
			t.Errorf("reset with flags %#x, sequence number %d, acknowledgement %d", body[13], seq, ack)
		}
		return "reset"
	}
	t.Errorf("refusal % x", e)
	return ""
}

// A conversation that was saved goes on, both ways, for as long as the address
// stays.
func TestRenumberedConversation(t *testing.T) {
	up := time.Unix(1_000_000, 0)
	now := up.Add(time.Hour)
	none := func(p []byte) []byte { // no checksum
		p[26], p[27] = 0, 0
		return p
	}
	for _, tc := range []struct {
		name        string
		first, more []byte
		answers     [][]byte // come for the new address
	}{
		{"TCP", segment(standingAddr, farHost, 40000, 80, tcpSYN, ""), segment(standingAddr, farHost, 40000, 80, tcpACK, "GET /"), [][]byte{
			segment(farHost, callAddr, 80, 40000, tcpSYN|tcpACK, ""), segment(farHost, callAddr, 80, 40000, tcpACK, "page"),
			segment(farHost, callAddr, 80, 40000, tcpRST, ""),
		}},
		{"UDP", user(standingAddr, farHost, 40000, 53, "query"), user(standingAddr, farHost, 40000, 53, "again"), [][]byte{
			user(farHost, callAddr, 53, 40000, "answer"), none(user(farHost, callAddr, 53, 40000, "odd")),
		}},
		{"UDP without checksum", none(user(standingAddr, farHost, 40000, 53, "query")), none(user(standingAddr, farHost, 40000, 53, "again")), nil},
		{"ping", echo(icmpEcho, standingAddr, farHost, 9), echo(icmpEcho, standingAddr, farHost, 9), [][]byte{echo(icmpEchoReply, farHost, callAddr, 9)}},
		{"fragments", fragment(user(standingAddr, farHost, 1, 2, "longlonglonglong"), 5, true, 0), fragment(user(standingAddr, farHost, 3, 4, "rest"), 5, false, 24), [][]byte{
			fragment(user(farHost, callAddr, 2, 1, "longlonglonglong"), 6, true, 0), fragment(user(farHost, callAddr, 9, 9, "rest"), 6, false, 24),
		}},
	} {
		t.Run(tc.name, func(t *testing.T) {
			r := called(up)
			for i, p := range [][]byte{bytes.Clone(tc.first), tc.more} {
				came := up.Add(time.Duration(i-1) * time.Minute)
				if i == 1 {
					came = now
				}
				if !r.out(now, came, p) || source(p) != callAddr || !laterFragment(p) && !correct(p) {
					t.Fatalf("packet %d: % x", i, p)
				}
			}
			for i, p := range tc.answers {
				sender := source(p)
				r.in(now, p)
				if destination(p) != standingAddr || source(p) != sender || !laterFragment(p) && !correct(p) {
					t.Errorf("answer %d: % x", i, p)
				}
			}
			// An error about it quotes what was sent.
			quoted := bytes.Clone(tc.first)
			readdress(quoted, 12, callAddr.As4())
			for _, n := range []int{28, len(quoted)} {
				e := datagram4(protoICMP, callPeer, callAddr, append([]byte{icmpExceeded, 0, 0, 0, 0, 0, 0, 0}, quoted[:n]...)...)
				r.in(now, e)
				back := e[ipv4Header+icmpHeader:]
				if destination(e) != standingAddr || !correct(e) || n == len(quoted) && !bytes.Equal(back, tc.first) || source(back) != standingAddr {
					t.Errorf("ICMP error with %d octets: % x, want % x", n, back, tc.first)
				}
			}
			// The next call gives the same address, then another one.
			r.agreed(callAddr, callPeer)
			r.ready = now
			if p := bytes.Clone(tc.first); !r.out(now, now.Add(time.Hour), p) {
				t.Error("refused although the address is the same")
			}
			if got := r.agreed(otherAddr, callPeer); len(got) != 2 || got[0] != standingAddr || got[1] != callAddr {
				t.Errorf("former addresses %v", got)
			}
			r.ready = now
			if p := bytes.Clone(tc.first); r.out(now, now.Add(time.Hour), p) {
				t.Error("saved although the address has changed")
			}
		})
	}
}

// A peer that tells no address of its own renumbers us all the same.
func TestRenumberedByUnknownPeer(t *testing.T) {
	up := time.Unix(1_000_000, 0)
	r := new(renumbering)
	r.agreed(standingAddr, standingPeer)
	if got := r.agreed(callAddr, netip.Addr{}); len(got) != 1 || got[0] != standingAddr {
		t.Errorf("former addresses %v", got)
	}
	r.ready = up
	if p := echo(icmpEcho, standingAddr, farHost, 7); !r.out(up, up.Add(-time.Second), p) || source(p) != callAddr {
		t.Errorf("what has waited: % x", p)
	}
	p := echo(icmpEchoReply, farHost, callAddr, 7)
	if r.in(up, p); destination(p) != standingAddr {
		t.Errorf("its answer: % x", p)
	}
	p = echo(icmpEcho, standingAddr, farHost, 8)
	if e := r.refusal(p); r.out(up, up.Add(time.Hour), p) || source(e) != standingPeer {
		t.Errorf("refusal % x", e)
	}
}

// What is no conversation of ours passes unchanged.
func TestRenumberedForeign(t *testing.T) {
	up := time.Unix(1_000_000, 0)
	r := called(up)
	if !r.out(up, up, segment(standingAddr, farHost, 40000, 80, tcpSYN, "")) {
		t.Fatal("refused")
	}
	for _, p := range [][]byte{
		segment(farHost, callAddr, 80, 40001, tcpACK, ""),
		segment(callPeer, callAddr, 80, 40000, tcpACK, ""),
		segment(farHost, otherAddr, 80, 40000, tcpACK, ""),
		user(farHost, callAddr, 80, 40000, ""),
		echo(icmpEcho, farHost, callAddr, 40000),
		fragment(user(farHost, callAddr, 9, 9, "rest"), 6, false, 24),
		datagram4(protoICMP, callPeer, callAddr, icmpExceeded, 0, 0, 0, 0, 0, 0, 0),
		packet6(protoTCP, make([]byte, 20)...),
	} {
		was := bytes.Clone(p)
		if r.in(up, p); !bytes.Equal(p, was) {
			t.Errorf("% x became % x", was, p)
		}
	}
	// A new conversation with the same ports takes the place of a saved one.
	if !r.out(up, up, segment(callAddr, farHost, 40000, 80, tcpSYN, "")) {
		t.Fatal("refused")
	}
	p := segment(farHost, callAddr, 80, 40000, tcpSYN|tcpACK, "")
	if r.in(up, p); destination(p) != callAddr {
		t.Error("the answer to the new one goes to the old one")
	}
	if r.out(up, up.Add(time.Hour), segment(standingAddr, farHost, 40000, 80, tcpACK, "")) {
		t.Error("the old one goes on")
	}
}

// Neither addresses nor conversations grow without bound.
func TestRenumberedBounds(t *testing.T) {
	r := new(renumbering)
	for i := range 3 * maxFormer {
		r.agreed(netip.AddrFrom4([4]byte{10, 0, 0, byte(i % (2 * maxFormer))}), callPeer)
	}
	if len(r.former) != maxFormer {
		t.Errorf("%d former addresses", len(r.former))
	}
	now := time.Unix(1_000_000, 0)
	r = called(now)
	for i := range 2 * maxSaved {
		if ok := r.out(now, now, user(standingAddr, farHost, uint16(i), 53, "")); ok != (i < maxSaved) {
			t.Fatalf("conversation %d: %v", i, ok)
		}
	}
	if now = now.Add(udpLife + 1); !r.out(now, r.ready, user(standingAddr, farHost, 60000, 53, "")) || len(r.flows) != 1 {
		t.Errorf("%d conversations after they have ended", len(r.flows))
	}
}

func FuzzRenumbering(f *testing.F) {
	for _, p := range [][]byte{
		segment(standingAddr, farHost, 40000, 80, tcpSYN, ""), user(standingAddr, farHost, 40000, 53, "query"), echo(icmpEcho, standingAddr, farHost, 7),
		segment(standingAddr, farHost, 40000, 80, tcpACK, "data"), fragment(user(standingAddr, farHost, 1, 2, "12345678"), 5, true, 0),
		datagram4(protoICMP, farHost, callAddr, append([]byte{icmpExceeded, 0, 0, 0, 0, 0, 0, 0}, segment(callAddr, farHost, 1, 2, 0, "")...)...),
	} {
		f.Add(p, true)
	}
	for _, said := range mptest.Frames(30, uint16(wire.IPv4)) {
		p := said.Info
		standing := standingAddr.As4()
		copy(p[12:16], standing[:])
		f.Add(sums(p), true)
	}
	f.Fuzz(func(t *testing.T, p []byte, waited bool) {
		now := time.Unix(1_000_000, 0)
		came := now
		if !waited {
			came = now.Add(time.Hour)
		}
		r := called(now)
		r.in(now, bytes.Clone(p))
		if protocolOf(p) == 0 {
			return // counted as malformed before
		}
		was := bytes.Clone(p)
		if !r.out(now, came, p) {
			if !bytes.Equal(was, p) {
				t.Fatal("changed what is refused")
			}
			if e := r.refusal(p); e != nil && (!correct(e) || len(e) > maxRefusal || bytes.Equal(r.refusal(e), e)) {
				t.Fatalf("refusal % x", e)
			}
			return
		}
		if bytes.Equal(was, p) || laterFragment(p) {
			return
		}
		// The answer has the ends the other way round.
		answer := bytes.Clone(p)
		copy(answer[12:16], p[16:20])
		copy(answer[16:20], p[12:16])
		_, body := transport(answer)
		if answer[9] == protoICMP {
			body[0] = icmpEchoReply
		} else {
			body[0], body[1], body[2], body[3] = body[2], body[3], body[0], body[1]
		}
		if r.in(now, answer); destination(answer) != standingAddr {
			t.Fatalf("% x does not come back", p)
		}
		// Of the two zeros of a checksum either may come out.
		if readdress(p, 12, standingAddr.As4()); correct(p) != correct(was) || source(p) != standingAddr {
			t.Fatalf("there and back:\n% x\n% x", p, was)
		}
	})
}

func TestRenumberingAllocates(t *testing.T) {
	now := time.Unix(1_000_000, 0)
	r := called(now)
	first := segment(standingAddr, farHost, 40000, 80, tcpSYN, "")
	if !r.out(now, now, first) {
		t.Fatal("refused")
	}
	out, in := segment(standingAddr, farHost, 40000, 80, tcpACK, "data"), segment(farHost, callAddr, 80, 40000, tcpACK, "data")
	lost := segment(standingAddr, farHost, 1, 80, tcpACK, "data")
	own, new4 := standingAddr.As4(), callAddr.As4()
	if n := testing.AllocsPerRun(100, func() {
		copy(out[12:16], own[:])
		copy(in[16:20], new4[:])
		r.out(now, now, out)
		r.in(now, in)
		r.refusal(lost)
	}); n != 0 {
		t.Errorf("%v allocations a packet", n)
	}
}

// BenchmarkRenumbered is a packet each way of a saved conversation; "none" is
// what all others pay.
func BenchmarkRenumbered(b *testing.B) {
	now := time.Unix(1_000_000, 0)
	own, new4 := standingAddr.As4(), callAddr.As4()
	out, in := segment(standingAddr, farHost, 40000, 80, tcpSYN, ""), segment(farHost, callAddr, 80, 40000, tcpACK, "data")
	for name, r := range map[string]*renumbering{"saved": called(now), "none": {}} {
		b.Run(name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				copy(out[12:16], own[:])
				copy(in[16:20], new4[:])
				r.out(now, now, out)
				r.in(now, in)
			}
		})
	}
}
