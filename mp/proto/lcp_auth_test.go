package proto

import (
	"errors"
	"testing"
	"time"

	"pppdial/mp/fsm"
	"pppdial/mp/wire"
)

func TestLCPPeerPrefersOtherAuth(t *testing.T) {
	cfg := usual()
	cfg.Demand = []wire.Auth{msv2, chapMD5, pap}
	d := lcpStarted(t, cfg)
	d.want("ConfReq id=0x1 <asyncmap 0x0> <auth chap MS-v2> <magic 0xa1> <pcomp> <accomp>", "the preferred one first")
	d.peer(confNak, 1, auth(pap))
	d.want("ConfReq id=0x2 <asyncmap 0x0> <auth pap> <magic 0xa1> <pcomp> <accomp>", "the peer's wish is one of ours")
	d.ack()
	d.peer(confReq, 1)
	if a := d.l.Result().PeerAuth; a != pap {
		t.Errorf("agreed on %v", a)
	}
}

func TestLCPPeerHasOtherAuth(t *testing.T) {
	cfg := usual()
	cfg.Demand = []wire.Auth{chapMD5, pap}
	d := lcpStarted(t, cfg)
	d.sent = nil
	d.peer(confNak, 1, auth(eapMD5))
	d.want("ConfReq id=0x2 <asyncmap 0x0> <auth pap> <magic 0xa1> <pcomp> <accomp>", "EAP is not ours, PAP is what is left")
	d.peer(confNak, 2, auth(chapMD5))
	d.want(`TermReq id=0x3 "LCP: we want the peer to authenticate itself by chap MD5 or pap, it can by eap or chap MD5"`, "")
	var refused *AuthRefused
	if !errors.As(d.l.Err(), &refused) || refused.Ours {
		t.Errorf("error %v", d.l.Err())
	}
}

func TestLCPPeerRefusesAuth(t *testing.T) {
	cfg := usual()
	cfg.Demand = []wire.Auth{pap}
	d := lcpStarted(t, cfg)
	d.sent = nil
	d.peer(confRej, 1, auth(pap))
	d.peer(termAck, d.last.ID)
	d.saw("finished LCP: the peer refuses to authenticate itself, we want pap")
}

func TestLCPOffersWhatWeHave(t *testing.T) {
	cfg := usual()
	cfg.Allow = []wire.Auth{chapMD5, pap}
	d := lcpStarted(t, cfg)
	d.sent = nil
	d.peer(confReq, 1, auth(eapMD5))
	d.want("ConfNak id=0x1 <auth chap MD5>", "our best")
	d.peer(confReq, 2, auth(msv2))
	d.want("ConfNak id=0x2 <auth pap>", "our next")
	d.peer(confReq, 3, auth(pap))
	d.want("ConfAck id=0x3 <auth pap>", "")
	d.peer(confAck, 1, accm(0), magic(0xa1), lflag(wire.LCPPFC), lflag(wire.LCPACFC))
	if a := d.l.Result().OurAuth; a != pap {
		t.Errorf("agreed on %v", a)
	}
	d.peer(termReq, 4)
	if err := d.l.Err(); !errors.Is(err, fsm.ErrTerminated) || errors.As(err, new(*AuthRefused)) {
		t.Errorf("error %v: authentication is not to blame", err)
	}
}

// pppd opens LCP without the authentication that we refused and ends the link
// at once.
func TestLCPPeerEndsForWantOfAuth(t *testing.T) {
	for name, tt := range map[string]struct {
		allow []wire.Auth
		after time.Duration
		err   string
	}{
		"nothing allowed": {nil, time.Second, "LCP: the peer wants us to authenticate ourselves by chap MD5, and we have nothing for that: LCP: terminated by the peer: peer refused to authenticate"},
		"other allowed":   {[]wire.Auth{pap}, time.Second, "LCP: the peer wants us to authenticate ourselves by chap MD5, we can by pap: LCP: terminated by the peer: peer refused to authenticate"},
		"much later":      {nil, time.Minute, "LCP: terminated by the peer: peer refused to authenticate"},
	} {
		t.Run(name, func(t *testing.T) {
			cfg := usual()
			cfg.Allow = tt.allow
			d := lcpStarted(t, cfg)
			d.peer(confReq, 1, auth(chapMD5))
			d.peer(confReq, 2)
			d.peer(confAck, 1, accm(0), magic(0xa1), lflag(wire.LCPPFC), lflag(wire.LCPACFC))
			d.saw("up")
			d.now = d.now.Add(tt.after)
			d.peer(termReq, 3, []byte("peer refused to authenticate"))
			if got := text(d.l.Err()); got != tt.err {
				t.Errorf("error %s\nwant %s", got, tt.err)
			}
		})
	}
}

func TestLCPPeerInsistsOnAuth(t *testing.T) {
	cfg := usual()
	cfg.Allow = []wire.Auth{pap}
	d := lcpStarted(t, cfg)
	for id := uint8(1); d.l.Err() == nil; id++ {
		if id > 20 {
			t.Fatal("no end")
		}
		d.peer(confReq, id, auth(chapMD5))
	}
	var refused *AuthRefused
	if !errors.As(d.l.Err(), &refused) || !refused.Ours {
		t.Errorf("error %v", d.l.Err())
	}
}
