// Package wire holds the numbers and bodies of the PPP family as octets: the
// protocol field, control packets, their options, and the bodies of the
// authentication protocols. It implements the formats of RFC 1661, 1662, 1332,
// 1334, 1570, 1877, 1962, 1990, 1994, 2484, 2686, 2759, 3748 and 5072, and
// knows no state, no time and no policy.
//
// Every format comes as a pair: AppendX adds the octets of X to a slice,
// ParseX reads them. A parser checks all it was given and assigns once, so a
// half-filled value never escapes; slices in what it returns alias its
// argument. Parsers never fail on trailing padding where the RFC allows it.
//
// [Format] prints a packet in one line in the words that users of pppd know,
// without the secrets in it.
//
// Anybody may call this package from any goroutine.
package wire

import (
	"errors"
	"fmt"
)

// ErrShort says that a packet, option or body ends before its fields do, or
// that one of its length fields points outside of it.
var ErrShort = errors.New("truncated")

// ErrLength says that an option or body is not of the length that its type
// demands.
var ErrLength = errors.New("wrong length")

func short(what string, have, want int) error {
	return fmt.Errorf("wire: %s: %w: %d of %d octets", what, ErrShort, have, want)
}

func wrongLength(what string, have, want int) error {
	return fmt.Errorf("wire: %s: %w: %d octets, not %d", what, ErrLength, have, want)
}
