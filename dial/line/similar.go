package line

import (
	"path/filepath"
	"slices"
	"strings"
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
			slices.SortFunc(more, byNumber)
			found = append(found, more...)
		}
		if len(found) > 0 {
			return found[:min(len(found), maxSimilar)]
		}
	}
	return nil
}

// byNumber sorts ttyUSB2 before ttyUSB10.
func byNumber(a, b string) int {
	if len(a) != len(b) {
		return len(a) - len(b)
	}
	return strings.Compare(a, b)
}
