package comp

import (
	"bytes"
	"errors"
	"math/rand/v2"
	"testing"

	"pppdial/mp/mptest"
)

// vjPass sends a packet through both ends and returns what arrives and how it
// travelled.
func vjPass(c *VJCompressor, d *VJDecompressor, packet []byte) (out []byte, how VJType, size int, err error) {
	how, wire := c.Compress(bytes.Clone(packet))
	size = len(wire)
	switch how {
	case VJCompressed:
		out, err = d.Compressed(nil, wire)
	case VJUncompressed:
		err = d.Uncompressed(wire)
		out = wire
	default:
		out = wire
	}
	return out, how, size, err
}

// TestVJHeaderSizes holds the sizes that RFC 1144 promises.
func TestVJHeaderSizes(t *testing.T) {
	c, d := NewVJCompressor(16, true), NewVJDecompressor(16)
	s := segment{port: 1000, seq: 1000, ack: 2000, window: 8760, flags: flagACK, id: 1, ttl: 64, data: []byte("hello")}
	for _, step := range []struct {
		name   string
		change func()
		how    VJType
		size   int // of the header
	}{
		{"first", func() {}, VJUncompressed, 40},
		{"data goes on", func() { s.seq += 5; s.id++ }, VJCompressed, 3},
		{"the same, pushed", func() { s.seq += 5; s.id++; s.flags |= flagPSH }, VJCompressed, 3},
		{"an echo", func() { s.seq += 5; s.ack += 5; s.id++ }, VJCompressed, 3},
		{"acknowledged", func() { s.seq += 5; s.ack += 100; s.id++ }, VJCompressed, 5},
		{"far acknowledged", func() { s.seq += 5; s.ack += 1000; s.id++ }, VJCompressed, 7},
		{"other id", func() { s.seq += 5; s.id += 2 }, VJCompressed, 4},
		{"same id", func() { s.seq += 5 }, VJCompressed, 6},
		{"window grows", func() { s.seq += 5; s.window += 3; s.id++ }, VJCompressed, 5},
		{"window shrinks", func() { s.seq += 5; s.window -= 3; s.id++ }, VJCompressed, 7},
		{"urgent", func() { s.seq += 5; s.urgent = 1; s.flags |= flagURG; s.id++ }, VJCompressed, 5},
		{"urgent still", func() { s.seq += 5; s.id++ }, VJCompressed, 5},
		{"urgent pointer without flag, unchanged", func() { s.flags &^= flagURG; s.seq += 5; s.id++ }, VJCompressed, 4},
		{"urgent pointer without flag, changed", func() { s.urgent = 9; s.seq += 5; s.id++ }, VJUncompressed, 40},
		{"sent again", func() { s.id++ }, VJUncompressed, 40},
		{"an acknowledgement alone", func() { s.seq += 5; s.ack++; s.data = nil; s.id++ }, VJCompressed, 5},
		{"the same acknowledgement", func() { s.id++ }, VJUncompressed, 40},
		{"data behind it", func() { s.data = []byte("x"); s.id++ }, VJCompressed, 3},
		{"seq goes back", func() { s.seq--; s.id++ }, VJUncompressed, 40},
		{"ack leaps", func() { s.seq++; s.ack += 0x10000; s.id++ }, VJUncompressed, 40},
		{"all of seq, ack, window and urgent", func() {
			s.seq += 2
			s.ack++
			s.window++
			s.urgent, s.flags = 1, s.flags|flagURG
			s.id++
		}, VJUncompressed, 40},
		{"other kind of service", func() { s.flags &^= flagURG; s.tos = 0x10; s.seq++; s.id++ }, VJUncompressed, 40},
		{"time to live", func() { s.ttl--; s.seq++; s.id++ }, VJUncompressed, 40},
		{"congestion echo", func() { s.flags |= 0x40; s.seq++; s.id++ }, VJUncompressed, 40},
		{"TCP options", func() { s.tcpOptions = []byte{1, 1, 1, 0}; s.seq++; s.id++ }, VJUncompressed, 44},
		{"with them", func() { s.seq++; s.id++ }, VJCompressed, 3},
		{"other TCP options", func() { s.tcpOptions[0] = 0; s.seq++; s.id++ }, VJUncompressed, 44},
		{"IP options", func() { s.ipOptions = []byte{1, 1, 1, 0}; s.seq++; s.id++ }, VJUncompressed, 48},
		{"with both", func() { s.seq++; s.id++ }, VJCompressed, 3},
		{"a second connection", func() { s.port++ }, VJUncompressed, 48},
		{"data of it", func() { s.seq++; s.id++ }, VJCompressed, 3},
		{"the first again", func() { s.port-- }, VJCompressed, 4},
		{"its end", func() { s.flags |= flagFIN; s.seq++; s.id++ }, VJPlain, 48},
	} {
		step.change()
		packet := s.build()
		out, how, size, err := vjPass(c, d, packet)
		if err != nil || !bytes.Equal(out, packet) {
			t.Errorf("%s: %v\ngot  %x\nwant %x", step.name, err, out, packet)
		}
		if how != step.how || size-len(s.data) != step.size {
			t.Errorf("%s: type %d with a header of %d octets, want %d with %d", step.name, how, size-len(s.data), step.how, step.size)
		}
	}
}

