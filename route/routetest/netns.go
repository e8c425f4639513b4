package routetest

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"runtime"
	"syscall"
	"testing"

	"github.com/vishvananda/netlink"
	"golang.org/x/sys/unix"
)

// inUserNamespace is set in the environment of a test that Main has started
// again.
const inUserNamespace = "ROUTETEST_IN_USER_NAMESPACE"

// Main is the TestMain of packages whose tests call Namespace. Where the user
// is not root it runs the tests as the root of a user namespace.
func Main(m *testing.M) int {
	if os.Geteuid() == 0 || os.Getenv(inUserNamespace) != "" {
		return m.Run()
	}
	cmd := exec.Command("/proc/self/exe", os.Args[1:]...)
	cmd.Env = append(os.Environ(), inUserNamespace+"=1")
	cmd.Stdin, cmd.Stdout, cmd.Stderr = os.Stdin, os.Stdout, os.Stderr
	cmd.SysProcAttr = &syscall.SysProcAttr{
		Cloneflags:  syscall.CLONE_NEWUSER | syscall.CLONE_NEWNET,
		UidMappings: []syscall.SysProcIDMap{{ContainerID: 0, HostID: os.Geteuid(), Size: 1}},
		GidMappings: []syscall.SysProcIDMap{{ContainerID: 0, HostID: os.Getegid(), Size: 1}},
	}
	var exit *exec.ExitError
	switch err := cmd.Run(); {
	case errors.As(err, &exit):
		return 1 // it has said why
	case err != nil:
		fmt.Fprintln(os.Stderr, "these tests need root, or a kernel that lets users make namespaces:", err)
		return 1
	}
	return 0
}

// Namespace puts the calling test, with what it opens from now on, into a
// network namespace of its own, which ends with the test. It must be the
// test's (or subtest's) own goroutine: it stays on its thread, and the thread
// dies with it.
func Namespace(t testing.TB) {
	t.Helper()
	runtime.LockOSThread()
	if err := unix.Unshare(unix.CLONE_NEWNET); err != nil {
		t.Fatalf("make a network namespace: %v (run as root, or use routetest.Main)", err)
	}
}

// Ethernet makes an Ethernet-like interface (a TAP device) in the current
// network namespace, down, until the test ends. It has no IPv6 address of its
// own.
func Ethernet(t testing.TB, name string) {
	t.Helper()
	fd, err := unix.Open("/dev/net/tun", unix.O_RDWR|unix.O_CLOEXEC|unix.O_NONBLOCK, 0)
	if err != nil {
		t.Fatalf("open /dev/net/tun: %v", err)
	}
	t.Cleanup(func() { unix.Close(fd) })
	ifr, err := unix.NewIfreq(name)
	if err != nil {
		t.Fatal(err)
	}
	ifr.SetUint16(unix.IFF_TAP | unix.IFF_NO_PI)
	if err := unix.IoctlIfreq(fd, unix.TUNSETIFF, ifr); err != nil {
		t.Fatalf("make %s: %v", name, err)
	}
	h, err := netlink.NewHandle(unix.NETLINK_ROUTE)
	if err != nil {
		t.Fatal(err)
	}
	defer h.Close()
	l, err := h.LinkByName(name)
	if err != nil {
		t.Fatal(err)
	}
	const none = 1 // IN6_ADDR_GEN_MODE_NONE
	if err := h.LinkSetIP6AddrGenMode(l, none); err != nil {
		t.Fatal(err)
	}
}

// DropPrivileges makes the calling test's thread an ordinary user's without
// capabilities. The thread dies with the test, which must have called Namespace.
func DropPrivileges(t testing.TB) {
	t.Helper()
	hdr := unix.CapUserHeader{Version: unix.LINUX_CAPABILITY_VERSION_3}
	var none [2]unix.CapUserData
	if err := unix.Capset(&hdr, &none[0]); err != nil {
		t.Fatalf("drop capabilities: %v", err)
	}
}
