package dialtest

import (
	"bytes"
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"strings"
	"testing"
	"time"

	"golang.org/x/sys/unix"
)

func cable(t testing.TB, b *Bank, c CableConfig) *Cable {
	t.Helper()
	c.Name = "cable"
	line, err := b.Cable(c)
	if err != nil {
		t.Fatal(err)
	}
	return line
}

// ends opens both ends of a cable.
func ends(t *testing.T, c *Cable) (a, b *dte) {
	t.Helper()
	return open(t, c.PathA()), open(t, c.PathB())
}

func random(n int) []byte {
	b := make([]byte, n)
	rng := rand.New(rand.NewPCG(1, 2))
	for i := range b {
		b[i] = byte(rng.Uint32())
	}
	return b
}

func TestCableCarriesEverythingBothWays(t *testing.T) {
	for name, cfg := range map[string]CableConfig{
		"ideal":    {},
		"delayed":  {Delay: 3 * time.Millisecond},
		"4 Mbit/s": {Rate: 4000000},
	} {
		t.Run(name, func(t *testing.T) {
			b := bank(t)
			da, db := ends(t, cable(t, b, cfg))
			data := random(100000)
			for _, way := range [][2]*dte{{da, db}, {db, da}} {
				go func() {
					way[0].f.SetWriteDeadline(time.Now().Add(patience))
					way[0].f.Write(data)
				}()
			}
			for _, d := range []*dte{da, db} {
				got := make([]byte, len(data))
				d.f.SetReadDeadline(time.Now().Add(patience))
				if _, err := io.ReadFull(d.f, got); err != nil || !bytes.Equal(got, data) {
					t.Errorf("data is not what was sent: %v", err)
				}
			}
		})
	}
}

// The last byte of a burst arrives when the rate and the delay say, to a few milliseconds on
// an idle machine, and never early.
func TestCableRate(t *testing.T) {
	b := bank(t)
	c := cable(t, b, CableConfig{Rate: 115200, Delay: 40 * time.Millisecond})
	da, db := ends(t, c)
	got := make([]byte, 5760)
	start := time.Now()
	go func() {
		for range 10 {
			da.f.Write(make([]byte, 576))
		}
	}()
	db.f.SetReadDeadline(start.Add(patience))
	if _, err := io.ReadFull(db.f, got); err != nil {
		t.Fatal(err)
	}
	if d := time.Since(start); d < 540*time.Millisecond || d > 640*time.Millisecond {
		t.Errorf("500 ms of data on a line with 40 ms delay took %v", d)
	}
}

// A writer that the line cannot serve is stopped after what a pseudo-terminal swallows.
func TestCableStopsTheWriter(t *testing.T) {
	b := bank(t)
	c := cable(t, b, CableConfig{Rate: 9600})
	da, db := ends(t, c)
	buf := random(100000)
	da.f.SetWriteDeadline(time.Now().Add(200 * time.Millisecond))
	sent, err := da.f.Write(buf)
	if !os.IsTimeout(err) || sent > 66000 {
		t.Fatalf("%d bytes are taken at once, %v", sent, err)
	}
	c.SetRate(Both, 0) // and nothing of that is lost
	got := make([]byte, sent)
	db.f.SetReadDeadline(time.Now().Add(patience))
	if _, err := io.ReadFull(db.f, got); err != nil || !bytes.Equal(got, buf[:sent]) {
		t.Errorf("%v", err)
	}
	da.send("and on")
	db.want("and on")
	if ab, _ := c.Stats(); ab.Stops == 0 || ab.Dropped != 0 {
		t.Errorf("%+v", ab)
	}
}

