package run

import (
	"bytes"
	"log/slog"
	"os"
	"slices"
	"strings"
	"testing"
	"time"
)

// FuzzArgs: a command line gives options in silence, or a status with words.
func FuzzArgs(f *testing.F) {
	for _, s := range []string{"-r rmt -dd", "-nj -f x", "-Vx", "-h", "-p /dev/ttyS0", "-l -m 127.0.0.1:9", "-- -r", "-", "-r", "x", "-rf x -u"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, line string) {
		var out, errs bytes.Buffer
		o, status := ParseArgs(strings.Split("ppp "+line, " "), &out, &errs)
		switch {
		case o != nil && (status != 0 || out.Len()+errs.Len() > 0):
			t.Errorf("options, status %d, %q and %q", status, &out, &errs)
		case o == nil && (status == 0) != (errs.Len() == 0), o == nil && (status == 0) != (out.Len() > 0):
			t.Errorf("status %d, %q and %q", status, &out, &errs)
		}
	})
}

// FuzzHistory: of whatever stands in the file, calls of the last hour count, and
// what is saved of them counts again.
func FuzzHistory(f *testing.F) {
	now := time.Unix(1_000_000, 0)
	f.Add([]byte("999999\n999998\n"))
	f.Add([]byte("1\n99999999999999999999\nx\n\n-1\n1000001"))
	f.Fuzz(func(t *testing.T, text []byte) {
		h := history{t.TempDir(), "x"}
		log := slog.New(slog.DiscardHandler)
		if err := os.WriteFile(h.path(), text, 0o600); err != nil {
			t.Fatal(err)
		}
		calls := h.load(now, log)
		for _, c := range calls {
			if c.After(now) || now.Sub(c) >= time.Hour {
				t.Errorf("a call %v ago", now.Sub(c))
			}
		}
		h.save(calls, log)
		if again := h.load(now, log); !slices.Equal(again, calls) {
			t.Errorf("%v became %v", calls, again)
		}
	})
}
