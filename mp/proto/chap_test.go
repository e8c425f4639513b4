package proto

import (
	"bytes"
	"encoding/hex"
	"fmt"
	"testing"
	"time"

	"pppdial/mp/wire"
)

func value(v []byte, name string) []byte {
	return wire.AppendCHAPValue(nil, wire.CHAPValue{Value: v, Name: name})
}

func chapClient(t *testing.T, own func([]byte) bool) (*dialogue, *CHAPClient) {
	d := newDialogue(t, wire.CHAP)
	c := NewCHAPClient(CHAPClientConfig{Algorithm: wire.CHAPMD5, Name: "me", Secret: "guess", Own: own, Log: d.log()}, d.authLayer())
	d.m = c
	c.Start(d.now)
	return d, c
}

// md5Of is MD5 over identifier 5, "guess" and "0123456789abcdef", by md5sum.
const md5Of = "52432c620b81e89f1a62c54defd4433e"

func TestCHAPClient(t *testing.T) {
	d, _ := chapClient(t, nil)
	d.silence("the server speaks first")
	d.peer(wire.CHAPChallenge, 5, value([]byte("0123456789abcdef"), "srv"))
	d.want(`Response id=0x5 <hidden>, name = "me"`, "")
	v, err := wire.ParseCHAPValue(d.last.Data)
	if err != nil || hex.EncodeToString(v.Value) != md5Of {
		t.Errorf("response %x, %v", v.Value, err)
	}
	first := d.last.Data
	d.next(5*time.Second, "the answer may have been lost")
	d.want(`Response id=0x5 <hidden>, name = "me"`, "")
	d.peer(wire.CHAPChallenge, 5, value([]byte("0123456789abcdef"), "srv"))
	d.want(`Response id=0x5 <hidden>, name = "me"`, "a repeated challenge has the same response")
	if !bytes.Equal(first, d.last.Data) {
		t.Error("the response has changed")
	}
	d.peer(wire.CHAPSuccess, 4, []byte("no"))
	d.saw()
	d.peer(wire.CHAPSuccess, 5, []byte("Welcome"))
	d.saw("passed: Welcome")
	d.rest("until the next challenge")

	d.peer(wire.CHAPChallenge, 6, value([]byte("fedcba9876543210"), "srv"))
	d.want(`Response id=0x6 <hidden>, name = "me"`, "a further round")
	d.peer(wire.CHAPSuccess, 6)
	d.saw()
	d.peer(wire.CHAPChallenge, 7, value([]byte("x"), ""))
	d.want(`Response id=0x7 <hidden>, name = "me"`, "")
	d.peer(wire.CHAPFailure, 7, []byte("Go away"))
	d.saw("failed: CHAP: refused: Go away")
	d.rest("it has failed")
}

func TestCHAPClientGivesUp(t *testing.T) {
	d, _ := chapClient(t, nil)
	d.peer(wire.CHAPSuccess, 0)
	d.peer(wire.CHAPChallenge, 5, []byte{0})
	d.peer(wire.CHAPChallenge, 5, []byte{9, 1})
	d.next(30*time.Second, "no challenge came")
	d.saw("failed: CHAP: no answer in time")
}

// In a further round it is the server's to give up.
func TestCHAPClientFurtherRoundUnanswered(t *testing.T) {
	d, _ := chapClient(t, nil)
	d.peer(wire.CHAPChallenge, 5, value([]byte("x"), ""))
	d.peer(wire.CHAPSuccess, 5)
	d.saw("passed: ")
	d.sent = nil
	d.peer(wire.CHAPChallenge, 6, value([]byte("y"), ""))
	for range 5 {
		d.sent = nil
		d.next(5*time.Second, "")
	}
	d.sent = nil
	d.next(5*time.Second, "enough")
	d.rest("nothing more")
	d.saw()
}

