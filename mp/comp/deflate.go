package comp

import (
	"encoding/binary"
	"fmt"
)

// Deflate (RFC 1979) is the format of RFC 1951 without any header, cut into
// packets: each is a sequence number and blocks of one long stream. The last
// of them is an empty stored block, whose last four octets, 00 00 ff ff, are
// left out.

// Bounds of Deflate's window as a power of two. With the least of them, 8,
// zlib's compressors never worked; what they send then has a window of 9.
const (
	DeflateMinWindow = 9
	DeflateMaxWindow = 15
)

// DeflateCompressor compresses with Deflate.
type DeflateCompressor struct {
	match    matcher
	encode   blockEncoder
	sequence uint16
}

// NewDeflateCompressor returns a compressor that refers to the last 2^window
// octets at most, window being 9 to 15.
func NewDeflateCompressor(window int) *DeflateCompressor {
	return &DeflateCompressor{match: newMatcher(window)}
}

// Reset implements Compressor.
func (c *DeflateCompressor) Reset() {
	c.match.reset()
	c.sequence = 0
}

// Compress implements Compressor.
func (c *DeflateCompressor) Compress(dst, packet []byte) (out []byte, ok bool) {
	if len(packet) == 0 {
		return dst, false
	}
	start := len(dst)
	dst = append(dst, byte(c.sequence>>8), byte(c.sequence))
	c.sequence++
	c.encode.begin()
	c.match.tokens(packet, &c.encode)
	dst = c.encode.end(dst)
	if len(dst)-start >= len(packet) {
		return dst[:start], false
	}
	return dst, true
}

// DeflateDecompressor decompresses Deflate, whatever the window agreed upon.
type DeflateDecompressor struct {
	inflate  inflater
	sequence uint16
	limit    int
	broken   bool
}

// NewDeflateDecompressor returns a decompressor of packets up to limit octets,
// protocol field included.
func NewDeflateDecompressor(limit int) *DeflateDecompressor {
	return &DeflateDecompressor{limit: limit}
}

// Reset implements Decompressor.
func (d *DeflateDecompressor) Reset() {
	d.inflate.reset()
	d.sequence = 0
	d.broken = false
}

// Incompressible implements Decompressor: the packet becomes part of what later
// ones refer to.
func (d *DeflateDecompressor) Incompressible(packet []byte) {
	packet = shortProtocol(packet)
	if d.broken || len(packet) == 0 {
		return
	}
	d.sequence++
	d.inflate.learn(packet)
}

// Decompress implements Decompressor.
func (d *DeflateDecompressor) Decompress(dst, packet []byte) ([]byte, error) {
	if d.broken {
		return dst, fmt.Errorf("comp: deflate: %w", ErrOutOfSync)
	}
	plain, err := d.decompress(packet)
	if err != nil {
		d.broken = true
		return dst, fmt.Errorf("comp: deflate: %w", err)
	}
	return append(dst, plain...), nil
}

func (d *DeflateDecompressor) decompress(packet []byte) ([]byte, error) {
	if len(packet) < sequenceSize {
		return nil, fmt.Errorf("%w: %d octets", ErrCorrupt, len(packet))
	}
	if got := binary.BigEndian.Uint16(packet); got != d.sequence {
		return nil, fmt.Errorf("%w: number %d, not %d", ErrSequence, got, d.sequence)
	}
	d.sequence++
	plain, err := d.inflate.packet(packet[sequenceSize:], d.limit)
	if err == nil && len(plain) == 0 {
		err = fmt.Errorf("%w: nothing in it", ErrCorrupt)
	}
	return plain, err
}
