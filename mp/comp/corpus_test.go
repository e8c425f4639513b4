package comp

import (
	"bytes"
	"encoding/binary"
	"math/rand/v2"
	"os"
	"path/filepath"
	"testing"
)

// sources returns this package's own source text, a corpus that is always there.
func sources(t testing.TB) []byte {
	t.Helper()
	names, err := filepath.Glob("*.go")
	if err != nil || len(names) == 0 {
		t.Fatalf("no sources: %v", err)
	}
	var all []byte
	for _, name := range names {
		b, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		all = append(all, b...)
	}
	return all
}

// packets cuts b into packets of size octets of information behind a protocol
// octet.
func packets(b []byte, size int) (all [][]byte) {
	for len(b) > 0 {
		n := min(size, len(b))
		all = append(all, append([]byte{0x21}, b[:n]...))
		b = b[n:]
	}
	return all
}

func random(seed uint64, n int) []byte {
	r := rand.New(rand.NewPCG(seed, 1))
	b := make([]byte, n)
	for i := range b {
		b[i] = byte(r.Uint32())
	}
	return b
}

// mixture returns count packets of all kinds: text, random, runs, repetitions of
// earlier ones, from one octet up to 1501.
func mixture(t testing.TB, seed uint64, count int) (all [][]byte) {
	r := rand.New(rand.NewPCG(seed, 2))
	text := sources(t)
	for len(all) < count {
		n := 1 + r.IntN(1500)
		if r.IntN(4) == 0 {
			n = 1 + r.IntN(60)
		}
		var body []byte
		switch r.IntN(8) {
		case 0:
			body = random(r.Uint64(), n)
		case 1:
			body = bytes.Repeat([]byte{byte(r.Uint32())}, n)
		case 2:
			body = bytes.Repeat(random(r.Uint64(), 1+r.IntN(20)), n)[:n]
		case 3:
			if len(all) > 0 {
				body = bytes.Clone(all[r.IntN(len(all))][1:])
				break
			}
			fallthrough
		default:
			at := r.IntN(len(text) - n)
			body = text[at : at+n]
		}
		all = append(all, append([]byte{0x21}, body...))
	}
	return all
}

// segment is a TCP segment that is about to be built.
type segment struct {
	port           uint16
	seq, ack       uint32
	window, urgent uint16
	flags          byte
	id             uint16
	tos, ttl       byte
	ipOptions      []byte
	tcpOptions     []byte
	data           []byte
}

// build returns the segment as an IPv4 packet with right checksums.
func (s segment) build() []byte {
	ip, tcp := ipHeader+len(s.ipOptions), tcpHeader+len(s.tcpOptions)
	b := make([]byte, ip+tcp, ip+tcp+len(s.data))
	b = append(b, s.data...)
	b[0] = 0x40 | byte(ip/4)
	b[ipTOS] = s.tos
	binary.BigEndian.PutUint16(b[ipLength:], uint16(len(b)))
	binary.BigEndian.PutUint16(b[ipID:], s.id)
	b[ipTTL] = s.ttl
	b[ipProtocol] = protocolTCP
	copy(b[ipSource:], []byte{10, 0, 0, 1, 10, 0, 0, 2})
	copy(b[ipHeader:], s.ipOptions)
	binary.BigEndian.PutUint16(b[ipChecksum:], checksum(b[:ip]))
	h := b[ip:]
	binary.BigEndian.PutUint16(h, s.port)
	binary.BigEndian.PutUint16(h[2:], 23)
	binary.BigEndian.PutUint32(h[tcpSeq:], s.seq)
	binary.BigEndian.PutUint32(h[tcpAck:], s.ack)
	h[tcpOffset] = byte(tcp/4) << 4
	h[tcpFlags] = s.flags
	binary.BigEndian.PutUint16(h[tcpWindow:], s.window)
	binary.BigEndian.PutUint16(h[tcpUrgent:], s.urgent)
	copy(h[tcpHeader:], s.tcpOptions)
	// Any two octets would do for the checksum, which travels as it is.
	binary.BigEndian.PutUint16(h[tcpChecksum:], checksum(append(h[:len(h):len(h)], make([]byte, len(h)&1)...)))
	return b
}
