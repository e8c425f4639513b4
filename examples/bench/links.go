package main

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"time"

	"golang.org/x/sys/unix"
)

// pty makes a raw pseudo-terminal.
func pty() (master, slave *os.File, err error) {
	m, err := unix.Open("/dev/ptmx", unix.O_RDWR|unix.O_NOCTTY|unix.O_CLOEXEC, 0)
	if err != nil {
		return nil, nil, err
	}
	master = os.NewFile(uintptr(m), "/dev/ptmx")
	if err := unix.IoctlSetPointerInt(m, unix.TIOCSPTLCK, 0); err != nil {
		return nil, nil, err
	}
	n, err := unix.IoctlGetInt(m, unix.TIOCGPTN)
	if err != nil {
		return nil, nil, err
	}
	s, err := unix.Open(fmt.Sprintf("/dev/pts/%d", n), unix.O_RDWR|unix.O_NOCTTY|unix.O_CLOEXEC, 0)
	if err != nil {
		return nil, nil, err
	}
	slave = os.NewFile(uintptr(s), fmt.Sprintf("/dev/pts/%d", n))
	t, err := unix.IoctlGetTermios(s, unix.TCGETS)
	if err != nil {
		return nil, nil, err
	}
	t.Iflag, t.Oflag, t.Lflag = 0, 0, 0
	t.Cc[unix.VMIN], t.Cc[unix.VTIME] = 1, 0
	return master, slave, unix.IoctlSetTermios(s, unix.TCSETS, t)
}

func socketPair() (a, b *os.File, err error) {
	fds, err := unix.Socketpair(unix.AF_UNIX, unix.SOCK_STREAM|unix.SOCK_CLOEXEC, 0)
	if err != nil {
		return nil, nil, err
	}
	return os.NewFile(uintptr(fds[0]), "socket"), os.NewFile(uintptr(fds[1]), "socket"), nil
}

// between joins two hosts by a line, with the same child at both ends.
func (b *bench) between(child string, line func() (a, b *os.File, err error)) (p *pair, err error) {
	if p, err = b.newPair(); err != nil {
		return nil, err
	}
	defer p.closeAfter(&err)
	one, other, err := line()
	if err != nil {
		return nil, err
	}
	defer one.Close()
	defer other.Close()
	near, err := p.run(p.near, []string{b.self, child, nearAddr, farAddr}, one)
	if err != nil {
		return nil, err
	}
	far, err := p.run(p.far, []string{b.self, child, farAddr, nearAddr}, other)
	if err != nil {
		return nil, err
	}
	p.pids = func() (n, f []int) { return []int{near.pid()}, []int{far.pid()} }
	if err := p.awaitPing(); err != nil {
		return nil, near.said(far.said(err))
	}
	return p, nil
}

// byPPP joins two hosts by the program: one calls the other by as many lines.
func (b *bench) byPPP(lines int) (p *pair, err error) {
	if p, err = b.newPair(); err != nil {
		return nil, err
	}
	defer p.closeAfter(&err)
	write := func(h *host, text string) (file string, err error) {
		file = filepath.Join(h.dir, "ppp.conf")
		return file, os.WriteFile(file, []byte(text+"\n"), 0o600)
	}
	common := fmt.Sprintf("-ccp mindevs=%d outdevs=%[1]d maxdevs=%[1]d", lines)
	farFile, err := write(p.far, fmt.Sprintf("bench localhost=%s remotehost=%s %s", farAddr, nearAddr, common))
	if err != nil {
		return nil, err
	}
	var devices []string
	for i := range lines {
		shell := p.far.inside(b, fmt.Sprintf("pid%d", i), b.program, "-f", farFile)
		devices = append(devices, fmt.Sprintf("device='exec:USER=bench RUNTIME_DIRECTORY=%s exec %s'", p.far.dir, strings.Join(shell, " ")))
	}
	nearFile, err := write(p.near, fmt.Sprintf("bench out localhost=%s remotehost=%s %s %s", nearAddr, farAddr, common, strings.Join(devices, " ")))
	if err != nil {
		return nil, err
	}
	near, err := p.run(p.near, []string{b.program, "-r", "bench", "-f", nearFile})
	if err != nil {
		return nil, err
	}
	p.pids = func() (n, f []int) {
		for i := range lines {
			if pid, err := readPID(filepath.Join(p.far.dir, fmt.Sprintf("pid%d", i))); err == nil {
				f = append(f, pid)
			}
		}
		return []int{near.pid()}, f
	}
	if err = p.awaitPing(); err == nil {
		err = p.awaitLines(lines, near)
	}
	if err != nil {
		return nil, near.said(err)
	}
	return p, nil
}

// awaitLines waits until so many lines are joined.
func (p *pair) awaitLines(lines int, near *process) error {
	for began := time.Now(); time.Since(began) < patience; {
		if strings.Count(near.log.String(), "link joined") >= lines {
			return nil
		}
		if err := p.pause(50 * time.Millisecond); err != nil {
			return err
		}
	}
	return fmt.Errorf("%d lines do not join", lines)
}
