package lab

import (
	"context"
	"fmt"
	"strings"
	"sync"
	"time"
)

// Process is a command that runs, or ran, in the guest in a session of its own.
type Process struct {
	g    *Guest
	id   uint32
	name string // what to call it in errors

	mu      sync.Mutex
	changed chan struct{} // closed and replaced whenever something below changes
	out     []byte
	marks   []mark // when the pieces of out arrived
	done    bool
	status  int
	err     error // the guest went away before the command ended
}

// launch has the guest do something that is answered as a command is.
func (g *Guest) launch(verb, name, body string) (*Process, error) {
	p := &Process{g: g, name: name, changed: make(chan struct{})}
	if err := g.ctl.start(p, verb, body); err != nil {
		return nil, fmt.Errorf("lab: start %s: %w", name, err)
	}
	return p, nil
}

type mark struct {
	off int
	at  time.Time
}

// Output returns what the process has written to stdout and stderr so far.
func (p *Process) Output() string {
	p.mu.Lock()
	defer p.mu.Unlock()
	return string(p.out)
}

// Log is Output with each line after the time of its arrival, by our clock.
func (p *Process) Log() string {
	p.mu.Lock()
	defer p.mu.Unlock()
	var b strings.Builder
	off, m := 0, 0
	for line := range strings.Lines(string(p.out)) {
		for m+1 < len(p.marks) && p.marks[m+1].off <= off {
			m++
		}
		fmt.Fprintf(&b, "%s %s", p.marks[m].at.Format("15:04:05.000"), line)
		off += len(line)
	}
	return b.String()
}

// LogTime returns when the first line that contains text arrived, by our clock.
func (p *Process) LogTime(text string) (time.Time, bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	at := strings.Index(string(p.out), text)
	if at < 0 {
		return time.Time{}, false
	}
	var t time.Time
	for _, m := range p.marks {
		if m.off > at {
			break
		}
		t = m.at
	}
	return t, true
}

// WaitLog waits until the output contains text.
func (p *Process) WaitLog(text string, timeout time.Duration) error {
	ctx, cancel := context.WithTimeout(context.Background(), timeout)
	defer cancel()
	found := false
	err := p.await(ctx, func() bool {
		found = strings.Contains(string(p.out), text)
		return found || p.done
	})
	switch {
	case found:
		return nil
	case err == nil:
		return fmt.Errorf("lab: %s ended (%s) without %q in its output:\n%s", p.name, p.fate(), text, p.Log())
	default:
		return fmt.Errorf("lab: %s: no %q in its output after %v: %w:\n%s", p.name, text, timeout, err, p.Log())
	}
}

// Wait waits for the end of the process and returns its exit status; that of a
// signal is 128 and its number, as in the shell.
func (p *Process) Wait(ctx context.Context) (status int, err error) {
	if err := p.await(ctx, func() bool { return p.done }); err != nil {
		return 0, fmt.Errorf("lab: %s has not ended: %w:\n%s", p.name, err, p.Log())
	}
	if p.err != nil {
		return 0, fmt.Errorf("lab: %s: %w", p.name, p.err)
	}
	return p.status, nil
}

// Signal sends the signal of this name ("TERM", "HUP") to the process alone. A
// process that has ended does not mind.
func (p *Process) Signal(name string) error { return p.g.ctl.send("kill", p.id, name) }

// Kill ends the process and its children, and waits until it has ended.
func (p *Process) Kill() error {
	if err := p.Signal("-KILL"); err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
	defer cancel()
	_, err := p.Wait(ctx)
	return err
}

// await waits until cond, called with the lock held, is true.
func (p *Process) await(ctx context.Context, cond func() bool) error {
	for {
		p.mu.Lock()
		ok, changed := cond(), p.changed
		p.mu.Unlock()
		if ok {
			return nil
		}
		select {
		case <-changed:
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}

// fate says in words how a process that is done ended.
func (p *Process) fate() string {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.err != nil {
		return p.err.Error()
	}
	return fmt.Sprintf("status %d", p.status)
}

// update changes the state under the lock and tells those who wait.
func (p *Process) update(f func()) {
	p.mu.Lock()
	defer p.mu.Unlock()
	f()
	close(p.changed)
	p.changed = make(chan struct{})
}

// output and ended are called by the reader of the control channel.
func (p *Process) output(at time.Time, b []byte) {
	p.update(func() {
		p.marks = append(p.marks, mark{len(p.out), at})
		p.out = append(p.out, b...)
	})
}

func (p *Process) ended(status int, err error) {
	p.update(func() { p.done, p.status, p.err = true, status, err })
}
