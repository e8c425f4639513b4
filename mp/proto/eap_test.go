package proto

import (
	"bytes"
	"testing"
	"time"

	"pppdial/mp/wire"
)

func eapBody(t wire.EAPType, data []byte) []byte {
	return wire.AppendEAPBody(nil, wire.EAPBody{Type: t, Data: data})
}

func eapClient(t *testing.T, own func([]byte) bool) (*dialogue, *EAPClient) {
	d := newDialogue(t, wire.EAP)
	c := NewEAPClient(EAPClientConfig{Name: "me", Secret: "guess", Own: own, Log: d.log()}, d.authLayer())
	d.m = c
	c.Start(d.now)
	return d, c
}

const ourMD5 = `MD5-Challenge <Value <hidden>> <Name "me">`

func TestEAPClient(t *testing.T) {
	d, _ := eapClient(t, nil)
	d.silence("the authenticator speaks first")
	d.peer(wire.EAPSuccess, 0)
	d.saw()
	d.peer(wire.EAPRequest, 4, eapBody(wire.EAPIdentity, []byte("who are you?")))
	d.want(`Response id=0x4 Identity <Name "me">`, "")
	d.peer(wire.EAPSuccess, 4)
	d.saw() // RFC 3748, 4.2: no bare Success
	d.peer(wire.EAPRequest, 5, eapBody(wire.EAPNotification, []byte("closed at 18:00")))
	d.want(`Response id=0x5 Notification`, "RFC 3748, 5.2")
	d.peer(wire.EAPRequest, 5, eapBody(wire.EAPMD5, value([]byte("0123456789abcdef"), "srv")))
	d.want("Response id=0x5 "+ourMD5, "it is another one, whatever its identifier")
	body, _ := wire.ParseEAPBody(d.last.Data)
	v, err := wire.ParseCHAPValue(body.Data)
	if err != nil {
		t.Fatal(err)
	}
	wantHex(t, "response", v.Value, md5Of)
	d.peer(wire.EAPRequest, 5, eapBody(wire.EAPMD5, value([]byte("0123456789abcdef"), "srv")))
	d.want("Response id=0x5 "+ourMD5, "a repetition: RFC 3748, 4.1")
	d.peer(wire.EAPSuccess, 4)
	d.peer(wire.EAPSuccess, 7)
	d.peer(wire.EAPFailure, 4)
	d.saw()
	d.peer(wire.EAPSuccess, 5)
	d.saw("passed: ")
	d.peer(wire.EAPFailure, 5)
	d.saw() // the conversation is over
	d.rest("until the next request")

	d.peer(wire.EAPRequest, 6, eapBody(wire.EAPMD5, value([]byte("fedcba9876543210"), "srv")))
	d.want("Response id=0x6 "+ourMD5, "a further round")
	d.peer(wire.EAPSuccess, 6)
	d.saw()
	d.peer(wire.EAPRequest, 7, eapBody(wire.EAPMD5, value([]byte("x"), "")))
	d.want("Response id=0x7 "+ourMD5, "")
	d.rest("a further round is the authenticator's to give up")
	d.peer(wire.EAPFailure, 8)
	d.saw("failed: EAP: refused")
	d.peer(wire.EAPRequest, 9, eapBody(wire.EAPIdentity, nil))
	d.rest("it has failed")
}

func TestEAPClientNotified(t *testing.T) {
	d, _ := eapClient(t, nil)
	d.peer(wire.EAPRequest, 1, eapBody(wire.EAPMD5, value([]byte("0123456789abcdef"), "srv")))
	d.want("Response id=0x1 "+ourMD5, "nobody must ask for the identity")
	d.peer(wire.EAPRequest, 2, eapBody(wire.EAPNotification, []byte("Your password\r\nhas expired\x00")))
	d.want("Response id=0x2 Notification", "")
	d.peer(wire.EAPFailure, 3)
	d.saw("failed: EAP: refused: Your password has expired")
}

