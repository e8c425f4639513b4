package rendezvous

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"os"
	"path/filepath"
	"sync"
	"time"

	"pppdial/cmd/internal/status"
)

// Options are what a Server needs to know besides.
type Options struct {
	// Anybody makes the server answer at listen.sock too, where lines come
	// whose label nobody owns. A socket that systemd has opened for us
	// (LISTEN_FDS) is that one.
	Anybody bool
	// Entry tells whether a label has an entry; nil: none has.
	Entry    func(label string) bool
	Accounts string // where login shells are; "": /etc/passwd
	Log      *slog.Logger
}

// Limits for one user other than root.
const (
	maxPending = 256  // connections whose request is being served
	maxLines   = 2048 // lines handed over
)

// Deadlines of a connection.
const (
	requestTime = 5 * time.Second  // for the request to come
	handlerTime = 5 * time.Second  // for the handler
	writeTime   = 10 * time.Second // for the answer to go
	acceptPause = 50 * time.Millisecond
	warnPause   = time.Second
)

// A Server is a daemon's end of the rendezvous.
type Server struct {
	place   place
	name    string // of the socket
	handler Handler
	options Options
	log     *slog.Logger
	context context.Context
	cancel  context.CancelFunc
	release []func() // undo what Listen has done
	wg      sync.WaitGroup

	mu        sync.Mutex
	closed    bool
	listeners []*net.UnixListener
	conns     map[*net.UnixConn]bool
	pending   map[uint32]int // by UID
	lines     map[uint32]int
	silent    time.Time // warn is, until then
}

// Listen makes the directory if there is none, removes what dead daemons have
// left there, and opens the daemon's socket. A process has one server.
func Listen(dir string, o Options, h Handler) (*Server, error) {
	p, err := makePlace(dir)
	if err != nil {
		return nil, err
	}
	s := &Server{
		place: p, name: socketName(os.Getpid()), handler: h, options: o, log: o.Log,
		conns: map[*net.UnixConn]bool{}, pending: map[uint32]int{}, lines: map[uint32]int{},
	}
	if s.log == nil {
		s.log = slog.New(slog.DiscardHandler)
	}
	s.context, s.cancel = context.WithCancel(context.Background())
	p.sweep()
	l, err := p.listen(s.name)
	if err != nil {
		return nil, err
	}
	s.add(l)
	s.release = append(s.release, func() { os.Remove(p.file(s.name)) })
	if o.Anybody {
		if err := s.listenForAnybody(); err != nil {
			s.Close()
			return nil, err
		}
	}
	for _, l := range s.listeners {
		s.wg.Go(func() { s.accept(l) })
	}
	return s, nil
}

// Close removes the sockets and ends all connections. Callers whose lines are
// still here learn that the daemon is gone. Handlers must not be waiting for
// who calls it.
func (s *Server) Close() {
	s.mu.Lock()
	if s.closed {
		s.mu.Unlock()
		return
	}
	s.closed = true
	for i := len(s.release) - 1; i >= 0; i-- {
		s.release[i]()
	}
	for _, l := range s.listeners {
		l.Close()
	}
	for c := range s.conns {
		c.Close()
	}
	s.mu.Unlock()
	s.cancel()
	s.wg.Wait()
}

func (s *Server) add(l *net.UnixListener) {
	l.SetUnlinkOnClose(false)
	s.listeners = append(s.listeners, l)
}

func (s *Server) accept(l *net.UnixListener) {
	for {
		c, err := l.AcceptUnix()
		switch {
		case err == nil:
		case errors.Is(err, net.ErrClosed):
			return
		default: // no descriptors, no memory: others will give some back
			s.warn("cannot take a connection", "error", err)
			select {
			case <-time.After(acceptPause):
			case <-s.context.Done():
			}
			continue
		}
		s.mu.Lock()
		if s.closed {
			c.Close()
		} else {
			s.conns[c] = true
			s.wg.Go(func() { s.serve(c) })
		}
		s.mu.Unlock()
	}
}

func (s *Server) serve(c *net.UnixConn) {
	defer func() {
		s.mu.Lock()
		delete(s.conns, c)
		s.mu.Unlock()
		c.Close()
	}()
	caller, err := peer(c)
	if err != nil {
		s.log.Warn("a caller that the kernel does not know", "error", err)
		return
	}
	h, err := s.request(c, caller)
	if h != nil {
		h.serve(s.context.Done())
		s.leave(s.lines, caller)
		return
	}
	if err != nil {
		s.refused(caller, err)
		reply(c, failure(err))
	}
}

