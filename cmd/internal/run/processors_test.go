package run

import (
	"fmt"
	"runtime"
	"slices"
	"testing"
	"testing/synctest"
	"time"
)

func TestProcessorsFor(t *testing.T) {
	defer runtime.GOMAXPROCS(runtime.GOMAXPROCS(0))
	set := processorsFor(4)
	for _, tt := range []struct{ lines, want int }{{0, 1}, {1, 1}, {2, 2}, {1, 1}, {4, 4}, {1000, 4}, {0, 1}} {
		if set(tt.lines); runtime.GOMAXPROCS(0) != tt.want {
			t.Errorf("%d lines: %d processors, want %d", tt.lines, runtime.GOMAXPROCS(0), tt.want)
		}
	}
}

// TestProcessorsFollowLines: the program is told how many lines there are when
// one comes and when one goes.
func TestProcessorsFollowLines(t *testing.T) {
	dir := t.TempDir()
	synctest.Test(t, func(t *testing.T) {
		w := newMemWorld(t)
		_, stop := w.serveUnits(dir, 3, "camp -ccp")
		time.Sleep(time.Second)
		stop()
		if got := fmt.Sprint(slices.Compact(w.talking)); got != "[0 1 2 3 2 1 0]" {
			t.Errorf("told of lines: %s", got)
		}
	})
}
