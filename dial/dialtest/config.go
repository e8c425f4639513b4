package dialtest

import "time"

// ModemConfig says what a modem is and how its line behaves. The zero value of
// every field but Name is sensible.
type ModemConfig struct {
	Name   string // of the symlink in the bank's directory
	Number string // by which others call it: digits, *, #; "" for none

	// Rate is the line rate in bit/s, at 10 bits a byte (8N1); 0: no limit. A call
	// runs at the lower one of both modems' rates.
	Rate int

	// Delay is this modem's share of the one-way delay; a call has the sum of both.
	Delay time.Duration

	// ConnectAfter is the time from the answer to CONNECT, and from the end of dialing
	// to BUSY and the like.
	ConnectAfter time.Duration

	// FIFO is how many bytes wait in the modem before it stops the writer; 0: 256,
	// or 10 ms of the rate where that is more.
	FIFO int

	Behaviour Behaviour // what callers of Number meet; NoDialtone also when it dials itself
	Profile   *Profile  // nil: Hayes()

	// CarrierHangup hangs the tty up when the other side ends the call, or ATH does,
	// unless the program set CLOCAL. Without it there is only the text NO CARRIER.
	CarrierHangup bool

	// Kick is for user-mode-linux guests as users of the pseudo-terminal: they lose
	// interrupts. Every 20 ms the slave's output is stopped and started (an event
	// "writable"), and on a PPP line that was idle for 50 ms a flag (7E) is sent.
	Kick bool
}

// Behaviour is what a number does when it is called.
type Behaviour uint8

const (
	Normal     Behaviour = iota // rings, and connects when answered
	Busy                        // BUSY
	NoCarrier                   // answers, but no carrier is ever found
	NoDialtone                  // the caller hears nothing at all: NO DIALTONE
	NoAnswer                    // rings, and nobody answers: NO ANSWER
)

// State is what a modem is doing.
type State uint8

const (
	Off      State = iota // unplugged
	Idle                  // on hook, in command mode
	Dialing               // dialing, or waiting for the other side or for carrier
	Ringing               // being called
	Training              // answering, before CONNECT
	Online                // data mode
	Escaped               // command mode with the call held (after +++)
)

func (s State) String() string {
	return [...]string{"off", "idle", "dialing", "ringing", "training", "online", "escaped"}[s]
}

// Direction is a direction of a [Cable].
type Direction uint8

const (
	Both Direction = iota
	AtoB
	BtoA
)

// CableConfig describes a null-modem cable.
type CableConfig struct {
	Name  string        // the ends' symlinks are NAME.a and NAME.b
	Rate  int           // bit/s each way, 10 bits a byte; 0: no limit
	Delay time.Duration // one way
	FIFO  int           // as in ModemConfig
	KickA bool          // end a is used by a user-mode-linux guest, see ModemConfig.Kick
	KickB bool
}

// Stats counts what one direction of a line has done.
type Stats struct {
	Bytes     uint64 // that entered the line
	Delivered uint64 // that left it at the far end
	Dropped   uint64 // lost to silence, to a cut, or because no program had the far end open
	Frames    uint64 // parts between 7E flags
	Damaged   uint64 // frames or bytes damaged by noise
	Stops     uint64 // times the writer was stopped
}
