package comp

import (
	"bytes"
	"compress/flate"
	"encoding/binary"
	"errors"
	"io"
	"testing"
)

// syncMarker is what RFC 1979 leaves out of each packet.
const syncMarker = "\x00\x00\xff\xff"

// TestInflaterReadsFlate feeds what the standard library's compressor makes, at
// all levels, to our inflater.
func TestInflaterReadsFlate(t *testing.T) {
	for level := flate.HuffmanOnly; level <= flate.BestCompression; level++ {
		var stream bytes.Buffer
		w, err := flate.NewWriter(&stream, level)
		if err != nil {
			t.Fatal(err)
		}
		d := NewDeflateDecompressor(1501)
		for i, packet := range mixture(t, uint64(10+level), 200) {
			stream.Reset()
			w.Write(packet)
			w.Flush()
			wire := binary.BigEndian.AppendUint16(nil, uint16(i))
			wire = append(wire, stream.Bytes()...)
			if i%2 == 0 { // a peer that leaves the marker in place is understood
				wire = bytes.TrimSuffix(wire, []byte(syncMarker))
			}
			out, err := d.Decompress(nil, wire)
			if err != nil || !bytes.Equal(out, packet) {
				t.Fatalf("level %d, packet %d of %d octets: %v", level, i, len(packet), err)
			}
		}
	}
}

// TestFlateReadsOurs gives our stream to the standard library's decompressor,
// with a dictionary in place of a limited window: it must never be looked into.
func TestFlateReadsOurs(t *testing.T) {
	for window := DeflateMinWindow; window <= DeflateMaxWindow; window++ {
		c := NewDeflateCompressor(window)
		var history []byte
		for i, packet := range mixture(t, 20, 300) {
			wire, ok := c.Compress(nil, packet)
			if ok {
				if got := binary.BigEndian.Uint16(wire); got != uint16(i) {
					t.Fatalf("packet %d has number %d", i, got)
				}
				in := io.MultiReader(bytes.NewReader(wire[sequenceSize:]), bytes.NewReader([]byte(syncMarker)))
				r := flate.NewReaderDict(in, history[max(0, len(history)-1<<window):])
				out := make([]byte, len(packet))
				if _, err := io.ReadFull(r, out); err != nil || !bytes.Equal(out, packet) {
					t.Fatalf("window %d, packet %d of %d octets: %v", window, i, len(packet), err)
				}
			}
			history = append(history, packet...)
		}
	}
}

// TestRatioOfFlate compares with the standard library's compressor, at the
// level that is zlib's default.
func TestRatioOfFlate(t *testing.T) {
	c := NewDeflateCompressor(DeflateMaxWindow)
	var stream bytes.Buffer
	w, err := flate.NewWriter(&stream, 6)
	if err != nil {
		t.Fatal(err)
	}
	ours := 0
	for _, packet := range packets(sources(t), 1500) {
		wire, ok := c.Compress(nil, packet)
		if !ok {
			t.Fatal("text is incompressible")
		}
		ours += len(wire) - sequenceSize + len(syncMarker)
		w.Write(packet)
		w.Flush()
	}
	t.Logf("%d octets, the standard library %d", ours, stream.Len())
	if float64(ours) > 1.01*float64(stream.Len()) {
		t.Errorf("%d octets, the standard library %d", ours, stream.Len())
	}
}

// bitString packs bits, the first in the lowest place of an octet.
func bitString(s string) (b []byte) {
	n := 0
	for _, c := range s {
		if c == ' ' {
			continue
		}
		if n%8 == 0 {
			b = append(b, 0)
		}
		b[n/8] |= byte(c-'0') << (n % 8)
		n++
	}
	return b
}

