package line

import (
	"context"
	"errors"
	"io"
	"net"
	"time"

	"golang.org/x/sys/unix"
)

// OpenTCP connects to a line on another machine: its bytes come as they are, or by
// RFC 2217, when the server begins with telnet's negotiation (both as by ser2net).
// With RFC 2217 the line has modem lines, and the settings reach the port. The
// error is an *OpenError.
func OpenTCP(ctx context.Context, hostport string, o Options) (*Line, error) {
	name := "tcp:" + hostport
	fail := func(err error) (*Line, error) { return nil, &OpenError{Path: name, Err: err} }
	var dialer net.Dialer
	began := time.Now()
	nc, err := dialer.DialContext(ctx, "tcp", hostport)
	if ctx.Err() != nil && err != nil {
		return fail(context.Cause(ctx))
	}
	if err != nil {
		return fail(err)
	}
	c := nc.(*net.TCPConn)
	telnet, err := greets(ctx, c, max(greetTime, 3*time.Since(began)))
	if err != nil {
		c.Close()
		return fail(err)
	}
	var l *Line
	if telnet {
		stop := context.AfterFunc(ctx, func() { c.SetDeadline(time.Unix(1, 0)) })
		p := newComPort(c)
		err := p.negotiate()
		if !stop() {
			err = context.Cause(ctx)
		}
		if err == nil {
			err = p.setUp(o.Settings)
		}
		if err != nil {
			c.Close()
			return fail(err)
		}
		l = newLine(name, Caps{ModemLines: true, Break: true}, o.Log, p)
		l.remote = p
	} else {
		l = newLine(name, Caps{}, o.Log, c)
	}
	l.reason = func(err error) error {
		if errors.Is(err, io.EOF) || errors.Is(err, unix.ECONNRESET) || errors.Is(err, unix.EPIPE) {
			return ErrEnded
		}
		return err
	}
	return l, nil
}

// greetTime is how long a server of telnet may take to speak: it does so at once.
const greetTime = 300 * time.Millisecond

// greets waits for the first bytes and tells whether they are telnet's. They stay to
// be read.
func greets(ctx context.Context, c *net.TCPConn, limit time.Duration) (telnet bool, err error) {
	rc, err := c.SyscallConn()
	if err != nil {
		return false, err
	}
	c.SetReadDeadline(time.Now().Add(limit))
	stop := context.AfterFunc(ctx, func() { c.SetReadDeadline(time.Unix(1, 0)) })
	defer c.SetReadDeadline(time.Time{})
	defer stop()
	first := make([]byte, 3)
	n := 0
	rc.Read(func(fd uintptr) bool {
		for {
			n, _, err = unix.Recvfrom(int(fd), first, unix.MSG_PEEK)
			if !errors.Is(err, unix.EINTR) {
				return !errors.Is(err, unix.EAGAIN)
			}
		}
	})
	if ctx.Err() != nil {
		return false, context.Cause(ctx)
	}
	// Three bytes of one packet come together.
	return n > 0 && isTelnet(first[:n]), nil
}

// setUp is what a port is told at first.
func (p *comPort) setUp(s Settings) error {
	if err := p.configure(s); err != nil {
		return err
	}
	b := appendCommand(nil, setControl, controlDTROn)
	b = appendCommand(b, setControl, controlRTSOn)
	b = appendCommand(b, setModemStateMask, modemStateDCD|modemStateDCD>>4)
	return p.say(appendCommand(b, purgeData, purgeBoth))
}
