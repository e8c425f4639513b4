package proto

import (
	"errors"
	"testing"
	"time"

	"pppdial/mp/fsm"
	"pppdial/mp/wire"
)

var (
	pap     = wire.Auth{Protocol: wire.PAP}
	chapMD5 = wire.Auth{Protocol: wire.CHAP, Algorithm: wire.CHAPMD5}
	msv2    = wire.Auth{Protocol: wire.CHAP, Algorithm: wire.CHAPMSv2}
	eapMD5  = wire.Auth{Protocol: wire.EAP}
)

func mru(v uint16) []byte             { return wire.AppendUint16(nil, wire.LCPMRU, v) }
func accm(v uint32) []byte            { return wire.AppendUint32(nil, wire.LCPACCM, v) }
func magic(v uint32) []byte           { return wire.AppendUint32(nil, wire.LCPMagic, v) }
func auth(a wire.Auth) []byte         { return wire.AppendAuth(nil, a) }
func mrru(v uint16) []byte            { return wire.AppendUint16(nil, wire.LCPMRRU, v) }
func endpoint(e wire.Endpoint) []byte { return wire.AppendEndpoint(nil, e) }
func lflag(typ uint8) []byte          { return wire.AppendFlag(nil, typ) }

// usual is a configuration as for an ordinary call.
func usual() LCPConfig {
	n := uint32(0)
	return LCPConfig{
		FSM: testFSM, PFC: true, ACFC: true,
		Magic: func() uint32 { n++; return 0xa0 + n },
	}
}

type lcpDialogue struct {
	*dialogue
	l *LCP
}

// lcpStarted has just sent its first Configure-Request, still unread.
func lcpStarted(t *testing.T, cfg LCPConfig) *lcpDialogue {
	t.Helper()
	d := &lcpDialogue{dialogue: newDialogue(t, wire.LCP)}
	cfg.Log, cfg.FSM.Log = d.log(), d.log()
	d.l = NewLCP(cfg, LCPLayer{
		Layer:            d.layer(),
		ProtocolRejected: func(_ time.Time, p wire.Protocol) { d.note("peer rejects " + p.String()) },
		Echoed:           func(_ time.Time, rtt time.Duration) { d.note("echo after " + rtt.String()) },
	})
	d.m = d.l
	d.l.Open(d.now)
	d.l.Up(d.now)
	return d
}

// lcpOpened is LCP just opened, with magic number 0xb1 of the peer.
func lcpOpened(t *testing.T, cfg LCPConfig, peer ...[]byte) *lcpDialogue {
	t.Helper()
	d := lcpStarted(t, cfg)
	d.ack()
	d.sent = nil
	d.peer(confReq, 1, append([][]byte{magic(0xb1)}, peer...)...)
	if d.l.State() != fsm.Opened {
		t.Fatalf("state %v", d.l.State())
	}
	d.sent = d.sent[1:] // the Ack
	d.saw("up")
	return d
}

func TestLCPOrdinaryCall(t *testing.T) {
	cfg := usual()
	cfg.TxACCM, cfg.Ident = 0x20000, "pppdial"
	d := lcpStarted(t, cfg)
	d.want("ConfReq id=0x1 <asyncmap 0x0> <magic 0xa1> <pcomp> <accomp>", "an MRU of 1500 need not be said")
	d.peer(confReq, 1, mru(1400), accm(0xa0000), magic(0xb1), lflag(wire.LCPPFC), lflag(wire.LCPACFC))
	d.want("ConfAck id=0x1 <mru 1400> <asyncmap 0xa0000> <magic 0xb1> <pcomp> <accomp>", "nothing is wrong with it")
	d.peer(confAck, 1, accm(0), magic(0xa1), lflag(wire.LCPPFC), lflag(wire.LCPACFC))
	d.want(`Ident id=0x2 magic=0xa1 "pppdial"`, "RFC 1570")
	d.saw("up")
	d.rest("no echo was asked for")
	want := LCPResult{
		MRU: 1500, PeerMRU: 1400, RxACCM: 0, TxACCM: 0xa0000, RxPFC: true, TxPFC: true, RxACFC: true, TxACFC: true,
		Magic: 0xa1, PeerMagic: 0xb1,
	}
	if got := *d.l.Result(); got != want {
		t.Errorf("result %+v\nwant %+v", got, want)
	}
}

