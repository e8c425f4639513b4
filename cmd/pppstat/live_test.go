package main

import (
	"errors"
	"io"
	"testing"
	"time"

	"pppdial/cmd/internal/status"
	"pppdial/cmd/pppstat/internal/screen"
)

// What counters count from stays when a question fails, and goes with the
// interface or its daemon.
func TestZeroed(t *testing.T) {
	o, _ := parseArgs([]string{"pppstat", "-n", "-m", "z"}, io.Discard, io.Discard)
	m := newModel(t.Context(), o)
	for _, step := range []struct {
		why             string
		pid             int
		octets          uint64
		zeroed, changed uint64 // wanted
	}{
		{"the first answer", 1, 1000, 0, 0},
		{"another", 1, 1500, 500, 500},
		{"nobody answers", 0, 0, 0, 0},
		{"the same again", 1, 1800, 800, 300},
		{"another daemon", 2, 5000, 0, 0},
	} {
		a := answer{at: time.Now(), err: errors.New("no answer")}
		if step.pid != 0 {
			a.bundle, a.err = &status.Bundle{Interface: "ppp0", PID: step.pid, Rx: status.Traffic{Bytes: step.octets}}, nil
		}
		m.answered(a)
		if a.err != nil {
			continue
		}
		for mode, want := range map[screen.Mode]uint64{screen.Zeroed: step.zeroed, screen.Delta: step.changed} {
			m.view.Mode = mode
			m.base()
			if got := m.view.Bundle.Minus(m.view.Base).Rx.Bytes; got != want {
				t.Errorf("%s: %s %d, want %d", step.why, mode, got, want)
			}
		}
	}
}
