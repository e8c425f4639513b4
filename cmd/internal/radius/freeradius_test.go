package radius

import (
	"fmt"
	"net/netip"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"pppdial/cmd/internal/radius/radiustest"
	"pppdial/mp/proto"
	"pppdial/mp/wire"
)

const users = `
joe Cleartext-Password := "right"
ann Cleartext-Password := "right"
	Framed-IP-Address = 192.0.2.7,
	Framed-IP-Netmask = 255.255.255.240,
	Framed-Pool = "main",
	Framed-IPv6-Prefix = 2001:db8:7::/48,
	Framed-Interface-Id = 0000:0000:0000:0007,
	Framed-Route = "198.51.100.0/24 0.0.0.0 1",
	Framed-Route += "203.0.113.0/24 192.0.2.7 2",
	Framed-MTU = 1400,
	Session-Timeout = 3600,
	Idle-Timeout = 300,
	Port-Limit = 2,
	Reply-Message = "Good morning",
	Class = 0x676f6c64,
	Filter-Id = "premium",
	Acct-Interim-Interval = 600
bad Cleartext-Password := "right", Auth-Type := Reject
	Reply-Message = "You have not paid"
DEFAULT Auth-Type := Reject
`

// loopback are servers of a client on this machine.
func loopback(secret string, ports ...int) []Server {
	var all []Server
	for _, p := range ports {
		all = append(all, Server{"127.0.0.1", p, NewSecret(secret)})
	}
	return all
}

func realClient(t *testing.T, servers []Server) *Client {
	t.Helper()
	c, err := New(Config{Servers: servers, Identifier: "nas-1", Dir: t.TempDir(), Log: newTestLog(t)})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { closeNow(c) })
	return c
}

// outcomeOf is how an authentication ended for both sides.
type outcomeOf struct {
	Answer
	server, client error
	message        string // as the peer got it
}

// converse lets a peer authenticate itself by a method of PPP, as a link does.
func converse(t *testing.T, c *Client, method wire.Auth, name, password string) outcomeOf {
	var server proto.Server
	var client proto.Authenticator
	var o outcomeOf
	answers := make(chan func(), 1)
	verify := func(now time.Time, r *proto.AuthRequest) {
		c.Authenticate(t.Context(), Call{ID: NewID(), Line: "ttyS0", Calling: "0301234"}, r, func(a Answer) {
			answers <- func() {
				o.Answer = a
				server.Answer(time.Now(), r, a.Grant != nil, a.Message)
			}
		})
	}
	var queue []func()
	down := proto.AuthLayer{
		Send: func(p wire.Packet) {
			queue = append(queue, func() { client.Input(time.Now(), wire.AppendPacket(nil, p)) })
		},
		Failed: func(_ time.Time, err error) { o.server = err },
	}
	up := proto.AuthLayer{
		Send: func(p wire.Packet) {
			queue = append(queue, func() { server.Input(time.Now(), wire.AppendPacket(nil, p)) })
		},
		Passed: func(_ time.Time, message string) { o.message = message },
		Failed: func(_ time.Time, err error) { o.client = err },
	}
	switch method.Protocol {
	case wire.PAP:
		server = proto.NewPAPServer(proto.PAPServerConfig{Verify: verify}, down)
		client = proto.NewPAPClient(proto.PAPClientConfig{Name: name, Password: password}, up)
	case wire.EAP:
		server = proto.NewEAPServer(proto.EAPServerConfig{Name: "nas", Verify: verify}, down)
		client = proto.NewEAPClient(proto.EAPClientConfig{Name: name, Secret: password}, up)
	default:
		server = proto.NewCHAPServer(proto.CHAPServerConfig{Algorithm: method.Algorithm, Name: "nas", Verify: verify}, down)
		client = proto.NewCHAPClient(proto.CHAPClientConfig{Algorithm: method.Algorithm, Name: name, Secret: password}, up)
	}
	client.Start(time.Now())
	server.Start(time.Now())
	for answered := false; !answered || len(queue) > 0; {
		if len(queue) == 0 {
			(<-answers)()
			answered = true
			continue
		}
		f := queue[0]
		queue = queue[1:]
		f()
	}
	return o
}

var (
	pap    = wire.Auth{Protocol: wire.PAP}
	chap   = wire.Auth{Protocol: wire.CHAP, Algorithm: wire.CHAPMD5}
	mschap = wire.Auth{Protocol: wire.CHAP, Algorithm: wire.CHAPMSv2}
	eap    = wire.Auth{Protocol: wire.EAP}
)