// request serves a request, but for a line that is handed over, which is
// returned.
func (s *Server) request(c *net.UnixConn, caller Caller) (*Handover, error) {
	if !s.enter(s.pending, caller, maxPending) {
		return nil, ErrBusy
	}
	defer s.leave(s.pending, caller)
	c.SetReadDeadline(time.Now().Add(requestTime))
	line, files, err := readRequest(c)
	defer func() { closeAll(files) }()
	if err != nil {
		return nil, err
	}
	r, err := parseRequest(line)
	if err != nil {
		return nil, err
	}
	ctx, cancel := context.WithTimeout(s.context, handlerTime)
	defer cancel()
	switch {
	case r.Verb == verbAdopt:
		h, err := s.handover(c, caller, r, files)
		if err == nil {
			files = nil
		}
		return h, err
	case len(files) > 0:
		return nil, fmt.Errorf("%w: a descriptor that nobody asked for", errMalformed)
	case !s.place.may(caller):
		return nil, fmt.Errorf("%w: %s is for root and the group of %s", ErrDenied, r.Verb, s.place.path)
	case r.Verb == verbState:
		bundles, err := s.handler.State(ctx, Query{r.target(), r.Brief})
		if err != nil {
			return nil, err
		}
		doc := status.Document{Bundles: bundles}
		doc.Complete()
		reply(c, stateAnswer{answer{Version: version}, doc})
	default:
		s.log.Info("command", "command", r.Command, "from", caller)
		if err := s.handler.Act(ctx, caller, Command{r.target(), r.Command, r.Level}); err != nil {
			return nil, err
		}
		reply(c, answer{Version: version, Done: true})
	}
	return nil, nil
}

// handover checks a line that is brought, and gives it to the handler.
func (s *Server) handover(c *net.UnixConn, caller Caller, r request, files []*os.File) (*Handover, error) {
	if err := s.mayBring(caller, r.Entry); err != nil {
		return nil, fmt.Errorf("%w: %w", ErrDenied, err)
	}
	if len(files) != 1 {
		return nil, fmt.Errorf("%w: %d descriptors instead of one", errMalformed, len(files))
	}
	name, err := checkTTY(files[0])
	if err != nil {
		return nil, err
	}
	if !s.enter(s.lines, caller, maxLines) {
		return nil, ErrBusy
	}
	h := &Handover{
		Caller: caller, Label: r.Entry, Name: name, File: files[0], Unread: r.Unread, Login: r.Login,
		conn: c, gone: make(chan struct{}), over: make(chan struct{}),
	}
	s.handler.Adopt(h)
	return h, nil
}

// mayBring tells why a caller may not bring lines for a label. Root may for any,
// others for that which is the name of their own account, if it has an entry or
// this program is its login shell: that somebody has an account is no
// permission to call.
func (s *Server) mayBring(c Caller, label string) error {
	switch {
	case c.UID == 0:
		return nil
	case !c.owns(label):
		return fmt.Errorf("uid %d has no account %q", c.UID, label)
	case s.options.Entry != nil && s.options.Entry(label):
		return nil
	}
	return isShell(cmp.Or(s.options.Accounts, defaultAccounts), label)
}

func (s *Server) enter(count map[uint32]int, c Caller, limit int) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	if c.UID != 0 && count[c.UID] >= limit {
		return false
	}
	count[c.UID]++
	return true
}

func (s *Server) leave(count map[uint32]int, c Caller) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if count[c.UID]--; count[c.UID] == 0 {
		delete(count, c.UID)
	}
}

// refused logs what smells of an attack.
func (s *Server) refused(c Caller, err error) {
	if !errors.Is(err, ErrDenied) && !errors.Is(err, ErrBusy) && !errors.Is(err, errMalformed) && !errors.Is(err, errNoTTY) {
		return
	}
	s.warn("request refused", "from", c, "because", err)
}

// warn logs what others can make happen at will: no more than a line a second.
func (s *Server) warn(message string, args ...any) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if now := time.Now(); now.After(s.silent) {
		s.silent = now.Add(warnPause)
		s.log.Warn(message, args...)
	}
}

func reply(c *net.UnixConn, a any) {
	if f, ok := a.(answer); ok {
		f.Version = version
		a = f
	}
	line, err := appendLine(nil, a)
	if err != nil {
		line, _ = appendLine(nil, failure(err))
	}
	c.SetWriteDeadline(time.Now().Add(writeTime))
	c.Write(line) // who does not wait for the answer does not want it
}

func socketName(pid int) string { return fmt.Sprintf("%d.sock", pid) }

func (p place) file(name string) string { return filepath.Join(p.path, name) }