func TestCHAPReflection(t *testing.T) {
	ours := newDialogue(t, wire.CHAP)
	s := NewCHAPServer(CHAPServerConfig{Algorithm: wire.CHAPMD5, Verify: (&asked{}).verify}, ours.authLayer())
	s.Start(ours.now)
	v, _ := wire.ParseCHAPValue(ours.last.Data)
	d, _ := chapClient(t, func(c []byte) bool { return bytes.Equal(c, v.Value) })
	d.peer(wire.CHAPChallenge, ours.last.ID, value(v.Value, "thief"))
	d.rest("our own challenge is not answered")
	d.saw("failed: CHAP: the peer sent us our own challenge")

	d, _ = chapClient(t, func(c []byte) bool { return bytes.Equal(c, v.Value) })
	d.peer(wire.CHAPChallenge, 5, value([]byte("x"), "thief"))
	d.peer(wire.CHAPSuccess, 5)
	d.saw("passed: ")
	d.sent = nil
	d.peer(wire.CHAPChallenge, ours.last.ID, value(v.Value, "thief"))
	d.rest("nor is it in a further round")
	d.saw("failed: CHAP: the peer sent us our own challenge")
}

func chapServer(t *testing.T, again time.Duration) (*dialogue, *CHAPServer, *asked) {
	d, a := newDialogue(t, wire.CHAP), &asked{}
	n := byte(0)
	s := NewCHAPServer(CHAPServerConfig{
		Algorithm: wire.CHAPMD5, Name: "srv", Again: again, Verify: a.verify, Log: d.log(),
		Random: func(b []byte) {
			for i := range b {
				b[i] = n
				n++
			}
		},
	}, d.authLayer())
	d.m = s
	s.Start(d.now)
	return d, s, a
}

func TestCHAPServer(t *testing.T) {
	d, s, a := chapServer(t, 0)
	d.want(`Challenge id=0x1 <hidden>, name = "srv"`, "")
	first := d.last.Data
	if v, _ := wire.ParseCHAPValue(first); len(v.Value) != 24 || v.Value[0] != 1 {
		t.Errorf("challenge %x", v.Value)
	}
	d.next(5*time.Second, "auth_secs")
	d.want(`Challenge id=0x1 <hidden>, name = "srv"`, "")
	if !bytes.Equal(first, d.last.Data) {
		t.Error("a repetition must be answerable by a late response")
	}
	challenge, _ := wire.ParseCHAPValue(first)
	right := md5Response(1, "guess", challenge.Value)
	d.peer(wire.CHAPResponse, 2, value(right, "joe"))
	d.peer(wire.CHAPResponse, 1, []byte{0})
	d.peer(wire.CHAPResponse, 1, value(right, "joe"))
	d.peer(wire.CHAPResponse, 1, value(right, "ann"))
	if len(a.all) != 1 {
		t.Fatalf("asked %d times", len(a.all))
	}
	if r := a.last(); r.Name != "joe" || r.Method != chapMD5 || !r.CheckSecret("guess") || r.CheckSecret("gues") {
		t.Errorf("%v", r)
	}
	d.silence("the owner has not answered")
	s.Answer(d.now, a.last(), true, "hello")
	d.want(`Success id=0x1 "hello"`, "")
	d.saw("passed: hello")
	d.peer(wire.CHAPResponse, 1, value(right, "joe"))
	d.want(`Success id=0x1 "hello"`, "our answer may have been lost: RFC 1994, 4.2")
	if s.Name() != "joe" {
		t.Errorf("name %q", s.Name())
	}
	d.rest("one round was wanted")
}

func TestCHAPServerRefuses(t *testing.T) {
	d, s, a := chapServer(t, 0)
	d.sent = nil
	d.peer(wire.CHAPResponse, 1, value([]byte("short"), "joe"))
	if a.last().CheckSecret("guess") {
		t.Error("a short response is believed")
	}
	s.Answer(d.now, a.last(), false, "no")
	d.want(`Failure id=0x1 "no"`, "")
	d.saw("failed: CHAP: refused: no")
	challenge := bytes.Clone(a.last().Challenge)
	d.peer(wire.CHAPResponse, 1, value(md5Response(1, "guess", challenge), "joe"))
	d.want(`Failure id=0x1 "no"`, "one try a challenge")
	d.rest("")
}

