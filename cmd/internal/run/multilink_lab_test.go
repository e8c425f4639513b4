package run

import (
	"context"
	"fmt"
	"io"
	"slices"
	"sync"
	"testing"
	"time"

	"pppdial/cmd/internal/lab"
	"pppdial/mp"
	"pppdial/mp/mptest"
)

// A bundle is one of our ends with several links, over simulated lines.
type bundle struct {
	*end
	cables []*cable
}

// A cable is one line of a bundle, and the link on it.
type cable struct {
	*mptest.Line
	link    *mp.Link
	far     *lab.PPPD // at its other end; nil: another of ours
	distant *mptest.Line
}

// newBundle makes an end that drops all its links when the test ends.
func newBundle(t testing.TB, words string) *bundle {
	t.Helper()
	b := &bundle{end: newEnd(t, "device=/dev/null outdevs=8 maxdevs=16 "+words)}
	t.Cleanup(func() {
		for _, c := range b.cables {
			c.link.Drop(mp.Closed, "end of test")
		}
	})
	return b
}

func (b *bundle) plug(l *mptest.Line, far *lab.PPPD) *cable {
	c := &cable{Line: l, link: b.nursery.Start(l, nil, linkConfig(b.entry, 0, b, b.logger)), far: far}
	b.cables = append(b.cables, c)
	return c
}

// wantLinks waits until the bundle has so many links.
func (b *bundle) wantLinks(n int) {
	b.t.Helper()
	limit := time.Now().Add(patience)
	for time.Now().Before(limit) {
		s, ok := b.iface.bundle.Stats()
		if !ok {
			break
		}
		up := 0
		for _, k := range s.Links {
			if k.Phase == mp.PhaseNetwork {
				up++
			}
		}
		if up == n {
			return
		}
		time.Sleep(10 * time.Millisecond)
	}
	b.t.Fatalf("the bundle has not got %d links after %v", n, patience)
}

// selves are two of our ends with a bundle of these lines between them.
func selves(t testing.TB, words string, lines ...mptest.Config) (a, b *bundle) {
	t.Helper()
	a = newBundle(t, "localhost=0 remotehost=0 -ccp -vj_comp -ipv6 "+words)
	b = newBundle(t, "localhost="+pppdAddr+" remotehost="+ourAddr+" -ccp -vj_comp -ipv6 "+words)
	for i, l := range lines {
		la, lb := mptest.Pair(l)
		a.plug(la, nil)
		b.plug(lb, nil)
		if i == 0 {
			a.wantUp(1)
			b.wantUp(1)
		}
		a.wantLinks(i + 1)
		b.wantLinks(i + 1)
	}
	return a, b
}

// LinkLost is told of lines that a test takes away, too.
func (b *bundle) LinkLost(k *mp.Link, f *mp.Failure, unread []byte) {
	select {
	case b.lost <- f:
	default:
	}
}

// A far is a namespace of a guest, with some of its lines, for the pppds of
// bundles.
type far struct {
	t     testing.TB
	guest *lab.Guest
	net   *lab.Netns
	words []string // of each pppd

	first, lines int // its lines
	next         int // of them
	on           map[*mptest.Line]int
}

// bootGuest boots a guest with all lines that there can be.
func bootGuest(t testing.TB) *lab.Guest {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	g, err := lab.Boot(ctx, lab.Options{Lines: lab.MaxLines, Life: time.Hour})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := g.Close(); err != nil {
			t.Error(err)
		}
	})
	secrets := fmt.Sprintf("me * %s *\nthem * %s *\n", callerSecret, serverSecret)
	if err := g.Secrets(ctx, secrets, secrets); err != nil {
		t.Fatal(err)
	}
	return g
}

// farWords are what all pppds are started with.
var farWords = []string{"debug", "noauth", "multilink", "mrru", "1500", "noccp", "novj", "noipv6", "endpoint", "null"}

// newFar boots a guest whose pppds are started with these words, after those
// that all have.
func newFar(t testing.TB, words ...string) *far {
	t.Helper()
	g := bootGuest(t)
	return &far{t: t, guest: g, net: &g.Netns, words: slices.Concat(farWords, words), lines: lab.MaxLines}
}

// pppd starts one on the next of the lines, and joins that to l.
func (f *far) pppd(l *mptest.Line) *lab.PPPD {
	f.t.Helper()
	index := f.first + f.next
	f.next = (f.next + 1) % f.lines
	if f.on == nil {
		f.on = map[*mptest.Line]int{}
	}
	f.on[l] = index
	conn, err := f.guest.Line(index).Attach()
	if err != nil {
		f.t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(f.t.Context(), patience)
	defer cancel()
	p, err := f.net.PPPD(ctx, index, f.words...)
	if err != nil {
		f.t.Fatal(err)
	}
	var both sync.WaitGroup
	line := kept(f.t, newTap("lab", conn))
	both.Go(func() { carry(l, line) })
	both.Go(func() { carry(line, l) })
	f.t.Cleanup(func() {
		conn.Close()
		l.Hangup()
		both.Wait()
		if err := p.Kill(); err != nil {
			f.t.Error(err)
		}
		if f.t.Failed() {
			f.t.Logf("pppd\n%s", p.Log())
		}
	})
	return p
}

// hangUp breaks a line, for pppd as well.
func (f *far) hangUp(l *mptest.Line) {
	l.Hangup()
	if err := f.guest.Line(f.on[l]).Hangup(f.t.Context()); err != nil {
		f.t.Error(err)
	}
}

// carry copies in small pieces, so that little waits between line and guest.
func carry(to io.Writer, from io.Reader) {
	buf := make([]byte, 64)
	for {
		n, err := from.Read(buf)
		if err != nil {
			return
		}
		if _, err := to.Write(buf[:n]); err != nil {
			return
		}
	}
}

// answering are the words of a pppd that answers.
var answering = []string{"silent", pppdAddr + ":" + ourAddr}

// withPPPD is one of our ends with a bundle of these lines to pppds of a guest.
func withPPPD(t testing.TB, f *far, words string, lines ...mptest.Config) *bundle {
	t.Helper()
	a := newBundle(t, "localhost="+ourAddr+" remotehost="+pppdAddr+" -ccp -vj_comp -ipv6 "+words)
	for i, l := range lines {
		a.call(f, l)
		if i == 0 {
			a.wantUp(1)
		}
		a.wantLinks(i + 1)
	}
	return a
}

// call adds a line to a pppd.
func (b *bundle) call(f *far, l mptest.Config) *cable {
	b.t.Helper()
	near, distant := mptest.Pair(l)
	c := b.plug(near, f.pppd(distant))
	c.distant = distant
	return c
}
