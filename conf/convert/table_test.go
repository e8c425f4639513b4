package convert

import (
	"os"
	"slices"
	"strings"
	"testing"

	"pppdial/conf"
)

// TestOptionTable: every option that pppd's manual lists has a row, and every
// row says something.
func TestOptionTable(t *testing.T) {
	src, err := os.ReadFile("testdata/pppd-options")
	if err != nil {
		t.Fatal(err)
	}
	names := strings.Fields(string(src))
	if len(names) < 190 {
		t.Fatalf("only %d options", len(names))
	}
	for _, n := range names {
		if _, ok := options[n]; !ok {
			t.Errorf("the option %s has no row", n)
		}
	}
	for n, row := range options {
		if (row.do == nil) == (row.why == "") {
			t.Errorf("%s: either a counterpart or a reason", n)
		}
		if row.args < 0 || row.args > 1 {
			t.Errorf("%s: %d words", n, row.args)
		}
	}
}

// TestGroups: settings of every keyword have a place in entries.
func TestGroups(t *testing.T) {
	for _, k := range conf.Keywords() {
		if !slices.Contains(groups, k.Group) {
			t.Errorf("%s: the group %q has no place", k.Name, k.Group)
		}
	}
}
