package proto

import (
	"fmt"
	"testing"

	"pppdial/mp/wire"
)

func iid(n byte) wire.InterfaceID { return wire.InterfaceID{7: n} }

func ifid(id wire.InterfaceID) []byte { return wire.AppendInterfaceID(nil, id) }

type ipv6cpDialogue struct {
	*dialogue
	p *IPV6CP
}

// ipv6cpStarted draws the random identifiers 0xf1, 0xf2 and so on.
func ipv6cpStarted(t *testing.T, cfg IPV6CPConfig) *ipv6cpDialogue {
	t.Helper()
	d := &ipv6cpDialogue{dialogue: newDialogue(t, wire.IPV6CP)}
	cfg.FSM = testFSM
	cfg.FSM.Log = d.log()
	n := byte(0xf0)
	cfg.Random = func() wire.InterfaceID { n++; return iid(n) }
	d.p = NewIPV6CP(cfg, d.layer())
	d.m = d.p
	d.p.Open(d.now)
	d.p.Up(d.now)
	return d
}

func (d *ipv6cpDialogue) result(local, remote wire.InterfaceID) {
	d.Helper()
	d.saw("up")
	if r := *d.p.Result(); r != (IPV6CPResult{local, remote}) {
		d.Fatalf("agreed on %v and %v, want %v and %v", r.Local, r.Remote, local, remote)
	}
}

func TestIPV6CP(t *testing.T) {
	d := ipv6cpStarted(t, IPV6CPConfig{Local: iid(1), Remote: iid(2)})
	d.want("ConfReq id=0x1 <addr fe80::0000:0000:0000:0001>", "localif")
	d.ack()
	d.peer(confReq, 1, ifid(iid(9)))
	d.want("ConfAck id=0x1 <addr fe80::0000:0000:0000:0009>", "the peer's own choice goes before remoteif")
	d.result(iid(1), iid(9))
}

func TestIPV6CPRandom(t *testing.T) {
	d := ipv6cpStarted(t, IPV6CPConfig{})
	d.want("ConfReq id=0x1 <addr fe80::0000:0000:0000:00f1>", "")
	d.peer(confReq, 1, ifid(wire.InterfaceID{}))
	d.want("ConfNak id=0x1 <addr fe80::0000:0000:0000:00f2>", "the peer has none")
}

func TestIPV6CPPeerHasNone(t *testing.T) {
	d := ipv6cpStarted(t, IPV6CPConfig{Local: iid(1), Remote: iid(2)})
	d.sent = nil
	d.peer(confReq, 1, ifid(wire.InterfaceID{}))
	d.want("ConfNak id=0x1 <addr fe80::0000:0000:0000:0002>", "remoteif")
	d.peer(confReq, 2, []byte{wire.IPV6CPInterfaceID, 4, 1, 2})
	d.want("ConfNak id=0x2 <addr fe80::0000:0000:0000:0002>", "nobody can read this one")
	d.peer(confReq, 3, ifid(iid(2)))
	d.want("ConfAck id=0x3 <addr fe80::0000:0000:0000:0002>", "")
}

func TestIPV6CPInsists(t *testing.T) {
	d := ipv6cpStarted(t, IPV6CPConfig{Local: iid(1), Remote: iid(2), Insist: true})
	d.sent = nil
	d.peer(confReq, 1, ifid(iid(9)))
	d.want("ConfNak id=0x1 <addr fe80::0000:0000:0000:0002>", "it is to take this one")
	d.peer(confReq, 2, ifid(iid(2)))
	d.want("ConfAck id=0x2 <addr fe80::0000:0000:0000:0002>", "it does")
	d.peer(confReq, 3, ifid(iid(9)))
	d.want("ConfNak id=0x3 <addr fe80::0000:0000:0000:0002>", "not any more")
	d.peer(confReq, 4, ifid(iid(9)))
	d.want("ConfAck id=0x4 <addr fe80::0000:0000:0000:0009>", "better its own than none")
}

func TestIPV6CPCollision(t *testing.T) {
	d := ipv6cpStarted(t, IPV6CPConfig{Local: iid(1), Remote: iid(1)})
	d.sent = nil
	d.peer(confReq, 1, ifid(iid(1)))
	d.want("ConfNak id=0x1 <addr fe80::0000:0000:0000:00f1>", "both have the same, and remoteif too")
	d.peer(confNak, 1, ifid(iid(7)))
	d.want("ConfReq id=0x2 <addr fe80::0000:0000:0000:0007>", "the peer's suggestion is as good as any")
	d.peer(confReq, 2, ifid(iid(7)))
	d.want("ConfNak id=0x2 <addr fe80::0000:0000:0000:0001>", "now remoteif is free")
}

