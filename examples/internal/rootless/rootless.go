// Package rootless lets programs of this tree make network interfaces and
// namespaces for people who are not root, where the kernel allows user
// namespaces.
package rootless

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"os/signal"
	"syscall"
)

// Again runs the program once more, with the same arguments, as root of a user
// namespace and a network of its own, and returns how it ended. A SIGTERM is
// passed on; what the terminal sends, both get.
func Again() (status int, err error) {
	c := exec.Command("/proc/self/exe", os.Args[1:]...)
	c.Stdin, c.Stdout, c.Stderr = os.Stdin, os.Stdout, os.Stderr
	c.SysProcAttr = &syscall.SysProcAttr{
		Cloneflags:  syscall.CLONE_NEWUSER | syscall.CLONE_NEWNET,
		UidMappings: []syscall.SysProcIDMap{{ContainerID: 0, HostID: os.Getuid(), Size: 1}},
		GidMappings: []syscall.SysProcIDMap{{ContainerID: 0, HostID: os.Getgid(), Size: 1}},
	}
	stop := make(chan os.Signal, 1)
	signal.Notify(stop, syscall.SIGINT, syscall.SIGTERM)
	defer signal.Stop(stop)
	if err = c.Start(); err == nil {
		ended := make(chan struct{})
		go func() {
			for {
				select {
				case s := <-stop:
					if s == syscall.SIGTERM {
						c.Process.Signal(s)
					}
				case <-ended:
					return
				}
			}
		}()
		err = c.Wait()
		close(ended)
	}
	if exit := new(exec.ExitError); errors.As(err, &exit) {
		return exit.ExitCode(), nil
	}
	if err != nil {
		return 1, fmt.Errorf("neither root nor a user namespace (%w); run it as root, with sudo", err)
	}
	return 0, nil
}
