package run

import (
	"strings"
	"testing"
	"time"

	"pppdial/mp/mptest"
)

// TestImpasse: two ends that cannot agree come to an end, which says about what.
func TestImpasse(t *testing.T) {
	for _, tt := range []struct {
		name             string
		caller, answerer string
		a, b             string // evidence of the verdicts
		naks             int    // of the answerer; one request more has been Rejected for its DNS
	}{
		{
			name: "endless Naks", caller: "device=/dev/null localhost=10.9.0.77 remotehost=0 -ipv6 restart_ms=100", answerer: answererWords + "-ipv6",
			a: "IPCP: no agreement after 10 refused Configure-Requests: the peer insists on " + ourAddr + " as our address, allowed are 10.9.0.77",
			b: "terminated by the peer: No network protocols running", naks: 9,
		},
		{
			name: "a Nak turned into a Reject", caller: "device=/dev/null localhost=10.9.0.77 remotehost=0 -ipv6 restart_ms=100", answerer: answererWords + "-ipv6 max_FSM_fail=3",
			a: "IPCP: no agreement: the peer insists on " + ourAddr + " as our address, allowed are 10.9.0.77",
			b: "terminated by the peer: No network protocols running", naks: 3,
		},
		{
			name: "our max_FSM_fail", caller: "device=/dev/null localhost=10.9.0.77 remotehost=0 -ipv6 restart_ms=100 max_FSM_fail=4", answerer: answererWords + "-ipv6",
			a: "IPCP: no agreement after 4 refused Configure-Requests: the peer insists on " + ourAddr + " as our address, allowed are 10.9.0.77",
			b: "terminated by the peer: No network protocols running", naks: 3,
		},
		{
			name: "authentication", caller: callerWords + "send_pap send_name=me send_passwd=x", answerer: answererWords + "recv_chap recv_passwd=x",
			a: "the peer wants us to authenticate ourselves by chap MD5, we can by pap",
			b: "we want the peer to authenticate itself by chap MD5, it can by pap",
		},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			a, b := newEnd(t, tt.caller), newEnd(t, tt.answerer)
			la, lb := mptest.Pair(mptest.Config{})
			a.start(la)
			b.start(lb)
			a.wantVerdict(tt.a)
			b.wantVerdict(tt.b)
			if n := strings.Count(b.log.String(), "sent [IPCP ConfNak"); n != tt.naks {
				t.Errorf("%d Naks, want %d", n, tt.naks)
			}
		})
	}
}

// TestImpasseOfOne: two ends that cannot agree about IPv4 keep the link for IPv6,
// and both say what is wrong.
func TestImpasseOfOne(t *testing.T) {
	a := newEnd(t, "device=/dev/null localhost=10.9.0.77 remotehost=0 restart_ms=100")
	b := newEnd(t, answererWords)
	la, lb := mptest.Pair(mptest.Config{})
	a.start(la)
	b.start(lb)
	for _, e := range []*end{a, b} {
		e.wantUp(1)
		if err := e.log.await("warn: ppp0: no agreement on a network protocol"); err != nil {
			t.Error(err)
		}
		if !strings.Contains(e.log.String(), `cause="the two sides could not agree on addresses" try="compare localhost and remotehost`) {
			t.Error("the log does not say what to try")
		}
	}
	a.close()
}

// wantVerdict waits until the link is lost, with that evidence.
func (e *end) wantVerdict(evidence string) {
	e.t.Helper()
	select {
	case f := <-e.lost:
		e.link = nil
		if v := explainLink(f, nil); !strings.Contains(v.Evidence, evidence) {
			e.t.Errorf("lost with %v\n%v\nwant %q", f, v, evidence)
		}
	case n := <-e.up:
		e.t.Fatalf("the network is up: %v", n)
	case <-time.After(patience):
		e.t.Fatal("they still negotiate")
	}
}
