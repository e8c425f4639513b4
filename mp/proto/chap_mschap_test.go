package proto

import (
	"bytes"
	"fmt"
	"strings"
	"testing"

	"pppdial/mp/wire"
)

// mschapClientOf is the client of RFC 2759's example.
func mschapClientOf(t *testing.T, secret string) *dialogue {
	d := newDialogue(t, wire.CHAP)
	c := NewCHAPClient(CHAPClientConfig{
		Algorithm: wire.CHAPMSv2, Name: rfcName, Secret: secret, Log: d.log(),
		Random: func(b []byte) { copy(b, unhex(t, rfcPeer)) },
	}, d.authLayer())
	d.m = c
	c.Start(d.now)
	d.peer(wire.CHAPChallenge, 5, value(unhex(t, rfcAuthenticator), "srv"))
	d.want(`Response id=0x5 <hidden>, name = "User"`, "")
	return d
}

func TestMSCHAPClient(t *testing.T) {
	d := mschapClientOf(t, rfcSecret)
	v, err := wire.ParseCHAPValue(d.last.Data)
	if err != nil {
		t.Fatal(err)
	}
	wantHex(t, "response", v.Value, rfcPeer+strings.Repeat("00", 8)+rfcNTResponse+"00")
	d.peer(wire.CHAPSuccess, 5, []byte("S="+rfcProof+" M=Welcome\r\n"))
	d.saw("passed: Welcome")
	d.rest("until the next challenge")

	d.peer(wire.CHAPChallenge, 6, value(bytes.Repeat([]byte{7}, 16), "srv"))
	d.want(`Response id=0x6 <hidden>, name = "User"`, "a further round")
	d.peer(wire.CHAPSuccess, 6, []byte("S="+rfcProof))
	d.saw("failed: CHAP: no proof that the authenticator knows the secret")
	d.rest("the proof was that of the round before")
}

// Who does not know the secret cannot take us in, whatever it says.
func TestMSCHAPClientWantsProof(t *testing.T) {
	for _, success := range []string{"", "S=", "Welcome", "M=Welcome", "S=" + rfcProof[:38], "S=" + strings.Repeat("0", 40), "S=" + strings.Repeat("x", 40)} {
		d := mschapClientOf(t, rfcSecret)
		d.peer(wire.CHAPSuccess, 5, []byte(success))
		d.saw("failed: CHAP: no proof that the authenticator knows the secret")
		d.rest("it has failed")
	}
	d := mschapClientOf(t, "another")
	d.peer(wire.CHAPSuccess, 5, []byte("S="+rfcProof))
	d.saw("failed: CHAP: no proof that the authenticator knows the secret")
}

func TestMSCHAPClientRefused(t *testing.T) {
	for failure, want := range map[string]string{
		"E=691 R=1 C=00112233445566778899AABBCCDDEEFF V=3 M=Access denied": "wrong name or password (E=691): Access denied",
		"E=648 R=0 C=00112233445566778899AABBCCDDEEFF V=3 M=":              "the password has expired (E=648)",
		"E=712 V=3":   "E=712",
		"E=649":       "the account has no right to dial in (E=649)",
		"Go away\r\n": "Go away",
		"E=x":         "E=x",
	} {
		d := mschapClientOf(t, rfcSecret)
		d.peer(wire.CHAPFailure, 5, []byte(failure))
		d.saw("failed: CHAP: refused: " + want)
		d.rest("R=1 would want another password")
	}
	d := mschapClientOf(t, rfcSecret)
	d.peer(wire.CHAPFailure, 5)
	d.saw("failed: CHAP: refused")
}

func TestMSCHAPClientDropsOddChallenges(t *testing.T) {
	d := newDialogue(t, wire.CHAP)
	c := NewCHAPClient(CHAPClientConfig{Algorithm: wire.CHAPMSv2, Name: "me", Secret: "guess", Log: d.log()}, d.authLayer())
	d.m = c
	c.Start(d.now)
	d.peer(wire.CHAPChallenge, 5, value(make([]byte, 15), ""))
	d.peer(wire.CHAPChallenge, 5, value(make([]byte, 24), ""))
	d.peer(wire.CHAPSuccess, 5, []byte("S="+strings.Repeat("0", 40)))
	d.silence("RFC 2759, 4: sixteen octets")
	d.saw()
}

// mschapServerOf is a server that has sent the challenge of RFC 2759's
// example.
func mschapServerOf(t *testing.T) (*dialogue, *CHAPServer, *asked) {
	d, a := newDialogue(t, wire.CHAP), &asked{}
	s := NewCHAPServer(CHAPServerConfig{
		Algorithm: wire.CHAPMSv2, Name: "srv", Verify: a.verify, Log: d.log(),
		Random: func(b []byte) { copy(b, unhex(t, rfcAuthenticator)) },
	}, d.authLayer())
	d.m = s
	s.Start(d.now)
	d.want(`Challenge id=0x5c <hidden>, name = "srv"`, "")
	v, _ := wire.ParseCHAPValue(d.last.Data)
	wantHex(t, "challenge", v.Value, rfcAuthenticator)
	return d, s, a
}

