package line

import (
	"bufio"
	"bytes"
	"errors"
	"io"
	"log/slog"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"
)

func openCommand(t *testing.T, command string, o Options) *Line {
	t.Helper()
	l, err := OpenCommand(t.Context(), command, o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { l.Close() })
	l.SetReadDeadline(time.Now().Add(10 * time.Second))
	return l
}

func TestCommandIsTransparent(t *testing.T) {
	l := openCommand(t, "cat", Options{})
	if _, err := l.Write(allBytes()); err != nil {
		t.Fatal(err)
	}
	wantRead(t, l, allBytes())
	if l.Name() != "exec:cat" {
		t.Errorf("the line's name is %q", l.Name())
	}
}

func TestCommandEnds(t *testing.T) {
	var log bytes.Buffer
	o := Options{Env: []string{"WORD=peace"}, Log: slog.New(slog.NewTextHandler(&log, nil))}
	l := openCommand(t, `echo first >&2; printf "last $WORD" >&2; printf data; exit 3`, o)
	got, err := io.ReadAll(l)
	if string(got) != "data" {
		t.Errorf("before the end came %q", got)
	}
	e := new(CommandError)
	if !errors.As(err, &e) || !errors.As(err, new(*DownError)) || e.Status != "exit status 3" || e.Said != "last peace" {
		t.Errorf("the end: %v, want its exit status and its last words", err)
	}
	l.Close()
	for _, want := range []string{"first", "last peace"} {
		if !strings.Contains(log.String(), want) {
			t.Errorf("the log lacks %q: %s", want, log.String())
		}
	}
}

func TestCommandCloses(t *testing.T) {
	t.Parallel()
	for _, command := range []string{
		`sleep 1000 & echo $!; wait`,
		`trap "" TERM HUP; echo $$; while :; do sleep 1000; done`,
		`sleep 1000 & echo $!; exit`,
	} {
		t.Run(command, func(t *testing.T) {
			t.Parallel()
			l := openCommand(t, command, Options{})
			text, err := bufio.NewReader(l).ReadString('\n')
			if err != nil {
				t.Fatal(err)
			}
			pid := must[int](t)(strconv.Atoi(strings.TrimSpace(text)))
			l.Close()
			if running(pid) {
				t.Errorf("process %d survives Close", pid)
			}
		})
	}
}

// TestCommandTidiesUp: what a command does after the end of its input is not
// disturbed.
func TestCommandTidiesUp(t *testing.T) {
	t.Parallel()
	tidy := filepath.Join(t.TempDir(), "tidy")
	l := openCommand(t, `trap 'exit 1' TERM HUP; while read x; do :; done; sleep 0.5; : >`+tidy, Options{})
	if _, err := l.Write([]byte("x\n")); err != nil {
		t.Fatal(err)
	}
	l.Close()
	if _, err := os.Stat(tidy); err != nil {
		t.Error(err)
	}
}

// running tells whether a process does anything any more; one that waits to be
// reaped does not.
func running(pid int) bool {
	for end := time.Now().Add(5 * time.Second); time.Now().Before(end); time.Sleep(time.Millisecond) {
		b, err := os.ReadFile("/proc/" + strconv.Itoa(pid) + "/stat")
		if err != nil || strings.Contains(string(b), ") Z ") {
			return false
		}
	}
	return true
}

func TestCommandIsFreed(t *testing.T) {
	l := openCommand(t, "cat", Options{})
	done := make(chan error)
	go func() {
		_, err := l.Read(make([]byte, 1))
		done <- err
	}()
	l.Close()
	select {
	case err := <-done:
		if err == nil {
			t.Error("a read ended without an error")
		}
	case <-time.After(5 * time.Second):
		t.Error("Close does not free a read")
	}
}

func TestLastLine(t *testing.T) {
	w := lastLine{log: slog.New(slog.DiscardHandler)}
	for _, s := range []string{"one\ntw", "o\r\n\n", strings.Repeat("x", 2*maxErrorLine), "\nend"} {
		if n, err := w.Write([]byte(s)); n != len(s) || err != nil {
			t.Errorf("Write: %d, %v", n, err)
		}
	}
	if got := w.last(); got != "end" {
		t.Errorf("last line is %q", got)
	}
	w.Write([]byte(strings.Repeat("y", 10*maxErrorLine)))
	if got := w.last(); len(got) != maxErrorLine {
		t.Errorf("a long line is kept with %d bytes", len(got))
	}
}

// TestLastLineHides: what chat(8) says it sends tells no secret, however it comes
// in pieces.
func TestLastLineHides(t *testing.T) {
	const said = "timeout set to 3 seconds\nabort on (BUSY)\nsend (AT+CPIN=4711^M)\nexpect (OK)\n^M\nAT+CPIN=4711^M^M\nOK\n -- got it\n\n" +
		"send (ATDT1^M)\nexpect (ogin:)\nlogin:\n -- got it\n\nsend (mynam^M)\nexpect (ssword:)\n mynam^M\nPassword:\n -- got it\n\n" +
		"send (Zugang77^M)\nexpect (PPP)\n Zugang77^M\nsorry, Zugang77"
	for _, size := range []int{1, 7, len(said)} {
		var log bytes.Buffer
		w := lastLine{log: slog.New(slog.NewTextHandler(&log, nil))}
		for piece := range slices.Chunk([]byte(said), size) {
			w.Write(piece)
		}
		if got := w.last(); got != "sorry, ******" {
			t.Errorf("in pieces of %d: last line is %q", size, got)
		}
		for _, secret := range []string{"4711", "Zugang"} {
			if strings.Contains(log.String(), secret) {
				t.Errorf("in pieces of %d: the log shows %s:\n%s", size, secret, log.String())
			}
		}
		for _, want := range []string{"send (******)", "send (ATDT1^M)", "send (mynam^M)", "expect (ssword:)"} {
			if !strings.Contains(log.String(), want) {
				t.Errorf("in pieces of %d: the log lacks %s:\n%s", size, want, log.String())
			}
		}
	}
}

func TestFirstWord(t *testing.T) {
	for command, want := range map[string]string{
		"cat": "cat", "PASS=x sshpass -e ssh host": "sshpass", "cat; exit 4": "cat", "/opt/a=b/c d": "/opt/a=b/c", "": "sh", "A=1": "sh",
		"PASS='open sesame' cmd x": "cmd", `PASS="open \" sesame" A='b\' cmd`: "cmd", `PASS=open\ sesame cmd`: "cmd",
		"PASS='open sesame cmd": "sh", " cat": "cat", "  ": "sh",
	} {
		if got := firstWord(command); got != want {
			t.Errorf("%q: %q, want %q", command, got, want)
		}
	}
}
