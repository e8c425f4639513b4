package hdlc

import (
	"bytes"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"

	"pppdial/mp/mptest"
)

// feed hands the chunks over and returns copies of all frames.
func feed(d *Decoder, chunks ...[]byte) (frames []string) {
	for _, c := range chunks {
		d.Feed(c)
		for {
			f, ok := d.Next()
			if !ok {
				break
			}
			frames = append(frames, string(f))
		}
	}
	return frames
}

// frame encodes payload without a map or a leading flag.
func frame(payload string) string {
	return string(AppendFrame(nil, []byte(payload), &ACCM{}, false))
}

func TestDecoder(t *testing.T) {
	const payload = "\xff\x03\xc0\x21~}payload"
	good := frame(payload)
	escapedXON := string(AppendFrame(nil, []byte("\xff\x03\x00\x21\x11\x13"), &ACCM{1<<0x11 | 1<<0x13}, false))
	for _, c := range []struct {
		name   string
		rxACCM uint32
		max    int
		chunks []string
		want   []string
		stats  Stats // Bytes is filled in
		noise  string
	}{
		{name: "one frame", chunks: []string{"~" + good}, want: []string{payload}, stats: Stats{Frames: 1}},
		{name: "without a leading flag", chunks: []string{good}, want: []string{payload}, stats: Stats{Frames: 1}},
		{name: "shared flags", chunks: []string{"~" + good + good + good},
			want: []string{payload, payload, payload}, stats: Stats{Frames: 3}},
		{name: "empty frames", chunks: []string{"~~~~" + good + "~~" + good + "~"},
			want: []string{payload, payload}, stats: Stats{Frames: 2}},
		{name: "octet by octet", chunks: chars("~" + good + good),
			want: []string{payload, payload}, stats: Stats{Frames: 2}},
		{name: "chunk ends with the escape", chunks: []string{"~\xff\x03\xc0\x21\x7d", good[5:]},
			want: []string{payload}, stats: Stats{Frames: 1}},
		{name: "text before", chunks: []string{"\r\nCONNECT 115200\r\n", "~" + good},
			want: []string{payload}, stats: Stats{Frames: 1, BadFCS: 1}, noise: "\r\nCONNECT 115200\r\n"},
		{name: "text alone", chunks: []string{"\r\nlogin: "}, noise: "\r\nlogin: "},
		{name: "abort", chunks: []string{"~\xff\x03\xc0\x21\x7d~" + good},
			want: []string{payload}, stats: Stats{Frames: 1, Aborts: 1}, noise: "\xff\x03\xc0\x21"},
		{name: "abort over two chunks", chunks: []string{"~\xff\x03\x7d", "~" + good},
			want: []string{payload}, stats: Stats{Frames: 1, Aborts: 1}, noise: "\xff\x03"},
		{name: "escape alone is an abort", chunks: []string{"~}~"}, stats: Stats{Aborts: 1}},
		{name: "runt", chunks: []string{"~abc~" + good}, want: []string{payload},
			stats: Stats{Frames: 1, Runts: 1}, noise: "abc"},
		{name: "shortest frame", chunks: []string{frame("\x21\x45")}, want: []string{"\x21\x45"}, stats: Stats{Frames: 1}},
		{name: "wrong FCS", chunks: []string{"~" + good[:len(good)-2] + "?~"}, stats: Stats{BadFCS: 1},
			noise: payload + frame(payload)[len(good)-3:len(good)-2] + "?"},
		{name: "as long as allowed", max: 10, chunks: []string{frame("0123456789")},
			want: []string{"0123456789"}, stats: Stats{Frames: 1}},
		{name: "too long", max: 10, chunks: []string{frame("0123456789A") + good[len(good)-1:] + frame("next")},
			want: []string{"next"}, stats: Stats{Frames: 1, TooLong: 1}, noise: "0123456789A~\xd6"},
		{name: "too long in chunks", max: 10, chunks: append(chars(frame("0123456789A")), frame("next")),
			want: []string{"next"}, stats: Stats{Frames: 1, TooLong: 1}, noise: "0123456789A~\xd6"},
		{name: "control characters inserted by the line", rxACCM: 0xa0000,
			chunks: []string{"~\x11\xff\x03\x13\x13\xc0\x21\x7d\x11", "\x13\x5e" + good[6:]},
			want:   []string{payload}, stats: Stats{Frames: 1}},
		{name: "the first and the last control character inserted by the line", rxACCM: 1<<31 | 1,
			chunks: []string{"~\x1f" + good[:3] + "\x00\x1f" + good[3:]}, want: []string{payload}, stats: Stats{Frames: 1}},
		{name: "escaped control characters stay", rxACCM: 0xa0000, chunks: []string{escapedXON},
			want: []string{"\xff\x03\x00\x21\x11\x13"}, stats: Stats{Frames: 1}},
		{name: "characters outside of the map stay", rxACCM: 0xa0000, chunks: []string{frame("\x01\x02\x12\x14")},
			want: []string{"\x01\x02\x12\x14"}, stats: Stats{Frames: 1}},
		{name: "without a map all stay", chunks: []string{frame("\x11\x13\x11\x13")},
			want: []string{"\x11\x13\x11\x13"}, stats: Stats{Frames: 1}},
	} {
		t.Run(c.name, func(t *testing.T) {
			d := Decoder{RxACCM: c.rxACCM, MaxFrame: c.max}
			var chunks [][]byte
			for _, s := range c.chunks {
				chunks = append(chunks, []byte(s))
				c.stats.Bytes += uint64(len(s))
			}
			got := feed(&d, chunks...)
			if diff := cmp.Diff(c.want, got); diff != "" {
				t.Errorf("frames (-want +got):\n%s", diff)
			}
			if diff := cmp.Diff(c.stats, d.Stats()); diff != "" {
				t.Errorf("stats (-want +got):\n%s", diff)
			}
			if got := string(d.Noise()); got != c.noise {
				t.Errorf("noise %q, want %q", got, c.noise)
			}
		})
	}
}

