package line

import (
	"encoding/binary"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"golang.org/x/sys/unix"
	"pgregory.net/rapid"
)

// deadPID is the number of a process that is no more.
func deadPID(t testing.TB) int {
	c := exec.Command("true")
	if err := c.Run(); err != nil {
		t.Fatal(err)
	}
	return c.Process.Pid
}

func TestLockFile(t *testing.T) {
	dir := t.TempDir()
	tty := filepath.Join(dir, "ttyT7")
	link := filepath.Join(dir, "modem")
	if err := errors.Join(os.WriteFile(tty, nil, 0o600), os.Symlink(tty, link)); err != nil {
		t.Fatal(err)
	}
	l := must[*LockFile](t)(Lock(dir, link))
	path := filepath.Join(dir, "LCK..ttyT7")
	if got, want := string(must[[]byte](t)(os.ReadFile(path))), fmt.Sprintf("%10d\n", os.Getpid()); got != want || len(got) != 11 {
		t.Errorf("lock file holds %q, want %q: 10 columns and a newline", got, want)
	}
	if st := must[os.FileInfo](t)(os.Stat(path)); st.Mode().Perm() != 0o644 {
		t.Errorf("lock file has mode %v, others must be able to read it", st.Mode())
	}
	if _, err := Lock(dir, tty); err == nil {
		t.Error("locked twice in one process")
	} else if e := new(LockError); !errors.As(err, &e) || e.PID != os.Getpid() {
		t.Errorf("second lock: %v, want a LockError with our pid", err)
	}
	if err := l.Relock(1); err != nil {
		t.Fatal(err)
	}
	if got := string(must[[]byte](t)(os.ReadFile(path))); got != "         1\n" {
		t.Errorf("lock for another process holds %q", got)
	}
	if err := errors.Join(l.Unlock(), l.Unlock()); err != nil {
		t.Error(err)
	}
	wantFiles(t, dir, "modem", "ttyT7")
	l = must[*LockFile](t)(Lock(dir, tty))
	if err := l.Unlock(); err != nil {
		t.Error(err)
	}
}

func wantFiles(t *testing.T, dir string, want ...string) {
	t.Helper()
	var got []string
	for _, e := range must[[]os.DirEntry](t)(os.ReadDir(dir)) {
		got = append(got, e.Name())
	}
	if fmt.Sprint(got) != fmt.Sprint(want) {
		t.Errorf("files are %v, want %v", got, want)
	}
}

// TestLockNoFile has something else in the place of a lock, which anybody can put
// into a directory that all may write to.
func TestLockNoFile(t *testing.T) {
	for what, put := range map[string]func(path string) error{
		"a FIFO":      func(path string) error { return unix.Mkfifo(path, 0o666) },
		"a directory": func(path string) error { return os.Mkdir(path, 0o755) },
	} {
		dir := t.TempDir()
		if err := put(filepath.Join(dir, "LCK..ttyT0")); err != nil {
			t.Fatal(err)
		}
		// A writer who stays keeps a read from ending.
		w, err := os.OpenFile(filepath.Join(dir, "LCK..ttyT0"), os.O_RDWR, 0)
		if err == nil {
			defer w.Close()
		}
		if _, err := Lock(dir, "/dev/ttyT0"); !errors.Is(err, errOther) {
			t.Errorf("%s: %v", what, err)
		}
		wantFiles(t, dir, "LCK..ttyT0")
	}
}