func TestLCPAsksForAll(t *testing.T) {
	cfg := usual()
	cfg.MRU, cfg.ACCM, cfg.MRRU, cfg.RecvSSN, cfg.Demand = 576, 0xa0000, 1600, true, []wire.Auth{chapMD5, pap}
	cfg.Endpoint = wire.Endpoint{Class: wire.EndpointMAC, Address: "\x02\x00\x00\x00\x00\x01"}
	d := lcpStarted(t, cfg)
	d.want("ConfReq id=0x1 <mru 576> <asyncmap 0xa0000> <auth chap MD5> <magic 0xa1> <pcomp> <accomp> "+
		"<mrru 1600> <ssnhf> <endpoint [MAC:02:00:00:00:00:01]>", "")
	d.ack()
	d.peer(confReq, 9)
	d.want("ConfAck id=0x9", "an empty request means the defaults")
	want := LCPResult{
		MRU: 576, PeerMRU: 1500, RxACCM: 0xa0000, TxACCM: 0xffffffff, RxPFC: true, RxACFC: true,
		PeerAuth: chapMD5, Magic: 0xa1, MRRU: 1600, RxSSN: true, Endpoint: cfg.Endpoint,
	}
	if got := *d.l.Result(); got != want {
		t.Errorf("result %+v\nwant %+v", got, want)
	}
	if d.l.Result().Multilink() {
		t.Error("one side's MRRU makes no multilink")
	}
}

func mpHeaders(format, classes uint8) []byte {
	return wire.AppendMPHeaders(nil, wire.MPHeaders{Format: format, Classes: classes})
}

func TestLCPClasses(t *testing.T) {
	const common = "<asyncmap 0x0> <magic 0xa1> <pcomp> <accomp> <mrru 1500>"
	for _, tt := range []struct {
		ssn    bool
		asks   string
		answer wire.Code
		option []byte
		then   string
		rx     LCPResult
		theirs uint8
	}{
		{true, " <mp-headers 6 classes 2>", confRej, mpHeaders(6, 2), " <ssnhf>", LCPResult{RxSSN: true}, 2},
		{true, " <mp-headers 6 classes 2>", confNak, mpHeaders(3, 2), " <ssnhf>", LCPResult{RxSSN: true}, 6},
		{true, " <mp-headers 6 classes 2>", confNak, mpHeaders(6, 4), " <mp-headers 6 classes 2>", LCPResult{RxSSN: true, RxClasses: 2}, 2},
		{true, " <mp-headers 6 classes 2>", confNak, mpHeaders(2, 4), " <mp-headers 2 classes 2>", LCPResult{RxClasses: 2}, 6},
		{false, " <mp-headers 2 classes 2>", confNak, mpHeaders(2, 4), " <mp-headers 2 classes 2>", LCPResult{RxClasses: 2}, 2},
		{false, " <mp-headers 2 classes 2>", confNak, mpHeaders(6, 4), "", LCPResult{}, 6},
		{false, " <mp-headers 2 classes 2>", confRej, mpHeaders(2, 2), "", LCPResult{}, 2},
	} {
		cfg := usual()
		cfg.MRRU, cfg.RecvSSN, cfg.SendSSN, cfg.Classes = 1500, tt.ssn, true, 2
		d := lcpStarted(t, cfg)
		d.want("ConfReq id=0x1 "+common+tt.asks, "classes are asked for with their kind of numbers, in one option")
		d.peer(tt.answer, 1, tt.option)
		d.want("ConfReq id=0x2 "+common+tt.then, "the peer has other headers")
		d.ack()
		d.peer(confReq, 1, mrru(1500), lflag(wire.LCPSSNHF), mpHeaders(tt.theirs, 3))
		r := d.l.Result()
		if !r.Multilink() || r.RxSSN != tt.rx.RxSSN || r.RxClasses != tt.rx.RxClasses || r.TxSSN != (tt.theirs == wire.ShortClasses) || r.TxClasses != 3 {
			t.Errorf("result %+v", *r)
		}
	}
}

