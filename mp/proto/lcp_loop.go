package proto

import (
	"encoding/binary"

	"pppdial/mp/wire"
)

// loopLimit is how often in a row our own magic number must come back, in a
// request or a Nak. Each request is only repeated when it is time for it, since
// a tty that echoes may do so no longer when the far end has started its PPP.
const loopLimit = 8

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

// naked reports whether a Configure-Nak is the one that we have sent, and with
// an error that this has been so for too long.
func (l *loopback) naked(nak wire.Options) (ours bool, err error) {
	for o := range nak.All {
		v, bad := o.Uint32()
		if o.Type != wire.LCPMagic || bad != nil || l.nakMagic == 0 || v != l.nakMagic {
			continue
		}
		if l.count++; l.count >= loopLimit {
			return true, ErrLoopback
		}
		return true, nil
	}
	return false, nil
}
