package uucp

import (
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"
)

// show gives routes as text, a line each and one for each dialer.
func show(routes []Route, err error) string {
	if err != nil {
		return err.Error() + "\n"
	}
	var b strings.Builder
	for _, r := range routes {
		fmt.Fprintf(&b, "%s: over %s at %d", r.System.Pos, r.Device.Path, r.Speed)
		if r.Device.NoWait {
			b.WriteString(" without carrier")
		}
		if r.Device.Line2 != "" {
			fmt.Fprintf(&b, " with %s", r.Device.Line2)
		}
		if r.Phone != "" {
			fmt.Fprintf(&b, ", number %s or %s", r.Phone, r.Translated)
		}
		if r.Retry > 0 {
			fmt.Fprintf(&b, ", every %v", r.Retry)
		}
		fmt.Fprintf(&b, ", login at %s: %s\n", r.Login.Where(0), r.Login.Text)
		for _, d := range r.Dialers {
			fmt.Fprintf(&b, "\t%s \\D=%s \\T=%s at %s: %s\n", d.Name, d.Phone, d.Translated, d.Script.Where(0), d.Script.Text)
		}
	}
	return b.String()
}

func TestRoutes(t *testing.T) {
	db, problems := Open("testdata/good", "ppp")
	var b strings.Builder
	b.WriteString(list(problems))
	saturday := monday.AddDate(0, 0, 5)
	for _, c := range []struct {
		system string
		now    time.Time
	}{
		{"rmt", monday}, {"rmt", monday.Add(12 * time.Hour)}, {"near", monday},
		{"night", monday}, {"night", saturday}, {"never", monday}, {"letter", monday},
		{"odd", monday}, {"fast", monday}, {"lost", monday}, {"rtm", monday}, {"elsewhere", monday},
	} {
		fmt.Fprintf(&b, "\n%s on %s:\n%s", c.system, c.now.Format("Mon 15:04"), show(db.Routes(c.system, c.now)))
	}
	golden(t, "routes.golden", b.String())
}

func TestRouteErrors(t *testing.T) {
	db, _ := Open("testdata/good", "ppp")
	for _, tt := range []struct {
		system string
		reason Reason
		next   time.Time
	}{
		{"elsewhere", UnknownSystem, time.Time{}},
		{"never", NotNow, time.Time{}},
		{"night", NotNow, time.Date(2024, 1, 1, 23, 0, 0, 0, time.UTC)},
		{"odd", NoDevice, time.Time{}},
	} {
		_, err := db.Routes(tt.system, monday)
		var e *RouteError
		if !errors.As(err, &e) || e.System != tt.system || e.Reason != tt.reason || !e.Next.Equal(tt.next) {
			t.Errorf("%s: got %+v", tt.system, err)
		}
	}
}

func TestRouteOfFaultyLine(t *testing.T) {
	db, _ := Open("testdata/faults", "ppp")
	_, err := db.Routes("four", monday)
	want := "uucp: testdata/faults/Systems:4:1: the line of four is not understood; mend what is reported of it"
	if err == nil || err.Error() != want {
		t.Errorf("got %v, want %s", err, want)
	}
}

func TestClassFit(t *testing.T) {
	class := func(s string) Class {
		var r reader
		c, ok := r.class(logicals("f", []byte(s))[0].fields()[0])
		if !ok {
			t.Fatal(list(r.problems))
		}
		return c
	}
	for _, tt := range []struct {
		system, device string
		speed          int
		ok             bool
	}{
		{"19200", "19200", 19200, true},
		{"19200", "38400", 0, false},
		{"19200", "Any", 19200, true},
		{"any", "38400", 38400, true},
		{"-", "9600-38400", 38400, true},
		{"Any", "-", 0, true},
		{"19200", "9600-38400", 19200, true},
		{"1200-9600", "2400-38400", 9600, true},
		{"1200-2400", "9600-38400", 0, false},
		{"D1200", "1200", 0, false},
		{"D1200", "D1200", 1200, true},
		{"D1200", "V1200", 0, false},
		{"D1200", "Any", 1200, true},
	} {
		speed, ok := class(tt.system).fit(class(tt.device))
		if ok != tt.ok || ok && speed != tt.speed {
			t.Errorf("%s with %s: %d, %v; want %d, %v", tt.system, tt.device, speed, ok, tt.speed, tt.ok)
		}
	}
}

func TestClosest(t *testing.T) {
	for _, tt := range []struct{ name, want string }{
		{"rtm", "rmt"}, {"RMT", "rmt"}, {"rmt2", "rmt"}, {"other", ""}, {"", ""},
	} {
		if got := closest(tt.name, []string{"rmt", "zebra"}); got != tt.want {
			t.Errorf("%q: %q, want %q", tt.name, got, tt.want)
		}
	}
}
