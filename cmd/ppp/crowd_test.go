package main

import (
	"context"
	"encoding/binary"
	"fmt"
	"net/netip"
	"os"
	"strconv"
	"strings"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"pppdial/cmd/internal/rendezvous"
	"pppdial/mp"
	"pppdial/mp/mptest"
	"pppdial/mp/proto"
	"pppdial/mp/wire"
)

// A crowd is callers in this process, each with a tty and a TUN in memory.
type crowd struct {
	t       *testing.T
	dir     string // of the daemon's socket
	nursery *mp.Nursery
	all     []*callerEnd
}

// A callerEnd is one of them.
type callerEnd struct {
	name   string
	tun    *mptest.Tun
	bundle *mp.Bundle
	link   *mp.Link
	master *os.File
	up     chan mp.Network
	lost   chan *mp.Failure
	shell  chan error // what the hand-over has come to
	result rendezvous.Result
}

func (c *callerEnd) Admit(a *mp.Admission)                        { a.Join(c.bundle) }
func (c *callerEnd) LinkLost(_ *mp.Link, f *mp.Failure, _ []byte) { c.lost <- f }
func (c *callerEnd) NetworkUp(b *mp.Bundle, n mp.Network)         { b.Ready(n.Family); c.up <- n }
func (c *callerEnd) NetworkDown(*mp.Bundle, mp.Family)            {}
func (c *callerEnd) Demand(*mp.Bundle, string)                    {}
func (c *callerEnd) Busy(*mp.Bundle)                              {}
func (c *callerEnd) Slack(*mp.Bundle)                             {}

// serve starts a daemon for login shells, with a control file, and gives the
// callers that it may have.
func (h *host) serve(conf string, more ...string) (*ppp, *crowd) {
	h.t.Helper()
	daemon := h.run(append([]string{"-l", "-f", h.file("ppp.conf", conf)}, more...)...)
	daemon.await("serving the lines of login shells", 10*time.Second)
	return daemon, newCrowd(h.t, h.dir)
}

func newCrowd(t *testing.T, dir string) *crowd {
	c := &crowd{t: t, dir: dir, nursery: mp.NewNursery()}
	t.Cleanup(func() {
		c.nursery.Close()
		<-c.nursery.Done()
	})
	return c
}

// openPTY makes a tty; what is at its master is the caller's modem.
func openPTY(t *testing.T) (master, slave *os.File) {
	t.Helper()
	master, err := os.OpenFile("/dev/ptmx", os.O_RDWR|unix.O_NOCTTY|unix.O_NONBLOCK, 0)
	if err != nil {
		t.Fatal(err)
	}
	raw, err := master.SyscallConn()
	if err != nil {
		t.Fatal(err)
	}
	var n int
	raw.Control(func(fd uintptr) {
		if err = unix.IoctlSetPointerInt(int(fd), unix.TIOCSPTLCK, 0); err == nil {
			n, err = unix.IoctlGetInt(int(fd), unix.TIOCGPTN)
		}
	})
	if err != nil {
		t.Fatal(err)
	}
	slave, err = os.OpenFile(fmt.Sprintf("/dev/pts/%d", n), os.O_RDWR|unix.O_NOCTTY, 0)
	if err != nil {
		t.Fatal(err)
	}
	return master, slave
}

// A calling is what a caller says.
type calling struct {
	label        string // of the login shell
	name, secret string
	auth         []wire.Auth       // by which it proves itself; nil: CHAP or PAP
	ipcp         *proto.IPCPConfig // nil: it takes any address
	link         func(*mp.LinkConfig)
}

// call begins one call of somebody who proves itself as name by secret, and
// whose line a login shell for label brings.
func (c *crowd) call(label, name, secret string) *callerEnd {
	return c.calls(calling{label: label, name: name, secret: secret})
}

func (c *crowd) calls(w calling) *callerEnd {
	if w.ipcp == nil {
		w.ipcp = &proto.IPCPConfig{}
	}
	if w.auth == nil {
		w.auth = []wire.Auth{{Protocol: wire.CHAP, Algorithm: wire.CHAPMD5}, {Protocol: wire.PAP}}
	}
	e := &callerEnd{
		name: w.name, tun: mptest.NewTun(4), up: make(chan mp.Network, 4), lost: make(chan *mp.Failure, 1), shell: make(chan error, 1),
	}
	c.all = append(c.all, e)
	e.bundle = mp.NewBundle(mp.BundleConfig{Tun: e.tun, MTU: 1500, QueueLimit: 4, IPCP: w.ipcp, Events: e})
	var slave *os.File
	e.master, slave = openPTY(c.t)
	go func() {
		defer slave.Close()
		r, err := rendezvous.HandOver(context.Background(), c.dir, rendezvous.Line{Label: w.label, TTY: slave, Login: true})
		e.result = r
		e.shell <- err
	}()
	link := mp.LinkConfig{
		LCP:  proto.LCPConfig{PFC: true, ACFC: true, Allow: w.auth},
		Auth: mp.AuthConfig{Name: w.name, Password: w.secret}, Events: e,
	}
	if w.link != nil {
		w.link(&link)
	}
	e.link = c.nursery.Start(e.master, nil, link)
	return e
}

