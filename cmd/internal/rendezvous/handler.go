package rendezvous

import (
	"context"
	"errors"

	"pppdial/cmd/internal/status"
)

// A Handler is the daemon behind a Server. Its methods are called from the
// connections' goroutines, several at a time, and only for callers that have
// the right; their context ends when the server is closed, and then they must
// return.
type Handler interface {
	// State returns the bundles that the query asks for.
	State(context.Context, Query) ([]status.Bundle, error)
	// Act carries out a command, or begins to. ErrUnknown: there is no such
	// bundle here.
	Act(context.Context, Caller, Command) error
	// Adopt is told of a line, and answers through it, now or later. It must
	// not block.
	Adopt(*Handover)
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

// A Query picks bundles; its zero value means all of them.
type Query struct {
	Target
	Brief bool // only what tells bundles apart is wanted: see status.Bundle.Brief
}

// A Command is something for a bundle to do.
type Command struct {
	Target
	Verb  Verb
	Level int // of Debug: as many as there would be -d, 0 to MaxDebug
}

// A Verb is the name of a command.
type Verb string

// The commands.
const (
	Up       Verb = "up"        // call now
	Down     Verb = "down"      // hang up all lines
	AddLine  Verb = "add-line"  // call on one more line
	DropLine Verb = "drop-line" // hang up the line that came last
	Debug    Verb = "debug"     // set how much is logged
)

// MaxDebug is the largest Level.
const MaxDebug = 3

// Errors of a daemon that go over the socket and are themselves again on the
// other side, for errors.Is. A handler's other errors arrive as their text.
var (
	ErrUnknown = errors.New("there is no such interface")
	ErrDenied  = errors.New("permission denied")
	ErrBusy    = errors.New("too many connections")
)
