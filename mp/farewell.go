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

const (
	farewellWords = "NO CARRIER"
	farewellEnd   = farewellWords + "\r\n"
	farewellLine  = "\r\n" + farewellEnd
)

// A farewell watches for what a modem says when it has lost the carrier: many
// lines have no better way to tell it. The words stand in what is no good
// frame. If no flag has come since, they may yet be in the middle of a frame,
// whose rest is then on its way, or the modem says more: then silence tells.
type farewell struct {
	tail  [len(farewellEnd) - 1]byte // of what has come
	said  bool                       // the words have come, and no flag since
	bad   uint64                     // frames so far that were no good ones
	until time.Time                  // the line is lost then; zero: it is well
}

// read takes a chunk before the decoder does.
func (f *farewell) read(chunk []byte) {
	if i := bytes.LastIndexByte(chunk, hdlc.Flag); i >= 0 {
		f.said, f.tail = false, [len(f.tail)]byte{}
		chunk = chunk[i+1:]
	}
	var seam [2 * len(f.tail)]byte
	n := copy(seam[:], f.tail[:])
	n += copy(seam[n:], chunk)
	f.said = f.said || bytes.Contains(seam[:n], []byte(farewellEnd)) || bytes.Contains(chunk, []byte(farewellEnd))
	keep := max(len(f.tail)-len(chunk), 0)
	copy(f.tail[:keep], f.tail[len(f.tail)-keep:])
	copy(f.tail[keep:], chunk[len(chunk)-(len(f.tail)-keep):])
}

// judge looks at what the decoder has made of it.
func (f *farewell) judge(now time.Time, d *hdlc.Decoder) {
	s := d.Stats()
	bad := s.BadFCS + s.Aborts + s.Runts + s.TooLong
	switch {
	case bad != f.bad && bytes.Contains(d.Noise(), []byte(farewellNoise(d))):
		f.until = now
	case f.said:
		f.until = now.Add(farewellTime)
	case !f.lost(now):
		f.until = time.Time{}
	}
	f.bad = bad
}

// farewellNoise is what the modem says, as far as the decoder lets it pass.
func farewellNoise(d *hdlc.Decoder) string {
	if d.RxACCM&(1<<'\r'|1<<'\n') != 0 {
		return farewellWords
	}
	return farewellLine
}

// lost reports whether the words were the modem's.
func (f *farewell) lost(now time.Time) bool { return !f.until.IsZero() && !now.Before(f.until) }
