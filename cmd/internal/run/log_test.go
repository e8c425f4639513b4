package run

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"log/slog"
	"net"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"syscall"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"pppdial/mp"
)

func TestLevelFor(t *testing.T) {
	for debug, want := range map[int]slog.Level{-1: slog.LevelInfo, 0: slog.LevelInfo, 1: slog.LevelDebug, 2: mp.LevelPacket, 3: mp.LevelBytes, 9: mp.LevelBytes} {
		if got := levelFor(debug); got != want {
			t.Errorf("%d: level %d, want %d", debug, got, want)
		}
	}
}

// readAll gives what a logger has written to a file by tell.
func readAll(t *testing.T, tell func(stderr *os.File)) string {
	t.Helper()
	f, err := os.Create(filepath.Join(t.TempDir(), "stderr"))
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	tell(f)
	b, err := os.ReadFile(f.Name())
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

func TestPlainLog(t *testing.T) {
	t.Setenv("JOURNAL_STREAM", "")
	got := readAll(t, func(stderr *os.File) {
		level := new(slog.LevelVar)
		log := newLogger(level, stderr, false).With("entry", "rmt")
		log.Debug("not yet")
		level.Set(slog.LevelDebug)
		log.Debug("dialing", "number", "555 1234")
		log.With("line", "/dev/ttyS0").Info("up", "local", "10.0.0.1", "name", "")
		log.Warn("odd\x1b[2J\nthing", "said", "a\r\nb")
		log.Error("bad")
	})
	got = regexp.MustCompile(`(?m)^\d\d:\d\d:\d\d\.\d\d\d `).ReplaceAllString(got, "TIME ")
	want := `TIME rmt: dialing number="555 1234"
TIME rmt: /dev/ttyS0: up local=10.0.0.1 name=""
TIME warn: rmt: odd` + "\ufffd[2J\ufffd" + `thing said="a\r\nb"
TIME error: rmt: bad
`
	if got != want {
		t.Errorf("got\n%s\nwant\n%s", got, want)
	}
}

// socket listens where a logger sends to.
func socket(t *testing.T, path *string) *net.UnixConn {
	t.Helper()
	old := *path
	*path = filepath.Join(t.TempDir(), "log")
	t.Cleanup(func() { *path = old })
	c, err := net.ListenUnixgram("unixgram", &net.UnixAddr{Name: *path, Net: "unixgram"})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { c.Close() })
	c.SetReadDeadline(time.Now().Add(10 * time.Second))
	return c
}

func datagram(t *testing.T, c *net.UnixConn) string {
	t.Helper()
	b := make([]byte, 1<<16)
	n, err := c.Read(b)
	if err != nil {
		t.Fatal(err)
	}
	return string(b[:n])
}

// nowhere is where nobody listens.
func nowhere(t *testing.T, path *string) {
	old := *path
	*path = filepath.Join(t.TempDir(), "none")
	t.Cleanup(func() { *path = old })
}

// TestJournal: where JOURNAL_STREAM names stderr, events go to the journal
// with fields; the level is syslog's number.
func TestJournal(t *testing.T) {
	c := socket(t, &journalSocket)
	got := readAll(t, func(stderr *os.File) {
		fi, err := stderr.Stat()
		if err != nil {
			t.Fatal(err)
		}
		st := fi.Sys().(*syscall.Stat_t)
		t.Setenv("JOURNAL_STREAM", fmt.Sprintf("%d:%d", st.Dev, st.Ino))
		log := newLogger(slog.LevelInfo, stderr, false).With("entry", "rmt")
		log.Warn("careful", "echo-fails", 3)
		log.Info("two", "text", "a\nb")
	})
	if got != "" {
		t.Errorf("stderr has %q", got)
	}
	if got, want := datagram(t, c), "MESSAGE=rmt: careful echo-fails=3\nPRIORITY=4\nSYSLOG_IDENTIFIER=ppp\nPPP_ENTRY=rmt\nPPP_ECHO_FAILS=3\n"; got != want {
		t.Errorf("got  %q\nwant %q", got, want)
	}
	var several bytes.Buffer
	several.WriteString("MESSAGE=rmt: two text=\"a\\nb\"\nPRIORITY=6\nSYSLOG_IDENTIFIER=ppp\nPPP_ENTRY=rmt\nPPP_TEXT\n")
	binary.Write(&several, binary.LittleEndian, uint64(3))
	several.WriteString("a\nb\n")
	if got, want := datagram(t, c), several.String(); got != want {
		t.Errorf("got  %q\nwant %q", got, want)
	}
}

