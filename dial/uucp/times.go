package uucp

import (
	"strconv"
	"strings"
	"time"
)

// Times is the time field of a Systems line: when the system may be called.
type Times struct {
	Retry   time.Duration // at least so long between tries; 0: not said
	windows []window      // empty: never
}

// A window is a time of day on some days.
type window struct {
	days     days
	from, to int // minutes of the day, both included; to < from passes midnight
}

// days is a set of time.Weekdays, one bit each.
type days uint8

const (
	noDay    days = 0
	everyDay days = 1<<7 - 1
	weekdays days = everyDay &^ (1<<time.Saturday | 1<<time.Sunday)
)

// dayNames are the words of which days are put together, in lower case. None
// begins with another.
var dayNames = []struct {
	name string
	days days
}{
	{"any", everyDay}, {"wk", weekdays}, {"never", noDay}, {"none", noDay},
	{"su", 1 << time.Sunday}, {"mo", 1 << time.Monday}, {"tu", 1 << time.Tuesday},
	{"we", 1 << time.Wednesday}, {"th", 1 << time.Thursday}, {"fr", 1 << time.Friday},
	{"sa", 1 << time.Saturday},
}

const dayMinutes = 24 * 60

// Allow tells whether t is a time at which the system may be called. A window
// that passes midnight is meant for the day of t on both sides: Wk2300-0700 is
// the early morning and the late evening of each weekday (Taylor UUCP).
func (ts Times) Allow(t time.Time) bool {
	minute := t.Hour()*60 + t.Minute()
	for _, w := range ts.windows {
		if w.days&(1<<t.Weekday()) == 0 {
			continue
		}
		if w.from <= w.to {
			if w.from <= minute && minute <= w.to {
				return true
			}
		} else if minute >= w.from || minute <= w.to {
			return true
		}
	}
	return false
}

// Next gives the first time from t on at which the system may be called; zero
// for never.
func (ts Times) Next(t time.Time) time.Time {
	if ts.Allow(t) {
		return t
	}
	var next time.Time
	for day := range 8 { // today to the same day next week
		y, m, d := t.Date()
		for _, w := range ts.windows {
			for _, minute := range []int{0, w.from} {
				at := time.Date(y, m, d+day, 0, minute, 0, 0, t.Location())
				if at.Hour()*60+at.Minute() != minute%dayMinutes && !ts.Allow(at) {
					at = at.Add(time.Hour) // summer time skips it, and this was the hour before
				}
				if at.After(t) && ts.Allow(at) && (next.IsZero() || at.Before(next)) {
					next = at
				}
			}
		}
	}
	return next
}

// times reads a time field: day[HHMM-HHMM][/grade],...[;retry].
func (r *reader) times(f field) (ts Times, ok bool) {
	ok = true
	text, retry, hasRetry := strings.Cut(f.text, ";")
	if hasRetry {
		n, err := strconv.ParseUint(retry, 10, 16)
		if err != nil {
			r.errorf(f.pos(len(text)+1), "write minutes, as in Any;5", "%q is no time to wait between tries", retry)
			ok = false
		}
		ts.Retry = time.Duration(n) * time.Minute
	}
	off := 0
	for part := range strings.SplitSeq(text, ",") {
		w, good := r.window(f, off, part)
		if !good {
			ok = false
		} else if w.days != noDay {
			ts.windows = append(ts.windows, w)
		}
		off += len(part) + 1
	}
	return ts, ok
}

// window reads day[HHMM-HHMM][/grade], which stands at off in f.
func (r *reader) window(f field, off int, part string) (w window, ok bool) {
	text, _, _ := strings.Cut(part, "/") // the grade is uucico's
	digits := strings.IndexAny(text, "0123456789")
	if digits < 0 {
		digits = len(text)
	}
	names, hours := text[:digits], text[digits:]
	if names == "" {
		r.errorf(f.pos(off), "write the days first, as in Any or Wk0800-1700", "%q does not say on which days", part)
		return w, false
	}
	for rest := names; rest != ""; {
		found := false
		for _, d := range dayNames {
			if len(rest) >= len(d.name) && strings.EqualFold(rest[:len(d.name)], d.name) {
				w.days |= d.days
				rest = rest[len(d.name):]
				found = true
				break
			}
		}
		if !found {
			r.errorf(f.pos(off+len(names)-len(rest)), "days are Any Wk Su Mo Tu We Th Fr Sa, Never or None", "%q is no day", rest)
			return w, false
		}
	}
	w.to = dayMinutes - 1
	if hours == "" {
		return w, true
	}
	from, to, found := strings.Cut(hours, "-")
	var good1, good2 bool
	w.from, good1 = minuteOfDay(from)
	w.to, good2 = minuteOfDay(to)
	if !found || !good1 || !good2 {
		r.errorf(f.pos(off+digits), "write HHMM-HHMM, as in 0800-1700", "%q is no time of day", hours)
		return w, false
	}
	if w.from == w.to { // from one minute to the same is all day
		w.from, w.to = 0, dayMinutes-1
	}
	w.from %= dayMinutes
	return w, true
}

// minuteOfDay reads HHMM, 0000 to 2400.
func minuteOfDay(s string) (minute int, ok bool) {
	n, err := strconv.ParseUint(s, 10, 16)
	if err != nil || len(s) != 4 || n%100 >= 60 || n > 2400 {
		return 0, false
	}
	return int(n/100*60 + n%100), true
}
