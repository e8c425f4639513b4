package proto

import (
	"encoding/hex"
	"math/bits"
	"testing"
)

// The example of RFC 2759, section 9.2.
const (
	rfcName          = "User"
	rfcSecret        = "clientPass"
	rfcAuthenticator = "5B5D7C7D7B3F2F3E3C2C602132262628"
	rfcPeer          = "21402324255E262A28295F2B3A337C7E"
	rfcChallenge     = "D02E4386BCE91226"
	rfcHash          = "44EBBA8D5312B8D611474411F56989AE"
	rfcNTResponse    = "82309ECD8D708B5EA08FAA3981CD83544233114A3D85D6DF"
	rfcProof         = "407A5589115FD0D6209F510FE9C04566932CDA56"
)

func unhex(t *testing.T, s string) []byte {
	t.Helper()
	b, err := hex.DecodeString(s)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func wantHex(t *testing.T, what string, got []byte, want string) {
	t.Helper()
	if string(got) != string(unhex(t, want)) {
		t.Errorf("%s is %X, want %s", what, got, want)
	}
}

func TestMSCHAPVectors(t *testing.T) {
	authenticator, peer := [16]byte(unhex(t, rfcAuthenticator)), [16]byte(unhex(t, rfcPeer))
	challenge := challengeHash(peer, authenticator, rfcName)
	wantHex(t, "Challenge", challenge[:], rfcChallenge)
	hash := ntPasswordHash(rfcSecret)
	wantHex(t, "PasswordHash", hash[:], rfcHash)
	response := generateNTResponse(authenticator, peer, rfcName, rfcSecret)
	wantHex(t, "NT-Response", response[:], rfcNTResponse)
	proof := generateAuthenticatorResponse(rfcSecret, response, peer, authenticator, rfcName)
	wantHex(t, "AuthenticatorResponse", proof[:], rfcProof)
}

// The example of RFC 2759, section 9.3. The RFC prints the keys with odd
// parity in their lowest bits, of which DES makes nothing.
func TestDESKeys(t *testing.T) {
	hash := ntPasswordHash("MyPw")
	wantHex(t, "hash", hash[:], "FC156AF7EDCD6C0EDDE3337D427F4EAC")
	var padded [21]byte
	copy(padded[:], hash[:])
	for i, want := range []string{"FD0B5B5E7F6E34D9", "0E6E796737EA08FE", "4F57010101010101"} {
		key := desKey([7]byte(padded[7*i:]))
		for i, c := range key {
			if bits.OnesCount8(c)%2 == 0 {
				key[i] |= 1
			}
		}
		wantHex(t, "key", key, want)
	}
}

func TestMSCHAPNames(t *testing.T) {
	var a, b [16]byte
	plain := challengeHash(a, b, "joe")
	for _, name := range []string{`DOMAIN\joe`, `A\B\joe`, `\joe`} {
		if challengeHash(a, b, name) != plain {
			t.Errorf("the domain of %s counts", name)
		}
	}
	for _, name := range []string{"", `joe\`, "joe@DOMAIN", "Joe"} {
		if challengeHash(a, b, name) == plain {
			t.Errorf("%q is taken for joe", name)
		}
	}
}

// The hashes are those of openssl dgst -md4 over the text in UTF-16, low octet
// first.
func TestMSCHAPPasswords(t *testing.T) {
	for _, tt := range []struct{ secret, want string }{
		{"", "31D6CFE0D16AE931B73C59D7E0C089C0"},
		{"pässwörd", "0553152250AC01ADB4213CB9938663E4"},
		{"\U0001f511", "5F7B3FF474E4237AFD6A078F3C4D8632"},
		{"p\xe4ss", "411B68984D6B19BBB302455798320A06"},
	} {
		hash := ntPasswordHash(tt.secret)
		wantHex(t, "hash", hash[:], tt.want)
	}
}
