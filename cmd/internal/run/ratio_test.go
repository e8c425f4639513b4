package run

import (
	"fmt"
	"net/netip"
	"sync"
	"testing"
	"time"

	"pppdial/mp/comp"
	"pppdial/mp/wire"
	"pppdial/route/routetest/traffic"
)

// TestRatio has pppd's kernel compress a text, does the same with the packets
// that come, and compares. The figures are in the log.
func TestRatio(t *testing.T) {
	const limit = 2000
	for _, tt := range []struct {
		comp         string
		compressor   comp.Compressor
		decompressor comp.Decompressor
	}{
		{"bsd12", comp.NewBSDCompressor(12), comp.NewBSDDecompressor(12, limit)},
		{"deflate", comp.NewDeflateCompressor(15), comp.NewDeflateDecompressor(limit)},
	} {
		t.Run(tt.comp, func(t *testing.T) {
			t.Parallel()
			c := cell{"none", tt.comp, "ipv4", "pppd"}
			p, line := borrowLine(t).pppd(t, append(pppdWords(c), "novj", "noipv6")...)
			r := &ratio{c: tt.compressor, d: tt.decompressor}
			line.in.each = r.packet
			e := newEnd(t, ourWords(c)+" -vj_comp -ipv6")
			e.start(line)
			e.wantUp(1)
			if err := p.WaitLog("ompression enabled", patience); err != nil {
				t.Fatal(err)
			}
			warmUp(t, e, e.v4.Remote)
			conn, err := e.net.Dial(netip.AddrPortFrom(e.v4.Remote, echoPort), patience)
			if err != nil {
				t.Fatal(err)
			}
			defer conn.Close()
			conn.SetDeadline(time.Now().Add(time.Minute))
			if err := traffic.Exchange(conn, someText()); err != nil {
				t.Fatal(err)
			}
			r.mu.Lock()
			defer r.mu.Unlock()
			if r.err != nil || r.plain < len(someText()) {
				t.Fatalf("%d octets of packets: %v", r.plain, r.err)
			}
			theirs, ours := float64(r.theirs)/float64(r.plain), float64(r.ours)/float64(r.plain)
			t.Logf("%d octets of text in packets: Linux leaves %.4f of them, we %.4f", r.plain, theirs, ours)
			if ours > 1.02*theirs {
				t.Errorf("we leave %.4f, Linux %.4f", ours, theirs)
			}
		})
	}
}

// A ratio sees how well a peer compresses, and compresses the same packets.
type ratio struct {
	mu                  sync.Mutex
	c                   comp.Compressor
	d                   comp.Decompressor
	begun               bool
	plain, theirs, ours int
	err                 error
}

// packet takes one as it comes from the line.
func (r *ratio) packet(p wire.Protocol, info []byte) {
	r.mu.Lock()
	defer r.mu.Unlock()
	var packet []byte
	switch {
	case p == wire.CCP && len(info) > 0 && wire.Code(info[0]) == wire.ResetAck:
		r.c.Reset()
		r.d.Reset()
		return
	case p == wire.Compressed:
		r.begun = true
		var err error
		if packet, err = r.d.Decompress(nil, info); err != nil {
			if r.plain > 0 && r.err == nil {
				r.err = fmt.Errorf("after %d octets: %w", r.plain, err)
			}
			return
		}
	case r.begun && comp.Compressible(uint16(p)):
		packet = append(wire.AppendProtocol(nil, p, true), info...)
		r.d.Incompressible(packet)
	default:
		return
	}
	wired, ok := r.c.Compress(nil, packet)
	if !ok {
		wired = packet
	}
	r.plain += len(packet)
	r.theirs += len(info)
	r.ours += len(wired)
}

// TestBadCompression: a Linux of 64 bits cannot decompress what our BSD Compress
// sends. It finds out with the first packets; the link stays, compression goes.
func TestBadCompression(t *testing.T) {
	p, line := borrowLine(t).pppd(t, "debug", "silent", "noauth", "novj", "noipv6", "nodeflate", "bsdcomp", "12,12", pppdAddr+":"+ourAddr)
	e := newEnd(t, "device=/dev/null localhost=0 remotehost=0 -ipv6 -vj_comp "+compWords("bsd12"))
	e.start(line)
	e.wantUp(1)
	if err := e.log.await("compression tx="); err != nil {
		t.Fatal(err)
	}
	lost := 0
	for seq := range 20 {
		if _, err := e.net.Ping(e.v4.Remote, seq, 200+seq, 4*time.Second); err != nil {
			lost++
		}
	}
	if lost > 2 {
		t.Errorf("%d of 20 pings are lost", lost)
	}
	t.Logf("%d of 20 pings are lost", lost)
	if err := e.log.await("state proto=CCP event=RTR from=Opened"); err != nil {
		t.Error(err)
	}
	if err := p.WaitLog("Lost compression sync", patience); err != nil {
		t.Error(err)
	}
	before := line.out.of(wire.Compressed)
	carries(t, e, cell{"none", "plain", "ipv4", "pppd"}, 5*time.Second)
	if n := line.out.of(wire.Compressed) - before; n > 0 {
		t.Errorf("%d packets are compressed all the same", n)
	}
}
