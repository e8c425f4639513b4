package main

import (
	"errors"
	"fmt"
	"os"
	"runtime"
	"strconv"
	"syscall"

	"golang.org/x/sys/unix"
)

// children are what this program does in processes of its own.
var children = map[string]func(args []string) error{
	"-in":     enter,
	"-relay":  relay,
	"-engine": engine,
}

// enter writes its pid into a file, goes into a network namespace and becomes
// another program: -in NAMESPACE PIDFILE PROGRAM ARGS...
func enter(args []string) error {
	runtime.LockOSThread()
	fd, err := unix.Open(args[0], unix.O_RDONLY|unix.O_CLOEXEC, 0)
	if err != nil {
		return fmt.Errorf("%s: %w", args[0], err)
	}
	if err := unix.Setns(fd, unix.CLONE_NEWNET); err != nil {
		return fmt.Errorf("%s: %w", args[0], err)
	}
	if err := os.WriteFile(args[1], []byte(strconv.Itoa(os.Getpid())), 0o600); err != nil {
		return err
	}
	return syscall.Exec(args[2], args[2:], os.Environ())
}

// lineFD is where relay and engine find their line.
const lineFD = 3

// relay is the null reference: -relay LOCAL REMOTE.
func relay(args []string) error {
	tun, err := openTUN(args[0], args[1])
	if err != nil {
		return err
	}
	failed := make(chan error, 2)
	go func() { failed <- packetsOut(tun, lineFD) }()
	go func() { failed <- packetsIn(lineFD, tun) }()
	return <-failed
}

const maxPacket = 2048

// packetsOut copies packets from the interface to the line, each behind its
// length.
func packetsOut(tun, line int) error {
	buf := make([]byte, 2+maxPacket)
	for {
		n, err := unix.Read(tun, buf[2:])
		if err != nil {
			return err
		}
		buf[0], buf[1] = byte(n>>8), byte(n)
		for p := buf[:2+n]; len(p) > 0; {
			n, err := unix.Write(line, p)
			if err != nil {
				return err
			}
			p = p[n:]
		}
	}
}

// packetsIn copies them back.
func packetsIn(line, tun int) error {
	buf := make([]byte, 64<<10)
	for have := 0; ; {
		n, err := unix.Read(line, buf[have:])
		if err != nil || n == 0 {
			return err
		}
		have += n
		rest := buf[:have]
		for len(rest) > 2 {
			size := int(rest[0])<<8 | int(rest[1])
			if size > maxPacket {
				return errors.New("no packet comes out of the line")
			}
			if len(rest) < 2+size {
				break
			}
			if _, err := unix.Write(tun, rest[2:2+size]); err != nil {
				return err
			}
			rest = rest[2+size:]
		}
		have = copy(buf, rest)
	}
}

// openTUN makes an interface with addresses, whose reads and writes block.
func openTUN(local, remote string) (int, error) {
	fd, err := unix.Open("/dev/net/tun", unix.O_RDWR|unix.O_CLOEXEC, 0)
	if err != nil {
		return 0, err
	}
	ifr, err := unix.NewIfreq("null0")
	if err != nil {
		return 0, err
	}
	ifr.SetUint16(unix.IFF_TUN | unix.IFF_NO_PI)
	if err := unix.IoctlIfreq(fd, unix.TUNSETIFF, ifr); err != nil {
		return 0, err
	}
	return fd, configure("null0", local, remote)
}
