package run

import (
	"math/rand/v2"
	"net/netip"
	"strings"
	"sync"
	"testing"
	"time"

	"pppdial/mp/mptest"
	"pppdial/route/routetest/traffic"
)

// byteNoise is the share of bytes that noise damages: one frame of text in a
// hundred, more or less.
const byteNoise = 2e-5

// A noisy line damages bytes in both directions, once it is told to.
type noisy struct {
	stream
	mu  sync.Mutex
	rnd *rand.Rand // nil: not yet
}

func (l *noisy) begin() {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.rnd = rand.New(rand.NewPCG(1, 2))
}

func (l *noisy) damage(b []byte) {
	l.mu.Lock()
	defer l.mu.Unlock()
	for i := range b {
		if l.rnd != nil && l.rnd.Float64() < byteNoise {
			b[i] ^= 1 << l.rnd.IntN(8)
		}
	}
}

func (l *noisy) Read(b []byte) (int, error) {
	n, err := l.stream.Read(b)
	l.damage(b[:n])
	return n, err
}

func (l *noisy) Write(b []byte) (int, error) {
	b = append([]byte(nil), b...)
	l.damage(b)
	return l.stream.Write(b)
}

// someText is what is sent over noisy lines.
func someText() []byte { return corpus()[:300_000] }

// TestNoise: damaged frames cost packets, and the compressors of both ends
// agree again after a Reset-Request.
func TestNoise(t *testing.T) {
	for _, comp := range []string{"vj", "deflate", "bsd9", "bsd12", "bsd15", "predictor"} {
		t.Run("self, "+comp, func(t *testing.T) {
			t.Parallel()
			a := newEnd(t, "device=/dev/null localhost=0 remotehost=0 -ipv6 "+compWords(comp))
			b := newEnd(t, "device=/dev/null localhost=10.9.0.1 remotehost=10.9.0.2 -ipv6 "+compWords(comp))
			la, lb := mptest.Pair(mptest.Config{})
			line := &noisy{stream: la}
			a.start(newTap("a", line))
			b.start(lb)
			a.wantUp(1)
			b.wantUp(1)
			serve(t, b)
			overNoise(t, a, line, func() bool {
				return comp == "vj" || a.has(requests) && b.has(requests) && a.has(answers) && b.has(answers)
			})
		})
	}
	for _, comp := range []string{"vj", "deflate", "bsd12"} {
		t.Run("pppd, "+comp, func(t *testing.T) {
			t.Parallel()
			c := cell{"none", comp, "ipv4", "pppd"}
			p, line := borrowLine(t).pppd(t, pppdWords(c)...)
			noise := &noisy{stream: line.stream}
			line.stream = noise
			e := newEnd(t, ourWords(c))
			e.start(line)
			e.wantUp(1)
			if c.ccp() {
				if err := p.WaitLog("ompression enabled", patience); err != nil {
					t.Fatal(err)
				}
				warmUp(t, e, e.v4.Remote)
			}
			overNoise(t, e, noise, func() bool {
				ours := comp == "vj" || e.has(requests) && e.has(answers)
				return ours && (comp != "deflate" || strings.Contains(p.Output(), answers))
			})
		})
	}
}

// The lines of a log about the repair of a decompressor.
const (
	requests = "sent [CCP ResetReq"
	answers  = "rcvd [CCP ResetAck"
)

func (e *end) has(text string) bool { return strings.Contains(e.log.String(), text) }

// overNoise sends text three times, and then until enough has happened.
func overNoise(t *testing.T, e *end, line *noisy, enough func() bool) {
	t.Helper()
	line.begin()
	for n := 0; n < 3 || !enough(); n++ {
		if n == 30 {
			t.Fatal("no decompressor has asked for a reset, and got it, in each direction")
		}
		conn, err := e.net.Dial(netip.AddrPortFrom(e.v4.Remote, echoPort), patience)
		if err != nil {
			t.Fatal(err)
		}
		conn.SetDeadline(time.Now().Add(2 * time.Minute))
		err = traffic.Exchange(conn, someText())
		conn.Close()
		if err != nil {
			t.Fatal(err)
		}
	}
	s, ok := e.iface.bundle.Stats()
	t.Logf("dropped: %v", s.Drops)
	if !ok {
		t.Error("the bundle has ended")
	}
}
