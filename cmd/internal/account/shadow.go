package account

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"strconv"
	"strings"
	"sync"
	"time"
)

// DefaultShadow is where passwords are (shadow(5)).
const DefaultShadow = "/etc/shadow"

// A record is what the shadow file says about an account.
type record struct {
	hash    string
	changed int // day of the last change of the password; -1: not said
	maxAge  int // days after which it must be changed; -1: never
	expires int // day from which on the account is no more; -1: never
	faulty  bool
}

// today counts days as the shadow file does.
func today(now time.Time) int { return int(now.Unix() / (24 * 60 * 60)) }

// Why an account lets nobody in.
var (
	errLocked      = errors.New("the account is locked")
	errNoPassword  = errors.New("the account has no password")
	errExpired     = errors.New("the account has expired")
	errMustChange  = errors.New("the password must be changed first: log in, or use passwd(1)")
	errPasswordOld = errors.New("the password has expired: log in, or use passwd(1)")
	errFaulty      = errors.New("the line of the account in the shadow file is faulty")
)

// usable tells why an account lets nobody in, whatever the password.
func (r *record) usable(day int) error {
	switch {
	case r.faulty:
		return errFaulty
	case r.hash == "":
		return errNoPassword
	case r.hash[0] == '!' || r.hash[0] == '*':
		return errLocked
	case r.expires >= 0 && day >= r.expires:
		return errExpired
	case r.changed == 0:
		return errMustChange
	case r.changed > 0 && r.maxAge >= 0 && day > r.changed+r.maxAge:
		return errPasswordOld
	}
	return nil
}

// A table is the contents of a shadow file.
type table struct {
	byName map[string]*record
	hashes []string // of all accounts that have one
}

func parse(b []byte) *table {
	t := &table{byName: map[string]*record{}}
	for line := range bytes.Lines(b) {
		f := strings.Split(strings.TrimRight(string(line), "\r\n"), ":")
		if len(f) < 2 || f[0] == "" || t.byName[f[0]] != nil {
			continue // the first line of a name counts, as in getspnam(3)
		}
		for len(f) < 9 {
			f = append(f, "")
		}
		r := &record{hash: f[1]}
		for _, n := range []struct {
			field string
			to    *int
		}{{f[2], &r.changed}, {f[4], &r.maxAge}, {f[7], &r.expires}} {
			*n.to = -1
			if n.field == "" {
				continue
			}
			v, err := strconv.Atoi(n.field)
			if err != nil {
				r.faulty = true
				continue
			}
			*n.to = max(v, -1)
		}
		t.byName[f[0]] = r
		if strings.HasPrefix(r.hash, "$") {
			t.hashes = append(t.hashes, r.hash)
		}
	}
	return t
}

// A file is the shadow file, read again whenever it has changed.
type file struct {
	name string

	mu    sync.Mutex // guards these
	table *table
	seen  stamp
}

type stamp struct {
	modified time.Time
	size     int64
	inode    any
}

func (f *file) read() (*table, error) {
	info, err := os.Stat(f.name)
	if err != nil {
		return nil, f.explain(err)
	}
	now := stamp{info.ModTime(), info.Size(), inode(info)}
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.table != nil && f.seen == now {
		return f.table, nil
	}
	b, err := os.ReadFile(f.name)
	if err != nil {
		return nil, f.explain(err)
	}
	f.table, f.seen = parse(b), now
	return f.table, nil
}

func (f *file) explain(err error) error {
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return fmt.Errorf("account: there is no %s, and thus no account with a password on this system: set recv_passwd= in the entry", f.name)
	case errors.Is(err, fs.ErrPermission):
		return fmt.Errorf("account: %s may not be read: the daemon must run as root", f.name)
	}
	return fmt.Errorf("account: %w", err)
}
