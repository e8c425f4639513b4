package keep

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"log/slog"
	"net/netip"
	"slices"
	"strings"
	"testing"
	"time"
)

var (
	us, peer   = netip.MustParseAddr("10.0.0.2"), netip.MustParseAddr("10.0.0.1")
	us6, peer6 = netip.MustParseAddr("fe80::2"), netip.MustParseAddr("fe80::1")
	dns        = netip.MustParseAddr("10.9.9.53")
	here6      = netip.MustParseAddr("2001:db8::2")
)

// A network is what is behind a link: routers, by their distance, and whether
// those at the far end answer.
type network struct {
	routers map[int]netip.Addr
	far     bool
	sent    []string // what was probed
}

// probe is what comes back for a datagram, nil for nothing.
func (n *network) probe(t *testing.T, p []byte) []byte {
	t.Helper()
	from, to, proto, echo, ok := split(p)
	if !ok || len(echo) < headerEcho {
		t.Fatalf("no datagram: %x", p)
	}
	ttl, covered := int(p[8]), echo
	if proto == protoICMPv6 {
		ttl, covered = int(p[7]), append(append(slices.Clone(p[8:header6]), 0, 0, 0, byte(len(echo)), 0, 0, 0, proto), echo...)
	} else if checksum(p[:header4]) != 0 {
		t.Errorf("wrong header checksum: %x", p)
	}
	if checksum(covered) != 0 {
		t.Errorf("wrong checksum: %x", p)
	}
	n.sent = append(n.sent, fmt.Sprintf("%s>%s/%d", from, to, ttl))
	if router := n.routers[ttl]; router.IsValid() {
		quote := p[:len(p)-len(echo)+headerEcho] // the least that routers quote
		if proto == protoICMPv6 {
			return datagram6(router, from, append([]byte{3, 0, 0, 0, 0, 0, 0, 0}, quote...))
		}
		return datagram4(router, from, append([]byte{11, 0, 0, 0, 0, 0, 0, 0}, quote...))
	}
	if ttl == farTTL && n.far {
		reply := append([]byte(nil), echo...)
		if proto == protoICMPv6 {
			reply[0] = 129
			return datagram6(to, from, reply)
		}
		reply[0] = 0
		return datagram4(to, from, reply)
	}
	return nil
}

func datagram4(from, to netip.Addr, body []byte) []byte {
	p := make([]byte, header4)
	p[0], p[8], p[9] = 0x45, 60, protoICMP
	binary.BigEndian.PutUint16(p[2:], uint16(header4+len(body)))
	copy(p[12:], from.AsSlice())
	copy(p[16:], to.AsSlice())
	return append(p, body...)
}

func datagram6(from, to netip.Addr, body []byte) []byte {
	p := make([]byte, header6)
	p[0], p[6], p[7] = 0x60, protoICMPv6, 60
	copy(p[8:], from.AsSlice())
	copy(p[24:], to.AsSlice())
	return append(p, body...)
}

// A run is a Watch with its network, in its own time.
type run struct {
	t     *testing.T
	w     *Watch
	n     *network
	now   time.Time
	heard time.Time
	dead  bool
	names []string
	log   bytes.Buffer
}

func newRun(t *testing.T, target string, n *network) *run {
	r := &run{t: t, n: n, now: start}
	r.w = NewWatch(target, MonitorConfig{30 * time.Second, 2}, slog.New(slog.NewTextHandler(&r.log, nil)))
	return r
}

func (r *run) do(s Step) {
	for _, p := range s.Probes {
		if back := r.n.probe(r.t, p); back != nil {
			a, ok := ParseAnswer(back, r.w.ID())
			if !ok {
				r.t.Fatalf("%x is no answer to %x", back, p)
			}
			if _, ok := ParseAnswer(back, r.w.ID()+1); ok {
				r.t.Errorf("%x is an answer to another's probe", back)
			}
			r.w.Answered(r.now, a)
		}
	}
	if s.Resolve != "" {
		r.names = append(r.names, s.Resolve)
	}
	r.dead = r.dead || s.Dead
}

// wait lets time pass.
func (r *run) wait(d time.Duration) {
	for end := r.now.Add(d); ; {
		at := r.w.Deadline()
		if at.IsZero() || at.After(end) {
			r.now = end
			return
		}
		r.now = at
		r.do(r.w.Advance(at, r.heard))
	}
}

// probed is what was probed since the last time it was asked.
func (r *run) probed() string {
	s := strings.Join(r.n.sent, " ")
	r.n.sent = nil
	return s
}

func (r *run) want(why, got, want string) {
	r.t.Helper()
	if got != want {
		r.t.Errorf("%s: %q, want %q", why, got, want)
	}
}

