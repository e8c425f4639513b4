package radius

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"net"
	"syscall"
	"time"

	"layeh.com/radius"
)

// When a request is sent to a server that does not answer (RFC 5080, section
// 2.2.1: the pauses grow and are uneven).
var firstPauses = []time.Duration{1 * time.Second, 2 * time.Second, 3 * time.Second}

// oneTurn is the sum of firstPauses, and how long the look-up of a server's name
// may hold up the next server.
const oneTurn = 6 * time.Second

// laterPauses are those between further requests, when every server had its
// turn; the last one stays.
var laterPauses = []time.Duration{1 * time.Second, 2 * time.Second, 4 * time.Second, 5 * time.Second}

func uneven(d time.Duration) time.Duration { return d + rand.N(d/10) }

// Why a server is thought to be gone.
var (
	ErrNoServer = errors.New("radius: no server answers")
	errSilent   = errors.New("silence")
)

// A leg is the request as one server gets it, from a socket of its own: so the
// number of requests under way is not limited by the 256 identifiers, and who
// wants to forge an answer must guess the source port, too. Whatever is
// repeated on it is the same packet.
type leg struct {
	port    *port
	conn    net.Conn
	request []byte
}

// news is what the reader of a leg has to say.
type news struct {
	leg    *leg
	answer *radius.Packet
	err    error // of the socket
	over   bool  // the reader has ended
}

// An exchange is one request and the search for a server that answers it.
type exchange struct {
	dial    func(ctx context.Context, network, address string) (net.Conn, error)
	request func(Secret) ([]byte, error) // makes the packet for a server
	news    chan news
	legs    map[*port]*leg
}

// ask sends the request to one server after the other, and begins anew with the
// first, until one of them answers or the context ends. A server that had its
// turn may still answer. The error is ErrNoServer, or says that there can be no
// such request.
func (x *exchange) ask(ctx context.Context, ports []*port) (*radius.Packet, error) {
	outer := ctx
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	x.news, x.legs = make(chan news), map[*port]*leg{}
	defer func() {
		for _, l := range x.legs {
			l.conn.Close()
		}
	}()
	why := map[*port]error{}
	for round := 0; outer.Err() == nil; round++ {
		for _, p := range order(ports, time.Now()) {
			answer, err := x.turn(ctx, p, round)
			var bad *requestError
			if answer != nil || errors.As(err, &bad) {
				return answer, err
			}
			if outer.Err() != nil {
				break
			}
			why[p] = err
		}
	}
	err := ErrNoServer
	for _, p := range ports {
		if w := why[p]; w != nil {
			err = fmt.Errorf("%w; %v: %w", err, p, w)
		}
	}
	return nil, err
}

// turn is the time in which a server is sent the request and given time to
// answer it. The error says why it has not.
func (x *exchange) turn(ctx context.Context, p *port, round int) (*radius.Packet, error) {
	began := time.Now()
	pauses := firstPauses
	if round > 0 {
		pauses = laterPauses[min(round, len(laterPauses))-1:][:1]
	}
	err := errSilent
	for _, pause := range pauses {
		bad := x.send(ctx, p)
		if bad != nil && round == 0 {
			err = bad
			break
		}
		answer, refused := x.wait(ctx, p, uneven(pause), round == 0)
		if answer != nil || ctx.Err() != nil {
			return answer, nil
		}
		if bad = errors.Join(bad, refused); bad != nil {
			err = bad
			break
		}
	}
	var bad *requestError
	if !errors.As(err, &bad) && ctx.Err() == nil {
		p.failed(time.Now(), began, err)
	}
	return nil, err
}

// A requestError says that a request cannot be made.
type requestError struct{ err error }

func (e *requestError) Error() string { return "radius: " + e.err.Error() }
func (e *requestError) Unwrap() error { return e.err }

// send sends the request to a server, once.
func (x *exchange) send(ctx context.Context, p *port) error {
	l := x.legs[p]
	if l == nil {
		b, err := x.request(p.Secret)
		if err != nil {
			return &requestError{err}
		}
		looking, cancel := context.WithTimeout(ctx, oneTurn)
		conn, err := x.dial(looking, "udp", p.address)
		cancel()
		if err != nil {
			return err
		}
		l = &leg{p, conn, b}
		x.legs[p] = l
		go x.read(ctx, l)
	}
	_, err := l.conn.Write(l.request)
	if errors.Is(err, syscall.ECONNREFUSED) { // of the request before this one
		_, err = l.conn.Write(l.request)
	}
	return err
}

// read passes on what comes from a server, until the socket is closed.
func (x *exchange) read(ctx context.Context, l *leg) {
	buf := make([]byte, radius.MaxPacketLength)
	for {
		n, err := l.conn.Read(buf)
		news := news{leg: l, err: err, over: err != nil && !errors.Is(err, syscall.ECONNREFUSED)}
		if err == nil {
			if news.answer, err = parseAnswer(buf[:n], l.request, l.port.Secret); err != nil {
				l.port.dropped(time.Now(), err)
				continue
			}
			l.port.answered(time.Now())
		}
		select {
		case x.news <- news:
		case <-ctx.Done():
			return
		}
		if news.over || news.answer != nil {
			return
		}
	}
}

// wait waits for an answer of any server that was asked. With hasty it does not
// go on waiting for a server that refuses.
func (x *exchange) wait(ctx context.Context, p *port, pause time.Duration, hasty bool) (*radius.Packet, error) {
	timer := time.NewTimer(pause)
	defer timer.Stop()
	var refused error
	for {
		select {
		case n := <-x.news:
			if n.answer != nil {
				return n.answer, nil
			}
			if n.over {
				n.leg.conn.Close()
				delete(x.legs, n.leg.port)
			}
			if n.leg.port == p {
				refused = n.err
				if hasty {
					return nil, refused
				}
			}
		case <-timer.C:
			return nil, refused
		case <-ctx.Done():
			return nil, nil
		}
	}
}
