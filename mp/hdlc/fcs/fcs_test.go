package fcs

import (
	"math/rand/v2"
	"testing"
)

// bitwise is the definition, one bit at a time.
func bitwise(crc uint16, b []byte) uint16 {
	for _, c := range b {
		crc ^= uint16(c)
		for range 8 {
			if crc&1 != 0 {
				crc = crc>>1 ^ reversed
			} else {
				crc >>= 1
			}
		}
	}
	return crc
}

func random(n int) []byte {
	r := rand.New(rand.NewPCG(1, uint64(n)))
	b := make([]byte, n)
	for i := range b {
		b[i] = byte(r.Uint32())
	}
	return b
}

func TestKnownValue(t *testing.T) {
	// The check value of CRC-16/X-25 as catalogues of CRCs give it.
	if got := ^Update(Init, []byte("123456789")); got != 0x906e {
		t.Errorf("check value %#04x, want 0x906e", got)
	}
}

func TestEveryLength(t *testing.T) {
	b := random(1200)
	for n := range b {
		want := bitwise(Init, b[:n])
		if got := Update(Init, b[:n]); got != want {
			t.Fatalf("%d octets: %#04x, want %#04x", n, got, want)
		}
		if got := Update(Update(Init, b[:n/3]), b[n/3:n]); got != want {
			t.Fatalf("%d octets in two parts: %#04x, want %#04x", n, got, want)
		}
	}
}

func TestAppendIsGood(t *testing.T) {
	for _, n := range []int{0, 1, 4, 255, 256, 1500} {
		b := Append(append([]byte("kept"), random(n)...), 4)
		if got := Update(Init, b[4:]); got != Good {
			t.Errorf("%d octets: %#04x after the check sequence, want %#04x", n, got, Good)
		}
	}
}

func FuzzUpdate(f *testing.F) {
	f.Add(uint16(Init), random(300))
	f.Add(uint16(0), []byte("123456789"))
	f.Fuzz(func(t *testing.T, crc uint16, b []byte) {
		want := bitwise(crc, b)
		if got := Update(crc, b); got != want {
			t.Errorf("Update: %#04x, want %#04x", got, want)
		}
		if len(b) >= foldSize {
			if got := fold(crc, b); got != want {
				t.Errorf("fold: %#04x, want %#04x", got, want)
			}
		}
	})
}

func BenchmarkUpdate(b *testing.B) {
	for _, n := range []struct {
		name string
		size int
		f    func(uint16, []byte) uint16
	}{
		{"sliced-128", 128, sliced},
		{"fold-128", 128, fold},
		{"sliced-256", 256, sliced},
		{"fold-256", 256, fold},
		{"sliced-1500", 1500, sliced},
		{"fold-1500", 1500, fold},
		{"fold-15000", 15000, fold},
	} {
		data := random(n.size)
		b.Run(n.name, func(b *testing.B) {
			b.SetBytes(int64(n.size))
			b.ReportAllocs()
			for b.Loop() {
				n.f(Init, data)
			}
		})
	}
}
