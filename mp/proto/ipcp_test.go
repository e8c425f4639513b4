package proto

import (
	"bytes"
	"cmp"
	"errors"
	"net/netip"
	"slices"
	"testing"
	"time"

	"pppdial/mp/fsm"
	"pppdial/mp/wire"
)

// sets reads address sets: "10.0.0.1 10.1.0.0,255.255.0.0".
func sets(members ...string) (u []AddrSet) {
	for _, m := range members {
		s := AddrSet{}
		for i, part := range [2]*netip.Addr{&s.Addr, &s.Mask} {
			if words := splitComma(m); i < len(words) {
				*part = netip.MustParseAddr(words[i])
			}
		}
		u = append(u, s)
	}
	return u
}

func splitComma(s string) []string {
	for i := range s {
		if s[i] == ',' {
			return []string{s[:i], s[i+1:]}
		}
	}
	return []string{s}
}

var anyAddr = sets("0.0.0.0,0.0.0.0")

func addr(s string) []byte { return wire.AppendAddr(nil, wire.IPCPAddress, netip.MustParseAddr(s)) }
func dns(i int, s string) []byte {
	return wire.AppendAddr(nil, dnsTypes[i], netip.MustParseAddr(s))
}
func vj(slot uint8, comp bool) []byte {
	return wire.AppendVJ(nil, wire.VJ{MaxSlot: slot, CompSlot: comp})
}

type ipcpDialogue struct {
	*dialogue
	p *IPCP
}

func ipcpStarted(t *testing.T, cfg IPCPConfig) *ipcpDialogue {
	t.Helper()
	d := &ipcpDialogue{dialogue: newDialogue(t, wire.IPCP)}
	failures := cfg.FSM.MaxFailure
	cfg.FSM = testFSM
	cfg.FSM.MaxFailure = cmp.Or(failures, testFSM.MaxFailure)
	cfg.FSM.Log = d.log()
	d.p = NewIPCP(cfg, d.layer())
	d.m = d.p
	d.p.Open(d.now)
	d.p.Up(d.now)
	return d
}

func (d *ipcpDialogue) result(local, remote string) {
	d.Helper()
	d.saw("up")
	name := func(a netip.Addr) string {
		if !a.IsValid() {
			return ""
		}
		return a.String()
	}
	r := d.p.Result()
	if name(r.Local) != local || name(r.Remote) != remote {
		d.Fatalf("agreed on %v and %v, want %q and %q", r.Local, r.Remote, local, remote)
	}
}

func TestIPCPSingleAddresses(t *testing.T) {
	d := ipcpStarted(t, IPCPConfig{Local: sets("10.0.0.1"), Remote: sets("10.0.0.2")})
	d.want("ConfReq id=0x1 <addr 10.0.0.1>", "a single address is proposed")
	d.peer(confReq, 1, addr("10.0.0.2"))
	d.want("ConfAck id=0x1 <addr 10.0.0.2>", "")
	d.peer(confAck, 1, addr("10.0.0.1"))
	d.result("10.0.0.1", "10.0.0.2")
}

func TestIPCPAnyAddresses(t *testing.T) {
	d := ipcpStarted(t, IPCPConfig{Local: anyAddr, Remote: anyAddr})
	d.want("ConfReq id=0x1 <addr 0.0.0.0>", "0,0 lets the peer pick")
	d.peer(confNak, 1, addr("10.9.9.9"))
	d.want("ConfReq id=0x2 <addr 10.9.9.9>", "")
	d.ack()
	d.peer(confReq, 1, addr("0.0.0.0"))
	d.want("ConfRej id=0x1 <addr 0.0.0.0>", "we know none for the peer")
	d.peer(confReq, 2)
	d.want("ConfAck id=0x2", "")
	d.result("10.9.9.9", "")
}

func TestIPCPGivesAddress(t *testing.T) {
	d := ipcpStarted(t, IPCPConfig{Local: sets("10.0.0.1"), Remote: sets("10.0.0.2")})
	d.sent = nil
	d.peer(confReq, 1, addr("0.0.0.0"))
	d.want("ConfNak id=0x1 <addr 10.0.0.2>", "the peer asks for an address")
	d.peer(confReq, 2, []byte{wire.IPCPAddress, 3, 1})
	d.want("ConfNak id=0x2 <addr 10.0.0.2>", "nobody can read this one")
	d.peer(confReq, 3, addr("10.0.0.2"))
	d.want("ConfAck id=0x3 <addr 10.0.0.2>", "")
}

