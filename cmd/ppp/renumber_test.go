package main

import (
	"errors"
	"fmt"
	"net"
	"net/netip"
	"strings"
	"syscall"
	"testing"
	"time"

	"pppdial/dial/dialtest"
	"pppdial/route/routetest/traffic"
)

// socket opens a socket on the host.
func (h *host) socket(open func() (net.Conn, error)) (c net.Conn, err error) {
	err = h.Do(func() (err error) {
		c, err = open()
		return err
	})
	return c, err
}

// datagrams answers UDP on the host, as a name server would.
func (h *host) datagrams(addr string) string {
	h.t.Helper()
	var c net.PacketConn
	if err := h.Do(func() (err error) {
		c, err = net.ListenPacket("udp4", addr+":53")
		return err
	}); err != nil {
		h.t.Fatal(err)
	}
	h.t.Cleanup(func() { c.Close() })
	go func() {
		b := make([]byte, 1500)
		for {
			n, from, err := c.ReadFrom(b)
			if err != nil {
				return
			}
			c.WriteTo(b[:n], from)
		}
	}()
	return addr + ":53"
}

// query asks such a server.
func query(c net.Conn, patience time.Duration) error {
	if _, err := c.Write([]byte("query")); err != nil {
		return err
	}
	c.SetReadDeadline(time.Now().Add(patience))
	_, err := c.Read(make([]byte, 100))
	return err
}

// localIP is a socket's own address.
func localIP(c net.Conn) string {
	return netip.MustParseAddrPort(c.LocalAddr().String()).Addr().String()
}

// TestQuietRenumbered: an interface that waits for traffic does not know its
// addresses. What asks for the call gets its answer all the same, goes on for as
// long as the call's address stays, and is ended at once when that changes.
func TestQuietRenumbered(t *testing.T) {
	t.Parallel()
	const second = "10.20.30.77" // the address of the second call
	near, far, bank := newHost(t, "near"), newHost(t, "far"), newBank(t)
	modem := newModem(t, bank, dialtest.ModemConfig{Name: "near", Number: "5550000"})
	bank.Answer(number, far.direct("mynam"))
	gives := func(addr string) { far.conf("mynam localhost=%s remotehost=%s", farAddr, addr) }
	gives(nearAddr)
	far.ip("link", "set", "lo", "up")
	far.ip("address", "add", "192.0.2.1/32", "dev", "lo")
	service := far.echo("192.0.2.1")
	names := far.datagrams("192.0.2.1")
	near.conf("rmt quiet device=%s phone=%s localhost=0 remotehost=0 add_route modwait=1 inactive_timeout=600", modem.Path(), number)
	call := near.call("rmt")
	call.await("waiting for traffic", slowly)
	if got := near.ip("-o", "-4", "address", "show", "ppp0"); !strings.Contains(got, "10.64.64.0 peer 10.112.112.0/32") {
		t.Errorf("addresses before the call: %s", got)
	}

	udp, err := near.socket(func() (net.Conn, error) { return net.Dial("udp4", names) })
	if err != nil {
		t.Fatal(err)
	}
	defer udp.Close()
	answers := make(chan error, 3)
	var tcp net.Conn
	go func() {
		_, err := near.Ping(service.Addr(), 1, 56, slowly)
		answers <- err
	}()
	go func() { answers <- query(udp, 60*time.Second) }()
	go func() {
		var err error
		tcp, err = near.Dial(service, slowly)
		answers <- err
	}()
	for range cap(answers) {
		if err := <-answers; err != nil {
			t.Fatal(err)
		}
	}
	defer tcp.Close()
	if localIP(tcp) != "10.64.64.0" || localIP(udp) != "10.64.64.0" {
		t.Errorf("the call was not made by %v and %v", tcp.LocalAddr(), udp.LocalAddr())
	}
	if err := traffic.Exchange(tcp, traffic.Data(100_000)); err != nil {
		t.Error(err)
	}
	if got := near.ip("-o", "-4", "address", "show", "ppp0"); !strings.Contains(got, nearAddr+" peer "+farAddr+"/32") || !strings.Contains(got, "10.64.64.0/32 scope host") {
		t.Errorf("addresses in the call: %s", got)
	}
	if err := query(udp, 10*time.Second); err != nil {
		t.Error(err)
	}
	held, err := near.Dial(service, slowly)
	if err != nil {
		t.Fatal(err)
	}
	defer held.Close()
	if localIP(held) != nearAddr {
		t.Errorf("a new connection is from %v", held.LocalAddr())
	}

	// The next call has another address. Nothing is left hanging.
	gives(second)
	call.signal(syscall.SIGHUP)
	call.await("connection ends", slowly)
	if _, err := near.Ping(service.Addr(), 2, 56, slowly); err != nil {
		t.Error(err)
	}
	call.await("up local="+second, slowly)
	for _, c := range []net.Conn{tcp, held} {
		if err := ends(c); !errors.Is(err, syscall.ECONNRESET) && !errors.Is(err, syscall.EPIPE) {
			t.Errorf("a connection of the first call, from %v: %v", c.LocalAddr(), err)
		}
	}
	time.Sleep(time.Second) // what comes as late as that has not waited
	if err := query(udp, 10*time.Second); !errors.Is(err, syscall.EHOSTUNREACH) {
		t.Errorf("a query from the address of before: %v", err)
	}
	fresh, err := near.Dial(service, slowly)
	if err != nil {
		t.Fatal(err)
	}
	defer fresh.Close()
	if localIP(fresh) != second {
		t.Errorf("a new connection is from %v", fresh.LocalAddr())
	}
	if got := call.term(); got != 5 {
		t.Errorf("status %d, want 5", got)
	}
	near.bare()
}

// ends writes and reads until a connection is ended.
func ends(c net.Conn) error {
	c.SetDeadline(time.Now().Add(20 * time.Second))
	b := make([]byte, 100)
	for {
		if _, err := c.Write([]byte("anybody there?")); err != nil {
			return err
		}
		if n, err := c.Read(b); err != nil {
			return err
		} else if n == 0 {
			return fmt.Errorf("read nothing")
		}
	}
}
