package proto

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"
	"time"

	"pppdial/mp/wire"
)

func (d *dialogue) authLayer() AuthLayer {
	return AuthLayer{
		Send:   d.send,
		Passed: func(_ time.Time, m string) { d.note("passed: " + m) },
		Failed: func(_ time.Time, err error) { d.note("failed: " + err.Error()) },
	}
}

func reply(m string) []byte { return wire.AppendPAPReply(nil, wire.PAPReply{Message: m}) }

func request(name, password string) []byte {
	return wire.AppendPAPRequest(nil, wire.PAPRequest{PeerID: name, Password: password})
}

func papClient(t *testing.T) (*dialogue, *PAPClient) {
	d := newDialogue(t, wire.PAP)
	c := NewPAPClient(PAPClientConfig{Name: "me", Password: "guess", Log: d.log()}, d.authLayer())
	d.m = c
	c.Start(d.now)
	return d, c
}

func TestPAPClient(t *testing.T) {
	d, _ := papClient(t)
	d.want(`AuthReq id=0x1 user="me" password=<hidden>`, "")
	if want := "\x02me\x05guess"; string(d.last.Data) != want {
		t.Errorf("sent %q", d.last.Data)
	}
	d.next(5*time.Second, "auth_secs")
	d.want(`AuthReq id=0x2 user="me" password=<hidden>`, "each request has its own identifier: RFC 1334, 2.2.1")
	d.peer(wire.PAPAuthAck, 9, reply("no"))
	d.peer(wire.PAPAuthAck, 0, reply("no"))
	d.saw()
	d.peer(wire.PAPAuthAck, 1, reply("Login ok\r\n"))
	d.saw("passed: Login ok")
	d.peer(wire.PAPAuthNak, 2, reply("too late"))
	d.saw()
	d.rest("it is done")
}

func TestPAPClientRefused(t *testing.T) {
	d, _ := papClient(t)
	d.sent = nil
	d.peer(wire.PAPAuthNak, 1, reply("Login incorrect"))
	d.saw("failed: PAP: refused: Login incorrect")
	d.rest("it is done")
}

func TestPAPClientShortAnswers(t *testing.T) {
	for _, data := range []string{"", "\x00", "\x09abc"} {
		d, _ := papClient(t)
		d.peer(wire.PAPAuthAck, 1, []byte(data))
		d.saw("passed: ")
	}
}

func TestPAPClientGivesUp(t *testing.T) {
	d, _ := papClient(t)
	for range 5 {
		d.sent = nil
		d.next(5*time.Second, "")
	}
	d.sent = nil
	d.next(5*time.Second, "max_auth_secs")
	d.saw("failed: PAP: no answer in time")
	d.rest("it has given up")
}

func TestPAPClientStops(t *testing.T) {
	d, c := papClient(t)
	d.sent = nil
	c.Stop()
	d.rest("stopped")
	d.peer(wire.PAPAuthAck, 1, reply(""))
	d.saw()
}

// asked keeps what Verify was asked.
type asked struct {
	all []*AuthRequest
}

func (a *asked) verify(_ time.Time, r *AuthRequest) { a.all = append(a.all, r) }
func (a *asked) last() *AuthRequest                 { return a.all[len(a.all)-1] }

func papServer(t *testing.T, optional bool) (*dialogue, *PAPServer, *asked) {
	d, a := newDialogue(t, wire.PAP), &asked{}
	s := NewPAPServer(PAPServerConfig{Optional: optional, Verify: a.verify, Log: d.log()}, d.authLayer())
	d.m = s
	s.Start(d.now)
	return d, s, a
}

