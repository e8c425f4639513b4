package fsm

import (
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"strings"
	"testing"
	"time"

	"pppdial/mp/wire"
)

// Options of the protocol that the tests negotiate.
const (
	number = 1 // one octet; the peer must have at least 5
	flag   = 2 // no data
	asked  = 3 // one octet, not requested by us unless the peer Naks for it
)

const extraCode wire.Code = 9

// trial is a policy for the tests. It wants number want, takes any value of a
// Nak, and keeps a diary.
type trial struct {
	m      *Machine
	want   uint8
	give   bool // option asked stands in our request
	flag   bool
	demand bool // option asked must stand in the peer's request
	refuse bool // any request is unacceptable
	fatal  bool // a Nak of number is unacceptable
	first  uint8

	diary    []string
	accepted string
}

func (p *trial) note(format string, args ...any) {
	p.diary = append(p.diary, fmt.Sprintf(format, args...))
}

func (p *trial) Reset() {
	p.want = p.first
	p.note("reset")
}

func (p *trial) Request(b []byte) []byte {
	b = wire.AppendOption(b, wire.Option{Type: number, Data: []byte{p.want}})
	if p.give {
		b = wire.AppendOption(b, wire.Option{Type: asked, Data: []byte{0}})
	}
	if p.flag {
		b = wire.AppendFlag(b, flag)
	}
	return b
}

func (p *trial) Naked(o wire.Option) error {
	if o.Type == number && len(o.Data) == 1 {
		if p.fatal {
			return fmt.Errorf("%w: number %d is not to be had", ErrImpasse, p.want)
		}
		p.want = o.Data[0]
	}
	p.give = p.give || o.Type == asked
	return nil
}

func (p *trial) Rejected(o wire.Option) error {
	if o.Type == flag {
		p.flag = false
	}
	return nil
}

func (p *trial) Acked(request wire.Options) { p.note("acked %x", []byte(request)) }

func (p *trial) Judge(o wire.Option, _ wire.Options) (Verdict, []byte) {
	switch o.Type {
	case number:
		if len(o.Data) != 1 || o.Data[0] < 5 {
			return Nak, []byte{5}
		}
		return Ack, nil
	case asked:
		return Ack, nil
	}
	return Reject, nil
}

func (p *trial) Missing(b []byte, request wire.Options) []byte {
	if p.demand && !hasType(request, asked) {
		b = wire.AppendOption(b, wire.Option{Type: asked, Data: []byte{1}})
	}
	return b
}

func (p *trial) Accept(request wire.Options) error {
	p.accepted = fmt.Sprintf("%x", []byte(request))
	if p.refuse {
		return errors.New("it lacks something")
	}
	return nil
}

func (p *trial) Impasse(o wire.Option, ours bool) string {
	if o.Type != number {
		return ""
	}
	return fmt.Sprintf("number %x, ours %v", o.Data, ours)
}

func (p *trial) Knows(code wire.Code) bool             { return code == extraCode }
func (p *trial) Code(_ time.Time, k wire.Packet)       { p.note("code %d %x", k.Code, k.Data) }
func (p *trial) CodeRejected(_ time.Time, c wire.Code) { p.note("code %d rejected", c) }
func (p *trial) Up(time.Time)                          { p.note("up") }
func (p *trial) Down(time.Time)                        { p.note("down") }
func (p *trial) Started(time.Time)                     { p.note("started") }
func (p *trial) Finished(time.Time)                    { p.note("finished %v", p.m.Err()) }

// A dialogue is the machine under test and the peer that the test plays.
type dialogue struct {
	*testing.T
	m      *Machine
	policy *trial
	now    time.Time
	begin  time.Time
	sent   []string
}

var testConfig = Config{
	Proto: wire.IPCP, Name: "TEST",
	FirstRestart: 300 * time.Millisecond, Restart: time.Second, RestartLimit: 8 * time.Second,
	MaxConfigure: 4, MaxFailure: 3, MaxTerminate: 2,
}