func TestVJPlain(t *testing.T) {
	good := segment{flags: flagACK, data: []byte("data")}
	damage := func(f func(b []byte)) []byte {
		b := good.build()
		f(b)
		return b
	}
	for name, packet := range map[string][]byte{
		"nothing":         {},
		"short":           good.build()[:19],
		"no TCP header":   good.build()[:39],
		"UDP":             damage(func(b []byte) { b[ipProtocol] = 17 }),
		"IPv6":            damage(func(b []byte) { b[0] = 0x65 }),
		"fragment":        damage(func(b []byte) { b[ipFragment] = 0x20 }),
		"later fragment":  damage(func(b []byte) { b[ipFragment+1] = 1 }),
		"header too long": damage(func(b []byte) { b[0] = 0x4f }),
		"header of 16":    damage(func(b []byte) { b[0] = 0x44 }),
		"TCP header 16":   damage(func(b []byte) { b[ipHeader+tcpOffset] = 0x40 }),
		"TCP header 60":   damage(func(b []byte) { b[ipHeader+tcpOffset] = 0xf0 }),
		"padding behind":  append(good.build(), 0),
		"SYN":             segment{flags: flagSYN}.build(),
		"SYN and ACK":     segment{flags: flagSYN | flagACK}.build(),
		"FIN":             segment{flags: flagFIN | flagACK}.build(),
		"RST":             segment{flags: flagRST | flagACK}.build(),
		"no ACK":          segment{flags: flagPSH}.build(),
	} {
		before := bytes.Clone(packet)
		how, out := NewVJCompressor(2, false).Compress(packet)
		if how != VJPlain || !bytes.Equal(out, before) {
			t.Errorf("%s: type %d, %x", name, how, out)
		}
	}
}

// conversations makes count segments of several connections with all sorts of
// changes.
func conversations(r *rand.Rand, connections, count int) (all [][]byte) {
	state := make([]segment, connections)
	for i := range state {
		state[i] = segment{port: uint16(1000 + i), seq: r.Uint32(), ack: r.Uint32(), window: 8000, flags: flagACK, ttl: 64}
	}
	for range count {
		s := &state[r.IntN(connections)]
		switch r.IntN(6) {
		case 0, 1, 2:
			s.seq += uint32(len(s.data))
		case 3:
			s.seq += uint32(len(s.data))
			s.ack += uint32(len(s.data))
		case 4:
			s.seq += uint32(r.IntN(70000))
		}
		if r.IntN(3) == 0 {
			s.ack += uint32(r.IntN(3000))
		}
		if r.IntN(5) == 0 {
			s.window += uint16(r.IntN(600) - 300)
		}
		s.id += uint16(1 + r.IntN(3)/2)
		s.flags = flagACK | byte(r.IntN(2))*flagPSH
		switch r.IntN(60) {
		case 0:
			s.flags |= flagURG
			s.urgent = uint16(r.IntN(400))
		case 1:
			s.tos = byte(r.IntN(4))
		case 2:
			s.flags |= flagFIN
		case 3:
			s.tcpOptions = []byte{1, 1, byte(r.IntN(3)), 0}[:4*r.IntN(2)]
		case 4:
			s.ttl = byte(r.IntN(255))
		case 5:
			s.ipOptions = []byte{1, byte(r.IntN(3)), 0, 0}[:4*r.IntN(2)]
		}
		s.data = make([]byte, r.IntN(3)*r.IntN(300))
		all = append(all, s.build())
	}
	return all
}

