package mp_test

import (
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/netip"
	"os"
	"testing"

	"golang.org/x/sys/unix"

	"pppdial/mp"
	"pppdial/mp/proto"
)

// A source is an interface that always has a packet, as long as fewer than
// window of them are on their way; a sink counts what arrives.
type source struct {
	packet []byte
	tokens chan struct{}
	quit   chan struct{}
	freed  chan struct{}
}

func newSource(packet []byte, window int) *source {
	s := &source{packet: packet, tokens: make(chan struct{}, window), quit: make(chan struct{}), freed: make(chan struct{}, window)}
	return s
}

func (s *source) Name() string { return "bench0" }

func (s *source) Read(bufs [][]byte, sizes []int, offset int) (n int, err error) {
	select {
	case <-s.tokens:
		sizes[0] = copy(bufs[0][offset:], s.packet)
	case <-s.quit:
		return 0, io.EOF
	}
	for n = 1; n < len(bufs); n++ {
		select {
		case <-s.tokens:
			sizes[n] = copy(bufs[n][offset:], s.packet)
		default:
			return n, nil
		}
	}
	return n, nil
}

func (s *source) Write(bufs [][]byte, offset int) (int, error) {
	for range bufs {
		s.freed <- struct{}{}
	}
	return len(bufs), nil
}

// A socket is an end of a socket pair as a line.
type socket struct{ net.Conn }

func (socket) Name() string { return "socket" }

func socketPair(tb testing.TB) (a, b mp.Line) {
	fds, err := unix.Socketpair(unix.AF_UNIX, unix.SOCK_STREAM|unix.SOCK_CLOEXEC, 0)
	if err != nil {
		tb.Fatal(err)
	}
	line := func(fd int) mp.Line {
		f := os.NewFile(uintptr(fd), "socket")
		defer f.Close()
		c, err := net.FileConn(f)
		if err != nil {
			tb.Fatal(err)
		}
		tb.Cleanup(func() { c.Close() })
		return socket{c}
	}
	return line(fds[0]), line(fds[1])
}

type benchEnd struct {
	tun     *source
	bundle  *mp.Bundle
	nursery *mp.Nursery
	up      chan bool
	lost    chan bool
}

func (e *benchEnd) Admit(a *mp.Admission)                  { a.Join(e.bundle) }
func (e *benchEnd) LinkLost(*mp.Link, *mp.Failure, []byte) { e.lost <- true }
func (e *benchEnd) NetworkUp(b *mp.Bundle, n mp.Network)   { b.Ready(n.Family); e.up <- true }
func (e *benchEnd) NetworkDown(b *mp.Bundle, f mp.Family)  {}
func (e *benchEnd) Demand(b *mp.Bundle, packet string)     {}
func (e *benchEnd) Busy(*mp.Bundle)                        {}
func (e *benchEnd) Slack(*mp.Bundle)                       {}

// BenchmarkPath carries full packets from interface to interface over a socket
// pair: queue, framing, the line, decoding.
func BenchmarkPath(b *testing.B) { benchmarkPath(b, 1, proto.LCPConfig{PFC: true, ACFC: true}) }

// BenchmarkMultilinkPath does so over several, with multilink.
func BenchmarkMultilinkPath(b *testing.B) {
	for _, links := range []int{2, 4, 8} {
		b.Run(fmt.Sprintf("%d_links", links), func(b *testing.B) {
			benchmarkPath(b, links, proto.LCPConfig{PFC: true, ACFC: true, MRRU: 1500})
		})
	}
}

func benchmarkPath(b *testing.B, links int, lcp proto.LCPConfig) {
	const window = 40
	packet := udp("10.0.0.2", "10.0.0.1", 1400)
	var ends [2]*benchEnd
	for i := range ends {
		e := &benchEnd{tun: newSource(packet, window), nursery: mp.NewNursery(), up: make(chan bool, 1), lost: make(chan bool, links)}
		log := slog.New(slog.DiscardHandler)
		addr := func(s string) []proto.AddrSet {
			return []proto.AddrSet{{Addr: netip.MustParseAddr(s), Mask: netip.MustParseAddr("255.255.255.255")}}
		}
		local, remote := addr("10.0.0.2"), addr("10.0.0.1")
		if i == 1 {
			local, remote = remote, local
		}
		e.bundle = mp.NewBundle(mp.BundleConfig{
			Tun: e.tun, MTU: 1500, QueueLimit: 100, IPCP: &proto.IPCPConfig{Local: local, Remote: remote}, Events: e, Log: log,
		})
		ends[i] = e
	}
	for range links {
		la, lb := socketPair(b)
		for i, l := range []mp.Line{la, lb} {
			e := ends[i]
			e.nursery.Start(l, nil, mp.LinkConfig{LCP: lcp, Events: e, Log: slog.New(slog.DiscardHandler)})
		}
	}
	<-ends[0].up
	<-ends[1].up
	for there := 0; there < links; {
		a, _ := ends[0].bundle.Stats()
		b, _ := ends[1].bundle.Stats()
		there = min(joined(a), joined(b))
	}
	for range window {
		ends[0].tun.tokens <- struct{}{}
	}
	b.SetBytes(int64(len(packet)))
	b.ReportAllocs()
	for b.Loop() {
		<-ends[1].tun.freed
		ends[0].tun.tokens <- struct{}{}
	}
	b.StopTimer()
	for _, e := range ends {
		e.bundle.Close(mp.Closed, "")
	}
	for _, e := range ends {
		<-e.bundle.Done()
		for range links {
			<-e.lost
		}
		e.nursery.Close()
		close(e.tun.quit)
	}
}
