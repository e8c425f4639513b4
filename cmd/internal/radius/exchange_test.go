package radius

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"net"
	"testing"
	"testing/synctest"
	"time"

	"layeh.com/radius"
	"layeh.com/radius/rfc2865"
	"layeh.com/radius/rfc2869"
)

const oneTurnMost = oneTurn + oneTurn/10

func TestServersInTurn(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		n := newNetwork()
		n.serve("b:1812", accept())
		c := testClient(t, n, nil, "a", "b")
		ask := func(why string, least, most time.Duration) {
			t.Helper()
			o := <-question(t.Context(), c, papRequest("joe", "x"))
			if o.Grant == nil || !between(o.after, least, most) {
				t.Errorf("%s: answer %+v after %v, want it after %v to %v", why, o.Answer, o.after, least, most)
			}
		}
		ask("the first server is silent: the second is asked after three requests", oneTurn, oneTurnMost)
		ask("the first server is known to be silent: the second is asked at once", 0, 0)
		time.Sleep(restTime)
		ask("after the rest the first server gets a chance", oneTurn, oneTurnMost)
		ask("which it did not use", 0, 0)
		time.Sleep(restTime)
		n.serve("a:1812", accept(avp(rfc2865.ReplyMessage_Type, []byte("from a"))))
		o := <-question(t.Context(), c, papRequest("joe", "x"))
		if o.Message != "from a" || o.after != 0 {
			t.Errorf("the first server is back, but the answer is %+v after %v", o.Answer, o.after)
		}
		n.serve("a:1812", nil)
		n.refuse("a:1812", true)
		ask("a server that refuses is not waited for", 0, 0)
	})
}

// A name for which there is no answer is the silence of its server: the second
// is asked in time, and from then on at once.
func TestSilentNameService(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		n := newNetwork()
		n.serve("b:1812", accept())
		c := testClient(t, n, func(cfg *Config) {
			cfg.Dial = func(ctx context.Context, network, address string) (net.Conn, error) {
				if address == "a:1812" {
					<-ctx.Done()
					return nil, ctx.Err()
				}
				return n.dial(ctx, network, address)
			}
		}, "a", "b")
		for _, want := range []time.Duration{oneTurn, 0} {
			if o := <-question(t.Context(), c, papRequest("joe", "x")); o.Grant == nil || o.after != want {
				t.Errorf("answer %+v after %v, want it after %v", o.Answer, o.after, want)
			}
		}
	})
}

// When the rest of a silent server is over, one question tries it; the others
// are not held up.
func TestOneTriesTheSilentServer(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		n := newNetwork()
		n.serve("b:1812", accept())
		c := testClient(t, n, nil, "a", "b")
		<-question(t.Context(), c, papRequest("joe", "x"))
		time.Sleep(restTime)
		var all []<-chan outcome
		for range 20 {
			all = append(all, question(t.Context(), c, papRequest("joe", "x")))
		}
		slow := 0
		for _, ch := range all {
			if o := <-ch; o.after > 0 {
				slow++
			}
		}
		if slow != 1 {
			t.Errorf("%d of 20 questions waited for the silent server, want 1", slow)
		}
	})
}

func TestSlowServer(t *testing.T) {
	const slow = 20 * time.Second
	synctest.Test(t, func(t *testing.T) {
		n := newNetwork()
		requests := make(chan []byte, 100)
		n.serve("a:1812", func(s *socket, b []byte) {
			requests <- b
			if len(requests) == 1 {
				time.Sleep(slow)
				s.deliver(answerWith(b, radius.CodeAccessAccept, true))
			}
		})
		c := testClient(t, n, nil, "a")
		o := <-question(t.Context(), c, papRequest("joe", "x"))
		if o.Grant == nil || o.after != slow {
			t.Errorf("answer %+v after %v, want a grant after %v", o.Answer, o.after, slow)
		}
		// at 0, 1, 3 of the first turn, then at 6, 7, 9, 13, 18 s, or a little later
		if n := len(requests); n < 7 || n > 8 {
			t.Errorf("%d requests were sent within %v", n, slow)
		}
		first := <-requests
		for len(requests) > 0 {
			if !bytes.Equal(first, <-requests) {
				t.Error("a repeated request is not the same one")
			}
		}
	})
}

