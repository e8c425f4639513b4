package route

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"os"
	"path/filepath"
	"slices"

	"pppdial/route/flock"
)

// A journal is the file NAME.PID.undo in the runtime directory, a JSON object
// that says what has to be undone if the process is killed. It is there only
// while there is something to undo, is written before the kernel is told, and
// replaced as a whole (NAME.PID.undo.new is its next version). The process
// holds a flock on it: whoever gets that lock knows that the process is gone.
type journal struct {
	dir       string // "" keeps none
	namespace string
	entries   []undo
	f         *os.File // holds the lock; nil when there is no file
}

// An undo is one thing to be removed, a route or a proxy ARP entry.
type undo struct {
	Route Entry `json:"route,omitzero"`
	Proxy Proxy `json:"proxy,omitzero"`
}

// journalFile is what the file says.
type journalFile struct {
	Namespace string `json:"namespace"` // Kernel.Namespace
	Interface string `json:"interface"` // whose Router it was
	Undo      []undo `json:"undo"`
}

// note has u written down before it is done. A journal that cannot be written
// is no reason to leave u undone.
func (r *Router) note(u undo) {
	if r.journal.dir == "" || slices.Contains(r.journal.entries, u) {
		return
	}
	r.journal.entries = append(r.journal.entries, u)
	r.writeJournal()
}

// unnote has u struck out after it was undone.
func (r *Router) unnote(u undo) {
	n := len(r.journal.entries)
	r.journal.entries = slices.DeleteFunc(r.journal.entries, func(x undo) bool { return x == u })
	if len(r.journal.entries) != n {
		r.writeJournal()
	}
}

func (r *Router) writeJournal() {
	if err := r.journal.write(r.state.Name); err != nil {
		r.log.Warn("route: cannot note what to undo if we are killed", "error", err)
	}
}

func (j *journal) write(name string) error {
	path := filepath.Join(j.dir, fmt.Sprintf("%s.%d.undo", name, os.Getpid()))
	if len(j.entries) == 0 {
		return j.remove(path)
	}
	text, err := json.Marshal(journalFile{j.namespace, name, j.entries})
	if err != nil {
		return err
	}
	f, err := os.OpenFile(path+".new", os.O_WRONLY|os.O_CREATE|os.O_TRUNC, 0o600)
	if err != nil {
		return err
	}
	err = flock.Lock(f)
	if err == nil {
		_, err = f.Write(append(text, '\n'))
	}
	if err == nil {
		err = os.Rename(path+".new", path)
	}
	if err != nil {
		f.Close()
		return err
	}
	if j.f != nil {
		j.f.Close()
	}
	j.f = f
	return nil
}

func (j *journal) remove(path string) error {
	if j.f == nil {
		return nil
	}
	err := os.Remove(path)
	j.f.Close()
	j.f = nil
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	return err
}

// Recover undoes what Routers of killed processes in this network namespace
// have left behind, by their journals in dir. It is called once at start.
func Recover(k Kernel, dir string, log *slog.Logger) error {
	if log == nil {
		log = slog.New(slog.DiscardHandler)
	}
	paths, err := filepath.Glob(filepath.Join(dir, "*.undo*"))
	if err != nil {
		return fmt.Errorf("route: recover: %w", err)
	}
	var errs []error
	for _, path := range paths {
		if err := recoverFrom(k, path, log); err != nil {
			errs = append(errs, fmt.Errorf("route: recover: %s: %w", path, err))
		}
	}
	return errors.Join(errs...)
}

func recoverFrom(k Kernel, path string, log *slog.Logger) error {
	f, err := os.Open(path)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return err
	}
	defer f.Close()
	switch err := flock.Lock(f); {
	case errors.Is(err, flock.ErrLocked):
		return nil // its process lives
	case err != nil:
		return err
	}
	// Between our open and our lock its process may have put another version
	// in this one's place.
	ours, err := f.Stat()
	if err != nil {
		return err
	}
	if now, err := os.Stat(path); err != nil || !os.SameFile(ours, now) {
		return nil
	}
	var j journalFile
	if err := json.NewDecoder(f).Decode(&j); err != nil {
		log.Info("route: journal not complete: nothing to undo", "file", path)
		return os.Remove(path)
	}
	if j.Namespace != k.Namespace() {
		return nil
	}
	var errs []error
	for _, u := range slices.Backward(j.Undo) {
		errs = append(errs, u.undo(k, log))
	}
	if err := errors.Join(errs...); err != nil {
		return err
	}
	return os.Remove(path)
}

func (u undo) undo(k Kernel, log *slog.Logger) error {
	var err error
	what := ""
	switch {
	case u.Route != Entry{}:
		what, err = "route "+u.Route.String(), k.DelRoute(u.Route)
	case u.Proxy != Proxy{}:
		what, err = "proxy ARP for "+u.Proxy.String(), k.DelProxy(u.Proxy)
	default:
		return nil
	}
	switch {
	case gone(err):
		return nil
	case err != nil:
		return fmt.Errorf("remove %s: %w", what, err)
	}
	log.Info("route: removed what a killed ppp had left: " + what)
	return nil
}
