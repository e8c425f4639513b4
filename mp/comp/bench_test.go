package comp

import (
	"math/rand/v2"
	"testing"
)

// benchmarkStreams are packets of 1500 octets: text, of which a dialed line
// carries the most, and what is already compressed.
func benchmarkStreams(b *testing.B) map[string][][]byte {
	return map[string][][]byte{
		"text":   packets(sources(b), 1500),
		"random": packets(random(1, 60000), 1500),
	}
}

func BenchmarkCompress(b *testing.B) {
	for _, m := range methods {
		for name, stream := range benchmarkStreams(b) {
			b.Run(m.name+"/"+name, func(b *testing.B) {
				c := m.compressor()
				dst := make([]byte, 0, 4096)
				b.SetBytes(1501)
				b.ReportAllocs()
				for i := 0; b.Loop(); i++ {
					c.Compress(dst, stream[i%len(stream)])
				}
			})
		}
	}
}

func BenchmarkDecompress(b *testing.B) {
	for _, m := range methods {
		for name, stream := range benchmarkStreams(b) {
			b.Run(m.name+"/"+name, func(b *testing.B) {
				c, d := m.compressor(), m.decompressor(1501)
				wires := make([][]byte, len(stream))
				for i, packet := range stream {
					wires[i], _ = c.Compress(nil, packet)
				}
				dst := make([]byte, 0, 4096)
				b.SetBytes(1501)
				b.ReportAllocs()
				for i := 0; b.Loop(); i++ {
					n := i % len(stream)
					if n == 0 {
						d.Reset()
					}
					if len(wires[n]) == 0 {
						d.Incompressible(stream[n])
						continue
					}
					if _, err := d.Decompress(dst, wires[n]); err != nil {
						b.Fatal(err)
					}
				}
			})
		}
	}
}

func BenchmarkVJ(b *testing.B) {
	all := conversations(rand.New(rand.NewPCG(1, 1)), 8, 1000)
	b.Run("compress", func(b *testing.B) {
		c := NewVJCompressor(16, true)
		buf := make([]byte, 0, 2000)
		b.ReportAllocs()
		for i := 0; b.Loop(); i++ {
			c.Compress(append(buf, all[i%len(all)]...))
		}
	})
	b.Run("decompress", func(b *testing.B) {
		c, d := NewVJCompressor(16, true), NewVJDecompressor(16)
		how, wires := make([]VJType, len(all)), make([][]byte, len(all))
		for i, packet := range all {
			how[i], wires[i] = c.Compress(packet)
		}
		slot := make([]byte, len(all))
		for i := range wires {
			if how[i] == VJUncompressed {
				slot[i] = wires[i][ipProtocol]
			}
		}
		buf := make([]byte, 0, 2000)
		b.ReportAllocs()
		for i := 0; b.Loop(); i++ {
			n := i % len(all)
			switch how[n] {
			case VJCompressed:
				if _, err := d.Compressed(buf, wires[n]); err != nil {
					b.Fatal(err)
				}
			case VJUncompressed:
				wires[n][ipProtocol] = slot[n]
				if err := d.Uncompressed(wires[n]); err != nil {
					b.Fatal(err)
				}
			}
		}
	})
}
