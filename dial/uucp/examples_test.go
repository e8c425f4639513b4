package uucp

import (
	"testing"
	"time"
)

// The files that the project shows as examples have no error, and each of their
// systems can be called at some time.
func TestExamples(t *testing.T) {
	db, problems := Open("../../examples/uucp", "ppp")
	for _, p := range problems {
		t.Log(p)
		if !p.Warning {
			t.Fail()
		}
	}
	if len(db.Systems) == 0 {
		t.Fatal("no system")
	}
	for _, s := range db.Systems {
		at := s.Times.Next(monday)
		if at.IsZero() {
			t.Errorf("%s: never called", s.Pos)
			continue
		}
		routes, err := db.Routes(s.Name, at)
		if err != nil {
			t.Errorf("%s: %v at %s", s.Pos, err, at.Format(time.RFC1123))
		}
		for _, r := range routes {
			for _, d := range r.Dialers {
				if d.Script.Text == "" {
					t.Errorf("%s: the dialer %s says nothing", r.Device.Pos, d.Name)
				}
			}
		}
	}
}
