package run

import (
	"bytes"
	"flag"
	"fmt"
	"io"
	"net"
	"net/netip"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"pppdial/mp/mptest"
	"pppdial/mp/wire"
	"pppdial/route/routetest/traffic"
)

// The matrix: everything that an entry can say about authentication,
// compression and network protocols, against pppd in the lab and against
// ourselves. By default every pair of values occurs; with -whole, everything:
//
//	go test ./cmd/internal/run -run TestMatrix -whole -timeout 1h
var whole = flag.Bool("whole", false, "run all cells of the matrix")

// A cell is one call of the matrix.
type cell struct{ auth, comp, family, peer string }

var (
	auths    = []string{"none", "pap", "chap", "mschap", "eap"}
	comps    = []string{"plain", "vj", "deflate", "bsd9", "bsd12", "bsd15", "predictor"}
	families = []string{"ipv4", "ipv6", "both"}
	// Who is at the other end: a pppd that we call, a pppd that calls us, or
	// ourselves, in both roles at once.
	peers = []string{"pppd", "pppd calls", "self"}
)

func (c cell) String() string { return c.peer + ", " + c.auth + ", " + c.comp + ", " + c.family }

// possible says that the peer can do it: Predictor is ours alone.
func (c cell) possible() bool { return c.comp != "predictor" || c.peer == "self" }

func (c cell) v4() bool { return c.family != "ipv6" }
func (c cell) v6() bool { return c.family != "ipv4" }

// ccp says that packets are compressed as a whole.
func (c cell) ccp() bool { return c.comp != "plain" && c.comp != "vj" }

func (c cell) protocols() int {
	if c.family == "both" {
		return 2
	}
	return 1
}

// cells lists all that are possible.
func cells() (all []cell) {
	for _, p := range peers {
		for _, a := range auths {
			for _, k := range comps {
				for _, f := range families {
					if c := (cell{a, k, f, p}); c.possible() {
						all = append(all, c)
					}
				}
			}
		}
	}
	return all
}

// pairwise picks cells among which every pair of values occurs that occurs in
// all of them: always one with the most that have not occurred yet.
func pairwise(all []cell) (some []cell) {
	type pair struct {
		i, j int
		a, b string
	}
	pairs := func(c cell) (ps []pair) {
		v := [...]string{c.auth, c.comp, c.family, c.peer}
		for i := range v {
			for j := range i {
				ps = append(ps, pair{i, j, v[i], v[j]})
			}
		}
		return ps
	}
	left := map[pair]bool{}
	for _, c := range all {
		for _, p := range pairs(c) {
			left[p] = true
		}
	}
	for len(left) > 0 {
		best, most := cell{}, 0
		for _, c := range all {
			n := 0
			for _, p := range pairs(c) {
				if left[p] {
					n++
				}
			}
			if n > most {
				best, most = c, n
			}
		}
		some = append(some, best)
		for _, p := range pairs(best) {
			delete(left, p)
		}
	}
	return some
}

// compWords are what turns on just one method; bits are those of BSD Compress.
func compWords(comp string) string {
	const nothing = "-tx_predictor1 -rx_predictor1 -tx_bsd -rx_bsd "
	switch comp {
	case "plain":
		return "-ccp -vj_comp "
	case "vj":
		return "-ccp "
	case "deflate":
		return "tx_deflate rx_deflate " // preferred to the others
	case "predictor":
		return "-tx_bsd -rx_bsd "
	}
	bits := strings.TrimPrefix(comp, "bsd")
	return nothing + "tx_bsd=" + bits + " rx_bsd=" + bits + " "
}

func familyWords(family string) string {
	switch family {
	case "ipv4":
		return "-ipv6 "
	case "ipv6":
		return "-ipv4 "
	}
	return ""
}

const (
	callerSecret = "open-sesame"
	serverSecret = "swordfish"
)

// authWords are the words of who calls, and of who answers and asks.
func authWords(auth string) (caller, answerer string) {
	if auth == "none" {
		return "", ""
	}
	return fmt.Sprintf("send_name=me send_passwd=%s send_%s ", callerSecret, auth),
		fmt.Sprintf("recv_name=me recv_passwd=%s recv_%s ", callerSecret, auth)
}

// authOptions are the options of LCP that ask for it.
var authOptions = map[string]string{
	"pap": "<auth pap>", "chap": "<auth chap MD5>", "mschap": "<auth chap MS-v2>", "eap": "<auth eap>",
}

