package main

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"strings"
	"syscall"
	"time"
)

// A process is the calling ppp, with its log on our output.
type process struct {
	cmd    *exec.Cmd
	dir    string
	lines  chan string
	exited chan struct{}
}

// start starts it. Dir is where it keeps its state, and is left out of what
// it says.
func start(program string, args []string, dir string) (*process, error) {
	p := &process{cmd: exec.Command(program, args...), dir: dir, lines: make(chan string, 1000), exited: make(chan struct{})}
	p.cmd.Env = append(os.Environ(), "RUNTIME_DIRECTORY="+dir)
	log, err := p.cmd.StderrPipe()
	if err != nil {
		return nil, err
	}
	if err := p.cmd.Start(); err != nil {
		return nil, err
	}
	go p.read(log)
	return p, nil
}

func (p *process) read(log io.Reader) {
	for s := bufio.NewScanner(log); s.Scan(); {
		fmt.Println("  ", strings.ReplaceAll(s.Text(), p.dir+"/", ""))
		select {
		case p.lines <- s.Text():
		default:
		}
	}
	p.cmd.Wait()
	close(p.exited)
}

// await waits for a line of the log.
func (p *process) await(ctx context.Context, text string) error {
	for {
		select {
		case line := <-p.lines:
			if strings.Contains(line, text) {
				return nil
			}
		case <-p.exited:
			return errors.New("ppp has ended, its last line tells why")
		case <-ctx.Done():
			return fmt.Errorf("no %q in the log of ppp: %w", text, ctx.Err())
		}
	}
}

// end asks ppp to end and returns its exit status.
func (p *process) end(ctx context.Context) (int, error) {
	p.cmd.Process.Signal(syscall.SIGTERM)
	select {
	case <-p.exited:
		return p.cmd.ProcessState.ExitCode(), nil
	case <-ctx.Done():
		return 0, fmt.Errorf("ppp does not end: %w", ctx.Err())
	}
}

// stop ends ppp, whatever it takes.
func (p *process) stop() {
	p.cmd.Process.Signal(syscall.SIGTERM)
	select {
	case <-p.exited:
	case <-time.After(15 * time.Second):
		p.cmd.Process.Kill()
		<-p.exited
	}
}
