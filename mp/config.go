package mp

import (
	"context"
	"encoding/binary"
	"fmt"
	"log/slog"
	"net/netip"
	"time"

	"pppdial/mp/hdlc"
	"pppdial/mp/proto"
	"pppdial/mp/wire"
)

// Levels of the log below slog.LevelDebug.
const (
	LevelPacket = slog.Level(-8)  // each control packet in words
	LevelBytes  = slog.Level(-12) // each frame in hex
)

const (
	minMTU    = 1500
	maxPacket = 1 << 14 // what a compressed packet may grow to, if no more was agreed upon
)

// LinkConfig is what a link needs to know before anybody knows whose it is.
type LinkConfig struct {
	LCP  proto.LCPConfig
	Auth AuthConfig

	// EscapeTx are characters that we escape beyond what LCP agrees upon.
	EscapeTx hdlc.ACCM
	// EscapeParity escapes control characters whatever their parity bit.
	EscapeParity bool
	// KeepRx takes received control characters that the peer should have
	// escaped, instead of discarding them as the line's additions.
	KeepRx bool

	// Sync is for a line whose driver does the framing: each Read and Write of
	// it is one frame, from its address to its information field.
	Sync bool

	Rate      float64 // of the line in bytes a second, if it is known; 0: find out
	Limit     float64 // bytes a second that it cannot exceed, if there is such a limit
	NeverPace bool    // hand over as much as the line swallows

	Tap    Tap // nil: none
	Events Events
	Log    *slog.Logger
}

// AuthConfig is how the two sides authenticate themselves; which protocols
// may be used is in LCPConfig's Demand and Allow.
type AuthConfig struct {
	Name     string // ours
	Password string // PAP password, or secret with which we answer challenges
	Later    bool   // Claim.ProveUs will tell name and password
	Times    proto.AuthTimes
	Again    time.Duration // between challenges to the peer; 0: one
	// Verify asks whether the peer is who it says; the answer may come at
	// once or later. It is called by a loop and must return at once.
	Verify func(*Claim)
}

// A Claim is a peer's authentication that waits for an answer.
type Claim struct {
	Link *Link
	*proto.AuthRequest
	answer func(ok bool, message string)
}

// Answer accepts or refuses the claim, from any goroutine. The message goes to
// the peer; what MS-CHAPv2 wants of it is told at proto.Server.
func (c *Claim) Answer(ok bool, message string) { c.answer(ok, message) }

// ProveUs tells who we are to this peer, for a link whose AuthConfig says Later;
// from any goroutine.
func (c *Claim) ProveUs(name, password string) {
	k := c.Link
	k.post(func(now time.Time) {
		own := &k.cfg.Auth
		if !own.Later {
			return
		}
		own.Name, own.Password, own.Later = name, password, false
		if k.auth.want {
			k.auth.proveUs(now)
			k.flush(now)
		}
	})
}

// BundleConfig is what a bundle needs to be an interface.
type BundleConfig struct {
	Tun Tun
	MTU int
	// Local and Remote are the IPv4 addresses that the interface has before
	// any link has agreed on others; not valid: none.
	Local, Remote netip.Addr
	QueueLimit    int  // packets that wait for a line
	NoICMP        bool // ICMP is not sent
	TelnetTOS     bool // ICMP and interactive TCP go first
	ClampMSS      bool // lower the TCP MSS to what the interface's MTU carries

	MP         MPConfig
	Idle       IdleConfig
	MaxConnect time.Duration // a call lasts no longer; 0: no limit

	IPCP   *proto.IPCPConfig   // nil: no IPv4
	IPV6CP *proto.IPV6CPConfig // nil: no IPv6
	CCP    *proto.CCPConfig    // nil: no compression

	// Disagreed, which may be nil, is told by the loop that the links go on
	// without a network protocol, because the two sides could not agree about
	// it, as err says: once in a connection.
	Disagreed func(f Family, err error)
	// Answered, which may be nil, is asked by the loop about each ICMP datagram
	// that comes: does it answer a Probe? It must return at once and not keep
	// the octets.
	Answered func(datagram []byte) bool
	// Gone, which may be nil, is told by the loop that somebody has removed the
	// interface, before the links end for it. The bundle ends only by Close.
	Gone func(error)

	Events Events
	Log    *slog.Logger
}

// MPConfig is how a bundle uses multilink (RFC 1990) with links whose LCP has
// agreed on it. What they agree on is in LCPConfig.
type MPConfig struct {
	Headers bool // all packets have multilink headers, urgent ones too, also while there is a single link
	Whole   bool // packets are not fragmented where that can be avoided

	BusyDelay time.Duration // of Events.Busy; 0: it is not told
	IdleDelay time.Duration // of Events.Slack; 0: it is not told
}

func logger(l *slog.Logger) *slog.Logger {
	if l == nil {
		return slog.New(slog.DiscardHandler)
	}
	return l
}

// trace prints a control packet, if anybody reads it.
func trace(l *slog.Logger, what string, p wire.Protocol, info []byte) {
	if l.Enabled(context.Background(), LevelPacket) {
		l.Log(context.Background(), LevelPacket, what+" ["+wire.Format(p, info)+"]")
	}
}

// traceFrame prints a frame in hex, if anybody reads it. It ends with size
// octets of information, of which those that prove who somebody is are not
// shown.
func traceFrame(l *slog.Logger, what string, p wire.Protocol, frame []byte, size int) {
	if !l.Enabled(context.Background(), LevelBytes) {
		return
	}
	info := frame[len(frame)-size:]
	rest := ""
	if hidden := size - shown(p, info); hidden > 0 {
		frame = frame[:len(frame)-hidden]
		rest = "..."
	}
	l.Log(context.Background(), LevelBytes, fmt.Sprintf("%s %x%s", what, frame, rest))
}

// shown is how many octets of information stand before those that prove who
// somebody is: in a packet of authentication, and in a Protocol-Reject, which
// ends with what was rejected (RFC 1661, section 5.7).
func shown(p wire.Protocol, info []byte) int {
	const field = 2 // the rejected protocol
	switch {
	case authenticates(p):
		return min(len(info), wire.PacketHeader)
	case p != wire.LCP || len(info) < wire.PacketHeader+field || wire.Code(info[0]) != wire.ProtocolReject:
		return len(info)
	}
	if authenticates(wire.Protocol(binary.BigEndian.Uint16(info[wire.PacketHeader:]))) {
		return wire.PacketHeader + field
	}
	return len(info)
}

// authenticates reports whether packets of p prove who somebody is.
func authenticates(p wire.Protocol) bool { return p == wire.PAP || p == wire.CHAP || p == wire.EAP }
