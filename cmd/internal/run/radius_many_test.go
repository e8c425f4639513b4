package run

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/netip"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"pppdial/cmd/internal/radius/radiustest"
	"pppdial/cmd/internal/rendezvous"
	"pppdial/cmd/internal/status"
	"pppdial/dial"
	"pppdial/mp"
	"pppdial/mp/hdlc"
	"pppdial/mp/mptest"
	"pppdial/mp/proto"
	"pppdial/mp/wire"
	"pppdial/route"
	"pppdial/route/routetest"
)

// An exchange is where callers get through to a daemon that answers.
type exchange struct {
	calls  chan *conn
	mode   string                                  // "": in reconfigure
	more   string                                  // entries
	lookup func(host string) ([]netip.Addr, error) // nil: there are no hosts
	slow   time.Duration                           // that a hang-up takes
	log    io.Writer                               // nil: the test's
	kernel *routetest.Kernel                       // of all callers' interfaces; nil: each has its own

	mu     sync.Mutex
	free   int // lines, of those that work
	waits  int // that were begun
	people []*person
}

func (x *exchange) Call(context.Context) (*conn, error) {
	return nil, errors.New("nobody is called here")
}

func (x *exchange) Answer(ctx context.Context) (*conn, error) {
	if !x.take() {
		return nil, &dial.Error{Kind: dial.Locked, Err: errors.New("no line is free")}
	}
	select {
	case c := <-x.calls:
		hangUp := c.hangUp
		c.hangUp = func(ctx context.Context) {
			hangUp(ctx)
			time.Sleep(x.slow)
			x.release()
		}
		return c, nil
	case <-ctx.Done():
		x.release()
		return nil, ctx.Err()
	}
}

func (x *exchange) take() bool {
	x.mu.Lock()
	defer x.mu.Unlock()
	x.waits++
	if x.free == 0 {
		return false
	}
	x.free--
	return true
}

func (x *exchange) release() {
	x.mu.Lock()
	defer x.mu.Unlock()
	x.free++
}

func (x *exchange) Close() {}

// unanswered is how many lines are free and not waited on.
func (x *exchange) unanswered() int {
	x.mu.Lock()
	defer x.mu.Unlock()
	return x.free
}

// A person is a caller, and a peer of its own.
type person struct {
	name    string
	nursery *mp.Nursery
	bundle  *mp.Bundle
	tun     *mptest.Tun
	up      chan mp.Network
	lost    chan *mp.Failure
}

func (p *person) Admit(a *mp.Admission)                        { a.Join(p.bundle) }
func (p *person) LinkLost(_ *mp.Link, f *mp.Failure, _ []byte) { p.lost <- f }
func (p *person) NetworkUp(b *mp.Bundle, n mp.Network)         { b.Ready(n.Family); p.up <- n }
func (p *person) NetworkDown(*mp.Bundle, mp.Family)            {}
func (p *person) Demand(*mp.Bundle, string)                    {}
func (p *person) Busy(*mp.Bundle)                              {}
func (p *person) Slack(*mp.Bundle)                             {}

// call calls as somebody who has one line.
func (x *exchange) call(t *testing.T, name, password string) *person {
	t.Helper()
	p := &person{name: name}
	x.line(t, p, name, password, "-mp")
	return p
}

// line brings a line of a person's, who has a name of its own there.
func (x *exchange) line(t *testing.T, p *person, name, password, words string) {
	t.Helper()
	e := entryOf(t, fmt.Sprintf("localhost=0 remotehost=0 send_pap send_chap send_name=%s send_passwd=%s -ipv6 %s", name, password, words))
	if p.bundle == nil {
		p.nursery, p.tun, p.up, p.lost = mp.NewNursery(), mptest.NewTun(64), make(chan mp.Network, 4), make(chan *mp.Failure, 4)
		p.bundle = mp.NewBundle(bundleConfig(e, p.tun, p, silence))
		x.mu.Lock()
		x.people = append(x.people, p)
		x.mu.Unlock()
	}
	near, far := mptest.Pair(mptest.Config{BPS: 1e6})
	p.nursery.Start(far, nil, linkConfig(e, 0, p, silence))
	x.calls <- &conn{Line: near, speed: 1e6, hangUp: func(context.Context) { near.Hangup() }}
}