func TestMatrix(t *testing.T) {
	all := cells()
	run := pairwise(all)
	if *whole {
		run = all
	}
	t.Logf("%d of %d cells", len(run), len(all))
	// They wait more than they work: more of them at once than there are processors.
	t.Run("cells", func(t *testing.T) {
		var all sync.WaitGroup
		room := make(chan bool, labLines+1)
		for _, c := range run {
			room <- true
			all.Go(func() {
				t.Run(c.String(), func(t *testing.T) {
					if c.peer == "self" {
						matrixSelf(t, c)
					} else {
						matrixPPPD(t, c)
					}
				})
				<-room
			})
		}
		all.Wait()
	})
}

// matrixSelf is a call between two of ours.
func matrixSelf(t *testing.T, c cell) {
	callerAuth, answererAuth := authWords(c.auth)
	words := compWords(c.comp) + familyWords(c.family)
	a := newEnd(t, "device=/dev/null localhost=0 remotehost=0 "+callerAuth+words)
	b := newEnd(t, "device=/dev/null localhost=10.9.0.1 remotehost=10.9.0.2 "+answererAuth+words)
	la, lb := mptest.Pair(mptest.Config{})
	line := newTap("a", la)
	a.start(line)
	b.start(lb)
	a.wantUp(c.protocols())
	b.wantUp(c.protocols())

	if option := authOptions[c.auth]; option != "" {
		wantLine(t, "caller's log", a.log.String(), "sent [LCP ConfAck", option)
		wantLine(t, "caller's log", a.log.String(), "authenticated to the peer")
		wantLine(t, "answerer's log", b.log.String(), "rcvd [LCP ConfAck", option)
		wantLine(t, "answerer's log", b.log.String(), "peer authenticated", "name=me")
	}
	method := map[string]string{
		"deflate": "deflate 15", "bsd9": "bsd 9", "bsd12": "bsd 12", "bsd15": "bsd 15", "predictor": "predictor1",
	}[c.comp]
	if method != "" {
		for _, e := range []*end{a, b} {
			if err := e.log.await(fmt.Sprintf("compression tx=%s rx=%[1]s", quoted(method))); err != nil {
				t.Fatal(err)
			}
		}
	}
	if c.v4() && c.comp != "plain" {
		for _, e := range []*end{a, b} {
			wantLine(t, "log", e.log.String(), "sent [IPCP ConfAck", "<compress VJ 0f 00>")
			wantLine(t, "log", e.log.String(), "rcvd [IPCP ConfAck", "<compress VJ 0f 00>")
		}
	}
	serve(t, b)
	carries(t, a, c, 20*time.Second)
	wantProtocols(t, c, line, method != "", method != "")
	wantNoLoss(t, a, 0)
	wantNoLoss(t, b, 0)
	a.close()
}

// wantLine wants a line of the log that has all parts.
func wantLine(t *testing.T, what, log string, parts ...string) {
	t.Helper()
next:
	for line := range strings.Lines(log) {
		for _, p := range parts {
			if !strings.Contains(line, p) {
				continue next
			}
		}
		return
	}
	t.Errorf("no line with %q in the %s", parts, what)
}

// quoted is a value as the log prints it.
func quoted(s string) string {
	if strings.Contains(s, " ") {
		return fmt.Sprintf("%q", s)
	}
	return s
}

const echoPort = 7

// serve echoes TCP in the end's namespace until the test ends.
func serve(t *testing.T, e *end) {
	t.Helper()
	for _, any := range []netip.Addr{netip.IPv4Unspecified(), netip.IPv6Unspecified()} {
		l, err := e.net.Listen(netip.AddrPortFrom(any, echoPort))
		if err != nil {
			t.Fatal(err)
		}
		done := make(chan struct{})
		go func() { traffic.Echo(l); close(done) }()
		t.Cleanup(func() { l.Close(); <-done })
	}
}

