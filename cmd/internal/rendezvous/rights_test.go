package rendezvous

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"sync"
	"testing"

	"golang.org/x/sys/unix"

	"pppdial/cmd/internal/status"
)

// Who may do what, as table: the caller is known by its credentials, whatever
// its message says.
func TestRights(t *testing.T) {
	dir := runDir(t)
	const group = 2 // of the directory
	log := &syncBuffer{}
	h := &house{
		bundles: []status.Bundle{{Entry: "rmt"}},
		adopt: func(h *Handover) {
			h.Accept()
			h.Done(Result{Text: "ok"})
		},
	}
	if err := os.Mkdir(dir, 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.Chown(dir, -1, group); err != nil {
		t.Fatal(err)
	}
	accounts := accountFile(t, dir)
	listen(t, dir, Options{
		Anybody: true, Entry: func(label string) bool { return label == "bin" || label == "rmt" },
		Accounts: accounts, Log: slog.New(slog.NewTextHandler(log, nil)),
	}, h)
	_, name := pty(t)
	for _, c := range []struct {
		role, label string
		uid         uint32
		groups      []uint32
		denied      bool
	}{
		{"state", "", 0, nil, false},
		{"state", "", nobody, nil, true},
		{"state", "", nobody, []uint32{100, group}, false},
		{"state", "", group, nil, false}, // by the main group
		{"act", "rmt", 0, nil, false},
		{"act", "rmt", nobody, nil, true},
		{"act", "rmt", nobody, []uint32{group}, false},
		{"handover", "anything", 0, nil, false},
		{"handover", "nobody", nobody, nil, true}, // has another shell
		{"handover", "root", nobody, nil, true},
		{"handover", "anything", nobody, nil, true},           // no account
		{"handover", "daemon", nobody, nil, true},             // another's
		{"handover", "daemon", 1, nil, false},                 // has this program as its shell
		{"handover", "bin", 2, nil, false},                    // has an entry
		{"handover", "sys", 3, nil, true},                     // has no shell
		{"handover", "rmt", nobody, []uint32{0, group}, true}, // groups do not help
	} {
		o := play(t, c.uid, c.groups, c.role, task{Dir: dir, Label: c.label, TTY: name})
		if o.Denied != c.denied || (o.Error != "") != c.denied {
			t.Errorf("%s %q by uid %d, groups %v: %+v", c.role, c.label, c.uid, c.groups, o)
		}
	}
	want := fmt.Sprintf("permission denied: the login shell of nobody in %s is \"/usr/sbin/nologin\": write an entry nobody in the control file, or make ", accounts)
	if o := play(t, nobody, nil, "handover", task{Dir: dir, Label: "nobody", TTY: name}); !strings.HasPrefix(o.Error, want) {
		t.Errorf("nobody is told %q", o.Error)
	}
	// A message that says who it is, is lying or is not.
	raw := []byte(`{"version":1,"verb":"adopt","entry":"root","uid":0,"UID":0,"caller":{"uid":0}}` + "\n")
	if o := play(t, nobody, nil, "raw", task{Dir: dir, Raw: raw, TTY: name, Files: 1}); !strings.Contains(o.Answer, `"code":"denied"`) {
		t.Errorf("%+v", o)
	}
	if len(h.acts) != 2 {
		t.Errorf("%d acts", len(h.acts))
	}
	if s := log.String(); !strings.Contains(s, fmt.Sprintf("of uid %d", nobody)) || !strings.Contains(s, "request refused") {
		t.Errorf("log: %s", s)
	}
}

// accountFile has an account with this program as its login shell, daemon, and
// others.
func accountFile(t *testing.T, dir string) string {
	t.Helper()
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	shell := filepath.Join(filepath.Dir(dir), "ppp")
	if err := os.Symlink(self, shell); err != nil {
		t.Fatal(err)
	}
	name := filepath.Join(filepath.Dir(dir), "passwd")
	text := "nobody:x:65534:65534:nobody:/:/usr/sbin/nologin\nnobody:x:65534:65534:nobody:/:" + shell + "\n" +
		"bin:x:2:2:bin:/bin:/usr/sbin/nologin\nsys:x:3\ndaemon:x:1:1::/:" + shell + "\n"
	if err := os.WriteFile(name, []byte(text), 0o644); err != nil {
		t.Fatal(err)
	}
	return name
}

type syncBuffer struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (b *syncBuffer) Write(p []byte) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.b.Write(p)
}