// hangUp ends all calls.
func (x *exchange) hangUp() {
	for _, p := range x.people {
		p.bundle.Close(mp.Closed, "User request")
	}
	for _, p := range x.people {
		<-p.bundle.Done()
		p.tun.Close()
		p.nursery.Close()
		<-p.nursery.Done()
	}
}

// bureau runs a daemon that answers on so many lines and asks RADIUS servers,
// which stand for SERVERS.
func bureau(t *testing.T, lines int, words, secret string, ports ...int) (x *exchange, d *daemon, stop func()) {
	t.Helper()
	x = &exchange{calls: make(chan *conn), free: lines}
	d, stop = x.serve(t, lines, words, secret, ports...)
	return x, d, stop
}

// serve is a bureau of whose lines not all need to work.
func (x *exchange) serve(t *testing.T, lines int, words, secret string, ports ...int) (d *daemon, stop func()) {
	t.Helper()
	dir := t.TempDir()
	file := filepath.Join(dir, "secret")
	if err := os.WriteFile(file, []byte(secret+"\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	servers := ""
	for _, p := range ports {
		servers += fmt.Sprintf(" radius=127.0.0.1:%d,%s", p, file)
	}
	devices := ""
	for i := range lines {
		devices += fmt.Sprintf(" device=/dev/x%d", i)
	}
	text := "answer " + cmp.Or(x.mode, "in reconfigure") + " localhost=10.0.0.1 -ipv6 " + strings.ReplaceAll(words, "SERVERS", servers) + devices + "\n" + x.more
	o := checks
	if o.Lookup = x.lookup; o.Lookup == nil { // the system's cannot be asked in two bubbles
		o.Lookup = unknown
	}
	f, diags := o.Parse("ppp.conf", []byte(text))
	e, more := f.Entry("answer")
	if diags = append(diags, more...); diags.HasErrors() {
		t.Fatal(diags)
	}
	w := newMemWorld(t).world()
	w.caller = func(dial.Config) (caller, error) { return x, nil }
	if x.kernel != nil {
		w.kernel = func() (route.Kernel, error) { return x.kernel, nil }
	}
	if x.log == nil {
		x.log = t.Output()
	}
	d = newDaemon(Options{StateDir: dir, KeepDir: filepath.Join(dir, "keep")}, f, w, new(slog.LevelVar), slog.New(slog.NewTextHandler(x.log, nil)))
	ctx, cancel := context.WithCancel(context.Background())
	ended := make(chan bool)
	go func() {
		defer close(ended)
		d.run(ctx, nil, func() *Verdict { return d.serve(e) })
	}()
	return d, func() {
		cancel()
		<-ended
	}
}

// TestRadiusManyCallers: 200 call at once, the first of two servers is dead, and
// everybody gets what is theirs, and is in the books once.
func TestRadiusManyCallers(t *testing.T) {
	const callers = 200
	address := func(i int) string { return fmt.Sprintf("10.9.%d.%d", i/200, i%200+1) }
	var users strings.Builder
	for i := range callers {
		fmt.Fprintf(&users, "u%d Cleartext-Password := \"p%d\"\n\tFramed-IP-Address = %s\n", i, i, address(i))
	}
	s := radiustest.Start(t, "shh", users.String())
	dead := radiustest.Start(t, "shh", users.String())
	dead.Stop()
	x, d, stop := bureau(t, callers, "recv_pap recv_chap SERVERS", "shh", dead.Port, s.Port)
	began := time.Now()
	people := make([]*person, callers)
	for i := range callers {
		password := fmt.Sprint("p", i)
		if i%10 == 0 {
			password = "wrong"
		}
		people[i] = x.call(t, fmt.Sprint("u", i), password)
	}
	for i, p := range people {
		select {
		case n := <-p.up:
			if i%10 == 0 || n.Local != netip.MustParseAddr(address(i)) {
				t.Errorf("%s has got %v", p.name, n.Local)
			}
		case f := <-p.lost:
			if i%10 != 0 || f.Kind != mp.OurAuth {
				t.Errorf("%s was lost: %v", p.name, f)
			}
		case <-time.After(60 * time.Second):
			t.Fatalf("%s waits", p.name)
		}
	}
	t.Logf("%d callers: %v", callers, time.Since(began).Round(time.Millisecond))
	up := 0
	for _, b := range look(t, d, rendezvous.Query{}).Bundles {
		if b.Phase == status.NetworkPhase {
			up++
		}
	}
	if up != callers*9/10 {
		t.Errorf("%d interfaces are up", up)
	}
	x.hangUp()
	for end := time.Now().Add(time.Minute); len(s.Details()) < 2*up && time.Now().Before(end); {
		time.Sleep(100 * time.Millisecond)
	}
	stop()
	starts, stops := map[string]int{}, map[string]int{}
	for _, r := range s.Details() {
		switch _, name, _ := strings.Cut(r, "\tUser-Name = "); {
		case strings.Contains(r, "Acct-Status-Type = Start\n"):
			starts[name[:strings.Index(name, "\n")]]++
		case strings.Contains(r, "Acct-Terminate-Cause = User-Request\n"):
			stops[name[:strings.Index(name, "\n")]]++
		default:
			t.Error(r)
		}
	}
	for i := range callers {
		name, want := fmt.Sprintf("%q", fmt.Sprint("u", i)), 1
		if i%10 == 0 {
			want = 0
		}
		if starts[name] != want || stops[name] != want {
			t.Errorf("%s: %d Starts, %d Stops", name, starts[name], stops[name])
		}
	}
}

// slowly passes what comes to a server on after a while; never is less than 0.
func slowly(t *testing.T, to int, d time.Duration) (port int) {
	t.Helper()
	in, err := net.ListenUDP("udp4", &net.UDPAddr{IP: net.IPv4(127, 0, 0, 1)})
	if err != nil {
		t.Fatal(err)
	}
	var all sync.WaitGroup
	ended := make(chan bool)
	t.Cleanup(func() { close(ended); in.Close(); all.Wait() })
	all.Go(func() {
		for {
			b := make([]byte, 4096)
			n, from, err := in.ReadFromUDP(b)
			if err != nil {
				return
			}
			if d < 0 {
				continue
			}
			all.Go(func() {
				select {
				case <-time.After(d):
				case <-ended:
					return
				}
				out, err := net.Dial("udp4", fmt.Sprintf("127.0.0.1:%d", to))
				if err != nil {
					return
				}
				defer out.Close()
				out.SetDeadline(time.Now().Add(5 * time.Second))
				out.Write(b[:n])
				if n, err := out.Read(b); err == nil {
					in.WriteToUDP(b[:n], from)
				}
			})
		}
	})
	return in.LocalAddr().(*net.UDPAddr).Port
}

// TestRadiusSlow: a server that answers after 20 s lets its caller in then, and
// one that never does keeps only that caller out.
func TestRadiusSlow(t *testing.T) {
	t.Parallel()
	s := radiustest.Start(t, "shh", "joe Cleartext-Password := \"right\"\n\tFramed-IP-Address = 10.9.0.1\n")
	for _, c := range []struct {
		why   string
		delay time.Duration
		words string
	}{{"after 20 s", 20 * time.Second, ""}, {"never", -1, "max_auth_secs=6"}} {
		t.Run(c.why, func(t *testing.T) {
			t.Parallel()
			x, d, stop := bureau(t, 2, "recv_chap SERVERS "+c.words, "shh", slowly(t, s.Port, c.delay))
			defer stop()
			defer x.hangUp()
			began := time.Now()
			p := x.call(t, "joe", "right")
			select {
			case n := <-p.up:
				if took := time.Since(began); c.delay < 0 || took < c.delay || n.Local != netip.MustParseAddr("10.9.0.1") {
					t.Errorf("up after %v: %v", took, n.Local)
				}
			case f := <-p.lost:
				if c.delay > 0 || f.Kind != mp.OurAuth {
					t.Errorf("lost after %v: %v", time.Since(began), f)
				}
			case <-time.After(60 * time.Second):
				t.Error("nothing comes of it")
			}
			t.Logf("%v", time.Since(began).Round(100*time.Millisecond))
			if got := look(t, d, rendezvous.Query{}); len(got.Bundles) == 0 {
				t.Error("the daemon serves nobody else")
			}
		})
	}
}

// TestRadiusNames: while the name service is asked for what an answer of a
// server names, everybody else is served.
func TestRadiusNames(t *testing.T) {
	t.Parallel()
	s := radiustest.Start(t, "shh", "joe Cleartext-Password := \"right\"\n\tFramed-Pool = water\n")
	asked, answer := make(chan string, 4), make(chan bool)
	x := &exchange{
		calls: make(chan *conn), free: 2,
		more: "joe localhost=here.example remotehost=0\nwater pool=10.9.1.0/24 localhost=there.example remotehost=0\n",
		lookup: func(host string) ([]netip.Addr, error) {
			if strings.HasSuffix(host, ".example") {
				asked <- host
				<-answer
			}
			return []netip.Addr{netip.MustParseAddr("10.0.0.2")}, nil
		},
	}
	d, stop := x.serve(t, 2, "recv_chap SERVERS", "shh", s.Port)
	defer stop()
	defer x.hangUp()
	p := x.call(t, "joe", "right")
	for _, want := range []string{"here.example", "there.example"} {
		name := <-asked
		if name != want {
			t.Errorf("asked for %s, want %s", name, want)
		}
		ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
		if served, _ := ask(ctx, d, func() bool { return true }); !served {
			t.Errorf("all wait for %s", name)
		}
		cancel()
		answer <- true
	}
	select {
	case n := <-p.up:
		if !netip.MustParsePrefix("10.9.1.0/24").Contains(n.Local) {
			t.Error(n.Local)
		}
	case f := <-p.lost:
		t.Error(f)
	}
}

// TestRadiusOneName: who says another name before the servers have answered
// about the first does not get one user's rights under the other's name.
func TestRadiusOneName(t *testing.T) {
	t.Parallel()
	s := radiustest.Start(t, "shh", `ann Cleartext-Password := "right"
	Framed-IP-Address = 10.9.0.1
joe Cleartext-Password := "right"
	Framed-IP-Address = 10.9.0.2
`)
	x, _, stop := bureau(t, 1, "recv_pap SERVERS", "shh", slowly(t, s.Port, time.Second))
	defer stop()
	near, far := mptest.Pair(mptest.Config{BPS: 1e6})
	all := hdlc.FromUint32(wire.DefaultACCM)
	send := func(p wire.Protocol, packet wire.Packet) {
		frame := wire.AppendPacket(wire.AppendProtocol([]byte{0xff, 0x03}, p, false), packet)
		far.Write(hdlc.AppendFrame(nil, frame, &all, true))
	}
	names := []string{"ann", "joe"}
	lcp := proto.NewLCP(proto.LCPConfig{Allow: []wire.Auth{{Protocol: wire.PAP}}}, proto.LCPLayer{Layer: proto.Layer{
		Send: func(p wire.Packet) { send(wire.LCP, p) },
		Up: func(time.Time) {
			if len(names) == 0 {
				return
			}
			claim := wire.PAPRequest{PeerID: names[0], Password: "right"}
			send(wire.PAP, wire.Packet{Code: wire.PAPAuthReq, ID: byte(len(names)), Data: wire.AppendPAPRequest(nil, claim)})
			if names = names[1:]; len(names) > 0 {
				send(wire.LCP, wire.Packet{Code: wire.ConfigureRequest, ID: 100}) // begin anew
			}
		},
	}})
	x.calls <- &conn{Line: near, speed: 1e6, hangUp: func(context.Context) { near.Hangup() }}
	lcp.Open(time.Now())
	lcp.Up(time.Now())
	var answers []wire.Code
	dec := hdlc.Decoder{MaxFrame: 2000}
	for buf := make([]byte, 512); ; {
		n, err := far.Read(buf)
		if err != nil {
			break
		}
		dec.Feed(buf[:n])
		for frame, ok := dec.Next(); ok; frame, ok = dec.Next() {
			p, info, err := wire.ParseProtocol(frame[2:])
			if err != nil {
				continue
			}
			packet, _ := wire.ParsePacket(info)
			switch {
			case p == wire.LCP:
				lcp.Input(time.Now(), info)
			case p == wire.PAP && len(names) == 0:
				answers = append(answers, packet.Code)
				if packet.Code == wire.PAPAuthAck {
					far.Hangup()
				}
			}
		}
	}
	if len(answers) != 1 || answers[0] != wire.PAPAuthNak {
		t.Errorf("the second name got %v, want one %v", answers, wire.PAPAuthNak)
	}
}
