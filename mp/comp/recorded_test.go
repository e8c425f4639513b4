package comp

import (
	"bytes"
	"encoding/binary"
	"os"
	"testing"
)

// The recordings are what the compressors of Linux 6.1 (bsd_comp, ppp_deflate)
// sent behind pppd 2.4.9: datagrams of made-up words, some of them random. Each
// packet follows two octets with its length, the highest bit of which says that
// it was compressed; the others came with their protocol field in one octet.

// recorded calls f for every packet of a recording.
func recorded(t *testing.T, name string, f func(compressed bool, packet []byte)) {
	t.Helper()
	b, err := os.ReadFile("testdata/" + name)
	if err != nil {
		t.Fatal(err)
	}
	for len(b) > 0 {
		n := binary.BigEndian.Uint16(b)
		length := int(n & 0x7fff)
		f(n&0x8000 != 0, b[2:2+length])
		b = b[2+length:]
	}
}

// checkDatagram verifies both checksums of a UDP datagram behind its protocol
// octet.
func checkDatagram(t *testing.T, i int, packet []byte) {
	t.Helper()
	if len(packet) < 1+ipHeader+8 || packet[0] != 0x21 || packet[1] != 0x45 {
		t.Fatalf("packet %d is no datagram: %.20x", i, packet)
	}
	ip := packet[1:]
	if int(binary.BigEndian.Uint16(ip[ipLength:])) != len(ip) || checksum(ip[:ipHeader]) != 0 {
		t.Fatalf("packet %d: damaged header", i)
	}
	if ip[ipProtocol] != 17 {
		return
	}
	pseudo := append(bytes.Clone(ip[ipSource:ipHeader]), 0, 17)
	pseudo = append(pseudo, ip[ipHeader+4:ipHeader+6]...)
	pseudo = append(pseudo, ip[ipHeader:]...)
	if len(pseudo)%2 != 0 {
		pseudo = append(pseudo, 0)
	}
	if checksum(pseudo) != 0 {
		t.Fatalf("packet %d: damaged data", i)
	}
}

// TestRecordedFromLinux reads what Linux sends, and makes the same of it: octet
// for octet with BSD Compress, no larger with Deflate, whose compressors are free
// in what they look for.
func TestRecordedFromLinux(t *testing.T) {
	for _, r := range []struct {
		file         string
		compressor   Compressor
		decompressor Decompressor
		same         bool
	}{
		{"linux-bsd9.rec", NewBSDCompressor(9), NewBSDDecompressor(9, 1501), true},
		{"linux-bsd12.rec", NewBSDCompressor(12), NewBSDDecompressor(12, 1501), true},
		{"linux-deflate9.rec", NewDeflateCompressor(9), NewDeflateDecompressor(1501), false},
		{"linux-deflate15.rec", NewDeflateCompressor(15), NewDeflateDecompressor(1501), false},
	} {
		t.Run(r.file, func(t *testing.T) {
			i, whole, theirs, ours := 0, 0, 0, 0
			recorded(t, r.file, func(compressed bool, packet []byte) {
				i++
				plain := packet
				if compressed {
					var err error
					if plain, err = r.decompressor.Decompress(nil, packet); err != nil {
						t.Fatalf("packet %d: %v", i, err)
					}
				} else {
					r.decompressor.Incompressible(packet)
					whole++
				}
				checkDatagram(t, i, plain)
				wire, ok := r.compressor.Compress(nil, plain)
				if !ok {
					wire = plain
				}
				theirs += len(packet)
				ours += len(wire)
				if r.same && (ok != compressed || !bytes.Equal(wire, packet)) {
					t.Fatalf("packet %d: ours is another", i)
				}
			})
			t.Logf("%d packets, %d of them incompressible; %d octets, ours %d", i, whole, theirs, ours)
			if float64(ours) > 1.01*float64(theirs) {
				t.Errorf("%d octets, ours %d", theirs, ours)
			}
		})
	}
}
