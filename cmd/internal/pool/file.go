package pool

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"net/netip"
	"os"
	"path/filepath"
	"strconv"

	"golang.org/x/sys/unix"
)

// usersByte is locked by all processes that have the file open, behind the bytes
// of all addresses.
const usersByte = 1 << 33

// longLines is how many more lines than names make the file worth writing anew.
const longLines = 1000

// A file is the memory that processes share. Lines are added in one piece; the
// last line for an address and for a name counts.
type file struct {
	*os.File
	read  int64 // so far
	lines int
	rest  []byte // of a line whose end has not come
}

func openFile(dir string) (*file, error) {
	f, err := os.OpenFile(filepath.Join(dir, "pool"), os.O_RDWR|os.O_CREATE|os.O_APPEND|unix.O_NOFOLLOW, 0o600)
	if err != nil {
		return nil, err
	}
	if err := control(f, unix.F_RDLCK, usersByte); err != nil {
		f.Close()
		return nil, fmt.Errorf("%s: %w", f.Name(), err)
	}
	return &file{File: f}, nil
}

func (f *file) close() { f.Close() }

// control sets or takes back a lock of this open file on one byte; it fails at
// once where another has it.
func control(f *os.File, kind int16, at int64) error {
	c, err := f.SyscallConn()
	if err != nil {
		return err
	}
	var failed error
	err = c.Control(func(fd uintptr) {
		l := unix.Flock_t{Type: kind, Start: at, Len: 1}
		failed = unix.FcntlFlock(fd, unix.F_OFD_SETLK, &l)
	})
	return errors.Join(err, failed)
}

// number is the address as a number, the offset of its byte.
func number(a netip.Addr) uint32 {
	b := a.As4()
	return binary.BigEndian.Uint32(b[:])
}

func (f *file) lock(a netip.Addr) bool {
	return control(f.File, unix.F_WRLCK, int64(number(a))) == nil
}

func (f *file) unlock(a netip.Addr) { control(f.File, unix.F_UNLCK, int64(number(a))) }

func appendLine(b []byte, a netip.Addr, name string) []byte {
	b = append(a.AppendTo(b), ' ')
	return append(strconv.AppendQuote(b, name), '\n')
}

func parseLine(line []byte) (a netip.Addr, name string, ok bool) {
	addr, quoted, _ := bytes.Cut(line, []byte(" "))
	a, err := netip.ParseAddr(string(addr))
	if err != nil || !a.Is4() {
		return a, "", false
	}
	name, err = strconv.Unquote(string(quoted))
	return a, name, err == nil
}

func (f *file) append(a netip.Addr, name string) error {
	n, err := f.Write(appendLine(nil, a, name))
	if err != nil {
		return err
	}
	// What nobody else has added to needs not be read.
	if info, err := f.Stat(); err == nil && info.Size() == f.read+int64(n) {
		f.read = info.Size()
		f.lines++
	}
	return nil
}

// news reads the lines that are new, our own included.
func (f *file) news(each func(netip.Addr, string)) error {
	info, err := f.Stat()
	if err != nil {
		return err
	}
	if info.Size() <= f.read {
		return nil
	}
	b, err := io.ReadAll(io.NewSectionReader(f.File, f.read, info.Size()-f.read))
	f.read += int64(len(b))
	for line := range bytes.Lines(append(f.rest, b...)) {
		f.rest = nil
		if line[len(line)-1] != '\n' {
			f.rest = bytes.Clone(line)
			break
		}
		f.lines++
		if a, name, ok := parseLine(line[:len(line)-1]); ok && name != "" {
			each(a, name)
		}
	}
	return err
}

// compact writes the file anew when most of its lines no longer count, and
// nobody else has it open.
func (f *file) compact(last map[string]netip.Addr) error {
	if f.lines < len(last)+longLines {
		return nil
	}
	if control(f.File, unix.F_WRLCK, usersByte) != nil {
		return nil
	}
	defer control(f.File, unix.F_RDLCK, usersByte)
	var b []byte
	for name, a := range last {
		b = appendLine(b, a, name)
	}
	if err := f.Truncate(0); err != nil {
		return err
	}
	n, err := f.Write(b)
	f.read, f.lines = int64(n), len(last)
	return err
}
