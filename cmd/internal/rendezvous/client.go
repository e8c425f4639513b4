package rendezvous

import (
	"bufio"
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"strings"
	"sync"
	"time"

	"golang.org/x/sys/unix"

	"pppdial/cmd/internal/status"
)

// Errors of clients.
var (
	ErrNobody = errors.New("no ppp is running for it")
	ErrEnded  = errors.New("the ppp there has just ended") // before it has answered
	ErrLost   = errors.New("the ppp that had the line has died")
)

// A RefusedError is a daemon's refusal of a line.
type RefusedError struct {
	Status int // for exit(3)
	Why    string
}

func (e *RefusedError) Error() string { return e.Why }

// Deadlines of clients.
const (
	answerTime = 10 * time.Second
	startTime  = 60 * time.Second // for a daemon that systemd starts only now
	hangupTime = 20 * time.Second // for a link to be hung up
	busyPause  = 100 * time.Millisecond
)

// A Line is what a process hands over.
type Line struct {
	Label  string
	TTY    *os.File
	Unread []byte // what has been read of it and not used
	Login  bool   // login has written utmp for it
}

// HandOver brings a line to the owner of its label, or to who takes all lines,
// and waits until the link has ended. When ctx ends before, the link is hung
// up. The caller keeps the tty open meanwhile and leaves it alone. Errors:
// ErrNobody, ErrEnded and *RefusedError (nothing has happened to the line),
// ErrLost.
func HandOver(ctx context.Context, dir string, l Line) (Result, error) {
	p, err := openPlace(dir)
	if errors.Is(err, os.ErrNotExist) {
		return Result{}, ErrNobody
	}
	if err != nil {
		return Result{}, err
	}
	name, err := escape(l.Label)
	if err != nil {
		return Result{}, err
	}
	r := request{Verb: verbAdopt, Entry: l.Label, Unread: l.Unread, Login: l.Login}
	for {
		err = ErrNobody
		for _, socket := range []string{ownerPrefix + name, listenName} {
			var c *net.UnixConn
			if c, err = p.dial(ctx, socket); err == nil {
				var res Result
				res, err = handOver(ctx, c, r, l.TTY)
				c.Close()
				if err == nil {
					return res, nil
				}
			}
			if !errors.Is(err, ErrNobody) && !errors.Is(err, ErrUnknown) {
				break
			}
		}
		if !errors.Is(err, ErrBusy) {
			return Result{}, err
		}
		select {
		case <-time.After(busyPause):
		case <-ctx.Done():
			return Result{}, err
		}
	}
}

// handOver gives the line to one daemon.
func handOver(ctx context.Context, c *net.UnixConn, r request, tty *os.File) (Result, error) {
	c.SetDeadline(time.Now().Add(startTime))
	// Whoever gives up tells the daemon so, and waits until it has let go.
	stop := context.AfterFunc(ctx, func() {
		c.SetReadDeadline(time.Now().Add(hangupTime))
		c.CloseWrite()
	})
	defer stop()
	sent := sendRequest(c, r, tty)
	in := answers(c)
	var a answer
	err := readAnswer(in, sent, &a)
	if err == nil {
		err = a.err()
	}
	switch {
	case ctx.Err() != nil && !a.Accepted:
		return Result{}, fmt.Errorf("rendezvous: %w", context.Cause(ctx))
	case err != nil:
		return Result{}, err
	case !a.Accepted:
		return Result{}, fmt.Errorf("%w: neither accepted nor refused", errMalformed)
	}
	if ctx.Err() == nil {
		c.SetDeadline(time.Time{})
		if ctx.Err() != nil { // meanwhile
			c.SetReadDeadline(time.Now().Add(hangupTime))
		}
	}
	if err := readAnswer(in, nil, &a); err != nil || !a.Done {
		return Result{}, ErrLost
	}
	return a.Result, nil
}

// dial connects to a daemon; ErrNobody if there is none.
func (p place) dial(ctx context.Context, name string) (*net.UnixConn, error) {
	var d net.Dialer
	c, err := d.DialContext(ctx, "unix", p.file(name))
	switch {
	case err == nil:
	case nobodyThere(err):
		return nil, ErrNobody
	default:
		return nil, fmt.Errorf("rendezvous: %w", err)
	}
	u := c.(*net.UnixConn)
	u.SetDeadline(time.Now().Add(answerTime))
	return u, nil
}

