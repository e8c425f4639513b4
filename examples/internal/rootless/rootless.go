// Package rootless lets programs of this tree make network interfaces and
// namespaces for people who are not root, where the kernel allows user
// namespaces.
package rootless

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"syscall"
)

// Again runs the program once more, with the same arguments, as root of a user
// namespace and a network of its own, and returns how it ended.
func Again() (status int, err error) {
	c := exec.Command("/proc/self/exe", os.Args[1:]...)
	c.Stdin, c.Stdout, c.Stderr = os.Stdin, os.Stdout, os.Stderr
	c.SysProcAttr = &syscall.SysProcAttr{
		Cloneflags:  syscall.CLONE_NEWUSER | syscall.CLONE_NEWNET,
		UidMappings: []syscall.SysProcIDMap{{ContainerID: 0, HostID: os.Getuid(), Size: 1}},
		GidMappings: []syscall.SysProcIDMap{{ContainerID: 0, HostID: os.Getgid(), Size: 1}},
	}
	err = c.Run()
	if exit := new(exec.ExitError); errors.As(err, &exit) {
		return exit.ExitCode(), nil
	}
	if err != nil {
		return 1, fmt.Errorf("neither root nor a user namespace (%w); run it as root, with sudo", err)
	}
	return 0, nil
}
