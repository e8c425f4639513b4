package lab

import (
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

// xstate is a library for the kernel's process, which makes it run on a
// processor with more registers than it knows.
//
//go:embed host/xstate.c
var xstate string

// The guest's serial lines of our own use. On lifeLine nothing is ever sent: it
// ends when this process does, however that ends.
const (
	controlLine = MaxLines
	lifeLine    = MaxLines + 1
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
	var theirs []*os.File // the guest's descriptors from 3 on
	defer func() {
		for _, f := range theirs {
			f.Close()
		}
	}()
	pass := func(f *os.File) int {
		theirs = append(theirs, f)
		return 2 + len(theirs)
	}
	ctl, r, w, err := newChannel()
	if err != nil {
		return fmt.Errorf("control channel: %w", err)
	}
	g.ctl = newControl(ctl)
	ctlR, ctlW := pass(r), pass(w)
	aliveR, alive, err := os.Pipe()
	if err != nil {
		return fmt.Errorf("sign of life: %w", err)
	}
	args := []string{
		"mem=" + o.Mem, "uml_dir=" + g.dir + "/uml", "umid=lab",
		"rootfstype=hostfs", "rootflags=/", "ro", "init=" + g.dir + "/init",
		"con=null", "con0=null,fd:1", "quiet", "ssl=null",
		fmt.Sprintf("ssl%d=fd:%d,fd:%d", controlLine, ctlR, ctlW),
		fmt.Sprintf("ssl%d=fd:%d,null", lifeLine, pass(aliveR)),
		// words the kernel does not know become the environment of its init
		"LABDIR=" + g.dir, "LIFE=" + strconv.Itoa(int(o.Life.Seconds())),
		"CONTROL=/dev/ttyS" + strconv.Itoa(controlLine), "ALIVE=/dev/ttyS" + strconv.Itoa(lifeLine),
	}
	for i := range o.Lines {
		ch, r, w, err := newChannel()
		if err != nil {
			alive.Close()
			return fmt.Errorf("line %d: %w", i, err)
		}
		arg := fmt.Sprintf("ssl%d=fd:%d,fd:%d", i, pass(r), pass(w))
		g.lines = append(g.lines, &Line{g: g, index: i, config: "config " + arg, ch: ch})
		args = append(args, arg)
	}
	if err := g.run(kernel, args, theirs); err != nil {
		alive.Close()
		return err
	}
	go g.nurse(alive)
	return nil
}

// nurse keeps the kernel's lines awake until its process ends.
func (g *Guest) nurse(alive *os.File) {
	ended := make(chan struct{})
	go func() {
		_ = g.kernel.Wait() // the guest has powered itself off, or not: nothing hangs on its status
		close(ended)
	}()
	t := time.NewTicker(nursing)
	defer t.Stop()
	for {
		select {
		case <-t.C:
			g.ctl.ch.kick()
			for _, l := range g.lines {
				l.ch.kick()
			}
		case <-ended:
			alive.Close()
			g.release()
			close(g.exited)
			return
		}
	}
}

// release gives back what connects us to the kernel; who waits for it is freed.
func (g *Guest) release() {
	if g.ctl != nil {
		g.ctl.ch.close()
	}
	for _, l := range g.lines {
		l.close()
	}
}

// run starts the kernel's process, under a shell that removes the run directory
// if we are no more when it ends. What it prints is the console.
func (g *Guest) run(kernel string, args []string, files []*os.File) error {
	console, err := os.Create(filepath.Join(g.dir, "console.log"))
	if err != nil {
		return err
	}
	defer console.Close()
	lib := filepath.Join(g.dir, "xstate.so")
	compile := exec.Command("gcc", "-O2", "-shared", "-fPIC", "-o", lib, "-x", "c", "-")
	compile.Stdin = strings.NewReader(xstate)
	if out, err := compile.CombinedOutput(); err != nil {
		return fmt.Errorf("%s, which gcc and libc6-dev make: %w\n%s", lib, err, out)
	}
	c := exec.Command("/bin/sh", append([]string{"-c", `"$@"; kill -0 $PPID || rm -rf "$0"`, g.dir, kernel}, args...)...)
	c.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	c.Stdout, c.Stderr = console, console
	c.ExtraFiles = files
	c.Env = append(os.Environ(), "TMPDIR="+memDir(), "LD_PRELOAD="+lib)
	if err := c.Start(); err != nil {
		return err
	}
	g.kernel = c
	return nil
}

// stopKernel powers the guest off and waits for its process; one that does not
// obey is killed.
func (g *Guest) stopKernel() error {
	if g.kernel == nil {
		g.release()
		return nil
	}
	_ = g.ctl.send("poweroff", 0, "") // it may have ended by itself: the process tells
	select {
	case <-g.exited:
		return nil
	case <-time.After(10 * time.Second):
	}
	if err := g.kill(); err != nil {
		return fmt.Errorf("lab: end of the kernel: %w", err)
	}
	<-g.exited
	return errors.New("lab: the guest did not power off, and was killed")
}

// kill ends the kernel and the processes that hold its user space. They are a
// process group of their own once it is on its way.
func (g *Guest) kill() error {
	group := g.kernel.Process.Pid
	if text, err := os.ReadFile(filepath.Join(g.dir, "uml", "lab", "pid")); err == nil {
		if group, err = strconv.Atoi(strings.TrimSpace(string(text))); err != nil {
			return err
		}
	}
	return syscall.Kill(-group, syscall.SIGKILL)
}