// TestForeignJournalStream: the variable outlives a redirection of stderr.
func TestForeignJournalStream(t *testing.T) {
	socket(t, &journalSocket)
	for _, value := range []string{"1:2", "nonsense", ":"} {
		t.Setenv("JOURNAL_STREAM", value)
		got := readAll(t, func(stderr *os.File) { newLogger(slog.LevelInfo, stderr, false).Info("here") })
		if !strings.HasSuffix(got, " here\n") {
			t.Errorf("%s: stderr has %q", value, got)
		}
	}
}

// TestLineIsNoLog: not a byte goes to stderr where that is the line.
func TestLineIsNoLog(t *testing.T) {
	t.Setenv("JOURNAL_STREAM", "")
	t.Run("journal", func(t *testing.T) {
		c := socket(t, &journalSocket)
		if got := readAll(t, func(stderr *os.File) { newLogger(slog.LevelInfo, stderr, true).Info("up") }); got != "" {
			t.Errorf("the line gets %q", got)
		}
		if got := datagram(t, c); !strings.HasPrefix(got, "MESSAGE=up\n") {
			t.Errorf("the journal gets %q", got)
		}
	})
	t.Run("syslog", func(t *testing.T) {
		nowhere(t, &journalSocket)
		c := socket(t, &syslogSocket)
		if got := readAll(t, func(stderr *os.File) { newLogger(slog.LevelInfo, stderr, true).Error("bad") }); got != "" {
			t.Errorf("the line gets %q", got)
		}
		if got, want := datagram(t, c), regexp.MustCompile(`^<27>[A-Z][a-z]{2} [ \d]\d \d\d:\d\d:\d\d ppp\[\d+\]: bad$`); !want.MatchString(got) {
			t.Errorf("syslog gets %q", got)
		}
	})
	t.Run("neither", func(t *testing.T) {
		nowhere(t, &journalSocket)
		nowhere(t, &syslogSocket)
		if got := readAll(t, func(stderr *os.File) { newLogger(slog.LevelInfo, stderr, true).Error("bad") }); got != "" {
			t.Errorf("the line gets %q", got)
		}
	})
}

// TestSameTTY: only one and the same terminal counts.
func TestSameTTY(t *testing.T) {
	_, a := openPTY(t)
	_, b := openPTY(t)
	null, err := os.Open(os.DevNull)
	if err != nil {
		t.Fatal(err)
	}
	defer null.Close()
	for _, tt := range []struct {
		x, y *os.File
		want bool
	}{{a, a, true}, {a, b, false}, {a, null, false}, {null, null, false}} {
		if got := sameTTY(tt.x, tt.y); got != tt.want {
			t.Errorf("%s, %s: %v", tt.x.Name(), tt.y.Name(), got)
		}
	}
}

// openPTY makes a terminal: s, whose other end is m.
func openPTY(t *testing.T) (m, s *os.File) {
	t.Helper()
	m, err := os.OpenFile("/dev/ptmx", os.O_RDWR|unix.O_NOCTTY, 0)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { m.Close() })
	n, err := unix.IoctlGetInt(int(m.Fd()), unix.TIOCGPTN)
	if err == nil {
		err = unix.IoctlSetPointerInt(int(m.Fd()), unix.TIOCSPTLCK, 0)
	}
	if err != nil {
		t.Fatal(err)
	}
	s, err = os.OpenFile(fmt.Sprintf("/dev/pts/%d", n), os.O_RDWR|unix.O_NOCTTY, 0)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { s.Close() })
	return m, s
}
