package usb

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"strings"

	"golang.org/x/sys/unix"
)

// An Event is what the kernel says of a device (lib/kobject_uevent.c).
type Event struct {
	Action    string // add, remove, bind, unbind, change ...
	Path      string // of the device below sysfs: "/devices/pci0000:00/..."
	Subsystem string // tty, usb ...
	Name      string // of its node in /dev; "" without one
}

// Events tells what happens from the call on, until ctx ends; then the channel is
// closed. Events that nobody takes are lost: who hears one should look for
// himself.
type Events func(ctx context.Context) (<-chan Event, error)

// ParseEvent reads a message: "ACTION@PATH", then KEY=VALUE, each ended by NUL.
// Those of udev ("libudev") and torn ones are not ok.
func ParseEvent(b []byte) (e Event, ok bool) {
	head, rest, ok := bytes.Cut(b, []byte{0})
	action, path, at := strings.Cut(string(head), "@")
	if !ok || !at || action == "" || !strings.HasPrefix(path, "/") {
		return Event{}, false
	}
	e = Event{Action: action, Path: path}
	for field := range bytes.SplitSeq(rest, []byte{0}) {
		key, value, _ := strings.Cut(string(field), "=")
		switch key {
		case "SUBSYSTEM":
			e.Subsystem = value
		case "DEVNAME":
			e.Name = value
		}
	}
	return e, true
}

// AppendEvent writes e as the kernel does.
func AppendEvent(b []byte, e Event) []byte {
	b = append(b, e.Action+"@"+e.Path+"\x00ACTION="+e.Action+"\x00DEVPATH="+e.Path+"\x00"...)
	for _, f := range [][2]string{{"SUBSYSTEM", e.Subsystem}, {"DEVNAME", e.Name}} {
		if f[1] != "" {
			b = append(b, f[0]+"="+f[1]+"\x00"...)
		}
	}
	return b
}

// kernelGroup is the multicast group in which the kernel itself speaks; udev
// repeats its words in group 2.
const kernelGroup = 1

// Netlink gives the kernel's own events. It takes no privilege.
func Netlink(ctx context.Context) (<-chan Event, error) {
	fd, err := unix.Socket(unix.AF_NETLINK, unix.SOCK_RAW|unix.SOCK_CLOEXEC|unix.SOCK_NONBLOCK, unix.NETLINK_KOBJECT_UEVENT)
	if err != nil {
		return nil, fmt.Errorf("usb: uevents: %w", err)
	}
	if err := unix.Bind(fd, &unix.SockaddrNetlink{Family: unix.AF_NETLINK, Groups: kernelGroup}); err != nil {
		unix.Close(fd)
		return nil, fmt.Errorf("usb: uevents: %w", err)
	}
	f := os.NewFile(uintptr(fd), "uevents")
	rc, err := f.SyscallConn()
	if err != nil {
		f.Close()
		return nil, fmt.Errorf("usb: uevents: %w", err)
	}
	events := make(chan Event, 64)
	stop := context.AfterFunc(ctx, func() { f.Close() })
	go func() {
		defer close(events)
		defer f.Close()
		defer stop()
		buf := make([]byte, 8192) // the kernel's are 2 KB at most
		for {
			var n int
			var from unix.Sockaddr
			var err error
			rerr := rc.Read(func(fd uintptr) bool {
				n, from, err = unix.Recvfrom(int(fd), buf, 0)
				return !errors.Is(err, unix.EAGAIN)
			})
			switch {
			case rerr != nil:
				return
			case errors.Is(err, unix.ENOBUFS), errors.Is(err, unix.EINTR):
				continue // some are lost
			case err != nil:
				return
			}
			// The kernel's port is 0; what programs send is not believed.
			if nl, ok := from.(*unix.SockaddrNetlink); !ok || nl.Pid != 0 {
				continue
			}
			if e, ok := ParseEvent(buf[:n]); ok {
				select {
				case events <- e:
				default:
				}
			}
		}
	}()
	return events, nil
}
