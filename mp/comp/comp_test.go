package comp

import (
	"bytes"
	"errors"
	"fmt"
	"math/rand/v2"
	"testing"

	"pppdial/mp/mptest"
)

// method is one way to compress, with both ends.
type method struct {
	name         string
	compressor   func() Compressor
	decompressor func(limit int) Decompressor
}

var methods = func() (all []method) {
	all = append(all, method{
		"predictor1",
		func() Compressor { return NewPredictor1Compressor(1510) },
		func(limit int) Decompressor { return NewPredictor1Decompressor(limit) },
	})
	for _, bits := range []int{9, 10, 12, 15, 16} {
		all = append(all, method{
			fmt.Sprintf("bsd%d", bits),
			func() Compressor { return NewBSDCompressor(bits) },
			func(limit int) Decompressor { return NewBSDDecompressor(bits, limit) },
		})
	}
	for window := DeflateMinWindow; window <= DeflateMaxWindow; window++ {
		all = append(all, method{
			fmt.Sprintf("deflate%d", window),
			func() Compressor { return NewDeflateCompressor(window) },
			func(limit int) Decompressor { return NewDeflateDecompressor(limit) },
		})
	}
	return all
}()

func forEach(t *testing.T, f func(t *testing.T, m method)) {
	for _, m := range methods {
		t.Run(m.name, func(t *testing.T) { f(t, m) })
	}
}

// pass sends a packet through both ends and returns what arrives and how many
// octets it took.
func pass(c Compressor, d Decompressor, packet []byte) (out []byte, size int, err error) {
	wire, ok := c.Compress(nil, packet)
	if !ok {
		d.Incompressible(packet)
		return packet, len(packet), nil
	}
	out, err = d.Decompress(nil, wire)
	return out, len(wire), err
}

func TestRoundTrip(t *testing.T) {
	forEach(t, func(t *testing.T, m method) {
		c, d := m.compressor(), m.decompressor(1501)
		for i, packet := range mixture(t, 1, 1000) {
			out, _, err := pass(c, d, packet)
			if err != nil {
				t.Fatalf("packet %d: %v", i, err)
			}
			if !bytes.Equal(out, packet) {
				t.Fatalf("packet %d of %d octets came out as %d others", i, len(packet), len(out))
			}
		}
	})
}

// TestAppends: both ends leave alone what stands in the buffer before.
func TestAppends(t *testing.T) {
	forEach(t, func(t *testing.T, m method) {
		c, d := m.compressor(), m.decompressor(1501)
		before := []byte("before")
		packet := append([]byte{0x21}, bytes.Repeat([]byte("ab"), 200)...)
		wire, ok := c.Compress(bytes.Clone(before), packet)
		if !ok || !bytes.HasPrefix(wire, before) {
			t.Fatalf("compressed %x, %v", wire, ok)
		}
		out, err := d.Decompress(bytes.Clone(before), wire[len(before):])
		if want := append(before, packet...); err != nil || !bytes.Equal(out, want) {
			t.Fatalf("got %x, %v", out, err)
		}
		wire, ok = c.Compress(bytes.Clone(before), append([]byte{0x21}, random(1, 1500)...))
		if !ok && !bytes.Equal(wire, before) {
			t.Errorf("refused packet left %d octets", len(wire))
		}
	})
}

// TestLoss: a lost packet makes one error, then silence until the reset, then
// all is well again.
func TestLoss(t *testing.T) {
	forEach(t, func(t *testing.T, m method) {
		c, d := m.compressor(), m.decompressor(1501)
		all := packets(sources(t), 500)
		for i, packet := range all[:20] {
			wire, ok := c.Compress(nil, packet)
			if i == 10 {
				continue
			}
			if !ok {
				d.Incompressible(packet)
				continue
			}
			out, err := d.Decompress(nil, wire)
			switch {
			case i < 10 && (err != nil || !bytes.Equal(out, packet)):
				t.Fatalf("packet %d: %v", i, err)
			case i == 11 && (err == nil || errors.Is(err, ErrOutOfSync)):
				t.Fatalf("packet %d behind the lost one: %v", i, err)
			case i > 11 && !errors.Is(err, ErrOutOfSync):
				t.Fatalf("packet %d without a reset: %v", i, err)
			}
		}
		c.Reset()
		d.Reset()
		for i, packet := range all[20:] {
			out, _, err := pass(c, d, packet)
			if err != nil || !bytes.Equal(out, packet) {
				t.Fatalf("packet %d after the reset: %v", i, err)
			}
		}
	})
}

