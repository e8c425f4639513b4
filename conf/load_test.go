package conf

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"
)

// info is a file's owner and mode, as somebody else's machine may have them.
type info struct {
	mode fs.FileMode
	uid  uint32
}

func (i info) Name() string       { return "ppp.conf" }
func (i info) Size() int64        { return 0 }
func (i info) Mode() fs.FileMode  { return i.mode }
func (i info) ModTime() time.Time { return time.Time{} }
func (i info) IsDir() bool        { return i.mode.IsDir() }
func (i info) Sys() any           { return &syscall.Stat_t{Uid: i.uid} }

func TestGuarded(t *testing.T) {
	for _, tt := range []struct {
		path string
		info info
		want string
	}{
		{"/etc/ppp.conf", info{0o600, 0}, ""},
		{"/etc/ppp.conf", info{0o400, 0}, ""},
		{"/etc/ppp.conf", info{0o644, 0}, "conf: /etc/ppp.conf: has mode 0644 instead of 0600 or 0400; mend it with: chmod 600 /etc/ppp.conf"},
		{"/etc/ppp.conf", info{0o700, 0}, "conf: /etc/ppp.conf: has mode 0700 instead of 0600 or 0400; mend it with: chmod 600 /etc/ppp.conf"},
		{"/etc/ppp.conf", info{0o200, 0}, "conf: /etc/ppp.conf: has mode 0200 instead of 0600 or 0400; mend it with: chmod 600 /etc/ppp.conf"},
		{"/etc/ppp.conf", info{0o600 | fs.ModeSetuid, 0}, "conf: /etc/ppp.conf: has mode 0600 instead of 0600 or 0400; mend it with: chmod 600 /etc/ppp.conf"},
		{"/etc/ppp.conf", info{0o600, 1000}, "conf: /etc/ppp.conf: does not belong to root; mend it with: chown root /etc/ppp.conf"},
		{"-x y's", info{0o660, 1000}, `conf: -x y's: does not belong to root and has mode 0660 instead of 0600 or 0400; mend it with: chown root './-x y'\''s' && chmod 600 './-x y'\''s'`},
		{"/etc", info{0o600 | fs.ModeDir, 0}, "conf: /etc: not a regular file"},
		{"/dev/null", info{0o600 | fs.ModeDevice, 0}, "conf: /dev/null: not a regular file"},
	} {
		got := ""
		if err := guarded(tt.path, tt.info); err != nil {
			got = err.Error()
		}
		if got != tt.want {
			t.Errorf("%s %v %d:\n got %s\nwant %s", tt.path, tt.info.mode, tt.info.uid, got, tt.want)
		}
	}
}

func TestLoad(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, "ppp.conf")
	if _, _, err := Load(path); !errors.Is(err, fs.ErrNotExist) {
		t.Error("a missing file:", err)
	}
	if err := os.WriteFile(path, []byte("rmt mtu=1\n"), 0o644); err != nil {
		t.Fatal(err)
	}
	var owner *OwnerError
	if _, _, err := Load(path); !errors.As(err, &owner) || !strings.Contains(owner.Mend, "chmod 600 "+path) {
		t.Error("a file that all may read:", err)
	}
	fifo := filepath.Join(dir, "fifo")
	if err := syscall.Mkfifo(fifo, 0o600); err != nil {
		t.Fatal(err)
	}
	if _, _, err := Load(fifo); !errors.As(err, &owner) {
		t.Error("a named pipe without a writer:", err)
	}
	if err := os.Chmod(path, 0o600); err != nil {
		t.Fatal(err)
	}
	f, ds, err := house().Load(path)
	if os.Getuid() != 0 {
		if !errors.As(err, &owner) || owner.Mend != "chown root "+path {
			t.Error("a file that is not root's:", err)
		}
		return
	}
	if err != nil {
		t.Fatal(err)
	}
	if want := path + ":1:5: error: mtu=1: out of range; give 68 to 65535\n"; ds.String() != want || f.Name != path {
		t.Errorf("got %q, want %q", ds, want)
	}
	if err := os.WriteFile(path, make([]byte, maxFile+1), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, _, err := Load(path); err == nil || !strings.Contains(err.Error(), "larger than any control file") {
		t.Error("a file beyond measure:", err)
	}
}
