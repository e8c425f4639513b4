package main

import (
	"encoding/binary"
	"net/netip"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"pppdial/dial/dialtest"
)

// A packetNetwork is what is behind an operator: routers on the way, of which the
// first one, as it happens, says nothing.
type packetNetwork struct {
	passes  atomic.Bool
	last    atomic.Int64 // when the last answer went out
	probes  atomic.Int32
	farther atomic.Int32 // probes that the first two routers let pass
}

// answer is the network's answer to a datagram; nil: none.
func (n *packetNetwork) answer(p []byte) []byte {
	const icmp, exceeded = 1, 11
	if len(p) < 28 || p[9] != icmp {
		return nil
	}
	n.probes.Add(1)
	ttl := p[8]
	if ttl > 2 {
		n.farther.Add(1)
	}
	if ttl < 2 || ttl > 8 || !n.passes.Load() {
		return nil
	}
	router := netip.AddrFrom4([4]byte{10, 64, ttl, 1})
	a := make([]byte, 28, 56)
	a[0], a[8], a[9], a[20] = 0x45, 64, icmp, exceeded
	a = append(a, p[:28]...)
	binary.BigEndian.PutUint16(a[2:], uint16(len(a)))
	copy(a[12:], router.AsSlice())
	copy(a[16:], p[12:16])
	binary.BigEndian.PutUint16(a[10:], internetSum(a[:20]))
	binary.BigEndian.PutUint16(a[22:], internetSum(a[20:]))
	n.last.Store(time.Now().UnixNano())
	return a
}

func internetSum(b []byte) uint16 {
	var sum uint32
	for i := 0; i+1 < len(b); i += 2 {
		sum += uint32(binary.BigEndian.Uint16(b[i:]))
	}
	for sum > 0xffff {
		sum = sum>>16 + sum&0xffff
	}
	return ^uint16(sum)
}

const monitorWords = cellWords + " monitor=auto monitor_secs=2 monitor_fails=2 reset_wait=1 -ipv6 -dns modtries=3"

// TestMonitor: a link that passes nothing, while the modem has its call and LCP
// goes on, is noticed in time, made again, and its modem reset harder and harder,
// until something passes.
func TestMonitor(t *testing.T) {
	t.Parallel()
	h, bank := newHost(t, "near"), newBank(t)
	modem := newModem(t, bank, dialtest.ModemConfig{Name: "ec25", Profile: dialtest.EC25()})
	network := new(packetNetwork)
	network.passes.Store(true)
	bank.Answer("*99#", operator{addr: cellAddr, network: network}.service())
	h.conf("cell device=%s %s", modem.Path(), monitorWords)
	call := h.call("cell")
	call.await("monitor: a host on the way answers address=10.64.8.1 hops=8", slowly) // the last that is looked for
	network.farther.Store(0)
	before := network.probes.Load()
	for began := time.Now(); network.probes.Load() < before+4; time.Sleep(20 * time.Millisecond) {
		if time.Since(began) > slowly {
			t.Fatalf("%d probes in %v", network.probes.Load()-before, slowly)
		}
	}
	if n := network.farther.Load(); n > 4 {
		t.Errorf("%d probes went farther than to the two hosts that answer", n)
	}
	network.passes.Store(false)
	line := call.await("monitor: the link passes nothing", slowly)
	t.Logf("noticed %v after the last answer; monitor_secs=2 monitor_fails=2", time.Since(time.Unix(0, network.last.Load())).Round(10*time.Millisecond))
	t.Log(line)
	verdict := call.await("verdict: status=15 ", slowly)
	t.Log(verdict)
	if !strings.Contains(verdict, "no answer from 10.64.2.1 (hop 2), 10.64.3.1 (hop 3) to 2 probes") {
		t.Error("the verdict has not the hosts that were asked")
	}
	call.awaitTimes("up local=", 2, slowly)
	if strings.Contains(call.Log(), "resetting the modem") {
		t.Error("the modem was reset the first time")
	}
	// A pty has no DTR, so that the third rung follows at once.
	for _, rung := range []string{`by="escape and ATH"`, "by=DTR", `by="AT reset"`} {
		call.await("resetting the modem "+rung+` because="the link carries nothing"`, slowly)
	}
	network.passes.Store(true) // that was what it needed
	call.awaitTimes("the modem is reset", 2, slowly)
	call.awaitTimes("up local=", 4, slowly)
	call.awaitTimes("monitor: a host on the way answers address=10.64.2.1", 2, slowly)
	if !strings.Contains(modem.Transcript(), "AT+CFUN=1,1") {
		t.Error("the modem was not told to start anew")
	}
	if got := call.term(); got != 5 {
		t.Errorf("status %d, want 5", got)
	}
	h.bare()
	released(t, modem)
}

// TestNothingReceived: a link over which nothing ever comes.
func TestNothingReceived(t *testing.T) {
	t.Parallel()
	h, bank := newHost(t, "near"), newBank(t)
	modem := newModem(t, bank, dialtest.ModemConfig{Name: "bc66", Profile: dialtest.BC66()})
	network := new(packetNetwork)
	bank.Answer("*99#", operator{addr: cellAddr, network: network}.service())
	h.conf("cell device=%s %s", modem.Path(), monitorWords)
	call := h.call("cell")
	verdict := call.await("verdict: status=15 ", slowly)
	t.Log(verdict)
	for _, want := range []string{"no answer from any host on the way to 2 probes", `cause="addresses were agreed upon, but the network passes nothing: `} {
		if !strings.Contains(verdict, want) {
			t.Errorf("no %q in the verdict", want)
		}
	}
	if network.probes.Load() == 0 {
		t.Error("nobody was asked")
	}
	call.term()
	h.bare()
	released(t, modem)
}
