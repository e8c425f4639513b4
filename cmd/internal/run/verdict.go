package run

import (
	"context"
	"fmt"
	"log/slog"
	"strings"
)

// Exit statuses. They are pppd's, because scripts know them.
const (
	StatusOK           = 0
	StatusFatal        = 1
	StatusOptions      = 2 // command line or control file
	StatusNotRoot      = 3
	StatusNoTUN        = 4
	StatusUser         = 5 // TERM or INT
	StatusLock         = 6
	StatusOpen         = 7
	StatusConnect      = 8 // dialing
	StatusCommand      = 9 // connect_cmd= or exec:
	StatusNegotiation  = 10
	StatusPeerAuth     = 11
	StatusIdle         = 12
	StatusConnectTime  = 13
	StatusPeerDead     = 15
	StatusHangup       = 16
	StatusLoopback     = 17
	StatusModemInit    = 18
	StatusAuthRejected = 19
)

// A Verdict says in plain words how a call ended: in which phase, who ended
// it, what was seen, what the likely cause is and what to try.
type Verdict struct {
	Status   int
	Phase    string
	By       string // peer, us, modem, line
	Evidence string
	Cause    string
	Try      string
}

// String is the verdict's line in the log.
func (v Verdict) String() string {
	var b strings.Builder
	fmt.Fprintf(&b, "verdict: status=%d phase=%s by=%s evidence=%q", v.Status, v.Phase, v.By, v.Evidence)
	if v.Cause != "" {
		fmt.Fprintf(&b, " cause=%q", v.Cause)
	}
	if v.Try != "" {
		fmt.Fprintf(&b, " try=%q", v.Try)
	}
	return b.String()
}

// reason is the verdict in a few words.
func (v Verdict) reason() string {
	if v.Cause != "" {
		return v.Cause
	}
	return v.Evidence
}

func (v Verdict) log(l *slog.Logger) {
	l.Log(context.Background(), v.level(), v.String(), "verdict", v)
}

// failure reports whether the call has not ended as it should.
func (v Verdict) failure() bool {
	switch v.Status {
	case StatusOK, StatusUser, StatusIdle, StatusConnectTime:
		return false
	case StatusHangup:
		return v.By != "us" // SIGHUP
	}
	return true
}

func (v Verdict) level() slog.Level {
	if v.failure() {
		return slog.LevelError
	}
	return slog.LevelInfo
}
