package proto

import (
	"fmt"
	"log/slog"
	"time"

	"pppdial/mp/fsm"
	"pppdial/mp/wire"
)

// A Compressor is a compression method with its parameter: a CCP option type,
// and the code size of BSD Compress or the window of Deflate in bits.
type Compressor struct {
	Type uint8 // wire.CCPBSD, CCPDeflate, CCPDeflateDraft or CCPPredictor1; 0: none
	Bits uint8
}

func (c Compressor) String() string {
	switch c.Type {
	case 0:
		return "none"
	case wire.CCPPredictor1:
		return "Predictor 1"
	case wire.CCPBSD:
		return fmt.Sprintf("BSD Compress %d", c.Bits)
	case wire.CCPDeflate:
		return fmt.Sprintf("Deflate %d", c.Bits)
	case wire.CCPDeflateDraft:
		return fmt.Sprintf("Deflate (draft) %d", c.Bits)
	}
	return fmt.Sprintf("compression %d", c.Type)
}

// CCPConfig is which compression we want, per direction, preferred first.
// Bits is the most that is allowed.
type CCPConfig struct {
	FSM    fsm.Config // Proto is CCP unless it says CCPLink
	Rx, Tx []Compressor
	Log    *slog.Logger // the automaton's too, unless FSM has one
}

// CCPResult is what has been agreed.
type CCPResult struct {
	Rx, Tx Compressor
}

// CCPLayer is a Layer with what only CCP tells.
type CCPLayer struct {
	Layer
	// RxAgreed says that the peer has just Acked what it sends compressed by,
	// TxAgreed that we are about to Ack what we do. Either end of a direction
	// begins with the same octet of the line that way, before CCP is open; so
	// does Linux. The zero Compressor is none. While CCP is open, a request of
	// the peer's leads to TxAgreed before Down.
	RxAgreed, TxAgreed func(Compressor)
	// ResetRequested says that the peer's decompressor has lost its way: the
	// owner resets its compressor and returns the Reset-Ack's data. What was
	// compressed before must be sent before it returns.
	ResetRequested func(now time.Time, data []byte) []byte
	// ResetAcked says that the peer has reset its compressor: the owner resets
	// its decompressor before it looks at the next packet.
	ResetAcked func(now time.Time, data []byte)
}

// CCP negotiates compression (RFC 1962).
type CCP struct {
	*fsm.Machine
	layer  CCPLayer
	draft  CCPResult
	result CCPResult
	reset  ccpReset
}

// NewCCP returns CCP in state Initial.
func NewCCP(cfg CCPConfig, layer CCPLayer) *CCP {
	if cfg.FSM.Proto != wire.CCPLink {
		cfg.FSM.Proto = wire.CCP
	}
	p := &CCP{layer: layer}
	p.Machine = fsm.New(withLog(cfg.FSM, cfg.Log), &ccpPolicy{plain: plain{layer.Layer}, p: p, cfg: cfg}, layer.Send)
	return p
}

// Result is what has been agreed upon: final while CCP is open, and kept
// afterwards until it is open again.
func (p *CCP) Result() *CCPResult { return &p.result }

type ccpPolicy struct {
	plain
	p   *CCP
	cfg CCPConfig
	rx  []Compressor // in our next Configure-Request
}

func (y *ccpPolicy) Reset() { y.rx = append(y.rx[:0], y.cfg.Rx...) }

func (y *ccpPolicy) Request(b []byte) []byte {
	for _, c := range y.rx {
		b = appendCompressor(b, c)
	}
	return b
}

// Naked takes a smaller parameter. Methods that we have not named are passed
// over.
func (y *ccpPolicy) Naked(o wire.Option) error {
	want, ok := readCompressor(o)
	for i, c := range y.rx {
		if c.Type == o.Type && ok && want.Bits < c.Bits {
			y.rx[i].Bits = want.Bits
		}
	}
	return nil
}

func (y *ccpPolicy) Rejected(o wire.Option) error {
	for i, c := range y.rx {
		if c.Type == o.Type {
			y.rx = append(y.rx[:i], y.rx[i+1:]...)
			break
		}
	}
	return nil
}

// Acked takes the first of our methods: where the peer Acks several, it uses
// that one, as every implementation known does.
func (y *ccpPolicy) Acked(wire.Options) {
	y.p.draft.Rx = Compressor{}
	if len(y.rx) > 0 {
		y.p.draft.Rx = y.rx[0]
	}
	if f := y.p.layer.RxAgreed; f != nil {
		f(y.p.draft.Rx)
	}
}

// Judge leaves one of the methods that the peer can decompress, the one that
// we prefer, and brings its parameter within our bounds.
func (y *ccpPolicy) Judge(o wire.Option, request wire.Options) (fsm.Verdict, []byte) {
	best, ok := y.choose(request)
	if !ok || o.Type != best.Type {
		return fsm.Reject, nil
	}
	if c, ok := readCompressor(o); !ok || c.Bits > best.Bits {
		return fsm.Nak, appendCompressor(nil, best)[2:]
	}
	return fsm.Ack, nil
}

// choose is the first of our methods that the peer has named.
func (y *ccpPolicy) choose(request wire.Options) (Compressor, bool) {
	for _, c := range y.cfg.Tx {
		for o := range request.All {
			if o.Type == c.Type {
				return c, true
			}
		}
	}
	return Compressor{}, false
}

func (y *ccpPolicy) Accept(request wire.Options) error {
	y.p.draft.Tx = Compressor{}
	for o := range request.All {
		y.p.draft.Tx, _ = readCompressor(o)
	}
	if f := y.p.layer.TxAgreed; f != nil {
		f(y.p.draft.Tx)
	}
	return nil
}

// Impasse leaves the words to the option itself.
func (y *ccpPolicy) Impasse(wire.Option, bool) string { return "" }

func (y *ccpPolicy) Up(now time.Time) {
	y.p.result = y.p.draft
	tell(y.layer.Up, now)
}

func (y *ccpPolicy) Down(now time.Time) {
	y.p.reset = ccpReset{}
	tell(y.layer.Down, now)
}

func (y *ccpPolicy) Finished(now time.Time) { y.layer.finished(now, y.p.Err()) }

func (y *ccpPolicy) Knows(code wire.Code) bool {
	return code == wire.ResetRequest || code == wire.ResetAck
}

func appendCompressor(b []byte, c Compressor) []byte {
	switch c.Type {
	case wire.CCPBSD:
		return wire.AppendBSD(b, c.Bits)
	case wire.CCPDeflate, wire.CCPDeflateDraft:
		return wire.AppendDeflate(b, c.Type, c.Bits)
	}
	return wire.AppendFlag(b, c.Type)
}

// minDeflateWindow is the smallest window that Deflate works with: zlib has
// never worked with the one of 8 that RFC 1979 allows.
const minDeflateWindow = 9

// readCompressor reads an option and reports whether its data is usable.
func readCompressor(o wire.Option) (Compressor, bool) {
	c := Compressor{Type: o.Type}
	switch o.Type {
	case wire.CCPBSD:
		v, err := wire.ParseBSD(o.Data)
		c.Bits = v.Bits
		return c, err == nil && v.Valid()
	case wire.CCPDeflate, wire.CCPDeflateDraft:
		v, err := wire.ParseDeflate(o.Data)
		c.Bits = v.Window
		return c, err == nil && v.Valid() && v.Window >= minDeflateWindow
	}
	return c, o.Flag() == nil
}
