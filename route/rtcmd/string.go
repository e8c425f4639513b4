package rtcmd

import (
	"fmt"
	"strconv"
	"strings"
)

// String returns c in the canonical form, which Parse reads as the same
// command (and Parse6 if it is one for IPv6).
func (c Command) String() string {
	words := []string{c.Action.String()}
	if c.Inet6 {
		words = append(words, "-inet6")
	}
	words = append(words, c.destination())
	switch {
	case c.ViaPeer:
		words = append(words, "#")
	case c.Gateway.IsValid():
		words = append(words, c.Gateway.String())
	case c.Interface != "":
		words = append(words, "-interface", c.Interface)
	}
	if c.Metric != 0 {
		words = append(words, strconv.Itoa(c.Metric))
	}
	return strings.Join(words, " ")
}

func (c Command) destination() string {
	whole := 32
	if c.Inet6 {
		whole = 128
	}
	switch {
	case c.ToPeer && c.PeerBits == whole:
		return "-host #"
	case c.ToPeer:
		return fmt.Sprintf("-net #/%d", c.PeerBits)
	case c.Dst == anywhere(c.Inet6):
		return "default"
	case c.Dst.Bits() == whole:
		return "-host " + c.Dst.Addr().String()
	}
	return "-net " + c.Dst.String()
}