func TestIPCPSets(t *testing.T) {
	net := sets("10.1.0.0,255.255.0.0", "192.168.7.7")
	for name, tt := range map[string]struct {
		cfg    IPCPConfig
		first  string // our first request
		nak    string // the peer's address for us
		second string // our next request
	}{
		"member":          {IPCPConfig{Local: net}, "<addr 0.0.0.0>", "10.1.2.3", "<addr 10.1.2.3>"},
		"other member":    {IPCPConfig{Local: net}, "<addr 0.0.0.0>", "192.168.7.7", "<addr 192.168.7.7>"},
		"stranger":        {IPCPConfig{Local: net}, "<addr 0.0.0.0>", "10.2.2.3", "<addr 192.168.7.7>"},
		"peer knows none": {IPCPConfig{Local: net}, "<addr 0.0.0.0>", "0.0.0.0", "<addr 192.168.7.7>"},
		"nothing concrete": {IPCPConfig{Local: sets("10.1.0.0,255.255.0.0")}, "<addr 0.0.0.0>",
			"10.2.2.3", "<addr 0.0.0.0>"},
		"hint":           {IPCPConfig{Local: net, LocalHint: netip.MustParseAddr("10.1.0.9")}, "<addr 10.1.0.9>", "10.1.2.3", "<addr 10.1.2.3>"},
		"foreign hint":   {IPCPConfig{Local: net, LocalHint: netip.MustParseAddr("10.8.0.9")}, "<addr 0.0.0.0>", "10.1.2.3", "<addr 10.1.2.3>"},
		"insisted":       {IPCPConfig{Local: sets("10.0.0.1")}, "<addr 10.0.0.1>", "10.0.0.9", "<addr 10.0.0.1>"},
		"no host at all": {IPCPConfig{Local: anyAddr}, "<addr 0.0.0.0>", "127.0.0.1", "<addr 0.0.0.0>"},
		"broadcast":      {IPCPConfig{}, "<addr 0.0.0.0>", "255.255.255.255", "<addr 0.0.0.0>"},
	} {
		t.Run(name, func(t *testing.T) {
			d := ipcpStarted(t, tt.cfg)
			d.want("ConfReq id=0x1 "+tt.first, "")
			d.peer(confNak, 1, addr(tt.nak))
			d.want("ConfReq id=0x2 "+tt.second, "")
		})
	}
}

func TestIPCPPeersAddress(t *testing.T) {
	hint := netip.MustParseAddr("10.1.0.9")
	for name, tt := range map[string]struct {
		cfg    IPCPConfig
		claim  string
		answer string
	}{
		"member":        {IPCPConfig{Remote: sets("10.1.0.0,255.255.0.0")}, "10.1.2.3", "ConfAck id=0x7 <addr 10.1.2.3>"},
		"stranger":      {IPCPConfig{Remote: sets("10.1.0.0,255.255.0.0")}, "10.2.2.3", "ConfRej id=0x7 <addr 10.2.2.3>"},
		"other":         {IPCPConfig{Remote: sets("10.0.0.2", "10.0.0.3")}, "10.2.2.3", "ConfNak id=0x7 <addr 10.0.0.2>"},
		"any":           {IPCPConfig{Remote: anyAddr}, "10.2.2.3", "ConfAck id=0x7 <addr 10.2.2.3>"},
		"asks":          {IPCPConfig{Remote: anyAddr}, "0.0.0.0", "ConfRej id=0x7 <addr 0.0.0.0>"},
		"asks, hint":    {IPCPConfig{Remote: anyAddr, RemoteHint: hint}, "0.0.0.0", "ConfNak id=0x7 <addr 10.1.0.9>"},
		"loopback":      {IPCPConfig{Remote: anyAddr}, "127.0.0.1", "ConfRej id=0x7 <addr 127.0.0.1>"},
		"no addresses":  {IPCPConfig{Remote: sets("10.0.0.2"), NoAddresses: true}, "10.0.0.2", "ConfRej id=0x7 <addr 10.0.0.2>"},
		"hint is taken": {IPCPConfig{Remote: sets("10.0.0.0,255.0.0.0"), RemoteHint: hint}, "192.168.1.1", "ConfNak id=0x7 <addr 10.1.0.9>"},
	} {
		t.Run(name, func(t *testing.T) {
			d := ipcpStarted(t, tt.cfg)
			d.sent = nil
			d.peer(confReq, 7, addr(tt.claim))
			d.want(tt.answer, "")
		})
	}
}

