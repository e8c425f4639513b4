package hdlc

import (
	"bytes"
	"fmt"
	"math/rand/v2"
	"testing"
)

func randomPayload(n int) []byte {
	r := rand.New(rand.NewPCG(7, 7))
	b := make([]byte, n)
	for i := range b {
		b[i] = byte(r.Uint32())
	}
	return b
}

func textPayload(n int) []byte {
	const line = "The quick brown fox jumps over the lazy dog, and {the dog} sleeps on.\r\n"
	return bytes.Repeat([]byte(line), n/len(line)+1)[:n]
}

// benchmarkCases are 1500-octet frames as the issue of speed is judged by.
var benchmarkCases = []struct {
	name    string
	accm    ACCM
	payload []byte
}{
	{"accm=0/random", ACCM{}, randomPayload(1500)},
	{"accm=0/text", ACCM{}, textPayload(1500)},
	{"accm=ffffffff/random", FromUint32(0xffffffff), randomPayload(1500)},
	{"accm=ffffffff/text", FromUint32(0xffffffff), textPayload(1500)},
	{"accm=a0000/random", FromUint32(0xa0000), randomPayload(1500)},
	{"accm=0/random64", ACCM{}, randomPayload(64)},
}

func BenchmarkEncode(b *testing.B) {
	for _, c := range benchmarkCases {
		for _, f := range []struct {
			name   string
			append func(dst, payload []byte, accm *ACCM, leadFlag bool) []byte
		}{{"ours", AppendFrame}, {"reference", refAppend}} {
			b.Run(fmt.Sprintf("%s/%s", c.name, f.name), func(b *testing.B) {
				dst := make([]byte, 0, 2*len(c.payload)+Overhead)
				b.SetBytes(int64(len(c.payload)))
				b.ReportAllocs()
				for b.Loop() {
					dst = f.append(dst[:0], c.payload, &c.accm, false)
				}
			})
		}
	}
}

func BenchmarkDecode(b *testing.B) {
	for _, c := range benchmarkCases {
		// Eight frames a chunk, so that frames lie in the middle of one.
		var chunk []byte
		for range 8 {
			chunk = AppendFrame(chunk, c.payload, &c.accm, false)
		}
		size := int64(8 * len(c.payload))
		b.Run(c.name+"/ours", func(b *testing.B) {
			d := Decoder{RxACCM: c.accm[0]}
			b.SetBytes(size)
			b.ReportAllocs()
			for b.Loop() {
				d.Feed(chunk)
				for {
					if _, ok := d.Next(); !ok {
						break
					}
				}
			}
			if d.Stats().BadFCS != 0 {
				b.Error("a frame was damaged")
			}
		})
		b.Run(c.name+"/reference", func(b *testing.B) {
			d := refDecoder{rxACCM: c.accm[0], max: DefaultMaxFrame, crc: 0xffff, frame: func([]byte) {}}
			b.SetBytes(size)
			b.ReportAllocs()
			for b.Loop() {
				d.feed(chunk)
			}
		})
	}
}
