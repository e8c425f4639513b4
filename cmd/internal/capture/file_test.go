package capture

import (
	"bytes"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"golang.org/x/sys/unix"

	"pppdial/mp"
)

// A fakeDisk has room for so many octets, and calls look before and after every
// change.
type fakeDisk struct {
	t    *testing.T
	b    []byte
	room int
	look func(b []byte)
}

func (d *fakeDisk) WriteAt(b []byte, at int64) (n int, err error) {
	if at/pageSize != (at+int64(len(b))-1)/pageSize {
		d.t.Errorf("%d octets at %d cross a page", len(b), at)
	}
	if at > int64(len(d.b)) {
		d.t.Fatalf("a hole from %d to %d", len(d.b), at)
	}
	if n = min(len(b), d.room-int(at)); n < len(b) {
		err = unix.ENOSPC
	}
	d.b = append(d.b[:at], b[:max(n, 0)]...)
	if err == nil {
		d.look(d.b)
	}
	return max(n, 0), err
}

func (d *fakeDisk) Truncate(size int64) error {
	d.b = d.b[:size]
	d.look(d.b)
	return nil
}

func (d *fakeDisk) Close() error { return nil }

// whole fails the test when the file can't be read as it is.
func whole(t *testing.T) func([]byte) {
	return func(b []byte) {
		if _, err := parse(b); err != nil {
			t.Fatalf("after %d octets: %v", len(b), err)
		}
	}
}

// record starts a recorder on a disk, and returns the function that ends it.
func record(t *testing.T, d disk, log *slog.Logger) (*Recorder, func()) {
	r := New(Config{Entry: "rmt", Application: "ppp", Log: log})
	r.file = newFile("x.pcapng", d, 0, DefaultLimit, r.cfg)
	f := r.file
	go f.run()
	return r, f.close
}

// TestFileIsAlwaysWhole: whenever the program is killed, the file is in order.
func TestFileIsAlwaysWhole(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		d := &fakeDisk{t: t, room: 1 << 20, look: whole(t)}
		r, stop := record(t, d, nil)
		var want []string
		for i := range 300 {
			l := r.Line(fmt.Sprint("/dev/ttyS", i/50))
			raw := append([]byte{0xff, 3, 0, 0x21}, bytes.Repeat([]byte{byte(i)}, i*37%2300)...)
			l.Frame(mp.Direction(i%2), raw)
			want = append(want, fmt.Sprintf("%d:%x", len(raw), raw[:min(len(raw), snapLen)]))
			if i%7 == 0 {
				synctest.Wait()
			}
		}
		stop()
		all, err := parse(d.b)
		if err != nil || len(all) != 1 || len(all[0].lines) != 6 || len(all[0].items) != len(want) {
			t.Fatalf("%v: %d sections", err, len(all))
		}
		for i, item := range all[0].items {
			if got := fmt.Sprintf("%d:%x", item.frame.length, item.frame.data); got != want[i] || item.frame.id != uint32(i/50) {
				t.Errorf("frame %d is %v", i, item)
			}
		}
	})
}

// TestFullDisk: one warning, a note in the file where something is missing, and
// the capture goes on; the interfaces that the disk has not taken are there.
func TestFullDisk(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var log bytes.Buffer
		d := &fakeDisk{t: t, room: pageSize + 100, look: whole(t)}
		r, stop := record(t, d, slog.New(slog.NewTextHandler(&log, nil)))
		packet := func(l *Line) {
			l.Frame(mp.Sent, append([]byte{0x21, 0x45}, make([]byte, 1000)...))
			synctest.Wait()
		}
		a := r.Line("ttyA")
		for range 10 {
			packet(a)
		}
		b := r.Line("ttyB")
		packet(b)
		time.Sleep(3 * retryTime)
		packet(b) // still full
		time.Sleep(retryTime)
		d.room = 1 << 20
		packet(b)
		packet(a)
		d.room = len(d.b)
		packet(a)
		stop()
		if n := strings.Count(log.String(), "level=WARN"); n != 1 {
			t.Errorf("%d warnings:\n%s", n, log.String())
		}
		if !strings.Contains(log.String(), `msg="capture goes on" file=x.pcapng missing=9`) {
			t.Errorf("log:\n%s", log.String())
		}
		all, err := parse(d.b)
		if err != nil || len(all) != 2 {
			t.Fatalf("%v: %d sections", err, len(all))
		}
		if got := fmt.Sprint(all[1].lines); got != "[ttyA|entry rmt ttyB|entry rmt]" {
			t.Errorf("interfaces %v", got)
		}
		items := all[1].items
		if len(all[0].items) != 3 || len(items) != 3 || items[1].frame.id != 1 || items[2].frame.id != 0 ||
			items[0].String() != "capture incomplete: 9 frames and messages are missing here because the disk was full" {
			t.Errorf("%d frames, then %v", len(all[0].items), items)
		}
	})
}

