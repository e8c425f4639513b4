package run

import (
	"encoding/hex"
	"log/slog"
	"strings"
	"sync"
	"testing"
	"testing/synctest"

	"pppdial/mp"
	"pppdial/mp/hdlc"
	"pppdial/mp/mptest"
	"pppdial/mp/wire"
)

// A side is one end of a link in memory.
type side struct {
	bundle *mp.Bundle
	up     chan mp.Network
	lost   chan *mp.Failure
}

func (s *side) Admit(a *mp.Admission)                        { a.Join(s.bundle) }
func (s *side) NetworkUp(_ *mp.Bundle, n mp.Network)         { s.up <- n }
func (s *side) NetworkDown(*mp.Bundle, mp.Family)            {}
func (s *side) Demand(*mp.Bundle, string)                    {}
func (s *side) Busy(*mp.Bundle)                              {}
func (s *side) Slack(*mp.Bundle)                             {}
func (s *side) LinkLost(_ *mp.Link, f *mp.Failure, _ []byte) { s.lost <- f }

// A pad keeps a log.
type pad struct {
	mu sync.Mutex
	strings.Builder
}

func (p *pad) Write(b []byte) (int, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.Builder.Write(b)
}

// TestNoSecretInTheLog: whatever the level, and whether it is right or wrong,
// no password is in the log, neither as text nor in hex.
func TestNoSecretInTheLog(t *testing.T) {
	const right, wrong = "Rumpelstilz", "Dornroschen"
	pap := wire.AppendPacket([]byte{0xff, 0x03, 0xc0, 0x23}, wire.Packet{
		Code: wire.PAPAuthReq, ID: 1, Data: wire.AppendPAPRequest(nil, wire.PAPRequest{PeerID: "me", Password: wrong})})
	request := hdlc.AppendFrame(nil, pap, new(hdlc.ACCM), true)
	for _, tt := range []struct {
		name, ours, theirs string
		kind               mp.Kind
		fails              bool
	}{
		{name: "PAP", ours: "send_pap send_name=me send_passwd=" + right, theirs: "recv_pap recv_name=me recv_passwd=" + right},
		{name: "CHAP", ours: "send_chap send_name=me send_passwd=" + right, theirs: "recv_chap recv_name=me recv_passwd=" + right},
		{name: "MS-CHAPv2", ours: "send_mschap send_name=me send_passwd=" + right, theirs: "recv_mschap recv_name=me recv_passwd=" + right},
		{name: "EAP", ours: "send_eap send_name=me send_passwd=" + right, theirs: "recv_eap recv_name=me recv_passwd=" + right},
		{name: "wrong for PAP", ours: "send_pap send_name=me send_passwd=" + wrong, theirs: "recv_pap recv_passwd=" + right, fails: true},
		{name: "wrong for CHAP", ours: "send_chap send_name=me send_passwd=" + wrong, theirs: "recv_chap recv_passwd=" + right, fails: true},
		{name: "wrong for MS-CHAPv2", ours: "send_mschap send_name=me send_passwd=" + wrong, theirs: "recv_mschap recv_passwd=" + right, fails: true},
		{name: "wrong for EAP", ours: "send_eap send_name=me send_passwd=" + wrong, theirs: "recv_eap recv_passwd=" + right, fails: true},
	} {
		t.Run(tt.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				var log pad
				logger := slog.New(&handler{level: levelFor(3), mu: new(sync.Mutex), w: &log, format: plainRecord})
				near, far := mptest.Pair(mptest.Config{})
				nurseries := [2]*mp.Nursery{mp.NewNursery(), mp.NewNursery()}
				begin := func(nursery *mp.Nursery, words string, line mp.Line) (*side, *mptest.Tun) {
					e, tun := entryOf(t, words+" localhost=0 remotehost=0 -ipv6 -ccp"), mptest.NewTun(8)
					if line.Name() == "a" {
						e = entryOf(t, words+" localhost=10.9.0.1 remotehost=10.9.0.2 -ipv6 -ccp")
					}
					s := &side{up: make(chan mp.Network, 2), lost: make(chan *mp.Failure, 2)}
					s.bundle = mp.NewBundle(bundleConfig(e, tun, s, logger))
					nursery.Start(line, nil, judging(linkConfig(e, 0, s, logger), e))
					return s, tun
				}
				a, tunA := begin(nurseries[0], tt.ours, near)
				b, tunB := begin(nurseries[1], tt.theirs, far)
				if !tt.fails {
					<-a.up
					<-b.up
					near.Write(request) // where PAP was not agreed on, it comes back rejected
					synctest.Wait()
				}
				for _, s := range []*side{a, b} {
					s.bundle.Close(mp.Closed, "")
				}
				for _, s := range []*side{a, b} {
					if f := <-s.lost; tt.fails && f.Kind != mp.OurAuth && f.Kind != mp.PeerAuth {
						t.Error(f)
					}
					<-s.bundle.Done()
				}
				for _, n := range nurseries {
					n.Close()
					<-n.Done()
				}
				tunA.Close()
				tunB.Close()
				for _, secret := range []string{right, wrong} {
					for _, form := range []string{secret, hex.EncodeToString([]byte(secret))} {
						if strings.Contains(log.String(), form) {
							t.Errorf("the log has %s:\n%s", form, log.String())
						}
					}
				}
				levels := []string{"rcvd ff03c0", "rcvd [LCP ConfReq"}
				if !tt.fails && tt.name != "PAP" {
					levels = append(levels, "sent [LCP ProtRej", "rcvd [LCP ProtRej")
				}
				for _, level := range levels {
					if !strings.Contains(log.String(), level) {
						t.Errorf("no %q in the log:\n%s", level, log.String())
					}
				}
			})
		})
	}
}
