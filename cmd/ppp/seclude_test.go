package main

import (
	"errors"
	"fmt"
	"os"
	"runtime"
	"strings"
	"syscall"

	"golang.org/x/sys/unix"
)

// envSecluded says that seclude has been done.
const envSecluded = "PPPTEST_SECLUDED"

// seclude gives the tests a /run and a /var/log of their own, with files for the
// records of calls: they must not get into those of the machine, which may have
// none. The program starts anew for it, since only its first thread can go there.
func seclude() error {
	if _, ok := os.LookupEnv(envSecluded); ok {
		return nil
	}
	runtime.LockOSThread()
	if err := unix.Unshare(unix.CLONE_NEWNS); err != nil {
		return fmt.Errorf("a mount namespace: %w", err)
	}
	err := errors.Join(
		unix.Mount("none", "/", "", unix.MS_REC|unix.MS_PRIVATE, ""),
		unix.Mount("run", "/run", "tmpfs", 0, "mode=755"),
		unix.Mount("log", "/var/log", "tmpfs", 0, "mode=755"),
		os.Mkdir("/run/lock", 0o755),
		os.Mkdir(shellDir, 0o755),
		os.WriteFile(shellFile, nil, 0o755),
		os.WriteFile(utmpFile, nil, 0o644),
		os.WriteFile(wtmpFile, nil, 0o644),
	)
	if err != nil {
		return err
	}
	self, err := os.Executable()
	if err != nil {
		return err
	}
	return syscall.Exec(self, os.Args, append(os.Environ(), envSecluded+"=1"))
}

// Places in the /run of the tests that mounts covers.
const (
	shellDir  = "/run/pppdial"
	shellFile = "/run/ppp"
)

// mounts has this thread, and what it becomes, see files in the place of others.
func mounts(list string) error {
	if list == "" {
		return nil
	}
	if err := unix.Unshare(unix.CLONE_NEWNS); err != nil {
		return fmt.Errorf("a mount namespace: %w", err)
	}
	if err := unix.Mount("none", "/", "", unix.MS_REC|unix.MS_PRIVATE, ""); err != nil {
		return err
	}
	for m := range strings.SplitSeq(list, ",") {
		what, where, _ := strings.Cut(m, "=")
		if err := unix.Mount(what, where, "", unix.MS_BIND, ""); err != nil {
			return fmt.Errorf("%s at %s: %w", what, where, err)
		}
	}
	return nil
}

const (
	utmpFile = "/run/utmp"
	wtmpFile = "/var/log/wtmp"
)
