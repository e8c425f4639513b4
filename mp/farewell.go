package mp

import (
	"bytes"
	"errors"
	"time"
)

// ErrNoCarrier is why a link ends whose modem says so.
var ErrNoCarrier = errors.New("the modem says NO CARRIER")

// farewellTime is how long nothing must follow the modem's words.
const farewellTime = time.Second

const farewellWords = "NO CARRIER\r\n"

// A farewell watches for what a modem says when it has lost the carrier: many
// lines have no better way to tell it. Such words at the end of what has come
// are the modem's, or they stand in a frame whose rest, with a flag at its end
// at least, is on its way.
type farewell struct {
	tail  [len(farewellWords)]byte // of what has come
	until time.Time                // the line is lost then, unless more comes; zero: it is well
}

func (f *farewell) read(now time.Time, chunk []byte) {
	keep := max(len(f.tail)-len(chunk), 0)
	copy(f.tail[:keep], f.tail[len(f.tail)-keep:])
	copy(f.tail[keep:], chunk[len(chunk)-(len(f.tail)-keep):])
	f.until = time.Time{}
	if bytes.Equal(f.tail[:], []byte(farewellWords)) {
		f.until = now.Add(farewellTime)
	}
}

// lost reports whether nothing has followed in time.
func (f *farewell) lost(now time.Time) bool { return !f.until.IsZero() && !now.Before(f.until) }