func rfcResponse(t *testing.T) []byte {
	return value(wire.AppendMSCHAPResponse(nil, wire.MSCHAPResponse{
		PeerChallenge: [16]byte(unhex(t, rfcPeer)), NTResponse: [24]byte(unhex(t, rfcNTResponse)),
	}), `DOMAIN\`+rfcName)
}

func TestMSCHAPServer(t *testing.T) {
	d, s, a := mschapServerOf(t)
	d.peer(wire.CHAPResponse, 0x5c, rfcResponse(t))
	r := a.last()
	if r.Name != `DOMAIN\User` || r.Method != (wire.Auth{Protocol: wire.CHAP, Algorithm: wire.CHAPMSv2}) || r.CheckSecret("clientpass") || r.CheckSecret("") || !r.CheckSecret(rfcSecret) {
		t.Errorf("%v", r)
	}
	s.Answer(d.now, r, true, "hello")
	const success = "S=" + rfcProof + " M=hello"
	if got := string(d.last.Data); got != success || d.last.Code != wire.CHAPSuccess {
		t.Errorf("sent %q, want %q", got, success)
	}
	d.want(`Success id=0x5c "S=<hidden> M=hello"`, "")
	d.saw("passed: hello")
	d.peer(wire.CHAPResponse, 0x5c, rfcResponse(t))
	d.want(`Success id=0x5c "S=<hidden> M=hello"`, "our answer may have been lost")
	d.rest("one round was wanted")
}

// Where the response is verified elsewhere, the proof comes from there, too.
func TestMSCHAPServerVerifiedElsewhere(t *testing.T) {
	for message, want := range map[string]string{
		"S=" + rfcProof: "",
		"S=" + strings.ToLower(rfcProof) + " M=hello": "hello",
	} {
		d, s, a := mschapServerOf(t)
		d.peer(wire.CHAPResponse, 0x5c, rfcResponse(t))
		s.Answer(d.now, a.last(), true, message)
		if got := string(d.last.Data); got != "S="+rfcProof+" M="+want {
			t.Errorf("sent %q", got)
		}
		d.saw("passed: " + want)
	}
	d, s, a := mschapServerOf(t)
	d.peer(wire.CHAPResponse, 0x5c, rfcResponse(t))
	s.Answer(d.now, a.last(), true, "hello")
	d.want(`Failure id=0x5c "E=691 R=0 C=<hidden> V=3 M="`, "there is no Success without a proof")
	d.saw("failed: CHAP: no proof that the authenticator knows the secret")
	if s.Name() != "" {
		t.Errorf("name %q", s.Name())
	}
}

func TestMSCHAPServerRefuses(t *testing.T) {
	for message, want := range map[string][2]string{
		"":    {"E=691 R=0 C=%s V=3 M=", "wrong name or password (E=691)"},
		"no":  {"E=691 R=0 C=%s V=3 M=no", "wrong name or password (E=691): no"},
		"E=x": {"E=691 R=0 C=%s V=3 M=E=x", "wrong name or password (E=691): E=x"},
		"E=647 R=1 C=00112233445566778899AABBCCDDEEFF V=2 M=Ask Bob": {"E=647 R=0 C=%s V=3 M=Ask Bob", "the account is disabled (E=647): Ask Bob"},
	} {
		d, s, a := mschapServerOf(t)
		d.peer(wire.CHAPResponse, 0x5c, value([]byte("short"), "joe"))
		if a.last().CheckSecret(rfcSecret) {
			t.Error("a short response is believed")
		}
		s.Answer(d.now, a.last(), false, message)
		if got, want := string(d.last.Data), fmt.Sprintf(want[0], rfcAuthenticator); got != want {
			t.Errorf("sent %q, want %q", got, want)
		}
		d.saw("failed: CHAP: refused: " + want[1])
		d.peer(wire.CHAPResponse, 0x5c, rfcResponse(t))
		if len(a.all) != 1 {
			t.Error("a second try")
		}
	}
}

// A right secret that is followed by a wrong one leaves no proof behind.
func TestMSCHAPProofIsOfTheLastCheck(t *testing.T) {
	d, s, a := mschapServerOf(t)
	d.peer(wire.CHAPResponse, 0x5c, rfcResponse(t))
	if !a.last().CheckSecret(rfcSecret) || a.last().CheckSecret("wrong") {
		t.Error("CheckSecret is wrong")
	}
	s.Answer(d.now, a.last(), true, "")
	d.saw("failed: CHAP: no proof that the authenticator knows the secret")
}
