package fsm

import (
	"errors"
	"testing"
	"time"

	"pppdial/mp/wire"
)

const (
	req  = wire.ConfigureRequest
	ack  = wire.ConfigureAck
	nak  = wire.ConfigureNak
	rej  = wire.ConfigureReject
	treq = wire.TerminateRequest
	tack = wire.TerminateAck
	crej = wire.CodeReject
)

func TestOpening(t *testing.T) {
	d := newDialogue(t, testConfig)
	d.m.Up(d.now)
	d.silence("nobody has opened the protocol")
	d.m.Open(d.now)
	d.want("Req 1 010307", "the first Configure-Request goes out at once")
	d.peer(req, 40, 1, 3, 9)
	d.want("Ack 40 010309", "9 is good")
	d.state(AckSent)
	d.peer(ack, 1, 1, 3, 7)
	d.state(Opened)
	d.diary("reset", "acked 010307", "up")
	if d.policy.accepted != "010309" {
		t.Errorf("accepted %s", d.policy.accepted)
	}
	d.silence("all is said")
}

func TestOpeningAckFirst(t *testing.T) {
	d := started(t, testConfig)
	d.peer(ack, 1, 1, 3, 7)
	d.state(AckRcvd)
	d.peer(req, 40, 1, 3, 9)
	d.want("Ack 40 010309", "the Ack leaves before This-Layer-Up")
	d.diary("acked 010307", "up")
	d.state(Opened)
}

func TestQuickRepetition(t *testing.T) {
	d := started(t, testConfig)
	d.next(300*time.Millisecond, "the peer may not have been there")
	d.want("Req 1 010307", "a repetition is identical")
	d.next(1*time.Second, "from the second on it is the restart timer")
	d.want("Req 1 010307", "")
	d.next(2*time.Second, "it doubles")
	d.want("Req 1 010307", "the fourth and last")
	d.next(4*time.Second, "it doubles")
	d.silence("the counter is at zero")
	d.state(Stopped)
	if !errors.Is(d.m.Err(), ErrNoAnswer) {
		t.Errorf("error %v", d.m.Err())
	}
	d.diary("finished TEST: no answer to our Configure-Requests (4 sent, state Req-Sent)")
}

func TestBackoffIsLimited(t *testing.T) {
	cfg := testConfig
	cfg.MaxConfigure = 7
	d := started(t, cfg)
	for _, ms := range []int{300, 1000, 2000, 4000, 8000, 8000} {
		d.next(time.Duration(ms)*time.Millisecond, "doubling up to 8 s")
		d.want("Req 1 010307", "")
	}
}

func TestNoBackoff(t *testing.T) {
	cfg := testConfig
	cfg.FirstRestart, cfg.Restart, cfg.RestartLimit = 0, 6*time.Second, 0
	d := started(t, cfg)
	for range 3 {
		d.next(6*time.Second, "CCP has a constant timer")
		d.want("Req 1 010307", "")
	}
}

// Two copies of a request bring two answers.
func TestRepetitionIsAnsweredTwice(t *testing.T) {
	d := started(t, testConfig)
	d.next(300*time.Millisecond, "")
	d.want("Req 1 010307", "")
	d.peer(req, 40, 1, 3, 9)
	d.want("Ack 40 010309", "")
	d.peer(ack, 1, 1, 3, 7)
	d.state(Opened)
	d.peer(ack, 1, 1, 3, 7)
	d.state(Opened)
	if n := d.m.Counts().Duplicate; n != 1 {
		t.Errorf("%d duplicates", n)
	}
	d.peer(ack, 1, 1, 3, 7)
	d.want("Req 2 010307", "an Ack that no copy explains is a crossed connection: RFC 1661, 4.1 [x]")
	d.state(ReqSent)
	if n := d.m.Counts().Crossed; n != 1 {
		t.Errorf("%d crossed", n)
	}
}

// A peer that is heard is there: the quick repetition is put off.
func TestHeardInTime(t *testing.T) {
	d := started(t, testConfig)
	d.now = d.now.Add(200 * time.Millisecond)
	d.peer(req, 40, 1, 3, 9)
	d.want("Ack 40 010309", "")
	d.next(800*time.Millisecond, "our request is 0.2 s old and has a second")
	d.want("Req 1 010307", "")
}

