// Package comp holds the compressors of PPP: Van Jacobson's for TCP/IP headers
// (RFC 1144), and those that the Compression Control Protocol negotiates (RFC
// 1962), namely Predictor type 1 (RFC 1978), BSD Compress (RFC 1977) and Deflate
// (RFC 1979).
//
// Each is state and octets: no negotiation, no time. A compressor or
// decompressor belongs to one goroutine at a time. Nothing is allocated per
// packet where the caller's buffers have room. Decompressors take whatever the
// line delivers: they read no octet beyond the packet, write none beyond the
// limit they were made with, and what they cannot make sense of is an error.
package comp

import "errors"

// Compressor compresses one direction of a link or bundle.
type Compressor interface {
	// Compress appends the packet to dst, compressed: the information field of
	// a packet of protocol 0x00fd or 0x00fb. Packet is a protocol field, in
	// one octet where its upper octet is zero (RFC 1977 and 1979 section 2.1),
	// and an information field; [Compressible] must hold for it.
	//
	// When compression would not make it smaller, ok is false and the packet is
	// to be sent as it stands. All packets count: each for which Compress was
	// called must be sent, in the same order, and nothing else that is
	// Compressible may be sent.
	Compress(dst, packet []byte) (out []byte, ok bool)

	// Reset forgets all, as when a Reset-Ack is sent: at once before it.
	Reset()
}

// Decompressor is the other end of a Compressor.
type Decompressor interface {
	// Decompress appends the packet to dst as it was before compression:
	// protocol field and information.
	//
	// After an error the states of both ends differ and the peer is to be
	// asked for a Reset (RFC 1962 section 3.1); further packets are dropped with
	// ErrOutOfSync until then. What was appended to dst is of no use.
	Decompress(dst, packet []byte) ([]byte, error)

	// Incompressible takes a Compressible packet into account that arrived as
	// it stands: protocol field, in whatever form, and information.
	Incompressible(packet []byte)

	// Reset forgets all, as when the Reset-Ack arrives.
	Reset()
}

var (
	// ErrOutOfSync says that an earlier error has not been mended by a reset.
	ErrOutOfSync = errors.New("waiting for a reset")
	// ErrSequence says that packets are missing before this one.
	ErrSequence = errors.New("packets were lost")
	// ErrCorrupt says that a packet is not what the peer's compressor made.
	ErrCorrupt = errors.New("corrupt data")
	// ErrTooLong says that a packet would be longer than the limit.
	ErrTooLong = errors.New("packet beyond the limit")
)

// Compressible reports whether packets of a protocol are compressed: network
// layer packets that are not yet (RFC 1977 and 1979 section 2). All others are
// sent as they stand and do not count.
func Compressible(protocol uint16) bool {
	return protocol < 0x4000 && protocol != 0x00fd && protocol != 0x00fb
}

// sequenceSize is the length of the sequence number in front of BSD Compress's
// and Deflate's packets, most significant octet first.
const sequenceSize = 2

// shortProtocol drops the first octet of a two octet protocol field if it is
// zero.
func shortProtocol(packet []byte) []byte {
	if len(packet) > 0 && packet[0] == 0 {
		return packet[1:]
	}
	return packet
}
