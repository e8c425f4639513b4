package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"time"

	"golang.org/x/sys/unix"

	"pppdial/route/routetest/traffic"
)

const (
	nearAddr = "10.20.30.2"
	farAddr  = "10.20.30.1"
	patience = 20 * time.Second
)

// A host is a machine: a network namespace and a directory.
type host struct {
	*traffic.Net
	ns  *os.File
	dir string
}

func newHost(dir string) (*host, error) {
	n, err := traffic.New()
	if err != nil {
		return nil, err
	}
	h := &host{Net: n, dir: dir}
	err = n.Do(func() (err error) {
		h.ns, err = os.Open("/proc/thread-self/ns/net")
		return err
	})
	return h, errors.Join(err, os.MkdirAll(dir, 0o755))
}

func (h *host) close() {
	h.ns.Close()
	h.Net.Close()
}

// inside is the command that runs a program on the host; its pid will be in
// the file.
func (h *host) inside(b *bench, pidFile string, args ...string) []string {
	return append([]string{b.self, "-in", fmt.Sprintf("/proc/%d/fd/%d", os.Getpid(), h.ns.Fd()), filepath.Join(h.dir, pidFile)}, args...)
}

// A process runs on a host until it is stopped.
type process struct {
	cmd   *exec.Cmd
	log   journal
	ended chan struct{}
}

// A journal is what a process has said so far.
type journal struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (j *journal) Write(b []byte) (int, error) {
	j.mu.Lock()
	defer j.mu.Unlock()
	return j.b.Write(b)
}

func (j *journal) String() string {
	j.mu.Lock()
	defer j.mu.Unlock()
	return j.b.String()
}

// prepare is a process that launch starts.
func (h *host) prepare(args []string) *process {
	p := &process{cmd: exec.Command(args[0], args[1:]...), ended: make(chan struct{})}
	p.cmd.Env = append(os.Environ(), "RUNTIME_DIRECTORY="+h.dir, "STATE_DIRECTORY="+h.dir)
	p.cmd.Stderr = &p.log
	return p
}

func (h *host) launch(p *process) error {
	if err := h.Do(p.cmd.Start); err != nil {
		return err
	}
	go func() { p.cmd.Wait(); close(p.ended) }()
	return nil
}

// start starts a program on the host; files are its descriptors from 3 on.
func (h *host) start(args []string, files ...*os.File) (*process, error) {
	p := h.prepare(args)
	p.cmd.ExtraFiles = files
	return p, h.launch(p)
}

func (p *process) pid() int { return p.cmd.Process.Pid }

// stop ends the process, whatever it takes.
func (p *process) stop() {
	p.cmd.Process.Signal(syscall.SIGTERM)
	select {
	case <-p.ended:
	case <-time.After(patience):
		p.cmd.Process.Kill()
		<-p.ended
	}
}

// said explains an error by what the process has said.
func (p *process) said(err error) error {
	p.stop()
	return fmt.Errorf("%w\n%s", err, &p.log)
}

// A pair is two hosts with a link between them.
type pair struct {
	ctx       context.Context
	near, far *host
	running   []*process
	pids      func() (near, far []int) // of the programs at the ends
}

func (b *bench) newPair() (*pair, error) {
	dir, err := os.MkdirTemp(b.dir, "pair")
	if err != nil {
		return nil, err
	}
	p := &pair{ctx: b.ctx}
	if p.near, err = newHost(dir + "/near"); err != nil {
		return nil, err
	}
	p.far, err = newHost(dir + "/far")
	return p, err
}

// pause waits; the error is that of a bench that is told to end.
func (p *pair) pause(d time.Duration) error {
	select {
	case <-time.After(d):
		return nil
	case <-p.ctx.Done():
		return context.Cause(p.ctx)
	}
}

// closeAfter closes a pair that something has gone wrong with.
func (p *pair) closeAfter(err *error) {
	if *err != nil {
		p.close()
	}
}

func (p *pair) close() {
	for _, q := range p.running {
		q.cmd.Process.Signal(syscall.SIGTERM)
	}
	for _, q := range p.running {
		q.stop()
	}
	p.near.close()
	p.far.close()
}

// run starts a program that close stops.
func (p *pair) run(h *host, args []string, files ...*os.File) (*process, error) {
	q, err := h.start(args, files...)
	if err == nil {
		p.running = append(p.running, q)
	}
	return q, err
}

// awaitPing waits until the far end answers.
func (p *pair) awaitPing() error {
	for began := time.Now(); ; {
		ping := exec.CommandContext(p.ctx, "ping", "-c", "1", "-W", "1", farAddr)
		err := p.near.Do(ping.Run)
		if err == nil {
			return nil
		}
		if time.Since(began) > patience {
			return fmt.Errorf("the link does not come up: %w", err)
		}
		if err := p.pause(100 * time.Millisecond); err != nil {
			return err
		}
	}
}

// cpuTime is what a process has used, by the clock of clock_getcpuclockid(3):
// /proc/PID/stat counts ticks of 10 ms.
func cpuTime(pid int) (time.Duration, error) {
	const scheduled = 2 // CPUCLOCK_SCHED
	var t unix.Timespec
	if err := unix.ClockGettime(^int32(pid)<<3|scheduled, &t); err != nil {
		return 0, fmt.Errorf("CPU time of process %d: %w", pid, err)
	}
	return time.Duration(t.Nano()), nil
}

// cpuTimes is the sum over several.
func cpuTimes(pids []int) (sum time.Duration, err error) {
	for _, pid := range pids {
		t, err := cpuTime(pid)
		if err != nil {
			return 0, err
		}
		sum += t
	}
	return sum, nil
}

// resident is a process's resident memory in octets.
func resident(pid int) (int, error) {
	b, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", pid))
	if err != nil {
		return 0, err
	}
	_, rest, _ := strings.Cut(string(b), "VmRSS:")
	size, _, _ := strings.Cut(strings.TrimSpace(rest), " ")
	kb, err := strconv.Atoi(size)
	return kb << 10, err
}

// readPID reads what enter has written.
func readPID(file string) (int, error) {
	b, err := os.ReadFile(file)
	if err != nil {
		return 0, err
	}
	return strconv.Atoi(string(b))
}