func TestLockOfOthers(t *testing.T) {
	dead := deadPID(t)
	ascii := func(pid int) string { return fmt.Sprintf("%10d\n", pid) }
	binaryPID := func(pid int) string { return string(binary.NativeEndian.AppendUint32(nil, uint32(pid))) }
	for _, c := range []struct {
		why      string
		contents string
		holder   int // 0: we get the lock
		err      bool
	}{
		{"an empty lock is stale", "", 0, false},
		{"its process is no more", ascii(dead), 0, false},
		{"the same, binary", binaryPID(dead), 0, false},
		{"it has our pid, and we made none", ascii(os.Getpid()), 0, false},
		{"its process lives", ascii(1), 1, false},
		{"its process lives, binary", binaryPID(1), 1, false},
		{"no padding", "1\n", 1, false},
		{"no newline", "1", 1, false},
		{"program and user behind the pid", "         1 minicom root\n", 1, false},
		{"no lock at all", "hello world\n", 0, true},
		{"a negative pid", "        -1\n", 0, true},
		{"longer than any lock", strings.Repeat(" ", 4096) + "1\n", 0, true},
		{"pid 0", binaryPID(0), 0, true},
	} {
		dir := t.TempDir()
		path := filepath.Join(dir, "LCK..ttyT0")
		if err := os.WriteFile(path, []byte(c.contents), 0o644); err != nil {
			t.Fatal(err)
		}
		l, err := Lock(dir, "/dev/ttyT0")
		var e *LockError
		switch {
		case c.holder == 0 && !c.err:
			if err != nil {
				t.Errorf("%s: %v", c.why, err)
				continue
			}
			l.Unlock()
			wantFiles(t, dir)
		case !errors.As(err, &e):
			t.Errorf("%s: got %v, want a LockError", c.why, err)
		case e.PID != c.holder || c.err != (e.Err != nil):
			t.Errorf("%s: got pid %d, %v, want pid %d", c.why, e.PID, e.Err, c.holder)
		case c.holder == 1 && e.Program == "":
			t.Errorf("%s: the error does not name the program: %v", c.why, err)
		default:
			wantFiles(t, dir, "LCK..ttyT0")
		}
	}
}

func TestLockErrors(t *testing.T) {
	dir := t.TempDir()
	for _, c := range []struct{ why, dir, tty string }{
		{"the directory is missing", filepath.Join(dir, "none"), "/dev/ttyT0"},
		{"the lock is a symlink", dir, "/dev/ttyT1"},
		{"the lock is a directory", dir, "/dev/ttyT2"},
	} {
		os.Symlink("/etc/passwd", filepath.Join(dir, "LCK..ttyT1"))
		os.Mkdir(filepath.Join(dir, "LCK..ttyT2"), 0o755)
		for range 2 { // a failure leaves nothing locked
			_, err := Lock(c.dir, c.tty)
			if e := new(LockError); !errors.As(err, &e) || e.Err == nil || e.PID != 0 {
				t.Errorf("%s: got %v, want a LockError that says why", c.why, err)
			}
		}
	}
	wantFiles(t, dir, "LCK..ttyT1", "LCK..ttyT2")
}

func TestLockErrorText(t *testing.T) {
	for _, c := range []struct {
		e    LockError
		want []string
	}{
		{LockError{Path: "/dev/ttyS1", File: "/var/lock/LCK..ttyS1", PID: 12, Program: "minicom"}, []string{"/dev/ttyS1", "minicom", "12", "/var/lock/LCK..ttyS1"}},
		{LockError{Path: "/dev/ttyS1", PID: 12}, []string{"another program", "12"}},
		{LockError{Path: "/dev/ttyUSB2", PID: 12, Program: "ModemManager"}, []string{"ModemManager", "12", "mmcli", "--inhibit", "ID_MM_DEVICE_IGNORE"}},
		{LockError{Path: "/dev/ttyUSB2", Program: "ModemManager"}, []string{"another program (perhaps ModemManager);", "mmcli"}},
		{LockError{Path: "/dev/ttyUSB2"}, []string{"another program", "not known"}},
		{LockError{Path: "/dev/ttyUSB2", Err: os.ErrPermission}, []string{"can't be locked", "permission"}},
	} {
		for _, want := range c.want {
			if !strings.Contains(c.e.Error(), want) {
				t.Errorf("%q does not contain %q", c.e.Error(), want)
			}
		}
	}
}

