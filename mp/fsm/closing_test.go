package fsm

import (
	"errors"
	"testing"
	"time"
)

func TestClosing(t *testing.T) {
	d := opened(t, testConfig)
	d.m.Close(d.now, "done")
	d.want("TermReq 2 done", "")
	d.diary("down")
	d.next(time.Second, "")
	d.want("TermReq 2 done", "a repetition keeps the identifier")
	d.next(2*time.Second, "MaxTerminate is 2")
	d.silence("")
	d.diary("finished <nil>")
	d.state(Closed)
	d.m.Open(d.now)
	d.want("Req 3 010307", "")
}

func TestClosingByTime(t *testing.T) {
	cfg := testConfig
	cfg.MaxTerminate, cfg.MaxTermTime = 0, 3500*time.Millisecond
	d := opened(t, cfg)
	d.m.Close(d.now, "")
	d.want("TermReq 2 ", "")
	d.next(time.Second, "")
	d.want("TermReq 2 ", "")
	d.next(2*time.Second, "")
	d.want("TermReq 2 ", "")
	d.next(500*time.Millisecond, "the time for Terminate-Requests is over")
	d.silence("")
	d.state(Closed)
	d.m.Open(d.now)
	d.want("Req 3 010307", "")
	d.m.Close(d.now, "")
	d.want("TermReq 4 ", "a new termination has a new identifier")
}

func TestPeerTerminates(t *testing.T) {
	d := opened(t, testConfig)
	d.peer(treq, 9, 'b', 'y', 'e')
	d.want("TermAck 9", "")
	d.diary("down")
	d.state(Stopping)
	d.peer(treq, 9)
	d.want("TermAck 9", "our Ack may have been lost")
	d.next(time.Second, "one period for the peer to repeat it")
	d.diary("finished TEST: terminated by the peer: bye")
	d.state(Stopped)
}

// A Terminate-Request does not close the automaton, but to ask on for long is
// no use.
func TestPeerTerminatesNegotiation(t *testing.T) {
	d := started(t, testConfig)
	d.peer(req, 40, 1, 3, 9)
	d.want("Ack 40 010309", "")
	d.peer(treq, 41, 'n', 'o')
	d.want("TermAck 41", "")
	d.state(ReqSent)
	d.next(time.Second, "")
	d.want("Req 1 010307", "one more try")
	d.next(2*time.Second, "")
	d.diary("finished TEST: terminated by the peer: no")
}

func TestPeerComesBack(t *testing.T) {
	d := started(t, testConfig)
	d.peer(treq, 41, 'n', 'o')
	d.want("TermAck 41", "")
	d.peer(ack, 1, 1, 3, 7)
	d.peer(req, 42, 1, 3, 9)
	d.want("Ack 42 010309", "")
	d.state(Opened)
	if d.m.Err() != nil {
		t.Errorf("error %v", d.m.Err())
	}
}

func TestUnknownCode(t *testing.T) {
	d := opened(t, testConfig)
	d.peer(77, 5, 1, 2, 3)
	d.want("CodeRej 2 4d050007010203", "the whole packet comes back")
	d.peer(78, 5)
	d.want("CodeRej 3 4e050004", "with an identifier of its own")
	d.peer(extraCode, 5, 1)
	d.diary("code 9 01")
	d.state(Opened)
}

func TestKnownCodeNeedsOpened(t *testing.T) {
	d := started(t, testConfig)
	d.peer(extraCode, 5, 1)
	d.diary()
	d.silence("RXR is for Opened")
}

func TestCodeRejected(t *testing.T) {
	for code := req; code <= crej; code++ {
		d := opened(t, testConfig)
		d.peer(crej, 1, byte(code), 1, 0, 4)
		d.want("TermReq 2 ", "every protocol needs codes 1 to 7")
		d.state(Stopping)
	}
	d := opened(t, testConfig)
	d.peer(crej, 1, 9, 1, 0, 4)
	d.diary("code 9 rejected")
	d.state(Opened)
	d.peer(crej, 1, 1, 1, 0, 4)
	d.want("TermReq 2 ", "without Configure-Requests there is no protocol")
	d.state(Stopping)
	d.peer(tack, 2)
	d.diary("down", "finished TEST: rejected by the peer: the peer does not know code 1")
}