// Both sides of the collision may be ourselves, on a line that is looped back.
func TestIPV6CPOwnNak(t *testing.T) {
	d := ipv6cpStarted(t, IPV6CPConfig{Local: iid(1)})
	d.sent = nil
	d.peer(confReq, 1, ifid(iid(1)))
	d.want("ConfNak id=0x1 <addr fe80::0000:0000:0000:00f1>", "")
	d.peer(confNak, 1, ifid(iid(0xf1)))
	d.want("ConfReq id=0x2 <addr fe80::0000:0000:0000:00f2>", "our own Nak has come back")
}

func TestIPV6CPUselessNaks(t *testing.T) {
	for name, option := range map[string][]byte{
		"zero":   ifid(wire.InterfaceID{}),
		"same":   ifid(iid(1)),
		"theirs": ifid(iid(9)),
		"length": {wire.IPV6CPInterfaceID, 3, 1},
	} {
		t.Run(name, func(t *testing.T) {
			d := ipv6cpStarted(t, IPV6CPConfig{Local: iid(1)})
			d.peer(confReq, 1, ifid(iid(9)))
			d.sent = nil
			d.peer(confNak, 1, option)
			d.want("ConfReq id=0x2 <addr fe80::0000:0000:0000:00f1>", "chance may help")
		})
	}
}

func TestIPV6CPRejected(t *testing.T) {
	d := ipv6cpStarted(t, IPV6CPConfig{Local: iid(1)})
	d.sent = nil
	d.peer(confNak, 1, []byte{wire.IPV6CPCompression, 4, 0, 0x61})
	d.want("ConfReq id=0x2 <addr fe80::0000:0000:0000:0001>", "compression is not ours")
	d.peer(confRej, 2, ifid(iid(1)))
	d.want("ConfReq id=0x3", "")
	d.ack()
	d.peer(confReq, 1, []byte{wire.IPV6CPCompression, 4, 0, 0x61})
	d.want("ConfRej id=0x1 <compress 0x61>", "")
	d.peer(confReq, 2, ifid(iid(9)))
	d.want("ConfAck id=0x2 <addr fe80::0000:0000:0000:0009>", "")
	d.result(iid(1), iid(9))
}

// A peer that does not tell its identifier has the one that it was offered last.
func TestIPV6CPPeerTellsNone(t *testing.T) {
	for _, tt := range []struct {
		name   string
		remote wire.InterfaceID // remoteif
		first  []byte           // in the peer's first request
		want   wire.InterfaceID
	}{
		{"not at all", iid(2), nil, iid(2)},
		{"but zero", iid(2), ifid(wire.InterfaceID{}), iid(2)},
		{"but ours", iid(2), ifid(iid(1)), iid(2)},
		{"but what we insist on is another", iid(2), ifid(iid(9)), iid(2)},
		{"and remoteif is ours", iid(1), nil, iid(0xf1)},
		{"and there is no remoteif", wire.InterfaceID{}, nil, iid(0xf1)},
	} {
		t.Run(tt.name, func(t *testing.T) {
			d := ipv6cpStarted(t, IPV6CPConfig{Local: iid(1), Remote: tt.remote, Insist: true})
			d.ack()
			d.sent = nil
			d.peer(confReq, 1, tt.first)
			d.want(fmt.Sprintf("ConfNak id=0x1 <addr fe80::%s>", tt.want), "it is offered one")
			d.peer(confReq, 2)
			d.want("ConfAck id=0x2", "it is offered no other (RFC 5072, section 4.1)")
			d.result(iid(1), tt.want)
		})
	}
}

func TestIPV6CPKeepsItsIdentifier(t *testing.T) {
	d := ipv6cpStarted(t, IPV6CPConfig{})
	d.ack()
	d.peer(confReq, 1, ifid(iid(9)))
	d.sent = nil
	d.p.Down(d.now)
	d.p.Up(d.now)
	d.want("ConfReq id=0x2 <addr fe80::0000:0000:0000:00f1>", "addresses depend on it")
}

func TestRandomInterfaceID(t *testing.T) {
	for range 100 {
		if id := randomInterfaceID(); id.IsZero() || id[0]&2 != 0 {
			t.Fatalf("%v claims to be unique in the world", id)
		}
	}
}