func TestWatchHost(t *testing.T) {
	r := newRun(t, "192.0.2.7", &network{far: true})
	r.wait(time.Hour)
	r.want("no link", r.probed(), "")
	r.do(r.w.Up(r.now, us, peer, nil))
	r.wait(65 * time.Second)
	r.want("two intervals", r.probed(), "10.0.0.2>192.0.2.7/64 10.0.0.2>192.0.2.7/64")
	r.n.far = false
	r.heard = r.now
	r.wait(29 * time.Second)
	r.want("a packet has come", r.probed(), "")
	died := r.now
	r.wait(time.Hour)
	if !r.dead || r.w.Deadline() != (time.Time{}) {
		t.Errorf("dead %v, next %v", r.dead, r.w.Deadline())
	}
	r.want("two probes more", r.probed(), "10.0.0.2>192.0.2.7/64 10.0.0.2>192.0.2.7/64")
	r.want("evidence", r.w.Evidence(died), "nothing received for 1m0s, no answer from 192.0.2.7 to 2 probes")
	if r.w.Answered(r.now, Answer{From: peer}); !r.w.Deadline().IsZero() {
		t.Error("a late answer has brought the link back")
	}
}

func TestWatchAuto(t *testing.T) {
	ip := netip.MustParseAddr
	r := newRun(t, Auto, &network{routers: map[int]netip.Addr{2: ip("10.1.0.1"), 3: ip("10.2.0.1"), 5: ip("10.3.0.1")}, far: true})
	r.do(r.w.Up(r.now, us6, peer6, nil))
	r.do(r.w.Up(r.now, us, peer, []netip.Addr{dns}))
	r.wait(30 * time.Second)
	const all = "10.0.0.2>10.9.9.53/64 10.0.0.2>10.9.9.53/1 10.0.0.2>10.9.9.53/2 10.0.0.2>10.9.9.53/3 10.0.0.2>10.9.9.53/4 " +
		"10.0.0.2>10.9.9.53/5 10.0.0.2>10.9.9.53/6 10.0.0.2>10.9.9.53/7 10.0.0.2>10.9.9.53/8"
	r.want("nothing is known yet", r.probed(), all)
	r.wait(30 * time.Second)
	r.want("the nearest two", r.probed(), "10.0.0.2>10.9.9.53/2 10.0.0.2>10.9.9.53/3")
	if !strings.Contains(r.log.String(), `msg="monitor: a host on the way answers" address=10.1.0.1 hops=2`) {
		t.Errorf("log:\n%s", r.log.String())
	}
	r.n.routers = map[int]netip.Addr{4: ip("10.4.0.1")}
	r.n.far = false
	r.wait(30 * time.Second)
	r.want("they do not answer", r.probed(), "10.0.0.2>10.9.9.53/2 10.0.0.2>10.9.9.53/3")
	r.wait(20 * time.Second)
	r.want("the way has changed", r.probed(), all)
	r.wait(25 * time.Second)
	if r.dead {
		t.Error("dead, though another host answers")
	}
	r.n.routers = nil
	r.wait(time.Minute + 25*time.Second)
	if !r.dead {
		t.Error("not dead")
	}
	r.want("evidence", r.w.Evidence(r.now), "nothing received for 1m0s, no answer from 10.1.0.1 (hop 2), 10.2.0.1 (hop 3) to 2 probes")
	r.w.Down()
	r.dead = false
	r.do(r.w.Up(r.now, us, peer, nil))
	r.probed()
	r.wait(30 * time.Second)
	if got := r.probed(); !strings.HasPrefix(got, "10.0.0.2>198.41.0.4/64 10.0.0.2>198.41.0.4/1 ") {
		t.Errorf("a new link without name servers: %s", got)
	}
	r.wait(time.Minute)
	r.want("evidence", r.w.Evidence(start.Add(r.now.Sub(start))), fmt.Sprintf("nothing received for %v, no answer from any host on the way to 2 probes", r.now.Sub(r.w.since)))
}

// TestWatchName: a name is looked up for each call, and until it is known the
// way is probed.
func TestWatchName(t *testing.T) {
	r := newRun(t, "host.example", &network{routers: map[int]netip.Addr{1: peer}, far: true})
	r.do(r.w.Up(r.now, us, peer, nil))
	r.want("asked for", strings.Join(r.names, " "), "host.example")
	r.wait(30 * time.Second)
	if got := r.probed(); !strings.Contains(got, "198.41.0.4/1 ") {
		t.Errorf("without an address %s", got)
	}
	r.want("asked for again", strings.Join(r.names, " "), "host.example host.example")
	r.do(r.w.Resolved([]netip.Addr{netip.MustParseAddr("2001:db8::7"), netip.MustParseAddr("::ffff:192.0.2.7")}))
	r.want("nothing is due", r.probed(), "")
	r.wait(30 * time.Second)
	r.want("we have IPv4 alone", r.probed(), "10.0.0.2>192.0.2.7/64")
	r.w.Down()
	r.names = nil
	r.do(r.w.Up(r.now, us, peer, nil))
	r.want("asked for once more", strings.Join(r.names, " "), "host.example")
	r.n.routers, r.n.far = nil, false
	r.wait(31 * time.Second)
	r.probed()
	r.do(r.w.Resolved([]netip.Addr{netip.MustParseAddr("192.0.2.7")}))
	r.want("a probe was due", r.probed(), "10.0.0.2>192.0.2.7/64")
}