func newDialogue(t *testing.T, cfg Config) *dialogue {
	t.Helper()
	start := time.Unix(1000, 0)
	d := &dialogue{T: t, policy: &trial{first: 7}, now: start, begin: start}
	if cfg.Log == nil {
		cfg.Log = slog.New(slog.NewTextHandler(&testWriter{t}, &slog.HandlerOptions{Level: slog.LevelDebug}))
	}
	d.m = New(cfg, d.policy, func(p wire.Packet) { d.sent = append(d.sent, show(p)) })
	d.policy.m = d.m
	return d
}

type testWriter struct{ t *testing.T }

func (w *testWriter) Write(b []byte) (int, error) {
	w.t.Log(strings.TrimSuffix(string(b), "\n"))
	return len(b), nil
}

var codes = []string{1: "Req", "Ack", "Nak", "Rej", "TermReq", "TermAck", "CodeRej"}

func show(p wire.Packet) string {
	name := fmt.Sprintf("code%d", p.Code)
	if int(p.Code) < len(codes) && p.Code > 0 {
		name = codes[p.Code]
	}
	if p.Code == wire.TerminateRequest {
		return fmt.Sprintf("%s %d %s", name, p.ID, p.Data)
	}
	return strings.TrimSpace(fmt.Sprintf("%s %d %x", name, p.ID, p.Data))
}

// peer sends a packet to the machine.
func (d *dialogue) peer(code wire.Code, id uint8, data ...byte) {
	d.m.Input(d.now, wire.AppendPacket(nil, wire.Packet{Code: code, ID: id, Data: data}))
}

// want checks the oldest packet that the machine has sent, and why.
func (d *dialogue) want(packet, because string) {
	d.Helper()
	if len(d.sent) == 0 {
		d.Fatalf("at %v: nothing sent, want %q because %s", d.now.Sub(d.begin), packet, because)
	}
	if d.sent[0] != packet {
		d.Fatalf("at %v: sent %q, want %q because %s", d.now.Sub(d.begin), d.sent[0], packet, because)
	}
	d.sent = d.sent[1:]
}

func (d *dialogue) silence(because string) {
	d.Helper()
	if len(d.sent) > 0 {
		d.Fatalf("at %v: sent %q, want silence because %s", d.now.Sub(d.begin), d.sent, because)
	}
}

// next advances to the machine's deadline, which must be after so long.
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

func (d *dialogue) state(s State) {
	d.Helper()
	if d.m.State() != s {
		d.Fatalf("state %v, want %v", d.m.State(), s)
	}
	if d.m.Deadline().IsZero() == s.timed() {
		d.Fatalf("state %v with deadline %v", s, d.m.Deadline())
	}
}

func (d *dialogue) diary(want ...string) {
	d.Helper()
	if !slices.Equal(d.policy.diary, want) {
		d.Fatalf("policy saw %q, want %q", d.policy.diary, want)
	}
	d.policy.diary = nil
}

// started is a machine that has just sent its first Configure-Request.
func started(t *testing.T, cfg Config) *dialogue {
	t.Helper()
	d := newDialogue(t, cfg)
	d.m.Open(d.now)
	d.m.Up(d.now)
	d.want("Req 1 010307", "Up in Starting begins at once")
	d.state(ReqSent)
	d.policy.diary = nil
	return d
}

// opened is a machine in Opened: request 1 of ours, 40 of the peer's.
func opened(t *testing.T, cfg Config) *dialogue {
	t.Helper()
	d := started(t, cfg)
	d.peer(wire.ConfigureAck, 1, 1, 3, 7)
	d.peer(wire.ConfigureRequest, 40, 1, 3, 9)
	d.want("Ack 40 010309", "9 is good")
	d.state(Opened)
	d.policy.diary = nil
	return d
}
