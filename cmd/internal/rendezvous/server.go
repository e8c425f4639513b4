package rendezvous

import (
	"errors"
	"log/slog"

	"pppdial/cmd/internal/status"
)

// A Handler is the daemon behind a Server. Its methods are called from
// goroutines of the connections.
type Handler interface {
	// State returns the bundles that the query asks for.
	State(Query) ([]status.Bundle, error)
	// Act carries out a command, or begins to. ErrUnknown: there is no such
	// bundle here.
	Act(Caller, Command) error
	// Adopt takes a line, or refuses it, now or later: see Handover. It must
	// not block.
	Adopt(*Handover)
}

// A Query picks bundles; its zero value means all of them.
type Query struct {
	Target
	Brief bool // only what tells bundles apart is needed: see status.Bundle.Brief
}

// A Target is the bundles that are meant: those with the label and the unit, as
// far as they are given.
type Target struct {
	Entry string
	Unit  *int
}

// Match reports whether a bundle is meant.
func (t Target) Match(entry string, unit int) bool {
	return (t.Entry == "" || t.Entry == entry) && (t.Unit == nil || *t.Unit == unit)
}

// A Command is something for a bundle to do.
type Command struct {
	Target
	Verb  Verb
	Level int // of Debug
}

// A Verb is the name of a command.
type Verb string

const (
	Up       Verb = "up"   // call now
	Down     Verb = "down" // hang up
	AddLine  Verb = "add-line"
	DropLine Verb = "drop-line"
	Debug    Verb = "debug" // set how much is logged
)

// Errors of a daemon that go over the socket and are themselves again on the
// other side. A Handler's other errors arrive as their text.
var (
	ErrUnknown = errors.New("there is no such interface")
	ErrDenied  = errors.New("permission denied")
	ErrBusy    = errors.New("too many connections")
)

// Options are what a Server needs to know besides.
type Options struct {
	// Anybody makes the server answer at listen.sock too, where lines come
	// whose label nobody owns. A socket that systemd has opened (LISTEN_FDS)
	// is used.
	Anybody bool
	Log     *slog.Logger
}

// A Server is one daemon's end.
type Server struct{}

// Listen opens the daemon's socket, after it has removed what dead daemons have
// left in the directory, which it makes if there is none.
func Listen(dir string, o Options, h Handler) (*Server, error) { return nil, nil }

// Close ends all connections, but those of lines only after their Done, and
// removes the socket.
func (s *Server) Close() error { return nil }