func TestEAPClientProposes(t *testing.T) {
	d, _ := eapClient(t, nil)
	d.peer(wire.EAPRequest, 1, eapBody(25, []byte{0x20}))
	d.want("Response id=0x1 Nak <Suggested-type 04 (MD5-Challenge)>", "RFC 3748, 5.3.1")
	d.peer(wire.EAPRequest, 2, eapBody(254, make([]byte, 7)))
	d.want("Response id=0x2 Nak <Suggested-type 04 (MD5-Challenge)>", "expanded types are not known: 5.3.1")
	d.peer(wire.EAPSuccess, 2)
	d.saw()
	d.peer(wire.EAPFailure, 2)
	d.saw("failed: EAP: refused: the peer wants type 254, we can MD5-Challenge")
}

func TestEAPClientDropsNonsense(t *testing.T) {
	d, _ := eapClient(t, nil)
	d.peer(wire.EAPRequest, 1)
	d.peer(wire.EAPRequest, 1, eapBody(0, nil))
	d.peer(wire.EAPRequest, 1, eapBody(wire.EAPNak, []byte{4}))
	d.peer(wire.EAPRequest, 1, eapBody(wire.EAPMD5, []byte{0}))
	d.peer(wire.EAPRequest, 1, eapBody(wire.EAPMD5, []byte{9, 1}))
	d.peer(wire.EAPResponse, 1, eapBody(wire.EAPIdentity, nil))
	d.peer(wire.EAPFailure, 0)
	d.peer(9, 0)
	d.saw()
	d.next(30*time.Second, "no request came")
	d.saw("failed: EAP: no answer in time")
	d.rest("it has failed")
}

// A Success that was lost is not repeated. That the network begins tells the
// same.
func TestEAPClientLostSuccess(t *testing.T) {
	d, c := eapClient(t, nil)
	c.NetworkBegun(d.now)
	d.peer(wire.EAPRequest, 1, eapBody(wire.EAPIdentity, nil))
	d.want(`Response id=0x1 Identity <Name "me">`, "")
	c.NetworkBegun(d.now)
	d.saw()
	d.peer(wire.EAPRequest, 2, eapBody(wire.EAPMD5, value([]byte("0123456789abcdef"), "")))
	d.want("Response id=0x2 "+ourMD5, "")
	c.NetworkBegun(d.now)
	d.saw("passed: ")
	c.NetworkBegun(d.now)
	d.saw()
	d.rest("it is done")
}

func TestEAPClientEmptyName(t *testing.T) {
	d := newDialogue(t, wire.EAP)
	c := NewEAPClient(EAPClientConfig{Secret: "guess"}, d.authLayer())
	d.m = c
	d.peer(wire.EAPRequest, 1, eapBody(wire.EAPIdentity, nil))
	d.silence("it has not begun")
	c.Start(d.now)
	d.peer(wire.EAPRequest, 1, eapBody(wire.EAPIdentity, nil))
	d.want("Response id=0x1 Identity", "an empty name is a name")
	d.peer(wire.EAPRequest, 2, eapBody(wire.EAPMD5, value([]byte("x"), "")))
	d.want("Response id=0x2 MD5-Challenge <Value <hidden>>", "")
}

// The responses of EAP and of CHAP are the same, so that a challenge of one
// must not come back by the other.
func TestEAPReflection(t *testing.T) {
	ours := newDialogue(t, wire.CHAP)
	chap := NewCHAPServer(CHAPServerConfig{Algorithm: wire.CHAPMD5, Verify: (&asked{}).verify}, ours.authLayer())
	chap.Start(ours.now)
	v, _ := wire.ParseCHAPValue(ours.last.Data)
	d, _ := eapClient(t, func(c []byte) bool { return bytes.Equal(c, v.Value) })
	d.peer(wire.EAPRequest, ours.last.ID, eapBody(wire.EAPMD5, value(v.Value, "thief")))
	d.rest("our own challenge is not answered")
	d.saw("failed: EAP: the peer sent us our own challenge")

	server, s, _ := eapServer(t, 0)
	server.peer(wire.EAPResponse, 2, eapBody(wire.EAPIdentity, []byte("thief")))
	d, _ = eapClient(t, func(c []byte) bool { return bytes.Equal(c, s.challenge) })
	d.peer(wire.EAPRequest, server.last.ID, server.last.Data)
	d.rest("our own challenge is not answered")
	d.saw("failed: EAP: the peer sent us our own challenge")
}

