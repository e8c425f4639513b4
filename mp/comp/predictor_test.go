package comp

import (
	"bytes"
	"encoding/hex"
	"strings"
	"testing"
)

// TestPredictorVectors holds packets that were worked out by hand from RFC 1978
// section 3.1.
func TestPredictorVectors(t *testing.T) {
	c, d := NewPredictor1Compressor(1500), NewPredictor1Decompressor(1500)
	for _, v := range []struct{ packet, wire string }{
		// Zeros are guessed at once, since all of the table is zero.
		{"000000000000000000", "8009 ff 01"},
		// Nothing is known of these: no smaller, so they go as they are.
		{"2141424344", "0005 2141424344"},
		// The hash holds four octets: what follows four A is learned from the
		// fifth, and the sixth is the first that is guessed.
		{"4141414141414141414141414141414141414141", "8014 e04141414141 ff 0f"},
	} {
		packet := unhex(t, v.packet)
		wire, ok := c.Compress(nil, packet)
		want := unhex(t, v.wire)
		if !ok || len(wire) != len(want)+2 || !bytes.HasPrefix(wire, want) {
			t.Errorf("%s: %x, want %x and a CRC", v.packet, wire, want)
		}
		if out, err := d.Decompress(nil, wire); err != nil || !bytes.Equal(out, packet) {
			t.Errorf("%s came back as %x, %v", v.packet, out, err)
		}
	}
}

func unhex(t *testing.T, s string) []byte {
	t.Helper()
	b, err := hex.DecodeString(strings.ReplaceAll(s, " ", ""))
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// TestPredictorKeepsWithinTheMRU: what would be too long with its frame is left
// as it is, and no guess remains of it.
func TestPredictorKeepsWithinTheMRU(t *testing.T) {
	c, d := NewPredictor1Compressor(1500), NewPredictor1Decompressor(1501)
	text := packets(sources(t), 1500)
	refused := 0
	for i := range uint64(50) {
		full := append([]byte{0x21}, random(i, 1500)...)
		for _, packet := range [][]byte{full, text[i%uint64(len(text))], full[:900]} {
			wire, ok := c.Compress(nil, packet)
			if !ok {
				refused++
				continue // Predictor's other end does not look at these
			}
			if len(wire) > 1500 {
				t.Fatalf("%d octets", len(wire))
			}
			if out, err := d.Decompress(nil, wire); err != nil || !bytes.Equal(out, packet) {
				t.Fatalf("round %d: %v", i, err)
			}
		}
	}
	if refused != 50 {
		t.Errorf("%d packets refused, want the 50 random ones", refused)
	}
	if _, ok := c.Compress(nil, make([]byte, maxPredictorPacket+1)); ok {
		t.Error("a packet longer than the length field can tell was compressed")
	}
}

func TestPredictorCRC(t *testing.T) {
	packet := append([]byte{0x21}, bytes.Repeat([]byte("abcd"), 50)...)
	wire, _ := NewPredictor1Compressor(1500).Compress(nil, packet)
	for i := range wire {
		for bit := range 8 {
			bad := bytes.Clone(wire)
			bad[i] ^= 1 << bit
			// The last octet of flags has bits that nothing hangs on.
			if out, err := NewPredictor1Decompressor(1500).Decompress(nil, bad); err == nil && !bytes.Equal(out, packet) {
				t.Errorf("octet %d, bit %d: %x", i, bit, out)
			}
		}
	}
}