func (b *syncBuffer) String() string {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.b.String()
}

// A user cannot keep a daemon from owning an entry.
func TestEntryCannotBeLockedByOthers(t *testing.T) {
	dir := runDir(t)
	s := listen(t, dir, Options{}, &house{})
	c, err := s.Claim("rmt")
	if err != nil {
		t.Fatal(err)
	}
	if o := play(t, nobody, nil, "lock", task{Dir: dir, Label: "rmt"}); !strings.Contains(o.Error, "permission denied") {
		t.Errorf("%+v", o)
	}
	var owned *OwnedError
	if _, err := s.Claim("rmt"); !errors.As(err, &owned) || owned.PID != os.Getpid() {
		t.Error(err)
	}
	if to, err := os.Readlink(filepath.Join(dir, "owner.rmt")); err != nil || to != socketName(os.Getpid()) {
		t.Error(to, err)
	}
	c.Release()
	if c, err = s.Claim("rmt"); err != nil {
		t.Fatal(err)
	}
	c.Release()
	if _, err := s.Claim(strings.Repeat("x", 300)); err == nil {
		t.Error("a label that makes no file name")
	}
}

// TestClaimFullDisk: an entry can be owned, by one alone, where no file has room for
// the pid.
func TestClaimFullDisk(t *testing.T) {
	dir := runDir(t)
	failed := make(chan error)
	go func() {
		runtime.LockOSThread() // the thread ends with its namespace
		failed <- func() error {
			if err := unix.Unshare(unix.CLONE_NEWNS); err != nil {
				return err
			}
			err := errors.Join(
				unix.Mount("none", "/", "", unix.MS_REC|unix.MS_PRIVATE, ""),
				os.Mkdir(dir, 0o755),
				unix.Mount("run", dir, "tmpfs", 0, "mode=755,size=1"),
				os.WriteFile(filepath.Join(dir, "log"), make([]byte, os.Getpagesize()), 0o600),
			)
			if err != nil {
				return err
			}
			s, err := Listen(dir, Options{}, &house{})
			if err != nil {
				return err
			}
			defer s.Close()
			c, err := s.Claim("rmt")
			if err != nil {
				return err
			}
			defer c.Release()
			var owned *OwnedError
			if _, err := s.Claim("rmt"); !errors.As(err, &owned) || owned.PID != 0 || strings.Contains(err.Error(), "pid") {
				t.Error(err)
			}
			return nil
		}()
	}()
	if err := <-failed; err != nil {
		t.Fatal(err)
	}
}

// Claims of one label that come and go: never two owners at a time.
func TestClaimRace(t *testing.T) {
	dir := runDir(t)
	s := listen(t, dir, Options{}, &house{})
	var owners, most int
	var mu sync.Mutex
	var wg sync.WaitGroup
	for range 8 {
		wg.Go(func() {
			for range 200 {
				c, err := s.Claim("rmt")
				if err != nil {
					continue
				}
				mu.Lock()
				owners++
				most = max(most, owners)
				mu.Unlock()
				mu.Lock()
				owners--
				mu.Unlock()
				c.Release()
			}
		})
	}
	wg.Wait()
	if most != 1 {
		t.Errorf("%d owners", most)
	}
}

