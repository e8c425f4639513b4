package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"pppdial/cmd/internal/lab"
)

// The tests of this package run the program as it is installed: against
// itself over simulated modems, and against a real pppd in the lab. They wait
// more than they work, so many of them run at once, each with namespaces,
// modems and lines of its own.

var program string // the built ppp

func TestMain(m *testing.M) {
	if ns, ok := os.LookupEnv(envNamespace); ok {
		fmt.Fprintln(os.Stderr, become(ns))
		os.Exit(127)
	}
	if err := seclude(); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	os.Exit(func() int {
		dir, err := os.MkdirTemp("", "ppptest")
		if err != nil {
			fmt.Fprintln(os.Stderr, err)
			return 1
		}
		defer os.RemoveAll(dir)
		program = filepath.Join(dir, "ppp")
		build := exec.Command("go", append(append([]string{"build"}, buildFlags...), "-o", program, ".")...)
		build.Env = append(os.Environ(), buildEnv...)
		if out, err := build.CombinedOutput(); err != nil {
			fmt.Fprintf(os.Stderr, "go build: %v\n%s", err, out)
			return 1
		}
		flag.Parse()
		if err := flag.Set("test.parallel", "16"); err != nil {
			fmt.Fprintln(os.Stderr, err)
			return 1
		}
		defer func() {
			if guest.g != nil {
				guest.g.Close()
			}
		}()
		return m.Run()
	}())
}

// The test binary becomes ppp in a network namespace when it is started with
// these: modems start it so as the login shell.
const (
	envNamespace = "PPPTEST_NAMESPACE"
	envProgram   = "PPPTEST_PROGRAM"
	envLog       = "PPPTEST_LOG"    // where stderr goes; unset: where it went
	envMounts    = "PPPTEST_MOUNTS" // what is to be seen instead of other files: what=where,what=where
)

// become does that; it returns only when something went wrong.
func become(namespace string) error {
	runtime.LockOSThread()
	fd, err := unix.Open(namespace, unix.O_RDONLY|unix.O_CLOEXEC, 0)
	if err != nil {
		return fmt.Errorf("%s: %w", namespace, err)
	}
	if err := unix.Setns(fd, unix.CLONE_NEWNET); err != nil {
		return fmt.Errorf("%s: %w", namespace, err)
	}
	if err := mounts(os.Getenv(envMounts)); err != nil {
		return err
	}
	if log, ok := os.LookupEnv(envLog); ok {
		fd, err := unix.Open(log, unix.O_WRONLY|unix.O_APPEND|unix.O_CLOEXEC, 0)
		if err != nil {
			return fmt.Errorf("%s: %w", log, err)
		}
		if err := unix.Dup3(fd, 2, 0); err != nil {
			return err
		}
	}
	path := os.Getenv(envProgram)
	name := filepath.Base(path)
	if strings.HasPrefix(os.Args[0], "-") {
		name = "-" + name
	}
	for _, e := range []string{envNamespace, envProgram, envLog, envMounts} {
		os.Unsetenv(e)
	}
	return syscall.Exec(path, append([]string{name}, os.Args[1:]...), os.Environ())
}

var guest struct {
	once sync.Once
	g    *lab.Guest
	err  error
}

// theLab is the guest that all tests of the package share.
func theLab(t *testing.T) *lab.Guest {
	t.Helper()
	guest.once.Do(func() {
		ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
		defer cancel()
		if guest.g, guest.err = lab.Boot(ctx, lab.Options{Lines: lab.MaxLines}); guest.err != nil {
			return
		}
		_, guest.err = guest.g.Echo()
		guest.err = errors.Join(guest.err, guest.g.Secrets(ctx, chapSecrets, papSecrets))
	})
	if guest.err != nil {
		t.Fatal(guest.err)
	}
	return guest.g
}