func TestIPCPPeerInsistsOnOurAddress(t *testing.T) {
	for given, words := range map[string]string{
		"10.0.0.9": "the peer insists on 10.0.0.9 as our address, allowed are 10.0.0.5 or 10.0.0.6",
		"0.0.0.0":  "the peer has no address for us",
	} {
		d := ipcpStarted(t, IPCPConfig{Local: sets("10.0.0.5", "10.0.0.6")})
		for d.p.Err() == nil {
			d.peer(confNak, d.last.ID, addr(given))
			d.now = d.m.Deadline()
			d.m.Advance(d.now)
		}
		want := "IPCP: no agreement after 5 refused Configure-Requests: " + words
		if got := d.p.Err().Error(); got != want {
			t.Errorf("error %s\nwant %s", got, want)
		}
	}
}

// After Naks with a wrong address a Reject would leave the peer with it.
func TestIPCPPeerGivesUpOnOurAddress(t *testing.T) {
	d := ipcpStarted(t, IPCPConfig{Local: sets("10.0.0.5")})
	d.peer(confNak, 1, addr("10.0.0.9"))
	d.peer(confRej, 2, addr("10.0.0.5"))
	want := "IPCP: no agreement: the peer insists on 10.0.0.9 as our address, allowed are 10.0.0.5"
	if got := text(d.p.Err()); got != want {
		t.Errorf("error %s\nwant %s", got, want)
	}
}

func TestIPCPPeerInsistsOnItsAddress(t *testing.T) {
	const insists = "the peer insists on 10.0.0.9 as its own address, allowed are 10.0.0.2"
	t.Run("for ever", func(t *testing.T) {
		d := ipcpStarted(t, IPCPConfig{Remote: sets("10.0.0.2")})
		for id := uint8(1); d.p.Err() == nil; id++ {
			d.peer(confReq, id, addr("10.0.0.9"))
		}
		if got, want := d.p.Err().Error(), "IPCP: no agreement after 10 refusals of the peer's Configure-Requests: "+insists; got != want {
			t.Errorf("error %s\nwant %s", got, want)
		}
	})
	t.Run("silently", func(t *testing.T) {
		d := ipcpStarted(t, IPCPConfig{Remote: sets("10.0.0.2")})
		for id := uint8(1); d.p.Err() == nil; id++ {
			if id > 7 {
				d.peer(confReq, id)
				continue
			}
			d.peer(confReq, id, addr("10.0.0.9"))
		}
		if got, want := d.p.Err().Error(), "IPCP: no agreement: "+insists; got != want {
			t.Errorf("error %s\nwant %s", got, want)
		}
		if !errors.Is(d.p.Err(), fsm.ErrImpasse) {
			t.Error("not an impasse")
		}
	})
}

func TestIPCPPeerWithoutAddressOption(t *testing.T) {
	d := ipcpStarted(t, IPCPConfig{Local: sets("10.0.0.1"), Remote: sets("10.0.0.2")})
	d.sent = nil
	d.peer(confReq, 1)
	d.want("ConfNak id=0x1 <addr 10.0.0.2>", "it may only need to be asked")
	d.peer(confReq, 2)
	d.want("ConfNak id=0x2 <addr 10.0.0.2>", "once more")
	d.peer(confReq, 3)
	d.want("ConfAck id=0x3", "it has no such option")
	d.peer(confRej, 1, addr("10.0.0.1"))
	d.want("ConfReq id=0x2", "it knows no addresses at all")
	d.ack()
	d.result("10.0.0.1", "10.0.0.2")
}

func TestIPCPNoAddresses(t *testing.T) {
	for _, cfg := range []IPCPConfig{
		{Local: sets("10.0.0.1"), Remote: sets("10.0.0.2")},
		{Local: sets("10.0.0.1", "10.0.0.3"), Remote: sets("10.0.0.2", "10.0.0.4")},
	} {
		cfg.NoAddresses = true
		d := ipcpStarted(t, cfg)
		d.want("ConfReq id=0x1", "")
		d.ack()
		d.peer(confReq, 1)
		d.want("ConfAck id=0x1", "the peer is not asked either")
		d.result("10.0.0.1", "10.0.0.2")
	}
}

