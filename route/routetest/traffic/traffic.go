// Package traffic sends traffic inside network namespaces: pings and checked
// TCP transfers between the interfaces that tests and the demo make.
package traffic

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"net"
	"net/netip"
	"os"
	"runtime"
	"strconv"
	"sync"
	"time"

	"golang.org/x/net/icmp"
	"golang.org/x/net/ipv4"
	"golang.org/x/net/ipv6"
	"golang.org/x/sys/unix"
)

// A Net is a network namespace.
type Net struct{ f *os.File }

// Of opens the network namespace of a process.
func Of(pid int) (*Net, error) {
	f, err := os.Open("/proc/" + strconv.Itoa(pid) + "/ns/net")
	if err != nil {
		return nil, fmt.Errorf("traffic: %w", err)
	}
	return &Net{f}, nil
}

// New makes a namespace, with its loopback interface down. It lives as long as
// the Net or somebody in it.
func New() (*Net, error) {
	var f *os.File
	err := onThread(func() (err error) {
		if err := unix.Unshare(unix.CLONE_NEWNET); err != nil {
			return fmt.Errorf("traffic: new network namespace: %w", err)
		}
		f, err = os.Open("/proc/thread-self/ns/net")
		return err
	})
	if err != nil {
		return nil, err
	}
	return &Net{f}, nil
}

func (n *Net) Close() error { return n.f.Close() }

// Do runs f on a thread that is in the namespace. Sockets that f makes stay
// there, and so do processes that it starts.
func (n *Net) Do(f func() error) error {
	return onThread(func() error {
		if err := unix.Setns(int(n.f.Fd()), unix.CLONE_NEWNET); err != nil {
			return fmt.Errorf("traffic: enter namespace: %w", err)
		}
		return f()
	})
}

// onThread runs f on a thread of its own, which ends with it.
func onThread(f func() error) error {
	result := make(chan error, 1)
	go func() {
		runtime.LockOSThread()
		result <- f()
	}()
	return <-result
}

// An icmpKind is what differs between the pings of IPv4 and IPv6.
type icmpKind struct {
	network, any   string
	number         int // of the protocol
	request, reply icmp.Type
}

var (
	icmp4 = icmpKind{"ip4:icmp", "0.0.0.0", 1, ipv4.ICMPTypeEcho, ipv4.ICMPTypeEchoReply}
	icmp6 = icmpKind{"ip6:ipv6-icmp", "::", 58, ipv6.ICMPTypeEchoRequest, ipv6.ICMPTypeEchoReply}
)

// Ping sends one echo request with size octets of data and waits for its
// reply. A link-local address needs its zone: the interface's number, because
// names are looked up in another namespace.
func (n *Net) Ping(to netip.Addr, seq, size int, patience time.Duration) (rtt time.Duration, err error) {
	kind := icmp4
	if to.Is6() {
		kind = icmp6
	}
	var c *icmp.PacketConn
	if err := n.Do(func() (err error) {
		c, err = icmp.ListenPacket(kind.network, kind.any)
		return err
	}); err != nil {
		return 0, fmt.Errorf("traffic: ping: %w", err)
	}
	defer c.Close()
	m := icmp.Message{Type: kind.request, Body: &icmp.Echo{ID: os.Getpid() & 0xffff, Seq: seq, Data: make([]byte, size)}}
	b, err := m.Marshal(nil)
	if err != nil {
		return 0, fmt.Errorf("traffic: ping: %w", err)
	}
	began := time.Now()
	if _, err := c.WriteTo(b, &net.IPAddr{IP: to.AsSlice(), Zone: to.Zone()}); err != nil {
		return 0, fmt.Errorf("traffic: ping: %w", err)
	}
	c.SetReadDeadline(began.Add(patience))
	for buf := make([]byte, 2000); ; {
		k, _, err := c.ReadFrom(buf)
		if err != nil {
			return 0, fmt.Errorf("traffic: ping %v: %w", to, err)
		}
		r, err := icmp.ParseMessage(kind.number, buf[:k])
		if err != nil || r.Type != kind.reply {
			continue
		}
		if e, ok := r.Body.(*icmp.Echo); ok && e.Seq == seq && len(e.Data) == size {
			return time.Since(began), nil
		}
	}
}

// Dial opens a TCP connection from within the namespace.
func (n *Net) Dial(to netip.AddrPort, patience time.Duration) (net.Conn, error) {
	var c net.Conn
	err := n.Do(func() (err error) {
		c, err = net.DialTimeout("tcp", to.String(), patience)
		return err
	})
	return c, err
}

// Listen opens a TCP server within the namespace, for the address's own
// protocol only: whether one socket can serve both, package net finds out once,
// in whatever namespace that may be.
func (n *Net) Listen(at netip.AddrPort) (net.Listener, error) {
	network := "tcp4"
	if at.Addr().Is6() {
		network = "tcp6"
	}
	var l net.Listener
	err := n.Do(func() (err error) {
		l, err = net.Listen(network, at.String())
		return err
	})
	return l, err
}

// ErrChanged says that what came back is not what was sent.
var ErrChanged = errors.New("traffic: bytes changed on their way")

// Data returns n octets that repeat nowhere near each other.
func Data(n int) []byte {
	b := make([]byte, n)
	x := uint32(1)
	for i := range b {
		x ^= x << 13
		x ^= x >> 17
		x ^= x << 5
		b[i] = byte(x)
	}
	return b
}

// Exchange sends data to a server that echoes it (Echo) and compares what
// comes back: both directions of the link at once.
func Exchange(c net.Conn, data []byte) error {
	sent := make(chan error, 1)
	go func() {
		_, err := c.Write(data)
		sent <- err
	}()
	back := make([]byte, len(data))
	if _, err := io.ReadFull(c, back); err != nil {
		return fmt.Errorf("traffic: %w", err)
	}
	if err := <-sent; err != nil {
		return fmt.Errorf("traffic: %w", err)
	}
	if !bytes.Equal(back, data) {
		return ErrChanged
	}
	return nil
}

// Echo serves connections by sending back what they send, until the listener
// is closed; then it closes them and returns.
func Echo(l net.Listener) {
	var all []net.Conn
	var done sync.WaitGroup
	defer done.Wait()
	for {
		c, err := l.Accept()
		if err != nil {
			for _, c := range all {
				c.Close()
			}
			return
		}
		all = append(all, c)
		done.Go(func() {
			io.Copy(c, c)
			c.Close()
		})
	}
}
