package run

import (
	"fmt"
	"io"
	"net"
	"net/netip"
	"sync/atomic"
	"testing"
	"time"

	"pppdial/cmd/internal/lab"
	"pppdial/mp"
	"pppdial/route/routetest/traffic"
)

// TestBundleChanges adds lines to a bundle with pppd, up to eight, and takes
// them away again, while a connection carries data both ways. By default long
// numbers occur where we call and short ones where pppd does; with -whole,
// both occur in both cases.
func TestBundleChanges(t *testing.T) {
	for _, c := range []struct {
		name         string
		theirs       []string
		ours         string
		short, often bool
	}{
		{"we call, long numbers", answering, "", false, true},
		{"pppd calls, short numbers", calling, accepting, true, true},
		{"we call, short numbers", answering, "", true, false},
		{"pppd calls, long numbers", calling, accepting, false, false},
	} {
		if !c.often && !*whole {
			continue
		}
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			f := newFar(t, c.theirs...)
			if c.short {
				f.words = append(f.words, "mpshortseq")
				c.ours += " mp_send_ssn mp_recv_ssn"
			}
			changes(t, f, c.ours)
		})
	}
}

// calling are the words of a pppd that calls, and accepting ours then.
var calling = []string{"user", "them", "remotename", "us"}

const accepting = "recv_name=them recv_passwd=" + serverSecret + " recv_chap"

func changes(t *testing.T, f *far, words string) {
	if _, err := f.net.Echo(); err != nil {
		t.Fatal(err)
	}
	b := withPPPD(t, f, words, cableOf(115200))
	s, _ := b.iface.bundle.Stats()
	if short := f.words[len(f.words)-1] == "mpshortseq"; s.MP == nil || s.MP.TxSSN != short || s.MP.RxSSN != short {
		t.Fatalf("short numbers: %+v", s.MP)
	}
	ex := b.exchanging(netip.MustParseAddrPort(fmt.Sprintf("%s:%d", pppdAddr, lab.EchoPort)))
	for _, n := range []int{1, 2, 4, 8, 4, 2, 1} {
		for len(b.cables) < n {
			b.call(f, cableOf(115200))
			b.wantLinks(len(b.cables))
		}
		for i := 0; len(b.cables) > n; i++ {
			b.takeAway(f, i)
			b.wantLinks(len(b.cables))
		}
		b.wantAllUsed()
		changed := time.Now()
		ex.wantMore(t, 10_000)
		again, before := time.Now(), ex.octets.Load()
		time.Sleep(time.Second)
		t.Logf("%d lines: 10 KB after %v, and then %.0f %% each way", n, again.Sub(changed).Round(time.Millisecond),
			float64(ex.octets.Load()-before)/time.Since(again).Seconds()/(float64(n)*11520)*100)
	}
	if err := ex.stop(); err != nil {
		t.Error(err)
	}
	t.Logf("%d octets came back as they were", ex.octets.Load())
	if s, ok := b.iface.bundle.Stats(); !ok || s.Drops["malformed"] > 0 {
		t.Errorf("dropped: %v", s.Drops)
	}
}

// takeAway ends the oldest line: by our doing, by pppd's, or the line's.
func (b *bundle) takeAway(f *far, how int) {
	b.t.Helper()
	c := b.cables[0]
	b.cables = b.cables[1:]
	switch how % 3 {
	case 0:
		c.link.Close(mp.Idle, "Line not needed")
	case 1:
		if err := c.far.Signal("TERM"); err != nil {
			b.t.Fatal(err)
		}
	default:
		f.hangUp(c.distant)
	}
}

// wantAllUsed waits until something has come and gone over every line.
func (b *bundle) wantAllUsed() {
	b.t.Helper()
	before, _ := b.iface.bundle.Stats()
	for limit := time.Now().Add(patience); ; time.Sleep(10 * time.Millisecond) {
		used := 0
		now, _ := b.iface.bundle.Stats()
		for _, k := range now.Links {
			for _, was := range before.Links {
				if k.Link == was.Link && k.Rx.Packets > was.Rx.Packets+2 && k.Tx.Packets > was.Tx.Packets+2 {
					used++
				}
			}
		}
		if used == len(b.cables) {
			return
		}
		if time.Now().After(limit) {
			b.t.Fatalf("%d of %d lines are used: %+v", used, len(b.cables), now.Links)
		}
	}
}

// exchanging is a connection on which octets go to an echo server and back.
type exchanging struct {
	octets atomic.Int64
	conn   net.Conn
	quit   chan struct{}
	done   chan error
}

// underWay is how much more is sent than has come back. It is two seconds of one
// line, which is what each change costs where it loses something.
const underWay = 24 << 10

func (b *bundle) exchanging(with netip.AddrPort) *exchanging {
	b.t.Helper()
	conn, err := b.net.Dial(with, patience)
	if err != nil {
		b.t.Fatal(err)
	}
	ex := &exchanging{conn: conn, quit: make(chan struct{}), done: make(chan error, 2)}
	data := traffic.Data(1 << 20)
	go func() {
		defer conn.(*net.TCPConn).CloseWrite()
		for at, sent := 0, int64(0); ; {
			select {
			case <-ex.quit:
				ex.done <- nil
				return
			default:
			}
			if sent > ex.octets.Load()+underWay {
				time.Sleep(5 * time.Millisecond)
				continue
			}
			n, err := conn.Write(data[at:min(at+4096, len(data))])
			sent += int64(n)
			if at = (at + n) % len(data); err != nil {
				ex.done <- err
				return
			}
		}
	}()
	go func() {
		buf := make([]byte, 8192)
		for at := 0; ; {
			n, err := conn.Read(buf)
			for _, c := range buf[:n] {
				if c != data[at] {
					ex.done <- fmt.Errorf("octet %d came back as %#x", ex.octets.Load(), c)
					return
				}
				at = (at + 1) % len(data)
				ex.octets.Add(1)
			}
			if err == io.EOF {
				err = nil
			} else if err == nil {
				continue
			}
			ex.done <- err
			return
		}
	}()
	b.t.Cleanup(func() { conn.Close() })
	return ex
}

// wantMore waits until so many octets more have come back.
func (ex *exchanging) wantMore(t *testing.T, n int64) {
	t.Helper()
	enough := ex.octets.Load() + n
	for limit := time.Now().Add(patience); ex.octets.Load() < enough; time.Sleep(10 * time.Millisecond) {
		if time.Now().After(limit) {
			t.Fatalf("nothing comes back any more")
		}
	}
}

// stop ends it when everything has come back.
func (ex *exchanging) stop() error {
	ex.conn.SetDeadline(time.Now().Add(2 * patience))
	close(ex.quit)
	for range 2 {
		if err := <-ex.done; err != nil {
			return err
		}
	}
	return nil
}
