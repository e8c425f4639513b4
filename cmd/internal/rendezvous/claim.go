package rendezvous

import (
	"errors"
	"fmt"
	"os"
	"strconv"
	"strings"
	"sync"

	"golang.org/x/sys/unix"
)

// A Claim is the ownership of an entry: lines with its label are brought to the
// server.
type Claim struct {
	file        *os.File
	path, owner string
	socket      string
	once        sync.Once
}

// An OwnedError says that a process has the entry already.
type OwnedError struct {
	Label string
	PID   int // 0: it has not said
}

func (e *OwnedError) Error() string {
	if e.PID == 0 {
		return fmt.Sprintf("rendezvous: entry %q is being run by another process", e.Label)
	}
	return fmt.Sprintf("rendezvous: entry %q is being run by pid %d", e.Label, e.PID)
}

// Claim makes the server the owner of an entry, until Release or its process's
// death. The error is an *OwnedError if there is one already. What is no entry, but
// to be one process's alone, can be claimed by a name that no label has.
//
// The file is for root alone, since who can open it could lock it, and so keep
// daemons from running. Others see the owner in a symbolic link.
func (s *Server) Claim(label string) (*Claim, error) {
	name, err := escape(label)
	if err != nil {
		return nil, err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	c := &Claim{path: s.place.file(claimPrefix + name), owner: s.place.file(ownerPrefix + name), socket: s.name}
	if c.file, err = lockFile(c.path, os.O_RDWR|os.O_CREATE); err != nil {
		if errors.Is(err, unix.EWOULDBLOCK) {
			return nil, &OwnedError{label, readPID(c.path)}
		}
		return nil, fmt.Errorf("rendezvous: %w", err)
	}
	if err := errors.Join(c.file.Truncate(0), c.link(s.place)); err != nil {
		c.Release()
		return nil, fmt.Errorf("rendezvous: %w", err)
	}
	// The lock is the claim. Where there is no room for the pid, it does without.
	fmt.Fprintf(c.file, "%d\n", os.Getpid())
	return c, nil
}

// link points others to the socket; an older link is replaced at one stroke.
func (c *Claim) link(p place) error {
	temp := p.temp()
	if err := os.Symlink(c.socket, temp); err != nil {
		return err
	}
	return os.Rename(temp, c.owner)
}

// Release gives the entry up.
func (c *Claim) Release() {
	c.once.Do(func() {
		os.Remove(c.owner)
		os.Remove(c.path)
		c.file.Close()
	})
}

func readPID(path string) int {
	b, err := os.ReadFile(path)
	if err != nil {
		return 0
	}
	pid, _ := strconv.Atoi(strings.TrimSpace(string(b)))
	return pid
}
