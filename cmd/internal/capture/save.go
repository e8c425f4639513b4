package capture

import (
	"errors"
	"fmt"
	"io/fs"
	"net/url"
	"os"
	"path/filepath"
	"sort"
	"strings"
)

// How many calls that have failed are kept.
const (
	keptPerEntry = 4
	keptInAll    = 64
)

const (
	savedPrefix = "failed-"
	savedSuffix = ".pcapng"
)

// Save writes the last call out after it has failed, because of what cause
// says, into the file DIR/failed-ENTRY.pcapng. The ones before it are
// failed-ENTRY.1.pcapng and so on, few of them, and there are not many in the
// directory altogether. Save does not wait for the disk; done is called from
// another goroutine.
func (r *Recorder) Save(cause string, done func(file string, err error)) {
	r.mu.Lock()
	// A label may have any characters, and the longest name that a file can have
	// is 255 bytes long.
	name := savedPrefix + cut(url.PathEscape(r.cfg.Entry), 200)
	b := appendSection(nil, r.cfg.Application, cause)
	for _, l := range r.lines {
		b = appendInterface(b, l.name, r.about)
	}
	b = merged(b, &r.talk, &r.tail)
	r.mu.Unlock()
	r.saves.Go(func() { done(r.store(name, b)) })
}

// store writes a file in the place of the last.
func (r *Recorder) store(name string, b []byte) (file string, err error) {
	r.names.Lock()
	defer r.names.Unlock()
	path := func(age int) string {
		if age == 0 {
			return filepath.Join(r.cfg.Dir, name+savedSuffix)
		}
		return filepath.Join(r.cfg.Dir, fmt.Sprintf("%s.%d%s", name, age, savedSuffix))
	}
	f, err := os.CreateTemp(r.cfg.Dir, "."+savedPrefix+"*")
	if err != nil {
		return "", fmt.Errorf("capture: the call is not kept: %w", err)
	}
	_, err = f.Write(b)
	err = errors.Join(err, f.Close())
	for age := keptPerEntry - 1; err == nil && age > 0; age-- {
		if err = os.Rename(path(age-1), path(age)); errors.Is(err, fs.ErrNotExist) {
			err = nil
		}
	}
	if err == nil {
		err = os.Rename(f.Name(), path(0))
	}
	if err != nil {
		os.Remove(f.Name())
		return "", fmt.Errorf("capture: the call is not kept: %w", err)
	}
	r.thin()
	return path(0), nil
}

// thin removes the oldest files of a directory that has too many.
func (r *Recorder) thin() {
	all, err := os.ReadDir(r.cfg.Dir)
	if err != nil {
		return
	}
	var saved []fs.FileInfo
	for _, e := range all {
		if !strings.HasPrefix(e.Name(), savedPrefix) || !strings.HasSuffix(e.Name(), savedSuffix) {
			continue
		}
		if info, err := e.Info(); err == nil {
			saved = append(saved, info)
		}
	}
	sort.Slice(saved, func(i, j int) bool { return saved[i].ModTime().After(saved[j].ModTime()) })
	for _, old := range saved[min(len(saved), keptInAll):] {
		os.Remove(filepath.Join(r.cfg.Dir, old.Name()))
	}
}