func TestLCPJudges(t *testing.T) {
	multi := usual()
	multi.MRRU, multi.SendSSN = 1500, true
	classes := multi
	classes.Classes = 2
	long := classes
	long.SendSSN = false
	bare := usual()
	bare.PFC, bare.ACFC, bare.NoEndpoint = false, false, true
	mac := wire.Endpoint{Class: wire.EndpointMAC, Address: "\x02\x00\x00\x00\x00\x01"}
	for name, tt := range map[string]struct {
		cfg    LCPConfig
		option []byte
		answer string
	}{
		"MRU":                  {usual(), mru(296), "ConfAck id=0x7 <mru 296>"},
		"MRU, large":           {usual(), mru(4096), "ConfAck id=0x7 <mru 4096>"},
		"MRU, tiny":            {usual(), mru(64), "ConfNak id=0x7 <mru 128>"},
		"MRU, wrong length":    {usual(), []byte{wire.LCPMRU, 3, 1}, "ConfNak id=0x7 <mru 1500>"},
		"ACCM, wrong length":   {usual(), []byte{wire.LCPACCM, 3, 1}, "ConfNak id=0x7 <asyncmap 0x0>"},
		"magic zero":           {usual(), magic(0), "ConfNak id=0x7 <magic 0xa2>"},
		"PFC":                  {usual(), lflag(wire.LCPPFC), "ConfAck id=0x7 <pcomp>"},
		"PFC, not ours":        {bare, lflag(wire.LCPPFC), "ConfRej id=0x7 <pcomp>"},
		"ACFC, not ours":       {bare, lflag(wire.LCPACFC), "ConfRej id=0x7 <accomp>"},
		"MRRU":                 {multi, mrru(1600), "ConfAck id=0x7 <mrru 1600>"},
		"MRRU, tiny":           {multi, mrru(64), "ConfNak id=0x7 <mrru 1500>"},
		"MRRU, not ours":       {usual(), mrru(1600), "ConfRej id=0x7 <mrru 1600>"},
		"SSNHF":                {multi, lflag(wire.LCPSSNHF), "ConfAck id=0x7 <ssnhf>"},
		"SSNHF, not ours":      {usual(), lflag(wire.LCPSSNHF), "ConfRej id=0x7 <ssnhf>"},
		"classes":              {classes, mpHeaders(2, 4), "ConfAck id=0x7 <mp-headers 2 classes 4>"},
		"classes, just one":    {classes, mpHeaders(2, 1), "ConfNak id=0x7 <mp-headers 2 classes 2>"},
		"classes, short":       {classes, mpHeaders(6, 4), "ConfAck id=0x7 <mp-headers 6 classes 4>"},
		"classes, not short":   {long, mpHeaders(6, 4), "ConfNak id=0x7 <mp-headers 2 classes 2>"},
		"classes, other":       {classes, mpHeaders(3, 4), "ConfNak id=0x7 <mp-headers 2 classes 2>"},
		"classes, not ours":    {multi, mpHeaders(2, 4), "ConfRej id=0x7 <mp-headers 2 classes 4>"},
		"endpoint":             {usual(), endpoint(mac), "ConfAck id=0x7 <endpoint [MAC:02:00:00:00:00:01]>"},
		"endpoint, not wanted": {bare, endpoint(mac), "ConfRej id=0x7 <endpoint [MAC:02:00:00:00:00:01]>"},
		"quality":              {usual(), []byte{wire.LCPQuality, 8, 0xc0, 0x25, 0, 0, 0, 1}, "ConfRej id=0x7 <quality lqr 00 00 00 01>"},
		"FCS alternatives":     {usual(), []byte{wire.LCPFCS, 3, 4}, "ConfRej id=0x7 < 09 03 04>"},
		"callback":             {usual(), []byte{wire.LCPCallback, 3, 6}, "ConfRej id=0x7 <callback CBCP>"},
	} {
		t.Run(name, func(t *testing.T) {
			d := lcpStarted(t, tt.cfg)
			d.sent = nil
			d.peer(confReq, 7, tt.option)
			d.want(tt.answer, "")
		})
	}
}

