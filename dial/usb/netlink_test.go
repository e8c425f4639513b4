package usb_test

import (
	"runtime"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"pppdial/dial/dialtest"
	"pppdial/dial/usb"
)

// TestKernelTells hears what the kernel tells in a network namespace of our own.
func TestKernelTells(t *testing.T) {
	want := usb.Event{Action: "add", Path: "/devices/pci0000:00/usb1/1-1/1-1:1.3/ttyUSB3/tty/ttyUSB3", Subsystem: "tty", Name: "ttyUSB3"}
	failed := make(chan error)
	go func() {
		runtime.LockOSThread() // the thread ends with its namespace
		failed <- func() error {
			if err := unix.Unshare(unix.CLONE_NEWNET); err != nil {
				return err
			}
			events, err := usb.Netlink(t.Context())
			if err != nil {
				return err
			}
			if err := dialtest.Inject(want); err != nil {
				return err
			}
			select {
			case got := <-events:
				if got != want {
					t.Errorf("heard %+v", got)
				}
			case <-time.After(10 * time.Second):
				t.Error("nothing is heard")
			}
			return nil
		}()
	}()
	if err := <-failed; err != nil {
		t.Fatal(err)
	}
}