func TestFreeradiusPasswords(t *testing.T) {
	s := radiustest.Start(t, testSecret, users)
	c := realClient(t, loopback(testSecret, s.Port))
	for _, m := range []wire.Auth{pap, chap, mschap, eap} {
		for _, x := range []struct {
			name, password string
			ok             bool
			message        string
		}{
			{"joe", "right", true, ""},
			{"ann", "right", true, "Good morning"},
			{"joe", "wrong", false, ""},
			{"joe", "", false, ""},
			{"nobody", "right", false, ""},
			{"bad", "right", false, "You have not paid"},
		} {
			t.Run(fmt.Sprint(m, " ", x.name, " ", x.password), func(t *testing.T) {
				o := converse(t, c, m, x.name, x.password)
				if o.Err != nil || (o.Grant != nil) != x.ok || (o.server == nil) != x.ok || (o.client == nil) != x.ok {
					t.Fatalf("%+v, want %v", o, x.ok)
				}
				told := o.message
				if o.client != nil {
					told = o.client.Error()
				}
				if m == eap { // its Success and Failure have no message
					x.message = ""
				}
				if !strings.Contains(told, x.message) || (m == mschap || m == eap) && x.ok && told != x.message {
					t.Errorf("the peer was told %q, want %q", told, x.message)
				}
			})
		}
	}
	if written := s.Files(); strings.Contains(written, testSecret) {
		t.Error("the secret is in what the server wrote")
	}
}

func TestFreeradiusAttributes(t *testing.T) {
	s := radiustest.Start(t, testSecret, users)
	c := realClient(t, loopback(testSecret, s.Port))
	addr, prefix := netip.MustParseAddr, netip.MustParsePrefix
	want := &Grant{
		User: "ann", Address: addr("192.0.2.7"), Netmask: addr("255.255.255.240"), Pool: "main", InterfaceID: wire.InterfaceID{7: 7},
		Prefixes: []netip.Prefix{prefix("2001:db8:7::/48")},
		Routes: []Route{{Prefix: prefix("198.51.100.0/24"), Metric: 1},
			{Prefix: prefix("203.0.113.0/24"), Gateway: addr("192.0.2.7"), Metric: 2}},
		MTU: 1400, SessionTimeout: time.Hour, IdleTimeout: 5 * time.Minute, Ports: 2, Interim: 10 * time.Minute,
		Filter: "premium", Message: "Good morning", Class: [][]byte{[]byte("gold")},
	}
	o := converse(t, c, pap, "ann", "right")
	if d := cmp.Diff(want, o.Grant, compareAddrs); d != "" {
		t.Error(d)
	}
}

// Of two servers the first is dead: nobody is there, or nobody answers.
func TestFreeradiusSecondServer(t *testing.T) {
	s := radiustest.Start(t, testSecret, users)
	dead := radiustest.Start(t, testSecret, users)
	dead.Stop()
	c := realClient(t, loopback(testSecret, dead.Port, s.Port))
	began := time.Now()
	if o := converse(t, c, chap, "joe", "right"); o.Grant == nil {
		t.Errorf("nobody is at the first server: %+v", o)
	}
	t.Logf("nobody is at the first server: answered after %v", time.Since(began))

	other := realClient(t, append(loopback("another secret", s.Port), loopback(testSecret, s.Port)...))
	if o := converse(t, other, chap, "joe", "right"); o.Grant == nil {
		t.Errorf("the first server has another secret: %+v", o)
	}
}

func TestFreeradiusManyAtOnce(t *testing.T) {
	s := radiustest.Start(t, testSecret, users)
	c := realClient(t, loopback(testSecret, s.Port))
	const callers = 200
	methods := []wire.Auth{pap, chap, mschap, eap}
	began := time.Now()
	wrong := make(chan string, callers)
	for i := range callers {
		go func() {
			password, ok := "right", i%5 != 0
			if !ok {
				password = "wrong"
			}
			o := converse(t, c, methods[i%len(methods)], "ann", password)
			if (o.Grant != nil) != ok || o.Err != nil || (o.client == nil) != ok {
				wrong <- fmt.Sprintf("caller %d: %+v", i, o)
				return
			}
			wrong <- ""
		}()
	}
	for range callers {
		if w := <-wrong; w != "" {
			t.Error(w)
		}
	}
	t.Logf("%d callers at once: %v", callers, time.Since(began))
}
