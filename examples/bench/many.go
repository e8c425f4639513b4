package main

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	"golang.org/x/sys/unix"

	"pppdial/route/tun"
)

// many is what a bundle costs a daemon that serves ever more of them: lines of
// login shells, each an entry and an interface of its own.
func (b *bench) many() (rows []row, err error) {
	for n := 1; n <= b.bundles; n *= 10 {
		r, err := b.crowd(n)
		if err != nil {
			return rows, err
		}
		rows = append(rows, r)
	}
	return rows, nil
}

// A caller is the far end of one of many lines, in this process.
type caller struct {
	dev    *tun.Mem
	up     chan struct{}
	failed chan error
	addr   [2][4]byte // ours, the daemon's
}

const (
	crowdPings = 50
	upPatience = 2 * time.Minute
)

func (b *bench) crowd(n int) (row, error) {
	p, err := b.newPair()
	if err != nil {
		return row{}, err
	}
	defer p.close()
	var text strings.Builder
	for i := range n {
		fmt.Fprintf(&text, "u%d in localhost=10.%d.%d.1 remotehost=10.%[2]d.%[3]d.2 -ccp\n", i, 100+i/250, i%250)
	}
	file := filepath.Join(p.near.dir, "ppp.conf")
	if err := os.WriteFile(file, []byte(text.String()), 0o600); err != nil {
		return row{}, err
	}
	daemon, err := p.run(p.near, []string{b.program, "-l", "-f", file})
	if err != nil {
		return row{}, err
	}
	if err := p.settle(daemon); err != nil {
		return row{}, err
	}
	base, err := resident(daemon.pid())
	if err != nil {
		return row{}, err
	}
	began, err := cpuTime(daemon.pid())
	if err != nil {
		return row{}, err
	}
	callers := make([]*caller, n)
	for i := range callers {
		if callers[i], err = b.callIn(p, file, i); err != nil {
			return row{}, daemon.said(err)
		}
		if i%8 == 7 { // a few at a time
			if err := callers[i].await(b.ctx); err != nil {
				return row{}, daemon.said(err)
			}
		}
	}
	for _, c := range callers {
		if err := c.await(b.ctx); err != nil {
			return row{}, daemon.said(err)
		}
	}
	up, err := cpuTime(daemon.pid())
	if err != nil {
		return row{}, err
	}
	for seq := range crowdPings {
		for _, c := range callers {
			if err := c.dev.Send(c.echoRequest(seq)); err != nil {
				return row{}, err
			}
		}
		for _, c := range callers {
			if err := c.awaitPacket(b.ctx); err != nil {
				return row{}, err
			}
		}
	}
	pinged, err := cpuTime(daemon.pid())
	if err != nil {
		return row{}, err
	}
	size, err := resident(daemon.pid())
	perPing := (pinged - up) / time.Duration(n*crowdPings)
	return row{
		fmt.Sprintf("daemon with %d bundles", n),
		fmt.Sprintf("%s; for each %.0f KB, %.1f ms of CPU to come up", mb(size), float64(size-base)/1e3/float64(n), (up-began).Seconds()*1e3/float64(n)),
		"", fmt.Sprintf("%d &micro;s of CPU a ping", perPing.Microseconds()), "constant for each",
	}, err
}

// settle waits until a daemon listens.
func (p *pair) settle(daemon *process) error {
	for began := time.Now(); time.Since(began) < patience; {
		if strings.Contains(daemon.log.String(), "serving") {
			return p.pause(200 * time.Millisecond)
		}
		if err := p.pause(20 * time.Millisecond); err != nil {
			return err
		}
	}
	return daemon.said(errors.New("the daemon does not listen"))
}

// callIn starts a login shell for caller i, and PPP at the other end of its
// line.
func (b *bench) callIn(p *pair, file string, i int) (*caller, error) {
	master, slave, err := pty()
	if err != nil {
		return nil, err
	}
	defer slave.Close()
	defer master.Close()
	fd, err := unix.FcntlInt(master.Fd(), unix.F_DUPFD_CLOEXEC, 0)
	if err != nil {
		return nil, err
	}
	if err := unix.SetNonblock(fd, true); err != nil {
		return nil, err
	}
	c := &caller{dev: tun.NewMem("mem"+strconv.Itoa(i), 64), up: make(chan struct{}), failed: make(chan error, 1)}
	c.addr = [2][4]byte{{10, byte(100 + i/250), byte(i % 250), 2}, {10, byte(100 + i/250), byte(i % 250), 1}}
	shell := p.near.prepare([]string{b.program, "-f", file})
	shell.cmd.Env = append(shell.cmd.Env, "USER=u"+strconv.Itoa(i))
	shell.cmd.Stdin, shell.cmd.Stdout = slave, slave
	if err := p.near.launch(shell); err != nil {
		return nil, err
	}
	p.running = append(p.running, shell)
	newEnd(c.dev, os.NewFile(uintptr(fd), "line"), dotted(c.addr[0]), dotted(c.addr[1]), func() error { close(c.up); return nil }, c.failed)
	return c, nil
}

func dotted(a [4]byte) string { return fmt.Sprintf("%d.%d.%d.%d", a[0], a[1], a[2], a[3]) }

func (c *caller) await(ctx context.Context) error {
	select {
	case <-c.up:
		return nil
	case err := <-c.failed:
		return err
	case <-time.After(upPatience):
		return errors.New("a caller's link does not come up")
	case <-ctx.Done():
		return context.Cause(ctx)
	}
}

// awaitPacket waits for an answer of IPv4.
func (c *caller) awaitPacket(ctx context.Context) error {
	for {
		select {
		case p := <-c.dev.Received():
			if p[0]>>4 == 4 {
				return nil
			}
		case err := <-c.failed:
			return err
		case <-time.After(patience):
			return errors.New("a ping is not answered")
		case <-ctx.Done():
			return context.Cause(ctx)
		}
	}
}

// echoRequest is an ICMP Echo-Request of 64 octets to the daemon.
func (c *caller) echoRequest(seq int) []byte {
	p := make([]byte, 84)
	p[0], p[3], p[8], p[9] = 0x45, 84, 64, 1
	copy(p[12:], c.addr[0][:])
	copy(p[16:], c.addr[1][:])
	binary.BigEndian.PutUint16(p[10:], checksum(p[:20]))
	p[20] = 8
	binary.BigEndian.PutUint16(p[26:], uint16(seq))
	binary.BigEndian.PutUint16(p[22:], checksum(p[20:]))
	return p
}

// checksum is that of RFC 1071.
func checksum(b []byte) uint16 {
	sum := uint32(0)
	for ; len(b) >= 2; b = b[2:] {
		sum += uint32(b[0])<<8 | uint32(b[1])
	}
	for sum>>16 != 0 {
		sum = sum>>16 + sum&0xffff
	}
	return ^uint16(sum)
}
