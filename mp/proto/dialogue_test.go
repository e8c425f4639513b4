package proto

import (
	"log/slog"
	"strings"
	"testing"
	"time"

	"pppdial/mp/fsm"
	"pppdial/mp/wire"
)

// actor is what a test can hand packets and the time to.
type actor interface {
	Input(now time.Time, info []byte)
	Deadline() time.Time
	Advance(now time.Time)
}

// A dialogue is a machine under test with the test as its peer.
type dialogue struct {
	*testing.T
	proto wire.Protocol
	m     actor
	now   time.Time
	begin time.Time
	sent  []string
	last  wire.Packet // the last one sent
	diary []string
}

func newDialogue(t *testing.T, p wire.Protocol) *dialogue {
	now := time.Unix(1000, 0)
	return &dialogue{T: t, proto: p, now: now, begin: now}
}

func (d *dialogue) log() *slog.Logger {
	return slog.New(slog.NewTextHandler(testWriter{d.T}, &slog.HandlerOptions{Level: slog.LevelDebug}))
}

type testWriter struct{ t *testing.T }

func (w testWriter) Write(b []byte) (int, error) {
	w.t.Log(strings.TrimSuffix(string(b), "\n"))
	return len(b), nil
}

func (d *dialogue) send(p wire.Packet) {
	d.sent = append(d.sent, wire.Format(d.proto, wire.AppendPacket(nil, p)))
	d.last = p
	d.last.Data = append([]byte(nil), p.Data...)
}

func (d *dialogue) note(s string) { d.diary = append(d.diary, s) }

func (d *dialogue) layer() Layer {
	return Layer{
		Send:     d.send,
		Up:       func(time.Time) { d.note("up") },
		Down:     func(time.Time) { d.note("down") },
		Finished: func(_ time.Time, err error) { d.note("finished " + text(err)) },
	}
}

func text(err error) string {
	if err == nil {
		return "well"
	}
	return err.Error()
}

// peer sends a packet of parts strung together.
func (d *dialogue) peer(code wire.Code, id uint8, parts ...[]byte) {
	var data []byte
	for _, p := range parts {
		data = append(data, p...)
	}
	info := wire.AppendPacket(nil, wire.Packet{Code: code, ID: id, Data: data})
	d.Log("peer: " + wire.Format(d.proto, info))
	d.m.Input(d.now, info)
}

// ack Acks the last packet sent.
func (d *dialogue) ack() { d.peer(wire.ConfigureAck, d.last.ID, d.last.Data) }

func (d *dialogue) want(packet, because string) {
	d.Helper()
	packet = d.proto.String() + " " + packet
	if len(d.sent) == 0 {
		d.Fatalf("at %v: nothing sent\nwant %s\nbecause %s", d.now.Sub(d.begin), packet, because)
	}
	if d.sent[0] != packet {
		d.Fatalf("at %v: sent %s\nwant %s\nbecause %s", d.now.Sub(d.begin), d.sent[0], packet, because)
	}
	d.sent = d.sent[1:]
}

func (d *dialogue) silence(because string) {
	d.Helper()
	if len(d.sent) > 0 {
		d.Fatalf("at %v: sent %q\nwant silence because %s", d.now.Sub(d.begin), d.sent, because)
	}
}

// next advances to the deadline, which must be after so long.
func (d *dialogue) next(after time.Duration, because string) {
	d.Helper()
	d.silence("the timer is what comes next")
	at := d.m.Deadline()
	if at.IsZero() {
		d.Fatalf("no deadline, want one after %v because %s", after, because)
	}
	if got := at.Sub(d.now); got != after {
		d.Fatalf("deadline after %v, want %v because %s", got, after, because)
	}
	d.m.Advance(at.Add(-time.Nanosecond))
	d.silence("the deadline has not come")
	d.now = at
	d.m.Advance(at)
}

// rest wants that there is nothing to wait for.
func (d *dialogue) rest(because string) {
	d.Helper()
	d.silence(because)
	if at := d.m.Deadline(); !at.IsZero() {
		d.Fatalf("deadline after %v, want none because %s", at.Sub(d.now), because)
	}
}

// saw checks and empties what the owner was told.
func (d *dialogue) saw(want ...string) {
	d.Helper()
	if strings.Join(d.diary, "\n") != strings.Join(want, "\n") {
		d.Fatalf("the owner was told %q\nwant %q", d.diary, want)
	}
	d.diary = nil
}

var testFSM = fsm.Config{
	FirstRestart: 300 * time.Millisecond, Restart: time.Second, RestartLimit: 8 * time.Second,
	MaxConfigure: 10, MaxFailure: 5,
}

// Short names for the packets of a dialogue.
const (
	confReq = wire.ConfigureRequest
	confAck = wire.ConfigureAck
	confNak = wire.ConfigureNak
	confRej = wire.ConfigureReject
	termReq = wire.TerminateRequest
	termAck = wire.TerminateAck
)