func TestLCPNaks(t *testing.T) {
	multi := func() LCPConfig {
		cfg := usual()
		cfg.MRRU, cfg.RecvSSN = 1500, true
		return cfg
	}
	small := func() LCPConfig {
		cfg := multi()
		cfg.MRU, cfg.MRRU = 576, 576
		return cfg
	}
	for name, tt := range map[string]struct {
		cfg    LCPConfig
		option []byte
		next   string
	}{
		"MRU unasked":    {usual(), mru(296), "ConfReq id=0x2 <mru 296> <asyncmap 0x0> <magic 0xa1> <pcomp> <accomp>"},
		"MRU too large":  {small(), mru(4096), "ConfReq id=0x2 <mru 576> <asyncmap 0x0> <magic 0xa1> <pcomp> <accomp> <mrru 576> <ssnhf>"},
		"MRU to default": {small(), mru(1500), "ConfReq id=0x2 <mru 1500> <asyncmap 0x0> <magic 0xa1> <pcomp> <accomp> <mrru 576> <ssnhf>"},
		"ACCM":           {usual(), accm(0xa0000), "ConfReq id=0x2 <asyncmap 0xa0000> <magic 0xa1> <pcomp> <accomp>"},
		"magic":          {usual(), magic(0x77), "ConfReq id=0x2 <asyncmap 0x0> <magic 0xa2> <pcomp> <accomp>"},
		"MRRU":           {multi(), mrru(1400), "ConfReq id=0x2 <asyncmap 0x0> <magic 0xa1> <pcomp> <accomp> <mrru 1400> <ssnhf>"},
		"MRRU unasked":   {usual(), mrru(1400), "ConfReq id=0x2 <asyncmap 0x0> <magic 0xa1> <pcomp> <accomp>"},
		"MRRU larger":    {small(), mrru(1500), "ConfReq id=0x2 <mru 576> <asyncmap 0x0> <magic 0xa1> <pcomp> <accomp> <mrru 1500> <ssnhf>"},
		"MRRU too large": {multi(), mrru(4096), "ConfReq id=0x2 <asyncmap 0x0> <magic 0xa1> <pcomp> <accomp>"},
		"MRRU too small": {multi(), mrru(64), "ConfReq id=0x2 <asyncmap 0x0> <magic 0xa1> <pcomp> <accomp>"},
		"PFC":            {usual(), lflag(wire.LCPPFC), "ConfReq id=0x2 <asyncmap 0x0> <magic 0xa1> <accomp>"},
		"ACFC":           {usual(), lflag(wire.LCPACFC), "ConfReq id=0x2 <asyncmap 0x0> <magic 0xa1> <pcomp>"},
		"callback":       {usual(), []byte{wire.LCPCallback, 3, 6}, "ConfReq id=0x2 <asyncmap 0x0> <magic 0xa1> <pcomp> <accomp>"},
	} {
		t.Run(name, func(t *testing.T) {
			d := lcpStarted(t, tt.cfg)
			d.sent = nil
			d.peer(confNak, 1, tt.option)
			d.want(tt.next, "")
		})
	}
}

func TestLCPRejects(t *testing.T) {
	cfg := usual()
	cfg.MRU, cfg.MRRU, cfg.RecvSSN = 576, 1500, true
	cfg.Endpoint = wire.Endpoint{Class: wire.EndpointLocal, Address: "x"}
	d := lcpStarted(t, cfg)
	d.want(`ConfReq id=0x1 <mru 576> <asyncmap 0x0> <magic 0xa1> <pcomp> <accomp> <mrru 1500> <ssnhf> <endpoint [local:78]>`, "")
	d.peer(confRej, 1, mrru(1500), endpoint(cfg.Endpoint))
	d.want("ConfReq id=0x2 <mru 576> <asyncmap 0x0> <magic 0xa1> <pcomp> <accomp>", "without MRRU there are no sequence numbers")
	d.peer(confRej, 2, mru(576), accm(0), magic(0xa1), lflag(wire.LCPPFC), lflag(wire.LCPACFC))
	d.want("ConfReq id=0x3", "a peer that knows nothing at all")
	d.ack()
	d.peer(confReq, 1)
	r := *d.l.Result()
	if r.MRU != 1500 || r.RxACCM != 0xffffffff || r.Magic != 0 || r.RxPFC || r.RxACFC || r.MRRU != 0 || r.RxSSN || r.Endpoint != (wire.Endpoint{}) {
		t.Errorf("result %+v", r)
	}
}

