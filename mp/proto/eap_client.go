package proto

import (
	"bytes"
	"fmt"
	"log/slog"
	"time"

	"pppdial/mp/fsm"
	"pppdial/mp/wire"
)

// EAPClientConfig is how we authenticate ourselves by EAP.
type EAPClientConfig struct {
	Name   string // identity, and name in the MD5-Challenge
	Secret string
	Times  AuthTimes
	// Own reports whether a challenge is one that our own side has sent; such
	// a one is refused. See CHAPServer.Sent, whose responses are the same. Nil:
	// never.
	Own func(challenge []byte) bool
	Log *slog.Logger
}

// EAPClient is the peer in the words of EAP: it answers Requests, of which it
// can Identity, Notification and MD5-Challenge (RFC 3748). Repeating is the
// authenticator's.
type EAPClient struct {
	cfg   EAPClientConfig
	layer AuthLayer

	started  bool
	passed   bool // at least once
	limit    time.Time
	id       uint8  // of the last Request that was answered
	request  []byte // its data; nil: no conversation
	response []byte // the data of our Response
	proved   bool   // an MD5-Challenge was answered and nothing said to it yet

	refused wire.EAPType // the last method that we refused; 0: none
	notice  string       // the last Notification
}

// NewEAPClient returns a client that waits for Start.
func NewEAPClient(cfg EAPClientConfig, layer AuthLayer) *EAPClient {
	cfg.Times, cfg.Log = cfg.Times.WithDefaults(), logger(cfg.Log)
	return &EAPClient{cfg: cfg, layer: layer}
}

// Start waits for a Request.
func (c *EAPClient) Start(now time.Time) {
	*c = EAPClient{cfg: c.cfg, layer: c.layer, started: true, limit: now.Add(c.cfg.Times.Limit)}
}

// Input takes a Request, at any time, and the end of a conversation.
func (c *EAPClient) Input(now time.Time, info []byte) {
	p, err := wire.ParsePacket(info)
	if !c.started || err != nil {
		return
	}
	switch {
	case p.Code == wire.EAPRequest:
		c.asked(now, p)
	case c.request == nil || p.ID != c.id && p.ID != c.id+1:
		// Both have the identifier of the last Response (RFC 3748, section
		// 4.2); some authenticators count on.
	case p.Code == wire.EAPSuccess:
		c.succeeded(now)
	case p.Code == wire.EAPFailure:
		c.Stop()
		c.layer.failed(now, refusedError("EAP", ErrAuthRefused, c.why()))
	}
}

// why is what is known about a Failure, which says nothing itself.
func (c *EAPClient) why() string {
	if c.notice == "" && c.refused != 0 {
		return fmt.Sprintf("the peer wants %v, we can %v", c.refused, wire.EAPMD5)
	}
	return c.notice
}

// asked answers a Request; one that is repeated gets the same Response again
// (RFC 3748, section 4.1).
func (c *EAPClient) asked(now time.Time, p wire.Packet) {
	if c.request == nil || p.ID != c.id || !bytes.Equal(p.Data, c.request) {
		body, err := wire.ParseEAPBody(p.Data)
		if err == nil {
			body, err = c.answer(now, p.ID, body)
		}
		if !c.started {
			return
		}
		if err != nil {
			c.cfg.Log.Debug("packet dropped", "proto", "EAP", "why", err)
			return
		}
		c.id, c.request, c.response = p.ID, bytes.Clone(p.Data), wire.AppendEAPBody(nil, body)
	}
	c.layer.Send(wire.Packet{Code: wire.EAPResponse, ID: c.id, Data: c.response})
}

// answer is the Response to a Request, or what is wrong with that. A challenge
// of our own ends it.
func (c *EAPClient) answer(now time.Time, id uint8, request wire.EAPBody) (wire.EAPBody, error) {
	response := wire.EAPBody{Type: request.Type}
	switch {
	case request.Type == wire.EAPIdentity:
		c.proved = false
		response.Data = []byte(c.cfg.Name)
	case request.Type == wire.EAPNotification:
		c.notice = fsm.Printable(request.Data)
		c.cfg.Log.Info("notification from the peer", "proto", "EAP", "message", c.notice)
	case request.Type == wire.EAPMD5:
		v, err := wire.ParseCHAPValue(request.Data)
		if err != nil {
			return response, err
		}
		if c.cfg.Own != nil && c.cfg.Own(v.Value) {
			c.Stop()
			c.layer.failed(now, refusedError("EAP", ErrAuthReflected, ""))
			return response, nil
		}
		c.proved, c.refused, c.notice = true, 0, ""
		response.Data = wire.AppendCHAPValue(nil, wire.CHAPValue{
			Value: md5Response(id, c.cfg.Secret, v.Value), Name: c.cfg.Name})
	case request.Type < wire.EAPMD5:
		return response, fmt.Errorf("%v is no request", request.Type)
	default:
		c.proved, c.refused = false, request.Type
		response = wire.EAPBody{Type: wire.EAPNak, Data: []byte{byte(wire.EAPMD5)}}
	}
	return response, nil
}

// succeeded is the end of a conversation, if we have proved ourselves; the
// authenticator may not do without (RFC 3748, section 4.2).
func (c *EAPClient) succeeded(now time.Time) {
	if !c.proved {
		c.cfg.Log.Debug("packet dropped", "proto", "EAP", "why", "Success without a challenge")
		return
	}
	c.proved, c.request, c.limit = false, nil, time.Time{}
	if !c.passed {
		c.passed = true
		c.layer.passed(now, c.notice)
	}
}

// NetworkBegun says that the peer has begun with network protocols: so there
// was a Success, which is never repeated and was lost (RFC 2284, section 2.2.2).
func (c *EAPClient) NetworkBegun(now time.Time) {
	if c.started && c.proved {
		c.succeeded(now)
	}
}

// Deadline is when Advance wants to be called, zero when there is no need.
func (c *EAPClient) Deadline() time.Time { return c.limit }

// Advance gives up when the limit has come. Further rounds have none here: it
// is the peer's to give up, who has begun them.
func (c *EAPClient) Advance(now time.Time) {
	if !c.limit.IsZero() && !now.Before(c.limit) {
		c.Stop()
		c.layer.failed(now, refusedError("EAP", ErrAuthTimeout, c.why()))
	}
}

// Stop ends it silently.
func (c *EAPClient) Stop() { c.started, c.limit = false, time.Time{} }