// Directories that others can write to, or have made, are refused by both sides.
func TestPlace(t *testing.T) {
	base := filepath.Dir(runDir(t))
	_, name := pty(t)
	for want, prepare := range map[string]func(dir string) error{
		"is a symbolic link": func(dir string) error {
			if err := os.Mkdir(dir+".d", 0o755); err != nil {
				return err
			}
			return os.Symlink(dir+".d", dir)
		},
		"is no directory":                         func(dir string) error { return os.WriteFile(dir, nil, 0o644) },
		"belongs to uid 65534":                    func(dir string) error { return errors.Join(os.Mkdir(dir, 0o755), os.Chown(dir, nobody, -1)) },
		"can be written by others (mode 0777)":    func(dir string) error { return errors.Join(os.Mkdir(dir, 0o755), os.Chmod(dir, 0o777)) },
		"can be written by others (mode 0775)":    func(dir string) error { return errors.Join(os.Mkdir(dir, 0o755), os.Chmod(dir, 0o775)) },
		"no such file or directory":               func(dir string) error { return os.RemoveAll(base) },
		"is a symbolic link: remove it, or name ": func(dir string) error { return os.Symlink("/nonexistent", dir) },
	} {
		if err := os.MkdirAll(base, 0o755); err != nil {
			t.Fatal(err)
		}
		dir := filepath.Join(base, strings.ReplaceAll(want, " ", "-"))
		if err := prepare(dir); err != nil {
			t.Fatal(err)
		}
		if _, err := Listen(dir, Options{}, &house{}); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("want %q, got %v", want, err)
		}
		if strings.HasPrefix(want, "no such") {
			continue
		}
		if _, err := HandOver(t.Context(), dir, Line{Label: "x", TTY: openTTY(t, name)}); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("a client: want %q, got %v", want, err)
		}
	}
}

// Descriptors that are no lines, too many of them, none, and bytes that are no
// request: each is refused, and none stays open.
func TestBadMessages(t *testing.T) {
	dir := runDir(t)
	h := &house{adopt: func(h *Handover) { t.Errorf("was brought %+v", h); h.Decline() }}
	listen(t, dir, Options{Anybody: true}, h)
	far, name := pty(t)
	tty := openTTY(t, name)
	readOnly, err := os.Open(name)
	if err != nil {
		t.Fatal(err)
	}
	defer readOnly.Close()
	null, err := os.OpenFile(os.DevNull, os.O_RDWR, 0)
	if err != nil {
		t.Fatal(err)
	}
	defer null.Close()
	r, w, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	defer w.Close()
	const adopt = `{"version":1,"verb":"adopt","entry":"x"}` + "\n"
	before := descriptors(t)
	for _, c := range []struct {
		what, send string
		files      []*os.File
		want       string
	}{
		{"no descriptor", adopt, nil, "0 descriptors instead of one"},
		{"two", adopt, []*os.File{tty, tty}, "2 descriptors instead of one"},
		{"many", adopt, []*os.File{tty, tty, tty, tty, tty, tty, tty}, "too many descriptors"},
		{"a file", adopt, []*os.File{null}, "no tty"},
		{"a pipe", adopt, []*os.File{r}, "no tty"},
		{"the far side", adopt, []*os.File{far}, "no tty"},
		{"a tty for reading", adopt, []*os.File{readOnly}, "no tty"},
		{"a descriptor with another verb", `{"version":1,"verb":"state"}` + "\n", []*os.File{tty}, "a descriptor that nobody asked for"},
		{"no JSON", "GET / HTTP/1.0\n", nil, "malformed request"},
		{"another version", `{"version":2,"verb":"state"}` + "\n", nil, "version 2, where 1 is spoken"},
		{"two lines", adopt + adopt, nil, "more than one line"},
		{"a line without end", strings.Repeat("x", maxRequest+1), nil, "more than 65536 octets"},
		{"truncated", `{"version":1,`, []*os.File{tty}, "EOF"},
		{"nothing", "", nil, "EOF"},
	} {
		conn, err := net.DialUnix("unix", nil, &net.UnixAddr{Name: filepath.Join(dir, listenName), Net: "unix"})
		if err != nil {
			t.Fatal(err)
		}
		var fds []int
		for _, f := range c.files {
			raw, err := f.SyscallConn()
			if err != nil {
				t.Fatal(err)
			}
			raw.Control(func(fd uintptr) { fds = append(fds, int(fd)) })
		}
		if c.send != "" {
			if _, _, err := conn.WriteMsgUnix([]byte(c.send), unix.UnixRights(fds...), nil); err != nil {
				t.Fatal(c.what, err)
			}
		}
		conn.CloseWrite()
		var a answer
		if err := readAnswer(answers(conn), nil, &a); err != nil || !strings.Contains(a.Error, c.want) {
			t.Errorf("%s: %+v, %v", c.what, a, err)
		}
		conn.Close()
	}
	soon(t, "all descriptors closed", func() bool { return descriptors(t) <= before })
}