// The peer's first request comes when ours is old: it was probably not there
// for ours.
func TestHeardLate(t *testing.T) {
	d := started(t, testConfig)
	d.next(300*time.Millisecond, "")
	d.want("Req 1 010307", "")
	d.now = d.now.Add(600 * time.Millisecond)
	d.peer(req, 40, 1, 3, 9)
	d.want("Req 1 010307", "ours goes first, lest it look like a new negotiation")
	d.want("Ack 40 010309", "")
	d.next(time.Second, "the restart timer begins anew")
	d.want("Req 1 010307", "")
}

func TestNakTeaches(t *testing.T) {
	d := started(t, testConfig)
	d.peer(nak, 1, 1, 3, 12)
	d.want("Req 2 01030c", "the Nak's value, and a new identifier after an answer")
	d.peer(ack, 2, 1, 3, 12)
	d.state(AckRcvd)
}

func TestRejectTeaches(t *testing.T) {
	d := newDialogue(t, testConfig)
	d.policy.flag = true
	d.m.Open(d.now)
	d.m.Up(d.now)
	d.want("Req 1 0103070202", "")
	d.peer(rej, 1, 2, 3, 1)
	d.silence("an option that we have not asked for like that cannot be Rejected")
	d.peer(rej, 1, 2, 2)
	d.want("Req 2 010307", "the flag is gone")
	if n := d.m.Counts().Mismatch; n != 1 {
		t.Errorf("%d mismatches", n)
	}
}

func TestAckMustMatch(t *testing.T) {
	d := started(t, testConfig)
	d.peer(ack, 1, 1, 3, 8)
	d.state(ReqSent)
	d.peer(ack, 2, 1, 3, 7)
	d.state(ReqSent)
	if c := d.m.Counts(); c.Mismatch != 1 || c.Stale != 1 {
		t.Errorf("%+v", c)
	}
	d.next(1*time.Second, "they count as heard, no more")
	d.want("Req 1 010307", "no valid answer: the identifier stays")
}

func TestWorstVerdict(t *testing.T) {
	for name, tt := range map[string]struct {
		request []byte
		answer  string
	}{
		"all good":         {[]byte{1, 3, 9, 3, 3, 0}, "Ack 40 010309030300"},
		"empty":            {nil, "Ack 40"},
		"one Nak":          {[]byte{1, 3, 2, 3, 3, 0}, "Nak 40 010305"},
		"wrong length":     {[]byte{1, 4, 9, 9}, "Nak 40 010305"},
		"Reject goes over": {[]byte{1, 3, 2, 77, 2, 3, 3, 0, 78, 3, 1}, "Rej 40 4d024e0301"},
		"repeated":         {[]byte{1, 3, 9, 1, 3, 10}, "Rej 40 01030a"},
	} {
		t.Run(name, func(t *testing.T) {
			d := started(t, testConfig)
			d.peer(req, 40, tt.request...)
			d.want(tt.answer, "of the options that deserve it")
		})
	}
}

func TestMissingIsNaked(t *testing.T) {
	d := newDialogue(t, testConfig)
	d.policy.demand = true
	d.m.Open(d.now)
	d.m.Up(d.now)
	d.want("Req 1 010307", "")
	d.peer(req, 40, 1, 3, 2)
	d.want("Nak 40 010305030301", "what is missing follows what is wrong")
	d.peer(req, 41, 1, 3, 9)
	d.want("Nak 41 030301", "")
	d.peer(req, 42, 1, 3, 9, 99, 2)
	d.want("Rej 42 6302", "Rejects go alone")
	d.peer(req, 43, 1, 3, 9)
	d.want("Nak 43 030301", "")
	d.peer(req, 44, 1, 3, 9)
	d.want("Ack 44 010309", "after three Naks it is left out: Max-Failure")
}