func chars(s string) (all []string) {
	for i := range len(s) {
		all = append(all, s[i:i+1])
	}
	return all
}

func TestSettingsChangeBetweenFrames(t *testing.T) {
	// LCP opens in the middle of a chunk: from then on XON is data.
	lcp := AppendFrame(nil, []byte("\xff\x03\xc0\x21"), &ACCM{0xffffffff}, true)
	data := AppendFrame(nil, []byte("\x21\x11\x13"), &ACCM{}, false)
	d := Decoder{RxACCM: 0xffffffff}
	d.Feed(slices.Concat(lcp, data))
	if f, ok := d.Next(); !ok || string(f) != "\xff\x03\xc0\x21" {
		t.Fatalf("first frame %q, %v", f, ok)
	}
	d.RxACCM = 0
	if f, ok := d.Next(); !ok || string(f) != "\x21\x11\x13" {
		t.Fatalf("second frame %q, %v", f, ok)
	}
}

func TestOversizeDoesNotGrow(t *testing.T) {
	for _, fill := range []string{"x", "}x", "}}"} {
		d := Decoder{MaxFrame: 1500}
		chunk := bytes.Repeat([]byte(fill), 4096)
		feed(&d, chunk)
		before := cap(d.part)
		if before > 2*1500 {
			t.Errorf("%q: %d octets kept after the first chunk", fill, before)
		}
		for range 100 {
			feed(&d, chunk)
		}
		if cap(d.part) != before {
			t.Errorf("%q: buffer grew from %d to %d octets", fill, before, cap(d.part))
		}
		if got := feed(&d, []byte("~"+frame("next"))); len(got) != 1 || d.Stats().TooLong != 1 {
			t.Errorf("%q: afterwards frames %q, %+v", fill, got, d.Stats())
		}
	}
}

func TestNoiseIsTheLast(t *testing.T) {
	var d Decoder
	var all string
	for i := range 40 {
		s := string(rune('a'+i%26)) + "0123456789"
		all += s
		feed(&d, []byte(s+"~"))
	}
	feed(&d, []byte("unfinished"))
	all += "unfinished"
	if got, want := string(d.Noise()), all[len(all)-noiseSize:]; got != want {
		t.Errorf("noise %q\nwant  %q", got, want)
	}
}

func TestNothingIsAllocated(t *testing.T) {
	for _, c := range benchmarkCases {
		dst := make([]byte, 0, 2*len(c.payload)+Overhead)
		if n := testing.AllocsPerRun(10, func() { dst = AppendFrame(dst[:0], c.payload, &c.accm, true) }); n != 0 {
			t.Errorf("%s: encoding allocates %v times", c.name, n)
		}
		d := Decoder{RxACCM: c.accm[0]}
		half := len(dst) / 2
		if n := testing.AllocsPerRun(10, func() {
			for _, chunk := range [...][]byte{dst[:half], dst[half:]} {
				d.Feed(chunk)
				for {
					if _, ok := d.Next(); !ok {
						break
					}
				}
			}
		}); n != 0 {
			t.Errorf("%s: decoding allocates %v times", c.name, n)
		}
	}
}