func TestPAPServer(t *testing.T) {
	d, s, a := papServer(t, false)
	d.peer(wire.PAPAuthReq, 7, request("joe", "guess"))
	d.silence("the owner has not answered")
	d.peer(wire.PAPAuthReq, 8, request("joe", "guess"))
	if len(a.all) != 1 {
		t.Fatalf("asked %d times for one request", len(a.all))
	}
	if r := a.last(); r.Name != "joe" || !r.CheckSecret("guess") || r.CheckSecret("guesS") || r.CheckSecret("") {
		t.Errorf("%v", r)
	}
	if s.Name() != "" {
		t.Error("a name before the proof")
	}
	d.now = d.now.Add(10 * time.Second)
	s.Answer(d.now, a.last(), true, "hello")
	d.want(`AuthAck id=0x8 "hello"`, "the repetition is the one that the peer waits for")
	d.saw("passed: hello")
	if s.Name() != "joe" {
		t.Errorf("name %q", s.Name())
	}
	d.rest("done")
	d.peer(wire.PAPAuthReq, 9, request("joe", "guess"))
	d.want(`AuthAck id=0x9 "hello"`, "our answer may have been lost: RFC 1334, 2.2.1")
	d.peer(wire.PAPAuthReq, 10, request("root", "x"))
	d.want(`AuthAck id=0xa "hello"`, "the same answer to all, and no other name")
	if len(a.all) != 1 || s.Name() != "joe" {
		t.Errorf("asked again; name %q", s.Name())
	}
	d.saw()
}

func TestPAPServerRefuses(t *testing.T) {
	d, s, a := papServer(t, false)
	d.peer(wire.PAPAuthReq, 7, request("joe", "wrong"))
	s.Answer(d.now, a.last(), false, "Login incorrect")
	d.want(`AuthNak id=0x7 "Login incorrect"`, "")
	d.saw("failed: PAP: refused: Login incorrect")
	d.peer(wire.PAPAuthReq, 8, request("joe", "guess"))
	d.want(`AuthNak id=0x8 "Login incorrect"`, "one try a link")
	d.saw()
	if s.Name() != "" || len(a.all) != 1 {
		t.Errorf("name %q, asked %d times", s.Name(), len(a.all))
	}
}

// TestPAPServerOneGuess: a retransmission has the same contents. Who does not
// wait for the answer to a first guess has no second.
func TestPAPServerOneGuess(t *testing.T) {
	d, s, a := papServer(t, false)
	d.peer(wire.PAPAuthReq, 7, request("joe", "wrong"))
	d.peer(wire.PAPAuthReq, 8, request("joe", "guess"))
	d.peer(wire.PAPAuthReq, 9, request("ann", "wrong"))
	d.silence("joe's first guess is the question")
	if len(a.all) != 1 {
		t.Errorf("asked %d times", len(a.all))
	}
	s.Answer(d.now, a.all[0], false, "Login incorrect")
	d.want(`AuthNak id=0x7 "Login incorrect"`, "the answer to what was asked")
	d.saw("failed: PAP: refused: Login incorrect")
	d.peer(wire.PAPAuthReq, 10, request("joe", "guess"))
	d.want(`AuthNak id=0xa "Login incorrect"`, "one try a link")
}

func TestPAPServerLateAnswer(t *testing.T) {
	d, s, a := papServer(t, false)
	d.peer(wire.PAPAuthReq, 7, request("joe", "guess"))
	d.now = d.now.Add(30 * time.Second)
	s.Advance(d.now)
	d.saw("failed: PAP: no answer in time")
	s.Answer(d.now, a.last(), true, "")
	s.Answer(d.now, nil, true, "")
	d.rest("it is over")
	d.saw()
}

func TestPAPServerDeadline(t *testing.T) {
	d, _, _ := papServer(t, false)
	d.peer(wire.PAPAuthReq, 7, []byte{9, 1})
	d.next(30*time.Second, "max_auth_secs")
	d.saw("failed: PAP: no answer in time")
}

func TestPAPServerOptional(t *testing.T) {
	d, _, _ := papServer(t, true)
	d.rest("the peer need not say anything")
}

func TestPAPServerAnswersFromVerify(t *testing.T) {
	d := newDialogue(t, wire.PAP)
	var s *PAPServer
	s = NewPAPServer(PAPServerConfig{Verify: func(now time.Time, r *AuthRequest) { s.Answer(now, r, true, "") }}, d.authLayer())
	d.m = s
	s.Start(d.now)
	d.peer(wire.PAPAuthReq, 7, request("", ""))
	d.want(`AuthAck id=0x7 ""`, "an empty name is a name")
	d.saw("passed: ")
}

