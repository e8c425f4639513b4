package main

import (
	"io"
	"os/exec"
	"strings"
	"syscall"
	"testing"
	"time"

	tea "charm.land/bubbletea/v2"
	"github.com/charmbracelet/x/ansi"
	"golang.org/x/sys/unix"
)

// onTerminal runs the program on a terminal of a size until something is to be
// seen, and returns all that it has drawn.
func onTerminal(t *testing.T, cmd *exec.Cmd, size unix.Winsize, until string) string {
	t.Helper()
	far, near := pty(t)
	defer far.Close()
	if err := unix.IoctlSetWinsize(int(far.Fd()), unix.TIOCSWINSZ, &size); err != nil {
		t.Fatal(err)
	}
	cmd.Stdin, cmd.Stdout, cmd.Stderr = near, near, near
	cmd.SysProcAttr = &syscall.SysProcAttr{Setsid: true, Setctty: true}
	err := cmd.Start()
	near.Close()
	if err != nil {
		t.Fatal(err)
	}
	defer time.AfterFunc(20*time.Second, func() { cmd.Process.Kill() }).Stop()
	var all strings.Builder
	buf := make([]byte, 4096)
	for quit := false; ; {
		n, err := far.Read(buf)
		all.Write(buf[:n])
		if err != nil {
			break // the program has ended
		}
		if !quit && strings.Contains(ansi.Strip(all.String()), until) {
			io.WriteString(far, "q")
			quit = true
		}
	}
	if err := cmd.Wait(); err != nil {
		t.Errorf("%v: %q", err, all.String())
	}
	return all.String()
}

// A terminal that does not know its size is drawn on all the same.
func TestTerminalWithoutSize(t *testing.T) {
	dir, _ := house(t)
	cmd := pppstat(t, dir)
	cmd.Env = append(cmd.Env, "LINES=", "COLUMNS=")
	const footer = "q quit"
	if got := ansi.Strip(onTerminal(t, cmd, unix.Winsize{}, footer)); !strings.Contains(got, footer) {
		t.Errorf("no %q in %q", footer, got)
	}
}

// It has the size that the environment tells, or else the usual one.
func TestWindowSize(t *testing.T) {
	for _, c := range []struct {
		size           tea.WindowSizeMsg
		lines, columns string
		want           tea.WindowSizeMsg
	}{
		{tea.WindowSizeMsg{}, "", "", tea.WindowSizeMsg{Width: 80, Height: 24}},
		{tea.WindowSizeMsg{}, "40", "100", tea.WindowSizeMsg{Width: 100, Height: 40}},
		{tea.WindowSizeMsg{Width: 120}, "40", "100", tea.WindowSizeMsg{Width: 120, Height: 40}},
		{tea.WindowSizeMsg{Width: 120, Height: 50}, "40", "100", tea.WindowSizeMsg{Width: 120, Height: 50}},
		{tea.WindowSizeMsg{}, "-1", "x", tea.WindowSizeMsg{Width: 80, Height: 24}},
		{tea.WindowSizeMsg{}, "0", "99999", tea.WindowSizeMsg{Width: 80, Height: 24}},
	} {
		t.Setenv("LINES", c.lines)
		t.Setenv("COLUMNS", c.columns)
		if got := sized(nil, c.size); got != c.want {
			t.Errorf("%v with %q lines and %q columns: %v, want %v", c.size, c.lines, c.columns, got, c.want)
		}
	}
}

// A terminal that can do nothing but print gets text.
func TestDumbTerminal(t *testing.T) {
	dir, _ := house(t)
	for _, term := range []string{"dumb", ""} {
		cmd := pppstat(t, dir)
		cmd.Env = append(cmd.Env, "TERM="+term)
		got := onTerminal(t, cmd, unix.Winsize{Row: 24, Col: 80}, "q quit")
		if !strings.HasPrefix(got, "rmt  ppp1  unit 1") || strings.Contains(got, "\x1b") {
			t.Errorf("TERM=%s: %q", term, got)
		}
	}
}