// TestWatchUnknown: a name that cannot be looked up is asked for ever more seldom,
// since that is traffic for which a line is not hung up.
func TestWatchUnknown(t *testing.T) {
	r := newRun(t, "no.example", &network{routers: map[int]netip.Addr{1: peer}, far: true})
	for range 2 {
		r.names = nil
		r.do(r.w.Up(r.now, us, peer, nil))
		r.wait(24 * time.Hour)
		if n := len(r.names); n != 13 { // with Up, and in rounds 1, 2, 4 to 2048
			t.Errorf("asked for %d times", n)
		}
		r.w.Down()
	}
}

func TestWatchIPv6(t *testing.T) {
	r := newRun(t, "2001:db8::7", &network{far: true})
	r.do(r.w.Up(r.now, us6, peer6, nil))
	r.wait(30 * time.Second)
	r.want("no address but the link-local one", r.probed(), "fe80::2>fe80::1/64")
	r.w.Global = func() netip.Addr { return here6 }
	r.wait(30 * time.Second)
	r.want("an address", r.probed(), "2001:db8::2>2001:db8::7/64")

	r = newRun(t, Auto, &network{routers: map[int]netip.Addr{1: netip.MustParseAddr("2001:db8::1")}})
	r.w.Global = func() netip.Addr { return here6 }
	r.do(r.w.Up(r.now, us6, peer6, nil))
	r.wait(60 * time.Second)
	if got := r.probed(); !strings.HasSuffix(got, "2001:db8::2>2001:503:ba3e::2:30/8 2001:db8::2>2001:503:ba3e::2:30/1") {
		t.Errorf("along the way %s", got)
	}
}

// TestForeign: what is no answer to a probe of ours is somebody else's.
func TestForeign(t *testing.T) {
	p := probe(us, peer, 7, 3, 2)
	reply := append([]byte(nil), p...)
	reply[header4] = 0
	good := func(b []byte) []byte { return slices.Clone(b) }
	if a, ok := ParseAnswer(reply, 7); !ok || a != (Answer{us, 2}) {
		t.Fatalf("%v %v", a, ok)
	}
	quoting := datagram4(peer, us, append([]byte{11, 0, 0, 0, 0, 0, 0, 0}, p...))
	if a, ok := ParseAnswer(quoting, 7); !ok || a != (Answer{peer, 2}) {
		t.Fatalf("%v %v", a, ok)
	}
	change := func(b []byte, at int, to byte) []byte { c := good(b); c[at] = to; return c }
	for why, b := range map[string][]byte{
		"nothing":                    nil,
		"the probe itself":           p,
		"another identifier":         change(reply, header4+5, 8),
		"another's data":             change(reply, header4+headerEcho, 'x'),
		"a later fragment":           change(reply, 7, 1),
		"UDP":                        change(reply, 9, 17),
		"an error about another's":   change(quoting, header4+headerEcho+header4+5, 8),
		"an error about a reply":     change(quoting, header4+headerEcho+header4, 0),
		"an error about UDP":         change(quoting, header4+headerEcho+9, 17),
		"an error about nothing":     quoting[:header4+headerEcho],
		"an error about a beginning": quoting[:header4+headerEcho+header4+4],
		"a redirect":                 change(quoting, header4, 5),
	} {
		if a, ok := ParseAnswer(b, 7); ok {
			t.Errorf("%s: %+v", why, a)
		}
	}
}

// FuzzParseAnswer: nothing that a peer sends is more than an answer or none,
// and every probe's reply is one.
func FuzzParseAnswer(f *testing.F) {
	for _, to := range []netip.Addr{peer, here6} {
		from := us
		if to.Is6() {
			from = us6
		}
		p := probe(from, to, 7, 3, 2)
		f.Add(p)
		f.Add(datagram4(peer, us, append([]byte{11, 0, 0, 0, 0, 0, 0, 0}, p...)))
		f.Add(datagram6(here6, us6, append([]byte{3, 0, 0, 0, 0, 0, 0, 0}, p...)))
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		if a, ok := ParseAnswer(b, 7); ok && (!a.From.IsValid() || a.Hop < 0 || a.Hop > mostHops) {
			t.Errorf("%x: %+v", b, a)
		}
	})
}
