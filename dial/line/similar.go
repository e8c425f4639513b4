package line

import (
	"path/filepath"
	"sort"
	"strings"

	"pppdial/dial/usb"
)

// maxSimilar is how many other ttys an error names.
const maxSimilar = 8

// similar lists ttys that exist beside path: those with the same letters in
// their names, or else those that modems are mostly found at.
func similar(path string) []string {
	dir, name := filepath.Split(path)
	stem := strings.TrimRight(name, "0123456789")
	for _, stems := range [][]string{{stem}, {"ttyUSB", "ttyACM", "ttyAMA", "ttyS", "rfcomm"}} {
		var found []string
		for _, s := range stems {
			if s == "" {
				continue
			}
			more, _ := filepath.Glob(dir + s + "[0-9]*")
			sort.Slice(more, func(i, j int) bool { return usb.Before(more[i], more[j]) })
			found = append(found, more...)
		}
		if len(found) > 0 {
			return found[:min(len(found), maxSimilar)]
		}
	}
	return nil
}