func descriptors(t *testing.T) int {
	t.Helper()
	all, err := os.ReadDir("/proc/self/fd")
	if err != nil {
		t.Fatal(err)
	}
	return len(all)
}

// A thousand connections that say nothing keep nobody else from being served,
// and a user has only so many.
func TestManyConnections(t *testing.T) {
	dir := runDir(t)
	s := listen(t, dir, Options{}, &house{bundles: []status.Bundle{{Entry: "rmt"}}})
	var conns []net.Conn
	for range 1000 {
		c, err := net.Dial("unix", filepath.Join(dir, s.name))
		if err != nil {
			t.Fatal(err)
		}
		conns = append(conns, c)
	}
	if o := play(t, 0, nil, "state", task{Dir: dir}); o.Answer != "rmt " {
		t.Errorf("%+v", o)
	}
	for _, c := range conns {
		c.Close()
	}
	soon(t, "the connections to be forgotten", func() bool {
		s.mu.Lock()
		defer s.mu.Unlock()
		return len(s.conns) == 0
	})
	user, root := Caller{UID: 1}, Caller{}
	for i := range maxPending + 1 {
		if got := s.enter(s.pending, user, maxPending); got != (i < maxPending) {
			t.Fatalf("connection %d: %v", i, got)
		}
		if !s.enter(s.pending, root, maxPending) {
			t.Fatal("root was sent away")
		}
	}
	for range maxPending {
		s.leave(s.pending, user)
	}
	if !s.enter(s.pending, user, maxPending) {
		t.Error("the connections of a user do not end")
	}
}

// All daemons together are the state; what does not answer is told.
func TestStateOfAll(t *testing.T) {
	dir := runDir(t)
	h := &house{bundles: []status.Bundle{{Entry: "b", Unit: 3}, {Entry: "a", Unit: 1}}}
	listen(t, dir, Options{}, h)
	doc, err := State(t.Context(), dir, Query{})
	if err != nil || len(doc.Bundles) != 2 || doc.Bundles[0].Entry != "a" || doc.Bundles[0].Links == nil {
		t.Errorf("%+v, %v", doc, err)
	}
	unit := 3
	doc, err = State(t.Context(), dir, Query{Target: Target{Unit: &unit}, Brief: true})
	if err != nil || len(doc.Bundles) != 1 || doc.Bundles[0].Entry != "b" || !h.queries[1].Brief {
		t.Errorf("%+v, %v", doc, err)
	}
	if err := Act(t.Context(), dir, Command{Target: Target{Entry: "a"}, Verb: Debug, Level: 2}); err != nil || h.acts[0].Level != 2 {
		t.Error(h.acts, err)
	}
	if err := Act(t.Context(), dir, Command{Target: Target{Entry: "zz"}, Verb: Up}); !errors.Is(err, ErrUnknown) {
		t.Error(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := State(ctx, dir, Query{}); !errors.Is(err, context.Canceled) {
		t.Error(err)
	}
}

// The group that the directory is given while a daemon runs may ask, and the one
// before may not.
func TestGroupChanges(t *testing.T) {
	const before, after = 2, 3
	dir := runDir(t)
	listen(t, dir, Options{}, &house{})
	may := func(group int) bool {
		t.Helper()
		if err := os.Chown(dir, -1, group); err != nil {
			t.Fatal(err)
		}
		o := play(t, nobody, []uint32{after}, "state", task{Dir: dir})
		if o.Denied != (o.Error != "") {
			t.Errorf("%+v", o)
		}
		return !o.Denied
	}
	if may(before) {
		t.Error("another group may ask")
	}
	if !may(after) {
		t.Error("the new group may not ask")
	}
	if may(before) {
		t.Error("the group that was may still ask")
	}
}