func TestCHAPServerRounds(t *testing.T) {
	d, s, a := chapServer(t, time.Minute)
	d.want(`Challenge id=0x1 <hidden>, name = "srv"`, "")
	d.peer(wire.CHAPResponse, 1, value([]byte("x"), "joe"))
	s.Answer(d.now, a.last(), true, "")
	d.want(`Success id=0x1 ""`, "")
	d.saw("passed: ")
	old := a.last()
	d.next(time.Minute, "chap_reauth_secs")
	d.want(`Challenge id=0x2 <hidden>, name = "srv"`, "a new identifier")
	v, _ := wire.ParseCHAPValue(d.last.Data)
	if n := len(v.Value); bytes.Equal(v.Value, old.Challenge) || v.Value[0] != 25 || v.Value[n-1] != 48 {
		t.Errorf("challenge %x: it must be new, and random as a whole", v.Value)
	}
	d.peer(wire.CHAPResponse, 1, value([]byte("x"), "joe"))
	d.silence("a replayed response answers no challenge")
	s.Answer(d.now, old, true, "")
	d.silence("a late answer to an older round")
	d.peer(wire.CHAPResponse, 2, value([]byte("x"), "joe"))
	s.Answer(d.now, a.last(), true, "")
	d.want(`Success id=0x2 ""`, "")
	d.saw() // Passed comes once

	d.next(time.Minute, "")
	d.want(`Challenge id=0x3 <hidden>, name = "srv"`, "")
	d.peer(wire.CHAPResponse, 3, value([]byte("x"), "ann"))
	s.Answer(d.now, a.last(), true, "")
	d.want(`Failure id=0x3 ""`, "")
	d.saw("failed: CHAP: the peer's name has changed")
	d.rest("it has failed")
	if s.Name() != "joe" {
		t.Errorf("name %q", s.Name())
	}
}

func TestCHAPServerSetRounds(t *testing.T) {
	d, s, a := chapServer(t, 0)
	pass := func(id byte) {
		d.peer(wire.CHAPResponse, id, value([]byte("x"), "joe"))
		s.Answer(d.now, a.last(), true, "")
		d.want(fmt.Sprintf(`Success id=%#x ""`, id), "")
	}
	d.want(`Challenge id=0x1 <hidden>, name = "srv"`, "")
	s.SetRounds(d.now, AuthTimes{}, time.Hour)
	d.next(5*time.Second, "the round goes on")
	d.want(`Challenge id=0x1 <hidden>, name = "srv"`, "")
	pass(1)
	s.SetRounds(d.now, AuthTimes{Interval: 3 * time.Second}, time.Minute)
	d.next(time.Minute, "from now on")
	d.want(`Challenge id=0x2 <hidden>, name = "srv"`, "")
	d.next(3*time.Second, "auth_secs")
	d.want(`Challenge id=0x2 <hidden>, name = "srv"`, "")
	pass(2)
	s.SetRounds(d.now, AuthTimes{}, 0)
	d.rest("no further rounds")
	s.SetRounds(d.now, AuthTimes{}, time.Minute)
	s.Stop()
	s.SetRounds(d.now, AuthTimes{}, time.Minute)
	d.rest("it has been stopped")
}

func TestCHAPServerSilentPeer(t *testing.T) {
	d, s, _ := chapServer(t, time.Minute)
	for range 5 {
		d.sent = nil
		d.next(5*time.Second, "")
	}
	d.sent = nil
	d.next(5*time.Second, "max_auth_secs")
	d.saw("failed: CHAP: no answer in time")
	d.rest("")
	d.peer(wire.CHAPResponse, 1, value([]byte("x"), "joe"))
	d.silence("too late")
	s.Start(d.now)
	d.want(`Challenge id=0x2 <hidden>, name = "srv"`, "a new start has a new identifier")
}

func TestCHAPSecretsAreHidden(t *testing.T) {
	d, _, a := chapServer(t, 0)
	d.peer(wire.CHAPResponse, 1, value([]byte("0123456789abcdef"), "joe"))
	if s := a.last().String(); s != `chap MD5 id=1 name="joe"` {
		t.Error(s)
	}
}