// eapServer is one that has sent its first request, with identifier 2.
func eapServer(t *testing.T, again time.Duration) (*dialogue, *EAPServer, *asked) {
	d, a := newDialogue(t, wire.EAP), &asked{}
	n := byte(0)
	s := NewEAPServer(EAPServerConfig{
		Name: "srv", Again: again, Verify: a.verify, Log: d.log(),
		Random: func(b []byte) {
			for i := range b {
				n++
				b[i] = n
			}
		},
	}, d.authLayer())
	d.m = s
	s.Start(d.now)
	d.want("Request id=0x2 Identity", "")
	return d, s, a
}

const srvMD5 = `MD5-Challenge <Value <hidden>> <Name "srv">`

// challengeOf is the challenge in the last Request.
func (d *dialogue) challengeOf() []byte {
	body, _ := wire.ParseEAPBody(d.last.Data)
	v, err := wire.ParseCHAPValue(body.Data)
	if err != nil {
		d.Fatal(err)
	}
	return v.Value
}

func TestEAPServer(t *testing.T) {
	d, s, a := eapServer(t, 0)
	d.next(5*time.Second, "auth_secs")
	d.want("Request id=0x2 Identity", "a repetition keeps its identifier: RFC 3748, 4.1")
	d.peer(wire.EAPResponse, 1, eapBody(wire.EAPIdentity, []byte("ann")))
	d.peer(wire.EAPResponse, 2, eapBody(wire.EAPNak, []byte{13}))
	d.peer(wire.EAPResponse, 2, eapBody(wire.EAPMD5, value([]byte("x"), "ann")))
	d.peer(wire.EAPResponse, 2)
	d.peer(wire.EAPRequest, 2, eapBody(wire.EAPIdentity, nil))
	d.silence("none of these answers it")
	d.peer(wire.EAPResponse, 2, eapBody(wire.EAPIdentity, []byte("joe")))
	d.want("Request id=0x3 "+srvMD5, "")
	challenge := d.challengeOf()
	if len(challenge) != 16 || challenge[0] != 2 || challenge[15] != 17 {
		t.Errorf("challenge %x", challenge)
	}
	d.peer(wire.EAPResponse, 2, eapBody(wire.EAPIdentity, []byte("joe")))
	d.silence("the answer to a repetition")
	d.next(5*time.Second, "auth_secs")
	d.want("Request id=0x3 "+srvMD5, "")
	if string(challenge) != string(d.challengeOf()) {
		t.Error("a repetition must be answerable by a late response")
	}
	right := md5Response(3, "guess", challenge)
	d.peer(wire.EAPResponse, 3, eapBody(wire.EAPMD5, []byte{0}))
	d.peer(wire.EAPResponse, 3, eapBody(wire.EAPNotification, nil))
	d.peer(wire.EAPResponse, 3, eapBody(wire.EAPMD5, value(right, "other")))
	d.peer(wire.EAPResponse, 3, eapBody(wire.EAPMD5, value(right, "joe")))
	if len(a.all) != 1 {
		t.Fatalf("asked %d times", len(a.all))
	}
	if r := a.last(); r.Name != "joe" || r.Method != eapMD5 || !r.CheckSecret("guess") || r.CheckSecret("gues") {
		t.Errorf("%v", r)
	}
	d.silence("the owner has not answered")
	s.Answer(d.now, a.last(), true, "hello")
	d.want("Success id=0x3", "with the identifier of the response: RFC 3748, 4.2")
	d.saw("passed: hello")
	s.Answer(d.now, a.last(), true, "hello")
	d.peer(wire.EAPResponse, 3, eapBody(wire.EAPMD5, value(right, "joe")))
	d.rest("one round was wanted")
	if s.Name() != "joe" {
		t.Errorf("name %q", s.Name())
	}
}

