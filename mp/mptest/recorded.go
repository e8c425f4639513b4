package mptest

import (
	"encoding/hex"
	"fmt"
	"strconv"
	"strings"

	_ "embed"
)

// What we and pppd have said to each other: a line "# NAME" for each
// conversation, and one for each frame: ">" if we have sent it, otherwise "<",
// the protocol, and the information field. The longer frames are left out, and
// most of the packets of programs. The tests against pppd of cmd/internal/run
// write it, with -record.
//
//go:embed recorded.txt
var recorded string

// A Conversation is what was said on a line.
type Conversation struct {
	Name   string
	Frames []Frame
}

// A Frame is one of those that have passed a line.
type Frame struct {
	Sent     bool // by us
	Protocol uint16
	Info     []byte
}

// Conversations are the recorded ones.
func Conversations() (all []Conversation) {
	for line := range strings.Lines(recorded) {
		line = strings.TrimSpace(line)
		if name, ok := strings.CutPrefix(line, "# "); ok {
			all = append(all, Conversation{Name: name})
			continue
		}
		var f Frame
		p, info, _ := strings.Cut(line[2:], " ")
		n, err := strconv.ParseUint(p, 16, 16)
		if err == nil {
			f.Info, err = hex.DecodeString(info)
		}
		if err != nil {
			panic(fmt.Sprintf("mptest: recorded.txt: %s: %v", line, err))
		}
		f.Sent, f.Protocol = line[0] == '>', uint16(n)
		c := &all[len(all)-1]
		c.Frames = append(c.Frames, f)
	}
	return all
}

// ByPPPD are the frames of one protocol that pppd has sent, conversation by
// conversation; those in which it has sent the same, or nothing, are left out.
func ByPPPD(protocol uint16) (all [][][]byte) {
	seen := map[string]bool{}
	for _, c := range Conversations() {
		var said [][]byte
		for _, f := range c.Frames {
			if !f.Sent && f.Protocol == protocol {
				said = append(said, f.Info)
			}
		}
		if key := fmt.Sprint(said); len(said) > 0 && !seen[key] {
			seen[key] = true
			all = append(all, said)
		}
	}
	return all
}

// Frames are at most so many different frames of these protocols, or of all.
func Frames(most int, protocols ...uint16) (some []Frame) {
	wanted := map[uint16]bool{}
	for _, p := range protocols {
		wanted[p] = true
	}
	seen := map[string]bool{}
	for _, c := range Conversations() {
		for _, f := range c.Frames {
			key := fmt.Sprintf("%x %x", f.Protocol, f.Info)
			if len(some) == most || len(wanted) > 0 && !wanted[f.Protocol] || seen[key] {
				continue
			}
			seen[key] = true
			some = append(some, f)
		}
	}
	return some
}
