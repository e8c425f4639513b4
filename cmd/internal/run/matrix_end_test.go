package run

import (
	"bytes"
	"fmt"
	"io"
	"log/slog"
	"net/netip"
	"strings"
	"sync"
	"testing"
	"time"

	"pppdial/conf"
	"pppdial/mp"
	"pppdial/mp/hdlc"
	"pppdial/mp/wire"
	"pppdial/route/routetest/traffic"
)

// patience bounds a step that takes a moment on an idle machine.
const patience = 30 * time.Second

// An end is one side of a call as an entry of the control file makes it, with
// an interface in a network namespace of its own. Nothing is dialed: its link
// starts on the line that it is given.
type end struct {
	t       testing.TB
	entry   *conf.Entry
	net     *traffic.Net
	iface   *iface
	nursery *mp.Nursery
	link    *mp.Link
	logger  *slog.Logger
	log     *record

	up      chan mp.Network
	lost    chan *mp.Failure
	v4, v6  mp.Network // once they are up
	v6Scope string     // the number of the interface
}

// newEnd makes the end of an entry with these words.
func newEnd(t testing.TB, words string) *end {
	t.Helper()
	e := &end{
		t: t, entry: entryOf(t, words), nursery: mp.NewNursery(), log: newRecord(),
		up: make(chan mp.Network, 8), lost: make(chan *mp.Failure, 8),
	}
	level := new(slog.LevelVar)
	level.Set(mp.LevelPacket)
	e.logger = slog.New(&handler{level: level, mu: new(sync.Mutex), w: e.log, format: plainRecord, plain: true})
	var err error
	if e.net, err = traffic.New(); err != nil {
		t.Fatal(err)
	}
	if err := e.net.Do(func() (err error) {
		e.iface, err = openInterface(e.entry, &realWorld, t.TempDir(), e, nil, nil, e.logger)
		return err
	}); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if e.link != nil {
			e.link.Drop(mp.Closed, "end of test")
		}
		e.iface.close()
		e.nursery.Close()
		<-e.nursery.Done()
		e.net.Close()
		if t.Failed() {
			t.Logf("entry %s\n%s", words, e.log)
		}
	})
	return e
}

func (e *end) Admit(a *mp.Admission)                             { a.Join(e.iface.bundle) }
func (e *end) LinkLost(k *mp.Link, f *mp.Failure, unread []byte) { e.lost <- f }
func (e *end) NetworkUp(b *mp.Bundle, n mp.Network)              { e.up <- n }
func (e *end) NetworkDown(b *mp.Bundle, f mp.Family)             {}
func (e *end) Demand(b *mp.Bundle, packet string)                {}
func (e *end) Busy(*mp.Bundle)                                   {}
func (e *end) Slack(*mp.Bundle)                                  {}

// start begins PPP on a line.
func (e *end) start(line mp.Line) {
	e.link = e.nursery.Start(line, nil, judging(linkConfig(e.entry, 0, e, e.logger), e.entry))
}

// judging answers claims by the entry, as the daemon does.
func judging(c mp.LinkConfig, e *conf.Entry) mp.LinkConfig {
	c.Auth.Verify = func(c *mp.Claim) { c.Answer(accepts(e, e.RecvName, c.Name, c.CheckSecret), "") }
	return c
}

// wantUp waits until as many network protocols are up, and gives them to the
// interface.
func (e *end) wantUp(protocols int) {
	e.t.Helper()
	limit := time.After(patience)
	for e.families() < protocols {
		select {
		case n := <-e.up:
			if err := e.iface.networkUp(n); err != nil {
				e.t.Fatal(err)
			}
			if n.Family == mp.IPv6 {
				e.v6 = n
			} else {
				e.v4 = n
			}
		case f := <-e.lost:
			e.t.Fatalf("link lost: %v", f)
		case <-limit:
			e.t.Fatalf("the network is not up after %v", patience)
		}
	}
}

// families is the number of network protocols that have come up: one may have
// done so twice, where a slow peer took a copy of a request for a new one.
func (e *end) families() (n int) {
	for _, k := range []mp.Network{e.v4, e.v6} {
		if k.Local.IsValid() {
			n++
		}
	}
	return n
}

// close ends the link in an orderly way.
func (e *end) close() {
	e.t.Helper()
	e.link.Close(mp.Closed, "User request")
	select {
	case f := <-e.lost:
		if f.Kind != mp.Closed {
			e.t.Errorf("the link ended with %v", f)
		}
		e.link = nil
	case <-time.After(patience):
		e.t.Errorf("the link has not ended after %v", patience)
	}
}

// A record is a log that can be waited upon.
type record struct {
	mu   sync.Mutex
	b    bytes.Buffer
	news chan struct{}
}

func newRecord() *record { return &record{news: make(chan struct{})} }

func (r *record) Write(b []byte) (int, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	close(r.news)
	r.news = make(chan struct{})
	return r.b.Write(b)
}

func (r *record) String() string {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.b.String()
}

// await waits for text.
func (r *record) await(text string) error {
	limit := time.After(patience)
	for {
		r.mu.Lock()
		has, news := strings.Contains(r.b.String(), text), r.news
		r.mu.Unlock()
		if has {
			return nil
		}
		select {
		case <-news:
		case <-limit:
			return fmt.Errorf("no %q in our log after %v", text, patience)
		}
	}
}

// stream is what a line is made of.
type stream interface {
	io.ReadWriter
	SetReadDeadline(time.Time) error
	SetWriteDeadline(time.Time) error
}

// A tap is a line on which the frames are counted by protocol as they pass.
type tap struct {
	stream
	name    string
	in, out frames
}

func newTap(name string, s stream) *tap {
	l := &tap{stream: s, name: name}
	l.in.dec.MaxFrame, l.out.dec.MaxFrame = 4096, 4096
	return l
}

func (l *tap) Name() string { return l.name }

func (l *tap) Read(b []byte) (int, error) {
	n, err := l.stream.Read(b)
	l.in.passed(b[:n])
	return n, err
}

func (l *tap) Write(b []byte) (int, error) {
	n, err := l.stream.Write(b)
	l.out.passed(b[:n])
	return n, err
}

// frames counts frames and octets of their information, by protocol.
type frames struct {
	mu    sync.Mutex
	dec   hdlc.Decoder
	count map[wire.Protocol]int
	each  func(p wire.Protocol, info []byte) // is told of each; nil: nobody
}

func (f *frames) passed(b []byte) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.count == nil {
		f.count = map[wire.Protocol]int{}
	}
	f.dec.Feed(b)
	for {
		frame, ok := f.dec.Next()
		if !ok {
			return
		}
		if len(frame) > 2 && frame[0] == 0xff && frame[1] == 0x03 {
			frame = frame[2:]
		}
		if p, info, err := wire.ParseProtocol(frame); err == nil {
			f.count[p]++
			if f.each != nil {
				f.each(p, info)
			}
		}
	}
}

// of is the number of frames of a protocol so far.
func (f *frames) of(p wire.Protocol) int {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.count[p]
}

// scoped gives a link-local address the zone of the end's interface.
func (e *end) scoped(a netip.Addr) netip.Addr {
	e.t.Helper()
	if e.v6Scope == "" {
		if err := e.net.Do(func() error {
			i, err := interfaceNumber(e.iface.tun.Name())
			e.v6Scope = fmt.Sprint(i)
			return err
		}); err != nil {
			e.t.Fatal(err)
		}
	}
	return a.WithZone(e.v6Scope)
}