func TestMalformedDeflate(t *testing.T) {
	stored := func(n, check uint16, data string) []byte {
		b := binary.LittleEndian.AppendUint16([]byte{0}, n)
		return append(binary.LittleEndian.AppendUint16(b, check), data...)
	}
	const fixedA = "10001001" // 'Y'
	for name, c := range map[string]struct {
		in   []byte
		want error
	}{
		"no block":                  {nil, ErrCorrupt},
		"marker alone":              {bitString("000"), ErrCorrupt},
		"final block":               {bitString("1 10" + fixedA + "0000000 000"), ErrCorrupt},
		"reserved type":             {bitString("0 11"), ErrCorrupt},
		"fixed without end":         {bitString("0 10" + fixedA), ErrCorrupt},
		"no marker":                 {bitString("0 10" + fixedA + "0000000 000")[:2], ErrCorrupt},
		"symbol 286":                {bitString("0 10 11000110 0000000 000"), ErrCorrupt},
		"distance symbol 30":        {bitString("0 10" + fixedA + "0000001 11110 0000000 000"), ErrCorrupt},
		"distance before beginning": {bitString("0 10" + fixedA + "0000001 00001 0000000 000"), ErrCorrupt},
		"stored, bad complement":    {stored(3, 3, "abc"), ErrCorrupt},
		"stored, cut":               {stored(4, ^uint16(4), "abc"), ErrCorrupt},
		"stored, no length":         {[]byte{0, 1}, ErrCorrupt},
		"stored, too long":          {stored(300, ^uint16(300), string(make([]byte, 300))), ErrTooLong},
		"dynamic, cut":              {bitString("0 01 00000"), ErrCorrupt},
		"code lengths oversubscribed": {bitString("0 01 00000 00000 0000" +
			"100 100 100 000"), ErrCorrupt},
		"repetition of nothing": {bitString("0 01 00000 00000 0000" +
			"100 000 000 100" + "1 00"), ErrCorrupt},
		"too many lengths": {bitString("0 01 00000 00000 0000" +
			"000 000 100 100" + "1 1111111 1 1111111"), ErrCorrupt},
		"no code for the end": {bitString("0 01 00000 00000 0000" +
			"000 000 100 100" + "1 1111111 1 0010110"), ErrCorrupt},
	} {
		d := NewDeflateDecompressor(200)
		out, err := d.Decompress(nil, append([]byte{0, 0}, c.in...))
		if !errors.Is(err, c.want) {
			t.Errorf("%s: %x, %v; want %v", name, out, err, c.want)
		}
		if _, err := d.Decompress(nil, append([]byte{0, 1}, c.in...)); !errors.Is(err, ErrOutOfSync) {
			t.Errorf("%s: after the error: %v", name, err)
		}
	}
}

func TestWellFormedDeflate(t *testing.T) {
	for name, c := range map[string]struct {
		in   []byte
		want string
	}{
		"fixed":             {bitString("0 10 10001001 0000000 0 00"), "Y"},
		"two blocks":        {bitString("0 10 10001001 0000000 0 10 10001001 0000000 0 00"), "YY"},
		"overlapping match": {bitString("0 10 10001001 0000001 00000 0000000 0 00"), "YYYY"},
		"stored":            {[]byte("\x00\x03\x00\xfc\xffabc\x00"), "abc"},
		"stored, marker":    {[]byte("\x00\x03\x00\xfc\xffabc\x00\x00\x00\xff\xff"), "abc"},
	} {
		d := NewDeflateDecompressor(200)
		out, err := d.Decompress(nil, append([]byte{0, 0}, c.in...))
		if err != nil || string(out) != c.want {
			t.Errorf("%s: %q, %v", name, out, err)
		}
	}
}

// TestLongCodes makes the coder reach its longest codes: weights like
// Fibonacci's numbers make the deepest tree.
func TestLongCodes(t *testing.T) {
	var packet []byte
	a, b := 1, 1
	for c := byte(0); len(packet) < 60000; c++ {
		packet = append(packet, bytes.Repeat([]byte{c}, a)...)
		a, b = b, a+b
	}
	// Out of order, or there would be nothing but matches.
	shuffled := make([]byte, len(packet))
	for i := range packet {
		shuffled[i*7919%len(packet)] = packet[i]
	}
	c, d := NewDeflateCompressor(9), NewDeflateDecompressor(1<<17)
	for range 3 {
		if out, size, err := pass(c, d, shuffled); err != nil || !bytes.Equal(out, shuffled) || size > len(packet)/2 {
			t.Fatalf("%d octets as %d: %v", len(packet), size, err)
		}
	}
}

// TestHuffmanTables makes codes from all kinds of weights and reads them back.
func TestHuffmanTables(t *testing.T) {
	var b codeBuilder
	var h huffman
	for seed := range uint64(300) {
		counts := make([]uint32, literalCodes)
		used := random(seed, literalCodes)
		depth := 1 + int(seed%21) // a longer code than any may be, with weights that a packet may have
		for s := range counts {
			if int(used[s]) < int(seed) {
				counts[s] = 1 << (int(used[s]) % depth)
			}
		}
		for _, longest := range []int{9, maxCodeBits} {
			var c prefixCode
			b.build(&c, counts, longest)
			if !h.build(c.sizes[:literalCodes]) {
				t.Fatalf("seed %d: no complete code", seed)
			}
			w := bitWriter{}
			for s, size := range c.sizes[:literalCodes] {
				if counts[s] > 0 && (size == 0 || int(size) > longest) {
					t.Fatalf("seed %d: symbol %d has %d bits", seed, s, size)
				}
				w.put(uint32(c.codes[s]), uint(size))
			}
			r := bitReader{in: w.close()}
			for s, size := range c.sizes[:literalCodes] {
				if size == 0 {
					continue
				}
				r.fill()
				if got := h.decode(&r); got != s {
					t.Fatalf("seed %d: symbol %d was read as %d", seed, s, got)
				}
			}
		}
	}
}
