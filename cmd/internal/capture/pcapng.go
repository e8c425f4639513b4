package capture

import (
	"encoding/binary"
	"errors"
	"strconv"
	"time"
)

// Types of blocks. Types from 0x80000000 on are for local use, and readers pass
// over them.
const (
	blockSection   = 0x0a0d0d0a
	blockInterface = 1
	blockPacket    = 6 // enhanced
	blockJournal   = 9
	blockFiller    = 0x80000000

	byteOrder = 0x1a2b3c4d // in the section header: numbers are ours, little-endian
)

// Codes of options.
const (
	optEnd         = 0
	optComment     = 1 // in every block
	optApplication = 4 // of a section header
	optName        = 2 // of an interface
	optDescription = 3
	optFlags       = 2 // of a packet

	flagInbound  = 1
	flagOutbound = 2
)

// linkPPP is the link type of frames from their address field, if they have
// one, on (LINKTYPE_PPP).
const linkPPP = 9

const (
	blockOverhead = 12 // type, length, and length again
	// snapLen is what is kept of a frame at most, so that its block fits a page
	// with the longest comments.
	snapLen     = 2048
	maxComment  = 1024 // bytes of all comments of a frame
	maxMessage  = 1024
	maxOfOption = 255
)

var le = binary.LittleEndian

// begin appends the head of a block; end completes it.
func begin(b []byte, kind uint32) []byte { return le.AppendUint32(le.AppendUint32(b, kind), 0) }

func end(b []byte, from int) []byte {
	b = pad(b, from)
	n := uint32(len(b) - from + 4)
	le.PutUint32(b[from+4:], n)
	return le.AppendUint32(b, n)
}

// pad fills up to a multiple of four octets.
func pad(b []byte, from int) []byte {
	for (len(b)-from)%4 != 0 {
		b = append(b, 0)
	}
	return b
}

func appendOption(b []byte, code uint16, value string) []byte {
	b = le.AppendUint16(le.AppendUint16(b, code), uint16(len(value)))
	b = append(b, value...)
	return pad(b, len(b)-len(value))
}

func appendSection(b []byte, application, comment string) []byte {
	from := len(b)
	b = le.AppendUint32(begin(b, blockSection), byteOrder)
	b = le.AppendUint16(le.AppendUint16(b, 1), 0) // version 1.0
	b = le.AppendUint64(b, ^uint64(0))            // length unknown
	b = appendOption(b, optApplication, cut(application, maxOfOption))
	if comment != "" {
		b = appendOption(b, optComment, cut(comment, maxMessage))
	}
	return end(appendOption(b, optEnd, ""), from)
}

func appendInterface(b []byte, name, description string) []byte {
	from := len(b)
	b = le.AppendUint16(le.AppendUint16(begin(b, blockInterface), linkPPP), 0)
	b = le.AppendUint32(b, snapLen)
	b = appendOption(b, optName, cut(name, maxOfOption))
	b = appendOption(b, optDescription, cut(description, maxOfOption))
	return end(appendOption(b, optEnd, ""), from)
}

// A frame is one on the line of interface number id.
type frame struct {
	at       time.Time
	id       uint32
	sent     bool
	length   int    // as it was
	data     []byte // what is kept of it
	comments []string
}

func appendPacket(b []byte, f frame) []byte {
	from := len(b)
	micros := uint64(f.at.UnixMicro())
	b = le.AppendUint32(begin(b, blockPacket), f.id)
	b = le.AppendUint32(le.AppendUint32(b, uint32(micros>>32)), uint32(micros))
	b = le.AppendUint32(le.AppendUint32(b, uint32(len(f.data))), uint32(f.length))
	b = pad(append(b, f.data...), from)
	for _, c := range f.comments {
		b = appendOption(b, optComment, c)
	}
	flags := uint32(flagInbound)
	if f.sent {
		flags = flagOutbound
	}
	b = le.AppendUint32(le.AppendUint16(le.AppendUint16(b, optFlags), 4), flags)
	return end(appendOption(b, optEnd, ""), from)
}

// A message is something that was said, by us, the modem or a login.
type message struct {
	at    time.Time
	level int    // of syslog(3)
	line  string // "": of none
	event string // its first words, which stay the same
	text  string // one line
}

// appendMessage makes an entry of the journal's export format.
func appendMessage(b []byte, entry string, m message) []byte {
	from := len(b)
	b = append(begin(b, blockJournal), "__REALTIME_TIMESTAMP="...)
	b = strconv.AppendInt(b, m.at.UnixMicro(), 10)
	b = append(b, "\nPRIORITY="...)
	b = strconv.AppendInt(b, int64(m.level), 10)
	b = append(b, "\nSYSLOG_IDENTIFIER=ppp\n"...)
	for _, f := range [...]struct {
		name, value string
		limit       int
	}{
		{"PPP_ENTRY=", entry, maxOfOption}, {"PPP_LINE=", m.line, maxOfOption},
		{"PPP_EVENT=", m.event, maxOfOption}, {"MESSAGE=", m.text, maxMessage},
	} {
		if f.value != "" {
			b = append(append(b, f.name...), cut(f.value, f.limit)...)
			b = append(b, '\n')
		}
	}
	return end(b, from)
}

// appendFiller makes a block of n octets that says nothing.
func appendFiller(b []byte, n int) []byte {
	from := len(b)
	b = begin(b, blockFiller)
	b = append(b, make([]byte, n-blockOverhead)...)
	return end(b, from)
}

func cut(s string, n int) string { return s[:min(len(s), n)] }

var errBlock = errors.New("no pcapng block")

// blockAt measures the block at the beginning of b.
func blockAt(b []byte) (kind uint32, n int, err error) {
	if len(b) < blockOverhead {
		return 0, 0, errBlock
	}
	kind, size := le.Uint32(b), le.Uint32(b[4:])
	if size < blockOverhead || size%4 != 0 || uint64(size) > uint64(len(b)) || le.Uint32(b[size-4:]) != size {
		return 0, 0, errBlock
	}
	return kind, int(size), nil
}
