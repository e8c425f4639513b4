package line

import (
	"context"
	"errors"
	"io"
	"net"

	"golang.org/x/sys/unix"
)

// OpenTCP connects to a line on another machine, whose bytes come as they are
// (ser2net's raw mode). The error is an *OpenError.
func OpenTCP(ctx context.Context, hostport string) (*Line, error) {
	name := "tcp:" + hostport
	var dialer net.Dialer
	c, err := dialer.DialContext(ctx, "tcp", hostport)
	if err != nil {
		return nil, &OpenError{Path: name, Err: err}
	}
	l := newLine(name, Caps{}, nil, c.(*net.TCPConn))
	l.reason = func(err error) error {
		if errors.Is(err, io.EOF) || errors.Is(err, unix.ECONNRESET) || errors.Is(err, unix.EPIPE) {
			return ErrEnded
		}
		return err
	}
	return l, nil
}
