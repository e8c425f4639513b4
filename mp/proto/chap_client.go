package proto

import (
	"bytes"
	"log/slog"
	"time"

	"pppdial/mp/wire"
)

// CHAPClientConfig is how we authenticate ourselves by CHAP.
type CHAPClientConfig struct {
	Algorithm uint8 // wire.CHAPMD5 or wire.CHAPMSv2
	Name      string
	Secret    string
	Times     AuthTimes
	// Own reports whether a challenge is one that our own side has sent; such
	// a one is refused. See CHAPServer.Sent. Nil: never.
	Own    func(challenge []byte) bool
	Random func([]byte) // fills with random octets; nil: crypto/rand
	Log    *slog.Logger
}

// CHAPClient answers Challenges (RFC 1994, RFC 2759).
type CHAPClient struct {
	cfg    CHAPClientConfig
	method chapClientMethod
	layer  AuthLayer

	started   bool
	passed    bool // at least once
	timer     authTimer
	id        uint8
	challenge []byte // the last one, nil before
	response  []byte // the data of our Response
	answered  bool   // by Success
}

// NewCHAPClient returns a client that waits for Start.
func NewCHAPClient(cfg CHAPClientConfig, layer AuthLayer) *CHAPClient {
	cfg.Times, cfg.Log, cfg.Random = cfg.Times.WithDefaults(), logger(cfg.Log), random(cfg.Random)
	return &CHAPClient{cfg: cfg, method: newCHAPClientMethod(&cfg), layer: layer}
}

// Start waits for a Challenge.
func (c *CHAPClient) Start(now time.Time) {
	*c = CHAPClient{cfg: c.cfg, method: c.method, layer: c.layer, started: true}
	c.timer.limit = now.Add(c.cfg.Times.Limit)
}

// Input takes a Challenge, at any time, and the answer to our Response.
func (c *CHAPClient) Input(now time.Time, info []byte) {
	p, err := wire.ParsePacket(info)
	if !c.started || err != nil {
		return
	}
	switch p.Code {
	case wire.CHAPChallenge:
		c.challenged(now, p)
	case wire.CHAPSuccess, wire.CHAPFailure:
		if c.challenge != nil && p.ID == c.id && !c.answered {
			c.told(now, p)
		}
	}
}

func (c *CHAPClient) challenged(now time.Time, p wire.Packet) {
	v, err := wire.ParseCHAPValue(p.Data)
	if err != nil {
		c.cfg.Log.Debug("packet dropped", "proto", "CHAP", "why", err)
		return
	}
	if c.cfg.Own != nil && c.cfg.Own(v.Value) {
		c.Stop()
		c.layer.failed(now, refusedError("CHAP", ErrAuthReflected, ""))
		return
	}
	if c.challenge == nil || p.ID != c.id || !bytes.Equal(v.Value, c.challenge) {
		answer, err := c.method.answer(p.ID, v.Value)
		if err != nil {
			c.cfg.Log.Debug("packet dropped", "proto", "CHAP", "why", err)
			return
		}
		if c.passed { // a further round
			c.timer.limit = now.Add(c.cfg.Times.Limit)
		}
		c.id, c.challenge, c.answered = p.ID, bytes.Clone(v.Value), false
		c.response = wire.AppendCHAPValue(nil, wire.CHAPValue{Value: answer, Name: c.cfg.Name})
	}
	c.respond(now)
}

// respond sends the Response, and again until it is answered.
func (c *CHAPClient) respond(now time.Time) {
	if !c.answered {
		c.timer.repeat = now.Add(c.cfg.Times.Interval)
	}
	c.layer.Send(wire.Packet{Code: wire.CHAPResponse, ID: c.id, Data: c.response})
}

func (c *CHAPClient) told(now time.Time, p wire.Packet) {
	c.answered, c.timer = true, authTimer{}
	var message string
	err := ErrAuthRefused
	if p.Code == wire.CHAPSuccess {
		message, err = c.method.success(p.Data)
	} else {
		message = c.method.failure(p.Data)
	}
	switch {
	case err != nil:
		c.Stop()
		c.layer.failed(now, refusedError("CHAP", err, message))
	case !c.passed:
		c.passed = true
		c.layer.passed(now, message)
	}
}

// Deadline is when Advance wants to be called, zero when there is no need.
func (c *CHAPClient) Deadline() time.Time { return c.timer.deadline() }

// Advance repeats the Response or gives up. In further rounds it is the
// peer's to give up: it has begun them.
func (c *CHAPClient) Advance(now time.Time) {
	repeat, over := c.timer.due(now)
	switch {
	case over && !c.passed:
		c.Stop()
		c.layer.failed(now, refusedError("CHAP", ErrAuthTimeout, ""))
	case repeat:
		c.respond(now)
	}
}

// Stop ends it silently.
func (c *CHAPClient) Stop() { c.started, c.timer = false, authTimer{} }
