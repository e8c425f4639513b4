package dns

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"net/netip"
	"os"
	"path/filepath"
	"strings"

	"pppdial/route/flock"
)

// file is the last way: the servers are written down, and whoever wants them
// may read them there.
type file struct{ k *Keeper }

func (f *file) String() string { return "the file " + f.k.path() }

func (f *file) set(_ context.Context, servers []netip.Addr) error {
	return f.k.write("nobody else takes them", servers)
}

func (f *file) clear(context.Context) error { return f.k.erase() }

// givenTo stands in the first line of a record whose servers resolvconf has.
const givenTo = "resolvconf has them as "

// copyMark begins the first line of a copy, before the name of the interface.
const copyMark = "# ppp: name servers of "

func (k *Keeper) path() string { return filepath.Join(k.o.Dir, "resolv.conf."+k.name) }

// write writes the record, in place of the one before. The first line says
// what has become of the servers.
func (k *Keeper) write(state string, servers []netip.Addr) error {
	path := k.path()
	if k.record == nil && locked(path) {
		return fmt.Errorf("%s belongs to another ppp", path)
	}
	f, err := replace(path, fmt.Sprintf("# %s: %s\n%s", k.name, state, text(servers)))
	if err != nil {
		return err
	}
	if k.record != nil {
		k.record.Close()
	}
	k.record = f
	return nil
}

func (k *Keeper) erase() error {
	if k.record == nil {
		return nil
	}
	err := remove(k.path(), k.record)
	k.record = nil
	return err
}

// replace puts a file that is locked in the place of another, at once.
func replace(path, text string) (*os.File, error) {
	f, err := os.OpenFile(path+".new", os.O_WRONLY|os.O_CREATE|os.O_TRUNC, 0o644)
	if err != nil {
		return nil, err
	}
	err = flock.Lock(f)
	if err == nil {
		_, err = f.WriteString(text)
	}
	if err == nil {
		err = os.Rename(path+".new", path)
	}
	if err != nil {
		f.Close()
		return nil, err
	}
	return f, nil
}

// remove gives up what replace has made: it goes, unless another is in its place
// by now.
func remove(path string, f *os.File) error {
	defer f.Close()
	if !inPlace(path, f) {
		return nil
	}
	return os.Remove(path)
}

// inPlace reports whether a path still leads to an open file.
func inPlace(path string, f *os.File) bool {
	ours, err := f.Stat()
	if err != nil {
		return false
	}
	now, err := os.Stat(path)
	return err == nil && os.SameFile(ours, now)
}

// locked reports whether a living process holds the lock on a file.
func locked(path string) bool {
	f, err := os.Open(path)
	if err != nil {
		return false
	}
	defer f.Close()
	return errors.Is(flock.Lock(f), flock.ErrLocked)
}

// Recover takes away the name servers that killed processes have left in the
// system, by their files in dir. It is called once at start.
func Recover(ctx context.Context, o Options) error {
	log := o.Log
	if log == nil {
		log = slog.New(slog.DiscardHandler)
	}
	var errs []error
	if o.Copy != "" {
		errs = append(errs, recoverCopy(o.Copy))
	}
	paths, err := filepath.Glob(filepath.Join(o.Dir, "resolv.conf.*"))
	if err != nil {
		return fmt.Errorf("dns: recover: %w", err)
	}
	for _, path := range paths {
		err := within(ctx, func(ctx context.Context) error { return recoverFrom(ctx, path, o.Resolvconf, log) })
		if err != nil {
			errs = append(errs, fmt.Errorf("dns: recover: %s: %w", path, err))
		}
	}
	return errors.Join(errs...)
}

func recoverFrom(ctx context.Context, path, program string, log *slog.Logger) error {
	f, first, err := left(path)
	if f == nil {
		return err
	}
	defer f.Close()
	if _, key, ok := strings.Cut(strings.TrimSpace(first), givenTo); ok {
		if program = findResolvconf(program); program != "" {
			if err := runResolvconf(ctx, program, "", "-d", key); err != nil {
				return err
			}
		}
	}
	log.Info("dns: removed what a killed ppp had left: " + filepath.Base(path))
	return os.Remove(path)
}

// recoverCopy removes a copy that a killed process has left.
func recoverCopy(path string) error {
	f, first, err := left(path)
	if f == nil {
		return err
	}
	defer f.Close()
	if !strings.HasPrefix(first, copyMark) {
		return nil // somebody else's
	}
	return os.Remove(path)
}

// left opens and locks a file whose process is dead, and reads its first line;
// nil when there is none or it is in use.
func left(path string) (f *os.File, first string, err error) {
	f, err = os.Open(path)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, "", nil
	}
	if err != nil {
		return nil, "", err
	}
	err = flock.Lock(f)
	// Between our open and our lock its process may have put another version
	// in this one's place.
	if err != nil || !inPlace(path, f) {
		f.Close()
		if errors.Is(err, flock.ErrLocked) {
			err = nil // its process lives
		}
		return nil, "", err
	}
	first, _ = bufio.NewReader(f).ReadString('\n')
	return f, first, nil
}
