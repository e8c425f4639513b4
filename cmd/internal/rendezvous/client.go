package rendezvous

import (
	"context"
	"errors"
	"os"

	"pppdial/cmd/internal/status"
)

// Errors of clients.
var (
	ErrNobody = errors.New("no ppp is running that takes this line")
	ErrLost   = errors.New("the ppp that had the line has died")
)

// A Line is what a process hands over.
type Line struct {
	Label  string
	TTY    *os.File
	Unread []byte // what has been read of it and not used
	Login  bool   // login has written utmp for it
}

// HandOver brings a line to the owner of its label, or to who takes all lines,
// and waits until the link has ended. When ctx ends first, the link is hung up,
// and the result is that. The caller keeps the tty open meanwhile and does not
// touch it. ErrNobody: nothing has happened to the line.
func HandOver(ctx context.Context, dir string, l Line) (Result, error) {
	return Result{}, ErrNobody
}

// State asks all daemons.
func State(ctx context.Context, dir string, q Query) (status.Document, error) {
	return status.Document{}, nil
}

// Act has a command carried out by the daemon that has the bundle.
func Act(ctx context.Context, dir string, c Command) error { return ErrUnknown }
