// Package utmp writes the records by which who(1) shows the calls of the moment
// and last(1) those of the past (utmp(5)), for package run. It knows the records
// of glibc and takes its locks. What a login has recorded is not recorded again:
// which calls are, the caller decides.
//
// A file that does not exist is not made: that is how an administrator, or a
// system without these files such as one with musl or wtmpdb(8), says that there
// are to be no records.
package utmp

import (
	"errors"
	"io/fs"
	"log/slog"
	"net/netip"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"time"

	"golang.org/x/sys/unix"
)

// Config says which files are written.
type Config struct {
	Utmp string // "": /run/utmp
	Wtmp string // "": /var/log/wtmp
	Log  *slog.Logger
}

// A Call is what is recorded of a call.
type Call struct {
	Line string     // the tty, with or without /dev/
	User string     // the peer's name
	Host string     // where it is: an address, a telephone number
	Addr netip.Addr // of the peer; invalid: none
}

// A Book writes records, one after the other, in a goroutine that is there while
// there is something to write: others may lock the files for seconds. Its
// methods may be called from any goroutine and do not wait, Close apart.
type Book struct {
	cfg Config
	pid int

	mu      sync.Mutex // guards these
	todo    []func()
	writing bool
	idle    sync.Cond
}

func (c Config) withDefaults() Config {
	if c.Utmp == "" {
		c.Utmp = "/run/utmp"
	}
	if c.Wtmp == "" {
		c.Wtmp = "/var/log/wtmp"
	}
	return c
}

// Recorded reports whether there is a record of somebody who uses the line, as
// login(1) and sshd(8) make one. Where there is no telling, it is so.
func Recorded(c Config, line string) bool {
	f, err := os.Open(c.withDefaults().Utmp)
	if err != nil {
		return true
	}
	defer f.Close()
	line = cut(strings.TrimPrefix(line, "/dev/"), lineSize)
	found := false
	err = each(f, func(_ int64, r record) error {
		found = found || r.kind == userProcess && r.line == line && !isOurs(r.id) && !errors.Is(unix.Kill(r.pid, 0), unix.ESRCH)
		return nil
	})
	return found || err != nil
}

// Open makes a Book, and ends the records of programs like this one that were
// killed.
func Open(now time.Time, c Config) *Book {
	c = c.withDefaults()
	if c.Log == nil {
		c.Log = slog.New(slog.DiscardHandler)
	}
	b := &Book{cfg: c, pid: os.Getpid()}
	b.idle.L = &b.mu
	b.do(func() { b.clean(now) })
	return b
}

// do queues f.
func (b *Book) do(f func()) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.todo = append(b.todo, f)
	if !b.writing {
		b.writing = true
		go b.write()
	}
}

func (b *Book) write() {
	b.mu.Lock()
	defer b.mu.Unlock()
	for len(b.todo) > 0 {
		f := b.todo[0]
		b.todo = b.todo[1:]
		b.mu.Unlock()
		f()
		b.mu.Lock()
	}
	b.todo, b.writing = nil, false
	b.idle.Broadcast()
}

// Close waits until everything is written.
func (b *Book) Close() {
	b.mu.Lock()
	defer b.mu.Unlock()
	for b.writing {
		b.idle.Wait()
	}
}

// A Session is the record of a call that has begun.
type Session struct {
	book *Book
	call Call
	id   string // of its record; the writing goroutine's
	once sync.Once
}

// Begin records that a call has begun.
func (b *Book) Begin(now time.Time, c Call) *Session {
	c.Line = strings.TrimPrefix(c.Line, "/dev/")
	s := &Session{book: b, call: c}
	b.do(func() {
		r := record{
			kind: userProcess, pid: b.pid, line: c.Line, user: c.User, host: c.Host, addr: c.Addr,
			session: b.pid, at: now,
		}
		b.utmp(func(f *os.File) error {
			at, err := place(f, &r)
			if err != nil {
				return err
			}
			s.id = r.id
			return put(f, at, r)
		})
		b.wtmp(r)
	})
	return s
}

