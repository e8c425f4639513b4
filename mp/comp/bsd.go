package comp

// Parameters of BSD Compress (RFC 1977 appendix A): Lempel and Ziv's method in
// Welch's form, with codes that grow from 9 bits up to the size agreed upon.
const (
	bsdMinBits   = 9
	bsdMaxBits   = 16
	bsdClear     = 256 // the code that tells of a cleared dictionary
	bsdFirstCode = 257

	// When the dictionary is full, each time bsdCheckGap more octets have been
	// taken in, it is cleared if the ratio has got worse since the last time,
	// or if there is no gain at all. Both ends count and decide alike, since a
	// packet sent uncompressed cannot hold the clear code.
	bsdCheckGap   = 10000
	bsdRatioScale = 8 // ratios are shifted left by this
	bsdRatioMax   = 0x7fffffff >> bsdRatioScale
)

// bsdDictionary maps strings to codes and keeps account of when to clear. The
// string of a code is that of another code, its prefix, and one more octet.
type bsdDictionary struct {
	// Fixed.
	maxCode int
	shift   uint // from a product to a slot

	keys  []uint32 // of each code: its prefix and last octet, see bsdKey
	slots []uint16 // hash table of codes, 0 where free
	last  int      // the highest code in use
	width uint     // of the next code, in bits

	in, out    int // octets before and after compression
	checkpoint int // the value of in at which to look at the ratio
	ratio      int // the last time, or 0

	sequence uint16 // of the next packet
}

func newBSDDictionary(bits int) bsdDictionary {
	codes := 1 << bits
	d := bsdDictionary{
		maxCode: codes - 1,
		shift:   uint(32 - bits - 1),
		keys:    make([]uint32, codes),
		slots:   make([]uint16, 2*codes),
	}
	d.clear()
	return d
}

// clear empties the dictionary and forgets the ratio. The sequence goes on.
func (d *bsdDictionary) clear() {
	clear(d.slots)
	d.last = bsdFirstCode - 1
	d.width = bsdMinBits
	d.in, d.out, d.ratio = 0, 0, 0
	d.checkpoint = bsdCheckGap
}

// reset is clear for a new sequence of packets.
func (d *bsdDictionary) reset() {
	d.clear()
	d.sequence = 0
}

func bsdKey(prefix int, c byte) uint32 { return uint32(prefix)<<8 | uint32(c) }

// find looks for the string of prefix and c. It returns its code, or 0 and the
// slot where it belongs.
func (d *bsdDictionary) find(key uint32) (code, slot int) {
	slot = int(key * 0x9e3779b1 >> d.shift)
	for {
		code = int(d.slots[slot])
		if code == 0 || d.keys[code] == key {
			return code, slot
		}
		if slot++; slot == len(d.slots) {
			slot = 0
		}
	}
}

// add gives the string of key the next code, if there is one left.
func (d *bsdDictionary) add(key uint32, slot int) {
	if d.last < d.maxCode {
		d.last++
		d.keys[d.last] = key
		d.slots[slot] = uint16(d.last)
	}
}

// widen makes codes longer when the next one needs it. It is called after each
// code: by the compressor before it adds the string that the code gave rise to,
// which the decompressor will only learn from the next code.
func (d *bsdDictionary) widen() {
	if d.last >= 1<<d.width-1 && d.last < d.maxCode {
		d.width++
	}
}

// account counts a packet of in octets, which took bits as codes, and reports
// whether the dictionary is now to be cleared.
func (d *bsdDictionary) account(in, bits int) bool {
	d.in += in
	d.out += (bits + 7) / 8
	if d.in < d.checkpoint {
		return false
	}
	if d.in >= bsdRatioMax || d.out >= bsdRatioMax {
		d.in -= d.in / 4
		d.out -= d.out / 4
	}
	d.checkpoint = d.in + bsdCheckGap
	if d.last < d.maxCode {
		return false
	}
	ratio := d.in << bsdRatioScale
	if d.out != 0 {
		ratio /= d.out
	}
	if ratio < d.ratio || ratio < 1<<bsdRatioScale {
		return true
	}
	d.ratio = ratio
	return false
}
