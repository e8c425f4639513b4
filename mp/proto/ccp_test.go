package proto

import (
	"testing"
	"time"

	"pppdial/mp/wire"
)

var (
	deflate15 = Compressor{wire.CCPDeflate, 15}
	draft15   = Compressor{wire.CCPDeflateDraft, 15}
	bsd12     = Compressor{wire.CCPBSD, 12}
	predictor = Compressor{Type: wire.CCPPredictor1}

	everything = []Compressor{deflate15, draft15, bsd12, predictor}
)

func method(typ, bits uint8) []byte { return appendCompressor(nil, Compressor{typ, bits}) }

type ccpDialogue struct {
	*dialogue
	p *CCP
}

func ccpStarted(t *testing.T, cfg CCPConfig) *ccpDialogue {
	t.Helper()
	d := &ccpDialogue{dialogue: newDialogue(t, wire.CCP)}
	cfg.FSM = testFSM
	cfg.FSM.Log = d.log()
	d.p = NewCCP(cfg, CCPLayer{
		Layer:          d.layer(),
		ResetRequested: func(_ time.Time, data []byte) []byte { d.note("peer wants a reset"); return data },
		ResetAcked:     func(time.Time, []byte) { d.note("peer has reset") },
	})
	d.m = d.p
	d.p.Open(d.now)
	d.p.Up(d.now)
	return d
}

// ccpOpened compresses by BSD both ways.
func ccpOpened(t *testing.T) *ccpDialogue {
	t.Helper()
	d := ccpStarted(t, CCPConfig{Rx: []Compressor{bsd12}, Tx: []Compressor{bsd12}})
	d.ack()
	d.peer(confReq, 1, method(wire.CCPBSD, 12))
	d.sent = nil
	d.saw("up")
	return d
}

func (d *ccpDialogue) result(rx, tx Compressor) {
	d.Helper()
	d.saw("up")
	if r := *d.p.Result(); r != (CCPResult{rx, tx}) {
		d.Fatalf("agreed on %v and %v, want %v and %v", r.Rx, r.Tx, rx, tx)
	}
}

// pppd asks for all that it has, and Acks all that it knows.
func TestCCPWithPPPD(t *testing.T) {
	d := ccpStarted(t, CCPConfig{Rx: []Compressor{bsd12, predictor}, Tx: []Compressor{bsd12, predictor}})
	d.want("ConfReq id=0x1 <bsd v1 12> <predictor 1>", "BSD Compress is preferred to Predictor")
	d.peer(confRej, 1, method(wire.CCPPredictor1, 0))
	d.want("ConfReq id=0x2 <bsd v1 12>", "")
	d.ack()
	d.peer(confReq, 1, method(wire.CCPDeflate, 15), method(wire.CCPDeflateDraft, 15), method(wire.CCPBSD, 15))
	d.want("ConfRej id=0x1 <deflate 15> <deflate(old#) 15>", "ours are other ones")
	d.peer(confReq, 2, method(wire.CCPBSD, 15))
	d.want("ConfNak id=0x2 <bsd v1 12>", "tx_bsd=12 is the most")
	d.peer(confReq, 3, method(wire.CCPBSD, 11))
	d.want("ConfAck id=0x3 <bsd v1 11>", "less is fine")
	d.result(bsd12, Compressor{wire.CCPBSD, 11})
}

func TestCCPPreference(t *testing.T) {
	d := ccpStarted(t, CCPConfig{Rx: everything, Tx: everything})
	d.want("ConfReq id=0x1 <deflate 15> <deflate(old#) 15> <bsd v1 12> <predictor 1>", "")
	d.ack()
	d.peer(confReq, 1, method(wire.CCPPredictor1, 0), method(wire.CCPBSD, 12), method(wire.CCPDeflateDraft, 15))
	d.want("ConfRej id=0x1 <predictor 1> <bsd v1 12>", "one method has to be left, our best")
	d.peer(confReq, 2, method(wire.CCPDeflateDraft, 15))
	d.want("ConfAck id=0x2 <deflate(old#) 15>", "")
	d.result(deflate15, draft15)
}

