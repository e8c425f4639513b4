package run

import (
	"bytes"
	"context"
	"log/slog"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"pppdial/dial"
	"pppdial/dial/modem"
)

type lockedBuffer struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (l *lockedBuffer) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.Write(p)
}

// TestUnheard: addresses agreed upon, 3 kB sent and nothing received: said once
// while the link is up, and in the verdict, whoever ends it.
func TestUnheard(t *testing.T) {
	const (
		noWay  = "addresses were agreed upon, but nothing comes back"
		noData = "addresses were agreed upon, but the network passes nothing: the context is not active, or the SIM card may not use data here"
	)
	asked := func(k dial.Kind) *dial.Error { return &dial.Error{Kind: k, Modem: new(modem.Status)} }
	for _, tt := range []struct {
		why, words string
		packets    int
		answered   bool
		end        string      // "", "hang up", "NO CARRIER"
		found      *dial.Error // by asking the modem then
		status     int
		cause      string // "": nothing is said of it
	}{
		{why: "SIGTERM", words: "apn=iot", packets: 40, status: StatusUser, cause: noData},
		{why: "no cellular modem", packets: 40, status: StatusUser, cause: noWay},
		{why: "the line is lost", words: "apn=iot camp", packets: 40, end: "hang up", status: StatusHangup, cause: noData},
		{why: "the modem hangs up", words: "apn=iot camp", packets: 40, end: "NO CARRIER", found: asked(dial.CommandMode), status: StatusHangup, cause: noData},
		{why: "the modem hangs up, and knows why", words: "apn=iot camp", packets: 40, end: "NO CARRIER", found: asked(dial.NoSignal), status: StatusHangup, cause: "the modem hears no network"},
		{why: "one answer", words: "apn=iot", packets: 40, answered: true, status: StatusUser},
		{why: "hardly anything was sent", words: "apn=iot", packets: 3, status: StatusUser},
	} {
		t.Run(tt.why, func(t *testing.T) {
			dir := t.TempDir()
			synctest.Test(t, func(t *testing.T) {
				w, log := newMemWorld(t), new(lockedBuffer)
				w.log = slog.New(slog.NewTextHandler(log, nil))
				d, stop := w.serveUnits(dir, 1, "out send_name='' send_passwd='' -send_pap -send_chap "+tt.words)
				u, _ := ask(t.Context(), d, func() *unit { d.main = d.units[0]; return d.units[0] })
				time.Sleep(10 * time.Second)
				if tt.answered {
					w.peers["rmt0"].tun.Send(udp("10.2.0.1", "10.1.0.1", 76))
				}
				for range tt.packets {
					time.Sleep(10 * time.Second)
					w.tuns[0].Send(udp("10.1.0.1", "10.2.0.1", 76))
				}
				time.Sleep(10 * time.Minute)
				var got Verdict
				if tt.end != "" {
					ask(t.Context(), d, func() error {
						for m := range u.members {
							m.diagnose = func(context.Context) *dial.Error { return tt.found }
						}
						return nil
					})
					if tt.end == "hang up" {
						w.hangUpAll()
					} else {
						w.say("\r\n" + tt.end + "\r\n")
					}
					time.Sleep(2 * time.Second)
					got, _ = ask(t.Context(), d, func() Verdict { return u.account.verdicts[0].Verdict })
					stop()
				} else {
					stop()
					got = *d.final
				}
				if got.Status != tt.status || !strings.HasPrefix(got.Cause, tt.cause) || (got.Cause != "" && got.Try != "") != (tt.cause != "") {
					t.Errorf("the verdict is %v", got)
				}
				if has := strings.Contains(got.Evidence, "; 3040 bytes were sent in 16m5"); has != (tt.cause != "") {
					t.Errorf("the evidence is %q", got.Evidence)
				}
				want := 0
				if tt.cause != "" {
					want = 1
				}
				if n := strings.Count(log.b.String(), "nothing is received"); n != want {
					t.Errorf("said %d times while the link was up, want %d", n, want)
				}
			})
		})
	}
}
