package dial

import (
	"fmt"
	"strings"
	"testing"
	"time"
)

// TestLadder walks the ladder by events: "fail", "broken", "ended", "time" ask for a
// reset and give a rung; "up" and a duration are what happens between.
func TestLadder(t *testing.T) {
	for _, c := range []struct {
		why, events, want string
		command           bool
	}{
		{"mild at first", "fail", "escape and ATH", false},
		{"harder each time, up to the top", "fail fail fail fail fail",
			"escape and ATH, DTR, AT reset, USB re-authorisation, USB re-authorisation", false},
		{"a broken link is no worse", "broken broken", "escape and ATH, DTR", false},
		{"mixed", "fail broken fail", "escape and ATH, DTR, AT reset", false},
		{"a link that holds shows that it has helped", "fail fail up 2m0s broken", "escape and ATH, DTR, escape and ATH", false},
		{"one that breaks at once does not", "fail fail up 1m59s broken", "escape and ATH, DTR, AT reset", false},
		{"nor do two such together", "fail up 1m30s broken up 1m30s broken", "escape and ATH, DTR, AT reset", false},
		{"a link counts from when it came up", "fail up 1m0s up 1m0s broken", "escape and ATH, escape and ATH", false},
		{"whoever asks for a reset gets one", "time", "AT reset", false},
		{"after each link", "ended up 1h0m0s ended", "AT reset, AT reset", false},
		{"after short ones too", "ended up 10s ended", "AT reset, AT reset", false},
		{"after failures at night", "fail fail fail time fail", "escape and ATH, DTR, AT reset, AT reset, USB re-authorisation", false},
		{"failures after the night", "time fail", "AT reset, AT reset", false},
		{"the command takes the place of all", "fail broken time", "reset_cmd, reset_cmd, reset_cmd", true},
	} {
		l := Ladder{Command: c.command}
		now := time.Unix(1e9, 0)
		why := map[string]ResetReason{"fail": CallFailed, "broken": LinkBroken, "ended": LinkEnded, "time": TimeOfDay}
		var got []string
		for _, e := range strings.Fields(c.events) {
			if d, err := time.ParseDuration(e); err == nil {
				now = now.Add(d)
			} else if e == "up" {
				l.Up(now)
			} else {
				got = append(got, fmt.Sprint(l.Next(now, why[e])))
			}
		}
		if s := strings.Join(got, ", "); s != c.want {
			t.Errorf("%s: %s gives %s, want %s", c.why, c.events, s, c.want)
		}
	}
	l := Ladder{NoUSB: true}
	for range 5 {
		l.Next(time.Now(), CallFailed)
	}
	if r := l.Next(time.Now(), CallFailed); r != ATReset {
		t.Errorf("the top without USB is %v", r)
	}
	l = Ladder{}
	l.Next(time.Now(), CallFailed)
	l.Tried(ATReset)
	if r := l.Next(time.Now(), CallFailed); r != USBReset {
		t.Errorf("after a reset that came to the third rung: %v", r)
	}
	for r := NoRung; r <= ResetCmd; r++ {
		if r.Rest() != (r >= ATReset) || r.String() == "" {
			t.Errorf("rung %v", r)
		}
	}
}
