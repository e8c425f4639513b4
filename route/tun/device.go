package tun

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"sync/atomic"
	"syscall"

	"golang.org/x/sys/unix"
)

// A device is an interface of the kernel. Its descriptor does not block and
// waits in Go's poller, so that Close frees a blocked Read.
type device struct {
	name   string
	f      *os.File
	rc     syscall.RawConn
	vnet   bool // a vnet stands before every packet, each way
	closed atomic.Bool
	r      reader // Read's
	w      writer // Write's
}

func newDevice(f *os.File, name string, vnet bool) (*device, error) {
	rc, err := f.SyscallConn()
	if err != nil {
		f.Close()
		return nil, err
	}
	d := &device{name: name, f: f, rc: rc, vnet: vnet}
	d.r.vnet, d.r.take = vnet, d.r.fill
	d.w.vnet, d.w.give = vnet, d.w.drain
	return d, nil
}

func (d *device) Name() string { return d.name }

func (d *device) Read(bufs [][]byte, sizes []int, offset int) (int, error) {
	if len(bufs) == 0 {
		return 0, nil
	}
	r := &d.r
	r.bufs, r.sizes, r.offset, r.n, r.err = bufs, sizes, offset, 0, nil
	err := d.rc.Read(r.take)
	r.bufs, r.sizes = nil, nil
	switch {
	case r.n > 0:
		return r.n, nil
	case err != nil:
		return 0, d.unpolled("read")
	}
	return 0, d.trouble("read", r.err)
}

func (d *device) Write(bufs [][]byte, offset int) (int, error) {
	w := &d.w
	w.bufs, w.offset, w.at, w.n, w.err = bufs, offset, 0, 0, nil
	w.plan(bufs, offset, w.vnet)
	err := d.rc.Write(w.give)
	w.bufs = nil
	switch {
	case err != nil:
		return w.n, d.unpolled("write")
	case w.err != nil:
		return w.n, d.trouble("write", w.err)
	}
	return w.n, nil
}

func (d *device) SetOffload(on bool) error {
	if !d.vnet {
		return fmt.Errorf("tun: %s: offload: %w", d.name, errors.ErrUnsupported)
	}
	offloads := 0
	if on {
		offloads = unix.TUN_F_CSUM | unix.TUN_F_TSO4 | unix.TUN_F_TSO6
		d.r.large.Store(true) // from now on, and for what waits when it is turned off
	}
	var refused error
	err := d.rc.Control(func(fd uintptr) { refused = unix.IoctlSetInt(int(fd), unix.TUNSETOFFLOAD, offloads) })
	if err = errors.Join(err, refused); err != nil {
		return fmt.Errorf("tun: %s: offload: %w", d.name, err)
	}
	return nil
}

func (d *device) Close() error {
	d.closed.Store(true)
	if err := d.f.Close(); err != nil && !errors.Is(err, fs.ErrClosed) {
		return fmt.Errorf("tun: %s: close: %w", d.name, err)
	}
	return nil
}

// unpolled is what the poller's refusal to wait means; its own errors have no
// names outside of it. Without deadlines there are two: Close, and an error on
// the descriptor, which the driver shows only when the interface is gone.
func (d *device) unpolled(op string) error {
	if d.closed.Load() {
		return fmt.Errorf("tun: %s: %s: %w", d.name, op, fs.ErrClosed)
	}
	return d.trouble(op, unix.EBADFD)
}

func (d *device) trouble(op string, err error) error {
	switch {
	case errors.Is(err, unix.EBADFD):
		return fmt.Errorf("tun: %s: %s: the interface has been removed by somebody else: %w", d.name, op, err)
	case op == "write" && errors.Is(err, unix.EIO):
		return fmt.Errorf("tun: %s: %s: the interface is down: %w", d.name, op, err)
	case op == "write" && errors.Is(err, unix.EINVAL):
		return fmt.Errorf("tun: %s: %s: this is no IP packet: %w", d.name, op, err)
	}
	return fmt.Errorf("tun: %s: %s: %w", d.name, op, err)
}
