package dialtest

import (
	"encoding/binary"
	"fmt"

	"golang.org/x/sys/unix"

	"pppdial/dial/usb"
)

// Inject has the kernel tell an event to all who listen in the network namespace of
// this thread, as if it were its own. It takes CAP_SYS_ADMIN.
func Inject(e usb.Event) error {
	fd, err := unix.Socket(unix.AF_NETLINK, unix.SOCK_RAW|unix.SOCK_CLOEXEC, unix.NETLINK_KOBJECT_UEVENT)
	if err != nil {
		return fmt.Errorf("dialtest: uevents: %w", err)
	}
	defer unix.Close(fd)
	b := usb.AppendEvent(make([]byte, unix.NLMSG_HDRLEN), e)
	binary.NativeEndian.PutUint32(b, uint32(len(b)))
	binary.NativeEndian.PutUint16(b[4:], unix.NLMSG_MIN_TYPE)
	binary.NativeEndian.PutUint16(b[6:], unix.NLM_F_REQUEST)
	if err := unix.Sendto(fd, b, 0, &unix.SockaddrNetlink{Family: unix.AF_NETLINK}); err != nil {
		return fmt.Errorf("dialtest: uevents: %w", err)
	}
	return nil
}