func TestCCPJudges(t *testing.T) {
	for name, tt := range map[string]struct {
		option []byte
		answer string
	}{
		"Deflate 12":            {method(wire.CCPDeflate, 12), "ConfAck id=0x7 <deflate 12>"},
		"Deflate 8":             {method(wire.CCPDeflate, 8), "ConfNak id=0x7 <deflate 15>"},
		"Deflate, wrong method": {[]byte{wire.CCPDeflate, 4, 0x77, 0}, "ConfNak id=0x7 <deflate 15>"},
		"Deflate, wrong length": {[]byte{wire.CCPDeflate, 3, 0x78}, "ConfNak id=0x7 <deflate 15>"},
		"BSD 9":                 {method(wire.CCPBSD, 9), "ConfAck id=0x7 <bsd v1 9>"},
		"BSD 8":                 {[]byte{wire.CCPBSD, 3, 0x28}, "ConfNak id=0x7 <bsd v1 12>"},
		"BSD 16":                {[]byte{wire.CCPBSD, 3, 0x30}, "ConfNak id=0x7 <bsd v1 12>"},
		"BSD version 2":         {[]byte{wire.CCPBSD, 3, 0x4c}, "ConfNak id=0x7 <bsd v1 12>"},
		"Predictor, too long":   {[]byte{wire.CCPPredictor1, 3, 0}, "ConfNak id=0x7 <predictor 1>"},
		"MPPE":                  {[]byte{wire.CCPMPPE, 6, 1, 0, 0, 0x40}, "ConfRej id=0x7 <mppe +H -M +S -L -D -C>"},
		"nothing":               {nil, "ConfAck id=0x7"},
	} {
		t.Run(name, func(t *testing.T) {
			d := ccpStarted(t, CCPConfig{Tx: everything})
			d.want("ConfReq id=0x1", "we can decompress nothing")
			d.peer(confReq, 7, tt.option)
			d.want(tt.answer, "")
		})
	}
}

func TestCCPNaks(t *testing.T) {
	d := ccpStarted(t, CCPConfig{Rx: []Compressor{deflate15, bsd12}})
	d.sent = nil
	d.peer(confNak, 1, method(wire.CCPDeflate, 10), method(wire.CCPBSD, 15), method(wire.CCPPredictor1, 0))
	d.want("ConfReq id=0x2 <deflate 10> <bsd v1 12>", "less memory is fine, more is not, other methods are not ours")
	d.peer(confNak, 2, []byte{wire.CCPBSD, 3, 0x28})
	d.want("ConfReq id=0x3 <deflate 10> <bsd v1 12>", "there is no BSD Compress with 8 bits")
	d.peer(confRej, 3, method(wire.CCPDeflate, 10), method(wire.CCPBSD, 12))
	d.want("ConfReq id=0x4", "")
	d.ack()
	d.peer(confReq, 1)
	d.sent = nil
	d.result(Compressor{}, Compressor{})
}

func TestCCPReset(t *testing.T) {
	d := ccpOpened(t)
	d.p.RequestReset(d.now, []byte{1})
	d.want("ResetReq id=0x2 01", "")
	d.p.RequestReset(d.now, []byte{1})
	d.next(time.Second, "the Reset-Request or its Ack may be lost")
	d.want("ResetReq id=0x2 01", "")
	d.peer(wire.ResetAck, 2)
	d.saw("peer has reset")
	d.rest("all is well again")
	d.peer(wire.ResetAck, 2)
	d.saw("peer has reset") // and once more: it has answered both

	d.peer(wire.ResetRequest, 9, []byte{5})
	d.want("ResetAck id=0x9 05", "")
	d.saw("peer wants a reset")
}

func TestCCPResetUnanswered(t *testing.T) {
	d := ccpOpened(t)
	d.p.RequestReset(d.now, nil)
	for range maxResets - 1 {
		d.sent = nil
		d.next(time.Second, "")
	}
	d.sent = nil
	d.next(time.Second, "")
	d.want(`TermReq id=0x3 "CCP: no answer to 10 Reset-Requests"`, "the link does without")
	d.saw("down")
}

func TestCCPPeerKnowsNoReset(t *testing.T) {
	d := ccpOpened(t)
	d.p.RequestReset(d.now, nil)
	d.peer(wire.CodeReject, 1, []byte{14, 2, 0, 4})
	d.saw("down")
}

// A decompressor of the peer that cannot do it: pppd on a 64-bit kernel closes
// CCP.
func TestCCPPeerGivesUp(t *testing.T) {
	d := ccpOpened(t)
	d.p.RequestReset(d.now, nil)
	d.sent = nil
	d.peer(termReq, 5, []byte("Fatal decompression error"))
	d.want(`TermAck id=0x5`, "")
	d.saw("down")
	d.next(time.Second, "the Reset-Request is forgotten, the Terminate-Ack may be lost")
	d.saw("finished CCP: terminated by the peer: Fatal decompression error")
	d.rest("")
	d.p.RequestReset(d.now, nil)
	d.rest("CCP is closed")
}

func TestCompressorPrints(t *testing.T) {
	for want, c := range map[string]Compressor{
		"none": {}, "Predictor 1": predictor, "BSD Compress 12": bsd12, "Deflate 15": deflate15,
		"Deflate (draft) 15": draft15, "compression 18": {Type: wire.CCPMPPE},
	} {
		if got := c.String(); got != want {
			t.Errorf("%q, want %q", got, want)
		}
	}
}