// End records that it has ended.
func (s *Session) End(now time.Time) {
	s.once.Do(func() {
		s.book.do(func() {
			r := record{kind: userProcess, pid: s.book.pid, line: s.call.Line, id: s.id}
			s.book.utmp(func(f *os.File) error {
				return each(f, func(at int64, there record) error {
					if there.kind == r.kind && there.pid == r.pid && there.line == cut(r.line, lineSize) && there.id == r.id {
						return put(f, at, there.ended(now))
					}
					return nil
				})
			})
			s.book.wtmp(r.ended(now))
		})
	})
}

// clean ends the records of programs that are no more.
func (b *Book) clean(now time.Time) {
	var dead []record
	b.with(b.cfg.Utmp, "the records of killed programs are not ended", func(f *os.File) error {
		return each(f, func(at int64, r record) error {
			if r.kind != userProcess || !isOurs(r.id) || lives(r.pid) {
				return nil
			}
			dead = append(dead, r)
			return put(f, at, r.ended(now))
		})
	})
	for _, r := range dead {
		b.cfg.Log.Info("ending the record of a killed ppp", "line", r.line, "user", r.user, "pid", r.pid)
		b.wtmp(r.ended(now))
	}
}

// lives reports whether a process is there that runs this program: process
// numbers are used again.
func lives(pid int) bool {
	if err := unix.Kill(pid, 0); errors.Is(err, unix.ESRCH) {
		return false
	}
	program := func(pid string) (string, error) {
		name, err := os.Readlink(filepath.Join("/proc", pid, "exe"))
		return strings.TrimSuffix(name, " (deleted)"), err
	}
	this, err := program("self")
	if err != nil {
		return true
	}
	that, err := program(strconv.Itoa(pid))
	if errors.Is(err, fs.ErrNotExist) {
		return false // it has ended, only nobody has asked for its status yet
	}
	return err != nil || that == this
}

// utmp changes the file of the moment under its lock.
func (b *Book) utmp(change func(*os.File) error) {
	b.with(b.cfg.Utmp, notRecorded, change)
}

// wtmp adds a record to the file of the past. What does not end with a whole
// record is cut off, as glibc does.
func (b *Book) wtmp(r record) {
	b.with(b.cfg.Wtmp, notRecorded, func(f *os.File) error {
		info, err := f.Stat()
		if err != nil {
			return err
		}
		at := info.Size() - info.Size()%size
		if at != info.Size() {
			if err := f.Truncate(at); err != nil {
				return err
			}
		}
		if err := put(f, at, r); err != nil {
			f.Truncate(at)
			return err
		}
		return nil
	})
}

const notRecorded = "a call is not recorded"

// with opens and locks a file; failed is what is wrong then.
func (b *Book) with(name, failed string, do func(*os.File) error) {
	err := func() error {
		f, err := os.OpenFile(name, os.O_RDWR|unix.O_NONBLOCK, 0)
		if errors.Is(err, fs.ErrNotExist) {
			b.cfg.Log.Debug("no records of calls: the file does not exist", "file", name)
			return nil
		}
		if err != nil {
			return err
		}
		defer f.Close()
		if info, err := f.Stat(); err != nil || !info.Mode().IsRegular() {
			return errors.Join(err, errors.New("not a regular file"))
		}
		if err := lock(f); err != nil {
			return err
		}
		return do(f)
	}()
	if err != nil {
		b.cfg.Log.Warn(failed, "file", name, "error", err)
	}
}

// lockTime is how long others may have a file locked; glibc waits as long.
const lockTime = 10 * time.Second

// lock takes the lock on the whole file that glibc takes. It ends with the
// descriptor.
func lock(f *os.File) error {
	c, err := f.SyscallConn()
	if err != nil {
		return err
	}
	var failed error
	for pause := time.Millisecond; pause < lockTime/2; pause *= 2 {
		err := c.Control(func(fd uintptr) {
			failed = unix.FcntlFlock(fd, unix.F_OFD_SETLK, &unix.Flock_t{Type: unix.F_WRLCK})
		})
		if err != nil {
			return err
		}
		if !errors.Is(failed, syscall.EAGAIN) && !errors.Is(failed, syscall.EACCES) {
			return failed
		}
		time.Sleep(pause)
	}
	return errors.New("another program keeps it locked")
}