func TestProtocolRejected(t *testing.T) {
	d := started(t, testConfig)
	d.m.ProtocolRejected(d.now)
	d.state(Stopped)
	if !errors.Is(d.m.Err(), ErrRejected) {
		t.Errorf("error %v", d.m.Err())
	}
}

func TestTerminateAckOutOfTheBlue(t *testing.T) {
	d := opened(t, testConfig)
	d.peer(tack, 9)
	d.want("Req 2 010307", "the peer has lost its state")
	d.state(ReqSent)
	d.diary("down", "reset")
}

func TestClosedAnswersTerminateAck(t *testing.T) {
	d := newDialogue(t, testConfig)
	d.m.Up(d.now)
	d.peer(req, 40, 1, 3, 9)
	d.want("TermAck 40", "we do not negotiate")
	d.peer(ack, 41)
	d.want("TermAck 41", "")
	d.state(Closed)
}

func TestSilent(t *testing.T) {
	cfg := testConfig
	cfg.Silent = true
	d := newDialogue(t, cfg)
	d.m.Open(d.now)
	d.m.Up(d.now)
	d.silence("the peer speaks first")
	d.state(Stopped)
	d.peer(req, 40, 1, 3, 9)
	d.want("Req 1 010307", "")
	d.want("Ack 40 010309", "")
	d.next(time.Second, "the peer is there: no quick repetition")
	d.want("Req 1 010307", "")
}

// Who waits for the peer in Stopped has not been told that it is finished.
func TestSilentIsClosed(t *testing.T) {
	cfg := testConfig
	cfg.Silent = true
	d := newDialogue(t, cfg)
	d.m.Open(d.now)
	d.m.Up(d.now)
	d.diary("started")
	d.m.Close(d.now, "")
	d.diary("finished <nil>")
	d.m.Close(d.now, "")
	d.diary()
	d.state(Closed)
}

func TestPassive(t *testing.T) {
	cfg := testConfig
	cfg.Passive, cfg.MaxConfigure = true, 1
	d := started(t, cfg)
	d.next(300*time.Millisecond, "")
	d.state(Stopped)
	d.diary()
	d.peer(req, 40, 1, 3, 9)
	d.want("Req 2 010307", "")
	d.want("Ack 40 010309", "")
}

func TestMalformed(t *testing.T) {
	d := started(t, testConfig)
	d.m.Input(d.now, []byte{1, 2, 0})
	d.m.Input(d.now, []byte{1, 2, 0, 9, 1})
	d.m.Input(d.now, []byte{1, 2, 0, 3})
	d.peer(req, 40, 1, 9, 9)
	d.peer(req, 40, 1, 1)
	d.peer(nak, 1, 1, 9, 9)
	d.peer(crej, 1)
	d.silence("none of these can be read")
	d.state(ReqSent)
	if n := d.m.Counts().Malformed; n != 7 {
		t.Errorf("%d malformed", n)
	}
}

func TestLowerLayerDown(t *testing.T) {
	d := opened(t, testConfig)
	d.m.Down(d.now)
	d.diary("down")
	d.state(Starting)
	d.peer(req, 40, 1, 3, 9)
	d.silence("nothing can come from a layer that is down")
	if n := d.m.Counts().Impossible; n != 1 {
		t.Errorf("%d impossible", n)
	}
	d.m.Up(d.now)
	d.want("Req 2 010307", "")
}

// What a policy calls from within an action waits until the event is done.
func TestReentrance(t *testing.T) {
	d := opened(t, testConfig)
	d.m.policy = &reentrant{d.policy}
	d.peer(req, 41, 1, 3, 9)
	d.want("Req 2 010307", "")
	d.want("Ack 41 010309", "")
	d.want("TermReq 3 enough", "Close came in This-Layer-Down, in front of scr and sca")
	d.state(Closing)
}

type reentrant struct{ *trial }

func (p *reentrant) Down(now time.Time) { p.m.Close(now, "enough") }

func TestPrintable(t *testing.T) {
	for in, want := range map[string]string{
		"":                       "",
		"  hello\r\n":            "hello",
		"a\x00b\tc\xff\xfe":      "a b c",
		"\x00\x00\x00\x02\x7e12": "",
	} {
		if got := Printable([]byte(in)); got != want {
			t.Errorf("%q: %q, want %q", in, got, want)
		}
	}
}