func TestIPCPObsoleteAddresses(t *testing.T) {
	d := ipcpStarted(t, IPCPConfig{})
	d.sent = nil
	d.peer(confReq, 1, []byte{wire.IPCPAddresses, 10, 10, 0, 0, 2, 10, 0, 0, 1})
	d.want("ConfRej id=0x1 <addrs 10.0.0.2 10.0.0.1>", "RFC 1332, section 3.1")
}

func TestIPCPVJ(t *testing.T) {
	cfg := IPCPConfig{VJ: true, VJSlots: 16}
	cfg.Local, cfg.Remote = sets("10.0.0.1"), sets("10.0.0.2")
	d := ipcpStarted(t, cfg)
	d.want("ConfReq id=0x1 <compress VJ 0f 00> <addr 10.0.0.1>", "16 slots, their identifiers always there")
	d.peer(confNak, 1, vj(7, true))
	d.want("ConfReq id=0x2 <compress VJ 07 00> <addr 10.0.0.1>", "fewer slots are fine")
	d.ack()
	d.peer(confReq, 1, vj(0, true), addr("10.0.0.2"))
	d.want("ConfNak id=0x1 <compress VJ 0f 01>", "one slot is of no use")
	d.peer(confReq, 2, vj(31, true), addr("10.0.0.2"))
	d.want("ConfAck id=0x2 <compress VJ 1f 01> <addr 10.0.0.2>", "the peer can take more than we use")
	d.result("10.0.0.1", "10.0.0.2")
	if r := d.p.Result(); *r.RxVJ != (wire.VJ{MaxSlot: 7}) || *r.TxVJ != (wire.VJ{MaxSlot: 15}) {
		t.Errorf("VJ %+v, %+v", *r.RxVJ, *r.TxVJ)
	}
	d.now, d.sent = d.now.Add(time.Minute), nil
	d.peer(confReq, 3, addr("10.0.0.2"))
	d.want("ConfReq id=0x3 <compress VJ 0f 00> <addr 10.0.0.1>", "")
	d.peer(confAck, 3, vj(15, false), addr("10.0.0.1"))
	if r := d.p.Result(); d.p.State() != fsm.Opened || r.TxVJ != nil || r.RxVJ == nil {
		t.Errorf("%v, VJ %v, %v: the peer takes no compressed headers any more", d.p.State(), r.RxVJ, r.TxVJ)
	}
}

// TestIPCPVJTheyTake: we send with no more slots than the peer takes, and leave
// the slot out only where both may.
func TestIPCPVJTheyTake(t *testing.T) {
	for _, tt := range []struct {
		ours        bool // vj_compslot
		asked, want wire.VJ
	}{
		{true, wire.VJ{MaxSlot: 3}, wire.VJ{MaxSlot: 3}},
		{true, wire.VJ{MaxSlot: 3, CompSlot: true}, wire.VJ{MaxSlot: 3, CompSlot: true}},
		{false, wire.VJ{MaxSlot: 255, CompSlot: true}, wire.VJ{MaxSlot: 15}},
	} {
		d := ipcpStarted(t, IPCPConfig{VJ: true, VJCompSlot: tt.ours, Local: sets("10.0.0.1"), Remote: sets("10.0.0.2")})
		d.ack()
		d.peer(confReq, 1, vj(tt.asked.MaxSlot, tt.asked.CompSlot), addr("10.0.0.2"))
		if r := d.p.Result(); r.TxVJ == nil || *r.TxVJ != tt.want {
			t.Errorf("of %+v: %v, want %+v", tt.asked, r.TxVJ, tt.want)
		}
	}
}

func TestIPCPNoVJ(t *testing.T) {
	d := ipcpStarted(t, IPCPConfig{VJ: true, Local: sets("10.0.0.1"), Remote: sets("10.0.0.2")})
	d.sent = nil
	d.peer(confRej, 1, vj(15, false))
	d.want("ConfReq id=0x2 <addr 10.0.0.1>", "the peer has none")
	d.peer(confReq, 1, []byte{wire.IPCPCompression, 4, 0, 0x61})
	d.want("ConfRej id=0x1 <compress 0x61>", "other compressions are not ours")
	d = ipcpStarted(t, IPCPConfig{})
	d.sent = nil
	d.peer(confReq, 1, vj(15, false))
	d.want("ConfRej id=0x1 <compress VJ 0f 00>", "-vj_comp")
}

