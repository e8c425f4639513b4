package run

import (
	"fmt"
	"os"
	"slices"
	"testing"
	"time"
)

// TestHistory: calls of the last hour count until an hour of the program's own clock
// is over, however that on the wall is set meanwhile.
func TestHistory(t *testing.T) {
	h := history{t.TempDir(), "x"}
	now := time.Now()
	var text []byte
	for _, ago := range []time.Duration{2 * time.Hour, 59 * time.Minute, time.Minute, -time.Minute} {
		text = fmt.Appendln(text, now.Add(-ago).Unix())
	}
	if err := os.WriteFile(h.path(), text, 0o600); err != nil {
		t.Fatal(err)
	}
	var ago []time.Duration
	for _, c := range h.load(now, silence) {
		if c == c.Round(0) {
			t.Errorf("%v is a time on the wall", c)
		}
		ago = append(ago, now.Sub(c).Truncate(time.Minute))
	}
	if want := []time.Duration{59 * time.Minute, time.Minute}; !slices.Equal(ago, want) {
		t.Errorf("calls %v ago, want %v", ago, want)
	}
}