func TestNakBecomesReject(t *testing.T) {
	d := started(t, testConfig)
	for id := uint8(40); id < 43; id++ {
		d.peer(req, id, 1, 3, 2)
		d.want(show(wire.Packet{Code: nak, ID: id, Data: []byte{1, 3, 5}}), "")
	}
	for id := uint8(43); id < 46; id++ {
		d.peer(req, id, 1, 3, 2)
		d.want(show(wire.Packet{Code: rej, ID: id, Data: []byte{1, 3, 2}}), "Max-Failure Naks have been sent")
	}
	d.want("TermReq 2 TEST: no agreement after 6 refusals of the peer's Configure-Requests: number 02, ours false",
		"a peer that asks for it even then will ask for ever")
	d.state(Closing)
}

func TestEndlessNaks(t *testing.T) {
	d := started(t, testConfig)
	d.peer(nak, 1, 1, 3, 12)
	d.want("Req 2 01030c", "")
	d.peer(nak, 2, 1, 3, 13)
	d.want("Req 3 01030d", "")
	d.peer(nak, 3, 1, 3, 12)
	d.want("TermReq 4 TEST: no agreement after 3 refused Configure-Requests: number 0c, ours true", "three are enough")
	d.state(Closing)
	if !errors.Is(d.m.Err(), ErrImpasse) {
		t.Errorf("error %v", d.m.Err())
	}
}

// Some modems send empty Naks until they have an address.
func TestEmptyNak(t *testing.T) {
	d := started(t, testConfig)
	d.peer(nak, 1)
	d.silence("the same request at once would earn the same answer")
	d.next(time.Second, "the restart timer begins anew")
	d.want("Req 2 010307", "the Nak was an answer: new identifier")
	d.peer(nak, 1)
	d.peer(nak, 2)
	d.next(time.Second, "")
	d.want("Req 3 010307", "")
	d.peer(nak, 3)
	d.want("TermReq 4 TEST: no agreement after 3 refused Configure-Requests: a Nak without options", "")
	if c := d.m.Counts(); c.EmptyNaks != 3 || c.NaksReceived != 3 {
		t.Errorf("%+v", c)
	}
}

// So do others with the same values again, or with options that are not ours.
func TestVainNaks(t *testing.T) {
	for name, data := range map[string][]byte{"the same value": {1, 3, 7}, "nothing of ours": {9, 3, 1}} {
		t.Run(name, func(t *testing.T) {
			cfg := testConfig
			cfg.MaxFailure = 8
			d := started(t, cfg)
			d.peer(nak, 1, data...)
			d.want("Req 2 010307", "a peer may say what it would like to see")
			d.peer(nak, 2, data...)
			d.want("Req 3 010307", "and say so again")
			d.peer(nak, 3, data...)
			d.silence("the same request at once would earn the same answer")
			d.next(time.Second, "the restart timer begins anew")
			d.want("Req 4 010307", "")
			d.peer(nak, 4, data...)
			d.next(time.Second, "")
			d.want("Req 5 010307", "")
			d.peer(nak, 5, 1, 3, 12)
			d.want("Req 6 01030c", "that is something new")
			d.peer(nak, 6, 1, 3, 12)
			d.want("Req 7 01030c", "the first in vain after it")
			d.peer(ack, 7, 1, 3, 12)
			d.state(AckRcvd)
		})
	}
}

func TestPolicyGivesUp(t *testing.T) {
	d := started(t, testConfig)
	d.policy.fatal = true
	d.peer(nak, 1, 1, 3, 12)
	d.want("TermReq 2 TEST: no agreement: number 7 is not to be had", "the policy's error ends it")
	d.peer(tack, 2)
	d.state(Closed)
	d.diary("finished TEST: no agreement: number 7 is not to be had")
}

// What the peer's request lacks may be an error, before it is Acked.
func TestPolicyCannotAccept(t *testing.T) {
	d := started(t, testConfig)
	d.policy.refuse = true
	d.peer(ack, 1, 1, 3, 7)
	d.peer(req, 40)
	d.want("TermReq 2 TEST: it lacks something", "no Ack, no This-Layer-Up")
	d.diary("acked 010307")
}

