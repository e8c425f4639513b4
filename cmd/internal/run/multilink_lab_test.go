package run

import (
	"context"
	"io"
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
	link *mp.Link
	far  *lab.PPPD // at its other end; nil: another of ours
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
	c := &cable{l, b.nursery.Start(l, nil, linkConfig(b.entry, 0, b, b.logger)), far}
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

// A far is a guest for bundles.
type far struct {
	t     testing.TB
	guest *lab.Guest
	words []string // of each pppd
	next  int      // line
}

// newFar boots a guest whose pppds are started with these words, after those
// that all have.
func newFar(t testing.TB, words ...string) *far {
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
	return &far{t: t, guest: g, words: append([]string{
		"debug", "noauth", "multilink", "mrru", "1500", "noccp", "novj", "noipv6", "endpoint", "null",
	}, words...)}
}

// pppd starts one on the next of the guest's lines, and joins that to l.
func (f *far) pppd(l *mptest.Line) *lab.PPPD {
	f.t.Helper()
	conn, err := f.guest.Line(f.next).Attach()
	if err != nil {
		f.t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(f.t.Context(), patience)
	defer cancel()
	p, err := f.guest.PPPD(ctx, f.next, f.words...)
	if err != nil {
		f.t.Fatal(err)
	}
	f.next = (f.next + 1) % lab.MaxLines
	var both sync.WaitGroup
	both.Go(func() { carry(l, conn) })
	both.Go(func() { carry(conn, l) })
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
	return b.plug(near, f.pppd(distant))
}