// What of a Nak of our compression we can follow; the rest of it is a Reject.
func TestIPCPVJNaked(t *testing.T) {
	for name, tt := range map[string]struct {
		option []byte
		second string // our next request
	}{
		"fewer slots":          {vj(7, true), "<compress VJ 07 01> <addr 10.0.0.1>"},
		"one slot":             {vj(0, false), "<compress VJ 00 00> <addr 10.0.0.1>"},
		"with slots always":    {vj(15, false), "<compress VJ 0f 00> <addr 10.0.0.1>"},
		"more slots":           {vj(31, true), "<addr 10.0.0.1>"},
		"without slots":        {[]byte{wire.IPCPCompression, 4, 0, 0x2d}, "<addr 10.0.0.1>"}, // RFC 1172
		"its number of before": {[]byte{wire.IPCPCompression, 4, 0, 0x37}, "<addr 10.0.0.1>"},
		"IPHC":                 {[]byte{wire.IPCPCompression, 14, 0, 0x61, 0, 15, 0, 15, 1, 0, 0, 5, 0, 168}, "<addr 10.0.0.1>"},
	} {
		t.Run(name, func(t *testing.T) {
			d := ipcpStarted(t, IPCPConfig{VJ: true, VJCompSlot: true, Local: sets("10.0.0.1")})
			d.sent = nil
			d.peer(confNak, 1, tt.option)
			d.want("ConfReq id=0x2 "+tt.second, "")
		})
	}
}

func TestIPCPAsksForDNS(t *testing.T) {
	d := ipcpStarted(t, IPCPConfig{DNS: true})
	d.want("ConfReq id=0x1 <addr 0.0.0.0> <ms-dns1 0.0.0.0> <ms-dns2 0.0.0.0>", "RFC 1877")
	d.peer(confNak, 1, addr("10.0.0.1"), dns(0, "10.0.0.53"), dns(1, "10.0.0.54"))
	d.want("ConfReq id=0x2 <addr 10.0.0.1> <ms-dns1 10.0.0.53> <ms-dns2 10.0.0.54>", "")
	d.ack()
	d.peer(confReq, 1, addr("10.0.0.2"))
	if got := d.p.Result().DNS; !slices.Equal(got, []netip.Addr{netip.MustParseAddr("10.0.0.53"), netip.MustParseAddr("10.0.0.54")}) {
		t.Errorf("DNS %v", got)
	}
}

func TestIPCPFewerDNS(t *testing.T) {
	for name, tt := range map[string]struct {
		code    wire.Code
		options [][]byte
		next    string
		dns     int
	}{
		"one rejected":  {confRej, [][]byte{dns(1, "0.0.0.0")}, "<addr 0.0.0.0> <ms-dns1 0.0.0.0>", 0},
		"same twice":    {confNak, [][]byte{dns(0, "10.0.0.53"), dns(1, "10.0.0.53")}, "<addr 0.0.0.0> <ms-dns1 10.0.0.53> <ms-dns2 10.0.0.53>", 1},
		"second is nil": {confNak, [][]byte{dns(0, "10.0.0.53"), dns(1, "0.0.0.0")}, "<addr 0.0.0.0> <ms-dns1 10.0.0.53>", 1},
	} {
		t.Run(name, func(t *testing.T) {
			d := ipcpStarted(t, IPCPConfig{DNS: true})
			d.sent = nil
			d.peer(tt.code, 1, tt.options...)
			d.want("ConfReq id=0x2 "+tt.next, "")
			d.ack()
			d.peer(confReq, 1, addr("10.0.0.2"))
			if got := d.p.Result().DNS; len(got) != tt.dns {
				t.Errorf("DNS %v", got)
			}
		})
	}
}

func TestIPCPGivesDNS(t *testing.T) {
	one, two := netip.MustParseAddr("10.0.0.53"), netip.MustParseAddr("10.0.0.54")
	for name, tt := range map[string]struct {
		ours   []netip.Addr
		answer string
	}{
		"none": {nil, "ConfRej id=0x7 <ms-dns1 0.0.0.0> <ms-dns2 0.0.0.0>"},
		"one":  {[]netip.Addr{one}, "ConfNak id=0x7 <ms-dns1 10.0.0.53> <ms-dns2 10.0.0.53>"},
		"two":  {[]netip.Addr{one, two}, "ConfNak id=0x7 <ms-dns1 10.0.0.53> <ms-dns2 10.0.0.54>"},
	} {
		t.Run(name, func(t *testing.T) {
			d := ipcpStarted(t, IPCPConfig{OurDNS: tt.ours})
			d.sent = nil
			d.peer(confReq, 7, dns(0, "0.0.0.0"), dns(1, "0.0.0.0"))
			d.want(tt.answer, "")
			if tt.ours != nil {
				d.peer(confReq, 8, dns(0, "10.0.0.53"))
				d.want("ConfAck id=0x8 <ms-dns1 10.0.0.53>", "")
			}
		})
	}
}

