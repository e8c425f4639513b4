package lab

import (
	"context"
	"embed"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"time"

	"golang.org/x/sys/unix"
)

// guestFiles are the scripts that run in the guest: init, its first process,
// which becomes agent, the far end of the control channel; and the echo server.
//
//go:embed guest/init guest/agent guest/echo
var guestFiles embed.FS

// controlLine and heartLine are the guest's serial lines of our own use.
const (
	controlLine = MaxLines
	heartLine   = MaxLines + 1
)

// The kernel learns of a ready descriptor by SIGIO and then asks epoll once; on
// a host with several processors the signal may come before epoll knows, and
// the line sleeps until something else happens. The heartbeat, a byte on a line
// of its own, makes the kernel ask again; see Line.nurse for what else it needs.
const (
	heartbeat = 10 * time.Millisecond
	nursing   = 20 * time.Millisecond
)

// runDir makes the run directory, with the guest's scripts in it. It is not in
// /dev: the guest's kernel mounts its own /dev before it runs init.
func runDir() (string, error) {
	parent := os.TempDir()
	if strings.HasPrefix(parent+"/", "/dev/") {
		parent = "/var/tmp"
	}
	dir, err := os.MkdirTemp(parent, "pppdial-lab-")
	if err != nil {
		return "", err
	}
	for _, name := range []string{"init", "agent", "echo"} {
		text, err := guestFiles.ReadFile("guest/" + name)
		if err == nil {
			err = os.WriteFile(filepath.Join(dir, name), text, 0o700)
		}
		if err != nil {
			return dir, err
		}
	}
	return dir, nil
}

// memDir is where the kernel maps the guest's memory from: of the usual places
// the first that has room and lets us execute.
func memDir() string {
	for _, dir := range []string{"/dev/shm", os.TempDir(), "/var/tmp"} {
		var s unix.Statfs_t
		if unix.Access(dir, unix.W_OK) == nil && unix.Statfs(dir, &s) == nil &&
			s.Flags&unix.ST_NOEXEC == 0 && s.Bavail*uint64(s.Bsize) >= 512<<20 {
			return dir
		}
	}
	return os.TempDir()
}

// startKernel starts the kernel's process and what keeps its lines awake.
func (g *Guest) startKernel(o Options) error {
	kernel, err := find("linux.uml")
	if err != nil {
		return err
	}
	pair, err := unix.Socketpair(unix.AF_UNIX, unix.SOCK_STREAM|unix.SOCK_CLOEXEC|unix.SOCK_NONBLOCK, 0)
	if err != nil {
		return fmt.Errorf("control channel: %w", err)
	}
	ours, theirs := os.NewFile(uintptr(pair[0]), "control"), os.NewFile(uintptr(pair[1]), "control of the guest")
	defer theirs.Close()
	g.ctl = newControl(ours)
	pulseR, pulse, err := os.Pipe()
	if err != nil {
		return fmt.Errorf("heartbeat: %w", err)
	}
	defer pulseR.Close()
	console, err := os.Create(filepath.Join(g.dir, "console.log"))
	if err != nil {
		pulse.Close()
		return err
	}
	defer console.Close()

	args := []string{
		"mem=" + o.Mem, "uml_dir=" + g.dir + "/uml", "umid=lab",
		"rootfstype=hostfs", "rootflags=/", "ro", "init=" + g.dir + "/init",
		"con=null", "con0=null,fd:1", "quiet",
		"ssl=null",
		fmt.Sprintf("ssl%d=fd:3,fd:3", controlLine), fmt.Sprintf("ssl%d=fd:4,null", heartLine),
		// words the kernel does not know become the environment of its init
		"LABDIR=" + g.dir, "LIFE=" + strconv.Itoa(int(o.Life.Seconds())),
		"CONTROL=/dev/ttyS" + strconv.Itoa(controlLine), "HEART=/dev/ttyS" + strconv.Itoa(heartLine),
	}
	for i, l := range g.lines {
		args = append(args, fmt.Sprintf("ssl%d=tty:%s", i, l.link))
	}
	g.kernel = exec.Command(kernel, args...)
	g.kernel.Stdout, g.kernel.Stderr = console, console
	g.kernel.ExtraFiles = []*os.File{theirs, pulseR}
	g.kernel.Env = append(os.Environ(), "TMPDIR="+memDir())
	if err := g.kernel.Start(); err != nil {
		pulse.Close()
		return err
	}
	go func() {
		_ = g.kernel.Wait() // the guest has powered itself off, or not: nothing hangs on its status
		close(g.exited)
		ours.Close()
		pulse.Close()
	}()
	ctx, stop := context.WithCancel(context.Background())
	g.stop = stop
	go every(ctx, heartbeat, func() { _, _ = pulse.Write([]byte{0}) })
	go every(ctx, nursing, func() {
		for _, l := range g.lines {
			l.nurse()
		}
	})
	return nil
}

func every(ctx context.Context, period time.Duration, f func()) {
	t := time.NewTicker(period)
	defer t.Stop()
	for {
		select {
		case <-t.C:
			f()
		case <-ctx.Done():
			return
		}
	}
}

// stopKernel powers the guest off and waits for its process; one that does not
// obey gets signals.
func (g *Guest) stopKernel() error {
	if g.kernel == nil || g.kernel.Process == nil {
		if g.ctl != nil {
			return g.ctl.file.Close()
		}
		return nil
	}
	defer g.stop()
	_ = g.ctl.send("poweroff", 0, "") // it may be gone already: the process tells
	for _, sig := range []syscall.Signal{0, syscall.SIGTERM, syscall.SIGKILL} {
		if sig != 0 {
			if err := g.kernel.Process.Signal(sig); err != nil && !errors.Is(err, os.ErrProcessDone) {
				return fmt.Errorf("lab: %w", err)
			}
		}
		select {
		case <-g.exited:
			return g.reap()
		case <-time.After(5 * time.Second):
		}
	}
	return errors.New("lab: the kernel does not end")
}

// reap ends what a killed kernel may have left: the processes that hold the
// guest's user space name its memory file's directory no more, but their
// command line is the kernel's.
func (g *Guest) reap() error {
	procs, err := filepath.Glob("/proc/[0-9]*/cmdline")
	if err != nil {
		return err
	}
	for _, p := range procs {
		line, err := os.ReadFile(p)
		if err != nil || !strings.Contains(string(line), "\x00init="+g.dir+"/init\x00") {
			continue
		}
		pid, err := strconv.Atoi(strings.Split(p, "/")[2])
		if err != nil {
			continue
		}
		if err := syscall.Kill(pid, syscall.SIGKILL); err != nil && !errors.Is(err, syscall.ESRCH) {
			return fmt.Errorf("lab: process %d of the guest: %w", pid, err)
		}
	}
	return nil
}
