package radius

import (
	"bufio"
	"bytes"
	"cmp"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"errors"
	"fmt"
	"hash/crc32"
	"io"
	"os"
	"path/filepath"
	"sort"
	"strings"
	"syscall"

	"layeh.com/radius/rfc2866"
)

// A spool file has a line for each thing that happened, which begins with the
// checksum of the rest:
//
//	CRC32C # text         what the file is
//	CRC32C + ID BASE64    a record: to be sent
//	CRC32C - ID           it was acknowledged
//	CRC32C = ID BASE64    the Stop of an open session, should we be killed now
//
// Each process has its own, and holds a lock on it; files without one are those
// of killed processes, and who starts next with the same servers takes them
// over. A line that is torn, or of which the checksum is wrong, is not there.
const (
	markText = '#'
	markSend = '+'
	markDone = '-'
	markOpen = '='

	spoolPrefix = "acct-"
	spoolTitle  = "pppdial accounting 1 for "
	maxLine     = 8192 // a packet in base64, and what stands before it
)

// ErrSpool says why there can be no client: accounting records cannot be kept.
var ErrSpool = errors.New("radius: no place for accounting records")

var castagnoli = crc32.MakeTable(crc32.Castagnoli)

// appendLine appends a line.
func appendLine(b []byte, mark byte, id string, attrs []byte) []byte {
	rest := append([]byte{mark, ' '}, id...)
	if attrs != nil {
		rest = append(rest, ' ')
		rest = base64.StdEncoding.AppendEncode(rest, attrs)
	}
	b = fmt.Appendf(b, "%08x ", crc32.Checksum(rest, castagnoli))
	return append(append(b, rest...), '\n')
}

// parseLine reads a line, which has lost its end.
func parseLine(line []byte) (mark byte, id string, attrs []byte, err error) {
	sum, rest, _ := bytes.Cut(line, []byte(" "))
	want, err := hex.DecodeString(string(sum))
	if err != nil || len(want) != crc32.Size || len(rest) < 3 || rest[1] != ' ' {
		return 0, "", nil, errors.New("is no line of a spool file")
	}
	if got := crc32.Checksum(rest, castagnoli); !bytes.Equal(want, []byte{byte(got >> 24), byte(got >> 16), byte(got >> 8), byte(got)}) {
		return 0, "", nil, errors.New("has a wrong checksum")
	}
	if rest[0] == markText {
		return markText, string(rest[2:]), nil, nil
	}
	name, data, has := bytes.Cut(rest[2:], []byte(" "))
	if has {
		if attrs, err = base64.StdEncoding.DecodeString(string(data)); err != nil {
			return 0, "", nil, err
		}
	}
	return rest[0], string(name), attrs, nil
}

// contents collects what spool files say.
type contents struct {
	records map[string]*record // by their ids
	ids     []string           // of records, in their order
	done    map[string]bool
	open    map[string]*record // the latest by session
	bad     int                // lines that say nothing
}

func newContents() *contents {
	return &contents{records: map[string]*record{}, done: map[string]bool{}, open: map[string]*record{}}
}

// read takes in a file.
func (c *contents) read(r io.Reader) error {
	in := bufio.NewReaderSize(r, maxLine)
	for {
		line, err := in.ReadSlice('\n')
		switch {
		case err == io.EOF && len(line) == 0:
			return nil
		case err == nil:
			c.line(line[:len(line)-1])
		default:
			c.bad++
			for err == bufio.ErrBufferFull {
				_, err = in.ReadSlice('\n')
			}
			if err == io.EOF {
				return nil
			}
			if err != nil {
				return err
			}
		}
	}
}

func (c *contents) line(line []byte) {
	mark, id, attrs, err := parseLine(line)
	var r *record
	if err == nil && (mark == markSend || mark == markOpen) {
		if r, err = parseRecord(attrs); err == nil && r.id() != id {
			err = errors.New("has the name of another record")
		}
	}
	switch {
	case err != nil:
		c.bad++
	case mark == markSend:
		if c.records[id] == nil {
			c.ids = append(c.ids, id)
		}
		c.records[id] = r
	case mark == markDone:
		c.done[id] = true
	case mark == markOpen:
		// How long it has lasted tells the latest, whatever its clock did.
		if old := c.open[r.session]; old == nil || cmp.Or(cmp.Compare(old.lasted, r.lasted), old.stamp.Compare(r.stamp)) <= 0 {
			c.open[r.session] = r
		}
	}
}

// pending are the records that are still to be sent, sessions that were cut off
// included.
func (c *contents) pending() []*record {
	var all []*record
	for _, id := range c.ids {
		if !c.done[id] {
			all = append(all, c.records[id])
		}
	}
	for _, r := range c.open {
		if id := r.id(); c.records[id] == nil && !c.done[id] {
			all = append(all, r)
		}
	}
	sort.Slice(all, func(i, j int) bool {
		a, b := all[i], all[j]
		return cmp.Or(cmp.Compare(a.session, b.session), cmp.Compare(rank(a), rank(b)), a.stamp.Compare(b.stamp)) < 0
	})
	return all
}