func TestEAPServerRefuses(t *testing.T) {
	d, s, a := eapServer(t, 0)
	d.peer(wire.EAPResponse, 2, eapBody(wire.EAPIdentity, nil))
	d.want("Request id=0x3 "+srvMD5, "")
	d.peer(wire.EAPResponse, 3, eapBody(wire.EAPMD5, value([]byte("short"), "joe")))
	if a.last().Name != "joe" || a.last().CheckSecret("guess") {
		t.Errorf("%v, or a short response is believed", a.last())
	}
	s.Answer(d.now, a.last(), false, "no")
	d.want("Failure id=0x3", "")
	d.saw("failed: EAP: refused: no")
	d.peer(wire.EAPResponse, 3, eapBody(wire.EAPMD5, value(md5Response(3, "guess", a.last().Challenge), "joe")))
	d.rest("one try a challenge")
	if s.Name() != "" {
		t.Errorf("name %q", s.Name())
	}
}

func TestEAPServerNak(t *testing.T) {
	for want, types := range map[string][]byte{
		"the peer wants TLS or type 43 instead of MD5-Challenge": {13, 43},
		"the peer will not do MD5-Challenge":                     {0},
	} {
		d, _, a := eapServer(t, 0)
		d.peer(wire.EAPResponse, 2, eapBody(wire.EAPIdentity, []byte("joe")))
		d.want("Request id=0x3 "+srvMD5, "")
		d.peer(wire.EAPResponse, 3, eapBody(wire.EAPNak, types))
		d.want("Failure id=0x3", "there is no other method")
		d.saw("failed: EAP: refused: " + want)
		d.rest("it has failed")
		if len(a.all) != 0 {
			t.Error("asked about a refusal")
		}
	}
}

func TestEAPServerRounds(t *testing.T) {
	d, s, a := eapServer(t, time.Minute)
	d.peer(wire.EAPResponse, 2, eapBody(wire.EAPIdentity, nil))
	d.want("Request id=0x3 "+srvMD5, "")
	old := d.challengeOf()
	d.peer(wire.EAPResponse, 3, eapBody(wire.EAPMD5, value([]byte("x"), "joe")))
	s.Answer(d.now, a.last(), true, "")
	d.want("Success id=0x3", "")
	d.saw("passed: ")
	d.next(time.Minute, "chap_reauth_secs")
	d.want("Request id=0x4 "+srvMD5, "the identity is known")
	if v := d.challengeOf(); string(v) == string(old) || v[0] != 18 || v[15] != 33 {
		t.Errorf("challenge %x: it must be new, and random as a whole", v)
	}
	s.Answer(d.now, a.last(), true, "")
	d.silence("a late answer to an older round")
	d.peer(wire.EAPResponse, 4, eapBody(wire.EAPMD5, value([]byte("x"), "joe")))
	s.Answer(d.now, a.last(), true, "")
	d.want("Success id=0x4", "")
	d.saw() // Passed comes once

	d.next(time.Minute, "")
	d.want("Request id=0x5 "+srvMD5, "")
	d.peer(wire.EAPResponse, 5, eapBody(wire.EAPMD5, value([]byte("x"), "ann")))
	s.Answer(d.now, a.last(), true, "")
	d.want("Failure id=0x5", "")
	d.saw("failed: EAP: the peer's name has changed")
	d.rest("it has failed")
	if s.Name() != "joe" {
		t.Errorf("name %q", s.Name())
	}
}

func TestEAPServerSilentPeer(t *testing.T) {
	d, s, _ := eapServer(t, time.Minute)
	for range 5 {
		d.next(5*time.Second, "")
		d.want("Request id=0x2 Identity", "")
	}
	d.next(5*time.Second, "max_auth_secs")
	d.saw("failed: EAP: no answer in time")
	d.peer(wire.EAPResponse, 2, eapBody(wire.EAPIdentity, []byte("joe")))
	d.rest("too late")
	s.Start(d.now)
	d.want("Request id=0x3 Identity", "a new start has a new identifier")
}