// TestNoise: with damaged, lost and doubled packets, and a reset for each error,
// nothing wrong is delivered by the methods that can tell.
func TestNoise(t *testing.T) {
	forEach(t, func(t *testing.T, m method) {
		r := rand.New(rand.NewPCG(3, 3))
		c, d := m.compressor(), m.decompressor(1501)
		good, resets := 0, 0
		for i, packet := range mixture(t, 4, 1000) {
			wire, ok := c.Compress(nil, packet)
			if r.IntN(50) == 0 {
				continue // lost
			}
			if !ok {
				d.Incompressible(packet)
				continue
			}
			out, err := d.Decompress(nil, wire)
			if err != nil {
				c.Reset()
				d.Reset()
				resets++
				continue
			}
			if !bytes.Equal(out, packet) {
				t.Fatalf("packet %d: wrong data without an error", i)
			}
			good++
		}
		if good < 300 || resets < 10 {
			t.Errorf("%d good packets, %d resets", good, resets)
		}
	})
}

// TestLimit: what would be longer than the limit is an error, however small the
// packet is that it comes from.
func TestLimit(t *testing.T) {
	forEach(t, func(t *testing.T, m method) {
		c, d := m.compressor(), m.decompressor(1000)
		packet := append([]byte{0x21}, bytes.Repeat([]byte{0}, 1100)...)
		wire, ok := c.Compress(nil, packet)
		if !ok {
			t.Fatal("zeros are incompressible")
		}
		out, err := d.Decompress(nil, wire)
		if !errors.Is(err, ErrTooLong) {
			t.Errorf("%d octets, %v", len(out), err)
		}
		if len(out) > 1000 || cap(out) > 4096 {
			t.Errorf("%d octets with room for %d", len(out), cap(out))
		}
	})
}

// TestTruncated: no part of a packet is taken for the whole.
func TestTruncated(t *testing.T) {
	forEach(t, func(t *testing.T, m method) {
		all := packets(sources(t), 700)[:4]
		c := m.compressor()
		var wires [][]byte
		for _, packet := range all {
			wire, ok := c.Compress(nil, packet)
			if !ok {
				t.Fatal("text is incompressible")
			}
			wires = append(wires, wire)
		}
		last := wires[3]
		d := m.decompressor(1501)
		for n := range last {
			d.Reset()
			for _, wire := range wires[:3] {
				if _, err := d.Decompress(nil, wire); err != nil {
					t.Fatal(err)
				}
			}
			// Exactly the octets: nothing may be read behind them.
			out, err := d.Decompress(nil, append(make([]byte, 0, n), last[:n]...))
			if err == nil && bytes.Equal(out, all[3]) {
				t.Errorf("%d of %d octets gave the packet", n, len(last))
			}
		}
	})
}

func TestProtocolFieldOfUncompressed(t *testing.T) {
	forEach(t, func(t *testing.T, m method) {
		c, d := m.compressor(), m.decompressor(1501)
		for i := range uint64(20) {
			packet := append([]byte{0x21}, random(i, 300)...)
			wire, ok := c.Compress(nil, packet)
			if !ok {
				d.Incompressible(append([]byte{0}, packet...))
				continue
			}
			if out, err := d.Decompress(nil, wire); err != nil || !bytes.Equal(out, packet) {
				t.Fatalf("packet %d: %v", i, err)
			}
		}
		text := append([]byte{0x21}, bytes.Repeat([]byte("text"), 100)...)
		if out, _, err := pass(c, d, text); err != nil || !bytes.Equal(out, text) {
			t.Fatalf("after packets with the long protocol field: %v", err)
		}
	})
}

func TestEmptyPackets(t *testing.T) {
	forEach(t, func(t *testing.T, m method) {
		c, d := m.compressor(), m.decompressor(1501)
		if out, ok := c.Compress(nil, nil); ok {
			t.Errorf("nothing was compressed to %x", out)
		}
		d.Incompressible(nil)
		packet := append([]byte{0x21}, bytes.Repeat([]byte("ab"), 200)...)
		if out, _, err := pass(c, d, packet); err != nil || !bytes.Equal(out, packet) {
			t.Fatalf("after an empty packet: %v", err)
		}
		for _, short := range []string{"", "\x00", "\x00\x01", "\x00\x01\x00"} {
			d.Reset()
			if out, err := d.Decompress(nil, []byte(short)); err == nil {
				t.Errorf("%x was decompressed to %x", short, out)
			}
		}
	})
}

