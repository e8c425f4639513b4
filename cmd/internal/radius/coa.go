package radius

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"syscall"
	"time"

	"layeh.com/radius"
	"layeh.com/radius/rfc2865"
	"layeh.com/radius/rfc2869"
	"layeh.com/radius/rfc3576"
)

const (
	replayWindow = 300 * time.Second // how far Event-Timestamp may be off (RFC 5176, section 6.3)
	maxReplies   = 4096              // that are remembered
	lookUpEvery  = time.Minute
	lookUpLimit  = 5 * time.Second
	listenEvery  = time.Minute // while the address is not to be had
)

// ErrListen says why there can be no client: nothing can be taken at the address
// for servers' requests.
var ErrListen = errors.New("radius: taking requests of servers")

// Why a request is dropped without an answer (RFC 5176, sections 2.3, 3.4, 6.3).
var (
	errStranger = errors.New("it does not come from a configured server")
	errNoTime   = errors.New("it has no Event-Timestamp, without which it could be an old one")
	errStale    = errors.New("its Event-Timestamp is too far from this machine's time")
	errFlood    = errors.New("there are too many")
)

// A listener takes the requests of servers. Its fields belong to the goroutine
// in run.
type listener struct {
	client *Client
	at     *net.UDPAddr
	conn   *net.UDPConn // nil: the address is not to be had
	cancel context.CancelFunc
	ended  chan struct{}

	origins map[string][]netip.Addr // of the servers, by name
	looked  time.Time               // when the names were last looked up
	replies map[[headerSize]byte]reply
	warned  time.Time
}

// A reply is kept for as long as the request could be replayed.
type reply struct {
	octets []byte
	until  time.Time
}

func newListener(c *Client) *listener {
	return &listener{client: c, ended: make(chan struct{}), replies: map[[headerSize]byte]reply{}}
}

// listen begins to take requests. An address that another process has, another
// ppp most likely, or that the machine gets only later, is waited for: callers
// can be let in without it.
func listen(c *Client) (*listener, error) {
	l := newListener(c)
	var err error
	if l.at, err = net.ResolveUDPAddr("udp", c.cfg.Listen); err == nil {
		l.conn, err = net.ListenUDP("udp", l.at)
	}
	switch {
	case errors.Is(err, syscall.EADDRINUSE):
		c.log.Error("another process takes the requests of RADIUS servers: they cannot end or change the sessions of this one", "address", l.at)
	case errors.Is(err, syscall.EADDRNOTAVAIL):
		c.log.Error("this machine has not got the address for requests of RADIUS servers: they cannot end or change sessions", "address", l.at)
	case err != nil:
		return nil, fmt.Errorf("%w: %w", ErrListen, err)
	}
	var ctx context.Context
	ctx, l.cancel = context.WithCancel(context.Background())
	go l.run(ctx)
	return l, nil
}

// run takes requests until the context ends.
func (l *listener) run(ctx context.Context) {
	defer close(l.ended)
	if l.conn == nil && !l.takeOver(ctx) {
		return
	}
	context.AfterFunc(ctx, func() { l.conn.Close() })
	buf := make([]byte, radius.MaxPacketLength)
	for {
		n, from, err := l.conn.ReadFromUDPAddrPort(buf)
		if errors.Is(err, net.ErrClosed) {
			return
		}
		if err != nil {
			continue
		}
		answer, err := l.request(buf[:n], from, time.Now())
		if err != nil {
			l.dropped(from, err)
			continue
		}
		l.conn.WriteToUDPAddrPort(answer, from)
	}
}

// takeOver waits until the address is free, and there.
func (l *listener) takeOver(ctx context.Context) bool {
	again := time.NewTicker(listenEvery)
	defer again.Stop()
	for {
		select {
		case <-again.C:
		case <-ctx.Done():
			return false
		}
		var err error
		if l.conn, err = net.ListenUDP("udp", l.at); err == nil {
			l.client.log.Info("requests of RADIUS servers are taken now", "address", l.at)
			return true
		}
	}
}

func (l *listener) close() {
	if l == nil {
		return
	}
	l.cancel()
	<-l.ended
}

// dropped logs a dropped request, now and then.
func (l *listener) dropped(from netip.AddrPort, err error) {
	if now := time.Now(); now.Sub(l.warned) >= restTime {
		l.warned = now
		l.client.log.Warn("RADIUS request dropped", "from", from, "why", err)
	}
}

