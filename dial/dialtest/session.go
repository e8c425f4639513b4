package dialtest

import (
	"context"
	"fmt"
	"io"
	"net"
	"os"
	"time"

	"golang.org/x/sys/unix"
)

// session is a service at work behind an answering modem, for one call.
type session struct {
	b      *Bank
	name   string // of the modem
	ctx    context.Context
	cancel context.CancelFunc
	port   port   // where the call's data goes and comes from; start sets it
	over   func() // the service has ended, all that it wrote is on the line
}

// port is a session's side of the data path. Close ends Read and the service.
type port interface {
	io.ReadCloser
	sink
}

// run carries what the service writes to l, then ends the call.
func (s *session) run(l *lane) {
	pump(s.port, l)
	s.over()
}

// hangup ends the service because the call has ended.
func (s *session) hangup() {
	s.cancel()
	s.port.Close()
}

func (f Func) start(s *session) error {
	near, far := net.Pipe()
	s.port = near
	s.b.wg.Go(func() {
		f(s.ctx, far)
		far.Close()
	})
	return nil
}

// deadPort stands for a service that did not start.
type deadPort struct{}

func (deadPort) Read([]byte) (int, error)         { return 0, io.EOF }
func (deadPort) Write(b []byte) (int, error)      { return 0, io.ErrClosedPipe }
func (deadPort) SetWriteDeadline(time.Time) error { return nil }
func (deadPort) Close() error                     { return nil }

// relayPort is the far end of a Relay.
type relayPort struct {
	*os.File
	out *os.File
}

func (p relayPort) Write(b []byte) (int, error)        { return p.out.Write(b) }
func (p relayPort) SetWriteDeadline(t time.Time) error { return p.out.SetWriteDeadline(t) }

func (p relayPort) Close() error {
	if p.out != p.File {
		p.out.Close()
	}
	return p.File.Close()
}

func (r Relay) start(s *session) error {
	// Read and write, so that a fifo neither waits for the other side nor ends with it.
	open := func(path string) (*os.File, error) {
		f, err := os.OpenFile(path, os.O_RDWR|unix.O_NOCTTY|unix.O_NONBLOCK, 0)
		if err != nil {
			return nil, fmt.Errorf("dialtest: relay: %w", err)
		}
		return f, nil
	}
	in, err := open(r.Path)
	if err != nil {
		return err
	}
	p := relayPort{in, in}
	if r.Out != "" {
		if p.out, err = open(r.Out); err != nil {
			in.Close()
			return err
		}
	} else if err := rawFile(in); err != nil {
		in.Close()
		return fmt.Errorf("dialtest: relay: %s: %w", r.Path, err)
	}
	s.port = p
	return nil
}

// rawFile makes a tty raw and leaves it in the poller.
func rawFile(f *os.File) error {
	rc, err := f.SyscallConn()
	if err != nil {
		return err
	}
	if cerr := rc.Control(func(fd uintptr) { err = makeRaw(int(fd)) }); cerr != nil {
		return cerr
	}
	return err
}
