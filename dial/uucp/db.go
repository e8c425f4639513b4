package uucp

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
)

// A DB is what the files say. It does not change once it is read.
type DB struct {
	Files   Files
	Systems []SystemsLine
	Devices []DevicesLine
	Dialers []Dialer

	codes map[string]string
}

// Open reads the files in dir that are meant for the service ("ppp"), as
// Sysfiles there says, else Systems, Devices, Dialers and Dialcodes. It reports
// everything that is wrong in any of them, and goes on with the lines that are
// right: a fault in another system's line keeps nobody from calling. A Devices
// or Dialers file that does not exist is a problem only where it is missed.
func Open(dir, service string) (*DB, []Problem) {
	var r reader
	sysfiles := filepath.Join(dir, "Sysfiles")
	src, _ := r.read(sysfiles, false)
	files, problems := ParseSysfiles(sysfiles, src, dir, service)
	r.problems = append(r.problems, problems...)

	db := &DB{Files: files}
	db.Systems = readAll(&r, files.Systems, true, ParseSystems)
	db.Devices = readAll(&r, files.Devices, true, ParseDevices)
	db.Dialers = readAll(&r, files.Dialers, false, ParseDialers)
	src, _ = r.read(files.Dialcodes, false)
	codes, problems := ParseDialcodes(files.Dialcodes, src)
	db.codes = codes
	r.problems = append(r.problems, problems...)

	db.check(&r)
	sortProblems(r.problems)
	return db, r.problems
}

// readAll reads the lines of all files of one kind.
func readAll[T any](r *reader, paths []string, needed bool, parse func(string, []byte) ([]T, []Problem)) []T {
	var all []T
	for _, path := range paths {
		if src, ok := r.read(path, needed); ok {
			lines, problems := parse(path, src)
			all = append(all, lines...)
			r.problems = append(r.problems, problems...)
		}
	}
	return all
}

// maxFile is the size above which a file is none of UUCP's.
const maxFile = 16 << 20

// read gives a file's contents; one that is not there is a problem if needed.
func (r *reader) read(path string, needed bool) ([]byte, bool) {
	info, err := os.Stat(path)
	if err == nil && (!info.Mode().IsRegular() || info.Size() > maxFile) {
		err = errors.New("not a file of UUCP's")
	}
	var src []byte
	if err == nil {
		src, err = os.ReadFile(path)
	}
	switch {
	case err == nil:
		return src, true
	case !errors.Is(err, fs.ErrNotExist):
		r.errorf(Pos{File: path}, "", "cannot be read: %v", reason(err))
	case needed:
		r.errorf(Pos{File: path}, "write one, or name the line in the control file with device=", "no such file")
	}
	return nil, false
}

// reason gives err without the path, which the problem names already.
func reason(err error) error {
	var pe *fs.PathError
	if errors.As(err, &pe) {
		return pe.Err
	}
	return err
}

// check looks at what the files say of each other.
func (db *DB) check(r *reader) {
	db.checkDialers(r)
	db.checkDevices(r)
	types := db.types()
	for _, s := range db.Systems {
		if s.Faulty || len(s.Times.windows) == 0 {
			continue
		}
		if len(db.Devices) > 0 && !slices.Contains(types, s.Type) {
			r.warnf(s.Pos, didYouMean(s.Type, types, "types"), "no Devices line has the type %q of this line", s.Type)
		}
		if _, ok := translate(db.codes, s.Phone); !ok {
			r.warnf(s.phonePos, "add it to "+db.Files.Dialcodes, "%q is in no line of Dialcodes, and stays as it is", prefix(s.Phone))
		}
		if code := misplaced(db.codes, s.Phone); code != "" {
			r.warnf(s.phonePos, "write what it stands for", "%q counts at the beginning of a number only, and stays as it is", code)
		}
	}
}

func (db *DB) checkDialers(r *reader) {
	seen := map[string]Pos{}
	for _, d := range db.Dialers {
		first, again := seen[d.Name]
		if again {
			r.warnf(d.Pos, "remove one of the two", "the dialer %q stands here again, the one at %s counts", d.Name, first)
			continue
		}
		seen[d.Name] = d.Pos
	}
}

func (db *DB) checkDevices(r *reader) {
	var names []string
	for _, d := range db.Dialers {
		names = append(names, d.Name)
	}
	for _, d := range db.Devices {
		dials := false
		for _, c := range d.Dialers {
			switch {
			case c.Name == "direct":
				dials = true // said to be so
			case c.builtin():
			case d.Type == Direct:
				r.warnf(c.Pos, "give the line another type if it is to be dialed", "a Direct line is not dialed, %q is not used", c.Name)
			case db.dialer(c.Name) == nil:
				dials = true
				r.errorf(c.Pos, didYouMean(c.Name, names, "dialers"), "no dialer %q in %s", c.Name, strings.Join(db.Files.Dialers, ", "))
			default:
				dials = true
			}
		}
		if d.Type != Direct && !dials {
			r.warnf(d.Dialers[0].Pos, "add the dialer of the modem behind it",
				"%q does nothing here, so that no number is dialed", d.Dialers[0].Name)
		}
	}
}

// dialer gives the entry of Dialers that has the name; nil without one.
func (db *DB) dialer(name string) *Dialer {
	for i := range db.Dialers {
		if db.Dialers[i].Name == name {
			return &db.Dialers[i]
		}
	}
	return nil
}

// types gives the types of Devices lines, in the order of the files.
func (db *DB) types() []string {
	var types []string
	for _, d := range db.Devices {
		if !slices.Contains(types, d.Type) {
			types = append(types, d.Type)
		}
	}
	return types
}

// maxNames is how many names a hint lists.
const maxNames = 8

// didYouMean makes a hint of the names that there are instead of name.
func didYouMean(name string, names []string, what string) string {
	if n := closest(name, names); n != "" {
		return fmt.Sprintf("did you mean %q?", n)
	}
	if len(names) == 0 {
		return "there are no " + what
	}
	list := strings.Join(names[:min(len(names), maxNames)], ", ")
	if len(names) > maxNames {
		list += " ..."
	}
	return "there are the " + what + " " + list
}

// closest gives the one of names that name was probably meant to be; "" if none
// is near.
func closest(name string, names []string) string {
	best, found := 1+len(name)/3, ""
	for _, n := range names {
		if d := distance(strings.ToLower(name), strings.ToLower(n)); d <= best && (found == "" || d < best) {
			best, found = d, n
		}
	}
	return found
}

// distance counts the single-byte changes from a to b (Levenshtein).
func distance(a, b string) int {
	row := make([]int, len(b)+1)
	for j := range row {
		row[j] = j
	}
	for i := range len(a) {
		diagonal := row[0]
		row[0] = i + 1
		for j := range len(b) {
			change := diagonal
			if a[i] != b[j] {
				change++
			}
			diagonal = row[j+1]
			row[j+1] = min(change, row[j]+1, row[j+1]+1)
		}
	}
	return row[len(b)]
}