// rank orders the records of a session, whatever its clock did.
func rank(r *record) int {
	switch r.status {
	case rfc2866.AcctStatusType_Value_Start:
		return 0
	case rfc2866.AcctStatusType_Value_Stop:
		return 2
	}
	return 1
}

// A spool is the file that belongs to this process.
type spool struct {
	dir, servers string
	prefix       string // of the names of files for the same servers
	f            *os.File
	size         int64
}

// openSpool makes the file, and fills it with what killed processes have left.
func openSpool(dir string, servers []Server) (*spool, []*record, int, error) {
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return nil, nil, 0, err
	}
	var names []string
	for _, s := range servers {
		names = append(names, s.String())
	}
	s := &spool{dir: dir, servers: strings.Join(names, ",")}
	sum := sha256.Sum256([]byte(s.servers))
	s.prefix = spoolPrefix + hex.EncodeToString(sum[:6]) + "-"

	left, err := s.orphans()
	if err != nil {
		return nil, nil, 0, err
	}
	all := newContents()
	for _, f := range left {
		if err := all.read(f); err != nil {
			closeAll(left)
			return nil, nil, 0, err
		}
	}
	pending := all.pending()
	if err := s.rewrite(pending, nil); err != nil {
		closeAll(left)
		return nil, nil, 0, err
	}
	for _, f := range left {
		os.Remove(f.Name())
	}
	closeAll(left)
	return s, pending, all.bad, nil
}

func closeAll(files []*os.File) {
	for _, f := range files {
		f.Close()
	}
}

// orphans locks and opens the files without an owner.
func (s *spool) orphans() ([]*os.File, error) {
	names, err := filepath.Glob(filepath.Join(s.dir, s.prefix+"*"))
	if err != nil {
		return nil, err
	}
	var left []*os.File
	for _, name := range names {
		f, err := os.OpenFile(name, os.O_RDWR|syscall.O_NOFOLLOW, 0)
		if errors.Is(err, os.ErrNotExist) {
			continue
		}
		if err != nil {
			closeAll(left)
			return nil, err
		}
		if !lock(f) {
			f.Close()
			continue
		}
		left = append(left, f)
	}
	return left, nil
}

// lock reports whether f is now ours alone, and still in its directory.
func lock(f *os.File) bool {
	conn, err := f.SyscallConn()
	if err != nil {
		return false
	}
	locked := false
	conn.Control(func(fd uintptr) { locked = syscall.Flock(int(fd), syscall.LOCK_EX|syscall.LOCK_NB) == nil })
	if !locked {
		return false
	}
	here, err1 := f.Stat()
	there, err2 := os.Stat(f.Name())
	return err1 == nil && err2 == nil && os.SameFile(here, there)
}

// rewrite begins a new file with what is to be remembered, and removes the one
// before. Killed in between, both are there, and say the same.
func (s *spool) rewrite(pending, open []*record) error {
	b := appendLine(nil, markText, spoolTitle+s.servers, nil)
	for _, r := range pending {
		b = appendLine(b, markSend, r.id(), r.attrs)
	}
	for _, r := range open {
		b = appendLine(b, markOpen, r.id(), r.attrs)
	}
	f, err := s.create()
	if err != nil {
		return err
	}
	_, err = f.Write(b)
	err = errors.Join(err, f.Sync(), syncDir(s.dir))
	if err != nil {
		os.Remove(f.Name())
		f.Close()
		return err
	}
	if s.f != nil {
		os.Remove(s.f.Name())
		s.f.Close()
	}
	s.f, s.size = f, int64(len(b))
	return nil
}

// create makes an empty file of ours. Who looks for files without an owner may
// find it before we have locked it; then we take another one.
func (s *spool) create() (*os.File, error) {
	for {
		f, err := os.OpenFile(filepath.Join(s.dir, s.prefix+NewID()), os.O_RDWR|os.O_CREATE|os.O_EXCL|os.O_APPEND, 0o600)
		if err != nil {
			return nil, err
		}
		if lock(f) {
			return f, nil
		}
		f.Close()
	}
}

func syncDir(dir string) error {
	d, err := os.Open(dir)
	if err != nil {
		return err
	}
	defer d.Close()
	return d.Sync()
}

// append writes lines. With sync they are on the disk when it returns.
func (s *spool) append(lines []byte, sync bool) error {
	n, err := s.f.Write(lines)
	s.size += int64(n)
	if err == nil && sync {
		err = s.f.Sync()
	}
	return err
}

// close leaves the file to the next process, or removes it.
func (s *spool) close(remove bool) {
	if remove {
		os.Remove(s.f.Name())
	}
	s.f.Close()
}
