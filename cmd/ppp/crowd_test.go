package main

import (
	"bytes"
	"context"
	"encoding/binary"
	"fmt"
	"io"
	"net/netip"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"sync"
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
	name    string
	tun     *mptest.Tun
	bundle  *mp.Bundle
	link    *mp.Link
	master  *os.File
	slave   *os.File
	nursery *mp.Nursery
	calling calling
	joins   *callerEnd // whose bundle it is; nil: its own
	heard   *heard     // nil: nobody listens
	up      chan mp.Network
	lost    chan *mp.Failure
	shell   chan error // what the hand-over has come to
	result  rendezvous.Result
}

func (e *callerEnd) Admit(a *mp.Admission)                        { a.Join(e.bundle) }
func (e *callerEnd) LinkLost(_ *mp.Link, f *mp.Failure, _ []byte) { e.lost <- f }
func (e *callerEnd) NetworkUp(b *mp.Bundle, n mp.Network)         { b.Ready(n.Family); e.up <- n }
func (e *callerEnd) NetworkDown(*mp.Bundle, mp.Family)            {}
func (e *callerEnd) Demand(*mp.Bundle, string)                    {}
func (e *callerEnd) Busy(*mp.Bundle)                              {}
func (e *callerEnd) Slack(*mp.Bundle)                             {}

// serve starts a daemon for login shells, with a control file, and gives the
// callers that it may have.
func (h *host) serve(conf string, more ...string) (*ppp, *crowd) {
	h.t.Helper()
	daemon := h.run(append([]string{"-l", "-f", h.file("ppp.conf", conf)}, more...)...)
	daemon.await("serving the lines of login shells", slowly)
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
	with         *callerEnd // whose bundle the line is for; nil: a new one
}

// call begins one call of somebody who proves itself as name by secret, and
// whose line a login shell for label brings.
func (c *crowd) call(label, name, secret string) *callerEnd {
	return c.calls(calling{label: label, name: name, secret: secret})
}

func (c *crowd) calls(w calling) *callerEnd {
	e := c.idle(w.name)
	c.all = append(c.all, e)
	e.calling = w
	quiet(c.t, e.slave)
	if w.with != nil {
		e.bundle = w.with.bundle
		e.joins = w.with
	}
	c.hand(e, w.label)
	e.start(nil)
	return e
}

// hand has a login shell for label bring a caller's line.
func (c *crowd) hand(e *callerEnd, label string) {
	go func() {
		defer e.slave.Close()
		r, err := rendezvous.HandOver(context.Background(), c.dir, rendezvous.Line{Label: label, TTY: e.slave, Login: true})
		e.result = r
		e.shell <- err
	}()
}

// idle makes a caller whose line is there, and nothing more.
func (c *crowd) idle(name string) *callerEnd {
	e := &callerEnd{
		name: name, nursery: c.nursery, tun: mptest.NewTun(4), up: make(chan mp.Network, 4), lost: make(chan *mp.Failure, 2), shell: make(chan error, 1),
	}
	e.master, e.slave = openPTY(c.t)
	return e
}

// start begins with PPP. More changes what the caller says of itself.
func (e *callerEnd) start(more func(*mp.LinkConfig)) {
	w := e.calling
	if w.ipcp == nil {
		w.ipcp = &proto.IPCPConfig{}
	}
	if w.auth == nil {
		w.auth = []wire.Auth{{Protocol: wire.CHAP, Algorithm: wire.CHAPMD5}, {Protocol: wire.PAP}}
	}
	if e.bundle == nil {
		e.bundle = mp.NewBundle(mp.BundleConfig{Tun: e.tun, MTU: 1500, QueueLimit: 4, IPCP: w.ipcp, Events: e})
	}
	link := mp.LinkConfig{
		LCP:  proto.LCPConfig{PFC: true, ACFC: true, Allow: w.auth},
		Auth: mp.AuthConfig{Name: w.name, Password: w.secret}, Events: e,
	}
	for _, f := range []func(*mp.LinkConfig){w.link, more} {
		if f != nil {
			f(&link)
		}
	}
	e.link = e.nursery.Start(e.tapped(), nil, link)
}

// listen keeps what comes over the line; the function gives it when the line is
// no more in use.
func (e *callerEnd) listen() func() []byte {
	e.heard = new(heard)
	return func() []byte {
		if e.link == nil { // nobody has read it
			e.master.SetReadDeadline(time.Now().Add(100 * time.Millisecond))
			b, _ := io.ReadAll(e.master)
			e.heard.Write(b)
		}
		return e.heard.bytes()
	}
}

// tapped is the line, with what comes kept if it is to be.
func (e *callerEnd) tapped() mp.Line {
	if e.heard == nil {
		return e.master
	}
	return tappedLine{e.master, e.heard}
}

type tappedLine struct {
	*os.File
	heard *heard
}

func (l tappedLine) Read(b []byte) (int, error) {
	n, err := l.File.Read(b)
	l.heard.Write(b[:n])
	return n, err
}

