package fsm

import (
	"bytes"
	"errors"
	"testing"
	"time"

	"pgregory.net/rapid"

	"pppdial/mp/wire"
)

// lossy is two machines with a line between them that delays and loses
// packets as a drawn list says.
type lossy struct {
	m     [2]*Machine
	now   time.Time
	lines []flying
	fate  func() (lost bool, delay time.Duration)
	late  time.Time // when the second machine's line comes up
}

type flying struct {
	to   int
	at   time.Time
	info []byte
}

// newLossy makes the machines; stubborn ones need Naks to agree.
func newLossy(cfg Config, stubborn bool, fate func() (bool, time.Duration)) *lossy {
	l := &lossy{now: time.Unix(0, 0), fate: fate}
	for i := range l.m {
		p := &trial{first: 7, demand: stubborn && i == 0}
		if stubborn && i == 1 {
			p.first = 2
		}
		l.m[i] = New(cfg, p, func(k wire.Packet) {
			if lost, delay := l.fate(); !lost {
				l.lines = append(l.lines, flying{1 - i, l.now.Add(delay), wire.AppendPacket(nil, k)})
			}
		})
		p.m = l.m[i]
	}
	return l
}

// step goes to the next packet or deadline and reports whether there was one.
func (l *lossy) step() bool {
	first, line := time.Time{}, -1
	for i, m := range l.m {
		if at := m.Deadline(); !at.IsZero() && (first.IsZero() || at.Before(first)) {
			first, line = at, -1-i
		}
	}
	for i, f := range l.lines {
		if first.IsZero() || f.at.Before(first) {
			first, line = f.at, i
		}
	}
	if !l.late.IsZero() && (first.IsZero() || l.late.Before(first)) {
		l.now, l.late = l.late, time.Time{}
		l.m[1].Up(l.now)
		return true
	}
	if first.IsZero() {
		return false
	}
	if first.After(l.now) {
		l.now = first
	}
	if line < 0 {
		l.m[-1-line].Advance(l.now)
		return true
	}
	f := l.lines[line]
	l.lines = append(l.lines[:line], l.lines[line+1:]...)
	l.m[f.to].Input(l.now, f.info)
	return true
}

func gaveUp(m *Machine) bool { return m.State() == Stopped || m.State() == Closed }

func check(t *rapid.T, m *Machine) {
	if m.State().timed() == m.Deadline().IsZero() {
		t.Fatalf("state %v, deadline %v", m.State(), m.Deadline())
	}
}

// Whatever the line loses, two machines end in one of two ways: both opened,
// or both have given up. A line that loses nothing brings them up.
func TestConvergence(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		cfg := testConfig
		loss := rapid.IntRange(0, 100).Draw(t, "percent lost")
		good := rapid.IntRange(0, 200).Draw(t, "good after so many packets")
		rtt := rapid.IntRange(0, 2000).Draw(t, "milliseconds one way")
		// Enough of them that the last comes after the first answer.
		cfg.MaxConfigure = rapid.IntRange(4+rtt/400, 12).Draw(t, "MaxConfigure")
		sent := 0
		l := newLossy(cfg, rapid.Bool().Draw(t, "stubborn"), func() (bool, time.Duration) {
			sent++
			lost := sent < good && rapid.IntRange(1, 100).Draw(t, "loss") <= loss
			return lost, time.Duration(rtt) * time.Millisecond
		})
		l.late = l.now.Add(time.Duration(rapid.IntRange(0, 2000).Draw(t, "second comes later by")) * time.Millisecond)
		l.m[0].Open(l.now)
		l.m[1].Open(l.now)
		l.m[0].Up(l.now)
		for n := 0; l.step(); n++ {
			if n > 5000 {
				t.Fatalf("no end: %v and %v", l.m[0].State(), l.m[1].State())
			}
			check(t, l.m[0])
			check(t, l.m[1])
		}
		a, b := l.m[0], l.m[1]
		switch {
		case a.State() == Opened && b.State() == Opened:
			if !bytes.Equal(a.request, b.ackedRequest) || !bytes.Equal(b.request, a.ackedRequest) {
				t.Fatalf("they agree on different things")
			}
			for _, m := range l.m {
				if n := count(m.policy.(*trial).diary, "up"); loss == 0 && n != 1 {
					t.Fatalf("a good line came up %d times: repetitions must not look like new negotiations", n)
				}
			}
		case gaveUp(a) && gaveUp(b):
			if a.Err() == nil || b.Err() == nil {
				t.Fatalf("given up without a reason: %v, %v", a.Err(), b.Err())
			}
			if loss == 0 {
				t.Fatalf("gave up on a good line: %v, %v", a.Err(), b.Err())
			}
		case a.State() == Opened || b.State() == Opened:
			// The last packet was lost on its way to one that has given up
			// since; the other will find out by Echo-Requests.
			if loss == 0 {
				t.Fatalf("states %v and %v on a good line", a.State(), b.State())
			}
		default:
			t.Fatalf("states %v and %v", a.State(), b.State())
		}
	})
}

