package proto

import (
	"log/slog"
	"time"

	"pppdial/mp/fsm"
)

// A Compressor is a compression method with its parameter: a CCP option type
// and the code size of BSD Compress or the window of Deflate in bits.
type Compressor struct {
	Type uint8 // wire.CCPBSD, CCPDeflate, CCPDeflateDraft or CCPPredictor1
	Bits uint8
}

// CCPConfig is which compression we want, per direction, preferred first.
// Bits is the most that is allowed.
type CCPConfig struct {
	FSM    fsm.Config // Proto is filled in; CCP or CCPLink
	Rx, Tx []Compressor
	Log    *slog.Logger
}

// CCPResult is what has been agreed; the zero Compressor is none.
type CCPResult struct {
	Rx, Tx Compressor
}

// CCPLayer is a Layer with what only CCP tells.
type CCPLayer struct {
	Layer
	// ResetRequested says that the peer's decompressor has lost its way: the
	// owner resets its compressor and returns the Reset-Ack's data.
	ResetRequested func(now time.Time, data []byte) []byte
	// ResetAcked says that the peer has reset its compressor.
	ResetAcked func(now time.Time, data []byte)
}

// CCP negotiates compression (RFC 1962).
type CCP struct {
	*fsm.Machine
	result CCPResult
}

// NewCCP returns CCP in state Initial.
func NewCCP(cfg CCPConfig, layer CCPLayer) *CCP { return &CCP{} }

// Result is what has been agreed upon, final while CCP is open.
func (p *CCP) Result() *CCPResult { return &p.result }

// RequestReset sends a Reset-Request, and repeats it until ResetAcked, but no
// faster than the restart timer.
func (p *CCP) RequestReset(now time.Time, data []byte) {}
