// Package lab is the laboratory: a real pppd on a real Linux kernel as the far
// end of serial lines, for tests and measurements.
//
// Boot starts Debian's user-mode-linux kernel (ppp_generic with multilink,
// ppp_async, bsd_comp, ppp_deflate) as an ordinary process whose root is the
// host's, read-only; Debian's pppd runs in it. One guest serves a whole test
// binary: boot it in TestMain, then start as many pppds as wanted, one after
// another or at once, each on a serial line of its own:
//
//	conn, err := guest.Line(0).Attach()        // our end of the line
//	p, err := guest.PPPD(ctx, 0, "debug", "noauth", "10.9.0.1:10.9.0.2")
//	...                                        // speak PPP on conn
//	err = p.WaitEvent("ip-up", 10*time.Second)
//
// Attach before the pppd is started, or its first Configure-Request goes the
// way of all stale bytes. Tests that run in parallel keep apart by lines and,
// where addresses collide, by network namespaces of the guest (Guest.Netns).
//
// A Guest and all that comes from it may be used by any goroutine. The package
// depends on nothing of ours, so that any floor's tests may use it.
package lab

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"sync"
	"time"
)

// MaxLines is the number of serial lines a guest can have: the kernel's
// sixteen less the control channel and the sign of life.
const MaxLines = 14

// Options of a guest; the zero value is one line for a quarter of an hour.
type Options struct {
	Lines int           // serial lines /dev/ttyS0..., default 1, at most MaxLines
	Mem   string        // memory as the kernel wants it, default "128M"
	Life  time.Duration // the guest powers itself off after so long, default 15 minutes
}

// Guest is a running kernel with pppd. Its Netns is the initial network
// namespace: Run, Background and PPPD work there.
type Guest struct {
	Netns
	BootTime time.Duration // from the start of the process to the first answer

	dir    string // run directory; the guest sees it read-write as /mnt
	lines  []*Line
	ctl    *control
	kernel *exec.Cmd
	exited chan struct{} // closed when the kernel's process has ended
	once   sync.Once

	consoleMu sync.Mutex // one command for the kernel at a time
}

// Boot starts a guest and waits until it answers (about two seconds). Missing
// packages are an error that names the command which installs them.
func Boot(ctx context.Context, o Options) (g *Guest, err error) {
	if o.Lines == 0 {
		o.Lines = 1
	}
	if o.Lines < 0 || o.Lines > MaxLines {
		return nil, fmt.Errorf("lab: %d lines, possible are 1 to %d", o.Lines, MaxLines)
	}
	if o.Mem == "" {
		o.Mem = "128M"
	}
	if o.Life == 0 {
		o.Life = 15 * time.Minute
	}
	if err := checkPackages(); err != nil {
		return nil, err
	}
	began := time.Now()
	g = &Guest{exited: make(chan struct{})}
	g.Netns.g = g
	defer func() {
		if err != nil {
			err = errors.Join(fmt.Errorf("lab: boot: %w", err), g.Close())
			g = nil
		}
	}()
	if g.dir, err = runDir(); err != nil {
		return g, err
	}
	if err := g.startKernel(o); err != nil {
		return g, err
	}
	if err := g.ctl.hello(ctx, g.exited); err != nil {
		return g, fmt.Errorf("%w\n%s", err, g.Console())
	}
	g.BootTime = time.Since(began)
	return g, nil
}

// Line returns the guest's serial line /dev/ttySi.
func (g *Guest) Line(i int) *Line { return g.lines[i] }

// Console returns what the kernel and the guest's first process have printed.
func (g *Guest) Console() string {
	b, err := os.ReadFile(filepath.Join(g.dir, "console.log"))
	if err != nil {
		return err.Error()
	}
	return string(b)
}

// Dir is the host's name of the directory that the guest sees as /mnt. A file
// written there under a new name can be read in the guest at once, and the
// other way round once it is closed.
func (g *Guest) Dir() string { return g.dir }

// Secrets replaces the guest's chap-secrets and pap-secrets.
func (g *Guest) Secrets(ctx context.Context, chap, pap string) error {
	for name, text := range map[string]string{"chap-secrets": chap, "pap-secrets": pap} {
		if err := g.WriteFile(ctx, "/etc/ppp/"+name, []byte(text)); err != nil {
			return err
		}
	}
	return nil
}

// WriteFile makes a file of mode 0600 in the guest.
func (g *Guest) WriteFile(ctx context.Context, path string, data []byte) error {
	f, err := os.CreateTemp(g.dir, "put")
	if err != nil {
		return fmt.Errorf("lab: write %s: %w", path, err)
	}
	defer os.Remove(f.Name())
	if _, err = f.Write(data); err == nil {
		err = f.Close()
	}
	if err != nil {
		return fmt.Errorf("lab: write %s: %w", path, err)
	}
	out, status, err := g.Run(ctx, "umask 077; cat /mnt/"+filepath.Base(f.Name())+" > "+quote(path))
	if err == nil && status != 0 {
		err = errors.New(out)
	}
	if err != nil {
		return fmt.Errorf("lab: write %s: %w", path, err)
	}
	return nil
}

// ReadFile reads a file of the guest.
func (g *Guest) ReadFile(ctx context.Context, path string) ([]byte, error) {
	out, status, err := g.Run(ctx, "cat "+quote(path))
	if err == nil && status != 0 {
		err = errors.New(out)
	}
	if err != nil {
		return nil, fmt.Errorf("lab: read %s: %w", path, err)
	}
	return []byte(out), nil
}

// Close ends the guest and removes its directory. It may be called again.
func (g *Guest) Close() error {
	var err error
	g.once.Do(func() {
		err = g.stopKernel()
		if g.dir != "" {
			err = errors.Join(err, os.RemoveAll(g.dir))
		}
	})
	return err
}
