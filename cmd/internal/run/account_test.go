package run

import (
	"bytes"
	"regexp"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"pppdial/mp"
)

// TestLastDay: at midnight the program tells what all its callers have done, those
// that have gone too, when it has run for long enough.
func TestLastDay(t *testing.T) {
	for mode, words := range map[string]string{
		"in reconfigure": "recv_chap -dns",
		"in":             "recv_chap recv_passwd=Anns -dns remotehost=10.0.0.3",
	} {
		t.Run(mode, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				time.Sleep(time.Until(nextMidnight(time.Now()).Add(22 * time.Hour)))
				var said lockedBuffer
				x := &exchange{calls: make(chan *conn), free: 1, mode: mode, log: &said,
					more: "ann recv_passwd=Anns localhost=10.0.0.1 remotehost=10.0.0.3 -ipv6 -dns\n"}
				_, stop := x.serve(t, 1, words, "")
				defer stop()
				defer x.hangUp()
				call := func(lasts time.Duration) {
					p := x.call(t, "ann", "Anns")
					<-p.up
					p.tun.Send(udp("10.0.0.3", "10.0.0.1", 100))
					time.Sleep(lasts)
					p.bundle.Close(mp.Closed, "User request")
					<-p.lost
					time.Sleep(time.Minute)
				}
				call(time.Hour)
				time.Sleep(10 * time.Hour) // past a midnight that is too early
				call(2 * time.Hour)
				call(20 * time.Hour) // over one
				time.Sleep(24 * time.Hour)
				said.mu.Lock()
				defer said.mu.Unlock()
				var got []string
				for _, l := range regexp.MustCompile(`last 24 hours.*`).FindAll(said.b.Bytes(), -1) {
					got = append(got, string(bytes.ReplaceAll(l, []byte(`"`), nil)))
				}
				want := []string{
					"last 24 hours entry=answer calls=0 made=0 failed=0 taken=2 connected=14h58m1s sent=0 received=200",
					"last 24 hours entry=answer calls=0 made=0 failed=0 taken=0 connected=7h2m1s sent=0 received=0",
				}
				if !slices.Equal(got, want) {
					t.Errorf("%q", got)
				}
			})
		})
	}
}

// TestNextMidnight: each day begins once, in zones too where summer time skips
// midnight.
func TestNextMidnight(t *testing.T) {
	for _, zone := range []string{"UTC", "Europe/Berlin", "America/Santiago", "Atlantic/Azores", "America/Havana", "Asia/Beirut"} {
		l, err := time.LoadLocation(zone)
		if err != nil {
			t.Fatal(err)
		}
		day := time.Date(2026, 1, 1, 0, 0, 0, 0, l)
		for range 365 {
			next := nextMidnight(day)
			if next.YearDay() == day.YearDay() || next.Add(-time.Second).YearDay() != day.YearDay() {
				t.Errorf("%s: after %v comes %v", zone, day, next)
			}
			day = next
		}
	}
}