func TestImpasseInOptionsOwnWords(t *testing.T) {
	d := started(t, testConfig)
	d.peer(nak, 1, 3, 6, 1, 2, 3, 4)
	d.peer(nak, 2, 3, 6, 1, 2, 3, 4)
	d.peer(nak, 3, 3, 6, 1, 2, 3, 4)
	want := "TEST: no agreement after 3 refused Configure-Requests: the peer's ConfNak id=0x3 <addr 1.2.3.4>"
	if got := d.m.Err().Error(); got != want {
		t.Errorf("error %s\nwant %s", got, want)
	}
}

func TestRenegotiation(t *testing.T) {
	d := opened(t, testConfig)
	d.policy.want = 20
	d.peer(req, 41, 1, 3, 9)
	d.want("Req 2 010307", "tld, scr, sca: with the first wishes again")
	d.want("Ack 41 010309", "")
	d.diary("down", "reset")
	d.state(AckSent)
}

func TestRenegotiationFromStopped(t *testing.T) {
	d := opened(t, testConfig)
	d.peer(treq, 9)
	d.want("TermAck 9", "")
	d.next(time.Second, "")
	d.policy.diary = nil
	d.peer(req, 41, 1, 3, 2)
	d.want("Req 2 010307", "irc, scr, scn")
	d.want("Nak 41 010305", "")
	d.state(ReqSent)
	d.diary("reset")
	if d.m.Err() != nil {
		t.Errorf("error %v: a negotiation is a new start", d.m.Err())
	}
}

func TestSettled(t *testing.T) {
	d := opened(t, testConfig)
	d.m.Settle(true)
	d.peer(req, 40, 1, 3, 9)
	d.want("Ack 40 010309", "the peer has not seen our Ack")
	d.state(Opened)
	d.peer(ack, 1, 1, 3, 7)
	d.peer(ack, 1, 1, 3, 7)
	d.state(Opened)
	d.diary()
	d.peer(req, 40, 1, 3, 10)
	d.want("Req 2 010307", "another content is a new negotiation")
	d.want("Ack 40 01030a", "")
	d.peer(ack, 2, 1, 3, 7)
	d.state(Opened)
	d.now = d.now.Add(time.Minute)
	d.peer(req, 40, 1, 3, 10)
	d.want("Req 3 010307", "leaving Opened ends the settlement")
}

// Who has once answered late is given the time again.
func TestRestartFollowsTheRoundTrip(t *testing.T) {
	for took, want := range map[time.Duration]time.Duration{
		250 * time.Millisecond: time.Second,
		2 * time.Second:        3 * time.Second,
		20 * time.Second:       8 * time.Second, // RestartLimit
	} {
		d := started(t, testConfig)
		d.now = d.now.Add(took)
		d.peer(req, 40, 1, 3, 9)
		d.sent = nil
		d.peer(ack, 1, 1, 3, 7)
		d.state(Opened)
		d.now = d.now.Add(time.Minute)
		d.peer(req, 41, 1, 3, 9)
		d.sent = nil
		d.next(want, "the last answer took so long")
	}
}

// What the peer has sent before our Ack was there is no new negotiation.
func TestCopyOnItsWay(t *testing.T) {
	d := started(t, testConfig)
	d.now = d.now.Add(250 * time.Millisecond) // the round trip
	d.peer(req, 40, 1, 3, 9)
	d.want("Ack 40 010309", "")
	d.peer(ack, 1, 1, 3, 7)
	d.state(Opened)
	for range 2 {
		d.now = d.now.Add(600 * time.Millisecond)
		d.peer(req, 40, 1, 3, 9)
		d.want("Ack 40 010309", "the first Ack was on its way to the peer, or lost")
		d.state(Opened)
	}
	if n := d.m.Counts().ReAcked; n != 2 {
		t.Errorf("%d Acked again", n)
	}
	d.peer(req, 40, 1, 3, 10)
	d.want("Req 2 010307", "another content is a new negotiation")
	d.want("Ack 40 01030a", "")
	d.peer(ack, 2, 1, 3, 7)
	d.now = d.now.Add(2 * time.Second)
	d.peer(req, 40, 1, 3, 10)
	d.want("Req 3 010307", "so late it is a new negotiation: RFC 1661, 4.1")
}