func TestCableFaults(t *testing.T) {
	b := bank(t)
	c := cable(t, b, CableConfig{})
	da, db := ends(t, c)
	c.Silence(AtoB, true)
	da.send("lost")
	db.send("heard")
	da.want("heard")
	for ab := (Stats{}); ab.Dropped < 4; ab, _ = c.Stats() {
		db.send(".")
		da.want(".")
	}
	c.Silence(AtoB, false)
	da.send("one")
	db.want("one")

	c.Stall(Both, true)
	da.send("two")
	db.send("three")
	c.Stall(BtoA, false)
	da.want("three")
	c.Stall(Both, false)
	if before := db.want("two"); before != "" {
		t.Errorf("before that came %q", before)
	}

	c.Noise(BtoA, 1)
	db.send("~abcdefgh~")
	da.want("~")
	if s := da.want("~"); s == "abcdefgh" || len(s) != 8 {
		t.Errorf("a damaged frame is %q", s)
	}
	c.Noise(BtoA, 0)
	c.ByteNoise(AtoB, 1)
	da.send("aaaa")
	got := make([]byte, 4)
	db.f.SetReadDeadline(time.Now().Add(patience))
	if _, err := io.ReadFull(db.f, got); err != nil || bytes.Contains(got, []byte("a")) {
		t.Errorf("damaged bytes are %q, %v", got, err)
	}
	if ab, ba := c.Stats(); ab.Damaged != 4 || ba.Damaged != 1 {
		t.Errorf("%+v, %+v", ab, ba)
	}
}

func TestCableHangup(t *testing.T) {
	b := bank(t)
	c := cable(t, b, CableConfig{})
	da, db := ends(t, c)
	for range 20 {
		c.Hangup()
		da.eof()
		db.eof()
		da.close()
		db.close()
		da, db = ends(t, c)
		da.send("a new line")
		db.want("a new line")
	}
}

// What is sent while the other end is not open is lost, as on a real line.
func TestCableWithOneProgram(t *testing.T) {
	b := bank(t)
	c := cable(t, b, CableConfig{})
	da := open(t, c.PathA())
	for range 50 {
		da.send(strings.Repeat("x", 10000))
	}
	for ab := (Stats{}); ab.Dropped < 500000; ab, _ = c.Stats() {
		if ab.Bytes > 500000 {
			t.Fatal(ab)
		}
	}
	db := open(t, c.PathB())
	da.send("hello")
	if before := db.want("hello"); before != "" {
		t.Errorf("before that came %q", before)
	}
}

// The work-around for user-mode-linux changes nothing for others.
func TestCableKick(t *testing.T) {
	b := bank(t)
	c := cable(t, b, CableConfig{KickA: true, KickB: true, Rate: 115200})
	da, db := ends(t, c)
	data := bytes.ReplaceAll(random(5000), []byte{flag}, []byte{0})
	da.send("~")
	db.want("~")
	go da.f.Write(append(bytes.Clone(data), flag))
	if got := strings.ReplaceAll(db.want(string(data[4000:])), "~", ""); got != string(data[:4000]) {
		t.Error("data is not what was sent")
	}
	db.want("~~~~~") // the idle line's flags
	da.f.SetReadDeadline(time.Now().Add(100 * time.Millisecond))
	if n, err := da.f.Read(data); n != 0 || !os.IsTimeout(err) {
		t.Errorf("flags on a line without PPP: %d bytes, %v", n, err)
	}
}

func BenchmarkCable(b *testing.B) {
	for _, size := range []int{1500, 16384} {
		b.Run(fmt.Sprint(size), func(b *testing.B) {
			bank := NewBank(b.TempDir())
			defer bank.Close()
			c := cable(b, bank, CableConfig{})
			var f [2]*os.File
			for i, path := range []string{c.PathA(), c.PathB()} {
				var err error
				if f[i], err = os.OpenFile(path, os.O_RDWR|unix.O_NOCTTY|unix.O_NONBLOCK, 0); err != nil {
					b.Fatal(err)
				}
				defer f[i].Close()
			}
			buf := make([]byte, 65536)
			b.SetBytes(int64(size))
			b.ReportAllocs()
			b.ResetTimer()
			go func() {
				out := make([]byte, size)
				for range b.N {
					f[0].Write(out)
				}
			}()
			for n := 0; n < b.N*size; {
				k, err := f[1].Read(buf)
				if err != nil {
					b.Fatal(err)
				}
				n += k
			}
		})
	}
}