// The server of an earlier turn may still answer while a later one is asked.
func TestLateAnswerOfAnEarlierServer(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		n := newNetwork()
		n.serve("a:1812", func(s *socket, b []byte) {
			time.Sleep(8 * time.Second)
			s.deliver(answerWith(b, radius.CodeAccessAccept, true, avp(rfc2865.ReplyMessage_Type, []byte("a"))))
		})
		c := testClient(t, n, nil, "a", "b")
		if o := <-question(t.Context(), c, papRequest("joe", "x")); o.Message != "a" || o.after != 8*time.Second {
			t.Errorf("answer %+v after %v", o.Answer, o.after)
		}
	})
}

func TestNoServer(t *testing.T) {
	for _, hosts := range [][]string{{"a"}, {"a", "b"}, {"closed"}, {"closed", "a"}, {"closed", "closed"}} {
		t.Run(fmt.Sprint(hosts), func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				n := newNetwork()
				n.refuse("closed:1812", true)
				c := testClient(t, n, func(c *Config) { c.Limit = 27 * time.Second }, hosts...)
				o := <-question(t.Context(), c, papRequest("joe", "x"))
				if !errors.Is(o.Err, ErrNoServer) || o.Grant != nil || o.after != 27*time.Second {
					t.Errorf("answer %+v after %v", o.Answer, o.after)
				}
			})
		})
	}
}

// A restarting server refuses for a while: it must be asked again soon.
func TestServerComesBack(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		n := newNetwork()
		n.refuse("a:1812", true)
		n.serve("a:1812", accept())
		c := testClient(t, n, nil, "a")
		ch := question(t.Context(), c, papRequest("joe", "x"))
		time.Sleep(1500 * time.Millisecond)
		n.refuse("a:1812", false)
		if o := <-ch; o.Grant == nil || o.after > 4*time.Second {
			t.Errorf("answer %+v after %v", o.Answer, o.after)
		}
	})
}

// A link that is gone wants no answer; nor does a client that is closed.
func TestLateAnswerIsDropped(t *testing.T) {
	for _, how := range []string{"link", "client"} {
		t.Run(how, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				n := newNetwork()
				n.serve("a:1812", func(s *socket, b []byte) {
					time.Sleep(3 * time.Second)
					s.deliver(answerWith(b, radius.CodeAccessAccept, true))
				})
				c := testClient(t, n, nil, "a")
				ctx, cancel := context.WithCancel(t.Context())
				defer cancel()
				ch := question(ctx, c, papRequest("joe", "x"))
				time.Sleep(2 * time.Second)
				if how == "link" {
					cancel()
				} else {
					closeNow(c)
				}
				time.Sleep(time.Minute)
				select {
				case o := <-ch:
					t.Errorf("the answer %+v came after the %s was gone", o.Answer, how)
				default:
				}
			})
		})
	}
}

func TestManyAtOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		n := newNetwork()
		n.serve("b:1812", accept())
		c := testClient(t, n, nil, "a", "b")
		var all []<-chan outcome
		for i := range 200 {
			all = append(all, question(t.Context(), c, papRequest(fmt.Sprint("user", i), "x")))
		}
		for i, ch := range all {
			if o := <-ch; o.Grant == nil || o.Grant.User != fmt.Sprint("user", i) || o.after > oneTurnMost {
				t.Fatalf("caller %d: %+v after %v", i, o.Answer, o.after)
			}
		}
	})
}

