package run

import (
	"fmt"
	"io"
	"net"
	"net/netip"
	"sync"
	"testing"
)

// discard reads what comes to a port.
func discard(t *testing.T, e *end, port uint16) {
	listen(t, e, port, func(c net.Conn) { io.Copy(io.Discard, c) })
}

func echo(t *testing.T, e *end, port uint16) { listen(t, e, port, func(c net.Conn) { io.Copy(c, c) }) }

// listen serves connections to a port until the test ends.
func listen(t *testing.T, e *end, port uint16, serve func(net.Conn)) {
	t.Helper()
	l, err := e.net.Listen(netip.AddrPortFrom(netip.IPv4Unspecified(), port))
	if err != nil {
		t.Fatal(err)
	}
	var all sync.WaitGroup
	var mu sync.Mutex
	var conns []net.Conn
	all.Go(func() {
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			mu.Lock()
			conns = append(conns, c)
			mu.Unlock()
			all.Go(func() { serve(c); c.Close() })
		}
	})
	t.Cleanup(func() {
		l.Close()
		mu.Lock()
		for _, c := range conns {
			c.Close()
		}
		mu.Unlock()
		all.Wait()
	})
}

// echoUDP sends datagrams back until the test ends.
func echoUDP(t *testing.T, e *end, port uint16) {
	t.Helper()
	var c net.PacketConn
	if err := e.net.Do(func() (err error) {
		c, err = net.ListenPacket("udp4", fmt.Sprintf("0.0.0.0:%d", port))
		return err
	}); err != nil {
		t.Fatal(err)
	}
	done := make(chan struct{})
	go func() {
		defer close(done)
		buf := make([]byte, 2000)
		for {
			n, from, err := c.ReadFrom(buf)
			if err != nil {
				return
			}
			c.WriteTo(buf[:n], from)
		}
	}()
	t.Cleanup(func() { c.Close(); <-done })
}
