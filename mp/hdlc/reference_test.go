package hdlc

// The reference steps octet by octet with a table FCS, as serial drivers have
// done for decades. Benchmarks measure against it in the same run, and fuzz
// targets hold the fast code equal to it.

var refTable = func() (t [256]uint16) {
	for i := range t {
		v := uint16(i)
		for range 8 {
			if v&1 != 0 {
				v = v>>1 ^ 0x8408
			} else {
				v >>= 1
			}
		}
		t[i] = v
	}
	return t
}()

func refAppend(dst, payload []byte, accm *ACCM, leadFlag bool) []byte {
	put := func(dst []byte, c byte) []byte {
		if c == Flag || c == Escape || accm[c>>5]>>(c&31)&1 != 0 {
			return append(dst, Escape, c^Mask)
		}
		return append(dst, c)
	}
	if leadFlag {
		dst = append(dst, Flag)
	}
	crc := uint16(0xffff)
	for _, c := range payload {
		crc = crc>>8 ^ refTable[byte(crc)^c]
		dst = put(dst, c)
	}
	crc = ^crc
	dst = put(dst, byte(crc))
	dst = put(dst, byte(crc>>8))
	return append(dst, Flag)
}

// refDecoder calls frame for every good frame.
type refDecoder struct {
	rxACCM  uint32
	max     int
	buf     []byte
	escaped bool
	tooLong bool
	crc     uint16 // begins as 0xffff
	stats   Stats
	frame   func([]byte)
}

func (d *refDecoder) feed(chunk []byte) {
	d.stats.Bytes += uint64(len(chunk))
	for _, c := range chunk {
		switch {
		case c == Flag:
			d.flag()
		case d.tooLong:
		case c < 0x20 && d.rxACCM>>c&1 != 0:
		case d.escaped:
			d.escaped = false
			d.octet(c ^ Mask)
		case c == Escape:
			d.escaped = true
		default:
			d.octet(c)
		}
	}
}

func (d *refDecoder) octet(c byte) {
	if len(d.buf) == d.max+2 {
		d.tooLong, d.escaped = true, false
		return
	}
	d.crc = d.crc>>8 ^ refTable[byte(d.crc)^c]
	d.buf = append(d.buf, c)
}

func (d *refDecoder) flag() {
	switch {
	case d.escaped:
		d.stats.Aborts++
	case d.tooLong:
		d.stats.TooLong++
	case len(d.buf) == 0:
	case len(d.buf) < 4:
		d.stats.Runts++
	case d.crc != 0xf0b8:
		d.stats.BadFCS++
	default:
		d.stats.Frames++
		d.frame(d.buf[:len(d.buf)-2])
	}
	d.buf, d.escaped, d.tooLong, d.crc = d.buf[:0], false, false, 0xffff
}