// An answer counts only if the server made it for this request, with the secret
// and a Message-Authenticator.
func TestForgedAnswers(t *testing.T) {
	reply := func(b []byte, sign bool, change func(*radius.Packet)) []byte {
		p, err := radius.Parse(b, []byte(testSecret))
		if err != nil {
			t.Fatal(err)
		}
		q := p.Response(radius.CodeAccessAccept)
		change(q)
		a, err := encode(q, sign)
		if err != nil {
			t.Fatal(err)
		}
		return a
	}
	flip := func(at int) func(b, _ []byte) []byte {
		return func(b, _ []byte) []byte {
			a := reply(b, true, func(*radius.Packet) {})
			a[at]++
			return a
		}
	}
	for name, forge := range map[string]func(b, replay []byte) []byte{
		"no Message-Authenticator": func(b, _ []byte) []byte { return reply(b, false, func(*radius.Packet) {}) },
		"wrong Message-Authenticator": func(b, _ []byte) []byte {
			return reply(b, false, func(p *radius.Packet) { p.Add(rfc2869.MessageAuthenticator_Type, make([]byte, 16)) })
		},
		"two Message-Authenticators": func(b, _ []byte) []byte {
			return reply(b, true, func(p *radius.Packet) { p.Add(rfc2869.MessageAuthenticator_Type, make([]byte, 16)) })
		},
		"short Message-Authenticator": func(b, _ []byte) []byte {
			return reply(b, false, func(p *radius.Packet) { p.Add(rfc2869.MessageAuthenticator_Type, make([]byte, 15)) })
		},
		"other secret": func(b, _ []byte) []byte {
			return reply(b, true, func(p *radius.Packet) { p.Secret = []byte("other") })
		},
		"other identifier": func(b, _ []byte) []byte {
			return reply(b, true, func(p *radius.Packet) { p.Identifier++ })
		},
		"other request's authenticator": func(b, _ []byte) []byte {
			return reply(b, true, func(p *radius.Packet) { p.Authenticator[3]++ })
		},
		"replayed": func(b, replay []byte) []byte {
			replay = bytes.Clone(replay)
			replay[1] = b[1]
			return replay
		},
		"changed code":          flip(0),
		"changed authenticator": flip(4),
		"changed attribute":     flip(headerSize + 5),
		"cut":                   func(b, _ []byte) []byte { return reply(b, true, func(*radius.Packet) {})[:30] },
		"empty":                 func(b, _ []byte) []byte { return nil },
		"the request itself":    func(b, _ []byte) []byte { return b },
		"of accounting": func(b, _ []byte) []byte {
			return reply(b, true, func(p *radius.Packet) { p.Code = radius.CodeAccountingResponse })
		},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				n := newNetwork()
				var old []byte
				n.serve("a:1812", func(s *socket, b []byte) {
					old = answerWith(b, radius.CodeAccessAccept, true)
					s.deliver(old)
				})
				c := testClient(t, n, nil, "a")
				<-question(t.Context(), c, papRequest("joe", "x"))
				n.serve("a:1812", func(s *socket, b []byte) {
					s.deliver(forge(b, old))
					time.Sleep(100 * time.Millisecond)
					s.deliver(append(answerWith(b, radius.CodeAccessReject, true), "padding"...))
				})
				if o := <-question(t.Context(), c, papRequest("joe", "x")); o.Grant != nil || o.Err != nil || o.after != 100*time.Millisecond {
					t.Errorf("the forged answer counted: %+v after %v", o.Answer, o.after)
				}
			})
		})
	}
}

// The first attribute is the Message-Authenticator, and it is right.
func TestMessageAuthenticatorFirst(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		n := newNetwork()
		n.serve("a:1812", func(s *socket, b []byte) {
			if radius.Type(b[headerSize]) != rfc2869.MessageAuthenticator_Type {
				t.Errorf("the first attribute is %d", b[headerSize])
			}
			if present, right := signed(b, b[authenticatorAt:headerSize], []byte(testSecret)); !present || !right {
				t.Error("the Message-Authenticator is wrong")
			}
			accept()(s, b)
		})
		c := testClient(t, n, nil, "a")
		<-question(t.Context(), c, papRequest("joe", "x"))
	})
}
