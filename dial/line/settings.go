package line

import (
	"log/slog"
	"time"
)

// Caps says what a line can do. It is found out when the line is opened.
type Caps struct {
	ModemLines bool // DTR and DCD exist: UARTs, USB modems
	TrueBaud   bool // bytes leave at the rate that is set: UARTs
	OutQueue   bool // OutQueue counts what has not left: not on a pty, which always says 0
	Break      bool // a break can be sent
}

// Flow is a kind of flow control.
type Flow uint8

// The kinds of flow control.
const (
	FlowRTSCTS Flow = iota // by the lines RTS and CTS
	FlowXON                // by the characters XON and XOFF
	FlowNone
)

// Parity is a kind of parity. All lines have 8 data bits and 1 stop bit.
type Parity uint8

// The kinds of parity.
const (
	ParityNone Parity = iota
	ParityEven
	ParityOdd
)

// Settings are what can be set on a tty.
type Settings struct {
	Speed  int // bit/s, any; 0: as it is
	Flow   Flow
	Parity Parity
	Local  bool // the carrier does not count
}

// DefaultLockDir is where all programs on a machine look for lock files.
const DefaultLockDir = "/var/lock"

// Options say how a line is opened.
type Options struct {
	Settings
	LockDir string       // of the lock file; "": DefaultLockDir
	SysDir  string       // "": /sys
	Env     []string     // added to a command's environment
	Log     *slog.Logger // nil: none
}

// HangupPause is how long DTR stays off. Modems look at it every 10 ms to 1 s
// (register S25, mostly 50 ms).
const HangupPause = 500 * time.Millisecond
