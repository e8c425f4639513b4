package uucp

import (
	"testing"
	"time"
)

func parseTimes(t *testing.T, text string) Times {
	t.Helper()
	var r reader
	l := logicals("f", []byte(text))[0]
	ts, ok := r.times(l.fields()[0])
	if !ok || len(r.problems) > 0 {
		t.Fatalf("%s: %s", text, list(r.problems))
	}
	return ts
}

func TestTimes(t *testing.T) {
	const layout = "Mon 2 Jan 15:04 2006"
	for _, tt := range []struct {
		field, now, next string // next "": never
	}{
		{"Any", "Mon 1 Jan 10:30 2024", "Mon 1 Jan 10:30 2024"},
		{"any/C;3", "Sun 7 Jan 23:59 2024", "Sun 7 Jan 23:59 2024"},
		{"Never", "Mon 1 Jan 10:30 2024", ""},
		{"None", "Mon 1 Jan 10:30 2024", ""},
		{"Wk", "Fri 5 Jan 23:59 2024", "Fri 5 Jan 23:59 2024"},
		{"Wk", "Sat 6 Jan 00:00 2024", "Mon 8 Jan 00:00 2024"},
		{"SaSu", "Mon 1 Jan 10:30 2024", "Sat 6 Jan 00:00 2024"},
		{"MoTuTh0800-1700", "Tue 2 Jan 17:00 2024", "Tue 2 Jan 17:00 2024"},
		{"MoTuTh0800-1700", "Tue 2 Jan 17:01 2024", "Thu 4 Jan 08:00 2024"},
		{"Mo0800-0900", "Mon 1 Jan 09:01 2024", "Mon 8 Jan 08:00 2024"},
		{"We,Fr1200-1300/A", "Thu 4 Jan 00:00 2024", "Fri 5 Jan 12:00 2024"},
		{"Wk2300-0700", "Mon 1 Jan 23:00 2024", "Mon 1 Jan 23:00 2024"},
		{"Wk2300-0700", "Mon 1 Jan 07:01 2024", "Mon 1 Jan 23:00 2024"},
		{"Wk2300-0700", "Fri 5 Jan 23:30 2024", "Fri 5 Jan 23:30 2024"},
		{"Wk2300-0700", "Sat 6 Jan 01:00 2024", "Mon 8 Jan 00:00 2024"},
		{"Any0000-0000", "Mon 1 Jan 12:00 2024", "Mon 1 Jan 12:00 2024"},
		{"Any0000-2400", "Mon 1 Jan 23:59 2024", "Mon 1 Jan 23:59 2024"},
		{"Any2400-0100", "Mon 1 Jan 12:00 2024", "Tue 2 Jan 00:00 2024"},
		{"Never,Su1000-1100", "Sun 7 Jan 11:01 2024", "Sun 14 Jan 10:00 2024"},
	} {
		now, err := time.Parse(layout, tt.now)
		if err != nil {
			t.Fatal(err)
		}
		ts := parseTimes(t, tt.field)
		next := ts.Next(now)
		got := ""
		if !next.IsZero() {
			got = next.Format(layout)
		}
		if got != tt.next {
			t.Errorf("%s at %s: next %q, want %q", tt.field, tt.now, got, tt.next)
		}
		if allowed := ts.Allow(now); allowed != (tt.next == tt.now) {
			t.Errorf("%s at %s: allowed %v", tt.field, tt.now, allowed)
		}
	}
}

// TestTimesInSummer: a window that begins in the hour which summer time skips begins
// when that is over.
func TestTimesInSummer(t *testing.T) {
	const layout = "2006-01-02 15:04"
	for _, tt := range []struct{ zone, field, now, next string }{
		{"America/New_York", "Any0200-0600", "2026-03-07 12:00", "2026-03-08 03:00"},
		{"America/Santiago", "Any0000-0600", "2026-09-05 12:00", "2026-09-06 01:00"},
		{"America/Santiago", "Su", "2026-09-05 12:00", "2026-09-06 01:00"},
		{"Europe/Berlin", "Any0200-0600", "2026-03-28 12:00", "2026-03-29 03:00"},
		{"Europe/Berlin", "Any0100-0600", "2026-03-28 12:00", "2026-03-29 01:00"},
	} {
		l, err := time.LoadLocation(tt.zone)
		if err != nil {
			t.Fatal(err)
		}
		now, err := time.ParseInLocation(layout, tt.now, l)
		if err != nil {
			t.Fatal(err)
		}
		if got := parseTimes(t, tt.field).Next(now).Format(layout); got != tt.next {
			t.Errorf("%s in %s: next %s, want %s", tt.field, tt.zone, got, tt.next)
		}
	}
}

func TestRetry(t *testing.T) {
	if ts := parseTimes(t, "Any;5"); ts.Retry != 5*time.Minute {
		t.Errorf("retry %v, want 5m", ts.Retry)
	}
}
