package main

import (
	"bytes"
	"crypto/md5"
	"testing"
	"time"

	"pppdial/mp/hdlc"
	"pppdial/mp/wire"
)

// Codes of control packets that a raw caller knows.
const (
	request, ack        = 1, 2 // Configure-
	challenge, response = 1, 2 // of CHAP
)

// silent is a caller that says nothing: a login shell brings its line.
func (c *crowd) silent(label string) *callerEnd {
	e := c.idle(label)
	c.t.Cleanup(func() { e.master.Close() })
	c.hand(e, label)
	return e
}

// A raw is a caller that does with packets what a test wants.
type raw struct{ *callerEnd }

// send sends a packet with everything escaped.
func (r raw) send(p wire.Protocol, body []byte) {
	all := hdlc.FromUint32(0xffffffff)
	r.master.Write(hdlc.AppendFrame(nil, append([]byte{0xff, 0x03, byte(p >> 8), byte(p)}, body...), &all, true))
}

// run agrees to all that the peer says by LCP, wants the options in return, and
// gives everything else to packet, until the line is hung up.
func (r raw) run(t *testing.T, options []byte, packet func(p wire.Protocol, body []byte)) {
	t.Helper()
	r.master.SetDeadline(time.Now().Add(time.Minute))
	asked := false
	var dec hdlc.Decoder
	buf := make([]byte, 4096)
	for {
		n, err := r.master.Read(buf)
		if err != nil {
			break
		}
		dec.Feed(buf[:n])
		for f, ok := dec.Next(); ok; f, ok = dec.Next() {
			f = bytes.TrimPrefix(f, []byte{0xff, 0x03})
			if len(f) < 6 {
				continue
			}
			p, body := wire.Protocol(f[0])<<8|wire.Protocol(f[1]), bytes.Clone(f[2:])
			switch {
			case p != wire.LCP:
				packet(p, body)
			case body[0] == request:
				body[0] = ack
				r.send(p, body)
				if !asked {
					asked = true
					r.send(p, append([]byte{request, 1, 0, byte(4 + len(options))}, options...))
				}
			}
		}
	}
	select {
	case <-r.shell:
	case <-time.After(time.Minute):
		t.Error("the line is still connected")
	}
}

// answerTo is the packet that answers a challenge.
func answerTo(challenge []byte, name, secret string) []byte {
	value := challenge[5 : 5+challenge[4]]
	sum := md5.Sum(append(append([]byte{challenge[1]}, secret...), value...))
	body := append([]byte{response, challenge[1], 0, byte(4 + 1 + len(sum) + len(name)), byte(len(sum))}, sum[:]...)
	return append(body, name...)
}