// TestLCPForgets: what is not in the requests of a new negotiation has its default,
// whatever was agreed before (RFC 1661, section 6).
func TestLCPForgets(t *testing.T) {
	cfg := usual()
	cfg.MRU, cfg.MRRU, cfg.SendSSN, cfg.RecvSSN, cfg.Allow = 576, 1500, true, true, []wire.Auth{pap}
	cfg.Endpoint = wire.Endpoint{Class: wire.EndpointLocal, Address: "x"}
	d := lcpStarted(t, cfg)
	d.ack()
	d.peer(confReq, 1, mru(1000), accm(0xa0000), auth(pap), magic(0xb1), lflag(wire.LCPPFC), lflag(wire.LCPACFC), mrru(1500),
		lflag(wire.LCPSSNHF), endpoint(cfg.Endpoint))
	r := *d.l.Result()
	if !r.Multilink() || r.OurAuth != pap || r.PeerMagic != 0xb1 || r.PeerMRU != 1000 || !r.TxPFC || !r.TxACFC || !r.TxSSN {
		t.Fatalf("result %+v", r)
	}
	d.now = d.now.Add(time.Minute)
	d.sent = nil
	d.peer(confReq, 2)
	d.want(`ConfReq id=0x2 <mru 576> <asyncmap 0x0> <magic 0xa2> <pcomp> <accomp> <mrru 1500> <ssnhf> <endpoint [local:78]>`, "")
	d.want("ConfAck id=0x2", "the peer asks for nothing any more")
	d.peer(confRej, 2, mru(576), accm(0), magic(0xa2), lflag(wire.LCPPFC), lflag(wire.LCPACFC), mrru(1500), lflag(wire.LCPSSNHF), endpoint(cfg.Endpoint))
	d.want("ConfReq id=0x3", "nor do we")
	d.ack()
	want := LCPResult{MRU: 1500, PeerMRU: 1500, RxACCM: 0xffffffff, TxACCM: 0xffffffff}
	if r := *d.l.Result(); r != want || d.l.State() != fsm.Opened {
		t.Errorf("%v, result %+v", d.l.State(), r)
	}
}

func TestLCPLoopback(t *testing.T) {
	cfg := usual()
	cfg.Demand = []wire.Auth{pap} // which we could not fulfil ourselves
	d := lcpStarted(t, cfg)
	start := d.now
	for n := 0; d.l.Err() == nil; n++ {
		if n > 20 {
			t.Fatalf("not noticed: %q", d.sent)
		}
		if len(d.sent) == 0 {
			d.now = d.m.Deadline()
			d.m.Advance(d.now)
		}
		d.sent = nil
		d.m.Input(d.now, wire.AppendPacket(nil, d.last))
	}
	if !errors.Is(d.l.Err(), ErrLoopback) {
		t.Errorf("error %v", d.l.Err())
	}
	if took := d.now.Sub(start); took < time.Second {
		t.Errorf("taken for a loop after %v: a tty that echoes needs more time to become a peer", took)
	}
}

func TestLCPSameMagicByChance(t *testing.T) {
	d := lcpStarted(t, usual())
	d.sent = nil
	d.peer(confReq, 1, magic(0xa1))
	d.want("ConfNak id=0x1 <magic 0xa2>", "it could be our own")
	d.peer(confNak, 1, magic(0xc9))
	d.want("ConfReq id=0x2 <asyncmap 0x0> <magic 0xa3> <pcomp> <accomp>", "the peer thinks the same; its Nak is not ours")
	d.ack()
	d.peer(confReq, 2, magic(0xa2))
	d.want("ConfAck id=0x2 <magic 0xa2>", "")
	d.saw("up")
}

