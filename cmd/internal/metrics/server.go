package metrics

import (
	"bufio"
	"context"
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

// Bounds of a request. There is one resource and one method, so that no more of
// HTTP is needed than its first line.
const (
	maxRequest  = 16 << 10
	maxClients  = 16
	requestTime = 10 * time.Second
)

// A Server answers GET /metrics.
type Server struct {
	listener net.Listener
	state    func(context.Context) (status.Document, error)
	context  context.Context
	cancel   context.CancelFunc
	slots    chan bool
	wg       sync.WaitGroup
	path     string // of a Unix socket
}

// Listen serves at an address: the path of a Unix socket, which begins with a
// slash, or host:port. State is asked anew for each request.
func Listen(addr string, state func(context.Context) (status.Document, error)) (*Server, error) {
	s := &Server{state: state, slots: make(chan bool, maxClients)}
	network := "tcp"
	if strings.HasPrefix(addr, "/") {
		network, s.path = "unix", addr
		if err := removeDead(addr); err != nil {
			return nil, fmt.Errorf("metrics: %w", err)
		}
	}
	l, err := net.Listen(network, addr)
	if err != nil {
		return nil, fmt.Errorf("metrics: %w", err)
	}
	if s.path != "" {
		if err := os.Chmod(addr, 0o660); err != nil {
			l.Close()
			return nil, fmt.Errorf("metrics: %w", err)
		}
	}
	s.listener = l
	s.context, s.cancel = context.WithCancel(context.Background())
	s.wg.Go(s.accept)
	return s, nil
}

// removeDead removes a socket that nobody listens at, and nothing else.
func removeDead(path string) error {
	fi, err := os.Lstat(path)
	switch {
	case errors.Is(err, os.ErrNotExist):
		return nil
	case err != nil:
		return err
	case fi.Mode()&os.ModeSocket == 0:
		return fmt.Errorf("%s is there and is no socket", path)
	}
	c, err := net.Dial("unix", path)
	if err == nil {
		c.Close()
		return fmt.Errorf("%s is another program's", path)
	}
	if errors.Is(err, unix.ECONNREFUSED) {
		return os.Remove(path)
	}
	return err
}

// Addr is where the server listens.
func (s *Server) Addr() net.Addr { return s.listener.Addr() }

// Close ends the server, and what it is just answering.
func (s *Server) Close() {
	s.cancel()
	s.listener.Close()
	s.wg.Wait()
}

func (s *Server) accept() {
	for {
		select {
		case s.slots <- true:
		case <-s.context.Done():
			return
		}
		c, err := s.listener.Accept()
		switch {
		case err == nil:
			s.wg.Go(func() {
				s.serve(c)
				<-s.slots
			})
			continue
		case errors.Is(err, net.ErrClosed):
			return
		}
		<-s.slots
		select { // no descriptors: others will give some back
		case <-time.After(100 * time.Millisecond):
		case <-s.context.Done():
		}
	}
}

func (s *Server) serve(c net.Conn) {
	defer c.Close()
	stop := context.AfterFunc(s.context, func() { c.SetDeadline(time.Unix(1, 0)) })
	defer stop()
	c.SetDeadline(time.Now().Add(requestTime))
	method, path, err := readRequest(c)
	if err != nil {
		reply(c, "400 Bad Request", "text/plain", []byte(err.Error()+"\n"), true)
		return
	}
	switch {
	case method != "GET" && method != "HEAD":
		reply(c, "405 Method Not Allowed", "text/plain", []byte("only GET\n"), true)
	case path != "/metrics":
		reply(c, "404 Not Found", "text/plain", []byte("see /metrics\n"), method == "GET")
	default:
		ctx, cancel := context.WithTimeout(s.context, requestTime)
		defer cancel()
		doc, err := s.state(ctx)
		if err != nil {
			reply(c, "503 Service Unavailable", "text/plain", []byte(err.Error()+"\n"), true)
			return
		}
		reply(c, "200 OK", ContentType, Append(nil, &doc), method == "GET")
	}
}

var errRequest = errors.New("this is no request of HTTP")

// readRequest reads a request's line, and its header, which is of no interest.
func readRequest(r io.Reader) (method, path string, err error) {
	in := bufio.NewReader(io.LimitReader(r, maxRequest))
	for first := true; ; first = false {
		line, err := in.ReadString('\n')
		if err != nil {
			return "", "", errRequest
		}
		line = strings.TrimRight(line, "\r\n")
		if line == "" && !first {
			return method, path, nil
		}
		if first {
			words := strings.Split(line, " ")
			if len(words) != 3 || !strings.HasPrefix(words[2], "HTTP/1.") {
				return "", "", errRequest
			}
			method = words[0]
			path, _, _ = strings.Cut(words[1], "?")
		}
	}
}

func reply(c net.Conn, code, kind string, body []byte, withBody bool) {
	head := fmt.Appendf(nil, "HTTP/1.1 %s\r\nContent-Type: %s\r\nContent-Length: %d\r\nConnection: close\r\n\r\n", code, kind, len(body))
	if withBody {
		head = append(head, body...)
	}
	c.Write(head) // who has gone needs no answer
}
