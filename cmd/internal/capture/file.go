package capture

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"
	"slices"
	"sync"
	"syscall"
	"time"

	"golang.org/x/sys/unix"
)

// DefaultLimit is the size of a capture file and its predecessor together.
const DefaultLimit = 16 << 20

const (
	leastLimit = 256 << 10
	queueLimit = 256 << 10        // bytes that wait for the disk; what comes then is missing
	retryTime  = 10 * time.Second // until a full disk is tried again
)

// A file is the capture file and the goroutine that writes it, so that a slow
// disk holds up no line.
type file struct {
	cfg  Config
	name string
	kick chan struct{}
	done chan struct{} // the goroutine has ended

	mu      sync.Mutex // guards these
	queue   []byte
	missing int // frames and messages that found no room
	closing bool
	lines   []string // by number: name and description of the interfaces
	users   int      // guarded by Files

	// Owned by the goroutine.
	half    int64 // size from which on the file is put aside
	disk    disk
	at      int64  // end of the file
	begun   int64  // where the section's first frame or message stands
	ifaces  []byte // of the section, and of every one that follows
	spare   []byte
	page    []byte    // blocks for one page
	broken  bool      // the disk takes nothing
	retry   time.Time // when it is tried again
	skipped int       // frames and messages that it has not taken
	gaps    int       // times that it was broken
}

// A disk is an open capture file, the os.File outside of tests.
type disk interface {
	WriteAt(b []byte, at int64) (int, error)
	Truncate(size int64) error
	Close() error
}

func openFile(name string, limit int64, c Config) (*file, error) {
	d, size, err := openDisk(name)
	if err != nil {
		return nil, err
	}
	f := newFile(name, d, size, limit, c)
	go f.run()
	return f, nil
}

func newFile(name string, d disk, size, limit int64, c Config) *file {
	return &file{
		cfg: c, name: name, disk: d, at: size, half: max(limit, leastLimit) / 2,
		kick: make(chan struct{}, 1), done: make(chan struct{}),
	}
}

// openDisk opens a capture file and looks for its end. A file that is none is
// left alone; a block that a crash of the system has cut is taken off.
func openDisk(name string) (d *os.File, size int64, err error) {
	d, err = os.OpenFile(name, os.O_RDWR|os.O_CREATE|unix.O_NOFOLLOW|unix.O_NONBLOCK, 0o600)
	if errors.Is(err, unix.ELOOP) {
		return nil, 0, fmt.Errorf("capture: %s is a symbolic link, which is not followed; name the file itself", name)
	}
	if err != nil {
		return nil, 0, fmt.Errorf("capture: %w", err)
	}
	if size, err = takeDisk(d); err != nil {
		d.Close()
		return nil, 0, fmt.Errorf("capture: %s %w", name, err)
	}
	return d, size, nil
}

func takeDisk(d *os.File) (size int64, err error) {
	info, err := d.Stat()
	switch {
	case err != nil:
		return 0, err
	case !info.Mode().IsRegular():
		return 0, errors.New("is no regular file; name one that does not exist yet")
	case info.Sys().(*syscall.Stat_t).Uid != uint32(os.Geteuid()):
		return 0, errors.New("belongs to another user, who could read what is captured; remove it")
	}
	if err := unix.Flock(int(d.Fd()), unix.LOCK_EX|unix.LOCK_NB); err != nil {
		return 0, errors.New("is written by another entry or another ppp; give each entry a file of its own")
	}
	size, err = scan(d, info.Size())
	if err != nil {
		return 0, err
	}
	return size, d.Truncate(size)
}

var errForeign = errors.New("is no capture file and is not overwritten; remove it, or name another")

// scan gives the end of the last good block.
func scan(d io.ReaderAt, size int64) (at int64, err error) {
	var head, tail [8]byte
	for at < size {
		if _, err := d.ReadAt(head[:], at); err != nil {
			break
		}
		kind, n := le.Uint32(head[:]), int64(le.Uint32(head[4:]))
		if at == 0 && kind != blockSection {
			return 0, errForeign
		}
		if n < blockOverhead || n%4 != 0 || at+n > size {
			break
		}
		if _, err := d.ReadAt(tail[:4], at+n-4); err != nil || le.Uint32(tail[:]) != uint32(n) {
			break
		}
		at += n
	}
	if at == 0 && size > 0 {
		return 0, errForeign
	}
	return at, nil
}

// line gives the number of an interface.
func (f *file) line(name, about string) uint32 {
	f.mu.Lock()
	defer f.mu.Unlock()
	i := slices.Index(f.lines, name+"\n"+about)
	if i < 0 && len(f.lines) == maxLines {
		i = maxLines - 1
	}
	if i < 0 {
		i = len(f.lines)
		f.lines = append(f.lines, name+"\n"+about)
		f.queue = appendInterface(f.queue, name, about) // even if there is no room
	}
	return uint32(i)
}

// put queues a block. It never waits for the disk.
func (f *file) put(block []byte) {
	f.mu.Lock()
	if f.missing > 0 || len(f.queue)+len(block) > queueLimit {
		f.missing++
	} else {
		f.queue = append(f.queue, block...)
	}
	f.mu.Unlock()
	select {
	case f.kick <- struct{}{}:
	default:
	}
}

