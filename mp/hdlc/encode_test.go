package hdlc

import (
	"bytes"
	"encoding/hex"
	"testing"

	"pppdial/mp/mptest"
)

func unhex(t testing.TB, s string) []byte {
	t.Helper()
	b, err := hex.DecodeString(s)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func TestAppendFrame(t *testing.T) {
	all := FromUint32(0xffffffff)
	xon := FromUint32(1<<0x11 | 1<<0x13)
	parity := xon.WithParity()
	var other ACCM
	other.Set('_')
	other.Set(0xff)
	for _, c := range []struct {
		name     string
		payload  string
		accm     ACCM
		leadFlag bool
		want     string
	}{
		{"configure request", "ff03c0210101000a05060001e240", all, true,
			"7eff7d23c0217d217d217d207d2a7d257d267d207d21e24078a57e"},
		{"no map", "ff03c0210101000a05060001e240", ACCM{}, false,
			"ff03c0210101000a05060001e24078a57e"},
		{"flag and escape without a map", "7e7d5e5d", ACCM{}, false,
			"7d5e7d5d5e5df9b77e"},
		{"xon and xoff alone", "1011121391", xon, false,
			"107d31127d3391f9ae7e"},
		{"xon and xoff with any parity", "1011121391", parity, false,
			"107d31127d337db1f9ae7e"},
		{"other octets", "5e5fffef", other, false,
			"5e7d7f7ddfef97ae7e"},
		{"escape and flag in the FCS without a map", "4e2a43", ACCM{}, false,
			"4e2a437d5d7d5e7e"},
		{"xon and xoff in the FCS", "4b3d4b", xon, false,
			"4b3d4b7d317d337e"},
	} {
		t.Run(c.name, func(t *testing.T) {
			payload := unhex(t, c.payload)
			got := AppendFrame([]byte("dst"), payload, &c.accm, c.leadFlag)
			if want := append([]byte("dst"), unhex(t, c.want)...); !bytes.Equal(got, want) {
				t.Errorf("got  %x\nwant %x", got, want)
			}
		})
	}
}

func TestAppendFrameKeepsWithinItsBound(t *testing.T) {
	all := FromUint32(0xffffffff)
	for n := range 70 {
		payload := make([]byte, n)
		dst := make([]byte, 0, 2*n+Overhead)
		got := AppendFrame(dst, payload, &all, true)
		if &got[0] != &dst[:1][0] {
			t.Errorf("payload of %d zeros was moved", n)
		}
	}
}

func TestSharedFlag(t *testing.T) {
	accm := FromUint32(0)
	stream := AppendFrame(nil, []byte("first"), &accm, true)
	stream = AppendFrame(stream, []byte("second"), &accm, false)
	if n := bytes.Count(stream, []byte{Flag}); n != 3 {
		t.Errorf("%d flags for two frames in a row, want 3", n)
	}
}

func TestACCM(t *testing.T) {
	m := FromUint32(0x000a0001)
	for c := range 256 {
		want := c == 0 || c == 0x11 || c == 0x13
		if m.Has(byte(c)) != want {
			t.Errorf("Has(%#x) = %v", c, !want)
		}
		if p := m.WithParity(); p.Has(byte(c)) != (want || c == 0x80 || c == 0x91 || c == 0x93) {
			t.Errorf("WithParity().Has(%#x) = %v", c, p.Has(byte(c)))
		}
	}
}

func FuzzAppendFrame(f *testing.F) {
	f.Add([]byte("\xff\x03\xc0\x21\x01\x01\x00\x0a\x05\x06\x00\x01\xe2\x40"), []byte("\xff\xff\xff\xff"))
	f.Add(randomPayload(100), []byte{})
	f.Add(textPayload(100), []byte{0, 0, 10, 0, 0, 0, 0, 64})
	for _, said := range mptest.Frames(30) {
		f.Add(said.Info, []byte{0, 0, 10})
	}
	f.Fuzz(func(t *testing.T, payload, bits []byte) {
		var accm ACCM
		for i, b := range bits {
			accm[i/4%8] |= uint32(b) << (i % 4 * 8)
		}
		got := AppendFrame(nil, payload, &accm, true)
		if want := refAppend(nil, payload, &accm, true); !bytes.Equal(got, want) {
			t.Errorf("got  %x\nwant %x", got, want)
		}
	})
}
