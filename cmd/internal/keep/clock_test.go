package keep

import (
	"strings"
	"testing"
	"time"
)

func location(t *testing.T, name string) *time.Location {
	t.Helper()
	l, err := time.LoadLocation(name)
	if err != nil {
		t.Fatal(err)
	}
	return l
}

// strikes runs a clock by its own deadlines.
func strikes(times []time.Duration, from, to time.Time) (at []string) {
	c := NewClock(times, from)
	for now := c.Deadline(); !now.IsZero() && now.Before(to); now = c.Deadline() {
		if c.Advance(now) {
			at = append(at, now.Format("2 15:04:05 MST"))
		}
	}
	return at
}

func TestClock(t *testing.T) {
	const h, m = time.Hour, time.Minute
	berlin, lord, york := location(t, "Europe/Berlin"), location(t, "Australia/Lord_Howe"), location(t, "America/New_York")
	beirut := location(t, "Asia/Beirut")
	for _, tc := range []struct {
		why   string
		times []time.Duration
		from  time.Time
		days  int
		want  string
	}{
		{"none", nil, time.Date(2026, 1, 1, 0, 0, 0, 0, berlin), 3, ""},
		{"each day once", []time.Duration{3*h + 30*m}, time.Date(2026, 1, 1, 4, 0, 0, 0, berlin), 3,
			"2 03:30:00 CET, 3 03:30:00 CET, 4 03:30:00 CET"},
		{"in any order", []time.Duration{23*h + 59*m, 0, 12 * h}, time.Date(2026, 1, 1, 0, 0, 1, 0, berlin), 1,
			"1 12:00:00 CET, 1 23:59:00 CET, 2 00:00:00 CET"},
		{"not at once, when it is that time", []time.Duration{4 * h}, time.Date(2026, 1, 1, 4, 0, 0, 0, berlin), 1, ""},
		{"summer time skips it", []time.Duration{2*h + 30*m}, time.Date(2026, 3, 28, 12, 0, 0, 0, berlin), 2,
			"29 03:30:00 CEST, 30 02:30:00 CEST"},
		{"summer time begins beside it", []time.Duration{2 * h, 3 * h}, time.Date(2026, 3, 28, 12, 0, 0, 0, berlin), 1,
			"29 03:00:00 CEST"},
		{"summer time ends twice", []time.Duration{2*h + 30*m}, time.Date(2026, 10, 24, 12, 0, 0, 0, berlin), 2,
			"25 02:30:00 CEST, 26 02:30:00 CET"},
		{"summer time ends at three", []time.Duration{3 * h}, time.Date(2026, 10, 24, 12, 0, 0, 0, berlin), 1,
			"25 03:00:00 CET"},
		{"summer time skips the first hour", []time.Duration{30 * m}, time.Date(2026, 3, 28, 12, 0, 0, 0, beirut), 2,
			"29 01:30:00 EEST, 30 00:30:00 EEST"},
		{"half an hour of summer time", []time.Duration{2*h + 15*m}, time.Date(2026, 10, 3, 12, 0, 0, 0, lord), 2,
			"4 02:45:00 +11, 5 02:15:00 +11"},
		{"started between the two", []time.Duration{1*h + 30*m}, time.Date(2026, 11, 1, 6, 10, 0, 0, time.UTC).In(york), 2,
			"2 01:30:00 EST"},
		{"the end of a month and a year", []time.Duration{0}, time.Date(2026, 12, 30, 12, 0, 0, 0, berlin), 3,
			"31 00:00:00 CET, 1 00:00:00 CET, 2 00:00:00 CET"},
	} {
		t.Run(tc.why, func(t *testing.T) {
			got := strings.Join(strikes(tc.times, tc.from, tc.from.AddDate(0, 0, tc.days)), ", ")
			if got != tc.want {
				t.Errorf("%s\nwant %s", got, tc.want)
			}
		})
	}
}

// TestClockIsSet: what a clock leaps over is no time of day that has come.
func TestClockIsSet(t *testing.T) {
	noon := time.Date(2026, 1, 1, 12, 0, 0, 0, time.UTC)
	c := NewClock([]time.Duration{12*time.Hour + time.Minute}, time.Date(1970, 1, 1, 0, 0, 30, 0, time.UTC))
	steps := []struct {
		now  time.Time
		want bool
		why  string
	}{
		{noon.Add(2 * time.Minute), false, "the time came from the network"},
		{noon.Add(30 * time.Second), false, "it was set back a little"},
		{noon.Add(61 * time.Second), false, "and passes 12:01 again"},
		{noon.Add(-24 * time.Hour), false, "it was set back by a day"},
		{noon.Add(-24*time.Hour + 59*time.Second), false, "not yet"},
		{noon.Add(-24*time.Hour + 61*time.Second), true, "12:01"},
		{noon.Add(-24*time.Hour + 62*time.Second), false, "it was told"},
	}
	for _, s := range steps {
		if got := c.Advance(s.now); got != s.want {
			t.Errorf("%v: %v, want %v: %s", s.now, got, s.want, s.why)
		}
	}
	if d := c.Deadline(); d.Sub(c.last) > lookAgain {
		t.Errorf("looks again after %v", d.Sub(c.last))
	}
}

func TestResets(t *testing.T) {
	for _, tc := range []struct {
		why    string
		resets Resets
		events string
		want   string // the events after which the modem is reset
	}{
		{"nothing asked for", Resets{}, "failed ended dead", ""},
		{"a second dead link", Resets{}, "dead dead dead alive dead", "dead dead"},
		{"on failure", Resets{OnFail: true}, "failed ended dead", "failed dead"},
		{"always", Resets{Always: true}, "failed ended dead", "failed ended dead"},
	} {
		var got []string
		for _, e := range strings.Fields(tc.events) {
			reset := false
			switch e {
			case "failed":
				reset = tc.resets.Failed()
			case "ended":
				reset = tc.resets.Ended()
			case "dead":
				reset = tc.resets.Dead()
			case "alive":
				tc.resets.Alive()
			}
			if reset {
				got = append(got, e)
			}
		}
		if got := strings.Join(got, " "); got != tc.want {
			t.Errorf("%s: reset after %q, want %q", tc.why, got, tc.want)
		}
	}
}

// TestSearch: a modem that looks for a network is left alone for a while, each one
// by itself, and again after a reset.
func TestSearch(t *testing.T) {
	var r Resets
	begin := time.Date(2026, 1, 1, 12, 0, 0, 0, time.UTC)
	for _, s := range []struct {
		minutes int
		device  string
		over    bool // the search is
		want    bool
		why     string
	}{
		{0, "a", false, false, "the first failure"},
		{5, "b", false, false, "another modem"},
		{9, "a", false, false, "not yet"},
		{10, "a", false, true, "it has searched for long"},
		{11, "a", true, false, "it was reset"},
		{14, "b", false, false, "the other one was not"},
		{15, "b", false, true, "and has searched for long"},
		{20, "a", false, false, "nine minutes since the reset"},
		{21, "a", false, true, "ten minutes"},
	} {
		now := begin.Add(time.Duration(s.minutes) * time.Minute)
		if s.over {
			r.SearchEnds(s.device)
		}
		if got := r.Searched(s.device, now); got != s.want {
			t.Errorf("%s at minute %d, %s: %t, want %t", s.device, s.minutes, s.why, got, s.want)
		}
	}
}
