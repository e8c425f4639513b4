package hdlc

import (
	"bytes"
	"encoding/binary"

	"pppdial/mp/hdlc/fcs"
)

// DefaultMaxFrame is the longest payload that a Decoder takes unless told
// otherwise.
const DefaultMaxFrame = 1 << 14

// minFrame is the length of the shortest frame with its FCS (RFC 1662 section
// 3.1: less than four octets are discarded and not counted as an FCS error).
const minFrame = 2 + fcs.Size

// Stats counts what a Decoder met.
type Stats struct {
	Bytes   uint64 // octets fed
	Frames  uint64 // good frames
	BadFCS  uint64 // frames of fair length with a wrong FCS
	Aborts  uint64 // frames that ended with escape and flag
	Runts   uint64 // frames too short for a protocol and FCS; empty ones are none
	TooLong uint64 // frames beyond MaxFrame
}

// Decoder cuts the octets of a line into frames, in whatever chunks they come.
// The zero value is ready; octets before the first flag count as a frame, since
// a peer need not send one after silence.
type Decoder struct {
	// RxACCM is the map of control characters that are dropped when received
	// unescaped, since the line and not the peer put them there (RFC 1662
	// section 4.2). Zero drops none.
	RxACCM uint32
	// MaxFrame is the longest payload taken; zero means [DefaultMaxFrame].
	MaxFrame int

	stats Stats
	in    []byte // fed and not yet looked at

	// The frame that began in octets already gone, without its escapes.
	part    []byte
	escaped bool // an escape ended the octets: the next one is masked
	tooLong bool // its octets are no longer kept

	noise noise
}

// Feed hands the decoder the next octets of the line. They must stay unchanged
// until Next has returned false, for frames are given out in place; only then
// may Feed be called again.
func (d *Decoder) Feed(chunk []byte) {
	d.in = chunk
	d.stats.Bytes += uint64(len(chunk))
}

// Next returns the payload of the next good frame, its FCS checked and
// removed, or false when the octets fed so far hold no further one. The frame
// is valid, and may be changed, until the next call of Next or Feed. Fields of
// the decoder may be set between calls and hold for all octets not yet given
// out.
func (d *Decoder) Next() (frame []byte, ok bool) {
	for {
		end := bytes.IndexByte(d.in, Flag)
		if end < 0 {
			d.take(d.in)
			d.in = nil
			return nil, false
		}
		segment := d.in[:end]
		d.in = d.in[end+1:]
		if frame, ok := d.close(segment); ok {
			return frame, true
		}
	}
}

// Stats returns the counts so far.
func (d *Decoder) Stats() Stats { return d.stats }

// Noise returns the last octets that have formed no good frame so far, at most
// 256 and without escapes, for messages to people: a login prompt, a modem's
// report. An unfinished frame counts. The result is the caller's.
func (d *Decoder) Noise() []byte {
	n := d.noise
	n.add(d.part)
	return n.bytes()
}

func (d *Decoder) maxFrame() int {
	if d.MaxFrame == 0 {
		return DefaultMaxFrame
	}
	return d.MaxFrame
}

// close judges the frame of which segment is the end, at a flag. A frame that
// lies in one chunk and has no escapes is not copied.
func (d *Decoder) close(segment []byte) (frame []byte, ok bool) {
	if len(d.part) == 0 && !d.escaped && !d.tooLong && bytes.IndexByte(segment, Escape) < 0 &&
		indexMapped(segment, d.RxACCM) < 0 {
		frame = segment
	} else {
		d.take(segment)
		frame = d.part
	}
	aborted, tooLong := d.escaped, d.tooLong
	d.part, d.escaped, d.tooLong = d.part[:0], false, false

	switch {
	case aborted:
		d.stats.Aborts++
	case tooLong, len(frame) > d.maxFrame()+fcs.Size:
		d.stats.TooLong++
	case len(frame) == 0:
		return nil, false
	case len(frame) < minFrame:
		d.stats.Runts++
	case fcs.Update(fcs.Init, frame) != fcs.Good:
		d.stats.BadFCS++
	default:
		d.stats.Frames++
		n := len(frame) - fcs.Size
		return frame[:n:n], true
	}
	d.noise.add(frame)
	return nil, false
}

// take adds raw octets to the unfinished frame, dropping the mapped control
// characters wherever they stand, between escape and escaped octet too.
func (d *Decoder) take(raw []byte) {
	for len(raw) > 0 {
		i := indexMapped(raw, d.RxACCM)
		if i < 0 {
			d.unescape(raw)
			return
		}
		d.unescape(raw[:i])
		raw = raw[i+1:]
	}
}

// unescape adds octets to the unfinished frame, run by run between escapes. Of a
// frame that has become too long nothing is kept but its noise.
func (d *Decoder) unescape(raw []byte) {
	if d.tooLong {
		d.noise.add(raw)
		return
	}
	if len(raw) == 0 {
		return
	}
	part, limit := d.part, d.maxFrame()+fcs.Size
	if d.escaped {
		d.escaped = false
		part = append(part, raw[0]^Mask)
		raw = raw[1:]
	}
	for len(part) <= limit {
		i := indexOrEnd(raw, Escape)
		part = append(part, raw[:min(i, limit+1-len(part))]...)
		if i+1 >= len(raw) {
			d.escaped = i < len(raw)
			raw = nil
			break
		}
		part = append(part, raw[i+1]^Mask)
		raw = raw[i+2:]
	}
	if len(part) > limit {
		d.tooLong, d.escaped = true, false
		d.noise.add(part)
		d.noise.add(raw)
		part = part[:0]
	}
	d.part = part
}

// indexMapped returns the place of the first control character that is in the
// map, or -1.
func indexMapped(b []byte, accm uint32) int {
	if accm == 0 {
		return -1
	}
	i := 0
	for i < len(b) {
		if len(b)-i >= 8 && !anyBelow(binary.LittleEndian.Uint64(b[i:]), 0x20) {
			i += 8
			continue
		}
		for stop := min(i+8, len(b)); i < stop; i++ {
			if c := b[i]; c < 0x20 && accm>>c&1 != 0 {
				return i
			}
		}
	}
	return -1
}