// TestSlowDisk: what finds no room in memory is missing, and the file says so.
func TestSlowDisk(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		slow := make(chan bool)
		d := &fakeDisk{t: t, room: 1 << 30}
		d.look = func([]byte) { <-slow }
		r, stop := record(t, d, nil)
		l := r.Line("ttyA")
		for range 1000 {
			l.Frame(mp.Sent, append([]byte{0x21, 0x45}, make([]byte, 1000)...))
			synctest.Wait()
		}
		r.Line("ttyB")
		close(slow)
		synctest.Wait()
		l.Frame(mp.Sent, []byte{0x21, 0x45})
		stop()
		all, err := parse(d.b)
		if err != nil || len(all) != 1 || len(all[0].lines) != 2 {
			t.Fatalf("%v: %v", err, all)
		}
		items := all[0].items
		n, missing := len(items), 0
		fmt.Sscanf(items[n-2].String(), "capture incomplete: %d frames and messages are missing", &missing)
		if n-2+missing != 1000 || n > 600 {
			t.Errorf("%d frames, %d missing", n-2, missing)
		}
	})
}

// TestRing: the file and the one before it stay within their limit, both can be
// read, and the newest frame is there.
func TestRing(t *testing.T) {
	name := filepath.Join(t.TempDir(), "x.pcapng")
	const limit = leastLimit
	r := New(Config{Entry: "rmt"})
	if err := r.Capture(name, limit); err != nil {
		t.Fatal(err)
	}
	l := r.Line("ttyA")
	f := r.file
	for i := range 2000 {
		l.Frame(mp.Sent, append([]byte{0x21, byte(i >> 8), byte(i)}, make([]byte, 500)...))
		for waiting := true; waiting; runtime.Gosched() {
			f.mu.Lock()
			waiting = len(f.queue) > queueLimit/2
			f.mu.Unlock()
		}
	}
	r.Close()
	total, frames := int64(0), 0
	for _, n := range []string{name, name + ".1"} {
		for _, s := range read(t, n) {
			frames += len(s.items)
			if len(s.lines) != 1 {
				t.Errorf("%s: lines %v", n, s.lines)
			}
		}
		info, err := os.Stat(n)
		if err != nil {
			t.Fatal(err)
		}
		total += info.Size()
		if info.Mode() != 0o600 {
			t.Errorf("%s has mode %v", n, info.Mode())
		}
	}
	if total > limit || frames < limit/2/600 {
		t.Errorf("%d octets with %d frames", total, frames)
	}
	last := read(t, name)
	items := last[len(last)-1].items
	if d := items[len(items)-1].frame.data; d[1] != 1999>>8 || d[2] != 1999&255 {
		t.Errorf("the last frame is %x", d[:3])
	}
}

// TestContinue: a capture goes on where the one before has ended, also where a
// crash has cut it.
func TestContinue(t *testing.T) {
	name := filepath.Join(t.TempDir(), "x.pcapng")
	for i := range 3 {
		r := New(Config{Entry: "rmt"})
		if err := r.Capture(name, 0); err != nil {
			t.Fatal(err)
		}
		r.Line("ttyA").Frame(mp.Sent, []byte{0x21, byte(i)})
		r.Close()
		if i == 1 {
			info, _ := os.Stat(name)
			if err := os.Truncate(name, info.Size()-3); err != nil {
				t.Fatal(err)
			}
		}
	}
	all := read(t, name)
	if len(all) != 3 || len(all[0].items) != 1 || len(all[1].items) != 0 || len(all[2].items) != 1 {
		t.Errorf("%v", all)
	}
}