// TestLockModel holds Lock, Relock and Unlock against the simplest idea of them:
// a map from names to pids, of which only living ones count.
func TestLockModel(t *testing.T) {
	dead, self, alive := deadPID(t), os.Getpid(), 1
	rapid.Check(t, func(r *rapid.T) {
		dir := must[string](t)(os.MkdirTemp(t.TempDir(), ""))
		file := map[string]int{}
		mine := map[string]*LockFile{}
		for range rapid.IntRange(1, 30).Draw(r, "steps") {
			tty := rapid.SampledFrom([]string{"ttyA", "ttyB"}).Draw(r, "tty")
			pid := rapid.SampledFrom([]int{dead, self, alive}).Draw(r, "pid")
			path := filepath.Join(dir, "LCK.."+tty)
			switch rapid.IntRange(0, 3).Draw(r, "step") {
			case 0:
				l, err := Lock(dir, "/dev/"+tty)
				free := mine[tty] == nil && file[tty] != alive
				if (err == nil) != free {
					r.Fatalf("Lock of %s: %v; the file has pid %d, mine: %v", tty, err, file[tty], mine[tty] != nil)
				}
				if free {
					mine[tty], file[tty] = l, self
				}
			case 1:
				if l := mine[tty]; l != nil {
					if err := l.Unlock(); (err == nil) != (file[tty] == l.pid) {
						r.Fatalf("Unlock of %s: %v; the file has pid %d, we left %d", tty, err, file[tty], l.pid)
					} else if err == nil {
						file[tty] = 0
					}
					mine[tty] = nil
				}
			case 2:
				if l := mine[tty]; l != nil {
					if err := l.Relock(pid); err != nil {
						r.Fatal(err)
					}
					file[tty] = pid
				}
			case 3: // another program comes
				os.WriteFile(path, appendLock(nil, pid), 0o644)
				file[tty] = pid
			}
			b, _ := os.ReadFile(path)
			if got, _ := parseLock(b); got != file[tty] {
				r.Fatalf("lock of %s has pid %d, want %d", tty, got, file[tty])
			}
		}
		for _, l := range mine {
			if l != nil {
				l.Unlock()
			}
		}
	})
}

func FuzzParseLock(f *testing.F) {
	for _, s := range []string{"", "        12\n", "12", "\x01\x02\x00\x00", "-3", "99999999999999999999\n", "1 x y"} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		pid, ok := parseLock(b)
		if pid < 0 || !ok && pid != 0 || ok && pid == 0 && len(b) > 0 {
			t.Fatalf("%q is read as %d, %v", b, pid, ok)
		}
		if pid > 0 {
			if again, ok := parseLock(appendLock(nil, pid)); again != pid || !ok {
				t.Fatalf("%d is read back as %d", pid, again)
			}
		}
	})
}

const (
	racers = 3
	rounds = 200
)

// TestLockRace lets processes race for one lock, some of which leave stale ones
// behind. A witness file tells when two have it at once.
func TestLockRace(t *testing.T) {
	dir := t.TempDir()
	dead := strconv.Itoa(deadPID(t))
	var all []*exec.Cmd
	var out [racers]strings.Builder
	for i := range racers {
		c := exec.Command(os.Args[0])
		c.Env = append(os.Environ(), role+"=racer", "RACE_DIR="+dir, "RACE_DEAD="+dead)
		c.Stdout, c.Stderr = &out[i], &out[i]
		if err := c.Start(); err != nil {
			t.Fatal(err)
		}
		all = append(all, c)
	}
	for i, c := range all {
		if err := c.Wait(); err != nil {
			t.Errorf("racer %d: %v: %s", i, err, out[i].String())
		}
	}
	os.Remove(filepath.Join(dir, "LCK..ttyR")) // the last one may be stale
	wantFiles(t, dir)
}

func race() error {
	dir := os.Getenv("RACE_DIR")
	dead, err := strconv.Atoi(os.Getenv("RACE_DEAD"))
	if err != nil {
		return err
	}
	witness := filepath.Join(dir, "witness")
	for won := 0; won < rounds; {
		l, err := Lock(dir, "/dev/ttyR")
		if err != nil {
			if e := new(LockError); !errors.As(err, &e) || e.Err != nil && !errors.Is(e.Err, errBusy) {
				return fmt.Errorf("round %d: %w", won, err)
			}
			continue
		}
		f, err := os.OpenFile(witness, os.O_CREATE|os.O_EXCL, 0o600)
		if err != nil {
			return fmt.Errorf("round %d: two have the lock: %w", won, err)
		}
		if err := errors.Join(f.Close(), os.Remove(witness)); err != nil {
			return err
		}
		won++
		if won%3 == 0 { // as if killed
			if err := l.Relock(dead); err != nil {
				return err
			}
			l.held = false
			l.disclaim()
			continue
		}
		if err := l.Unlock(); err != nil {
			return err
		}
	}
	return nil
}