func TestCompressible(t *testing.T) {
	for protocol, want := range map[uint16]bool{
		0x21: true, 0x57: true, 0x2d: true, 0x3d: true, 0x0281: true, 0x3fff: true,
		0xfd: false, 0xfb: false, 0x8021: false, 0xc021: false, 0x4003: false,
	} {
		if Compressible(protocol) != want {
			t.Errorf("protocol %#04x: %v", protocol, !want)
		}
	}
}

func TestNothingIsAllocated(t *testing.T) {
	forEach(t, func(t *testing.T, m method) {
		c, d := m.compressor(), m.decompressor(1501)
		all := mixture(t, 5, 60)
		wire, out := make([]byte, 0, 4096), make([]byte, 0, 4096)
		var ok bool
		var err error
		work := func() {
			for _, packet := range all {
				if wire, ok = c.Compress(wire[:0], packet); !ok {
					d.Incompressible(packet)
					continue
				}
				if out, err = d.Decompress(out[:0], wire); err != nil {
					t.Fatal(err)
				}
			}
		}
		work()
		if n := testing.AllocsPerRun(3, work); n != 0 {
			t.Errorf("%v allocations for %d packets", n, len(all))
		}
	})
}

// TestRatio keeps an eye on how well text is compressed.
func TestRatio(t *testing.T) {
	most := map[string]float64{"predictor1": 0.70, "bsd9": 0.95, "bsd12": 0.62, "bsd15": 0.55, "deflate9": 0.52, "deflate12": 0.43, "deflate15": 0.36}
	forEach(t, func(t *testing.T, m method) {
		c, d := m.compressor(), m.decompressor(1501)
		before, after := 0, 0
		for _, packet := range packets(sources(t), 1500) {
			_, size, err := pass(c, d, packet)
			if err != nil {
				t.Fatal(err)
			}
			before += len(packet)
			after += size
		}
		ratio := float64(after) / float64(before)
		t.Logf("%.3f of %d octets", ratio, before)
		if limit, ok := most[m.name]; ok && ratio > limit {
			t.Errorf("%.3f of the text remain, more than %.2f", ratio, limit)
		}
	})
}

// bothEnds are a method's ends, kept over many inputs: a reset makes them new.
type bothEnds struct {
	name string
	c    Compressor
	d    Decompressor
}

func ends(limit int) (all []bothEnds) {
	for _, m := range methods {
		all = append(all, bothEnds{m.name, m.compressor(), m.decompressor(limit)})
	}
	return all
}

func FuzzRoundTrip(f *testing.F) {
	f.Add([]byte("one packet, and one packet, and another"), uint8(9))
	f.Add(bytes.Repeat([]byte{0}, 3000), uint8(200))
	f.Add(random(1, 3000), uint8(255))
	for _, said := range mptest.Frames(20, 0x21, 0x57) {
		f.Add(bytes.Repeat(said.Info, 3), uint8(len(said.Info)))
	}
	all := ends(301)
	f.Fuzz(func(t *testing.T, stream []byte, size uint8) {
		stream = stream[:min(len(stream), 1<<12)]
		n := max(int(size), len(stream)/20) + 1
		for _, e := range all {
			e.c.Reset()
			e.d.Reset()
			for i, packet := range packets(stream, n) {
				out, _, err := pass(e.c, e.d, packet)
				if err != nil || !bytes.Equal(out, packet) {
					t.Fatalf("%s: packet %d: %v", e.name, i, err)
				}
			}
		}
	})
}

// FuzzDecompress: octets of any kind neither panic nor pass the limit, and a
// reset makes all well again.
func FuzzDecompress(f *testing.F) {
	good := append([]byte{0x21}, bytes.Repeat([]byte("well and good "), 10)...)
	for _, m := range methods {
		wire, _ := m.compressor().Compress(nil, good)
		f.Add(wire, uint16(len(wire)))
	}
	for _, said := range mptest.ByPPPD(0xfd) {
		f.Add(bytes.Join(said, nil), uint16(len(said[0])))
	}
	const limit = 400
	all := ends(limit)
	f.Fuzz(func(t *testing.T, stream []byte, cut uint16) {
		for _, e := range all {
			e.c.Reset()
			e.d.Reset()
			at := min(int(cut), len(stream))
			for _, part := range [][]byte{stream[:at], stream[at:]} {
				out, err := e.d.Decompress(nil, part[:len(part):len(part)])
				if err == nil && len(out) > limit {
					t.Fatalf("%s: %d octets", e.name, len(out))
				}
				e.d.Incompressible(part)
			}
			e.d.Reset()
			if out, _, err := pass(e.c, e.d, good); err != nil || !bytes.Equal(out, good) {
				t.Fatalf("%s: after the reset: %v", e.name, err)
			}
		}
	})
}