// close writes what is queued and closes the file.
func (f *file) close() {
	f.mu.Lock()
	f.closing = true
	f.mu.Unlock()
	select {
	case f.kick <- struct{}{}:
	default:
	}
	<-f.done
}

func (f *file) run() {
	defer close(f.done)
	defer func() { f.disk.Close() }()
	f.section()
	for range f.kick {
		f.mu.Lock()
		b, missing, closing := f.queue, f.missing, f.closing
		f.queue, f.missing = f.spare[:0], 0
		f.mu.Unlock()
		if missing > 0 {
			b = f.appendMissing(b, missing, "the disk is too slow")
		}
		f.write(b)
		f.spare = b
		if closing {
			return
		}
	}
}

// appendMissing says that something is missing here.
func (f *file) appendMissing(b []byte, n int, why string) []byte {
	return appendMessage(b, f.cfg.Entry, message{
		at: time.Now(), level: 4, event: "capture incomplete",
		text: fmt.Sprintf("capture incomplete: %d frames and messages are missing here because %s", n, why),
	})
}

// write puts blocks into the file.
func (f *file) write(b []byte) {
	f.mend()
	for len(b) > 0 {
		kind, n, err := blockAt(b)
		if err != nil {
			panic(err) // blocks are made here alone
		}
		if end := f.at + int64(len(f.page)); end > f.begun && end+int64(n) > f.half {
			f.turn()
		}
		if kind == blockInterface {
			f.ifaces = append(f.ifaces, b[:n]...)
		}
		f.place(b[:n])
		b = b[n:]
	}
	f.flush()
}

// section begins a section with the interfaces that are known.
func (f *file) section() {
	f.place(appendSection(nil, f.cfg.Application, ""))
	for b := f.ifaces; len(b) > 0; {
		_, n, _ := blockAt(b)
		f.place(b[:n])
		b = b[n:]
	}
	f.begun = f.at + int64(len(f.page))
}

// pageSize is what the kernel writes without looking for signals.
const pageSize = 4096

// place puts one block behind the others of its page, or begins the next. What
// is left of a page is filled, if the block does not fill it.
func (f *file) place(block []byte) {
	room := pageSize - int((f.at+int64(len(f.page)))%pageSize)
	if left := room - len(block); left < 0 || left > 0 && left < blockOverhead {
		fill := room
		if fill < blockOverhead { // so another program has left its file
			fill += pageSize
		}
		f.page = appendFiller(f.page, fill)
		f.flush()
	}
	f.page = append(f.page, block...)
	if room == len(block) {
		f.flush()
	}
}

// flush writes the page, all of it or nothing.
func (f *file) flush() {
	b := f.page
	f.page = f.page[:0]
	if len(b) == 0 {
		return
	}
	if !f.broken {
		_, err := f.disk.WriteAt(b, f.at)
		if err == nil {
			f.at += int64(len(b))
			return
		}
		f.trouble(err)
	}
	f.skipped += records(b)
}

// records counts frames and messages.
func records(b []byte) (n int) {
	for len(b) > 0 {
		kind, size, _ := blockAt(b)
		if kind == blockPacket || kind == blockJournal {
			n++
		}
		b = b[size:]
	}
	return n
}

// trouble takes back what has been written of a page, and leaves the disk alone
// for some time.
func (f *file) trouble(err error) {
	if f.skipped == 0 {
		f.gaps++
		f.tell(slog.LevelWarn, "capture interrupted; it goes on when the disk takes it", "file", f.name, "error", err)
	}
	f.broken, f.retry = true, time.Now().Add(retryTime)
	if err := f.disk.Truncate(f.at); err != nil {
		f.cfg.Log.Debug("the capture may end in the middle of a block", "file", f.name, "error", err)
	}
}

// tell logs an event of the first gap with its level, later ones only for
// those who look: a disk may be nearly full for long.
func (f *file) tell(level slog.Level, text string, args ...any) {
	if f.gaps > 1 {
		level = slog.LevelDebug
	}
	f.cfg.Log.Log(context.Background(), level, text, args...)
}

// mend tries a disk again that was full. What it has not taken may have been the
// section's beginning.
func (f *file) mend() {
	if !f.broken || time.Now().Before(f.retry) {
		return
	}
	f.broken = false
	missing := f.skipped
	f.section()
	f.place(f.appendMissing(nil, missing, "the disk was full"))
	f.flush()
	if f.broken {
		f.skipped = missing
		return
	}
	f.skipped = 0
	f.tell(slog.LevelInfo, "capture goes on", "file", f.name, "missing", missing)
}

// turn puts the file aside and begins a new one. Where that can't be, the file
// is begun anew.
func (f *file) turn() {
	f.flush()
	d, err := f.next()
	if err == nil {
		f.disk.Close()
		f.disk = d
	} else {
		f.cfg.Log.Debug("the capture file is not put aside but begun anew", "file", f.name, "error", err)
		err = f.disk.Truncate(0)
	}
	f.at = 0
	if err != nil {
		f.trouble(err)
	}
	f.section()
}

// next opens the new file.
func (f *file) next() (*os.File, error) {
	if err := os.Rename(f.name, f.name+".1"); err != nil && !errors.Is(err, os.ErrNotExist) {
		return nil, err
	}
	d, _, err := openDisk(f.name)
	return d, err
}