// TestContinueNearPageEnd: a file of another program may end where a page has
// no room for a block.
func TestContinueNearPageEnd(t *testing.T) {
	for _, size := range []int{pageSize - 12, pageSize - 8, pageSize - 4, pageSize} {
		name := filepath.Join(t.TempDir(), "x.pcapng")
		b := appendSection(nil, "editcap", "")
		b = appendFiller(b, size-len(b))
		if err := os.WriteFile(name, b, 0o600); err != nil {
			t.Fatal(err)
		}
		r := New(Config{Entry: "rmt"})
		if err := r.Capture(name, 0); err != nil {
			t.Fatal(err)
		}
		r.Line("ttyA").Frame(mp.Sent, []byte{0x21})
		r.Close()
		if all := read(t, name); len(all) != 2 || len(all[1].items) != 1 {
			t.Errorf("behind %d octets: %v", size, all)
		}
	}
}

func TestRefused(t *testing.T) {
	dir := t.TempDir()
	path := func(name string) string { return filepath.Join(dir, name) }
	check := func(err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
	}
	check(os.WriteFile(path("passwd"), []byte("root:x:0:0:root:/root:/bin/sh\n"), 0o600))
	check(os.Symlink(path("target"), path("link")))
	check(unix.Mkfifo(path("fifo"), 0o600))
	other := New(Config{Entry: "other"})
	check(other.Capture(path("taken"), 0))
	defer other.Close()
	for name, want := range map[string]string{
		"passwd":     "passwd is no capture file and is not overwritten; remove it, or name another",
		"link":       "link is a symbolic link, which is not followed; name the file itself",
		"fifo":       "fifo is no regular file; name one that does not exist yet",
		"taken":      "taken is written by another entry or another ppp; give each entry a file of its own",
		"none/there": "no such file or directory",
	} {
		r := New(Config{Entry: "rmt"})
		err := r.Capture(path(name), 0)
		if err == nil || !strings.HasPrefix(err.Error(), "capture: ") || !strings.HasSuffix(err.Error(), want) {
			t.Errorf("%s: %v", name, err)
		}
		r.Line("ttyA").Frame(mp.Sent, []byte{0x21, 0x45}) // goes on without
		r.Close()
	}
	if b, err := os.ReadFile(path("passwd")); err != nil || !bytes.HasPrefix(b, []byte("root:")) {
		t.Errorf("passwd is now %q (%v)", b, err)
	}
	if _, err := os.Stat(path("target")); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("the link was followed: %v", err)
	}
}

// FuzzScan: of whatever is in a file, what is kept is whole blocks, and what is
// written behind them is kept the next time.
func FuzzScan(f *testing.F) {
	good := appendInterface(appendSection(nil, "ppp 1", ""), "ttyS0", "entry x")
	f.Add(good)
	f.Add(good[:len(good)-3])
	f.Add(append(appendPacket(good, frame{data: []byte{0xff, 3, 0xc0, 0x21, 1}}), 6, 0, 0, 0, 12, 0, 0, 0))
	f.Add([]byte("#!/bin/sh\necho this is a file of the user's\n"))
	f.Fuzz(func(t *testing.T, b []byte) {
		at, err := scan(bytes.NewReader(b), int64(len(b)))
		if err != nil {
			if whole := appendSection(nil, "ppp 1", ""); at != 0 || bytes.HasPrefix(b, whole) {
				t.Fatalf("%v, %d octets kept", err, at)
			}
			return
		}
		if at < 0 || at > int64(len(b)) {
			t.Fatalf("%d of %d octets kept", at, len(b))
		}
		more := appendSection(bytes.Clone(b[:at]), "ppp 2", "")
		if end, err := scan(bytes.NewReader(more), int64(len(more))); err != nil || end != int64(len(more)) {
			t.Fatalf("%d octets kept of %d whole ones, %v", end, len(more), err)
		}
	})
}
