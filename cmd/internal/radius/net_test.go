package radius

import (
	"context"
	"net"
	"os"
	"sync"
	"syscall"
	"testing"
	"time"

	"go.uber.org/goleak"
	"layeh.com/radius"

	"pppdial/mp/proto"
	"pppdial/mp/wire"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// network is one in memory. A server is a function that is called with each
// datagram for it, by a goroutine of its own; an address without one swallows
// datagrams, and one that is closed refuses them.
type network struct {
	mu      sync.Mutex
	servers map[string]func(*socket, []byte)
	closed  map[string]bool
	calls   sync.WaitGroup // of servers
}

func newNetwork() *network {
	return &network{servers: map[string]func(*socket, []byte){}, closed: map[string]bool{}}
}

func (n *network) serve(address string, f func(*socket, []byte)) {
	n.mu.Lock()
	defer n.mu.Unlock()
	n.servers[address] = f
}

func (n *network) refuse(address string, yes bool) {
	n.mu.Lock()
	defer n.mu.Unlock()
	n.closed[address] = yes
}

func (n *network) dial(_ context.Context, _, address string) (net.Conn, error) {
	return &socket{network: n, address: address, in: make(chan []byte, 16), refused: make(chan struct{}, 16), gone: make(chan struct{})}, nil
}

// socket is the client's end.
type socket struct {
	net.Conn
	network *network
	address string
	in      chan []byte
	refused chan struct{}
	gone    chan struct{}
	once    sync.Once
}

func (s *socket) Write(b []byte) (int, error) {
	s.network.mu.Lock()
	defer s.network.mu.Unlock()
	if s.network.closed[s.address] {
		s.refused <- struct{}{}
		return len(b), nil
	}
	if f := s.network.servers[s.address]; f != nil {
		b := append([]byte(nil), b...)
		s.network.calls.Go(func() { f(s, b) })
	}
	return len(b), nil
}

func (s *socket) Read(b []byte) (int, error) {
	select {
	case d := <-s.in:
		return copy(b, d), nil
	case <-s.refused:
		return 0, &net.OpError{Op: "read", Err: os.NewSyscallError("read", syscall.ECONNREFUSED)}
	case <-s.gone:
		return 0, net.ErrClosed
	}
}

func (s *socket) Close() error {
	s.once.Do(func() { close(s.gone) })
	return nil
}

// deliver is an answer from the server.
func (s *socket) deliver(b []byte) {
	select {
	case s.in <- b:
	case <-s.gone:
	}
}

const testSecret = "a secret that nobody may see"

// accept answers every request with an Accept that has the attributes.
func accept(attrs ...*radius.AVP) func(*socket, []byte) {
	return func(s *socket, b []byte) { s.deliver(answerWith(b, radius.CodeAccessAccept, true, attrs...)) }
}

// answerWith makes an answer to the request b.
func answerWith(b []byte, code radius.Code, sign bool, attrs ...*radius.AVP) []byte {
	p, err := radius.Parse(b, []byte(testSecret))
	if err != nil {
		panic(err)
	}
	q := p.Response(code)
	q.Attributes = attrs
	a, err := encode(q, sign)
	if err != nil {
		panic(err)
	}
	return a
}

func avp(kind radius.Type, value []byte) *radius.AVP {
	return &radius.AVP{Type: kind, Attribute: value}
}

// testClient is a client of servers a, b, ... in the network.
func testClient(t *testing.T, n *network, change func(*Config), hosts ...string) *Client {
	t.Helper()
	cfg := Config{Identifier: "nas", Dir: t.TempDir(), Dial: n.dial}
	for _, h := range hosts {
		cfg.Servers = append(cfg.Servers, Server{h, 1812, NewSecret(testSecret)})
	}
	if change != nil {
		change(&cfg)
	}
	c, err := New(cfg)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		closeNow(c)
		n.calls.Wait()
	})
	return c
}

// closeNow ends a client without waiting for servers.
func closeNow(c *Client) {
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	c.Close(ctx)
}

func papRequest(name, password string) *proto.AuthRequest {
	return &proto.AuthRequest{Method: wire.Auth{Protocol: wire.PAP}, Name: name, ID: 7, Password: password}
}

// outcome is an answer and when it came.
type outcome struct {
	Answer
	after time.Duration
}

// question asks, and returns where the outcome will be.
func question(ctx context.Context, c *Client, r *proto.AuthRequest) <-chan outcome {
	began := time.Now()
	ch := make(chan outcome, 1)
	c.Authenticate(ctx, Call{ID: NewID(), Line: "ttyS0"}, r, func(a Answer) { ch <- outcome{a, time.Since(began)} })
	return ch
}

// between reports whether d is what it should be, with the unevenness of pauses.
func between(d, least, most time.Duration) bool { return d >= least && d <= most }
