package conf

import (
	"fmt"
	"slices"
	"strings"
)

// What continue= can make of a small file has bounds: entries that continue
// each other twice over grow as the powers of two.
const (
	maxSettings = 10000
	maxDepth    = 100
)

// link looks up the labels of continue= words. Those that lead nowhere, in a
// circle or to too much are reported and have no effect, so that what follows
// may trust the rest.
func (r *reading) link() {
	size := make(map[*entry]int) // settings with all that is continued; 0 while being counted
	var chain []*entry
	var count func(e *entry) int
	count = func(e *entry) int {
		if n, ok := size[e]; ok && n > 0 {
			return n
		}
		size[e] = 0
		chain = append(chain, e)
		n := 1
		for _, s := range e.settings {
			if s.key.slot != nil || s.bad {
				n++
				continue
			}
			to, bad := r.target(s)
			if bad {
				continue
			}
			if i := slices.Index(chain, to); i >= 0 {
				r.fail(s.pos, "continue= goes in a circle: "+circle(append(chain[i:len(chain):len(chain)], to)), "")
				s.bad = true
				continue
			}
			if len(chain) == maxDepth {
				r.fail(s.pos, fmt.Sprintf("continue= is nested more than %d deep", maxDepth), "")
				s.bad = true
				continue
			}
			if m := count(to); n+m > maxSettings {
				r.fail(s.pos, fmt.Sprintf("continue= makes an entry of more than %d settings", maxSettings), "")
				s.bad = true
			} else {
				n += m
				to.continued = true
			}
		}
		chain = chain[:len(chain)-1]
		size[e] = n
		return n
	}
	for _, e := range r.all {
		count(e)
	}
}

// target finds the entry that a continue= word names.
func (r *reading) target(s *setting) (to *entry, bad bool) {
	if to = r.file.byLabel[s.text]; to != nil {
		return to, false
	}
	s.bad = true
	r.fail(s.pos, s.shown()+": there is no such entry", r.file.meant(s.text))
	return nil, true
}

// meant gives a hint at a label that is not in the file.
func (f *File) meant(label string) string {
	if best := similar(label, f.Labels()); best != "" {
		return fmt.Sprintf("did you mean %q?", best)
	}
	return ""
}

func circle(chain []*entry) string {
	labels := make([]string, len(chain))
	for i, e := range chain {
		labels[i] = e.label
	}
	return strings.Join(labels, " -> ")
}

// flatten gives the settings of e with those of the entries that it continues
// in their places. via are the continue= words that led to e.
func (f *File) flatten(e *entry, via []Pos) []*setting {
	var out []*setting
	for _, s := range e.settings {
		switch {
		case s.key.slot != nil:
			c := *s
			c.via = via
			out = append(out, &c)
		case !s.bad:
			out = append(out, f.flatten(f.byLabel[s.text], append(via[:len(via):len(via)], s.pos))...)
		}
	}
	return out
}
