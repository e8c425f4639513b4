package hooks

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"strings"
	"sync"
	"syscall"
	"time"
)

const (
	killWait = 2 * time.Second // from SIGTERM to SIGKILL
	tailWait = time.Second     // for the last words of a command, at the end
	lineSize = 1 << 10         // longer lines of output are cut
)

// shell is how a command is started. The arguments are $1 to $6; a command that
// is only the name of a program gets them as its own.
func shell(text string, args []string) *exec.Cmd {
	if !strings.ContainsAny(text, " \t\n;|&<>()$`\\\"'*?[#~=%{}!") {
		text += ` "$@"`
	}
	return exec.Command("/bin/sh", append([]string{"-c", text, "sh"}, args...)...)
}

// command runs one command to its end. What it leaves running in the
// background is left alone, unless it had to be killed.
func (r *Runner) command(ctx context.Context, name, text string, l Link) {
	out, w, err := os.Pipe()
	if err != nil {
		r.log.Error(name+" cannot be run", "error", err)
		return
	}
	cmd := shell(text, l.args())
	cmd.Env, cmd.Dir = l.env(), "/"
	cmd.Stdout, cmd.Stderr = w, w
	cmd.SysProcAttr = &syscall.SysProcAttr{Setsid: true}
	err = cmd.Start()
	w.Close()
	if err != nil {
		out.Close()
		r.log.Error(name+" cannot be run", "error", err)
		return
	}
	r.pipes.read(out, func(line string) { r.log.Info(name + ": " + line) })
	r.log.Debug(name+" begins", "pid", cmd.Process.Pid)
	began := time.Now()

	ended := make(chan error, 1)
	go func() { ended <- cmd.Wait() }()
	deadline := time.NewTimer(r.limit)
	defer deadline.Stop()
	select {
	case err = <-ended:
	case <-deadline.C:
		err = kill(cmd, ended, fmt.Errorf("killed: it ran for %v", r.limit))
	case <-ctx.Done():
		err = kill(cmd, ended, errGone)
	}
	if err != nil {
		r.log.Warn(name+" failed", "error", err, "after", time.Since(began).Round(time.Millisecond))
		return
	}
	r.log.Debug(name+" ended", "after", time.Since(began).Round(time.Millisecond))
}

var errGone = errors.New("killed: the program ends")

// kill ends the command with all that it has started, politely first.
func kill(cmd *exec.Cmd, ended <-chan error, why error) error {
	syscall.Kill(-cmd.Process.Pid, syscall.SIGTERM)
	timer := time.NewTimer(killWait)
	defer timer.Stop()
	select {
	case <-ended:
		syscall.Kill(-cmd.Process.Pid, syscall.SIGKILL)
	case <-timer.C:
		syscall.Kill(-cmd.Process.Pid, syscall.SIGKILL)
		<-ended
	}
	return why
}

// pipes are the outputs of commands and of what they have left running.
type pipes struct {
	mu   sync.Mutex
	open map[*os.File]bool
	wg   sync.WaitGroup
}

// read hands out the lines of f until all its writers are gone.
func (p *pipes) read(f *os.File, line func(string)) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.open == nil {
		p.open = map[*os.File]bool{}
	}
	p.open[f] = true
	p.wg.Go(func() {
		b := bufio.NewReaderSize(f, lineSize)
		for {
			s, more, err := b.ReadLine()
			if text := strings.TrimSpace(string(s)); text != "" {
				line(text)
			}
			for more && err == nil {
				_, more, err = b.ReadLine()
			}
			if err != nil {
				break
			}
		}
		p.mu.Lock()
		defer p.mu.Unlock()
		delete(p.open, f)
		f.Close()
	})
}

// close waits a little for the last lines, and then no longer.
func (p *pipes) close() {
	p.mu.Lock()
	for f := range p.open {
		f.SetReadDeadline(time.Now().Add(tailWait))
	}
	p.mu.Unlock()
	p.wg.Wait()
}