// carries pings the peer and exchanges bytes with its echo server, by each of
// the cell's network protocols.
func carries(t *testing.T, e *end, c cell, wait time.Duration) {
	t.Helper()
	var to []netip.Addr
	if c.v4() {
		to = append(to, e.v4.Remote)
	}
	if c.v6() {
		to = append(to, e.scoped(e.v6.Remote))
	}
	for _, a := range to {
		if c.peer != "self" && (c.ccp() || a.Is6()) {
			warmUp(t, e, a)
		}
		for i, n := range []int{0, 1, 1400} {
			if _, err := e.net.Ping(a, i, n, wait); err != nil {
				t.Error(err)
			}
		}
		conn, err := e.net.Dial(netip.AddrPortFrom(a, echoPort), wait)
		if err != nil {
			t.Fatal(err)
		}
		conn.SetDeadline(time.Now().Add(time.Minute))
		if err = traffic.Exchange(conn, megabyte()); err == nil {
			// To its end, so that the server is done with it as well.
			conn.(*net.TCPConn).CloseWrite()
			_, err = io.Copy(io.Discard, conn)
		}
		conn.Close()
		if err != nil {
			t.Fatalf("TCP with %v: %v", a, err)
		}
	}
}

// warmUp lets Linux lose a packet: what it compresses between its
// Configure-Ack and the opening of CCP it drops, and what it compresses next
// cannot be restored without that. And it takes a moment until an IPv6 address
// of its own serves.
func warmUp(t *testing.T, e *end, to netip.Addr) {
	t.Helper()
	var err error
	for seq := range 20 { // a loaded machine has the peer take seconds
		if _, err = e.net.Ping(to, 100+seq, 200, time.Second); err == nil {
			return
		}
	}
	t.Fatal(err)
}

// megabyte is one of text and, every other 64 KB, of random octets.
var megabyte = sync.OnceValue(func() []byte {
	text, random := corpus(), traffic.Data(1<<20)
	const block = 64 << 10
	for at := 0; at < len(random); at += 2 * block {
		copy(random[at:at+block], text[at/2%(len(text)-block):])
	}
	return random
})

// corpus is the text of this module's sources.
var corpus = sync.OnceValue(func() []byte {
	var b bytes.Buffer
	for _, pattern := range []string{"*.go", "../../../mp/*.go", "../../../conf/*.go", "../../../man/*"} {
		names, _ := filepath.Glob(pattern)
		for _, name := range names {
			if text, err := os.ReadFile(name); err == nil {
				b.Write(text)
			}
		}
	}
	return b.Bytes()
})

// wantProtocols wants the data to have passed as the cell says, and in no
// other form.
func wantProtocols(t *testing.T, c cell, line *tap, compressedOut, compressedIn bool) {
	t.Helper()
	const stale = 3 // frames that a line of the lab may still have of the call before
	for _, d := range []struct {
		name       string
		f          *frames
		compressed bool
	}{{"sent", &line.out, compressedOut}, {"received", &line.in, compressedIn}} {
		vj := c.comp != "plain" && c.v4()
		for _, x := range []struct {
			p    wire.Protocol
			want bool
		}{
			{wire.Compressed, d.compressed},
			{wire.VJCompressed, vj && !d.compressed},
		} {
			if n := d.f.of(x.p); (n > stale) != x.want && !(x.p == wire.VJCompressed && vj) {
				t.Errorf("%d frames %s of protocol %v, want some: %v", n, d.name, x.p, x.want)
			}
		}
	}
}

// wantNoLoss wants the end to have restored all packets but so many.
func wantNoLoss(t *testing.T, e *end, but uint64) {
	t.Helper()
	s, ok := e.iface.bundle.Stats()
	if n := s.Drops["decompress"] + s.Drops["vj"] + s.Drops["malformed"]; !ok || n > but {
		t.Errorf("%d packets lost to compression: %v", n, s.Drops)
	}
}

// interfaceNumber is the number of an interface of the current namespace.
func interfaceNumber(name string) (int, error) {
	i, err := net.InterfaceByName(name)
	if err != nil {
		return 0, err
	}
	return i.Index, nil
}

// TestPairwise: few cells, and no pair is missing.
func TestPairwise(t *testing.T) {
	all := cells()
	some := pairwise(all)
	if len(some) > 45 {
		t.Errorf("%d cells", len(some))
	}
	for _, c := range all {
		for _, d := range [][4]bool{{true, true}, {true, false, true}, {true, false, false, true}, {false, true, true}, {false, true, false, true}, {false, false, true, true}} {
			same := func(x cell) bool {
				return (!d[0] || x.auth == c.auth) && (!d[1] || x.comp == c.comp) && (!d[2] || x.family == c.family) && (!d[3] || x.peer == c.peer)
			}
			found := false
			for _, x := range some {
				found = found || same(x)
			}
			if !found {
				t.Fatalf("no cell for %v of %v", d, c)
			}
		}
	}
}