// readAnswer reads an answer, which may be there although not all of the request
// could be sent; ErrEnded if there will be none.
func readAnswer(in *bufio.Reader, sent error, a any) error {
	line, err := in.ReadBytes('\n')
	if err == nil {
		err = json.Unmarshal(line, a)
	} else if sent != nil {
		err = sent
	}
	switch {
	case err == nil:
		return nil
	case errors.Is(err, io.EOF), errors.Is(err, unix.ECONNRESET), errors.Is(err, unix.EPIPE):
		return ErrEnded
	}
	return fmt.Errorf("rendezvous: %w", err)
}

// ask has one daemon answer a request.
func (p place) ask(ctx context.Context, name string, r request, a any) error {
	c, err := p.dial(ctx, name)
	if err != nil {
		return err
	}
	defer c.Close()
	defer context.AfterFunc(ctx, func() { c.SetDeadline(time.Unix(1, 0)) })()
	return readAnswer(answers(c), sendRequest(c, r, nil), a)
}

// sockets are the daemons in the directory, living and dead.
func (p place) sockets() (names []string, err error) {
	entries, err := os.ReadDir(p.path)
	if err != nil {
		return nil, fmt.Errorf("rendezvous: %w", err)
	}
	for _, e := range entries {
		if _, ok := socketPID(e.Name()); ok {
			names = append(names, e.Name())
		}
	}
	return names, nil
}

// State asks all daemons for their bundles. A daemon that does not answer
// leaves the others' in the document, and the error says so; ErrNobody: there
// is no daemon.
func State(ctx context.Context, dir string, q Query) (doc status.Document, err error) {
	defer doc.Complete()
	p, err := openPlace(dir)
	if errors.Is(err, os.ErrNotExist) {
		return doc, ErrNobody
	}
	if err != nil {
		return doc, err
	}
	names, err := p.sockets()
	if err != nil {
		return doc, err
	}
	found, errs := make([][]status.Bundle, len(names)), make([]error, len(names))
	var wg sync.WaitGroup
	slots := make(chan bool, 16)
	for i, name := range names {
		wg.Go(func() {
			slots <- true
			found[i], errs[i] = p.state(ctx, name, q)
			<-slots
		})
	}
	wg.Wait()
	alive := false
	for i, bundles := range found {
		if errors.Is(errs[i], ErrNobody) || errors.Is(errs[i], ErrEnded) {
			continue
		}
		alive = true
		doc.Bundles = append(doc.Bundles, bundles...)
		err = errors.Join(err, errs[i])
	}
	if !alive {
		return doc, ErrNobody
	}
	return doc, err
}

func (p place) state(ctx context.Context, name string, q Query) ([]status.Bundle, error) {
	var a stateAnswer
	r := request{Verb: verbState, Entry: q.Entry, Unit: q.Unit, Brief: q.Brief}
	if err := p.ask(ctx, name, r, &a); err != nil {
		return nil, err
	}
	return a.Bundles, a.err()
}

// Act has a command carried out by the daemon that has the bundle. ErrNobody:
// there is no daemon; ErrUnknown: none has the bundle; ErrEnded: who was asked
// does not answer any more. A daemon that fails does not keep it from the others.
func Act(ctx context.Context, dir string, cmd Command) error {
	p, err := openPlace(dir)
	if errors.Is(err, os.ErrNotExist) {
		return ErrNobody
	}
	if err != nil {
		return err
	}
	names, err := p.sockets()
	if err != nil {
		return err
	}
	if name, err := escape(cmd.Entry); err == nil {
		names = append([]string{ownerPrefix + name}, names...)
	}
	var failed error
	last := ErrNobody
	for _, name := range names {
		err := p.act(ctx, name, cmd)
		switch {
		case err == nil:
			return nil
		case errors.Is(err, ErrNobody):
		case errors.Is(err, ErrUnknown):
			last = err
		case errors.Is(err, ErrDenied), strings.HasPrefix(name, ownerPrefix):
			return err // by all of them, or by who has the bundle
		default:
			failed = errors.Join(failed, err)
		}
	}
	return cmp.Or(failed, last)
}

func (p place) act(ctx context.Context, name string, cmd Command) error {
	var a answer
	r := request{Verb: verbAct, Entry: cmd.Entry, Unit: cmd.Unit, Command: cmd.Verb, Level: cmd.Level}
	if err := p.ask(ctx, name, r, &a); err != nil {
		return err
	}
	return a.err()
}