// isUp waits until IPv4 is.
func (c *callerEnd) isUp(t *testing.T) mp.Network {
	t.Helper()
	select {
	case n := <-c.up:
		return n
	case f := <-c.lost:
		t.Fatalf("%s: %+v", c.name, f)
	case <-time.After(30 * time.Second):
		t.Fatalf("%s is not up after 30 s", c.name)
	}
	return mp.Network{}
}

// ends waits for the end of the link and of the login shell, and gives back
// what they have come to.
func (c *callerEnd) ends(t *testing.T) (*mp.Failure, rendezvous.Result) {
	t.Helper()
	limit := time.After(60 * time.Second)
	var f *mp.Failure
	select {
	case f = <-c.lost:
	case <-limit:
		t.Fatalf("%s: the link has not ended", c.name)
	}
	c.close()
	select {
	case err := <-c.shell:
		if err != nil {
			t.Errorf("%s: %v", c.name, err)
		}
	case <-limit:
		t.Fatalf("%s: the login shell has not ended", c.name)
	}
	return f, c.result
}

// bye hangs up.
func (c *callerEnd) bye(t *testing.T) rendezvous.Result {
	t.Helper()
	c.link.Close(mp.Closed, "bye")
	_, r := c.ends(t)
	return r
}

// close ends a caller.
func (c *callerEnd) close() {
	c.bundle.Close(mp.Closed, "")
	<-c.bundle.Done()
	c.tun.Close()
	c.master.Close()
}

// ping sends an echo request to the other end and waits for the answer.
func (c *callerEnd) ping(n mp.Network, patience time.Duration) error {
	c.tun.Send(echoRequest(n.Local, n.Remote))
	limit := time.After(patience)
	for {
		select {
		case p := <-c.tun.Received():
			if len(p) >= 28 && p[9] == 1 && p[20] == 0 && netip.AddrFrom4([4]byte(p[12:16])) == n.Remote {
				return nil
			}
		case <-limit:
			return fmt.Errorf("%s: no answer from %v", c.name, n.Remote)
		}
	}
}

func echoRequest(from, to netip.Addr) []byte {
	p := make([]byte, 28)
	p[0], p[8], p[9] = 0x45, 64, 1
	binary.BigEndian.PutUint16(p[2:], uint16(len(p)))
	src, dst := from.As4(), to.As4()
	copy(p[12:], src[:])
	copy(p[16:], dst[:])
	binary.BigEndian.PutUint16(p[10:], checksum(p[:20]))
	p[20] = 8
	binary.BigEndian.PutUint16(p[22:], checksum(p[20:]))
	return p
}

func checksum(b []byte) uint16 {
	sum := 0
	for i := 0; i < len(b); i += 2 {
		sum += int(b[i])<<8 | int(b[i+1])
	}
	for sum > 0xffff {
		sum = sum>>16 + sum&0xffff
	}
	return ^uint16(sum)
}

// A usage is what a process uses.
type usage struct {
	rss     int // KB
	threads int
	fds     int
	cpu     time.Duration
}

func statusOf(t *testing.T, p *ppp) (u usage) {
	t.Helper()
	dir := fmt.Sprintf("/proc/%d/", p.cmd.Process.Pid)
	text, err := os.ReadFile(dir + "status")
	if err != nil {
		t.Fatal(err)
	}
	for line := range strings.Lines(string(text)) {
		f := strings.Fields(line)
		switch f[0] {
		case "VmRSS:":
			u.rss, _ = strconv.Atoi(f[1])
		case "Threads:":
			u.threads, _ = strconv.Atoi(f[1])
		}
	}
	stat, err := os.ReadFile(dir + "stat")
	if err != nil {
		t.Fatal(err)
	}
	f := strings.Fields(string(stat[strings.LastIndexByte(string(stat), ')')+2:]))
	for _, ticks := range f[11:13] {
		n, _ := strconv.Atoi(ticks)
		u.cpu += time.Duration(n) * 10 * time.Millisecond
	}
	fds, err := os.ReadDir(dir + "fd")
	if err != nil {
		t.Fatal(err)
	}
	u.fds = len(fds)
	return u
}
