package radius

import (
	"bytes"
	"encoding/json"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
)

func newTestLog(t *testing.T) *slog.Logger { return slog.New(slog.NewTextHandler(t.Output(), nil)) }

func TestReadSecret(t *testing.T) {
	dir := t.TempDir()
	files := 0
	file := func(text string, mode os.FileMode) string {
		t.Helper()
		files++
		name := filepath.Join(dir, fmt.Sprint(files))
		if err := os.WriteFile(name, []byte(text), mode); err != nil {
			t.Fatal(err)
		}
		if err := os.Chmod(name, mode); err != nil {
			t.Fatal(err)
		}
		return name
	}
	fifo := filepath.Join(dir, "fifo")
	if err := syscall.Mkfifo(fifo, 0o600); err != nil {
		t.Fatal(err)
	}
	foreign := file("foreign\n", 0o600)
	if os.Geteuid() == 0 {
		if err := os.Chown(foreign, 1, 1); err != nil {
			t.Fatal(err)
		}
	}
	for _, c := range []struct{ file, want, err string }{
		{file("s3cret\n# not read\n", 0o600), "s3cret", ""},
		{file("dos\r\n", 0o400), "dos", ""},
		{file("no end", 0o600), "no end", ""},
		{file(" with blanks \n", 0o600), " with blanks ", ""},
		{file("group\n", 0o640), "", "others may read or write it (mode 0640); mend it with: chmod 600"},
		{file("\nsecond\n", 0o600), "", "its first line, which is the secret, is empty"},
		{file("", 0o600), "", "its first line, which is the secret, is empty"},
		{file(strings.Repeat("x", maxSecretFile+1), 0o600), "", "is too long for a secret"},
		{filepath.Join(dir, "none"), "", "no such file"},
		{dir, "", "is no regular file"},
		{fifo, "", "is no regular file"},
		{foreign, "", "belongs to somebody else; mend it with: chown root"},
	} {
		if c.file == foreign && os.Geteuid() != 0 {
			continue // only root can give files away
		}
		s, err := ReadSecret(c.file)
		if (err == nil) != (c.err == "") || err != nil && !strings.Contains(err.Error(), c.err) || string(s.octets) != c.want {
			t.Errorf("%s: %q, %v; want %q, %q", c.file, s.octets, err, c.want, c.err)
		}
	}
}

// However a secret is printed, and whatever it is part of, it does not show.
func TestSecretNeverPrints(t *testing.T) {
	s := NewSecret(testSecret)
	cfg := Config{Servers: []Server{{"a", 1812, s}}}
	var log bytes.Buffer
	l := slog.New(slog.NewJSONHandler(&log, nil))
	l.Info("x", "secret", s, "server", cfg.Servers[0], "config", cfg.Servers)
	j, err := json.Marshal(cfg.Servers)
	if err != nil {
		t.Fatal(err)
	}
	p := newPort(cfg.Servers[0], 0, l)
	for _, text := range []string{log.String(), string(j), fmt.Sprintf("%v %+v %#v %s %q %x %d", s, s, s, s, s, s, s),
		fmt.Sprintf("%v %+v %#v", cfg, cfg, cfg), fmt.Sprintf("%v %s", p, p)} {
		if strings.Contains(text, testSecret) || strings.Contains(text, fmt.Sprintf("%x", testSecret)) || strings.Contains(text, fmt.Sprint([]byte(testSecret))) {
			t.Errorf("the secret shows in %q", text)
		}
	}
}