// request takes a datagram and makes the answer to it.
func (l *listener) request(b []byte, from netip.AddrPort, now time.Time) ([]byte, error) {
	b, err := trim(b)
	if err != nil {
		return nil, err
	}
	p, err := l.authentic(b, from.Addr().Unmap(), now)
	if err != nil {
		return nil, err
	}
	stamp, err := rfc2869.EventTimestamp_Lookup(p)
	if err != nil {
		return nil, errNoTime
	}
	if d := now.Sub(stamp); d > replayWindow || d < -replayWindow {
		return nil, errStale
	}
	key := [headerSize]byte(b)
	if r, again := l.replies[key]; again {
		return r.octets, nil
	}
	for k, r := range l.replies {
		if now.After(r.until) {
			delete(l.replies, k)
		}
	}
	if len(l.replies) >= maxReplies {
		return nil, errFlood
	}
	cause := l.client.obey(p)
	answer, err := answerTo(p, cause, now)
	if err == nil {
		l.replies[key] = reply{answer, stamp.Add(replayWindow)}
	}
	return answer, err
}

// authentic reads a request, if a server has made it.
func (l *listener) authentic(b []byte, from netip.Addr, now time.Time) (*radius.Packet, error) {
	err := errStranger
	for _, s := range l.client.cfg.Servers {
		if !l.isFrom(s.Host, from, now) {
			continue
		}
		var p *radius.Packet
		if p, err = parseRequest(b, s.Secret); err == nil {
			return p, nil
		}
	}
	return nil, err
}

// parseRequest reads the request of a server that knows the secret.
func parseRequest(b []byte, secret Secret) (*radius.Packet, error) {
	p, err := radius.Parse(b, secret.octets)
	if err != nil {
		return nil, err
	}
	if p.Code != radius.CodeDisconnectRequest && p.Code != radius.CodeCoARequest {
		return nil, errors.New("it asks for nothing that is known here")
	}
	if !radius.IsAuthenticRequest(b, secret.octets) {
		return nil, errForged
	}
	present, right := signed(b, make([]byte, authenticatorSize), secret.octets)
	switch {
	case !present:
		return nil, errUnsigned
	case !right:
		return nil, errForged
	}
	return p, nil
}

// isFrom reports whether from is an address of the host. Names are looked up
// once a minute at most.
func (l *listener) isFrom(host string, from netip.Addr, now time.Time) bool {
	if a, err := netip.ParseAddr(host); err == nil {
		return a.Unmap() == from
	}
	if l.origins == nil || now.Sub(l.looked) >= lookUpEvery {
		l.lookUp()
		l.looked = now
	}
	for _, a := range l.origins[host] {
		if a.Unmap() == from {
			return true
		}
	}
	return false
}

// lookUp finds the addresses of the servers. A name that does not resolve now
// keeps those that it had.
func (l *listener) lookUp() {
	ctx, cancel := context.WithTimeout(context.Background(), lookUpLimit)
	defer cancel()
	if l.origins == nil {
		l.origins = map[string][]netip.Addr{}
	}
	for _, s := range l.client.cfg.Servers {
		if a, err := net.DefaultResolver.LookupNetIP(ctx, "ip", s.Host); err == nil {
			l.origins[s.Host] = a
		}
	}
}

// answerTo makes the acknowledgement, or, with a cause, the refusal of a
// request.
func answerTo(p *radius.Packet, cause rfc3576.ErrorCause, now time.Time) ([]byte, error) {
	code := radius.CodeDisconnectACK
	switch {
	case p.Code == radius.CodeDisconnectRequest && cause != 0:
		code = radius.CodeDisconnectNAK
	case p.Code == radius.CodeCoARequest && cause == 0:
		code = radius.CodeCoAACK
	case p.Code == radius.CodeCoARequest:
		code = radius.CodeCoANAK
	}
	q := p.Response(code)
	if cause != 0 {
		q.Add(rfc3576.ErrorCause_Type, radius.NewInteger(uint32(cause)))
	}
	q.Add(rfc2869.EventTimestamp_Type, binary.BigEndian.AppendUint32(nil, uint32(now.Unix())))
	for _, a := range p.Attributes { // for the proxies on the way back (RFC 5176, section 3.1)
		if a.Type == rfc2865.ProxyState_Type {
			q.Add(a.Type, a.Attribute)
		}
	}
	return encode(q, true)
}
