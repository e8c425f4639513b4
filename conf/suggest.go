package conf

import (
	"strings"
)

// nearest gives the keyword that name was probably meant to be, or nil.
func nearest(name string) *Keyword {
	names := make([]string, len(table))
	for i := range table {
		names[i] = table[i].Name
	}
	if best := similar(name, names); best != "" {
		return lookup(best)
	}
	return nil
}

// similar gives the one of names that is most like name, or "" when none is
// like it: one in three letters may be wrong, and a single one always.
func similar(name string, names []string) string {
	name = strings.ToLower(name)
	best, least := "", max(1, len(name)/3)+1
	for _, n := range names {
		if d := distance(name, strings.ToLower(n)); d < least && d < len(n) {
			best, least = n, d
		}
	}
	return best
}

// distance counts the letters to insert, delete, replace or exchange with their
// neighbour to make a into b (optimal string alignment).
func distance(a, b string) int {
	prev, row := []int(nil), make([]int, len(b)+1)
	for j := range row {
		row[j] = j
	}
	for i := 1; i <= len(a); i++ {
		next := make([]int, len(b)+1)
		next[0] = i
		for j := 1; j <= len(b); j++ {
			cost := 1
			if a[i-1] == b[j-1] {
				cost = 0
			}
			next[j] = min(row[j]+1, next[j-1]+1, row[j-1]+cost)
			if i > 1 && j > 1 && a[i-1] == b[j-2] && a[i-2] == b[j-1] {
				next[j] = min(next[j], prev[j-2]+1)
			}
		}
		prev, row = row, next
	}
	return row[len(b)]
}