func TestLCPLoopedLater(t *testing.T) {
	cfg := usual()
	cfg.EchoInterval = 10 * time.Second
	d := lcpOpened(t, cfg)
	d.next(10*time.Second, "")
	d.want("EchoReq id=0x2 magic=0xa1", "")
	d.peer(wire.EchoRequest, 2, []byte{0, 0, 0, 0xa1})
	d.silence("one's own Echo-Request is not answered")
	d.next(10*time.Second, "")
	d.want("EchoReq id=0x3 magic=0xa1", "")
	d.peer(wire.EchoRequest, 3, []byte{0, 0, 0, 0xa1})
	d.saw("down")
	if !errors.Is(d.l.Err(), ErrLoopback) {
		t.Errorf("error %v", d.l.Err())
	}
}

func TestLCPSmallPackets(t *testing.T) {
	d := lcpOpened(t, usual(), mru(128))
	d.peer(wire.EchoRequest, 0, []byte{0, 0, 0, 0xb1, 1, 2, 3})
	d.want("EchoRep id=0x0 magic=0xa1 01 02 03", "pppd begins with identifier 0")
	d.peer(wire.EchoRequest, 1, make([]byte, 300))
	if n := wire.PacketHeader + len(d.last.Data); n != 128 {
		t.Errorf("reply of %d octets to a peer with an MRU of 128", n)
	}
	d.sent = nil
	d.l.RejectProtocol(d.now, 0x8281, make([]byte, 300))
	if n := wire.PacketHeader + len(d.last.Data); n != 128 {
		t.Errorf("Protocol-Reject of %d octets to a peer with an MRU of 128", n)
	}
	d.sent = nil
	d.l.Discard(d.now, []byte{1})
	d.want("DiscReq id=0x3 magic=0xa1 01", "")
	d.peer(wire.DiscardRequest, 1, []byte{0, 0, 0, 0xb1})
	d.peer(wire.TimeRemaining, 1, []byte{0, 0, 0, 0xb1, 0, 0, 0, 9})
	d.peer(wire.EchoRequest, 1, []byte{1, 2})
	d.silence("nothing to be said about these")
	d.peer(wire.ProtocolReject, 1, []byte{0x80, 0x57, 1, 1, 0, 4})
	d.saw("peer rejects IPV6CP")
	d.peer(wire.ProtocolReject, 1, []byte{0x80})
	d.saw()
	d.peer(wire.ProtocolReject, 1, []byte{0xc0, 0x21})
	d.saw("down")
	if !errors.Is(d.l.Err(), fsm.ErrRejected) {
		t.Errorf("error %v", d.l.Err())
	}
}

func TestLCPBeforeOpened(t *testing.T) {
	d := lcpStarted(t, usual())
	d.sent = nil
	d.peer(wire.EchoRequest, 1, []byte{0, 0, 0, 1})
	d.l.RejectProtocol(d.now, 0x8281, nil)
	d.l.Discard(d.now, nil)
	if d.l.Probe(d.now) {
		t.Error("Probe says that it could")
	}
	d.silence("LCP is not open")
}

func TestLCPIdentification(t *testing.T) {
	cfg := usual()
	cfg.Ident = "us"
	d := lcpStarted(t, cfg)
	d.peer(wire.Identification, 1, []byte{0, 0, 0, 0xb1}, []byte("them\x00\x1b 2.0"))
	if got := d.l.PeerIdent(); got != "them 2.0" {
		t.Errorf("%q", got)
	}
	d.ack()
	d.sent = nil
	d.peer(confReq, 1)
	d.want("ConfAck id=0x1", "")
	d.want(`Ident id=0x2 magic=0xa1 "us"`, "")
	d.peer(wire.Identification, 2, []byte{0, 0, 0, 0xa1}, []byte("us"))
	if got := d.l.PeerIdent(); got != "them 2.0" {
		t.Errorf("%q: that was our own", got)
	}
	d.peer(wire.CodeReject, 1, []byte{12, 2, 0, 10})
	d.peer(confReq, 2)
	d.want("ConfReq id=0x3 <asyncmap 0x0> <magic 0xa2> <pcomp> <accomp>", "")
	d.want("ConfAck id=0x2", "")
	d.ack()
	d.silence("the peer knows no Identification")
}