// Some modems answer by Naks without options until the network has given them
// an address.
func TestIPCPEmptyNaks(t *testing.T) {
	d := ipcpStarted(t, IPCPConfig{DNS: true})
	d.sent = nil
	for range 4 {
		d.peer(confNak, d.last.ID)
		d.next(time.Second, "the modem needs time")
		d.sent = nil
	}
	d.peer(confNak, d.last.ID)
	want := "IPCP: no agreement after 5 refused Configure-Requests: a Nak without options"
	if got := text(d.p.Err()); got != want || d.p.Counts().EmptyNaks != 5 {
		t.Errorf("error %s\nwant %s; %d counted", got, want, d.p.Counts().EmptyNaks)
	}
}

// Others Nak by what they always say until then.
func TestIPCPNotReady(t *testing.T) {
	const ready = time.Second
	ours := slices.Concat(addr("100.66.1.7"), dns(0, "10.0.0.53"), dns(1, "10.0.0.54"))
	for name, said := range map[string][]byte{
		"an address that is none":   addr("0.0.0.0"),
		"name servers of its own":   append(dns(0, "10.11.12.13"), dns(1, "10.11.12.14")...),
		"what nobody has asked for": wire.AppendAddr(nil, wire.IPCPNBNS1, netip.MustParseAddr("10.11.12.13")),
	} {
		t.Run(name, func(t *testing.T) {
			d := ipcpStarted(t, IPCPConfig{DNS: true, FSM: fsm.Config{MaxFailure: 10}})
			for d.p.State() != fsm.AckRcvd && d.p.Err() == nil {
				switch {
				case d.last.Code != confReq: // ours waits
					d.now = d.m.Deadline()
					d.m.Advance(d.now)
				case d.now.Sub(d.begin) < ready:
					d.last.Code = 0
					d.peer(confNak, d.last.ID, said)
				case !bytes.Equal(d.last.Data, ours):
					d.peer(confNak, d.last.ID, ours)
				default:
					d.ack()
				}
			}
			d.peer(confReq, 1, addr("10.64.64.64"))
			d.result("100.66.1.7", "10.64.64.64")
		})
	}
}

func TestIPCPPeerHasNoIP(t *testing.T) {
	d := ipcpStarted(t, IPCPConfig{})
	d.p.ProtocolRejected(d.now)
	d.saw("finished IPCP: rejected by the peer: the peer does not know the protocol")
}

func TestAddrSet(t *testing.T) {
	for _, tt := range []struct {
		set  AddrSet
		addr string
		in   bool
		name string
	}{
		{sets("10.0.0.1")[0], "10.0.0.1", true, "10.0.0.1"},
		{sets("10.0.0.1")[0], "10.0.0.2", false, "10.0.0.1"},
		{sets("10.0.0.1,255.255.255.255")[0], "10.0.0.1", true, "10.0.0.1"},
		{sets("10.0.0.0,255.255.255.0")[0], "10.0.0.77", true, "10.0.0.0,255.255.255.0"},
		{sets("10.0.0.7,255.255.255.0")[0], "10.0.0.77", true, "10.0.0.7,255.255.255.0"},
		{sets("10.0.0.1,255.0.0.255")[0], "10.9.9.1", true, "10.0.0.1,255.0.0.255"},
		{sets("10.0.0.1,255.0.0.255")[0], "10.9.9.2", false, "10.0.0.1,255.0.0.255"},
		{anyAddr[0], "1.2.3.4", true, "any"},
		{anyAddr[0], "::1", false, "any"},
		{AddrSet{}, "1.2.3.4", false, "invalid IP"},
	} {
		if got := tt.set.Contains(netip.MustParseAddr(tt.addr)); got != tt.in {
			t.Errorf("%v contains %s: %v", tt.set, tt.addr, got)
		}
		if got := tt.set.String(); got != tt.name {
			t.Errorf("printed %q, want %q", got, tt.name)
		}
	}
}