// Any packets and calls in any order: the timer runs where the RFC says, and
// the machine always comes to rest when left alone.
func TestAnything(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		now := time.Unix(0, 0)
		policy := &trial{first: 7, demand: rapid.Bool().Draw(t, "demand"), flag: rapid.Bool().Draw(t, "flag")}
		m := New(testConfig, policy, func(wire.Packet) {})
		policy.m = m
		ups := 0
		for range rapid.IntRange(1, 60).Draw(t, "steps") {
			now = now.Add(time.Duration(rapid.IntRange(0, 1500).Draw(t, "ms")) * time.Millisecond)
			before := m.State()
			switch rapid.IntRange(0, 11).Draw(t, "what") {
			case 0:
				m.Up(now)
			case 1:
				m.Down(now)
			case 2, 3:
				m.Open(now)
			case 4:
				m.Close(now, "test")
			case 5:
				m.Advance(now)
			case 6:
				m.ProtocolRejected(now)
			case 7:
				m.Settle(rapid.Bool().Draw(t, "settled"))
			case 8: // a plausible answer
				code := rapid.SampledFrom([]wire.Code{ack, nak, rej}).Draw(t, "code")
				m.Input(now, wire.AppendPacket(nil, wire.Packet{Code: code, ID: m.requestID, Data: bytes.Clone(m.request)}))
			case 9: // a good request
				m.Input(now, wire.AppendPacket(nil, wire.Packet{Code: req, ID: 1, Data: []byte{1, 3, 9, 3, 3, 1}}))
			default:
				m.Input(now, rapid.SliceOfN(rapid.Byte(), 0, 20).Draw(t, "packet"))
			}
			if m.State() == Opened && before != Opened {
				ups++
			}
			check(t, m)
		}
		if got := count(policy.diary, "up") - count(policy.diary, "down"); (got == 1) != (m.State() == Opened) || got < 0 || got > 1 {
			t.Fatalf("%v after %q", m.State(), policy.diary)
		}
		for n := 0; !m.Deadline().IsZero(); n++ {
			if n > 100 {
				t.Fatal("the timer never rests")
			}
			now = m.Deadline()
			m.Advance(now)
			check(t, m)
		}
	})
}

func count(diary []string, what string) (n int) {
	for _, s := range diary {
		if s == what {
			n++
		}
	}
	return n
}

func FuzzInput(f *testing.F) {
	f.Add([]byte{4, 1, 1, 0, 7, 1, 3, 9, 7, 2, 1, 0, 7, 1, 3, 7})
	f.Add([]byte{7, 3, 1, 0, 7, 1, 3, 12, 4, 5, 9, 0, 4})
	f.Fuzz(func(t *testing.T, data []byte) {
		now := time.Unix(0, 0)
		policy := &trial{first: 7}
		sent := 0
		m := New(testConfig, policy, func(p wire.Packet) {
			sent++
			if len(p.Data) > len(data)+200 {
				t.Fatalf("an answer of %d octets", len(p.Data))
			}
		})
		policy.m = m
		m.Open(now)
		m.Up(now)
		inputs := 0
		for len(data) > 0 {
			n := min(int(data[0]), len(data)-1)
			m.Input(now, data[1:1+n])
			data = data[1+n:]
			inputs++
			if inputs%8 == 0 {
				now = now.Add(time.Second)
				m.Advance(now)
			}
		}
		if sent > 4*inputs+10 {
			t.Fatalf("%d packets sent for %d", sent, inputs)
		}
		if err := m.Err(); err != nil && errors.Unwrap(err) == nil {
			t.Fatalf("error %v wraps nothing", err)
		}
	})
}
