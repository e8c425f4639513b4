// Package getopt reads the options of a command line by the Utility Syntax
// Guidelines of POSIX (XBD, section 12.2): letters may share a word, the value of
// an option stands behind its letter or in the next word, and "--" ends them.
package getopt

import (
	"iter"
	"strings"
)

// An Option is one letter of a command line.
type Option struct {
	Letter  byte
	Value   string // of a letter that takes one
	Missing bool   // the value, at the command line's end
}

// Options yields the options at the front of *words, and leaves what is behind
// those it has yielded. The letters of valued take a value.
func Options(words *[]string, valued string) iter.Seq[Option] {
	return func(yield func(Option) bool) {
		for len(*words) > 0 && len((*words)[0]) > 1 && (*words)[0][0] == '-' {
			letters := (*words)[0][1:]
			*words = (*words)[1:]
			if letters == "-" {
				return
			}
			for letters != "" {
				o := Option{Letter: letters[0]}
				letters = letters[1:]
				if strings.IndexByte(valued, o.Letter) >= 0 {
					switch {
					case letters != "":
						o.Value, letters = letters, ""
					case len(*words) > 0:
						o.Value, *words = (*words)[0], (*words)[1:]
					default:
						o.Missing = true
					}
				}
				if !yield(o) {
					return
				}
			}
		}
	}
}
