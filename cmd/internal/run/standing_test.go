package run

import (
	"context"
	"log/slog"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"
)

// TestOutStands: what a timeout makes of out goes on as quiet does when the first
// series of calls has failed: its interface has addresses and routes, so that
// packets can ask for the next one. Where no addresses are known before a call,
// and placeholders do not serve, it ends like any out.
func TestOutStands(t *testing.T) {
	for _, tt := range []struct {
		why, words string
		uucp       bool
		has        string // the interface; "": it is gone
	}{
		{"known addresses", "", false, "10.1.0.1"},
		{"placeholders", "localhost=0,0 remotehost=0,0", false, "10.64.64.0"},
		{"UUCP, known addresses", "", true, "10.1.0.1"},
		{"UUCP, unknown addresses", "remotehost=0,0", true, ""},
		{"camp", "camp", false, "ppp0"},
	} {
		t.Run(tt.why, func(t *testing.T) {
			dir := t.TempDir()
			synctest.Test(t, func(t *testing.T) {
				w := &scripted{memWorld: newMemWorld(t), began: time.Now(), outcomes: slices.Repeat([]string{"busy"}, 1000)}
				d := newDaemon(Options{StateDir: dir}, nil, w.world(), new(slog.LevelVar), silence)
				e := w.entry(0, "out inactive_timeout=60 modtries=2 add_route='add -net 192.0.2.0/24 #' "+tt.words)
				if tt.uucp {
					delete(e.Set, "device")
				}
				ctx, cancel := context.WithCancel(t.Context())
				verdicts := make(chan Verdict, 1)
				go func() { verdicts <- d.run(ctx, nil, func() *Verdict { return d.serve(e) }) }()
				time.Sleep(time.Hour)
				status := StatusUser
				if tt.has == "" {
					status = StatusConnect
				} else if s, err := ask(t.Context(), d, func() string { return w.kernels[0].String() }); err != nil || !strings.Contains(s, tt.has) || strings.Contains(s, "192.0.2.0/24") == (tt.why == "camp") {
					t.Errorf("%v:\n%s", err, s)
				}
				cancel()
				if v := <-verdicts; v.Status != status {
					t.Error(v)
				}
				w.hangUpAll()
				w.close()
			})
		})
	}
}