func TestAuthRequestHidesSecrets(t *testing.T) {
	r := &AuthRequest{Method: pap, Name: "joe", ID: 1, Password: "guess", Challenge: []byte("CHAL"), Response: []byte("RESP")}
	for _, format := range []string{"%v", "%+v", "%#v", "%s", "%q", "%x", "%d"} {
		s := fmt.Sprintf(format, r)
		if s != `pap id=1 name="joe"` {
			t.Errorf("%s prints %s", format, s)
		}
	}
	if s := r.LogValue().String(); strings.Contains(s, "guess") {
		t.Error(s)
	}
}

func TestCheckSecretNeedsMethod(t *testing.T) {
	r := &AuthRequest{Method: wire.Auth{Protocol: wire.CHAP, Algorithm: wire.CHAPMS}, Password: "guess"}
	if r.CheckSecret("guess") {
		t.Error("an unknown method is believed")
	}
}

// All machines against each other over a line that loses half of all packets.
func TestAuthOverBadLine(t *testing.T) {
	times := AuthTimes{Limit: time.Hour}
	for name, make := range map[string]func(s, c AuthLayer, v func(time.Time, *AuthRequest)) (Server, Authenticator){
		"PAP": func(s, c AuthLayer, v func(time.Time, *AuthRequest)) (Server, Authenticator) {
			return NewPAPServer(PAPServerConfig{Times: times, Verify: v}, s),
				NewPAPClient(PAPClientConfig{Name: "joe", Password: "guess", Times: times}, c)
		},
		"CHAP": func(s, c AuthLayer, v func(time.Time, *AuthRequest)) (Server, Authenticator) {
			return NewCHAPServer(CHAPServerConfig{Algorithm: wire.CHAPMD5, Name: "srv", Times: times, Verify: v}, s),
				NewCHAPClient(CHAPClientConfig{Algorithm: wire.CHAPMD5, Name: "joe", Secret: "guess", Times: times}, c)
		},
		"MS-CHAPv2": func(s, c AuthLayer, v func(time.Time, *AuthRequest)) (Server, Authenticator) {
			return NewCHAPServer(CHAPServerConfig{Algorithm: wire.CHAPMSv2, Name: "srv", Times: times, Verify: v}, s),
				NewCHAPClient(CHAPClientConfig{Algorithm: wire.CHAPMSv2, Name: "joe", Secret: "guess", Times: times}, c)
		},
		"EAP": func(s, c AuthLayer, v func(time.Time, *AuthRequest)) (Server, Authenticator) {
			return NewEAPServer(EAPServerConfig{Name: "srv", Times: times, Verify: v}, s),
				NewEAPClient(EAPClientConfig{Name: "joe", Secret: "guess", Times: times}, c)
		},
	} {
		t.Run(name, func(t *testing.T) {
			now := time.Unix(0, 0)
			var server Server
			var client Authenticator
			var queue []func()
			random, passed := rand.New(rand.NewPCG(1, 2)), 0
			layer := func(to func() Authenticator) AuthLayer {
				return AuthLayer{
					Send: func(p wire.Packet) {
						if random.IntN(2) == 0 {
							info := wire.AppendPacket(nil, p)
							queue = append(queue, func() { to().Input(now, info) })
						}
					},
					Passed: func(time.Time, string) { passed++ },
					Failed: func(_ time.Time, err error) { t.Error(err) },
				}
			}
			verify := func(now time.Time, r *AuthRequest) { server.Answer(now, r, r.CheckSecret("guess"), "") }
			server, client = make(layer(func() Authenticator { return client }), layer(func() Authenticator { return server }), verify)
			server.Start(now)
			client.Start(now)
			for passed < 2 {
				for len(queue) > 0 {
					f := queue[0]
					queue = queue[1:]
					f()
				}
				next := server.Deadline()
				if c := client.Deadline(); next.IsZero() || !c.IsZero() && c.Before(next) {
					next = c
				}
				if next.IsZero() {
					break
				}
				now = next
				server.Advance(now)
				client.Advance(now)
				if c, ok := client.(*EAPClient); ok && server.Name() != "" {
					c.NetworkBegun(now)
				}
			}
			if passed != 2 || server.Name() != "joe" {
				t.Errorf("%d sides passed, name %q", passed, server.Name())
			}
		})
	}
}

func TestErrorsCanBeAskedFor(t *testing.T) {
	if err := refusedError("PAP", ErrAuthTimeout, "x"); !errors.Is(err, ErrAuthTimeout) {
		t.Error(err)
	}
}
