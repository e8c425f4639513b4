package run

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"os"
	"path/filepath"
	"strconv"
	"time"

	"pppdial/dial"
)

// A history is the file in which the times of an entry's calls outlive the
// program, for redial_limit: calls.LABEL in the directory of running programs,
// a line of Unix time for each.
type history struct{ dir, label string }

func (h history) path() string { return filepath.Join(h.dir, "calls."+h.label) }

// load returns the calls of the last hour, oldest first. Those that are yet to come
// were made before the clock was set back: nobody knows when, and they do not count.
func (h history) load(now time.Time, log *slog.Logger) (calls []time.Time) {
	b, err := os.ReadFile(h.path())
	if err != nil {
		if !errors.Is(err, fs.ErrNotExist) {
			log.Warn("earlier calls do not count for redial_limit", "error", err)
		}
		return nil
	}
	for line := range bytes.Lines(b) {
		n, err := strconv.ParseInt(string(bytes.TrimSpace(line)), 10, 64)
		if t := time.Unix(n, 0); err == nil && now.Sub(t) < time.Hour && !t.After(now) {
			calls = append(calls, now.Add(t.Sub(now))) // by the monotonic clock: nobody sets that
		}
	}
	return calls
}

// save writes the calls of the last hour.
func (h history) save(calls []time.Time, log *slog.Logger) {
	var b []byte
	for _, t := range calls {
		b = fmt.Appendln(b, t.Unix())
	}
	tmp := h.path() + ".new"
	err := os.WriteFile(tmp, b, 0o600)
	if err == nil {
		err = os.Rename(tmp, h.path())
	}
	if err != nil {
		log.Warn("calls of now will not count for redial_limit after a restart", "error", err)
	}
}

func (u *unit) saveHistory() {
	if u.entry.RedialLimit > 0 {
		u.history.save(u.policy.Calls(), u.log)
	}
}

// uncount takes an attempt back that has certainly called nobody.
func (u *unit) uncount(a *attempt, err error) {
	if e := new(dial.Error); errors.As(err, &e) && !e.Called && a.calls {
		u.policy.Uncalled()
		u.saveHistory()
	}
}
