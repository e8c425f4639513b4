package frag

import (
	"bytes"
	"errors"
	"testing"

	"pppdial/mp/mptest"
	"pppdial/mp/wire"
)

func TestHeaderOctets(t *testing.T) {
	for _, c := range []struct {
		f    Format
		h    Header
		want []byte
	}{
		{Long, Header{}, []byte{0, 0, 0, 0}},
		{Long, Header{Begin: true, End: true, Seq: 0xabcdef}, []byte{0xc0, 0xab, 0xcd, 0xef}},
		{Long, Header{Begin: true, Class: 5, Seq: 0xff000001}, []byte{0x80, 0, 0, 1}},
		{Short, Header{End: true, Seq: 0xabc}, []byte{0x4a, 0xbc}},
		{Short, Header{Begin: true, Seq: 0xf123}, []byte{0x81, 0x23}},
		{Classes, Header{Begin: true, Class: 1, Seq: 7}, []byte{0x84, 0, 0, 7}},
		{Classes, Header{End: true, Class: 15, Seq: 0xffffff}, []byte{0x7c, 0xff, 0xff, 0xff}},
		{ShortClasses, Header{Begin: true, Class: 1, Seq: 7}, []byte{0x90, 7}},
		{ShortClasses, Header{End: true, Class: 3, Seq: 0xfff}, []byte{0x7f, 0xff}},
		{ShortClasses, Header{Class: 6, Seq: 0xf123}, []byte{0x21, 0x23}},
	} {
		if got := AppendHeader(nil, c.f, c.h); !bytes.Equal(got, c.want) {
			t.Errorf("AppendHeader(%d, %+v) = %x, want %x", c.f, c.h, got, c.want)
		}
	}
}

func TestHeaderReservedBits(t *testing.T) {
	for _, c := range []struct {
		f    Format
		b    []byte
		want Header
	}{
		{Long, []byte{0xbf, 0, 0, 9}, Header{Begin: true, Seq: 9}},
		{Short, []byte{0x70, 9}, Header{End: true, Seq: 9}},
		{Classes, []byte{0x0b, 0, 0, 9}, Header{Class: 2, Seq: 9}},
		{ShortClasses, []byte{0x6a, 9}, Header{End: true, Class: 2, Seq: 0xa09}},
	} {
		if got, _, err := ParseHeader(c.f, c.b); err != nil || got != c.want {
			t.Errorf("ParseHeader(%d, %x) = %+v, %v, want %+v", c.f, c.b, got, err, c.want)
		}
	}
}

func TestHeaderTruncated(t *testing.T) {
	for _, f := range []Format{Long, Short, Classes, ShortClasses} {
		b := make([]byte, f.Size())
		if _, rest, err := ParseHeader(f, b); err != nil || len(rest) != 0 {
			t.Errorf("format %d: a header alone: %v, %d octets left", f, err, len(rest))
		}
		for n := range b {
			if _, _, err := ParseHeader(f, b[:n]); !errors.Is(err, ErrHeader) {
				t.Errorf("format %d: %d octets: %v", f, n, err)
			}
		}
	}
}

func FuzzHeader(f *testing.F) {
	f.Add(uint8(Long), []byte{0xc0, 0, 0, 1, 'x'})
	f.Add(uint8(Short), []byte{0xc0, 1})
	f.Add(uint8(Classes), []byte{0x84, 0, 0})
	f.Add(uint8(ShortClasses), []byte{0x90, 0, 'x'})
	for _, said := range mptest.Frames(20, uint16(wire.MP)) {
		f.Add(uint8(Long), said.Info)
	}
	f.Fuzz(func(t *testing.T, format uint8, b []byte) {
		ft := Format(format % 4)
		h, data, err := ParseHeader(ft, b)
		if err != nil {
			if h != (Header{}) || data != nil {
				t.Fatal("half a header")
			}
			return
		}
		again, rest, err := ParseHeader(ft, append(AppendHeader(nil, ft, h), data...))
		if err != nil || again != h || !bytes.Equal(rest, data) {
			t.Fatalf("%+v became %+v, %v", h, again, err)
		}
	})
}