func TestVJConversations(t *testing.T) {
	for _, slots := range []int{1, 2, 3, 16, 256} {
		for _, compSlot := range []bool{false, true} {
			c, d := NewVJCompressor(slots, compSlot), NewVJDecompressor(slots)
			compressed := 0
			for i, packet := range conversations(rand.New(rand.NewPCG(1, uint64(slots))), 20, 5000) {
				out, how, _, err := vjPass(c, d, packet)
				if err != nil || !bytes.Equal(out, packet) {
					t.Fatalf("%d slots, packet %d of type %d: %v\ngot  %x\nwant %x", slots, i, how, err, out, packet)
				}
				if how == VJCompressed {
					compressed++
				}
			}
			if slots > 20 && compressed < 2500 {
				t.Errorf("%d slots: only %d packets compressed", slots, compressed)
			}
		}
	}
}

// TestVJLost: packets that hang on a lost one are dropped until one names its
// slot, and a retransmission mends the state of its connection.
func TestVJLost(t *testing.T) {
	c, d := NewVJCompressor(4, true), NewVJDecompressor(4)
	s := segment{port: 1, seq: 1, flags: flagACK, ttl: 64, data: []byte("abc")}
	send := func() ([]byte, error) {
		t.Helper()
		packet := s.build()
		out, _, _, err := vjPass(c, d, packet)
		if err == nil && !bytes.Equal(out, packet) {
			t.Errorf("got  %x\nwant %x", out, packet)
		}
		return out, err
	}
	next := func() { s.seq += uint32(len(s.data)); s.id++ }
	if _, err := send(); err != nil {
		t.Fatal(err)
	}
	next()
	c.Compress(s.build()) // lost on the line
	d.Lost()
	next()
	if _, err := send(); !errors.Is(err, ErrTossed) {
		t.Fatalf("behind the lost packet: %v", err)
	}
	s.seq -= 6 // TCP sends again what was lost
	s.id++
	if _, err := send(); err != nil {
		t.Fatalf("sent again: %v", err)
	}
	next()
	if _, err := send(); err != nil {
		t.Fatal(err)
	}
}

func TestVJMalformed(t *testing.T) {
	fresh := func() *VJDecompressor {
		d := NewVJDecompressor(4)
		if err := d.Uncompressed(damaged(segment{flags: flagACK, data: []byte("x")}.build(), ipProtocol, 2)); err != nil {
			t.Fatal(err)
		}
		return d
	}
	for name, c := range map[string]struct {
		in   []byte
		want error
	}{
		"nothing":            {nil, ErrCorrupt},
		"changes alone":      {[]byte{vjData}, ErrCorrupt},
		"no slot":            {[]byte{vjSlot}, ErrCorrupt},
		"half a checksum":    {[]byte{vjData, 1}, ErrCorrupt},
		"slot out of range":  {[]byte{vjSlot, 4, 0, 0}, ErrCorrupt},
		"slot never used":    {[]byte{vjSlot, 3, 0, 0}, ErrCorrupt},
		"delta missing":      {[]byte{vjWindow, 0, 0}, ErrCorrupt},
		"long delta cut":     {[]byte{vjWindow, 0, 0, 0, 1}, ErrCorrupt},
		"longer than IP has": {append([]byte{vjData, 0, 0}, make([]byte, 0xffff)...), ErrCorrupt},
	} {
		d := fresh()
		out, err := d.Compressed([]byte("kept"), c.in)
		if !errors.Is(err, c.want) || string(out) != "kept" {
			t.Errorf("%s: %x, %v", name, out, err)
		}
		if _, err := d.Compressed(nil, []byte{vjData, 0, 0}); !errors.Is(err, ErrTossed) && c.in != nil {
			t.Errorf("%s: the next packet without a slot: %v", name, err)
		}
		if _, err := d.Compressed(nil, []byte{vjSlot | vjData, 2, 0, 0}); err != nil {
			t.Errorf("%s: the next packet with a slot: %v", name, err)
		}
	}
	for name, packet := range map[string][]byte{
		"short":             make([]byte, 39),
		"slot out of range": damaged(segment{flags: flagACK}.build(), ipProtocol, 4),
		"no IPv4":           damaged(segment{flags: flagACK}.build(), 0, 0x65),
	} {
		d := fresh()
		if err := d.Uncompressed(packet); !errors.Is(err, ErrCorrupt) {
			t.Errorf("uncompressed, %s: %v", name, err)
		}
		if _, err := d.Compressed(nil, []byte{vjData, 0, 0}); !errors.Is(err, ErrTossed) {
			t.Errorf("after uncompressed, %s: %v", name, err)
		}
	}
	if _, err := NewVJDecompressor(4).Compressed(nil, []byte{vjData, 0, 0}); !errors.Is(err, ErrTossed) {
		t.Errorf("the first packet of all: %v", err)
	}
}

