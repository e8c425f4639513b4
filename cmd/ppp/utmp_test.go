package main

import (
	"os/exec"
	"strings"
	"testing"
	"time"
)

// last is what last(1) says of a user, without the times.
func last(t *testing.T, user string) string {
	t.Helper()
	out, err := exec.Command("last", "-w", "-f", wtmpFile, user).CombinedOutput()
	if err != nil {
		t.Fatalf("last: %v\n%s", err, out)
	}
	text, _, _ := strings.Cut(string(out), "\nwtmp begins")
	return strings.TrimSpace(text)
}

// who is what who(1) says of a user.
func who(t *testing.T, user string) (found string) {
	t.Helper()
	out, err := exec.Command("who", utmpFile).CombinedOutput()
	if err != nil {
		t.Fatalf("who: %v\n%s", err, out)
	}
	for line := range strings.Lines(string(out)) {
		if strings.HasPrefix(line, user+" ") {
			found += line
		}
	}
	return found
}

// awaitWho waits until who(1) shows a user so many times, and is what it says.
// Records are written behind the backs of calls.
func awaitWho(t *testing.T, user string, times int, patience time.Duration) string {
	t.Helper()
	for began := time.Now(); ; time.Sleep(20 * time.Millisecond) {
		text := who(t, user)
		if strings.Count(text, user+" ") == times {
			return text
		}
		if time.Since(began) > patience {
			t.Errorf("who shows %s not %d times:\n%s", user, times, text)
			return text
		}
	}
}

// TestRecords: last(1) shows calls that we make, and those of callers whom no
// login has recorded; -utmp leaves them out.
func TestRecords(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name, words string
		records     int // of each side
	}{
		{"recorded", "", 1},
		{"left out", "-utmp", 0},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			p := newPairing(t)
			caller, called := "caller"+tt.words, "called"+tt.words
			far := " recv_pap recv_name=" + caller + " recv_passwd=Geheimnis " + tt.words
			near := " send_pap send_name=" + caller + " send_passwd=Geheimnis recv_pap recv_passwd=Gegenteil " + tt.words
			byIn(t, p, near, far+" send_pap send_passwd=Gegenteil send_name="+called)
			p.awaitUp()
			for user, where := range map[string]string{called: number, caller: nearAddr} {
				if text := awaitWho(t, user, tt.records, slowly); strings.Count(text, "("+where+")") != tt.records {
					t.Errorf("while the link is up, who says:\n%s", text)
				}
			}
			if got := p.call.term(); got != 5 {
				t.Errorf("status %d, want 5", got)
			}
			p.answer.await("verdict: status=0 ", slowly)
			p.answer.term()
			for _, user := range []string{caller, called} {
				text := last(t, user)
				t.Log(text)
				if who(t, user) != "" || strings.Count(text, " - ") != tt.records || strings.Contains(text, "gone") {
					t.Errorf("afterwards who says\n%s\nand last\n%s", who(t, user), text)
				}
			}
		})
	}
}
