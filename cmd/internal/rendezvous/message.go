package rendezvous

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"
	"net"
	"os"

	"golang.org/x/sys/unix"
)

// maxFiles are the descriptors that we look at in one message; the kernel
// closes what there is no room for.
const maxFiles = 4

// readRequest reads one line, and the descriptors that came with it. The files
// are the caller's even when there is an error.
func readRequest(c *net.UnixConn) (line []byte, files []*os.File, err error) {
	buf := make([]byte, 4<<10)
	oob := make([]byte, unix.CmsgSpace(maxFiles*4))
	for {
		n, oobn, flags, _, err := c.ReadMsgUnix(buf, oob)
		more, bad := filesIn(oob[:oobn])
		files = append(files, more...)
		switch {
		case bad != nil:
			return nil, files, bad
		case flags&unix.MSG_CTRUNC != 0 || len(files) > maxFiles:
			return nil, files, fmt.Errorf("%w: too many descriptors", errMalformed)
		case err != nil:
			return nil, files, err
		case len(line)+n > maxRequest:
			return nil, files, fmt.Errorf("%w: more than %d octets", errMalformed, maxRequest)
		}
		line = append(line, buf[:n]...)
		if i := bytes.IndexByte(line[len(line)-n:], '\n'); i >= 0 {
			if i != n-1 {
				return nil, files, fmt.Errorf("%w: more than one line", errMalformed)
			}
			return line[:len(line)-1], files, nil
		}
	}
}

// filesIn takes descriptors out of a control message.
func filesIn(oob []byte) (files []*os.File, err error) {
	if len(oob) == 0 {
		return nil, nil
	}
	messages, err := unix.ParseSocketControlMessage(oob)
	if err != nil {
		return nil, fmt.Errorf("%w: %w", errMalformed, err)
	}
	for _, m := range messages {
		if m.Header.Level != unix.SOL_SOCKET || m.Header.Type != unix.SCM_RIGHTS {
			continue
		}
		fds, e := unix.ParseUnixRights(&m)
		err = errors.Join(err, e)
		for _, fd := range fds {
			files = append(files, os.NewFile(uintptr(fd), "handed over"))
		}
	}
	return files, err
}

func closeAll(files []*os.File) {
	for _, f := range files {
		f.Close()
	}
}

var errNoTTY = errors.New("what is handed over is no tty that can be read and written")

// checkTTY finds out whether a file is the end of a line that a program may
// talk on: a tty and not the far side of one, for reading and writing. It
// returns its name.
func checkTTY(f *os.File) (name string, err error) {
	raw, err := f.SyscallConn()
	if err != nil {
		return "", err
	}
	cerr := raw.Control(func(fd uintptr) {
		var flags int
		if _, err = unix.IoctlGetTermios(int(fd), unix.TCGETS); err != nil {
			err = errNoTTY
			return
		}
		if _, far := unix.IoctlGetUint32(int(fd), unix.TIOCGPTN); far == nil {
			err = errNoTTY
			return
		}
		if flags, err = unix.FcntlInt(fd, unix.F_GETFL, 0); err != nil {
			return
		}
		if flags&unix.O_ACCMODE != unix.O_RDWR {
			err = errNoTTY
			return
		}
		name, err = os.Readlink(fmt.Sprintf("/proc/self/fd/%d", fd))
	})
	return name, errors.Join(cerr, err)
}

// sendRequest writes a request, and with it a descriptor unless that is nil.
func sendRequest(c *net.UnixConn, r request, f *os.File) error {
	line, err := appendRequest(nil, r)
	if err != nil {
		return err
	}
	if len(line) > maxRequest {
		return fmt.Errorf("%w: %d octets", errMalformed, len(line))
	}
	if f == nil {
		_, err := c.Write(line)
		return err
	}
	raw, err := f.SyscallConn()
	if err != nil {
		return err
	}
	n := 0
	cerr := raw.Control(func(fd uintptr) {
		n, _, err = c.WriteMsgUnix(line, unix.UnixRights(int(fd)), nil)
	})
	if err = errors.Join(cerr, err); err == nil && n < len(line) {
		_, err = c.Write(line[n:])
	}
	return err
}

// answers reads the lines of a daemon.
func answers(c *net.UnixConn) *bufio.Reader {
	return bufio.NewReaderSize(io.LimitReader(c, maxAnswer), 32<<10)
}
