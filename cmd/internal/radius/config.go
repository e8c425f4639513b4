package radius

import (
	"context"
	"log/slog"
	"net"
	"strconv"
	"time"

	"layeh.com/radius/rfc2865"
)

// A Server is one that may be asked. Accounting goes to the port above Port.
type Server struct {
	Host   string // name or address
	Port   int    // of authentication
	Secret Secret
}

func (s Server) address(offset int) string {
	return net.JoinHostPort(s.Host, strconv.Itoa(s.Port+offset))
}

func (s Server) String() string { return s.address(0) }

// Config is what a Client needs.
type Config struct {
	Servers    []Server      // in the order in which they are tried
	Identifier string        // NAS-Identifier: the name of this machine
	Limit      time.Duration // a question is given up after it; 0: 25 s
	Dir        string        // where accounting records are kept; made if need be

	// Listen is the address, HOST:PORT, at which Disconnect-Request and
	// CoA-Request are taken; empty: none are.
	Listen string
	// Disconnect ends a session. Change gives it new limits. Both are called by
	// a goroutine of the Client's and must return at once.
	Disconnect func(*Session)
	Change     func(*Session, Change)

	Log *slog.Logger

	// Dial replaces the net package's, for tests.
	Dial func(ctx context.Context, network, address string) (net.Conn, error)
}

// A Change is what a CoA-Request may change; nil: stays.
type Change struct {
	SessionTimeout, IdleTimeout, Interim *time.Duration // 0: none
}

// A PortType is the kind of line (NAS-Port-Type).
type PortType = rfc2865.NASPortType

// Kinds of lines.
const (
	Async   = rfc2865.NASPortType_Value_Async
	Sync    = rfc2865.NASPortType_Value_Sync
	Virtual = rfc2865.NASPortType_Value_Virtual
)

// A Call is one link, from its first packet to its last.
type Call struct {
	ID      string // Acct-Session-Id; see NewID
	Line    string // NAS-Port-Id: the tty
	Port    uint32 // NAS-Port
	Type    PortType
	Calling string // Calling-Station-Id; empty: not known
	Called  string // Called-Station-Id; empty: not known
	Connect string // Connect-Info: what the modem has said of the connection
}
