package run

import (
	"testing"
	"testing/synctest"
	"time"

	"pppdial/cmd/internal/rendezvous"
	"pppdial/cmd/internal/status"
	"pppdial/mp"
	"pppdial/mp/hdlc"
	"pppdial/mp/mptest"
)

// A ponderer is a peer that takes its time to join a link to its bundle: until
// then IPCP gets no answer.
type ponderer struct {
	*farPeer
	takes time.Duration
}

func (p ponderer) Admit(a *mp.Admission) { time.AfterFunc(p.takes, func() { a.Join(p.bundle) }) }

// TestPhases: what is told of a unit while its first link is on its way.
func TestPhases(t *testing.T) {
	const slow = time.Minute
	for _, tt := range []struct {
		phase, words string
		takes        func(p *farPeer, far *mptest.Line, c mp.LinkConfig)
		agreed       bool   // LCP has
		bad          uint64 // frames
	}{
		{
			phase: status.Establish, bad: 3,
			takes: func(_ *farPeer, far *mptest.Line, _ mp.LinkConfig) {
				b := hdlc.AppendFrame(nil, []byte{0xff, 3, 0xc0, 0x21, 9, 1, 0, 8, 1, 2, 3, 4}, &hdlc.ACCM{}, true)
				b[8] ^= 0x10
				for range 3 {
					far.Write(b)
				}
			},
		},
		{
			phase: status.Authenticate, words: "send_pap send_name=me send_passwd=x", agreed: true,
			takes: func(p *farPeer, far *mptest.Line, _ mp.LinkConfig) {
				c := linkConfig(entryOf(t, "in recv_pap recv_passwd=x"), 0, p, silence)
				c.Auth.Verify = func(c *mp.Claim) { time.AfterFunc(slow, func() { c.Answer(true, "") }) }
				p.nursery.Start(far, nil, c)
			},
		},
		{
			phase: status.NetworkPhase, agreed: true,
			takes: func(p *farPeer, far *mptest.Line, c mp.LinkConfig) {
				c.Events = ponderer{p, slow}
				p.nursery.Start(far, nil, c)
			},
		},
	} {
		t.Run(tt.phase, func(t *testing.T) {
			dir := t.TempDir()
			synctest.Test(t, func(t *testing.T) {
				w := newMemWorld(t)
				d, stop := w.serveUnits(dir, 1, "quiet "+tt.words)
				defer stop()
				p := w.peers["rmt0"]
				p.takes = func(far *mptest.Line, c mp.LinkConfig) { tt.takes(p, far, c) }
				time.Sleep(time.Hour)
				called := time.Now()
				if err := (host{d}).Act(t.Context(), rendezvous.Caller{}, rendezvous.Command{Verb: rendezvous.Up}); err != nil {
					t.Fatal(err)
				}
				time.Sleep(2 * time.Second)
				b := look(t, d, rendezvous.Query{}).Bundles[0]
				if b.Phase != tt.phase || b.Up || b.Since.Before(called) || tt.agreed && !b.Since.After(called) {
					t.Errorf("%s since %v, up %v; called at %v", b.Phase, b.Since, b.Up, called)
				}
				if len(b.Links) != 1 {
					t.Fatalf("%d links", len(b.Links))
				}
				k := b.Links[0]
				if k.Phase != tt.phase || k.Tx.Packets == 0 || k.BadFCS != tt.bad || (k.Rx.Bytes > 0) != (tt.agreed || tt.bad > 0) || (len(k.LCPRemote) > 0) != tt.agreed {
					t.Errorf("the link: %+v", k)
				}
			})
		})
	}
}

// TestTerminatePhase: while the last link is being ended nothing is up.
func TestTerminatePhase(t *testing.T) {
	dir := t.TempDir()
	synctest.Test(t, func(t *testing.T) {
		w := newMemWorld(t)
		d, stop := w.serveUnits(dir, 1, "out camp")
		defer stop()
		time.Sleep(20 * time.Second)
		if b := look(t, d, rendezvous.Query{}).Bundles[0]; b.Phase != status.NetworkPhase || !b.Up {
			t.Errorf("%s, up %v", b.Phase, b.Up)
		}
		if err := (host{d}).Act(t.Context(), rendezvous.Caller{}, rendezvous.Command{Verb: rendezvous.Down}); err != nil {
			t.Fatal(err)
		}
		synctest.Wait()
		if b := look(t, d, rendezvous.Query{}).Bundles[0]; b.Phase != status.Terminate || b.Up || !b.Since.Equal(time.Now()) {
			t.Errorf("%s since %v, up %v", b.Phase, b.Since, b.Up)
		}
	})
}
