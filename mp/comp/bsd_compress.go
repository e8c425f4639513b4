package comp

// BSDCompressor compresses with BSD Compress.
type BSDCompressor struct {
	dict bsdDictionary
}

// NewBSDCompressor returns a compressor with codes up to bits, 9 to 16.
func NewBSDCompressor(bits int) *BSDCompressor {
	return &BSDCompressor{dict: newBSDDictionary(bits)}
}

// Reset implements Compressor.
func (c *BSDCompressor) Reset() { c.dict.reset() }

// Compress implements Compressor.
func (c *BSDCompressor) Compress(dst, packet []byte) (out []byte, ok bool) {
	if len(packet) == 0 {
		return dst, false
	}
	d, start := &c.dict, len(dst)
	w := codeWriter{out: append(dst, byte(d.sequence>>8), byte(d.sequence))}
	d.sequence++

	prefix := int(packet[0])
	for _, octet := range packet[1:] {
		key := bsdKey(prefix, octet)
		code, slot := d.find(key)
		if code != 0 {
			prefix = code
			continue
		}
		w.write(prefix, d.width)
		d.widen()
		d.add(key, slot)
		prefix = int(octet)
	}
	w.write(prefix, d.width)
	bits := 8*(len(w.out)-start-sequenceSize) + int(w.pending)
	if d.account(len(packet), bits) {
		w.write(bsdClear, d.width)
		d.clear()
	}
	d.widen()

	out = w.close()
	if len(out)-start >= len(packet) {
		return out[:start], false
	}
	return out, true
}

// codeWriter packs codes into octets, the most significant bit first.
type codeWriter struct {
	out     []byte
	bits    uint64
	pending uint // how many of bits are not yet in out
}

func (w *codeWriter) write(code int, width uint) {
	w.bits = w.bits<<width | uint64(code)
	w.pending += width
	for w.pending >= 8 {
		w.pending -= 8
		w.out = append(w.out, byte(w.bits>>w.pending))
	}
}

// close fills the last octet up with ones.
func (w *codeWriter) close() []byte {
	if w.pending > 0 {
		free := 8 - w.pending
		w.out = append(w.out, byte(w.bits<<free)|byte(1<<free-1))
	}
	return w.out
}