// split cuts b into chunks of the lengths in cuts, over and over.
func split(b, cuts []byte) (chunks [][]byte) {
	for i := 0; len(b) > 0; i++ {
		n := len(b)
		if len(cuts) > 0 {
			n = min(n, int(cuts[i%len(cuts)])+1)
		}
		chunks = append(chunks, b[:n])
		b = b[n:]
	}
	return chunks
}

// FuzzRoundTrip: what AppendFrame makes, in whatever chunks it arrives and
// whatever mapped characters the line puts in, comes out as it was.
func FuzzRoundTrip(f *testing.F) {
	f.Add([]byte("\xff\x03\xc0\x21\x01"), []byte("\xff\x03~}~}"), uint32(0xffffffff), []byte{0, 3, 200})
	f.Add(randomPayload(90), textPayload(90), uint32(0xa0000), []byte{})
	f.Add([]byte{1, 2}, []byte{17, 19}, uint32(0), []byte{0})
	f.Fuzz(func(t *testing.T, first, second []byte, accm uint32, cuts []byte) {
		if len(first) < 2 || len(second) < 2 {
			return
		}
		m := FromUint32(accm)
		stream := AppendFrame(nil, first, &m, true)
		stream = AppendFrame(stream, second, &m, false)
		var line []byte
		for i, c := range stream {
			line = append(line, c)
			if mark := byte(i % 32); accm>>mark&1 != 0 {
				line = append(line, mark)
			}
		}
		d := Decoder{RxACCM: accm}
		want := []string{string(first), string(second)}
		if got := feed(&d, split(line, cuts)...); !slices.Equal(got, want) {
			t.Errorf("got %q, want %q", got, want)
		}
	})
}

// FuzzDecoder: on any octets the decoder finds the frames and counts that the
// octet-by-octet reference finds.
func FuzzDecoder(f *testing.F) {
	f.Add([]byte("~\xff\x7d\x23\xc0\x21}~"+frame("abc")+"~"), uint32(0xffffffff), uint8(20), []byte{0, 3, 200})
	f.Add([]byte(frame("0123456789")+"}\x11~"+frame("\x11\x13")), uint32(0xa0000), uint8(9), []byte{})
	f.Add([]byte("xxxxxxxxxxxxxxxxxxxxxxxxxxx}~~}}~"), uint32(0), uint8(5), []byte{7})
	// As it came over the lines: LCP with everything escaped, frames sharing their flags.
	all, none := FromUint32(0xffffffff), ACCM{}
	for i, c := range mptest.Conversations() {
		var line []byte
		for _, said := range c.Frames[:min(len(c.Frames), 12)] {
			frame := append([]byte{0xff, 0x03, byte(said.Protocol >> 8), byte(said.Protocol)}, said.Info...)
			accm := &none
			if said.Protocol == 0xc021 {
				accm = &all
			}
			line = AppendFrame(line, frame, accm, len(line) == 0)
		}
		if i%2 == 0 {
			f.Add(line, uint32(0), uint8(200), []byte{byte(i)})
		}
	}
	f.Fuzz(func(t *testing.T, line []byte, rxACCM uint32, limit uint8, cuts []byte) {
		// The mapped characters never include flag or escape: those are no
		// control characters. Frames of fewer octets than a runt has are of
		// no use as a limit.
		maxFrame := int(limit) + 2
		var want []string
		ref := refDecoder{rxACCM: rxACCM, max: maxFrame, crc: 0xffff, frame: func(b []byte) { want = append(want, string(b)) }}
		d := Decoder{RxACCM: rxACCM, MaxFrame: maxFrame}
		var got []string
		for _, chunk := range split(line, cuts) {
			ref.feed(chunk)
			got = append(got, feed(&d, chunk)...)
		}
		if !slices.Equal(got, want) {
			t.Errorf("frames %q\nwant   %q", got, want)
		}
		if d.Stats() != ref.stats {
			t.Errorf("stats %+v\nwant  %+v", d.Stats(), ref.stats)
		}
	})
}
