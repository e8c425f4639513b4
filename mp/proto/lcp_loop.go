package proto

import (
	"encoding/binary"

	"pppdial/mp/wire"
)

// loopLimit is how often in a row our own magic number must come back. Each
// time a new one is drawn, so chance has no part in it.
const loopLimit = 4

// loopback finds out by magic numbers that the line is looped back (RFC 1661,
// section 6.4).
type loopback struct {
	nakMagic uint32 // the one that we have asked for in our last Nak
	count    int    // consecutive signs of a loop
	echoes   int    // consecutive Echo-Requests of our own
}

// isOurs reports whether a Configure-Request has our magic number.
func isOurs(request wire.Options, ours uint32) bool {
	for o := range request.All {
		if v, err := o.Uint32(); o.Type == wire.LCPMagic && err == nil {
			return ours != 0 && v == ours
		}
	}
	return false
}

// nak counts our own request, and returns the data of the Nak.
func (l *loopback) nak(magic uint32) []byte {
	l.count++
	l.nakMagic = magic
	return binary.BigEndian.AppendUint32(nil, magic)
}

// naked takes the magic number of a Nak: our own Nak, if it came back.
func (l *loopback) naked(v uint32, ok bool) error {
	if !ok || l.nakMagic == 0 || v != l.nakMagic {
		return nil
	}
	if l.count++; l.count >= loopLimit {
		return ErrLoopback
	}
	return nil
}