func damaged(b []byte, at int, c byte) []byte {
	b[at] = c
	return b
}

func TestVJAllocatesNothing(t *testing.T) {
	all := conversations(rand.New(rand.NewPCG(1, 1)), 8, 200)
	c, d := NewVJCompressor(16, true), NewVJDecompressor(16)
	in, out := make([]byte, 0, 2000), make([]byte, 0, 2000)
	if n := testing.AllocsPerRun(3, func() {
		for _, packet := range all {
			how, wire := c.Compress(append(in[:0], packet...))
			switch how {
			case VJCompressed:
				if _, err := d.Compressed(out, wire); err != nil {
					t.Fatal(err)
				}
			case VJUncompressed:
				if err := d.Uncompressed(wire); err != nil {
					t.Fatal(err)
				}
			}
		}
	}); n != 0 {
		t.Errorf("%v allocations", n)
	}
}

// FuzzVJ: any packets come out as they went in.
func FuzzVJ(f *testing.F) {
	s := segment{port: 1, seq: 1, flags: flagACK, ttl: 64, data: []byte("abc")}
	first := s.build()
	s.seq, s.id = 4, 1
	f.Add(first, s.build(), first, true)
	s.tcpOptions = []byte{1, 1, 1, 1}
	f.Add(first, s.build(), first, false)
	for _, said := range mptest.ByPPPD(0x2f) { // that is, with the slot in place of the protocol
		whole := bytes.Clone(said[0])
		whole[ipProtocol] = 6
		next := bytes.Clone(whole)
		next[ipHeader+7]++ // of the sequence number
		f.Add(whole, next, whole, true)
	}
	f.Fuzz(func(t *testing.T, one, two, three []byte, compSlot bool) {
		c, d := NewVJCompressor(2, compSlot), NewVJDecompressor(2)
		for _, packet := range [][]byte{one, two, three, two, one} {
			if ip, _, ok := headerLengths(packet); ok {
				packet = bytes.Clone(packet) // the checksum is made anew
				packet[ipChecksum], packet[ipChecksum+1] = 0, 0
				sum := checksum(packet[:ip])
				packet[ipChecksum], packet[ipChecksum+1] = byte(sum>>8), byte(sum)
			}
			out, how, _, err := vjPass(c, d, packet)
			if err != nil || !bytes.Equal(out, packet) {
				t.Fatalf("type %d: %v\ngot  %x\nwant %x", how, err, out, packet)
			}
		}
	})
}

// FuzzVJDecompressor: octets of any kind do no harm.
func FuzzVJDecompressor(f *testing.F) {
	f.Add(segment{flags: flagACK, data: []byte("abc")}.build(), []byte{vjSlot | vjData, 0, 1, 2, 'x'}, uint8(0))
	whole := mptest.Frames(20, 0x2f)
	for i, said := range mptest.Frames(20, 0x2d) {
		w := whole[i%len(whole)].Info
		f.Add(w, said.Info, w[ipProtocol])
	}
	f.Fuzz(func(t *testing.T, whole, compressed []byte, slot uint8) {
		d := NewVJDecompressor(2)
		if len(whole) > ipProtocol {
			whole[ipProtocol] = slot
		}
		if d.Uncompressed(whole) != nil {
			return
		}
		out, err := d.Compressed(nil, compressed)
		if err != nil {
			return
		}
		if n := int(out[ipLength])<<8 | int(out[ipLength+1]); n != len(out) || len(out) > len(whole)+len(compressed) {
			t.Errorf("%d octets, %d by the header", len(out), n)
		}
	})
}
