package conf

import (
	"fmt"
	"math"
	"slices"
	"strings"
	"sync"
)

// Forms are the ways in which a keyword may be written.
type Forms uint8

const (
	Bare    Forms = 1 << iota // keyword
	Negated                   // -keyword
	Valued                    // keyword=value
	Repeat                    // several times; the values add up
)

// Phase is the phase of a link up to whose end a value may still be changed
// by the entry that reconfigure finds (RFC 1661 section 3.2, and beyond it).
type Phase uint8

const (
	Dead         Phase = iota // the line was chosen, opened and dialed with it
	Establish                 // LCP was negotiated with it
	Authenticate              // used in authentication, or LCP can negotiate it anew
	Network                   // used when network protocols and the interface come up
	Always                    // read whenever it is needed
)

// A Keyword is one row of the keyword table, from which everything else
// follows: how a word is looked up and read, what is said when it is wrong,
// how it is dumped, and the facts that ppp.conf(5) states.
type Keyword struct {
	Name      string // as ppp.conf(5) spells it; case does not count in files
	Forms     Forms
	Type      string // of the value: "secs", "addrset", ...
	Alone     string // the value that the bare keyword stands for, where Valued is a form too
	Default   string // as a value, "true" or "false" for a flag, "-" for the negated form; "" when there is none or it depends
	Otherwise string // in words: what holds when there is no Default
	Min, Max  int64  // bounds of a number; no Max: 2147483647
	Rule      string // in words: what else must hold
	Phase     Phase
	Secret    bool
	Remark    string // a warning for each use
	Ours      bool   // not of the IRIX manual page
	NegatedAs string // the name of what the negated form turns off, where that is not the keyword itself
	Group     string // section of ppp.conf(5)

	slot maker // nil for continue
}

// raw tells whether backslashes in the value are left to a grammar of its own.
func (k *Keyword) raw() bool { return k.Type == "expect-send" }

// bounds gives the least and the greatest number allowed.
func (k *Keyword) bounds() (lo, hi int64) {
	if k.Max == 0 {
		return k.Min, math.MaxInt32
	}
	return k.Min, k.Max
}

// Range gives the bounds of a number in words.
func (k *Keyword) Range() string {
	switch {
	case k.Max == math.MaxUint32:
		return "0 to 0xffffffff"
	case k.Max != 0:
		return fmt.Sprintf("%d to %d", k.Min, k.Max)
	}
	return fmt.Sprintf("%d or more", k.Min)
}

// Usage gives the ways in which the keyword may be written.
func (k *Keyword) Usage() []string {
	var u []string
	if k.Forms&Bare != 0 {
		u = append(u, k.Name)
	}
	if k.Forms&Negated != 0 {
		u = append(u, "-"+k.Name)
	}
	if k.Forms&Valued != 0 {
		u = append(u, k.Name+"="+k.Type)
	}
	return u
}

// usage is a hint at how to write k.
func (k *Keyword) usage() string { return "write " + strings.Join(k.Usage(), " or ") }

// originName gives the key in Entry.Origin and Entry.Set for a use of k.
func (k *Keyword) originName(form Forms) string {
	if form == Negated && k.NegatedAs != "" {
		return k.NegatedAs
	}
	return k.Name
}

// table is the keyword table, in the order of ppp.conf(5).
var table = slices.Concat(
	generalRows, authRows, interfaceRows, addressRows, idleRows, multilinkRows,
	mapRows, callRows, controlRows, queueRows, framingRows, compressionRows,
	lineRows, cellularRows, keepingRows,
)

// Keywords gives the keyword table in the order of ppp.conf(5).
func Keywords() []Keyword { return slices.Clone(table) }

var byName = sync.OnceValue(func() map[string]*Keyword {
	m := make(map[string]*Keyword, len(table))
	for i := range table {
		m[strings.ToLower(table[i].Name)] = &table[i]
	}
	return m
})

// lookup finds the row of a keyword, whatever its case.
func lookup(name string) *Keyword { return byName()[strings.ToLower(name)] }
