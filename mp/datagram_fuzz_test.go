package mp

import (
	"bytes"
	"testing"
	"time"

	"pppdial/mp/hdlc"
	"pppdial/mp/mptest"
	"pppdial/mp/wire"
)

// FuzzDatagram: whatever a datagram is, looking at it changes nothing, what is
// said of it is one line, and of what it announces only a segment size is
// lowered, once.
func FuzzDatagram(f *testing.F) {
	for _, p := range [][]byte{
		segment(standingAddr, farHost, 40000, 23, tcpSYN, ""), segment(standingAddr, farHost, 40000, 80, tcpACK|tcpFIN, "data"),
		user(standingAddr, farHost, 40000, 53, "query"), echo(icmpEcho, standingAddr, farHost, 7),
		fragment(user(standingAddr, farHost, 1, 2, "12345678"), 5, true, 8),
		append([]byte{0x60, 0, 0, 0, 0, 24, protoTCP, 64}, make([]byte, 56)...),
		append([]byte{0x60, 0, 0, 0, 0, 8, protoICMPv6, 255}, make([]byte, 40)...),
	} {
		f.Add(p, uint16(1500), true)
	}
	for _, said := range mptest.Frames(30, uint16(wire.IPv4), uint16(wire.IPv6)) {
		f.Add(said.Info, uint16(296), true)
	}
	syn := segment(standingAddr, farHost, 40000, 80, tcpSYN, "\x01\x02\x04\x05\xb4\x00")
	syn[ipv4Header+12] = 0x60
	f.Add(syn, uint16(576), false)
	f.Fuzz(func(t *testing.T, p []byte, mtu uint16, telnettos bool) {
		was := bytes.Clone(p)
		if _, body := transport(p); len(body) > len(p) || source(p).IsValid() != (protocolOf(p) != 0) {
			t.Fatalf("%d octets of %d, from %v", len(body), len(p), source(p))
		}
		urgent(p, telnettos)
		if flowHash(p) != flowHash(was) {
			t.Fatal("the flow of a packet changes")
		}
		now := time.Unix(1_000_000, 0)
		a := activity{cfg: IdleConfig{
			Active: time.Hour, Inactive: time.Minute, Toll: time.Second * time.Duration(mtu%300), IgnorePorts: []uint16{53}, IgnoreICMP: []uint8{8},
		}}
		a.begin(now)
		a.sent(now.Add(time.Second), p)
		a.received(now.Add(2*time.Second), p)
		if d := a.deadline(); !d.After(now) || d.Sub(now) > 2*time.Hour {
			t.Fatalf("idle after %v", d.Sub(now))
		}
		for _, said := range []string{describe(p), a.keptBy()} {
			for _, c := range said {
				if c < ' ' || c > '~' {
					t.Fatalf("%q", said)
				}
			}
		}
		if !bytes.Equal(p, was) {
			t.Fatal("looking has changed it")
		}

		clampMSS(p, int(mtu))
		once := bytes.Clone(p)
		if clampMSS(p, int(mtu)); !bytes.Equal(p, once) {
			t.Fatalf("clamped again:\n% x\n% x", once, p)
		}
		if bytes.Equal(p, was) {
			return
		}
		_, body := transport(p)
		before := was[len(was)-len(body):]
		if changed := differences(before, body); len(body) == 0 || changed > 4 || differences(was, p) != changed {
			t.Fatalf("%d octets have changed", changed)
		}
		if a, b := checksumAdd(0, before), checksumAdd(0, body); a%0xffff != b%0xffff {
			t.Fatalf("the checksum is another:\n% x\n% x", was, p)
		}
	})
}

func differences(a, b []byte) (n int) {
	for i := range a {
		if a[i] != b[i] {
			n++
		}
	}
	return n
}

// FuzzFarewell: in whatever chunks it comes, the modem's farewell is heard, and
// nothing else is taken for it.
func FuzzFarewell(f *testing.F) {
	f.Add([]byte("~\xff\x7d\x23abc\r\nNO CARRIER\r\n"), []byte{3, 200})
	f.Add([]byte("NO CARRIER\r\n~\xff\x03~"), []byte{0})
	f.Add([]byte("NO CARRINO CARRIER\r\r\n"), []byte{1, 2})
	f.Fuzz(func(t *testing.T, said, cuts []byte) {
		var w farewell
		d := hdlc.Decoder{MaxFrame: 100}
		now := time.Unix(1_000_000, 0)
		for rest, i := said, 0; len(rest) > 0; i++ {
			n := len(rest)
			if len(cuts) > 0 {
				n = min(n, int(cuts[i%len(cuts)])+1)
			}
			w.read(rest[:n])
			d.Feed(rest[:n])
			for {
				if _, ok := d.Next(); !ok {
					break
				}
			}
			w.judge(now, &d)
			rest = rest[n:]
		}
		since := said[bytes.LastIndexByte(said, hdlc.Flag)+1:]
		if want := bytes.Contains(since, []byte(farewellWords)); w.said != want {
			t.Fatalf("%q: heard %v, want %v", said, w.said, want)
		}
		if lost := w.lost(now.Add(time.Hour)); lost && !bytes.Contains(said, []byte(farewellWords)) || w.said && !lost {
			t.Fatalf("%q: the line is lost: %v", said, lost)
		}
	})
}
