package mp

import (
	"bytes"
	"errors"
	"time"

	"pppdial/mp/hdlc"
)

// ErrNoCarrier is why a link ends whose modem says so.
var ErrNoCarrier = errors.New("the modem says NO CARRIER")

// farewellTime is how long nothing must follow the modem's words.
const farewellTime = time.Second

const farewellWords = "NO CARRIER\r\n"

// A farewell watches for what a modem says when it has lost the carrier: many
// lines have no better way to tell it. The words stand in what is no good
// frame. Either nothing but text has come before them since the last flag, and
// what follows may be an echo of what we send; or they follow the beginning of a
// frame, and nothing but more lines of text follows them before the next flag:
// behind what a peer has sent stands the FCS. If no flag has come since, they
// may yet be in the middle of a frame, whose rest is then on its way, or the
// modem says more: then silence tells.
type farewell struct {
	tail   [len(farewellWords) - 1]byte // of what has come since the last flag
	other  bool                         // not only text has come since then
	said   bool                         // the words have come, and no flag since
	alone  bool                         // and only text before them
	closed bool                         // a flag has come, and they were the modem's
	bad    uint64                       // frames so far that were no good ones
	until  time.Time                    // the line is lost then; zero: it is well
}

// read takes a chunk before the decoder does.
func (f *farewell) read(chunk []byte) {
	f.closed = false
	for first := true; ; first = false {
		i := bytes.IndexByte(chunk, hdlc.Flag)
		if i < 0 {
			f.text(chunk)
			return
		}
		if b := chunk[:i]; first || bytes.HasSuffix(b, []byte("\n")) || textual(b) >= len(farewellWords) {
			f.text(b)
			f.closed = f.closed || f.alone || f.said && bytes.HasSuffix(f.tail[:], []byte("\r\n"))
		}
		f.tail, f.other, f.said, f.alone = [len(f.tail)]byte{}, false, false, false
		chunk = chunk[i+1:]
	}
}

// text takes octets between flags.
func (f *farewell) text(b []byte) {
	if !f.other && !f.said {
		n := textual(b)
		f.alone = f.speaks(b[:n])
		f.other = n < len(b)
	}
	f.said = f.said || f.speaks(b)
	keep := max(len(f.tail)-len(b), 0)
	copy(f.tail[:keep], f.tail[len(f.tail)-keep:])
	copy(f.tail[keep:], b[len(b)-(len(f.tail)-keep):])
}

// speaks reports whether the words end in b.
func (f *farewell) speaks(b []byte) bool {
	var seam [2 * len(f.tail)]byte
	n := copy(seam[:], f.tail[:])
	n += copy(seam[n:], b)
	return bytes.Contains(seam[:n], []byte(farewellWords)) || bytes.Contains(b, []byte(farewellWords))
}

// textual is how many octets b begins with that a modem may say: those of a frame
// are others soon, or escaped.
func textual(b []byte) int {
	for i, c := range b {
		if (c < ' ' || c > '~' || c == hdlc.Escape) && c != '\r' && c != '\n' {
			return i
		}
	}
	return len(b)
}

// judge looks at what the decoder has made of it.
func (f *farewell) judge(now time.Time, d *hdlc.Decoder) {
	s := d.Stats()
	bad := s.BadFCS + s.Aborts + s.Runts + s.TooLong
	switch {
	case bad != f.bad && f.closed:
		f.until = now
	case f.said:
		f.until = now.Add(farewellTime)
	case !f.lost(now):
		f.until = time.Time{}
	}
	f.bad = bad
}

// lost reports whether the words were the modem's.
func (f *farewell) lost(now time.Time) bool { return !f.until.IsZero() && !now.Before(f.until) }
