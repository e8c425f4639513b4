package run

import (
	"fmt"
	"net/netip"
	"sync"
	"testing"
	"time"

	"pppdial/mp/mptest"
	"pppdial/route/routetest/traffic"
)

// A spoiler is an end of a line that changes what it reads.
type spoiler struct {
	*mptest.Line
	change func([]byte) []byte

	mu   sync.Mutex
	rest []byte
}

func (l *spoiler) Read(b []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	for len(l.rest) == 0 {
		n, err := l.Line.Read(b)
		if err != nil {
			return 0, err
		}
		l.rest = l.change(b[:n:n])
	}
	n := copy(b, l.rest)
	l.rest = l.rest[n:]
	return n, nil
}

// swallow takes characters out.
func swallow(set string) func() func([]byte) []byte {
	return func() func([]byte) []byte {
		return func(b []byte) (out []byte) {
			for _, c := range b {
				if !contains(set, c) {
					out = append(out, c)
				}
			}
			return out
		}
	}
}

// insert puts one of the characters in front of every hundredth.
func insert(set string) func() func([]byte) []byte {
	return func() func([]byte) []byte {
		n := 0
		return func(b []byte) (out []byte) {
			for _, c := range b {
				if n++; n%100 == 0 {
					out = append(out, set[n/100%len(set)])
				}
				out = append(out, c)
			}
			return out
		}
	}
}

// reveal is a peer that escapes what it should not: characters of the set come
// as they are.
func reveal(set string) func() func([]byte) []byte {
	return func() func([]byte) []byte {
		escaped := false
		return func(b []byte) (out []byte) {
			for _, c := range b {
				switch {
				case escaped && contains(set, c^0x20):
					out = append(out, c^0x20)
				case escaped:
					out = append(out, 0x7d, c)
				case c != 0x7d:
					out = append(out, c)
				}
				escaped = !escaped && c == 0x7d
			}
			return out
		}
	}
}

func contains(set string, c byte) bool {
	for i := range len(set) {
		if set[i] == c {
			return true
		}
	}
	return false
}

// TestCharacters: lines that do not let all characters pass carry PPP when the
// entry says so, and else do not.
func TestCharacters(t *testing.T) {
	for _, tt := range []struct {
		name      string
		spoil     func() func([]byte) []byte
		with      string // words of both ends with which it works
		caller    string // words of the caller alone
		otherwise string // words of both ends with which it does not
	}{
		{name: "flow control swallowed, xon_xoff", spoil: swallow("\x11\x13"), with: "xon_xoff"},
		{name: "flow control swallowed, the caller alone knows", spoil: swallow("\x11\x13"), caller: "xon_xoff"},
		{name: "flow control put in, map_char", spoil: insert("\x11\x13"), with: "map_char=QS"},
		{name: "flow control swallowed, accm", spoil: swallow("\x11\x13"), with: "accm=0xa0000"},
		{name: "all control characters swallowed, accm", spoil: swallow("\x00\x01\x03\x0a\x0d\x10\x11\x13\x1b\x1f"), with: "accm=0xffffffff"},
		{name: "all control characters put in, accm", spoil: insert("\x00\x01\x03\x0a\x0d\x10\x11\x13\x1b\x1f"), with: "accm=0xffffffff"},
		{name: "printable and high characters swallowed, map_char_num", spoil: swallow("A\xff"), with: "map_char_num=65 map_char_num=0xff -acomp"},
		{
			name: "flow control with the parity bit swallowed, accm_parity", spoil: swallow("\x11\x13\x91\x93"),
			with: "xon_xoff accm_parity", otherwise: "xon_xoff",
		},
		{name: "a peer that does not escape, -rx_accm", spoil: reveal("\x11\x13"), with: "xon_xoff -rx_accm", otherwise: "xon_xoff"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			if err := callOver(t, tt.with+" "+tt.caller, tt.with, tt.spoil, patience); err != nil {
				t.Errorf("%s %s: %v", tt.with, tt.caller, err)
			}
			if err := callOver(t, tt.otherwise, tt.otherwise, tt.spoil, 2*time.Second); err == nil {
				t.Errorf("it works with %q as well", tt.otherwise)
			}
		})
	}
}

// callOver makes a call over a line that spoils characters, and exchanges all
// kinds of them.
func callOver(t *testing.T, caller, answerer string, spoil func() func([]byte) []byte, limit time.Duration) error {
	t.Helper()
	const plain = " device=/dev/null -ccp -ipv6 -vj_comp "
	a := newEnd(t, "localhost=0 remotehost=0"+plain+caller)
	b := newEnd(t, "localhost=10.9.0.1 remotehost=10.9.0.2"+plain+answerer)
	la, lb := mptest.Pair(mptest.Config{})
	a.start(&spoiler{Line: la, change: spoil()})
	b.start(&spoiler{Line: lb, change: spoil()})
	timer := time.NewTimer(limit)
	defer timer.Stop()
	for _, e := range []*end{a, b} {
		select {
		case n := <-e.up:
			if err := e.iface.networkUp(n); err != nil {
				return err
			}
			e.v4 = n
		case f := <-e.lost:
			e.link = nil
			return f
		case <-timer.C:
			return fmt.Errorf("the network is not up after %v", limit)
		}
	}
	serve(t, b)
	conn, err := a.net.Dial(netip.AddrPortFrom(a.v4.Remote, echoPort), limit)
	if err != nil {
		return err
	}
	defer conn.Close()
	conn.SetDeadline(time.Now().Add(limit))
	return traffic.Exchange(conn, traffic.Data(100_000))
}
