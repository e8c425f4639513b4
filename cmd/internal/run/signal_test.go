package run

import (
	"log/slog"
	"syscall"
	"testing"

	"pppdial/dial"
)

// TestSecondSignal: calls that are being made are not waited for either.
func TestSecondSignal(t *testing.T) {
	w := newMemWorld(t).world()
	made := w.caller
	var got dial.Config
	w.caller = func(c dial.Config) (caller, error) {
		got = c
		return made(c)
	}
	d := newDaemon(Options{StateDir: t.TempDir()}, nil, w, new(slog.LevelVar), slog.New(slog.DiscardHandler))
	defer d.nursery.Close()
	u := &unit{d: d, entry: entryOf(t, "out"), log: d.log}
	if !u.makeCaller() {
		t.Fatal("no caller")
	}
	defer u.caller.Close()
	d.signal(syscall.SIGTERM)
	if got.Patient == nil || got.Patient.Err() != nil {
		t.Error("the first signal does not wait for the modem")
	}
	d.signal(syscall.SIGTERM)
	if got.Patient == nil || got.Patient.Err() == nil {
		t.Error("the second signal waits for the modem")
	}
}
