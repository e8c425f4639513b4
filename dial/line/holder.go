package line

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"

	"golang.org/x/sys/unix"
)

// programOf is the name of a process; "" when it can't be known.
func programOf(pid int) string {
	b, err := os.ReadFile(fmt.Sprintf("/proc/%d/comm", pid))
	if err != nil {
		return ""
	}
	return strings.TrimSpace(string(b))
}

// runs tells whether there is a process of that name; everybody sees it, whoever's
// it is.
func runs(program string) bool {
	names, _ := filepath.Glob("/proc/[0-9]*/comm")
	return slices.ContainsFunc(names, func(name string) bool {
		b, err := os.ReadFile(name)
		return err == nil && strings.TrimSpace(string(b)) == program
	})
}

// userOf finds another process that has the device open; 0 when none can be
// seen. Those of other users, and of more privileges, only CAP_SYS_PTRACE shows.
func userOf(path string) int {
	links, _ := filepath.Glob("/proc/[0-9]*/fd/*")
	self := os.Getpid()
	for _, link := range links {
		if to, err := os.Readlink(link); err != nil || to != path {
			continue
		}
		pid, err := strconv.Atoi(strings.Split(link, "/")[2])
		if err == nil && pid != self {
			return pid
		}
	}
	return 0
}

// InUse tells whether another process has the tty open, whether it has locked it or
// not. The error is a *LockError; only root sees the processes of other users. A pty
// does not count: its maker often has it open as well.
func InUse(path string) error {
	node, err := filepath.EvalSymlinks(path)
	if err != nil {
		return nil // opening it tells more
	}
	var st unix.Stat_t
	if err := unix.Stat(node, &st); err != nil || isPTY(uint64(st.Rdev)) {
		return nil
	}
	pid := userOf(node)
	if pid == 0 {
		return nil
	}
	return &LockError{Path: path, PID: pid, Program: programOf(pid)}
}

// flockerOf finds the process that holds flock(2) on the file; 0 when it can't
// be known.
func flockerOf(fd int) int {
	var st unix.Stat_t
	if unix.Fstat(fd, &st) != nil {
		return 0
	}
	b, err := os.ReadFile("/proc/locks")
	if err != nil {
		return 0
	}
	file := fmt.Sprintf("%02x:%02x:%d", unix.Major(uint64(st.Dev)), unix.Minor(uint64(st.Dev)), st.Ino)
	for line := range strings.Lines(string(b)) {
		// "1: FLOCK  ADVISORY  WRITE 1234 00:05:67 0 EOF"
		f := strings.Fields(line)
		if len(f) >= 6 && f[1] == "FLOCK" && f[5] == file {
			pid, _ := strconv.Atoi(f[4])
			return max(pid, 0)
		}
	}
	return 0
}
