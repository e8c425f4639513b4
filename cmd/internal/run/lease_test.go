package run

import (
	"net/netip"
	"os"
	"runtime"
	"testing"

	"golang.org/x/sys/unix"
)

// TestOccupied: the addresses of this machine are its own, and no others, also
// where programs may bind to any.
func TestOccupied(t *testing.T) {
	failed := make(chan error)
	go func() {
		runtime.LockOSThread() // the thread ends with its namespace
		failed <- func() error {
			if err := unix.Unshare(unix.CLONE_NEWNET); err != nil {
				return err
			}
			if err := os.WriteFile("/proc/sys/net/ipv4/ip_nonlocal_bind", []byte("1"), 0); err != nil {
				return err
			}
			s, err := unix.Socket(unix.AF_INET, unix.SOCK_DGRAM, 0)
			if err != nil {
				return err
			}
			defer unix.Close(s)
			lo, err := unix.NewIfreq("lo")
			if err != nil {
				return err
			}
			lo.SetUint16(unix.IFF_UP)
			if err := unix.IoctlIfreq(s, unix.SIOCSIFFLAGS, lo); err != nil {
				return err
			}
			d := &daemon{world: realWorld}
			occupied, err := d.occupied()
			if err != nil {
				return err
			}
			for a, want := range map[string]bool{"127.0.0.1": true, "192.0.2.33": false} {
				if got := occupied(netip.MustParseAddr(a)); got != want {
					t.Errorf("%s is occupied: %v", a, got)
				}
			}
			return nil
		}()
	}()
	if err := <-failed; err != nil {
		t.Fatal(err)
	}
}
