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
// lines have no better way to tell it. Such words at the end of what has come
// may also stand in a frame whose rest is on its way; then the next frame to
// end is a good one. It is none when the modem has said them, and now echoes
// what we send.
type farewell struct {
	tail  [len(farewellWords)]byte // of what has come
	until time.Time                // the line is lost then; zero: it is well
	stats hdlc.Stats               // when the words had come
}

// read takes a chunk before the decoder does.
func (f *farewell) read(chunk []byte) {
	keep := max(len(f.tail)-len(chunk), 0)
	copy(f.tail[:keep], f.tail[len(f.tail)-keep:])
	copy(f.tail[keep:], chunk[len(chunk)-(len(f.tail)-keep):])
}

// judge looks at what the decoder has made of it.
func (f *farewell) judge(now time.Time, s hdlc.Stats) {
	if !f.until.IsZero() {
		switch {
		case s.BadFCS+s.Aborts+s.Runts+s.TooLong != f.stats.BadFCS+f.stats.Aborts+f.stats.Runts+f.stats.TooLong:
			f.until = now
			return
		case s.Frames != f.stats.Frames:
			f.until = time.Time{}
		}
	}
	if bytes.Equal(f.tail[:], []byte(farewellWords)) {
		f.until, f.stats = now.Add(farewellTime), s
	}
}

// lost reports whether the words were the modem's.
func (f *farewell) lost(now time.Time) bool { return !f.until.IsZero() && !now.Before(f.until) }