// A heard is octets that several goroutines see.
type heard struct {
	mu sync.Mutex
	b  []byte
}

func (h *heard) Write(b []byte) (int, error) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.b = append(h.b, b...)
	return len(b), nil
}

func (h *heard) bytes() []byte {
	h.mu.Lock()
	defer h.mu.Unlock()
	return bytes.Clone(h.b)
}

// at starts ppp as the login shell of a user on a terminal.
func (h *host) at(tty *os.File, user string, args ...string) *ppp {
	h.t.Helper()
	cmd := exec.Command(program, args...)
	cmd.Env = append(os.Environ(), "USER="+user, "RUNTIME_DIRECTORY="+h.dir, "STATE_DIRECTORY="+h.dir)
	cmd.Stdin, cmd.Stdout = tty, tty
	return h.launch(cmd)
}

// quiet has a terminal echo nothing: these callers do not wait for "PPP".
func quiet(t *testing.T, tty *os.File) {
	t.Helper()
	tio, err := unix.IoctlGetTermios(int(tty.Fd()), unix.TCGETS)
	if err == nil {
		tio.Iflag, tio.Oflag, tio.Lflag = 0, 0, 0
		err = unix.IoctlSetTermios(int(tty.Fd()), unix.TCSETS, tio)
	}
	if err != nil {
		t.Fatal(err)
	}
}

// isUp waits until IPv4 is.
func (e *callerEnd) isUp(t *testing.T) mp.Network {
	t.Helper()
	select {
	case n := <-e.up:
		return n
	case f := <-e.lost:
		t.Fatalf("%s: %+v", e.name, f)
	case <-time.After(30 * time.Second):
		t.Fatalf("%s is not up after 30 s", e.name)
	}
	return mp.Network{}
}

// ends waits for the end of the link and of the login shell, and gives back
// what they have come to.
func (e *callerEnd) ends(t *testing.T) (*mp.Failure, rendezvous.Result) {
	t.Helper()
	limit := time.After(60 * time.Second)
	var f *mp.Failure
	select {
	case f = <-e.lost:
	case <-limit:
		t.Fatalf("%s: the link has not ended", e.name)
	}
	e.close()
	select {
	case err := <-e.shell:
		if err != nil {
			t.Errorf("%s: %v", e.name, err)
		}
	case <-limit:
		t.Fatalf("%s: the login shell has not ended", e.name)
	}
	return f, e.result
}

// bye hangs up.
func (e *callerEnd) bye(t *testing.T) rendezvous.Result {
	t.Helper()
	e.link.Close(mp.Closed, "bye")
	_, r := e.ends(t)
	return r
}

// close ends a caller.
func (e *callerEnd) close() {
	if e.bundle != nil && e.joins == nil {
		e.bundle.Close(mp.Closed, "")
		<-e.bundle.Done()
	}
	e.tun.Close()
	e.master.Close()
}

// ping sends an echo request to the other end and waits for the answer.
func (e *callerEnd) ping(n mp.Network, patience time.Duration) error {
	e.tun.Send(echoRequest(n.Local, n.Remote))
	limit := time.After(patience)
	for {
		select {
		case p := <-e.tun.Received():
			if len(p) >= 28 && p[9] == 1 && p[20] == 0 && netip.AddrFrom4([4]byte(p[12:16])) == n.Remote {
				return nil
			}
		case <-limit:
			return fmt.Errorf("%s: no answer from %v", e.name, n.Remote)
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
	own     int // KB of it that are no program text
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
		case "RssAnon:":
			u.own, _ = strconv.Atoi(f[1])
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

// awaitDescriptors waits until the process holds no more descriptors than most:
// a caller's shell has ended before its connection is closed.
func awaitDescriptors(t *testing.T, p *ppp, most int) usage {
	t.Helper()
	for deadline := time.Now().Add(slowly); ; time.Sleep(10 * time.Millisecond) {
		u := statusOf(t, p)
		if u.fds <= most {
			return u
		}
		if time.Now().After(deadline) {
			t.Errorf("%d descriptors, want at most %d", u.fds, most)
			return u
		}
	}
}

func hostName(t *testing.T) string {
	t.Helper()
	name, err := os.Hostname()
	if err != nil {
		t.Fatal(err)
	}
	return name
}

// demand has the caller want a proof of the other end, too, by PAP.
func demand(name, secret string) func(*mp.LinkConfig) { return demandBy(byPAP, name, secret) }

func demandCHAP(name, secret string) func(*mp.LinkConfig) { return demandBy(byCHAP, name, secret) }

func demandBy(by []wire.Auth, name, secret string) func(*mp.LinkConfig) {
	return func(c *mp.LinkConfig) {
		c.LCP.Demand = by
		c.Auth.Verify = func(k *mp.Claim) { k.Answer(k.Name == name && k.CheckSecret(secret), "") }
	}
}
