package proto

import (
	"errors"
	"testing"
	"time"

	"pppdial/mp/fsm"
	"pppdial/mp/wire"
)

func echoing(t *testing.T) *lcpDialogue {
	cfg := usual()
	cfg.EchoInterval, cfg.EchoFails = 10*time.Second, 3
	return lcpOpened(t, cfg)
}

func (d *lcpDialogue) reply(id uint8) {
	d.l.Heard(d.now)
	d.peer(wire.EchoReply, id, []byte{0, 0, 0, 0xb1})
}

func TestEchoRoundTrip(t *testing.T) {
	d := echoing(t)
	d.next(10*time.Second, "the interval")
	d.want("EchoReq id=0x2 magic=0xa1", "")
	if d.l.Pending() != d.now {
		t.Errorf("pending since %v", d.l.Pending())
	}
	d.now = d.now.Add(100 * time.Millisecond)
	d.reply(2)
	d.saw("echo after 100ms")
	d.reply(2)
	d.saw() // a second reply is none
	if !d.l.Pending().IsZero() {
		t.Error("still pending")
	}
	if !d.l.Probe(d.now) {
		t.Error("no probe")
	}
	d.want("EchoReq id=0x3 magic=0xa1", "a probe does not wait")
	d.now = d.now.Add(300 * time.Millisecond)
	d.reply(3)
	d.saw("echo after 300ms")
	smoothed, deviation, last := d.l.RTT()
	if smoothed != 125*time.Millisecond || deviation != 87500*time.Microsecond || last != 300*time.Millisecond {
		t.Errorf("rtt %v, %v, %v", smoothed, deviation, last)
	}
	d.next(9600*time.Millisecond, "probes do not move the interval")
	d.want("EchoReq id=0x4 magic=0xa1", "")
}

func TestPeerDead(t *testing.T) {
	d := echoing(t)
	for id := range 3 {
		d.next(10*time.Second, "")
		d.want([]string{"EchoReq id=0x2 magic=0xa1", "EchoReq id=0x3 magic=0xa1", "EchoReq id=0x4 magic=0xa1"}[id], "")
	}
	d.next(10*time.Second, "three are enough")
	d.saw("down")
	if !errors.Is(d.l.Err(), ErrPeerDead) {
		t.Errorf("error %v", d.l.Err())
	}
	if d.l.State() != fsm.Closing {
		t.Errorf("state %v", d.l.State())
	}
}

// Another interval counts from when it is given.
func TestReconfigureEchoes(t *testing.T) {
	for _, tt := range []struct{ before, then time.Duration }{
		{0, 10 * time.Second}, {10 * time.Second, 0}, {10 * time.Second, time.Minute}, {time.Minute, 10 * time.Second},
	} {
		t.Run(tt.before.String()+" "+tt.then.String(), func(t *testing.T) {
			cfg := usual()
			cfg.EchoInterval = tt.before
			d := lcpOpened(t, cfg)
			d.now = d.now.Add(4 * time.Second)
			cfg.EchoInterval = tt.then
			if d.l.Reconfigure(d.now, cfg) {
				t.Error("it has to be agreed anew")
			}
			if tt.then == 0 {
				d.rest("there are no Echo-Requests any more")
				return
			}
			for _, packet := range []string{"EchoReq id=0x2 magic=0xa1", "EchoReq id=0x3 magic=0xa1"} {
				d.next(tt.then, "the new interval")
				d.want(packet, "")
			}
		})
	}
}

// Whatever comes from the peer is life.
func TestAnyFrameIsLife(t *testing.T) {
	d := echoing(t)
	for range 10 {
		d.next(10*time.Second, "")
		d.sent = nil
		d.now = d.now.Add(time.Second)
		d.l.Heard(d.now)
		d.now = d.now.Add(-time.Second)
	}
	d.saw()
}

// A request that waits behind a long queue cannot have been answered.
func TestVerdictWaitsForTheQueue(t *testing.T) {
	d := echoing(t)
	for range 3 {
		d.next(10*time.Second, "")
		d.sent = nil
	}
	d.l.SetDelay(19 * time.Second)
	d.next(10*time.Second, "the verdict would be due")
	d.saw()
	d.next(19*time.Second, "it waits as long as the queue")
	d.saw("down")
}

func TestVerdictDoesNotWaitForEver(t *testing.T) {
	d := echoing(t)
	for range 3 {
		d.next(10*time.Second, "")
		d.sent = nil
	}
	d.l.SetDelay(time.Hour)
	d.next(10*time.Second, "")
	d.next(time.Minute, "a queue that never empties is a dead peer's")
	d.saw("down")
}

// A frame may take longer than the verdict: its octets put that off.
func TestVerdictWaitsForTheFrame(t *testing.T) {
	d := echoing(t)
	for range 3 {
		d.next(10*time.Second, "")
		d.sent = nil
	}
	d.now = d.now.Add(6 * time.Second)
	d.l.Receiving(d.now)
	d.next(4*time.Second, "the verdict would be due")
	d.saw()
	d.next(6*time.Second, "the answer may stand behind the frame")
	d.saw("down")
}

// Octets that never make a frame are no life.
func TestVerdictDoesNotWaitForNoise(t *testing.T) {
	d := echoing(t)
	for range 3 {
		d.next(10*time.Second, "")
		d.sent = nil
	}
	last := d.now
	for d.l.State() == fsm.Opened {
		d.now = d.l.Deadline()
		d.l.Receiving(d.now.Add(-time.Millisecond))
		d.l.Advance(d.now)
	}
	if took := d.now.Sub(last); took < time.Minute || took > 70*time.Second {
		t.Errorf("dead after %v", took)
	}
}

func TestPeerKnowsNoEcho(t *testing.T) {
	d := echoing(t)
	d.next(10*time.Second, "")
	d.sent = nil
	d.peer(wire.CodeReject, 1, []byte{9, 2, 0, 8, 0, 0, 0, 0xa1})
	d.rest("the peer has no Echo-Request")
}

func TestEchoEndsWithLCP(t *testing.T) {
	d := echoing(t)
	d.l.Close(d.now, "bye")
	d.want(`TermReq id=0x2 "bye"`, "")
	d.peer(termAck, 2)
	d.saw("down", "finished well")
	d.rest("LCP is closed")
}
