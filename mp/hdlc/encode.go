package hdlc

import (
	"bytes"
	"encoding/binary"
	"slices"

	"pppdial/mp/hdlc/fcs"
)

// AppendFrame appends payload (address field to the end of the information
// field) as one frame: FCS computed, octets in accm escaped, closed by a flag.
// leadFlag opens it with a flag as well: needed after silence, not behind
// another frame, with which it shares the flag (RFC 1662 section 3.1).
//
// A payload of n octets takes at most 2n + [Overhead]; dst with room for that is not
// reallocated.
func AppendFrame(dst, payload []byte, accm *ACCM, leadFlag bool) []byte {
	if leadFlag {
		dst = append(dst, Flag)
	}
	check := ^fcs.Update(fcs.Init, payload)
	tail := [fcs.Size]byte{byte(check), byte(check >> 8)}
	if *accm == (ACCM{}) {
		dst = appendRuns(dst, payload)
		dst = appendRuns(dst, tail[:])
	} else {
		dst = slices.Grow(dst, 2*(len(payload)+len(tail))+1)
		dst = appendMapped(dst, payload, accm)
		dst = appendMapped(dst, tail[:], accm)
	}
	return append(dst, Flag)
}

// appendRuns appends src with flag and escape escaped, and nothing else.
// Octets between them are copied as they stand.
func appendRuns(dst, src []byte) []byte {
	flag, esc := indexOrEnd(src, Flag), indexOrEnd(src, Escape)
	from := 0
	for {
		n := min(flag, esc)
		dst = append(dst, src[from:n]...)
		if n == len(src) {
			return dst
		}
		dst = append(dst, Escape, src[n]^Mask)
		from = n + 1
		if flag == n {
			flag = from + indexOrEnd(src[from:], Flag)
		} else {
			esc = from + indexOrEnd(src[from:], Escape)
		}
	}
}

func indexOrEnd(b []byte, c byte) int {
	if i := bytes.IndexByte(b, c); i >= 0 {
		return i
	}
	return len(b)
}

// appendMapped appends src with flag, escape and the octets of accm escaped.
// dst has room for the worst case.
//
// Eight octets that need nothing are copied at once. In others each octet is
// written without a branch, since a guess at random data would fail all too
// often: the escape octet first, and the octet itself over it or behind it.
func appendMapped(dst, src []byte, accm *ACCM) []byte {
	m := *accm
	m.Set(Flag)
	m.Set(Escape)
	plain := [7]uint32(m[1:]) == [7]uint32{2: 1<<(Flag&31) | 1<<(Escape&31)}

	at := len(dst)
	out := dst[:cap(dst)]
	for ; len(src) >= 8; src = src[8:] {
		w := binary.LittleEndian.Uint64(src)
		if plain && !anySpecial(w) {
			binary.LittleEndian.PutUint64(out[at:], w)
			at += 8
			continue
		}
		o, n := (*[16]byte)(out[at:]), uint32(0)
		for range 8 {
			c := byte(w)
			w >>= 8
			e := m[c>>5] >> (c & 31) & 1
			o[n&15] = Escape
			n += e
			o[n&15] = c ^ byte(e)*Mask
			n++
		}
		at += int(n)
	}
	for _, c := range src {
		if m.Has(c) {
			out[at] = Escape
			at++
			c ^= Mask
		}
		out[at] = c
		at++
	}
	return out[:at]
}

const (
	ones  = 0x0101010101010101
	highs = 0x8080808080808080
)

// anyBelow reports whether an octet of w is lower than n, at most 128.
func anyBelow(w uint64, n byte) bool { return (w-ones*uint64(n))&^w&highs != 0 }

// anySpecial reports whether an octet of w is a control character, flag or
// escape.
func anySpecial(w uint64) bool {
	f, e := w^ones*Flag, w^ones*Escape
	return ((w-ones*0x20)&^w|(f-ones)&^f|(e-ones)&^e)&highs != 0
}
