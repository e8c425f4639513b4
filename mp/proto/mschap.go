package proto

import (
	"crypto/des"
	"crypto/sha1"
	"encoding/binary"
	"strings"
	"unicode/utf16"
	"unicode/utf8"

	//lint:ignore SA1019 MS-CHAPv2 hashes passwords by MD4 and nothing else (RFC 2759, section 8.3)
	"golang.org/x/crypto/md4"
)

// The computations of MS-CHAPv2, under their names in RFC 2759, section 8.

// mschapChallenge is the length of both challenges; no other is possible.
const mschapChallenge = 16

// ntPasswordHash is that of the secret, in UTF-16. Octets that are no UTF-8
// are characters of their own, as in pppd.
func ntPasswordHash(secret string) [16]byte {
	var text []uint16
	if utf8.ValidString(secret) {
		text = utf16.Encode([]rune(secret))
	} else {
		for _, c := range []byte(secret) {
			text = append(text, uint16(c))
		}
	}
	var b []byte
	for _, c := range text {
		b = binary.LittleEndian.AppendUint16(b, c)
	}
	h := md4.New()
	h.Write(b)
	return [16]byte(h.Sum(nil))
}

// challengeHash mixes both challenges and the name without its domain: of
// DOMAIN\joe, joe counts (section 4).
func challengeHash(peer, authenticator [mschapChallenge]byte, name string) [8]byte {
	h := sha1.New()
	h.Write(peer[:])
	h.Write(authenticator[:])
	h.Write([]byte(name[strings.LastIndexByte(name, '\\')+1:]))
	return [8]byte(h.Sum(nil))
}

// challengeResponse encrypts the challenge by DES with each third of the
// hash, filled up with zeros to 21 octets.
func challengeResponse(challenge [8]byte, hash [16]byte) (response [24]byte) {
	var padded [21]byte
	copy(padded[:], hash[:])
	for i := range 3 {
		c, err := des.NewCipher(desKey([7]byte(padded[7*i:])))
		if err != nil {
			panic(err) // the key has eight octets
		}
		c.Encrypt(response[8*i:], challenge[:])
	}
	return response
}

// desKey spreads 56 bits over eight octets, whose lowest bits, the parity, DES
// does not look at.
func desKey(b [7]byte) []byte {
	n := uint64(0)
	for _, c := range b {
		n = n<<8 | uint64(c)
	}
	key := make([]byte, 8)
	for i := range key {
		key[i] = byte(n>>(49-7*i)) << 1
	}
	return key
}

// generateNTResponse is the peer's proof that it knows the secret.
func generateNTResponse(authenticator, peer [mschapChallenge]byte, name, secret string) [24]byte {
	return challengeResponse(challengeHash(peer, authenticator, name), ntPasswordHash(secret))
}

// generateAuthenticatorResponse is the authenticator's proof that it knows
// the secret, or at least its hash, too.
func generateAuthenticatorResponse(secret string, response [24]byte, peer, authenticator [mschapChallenge]byte, name string) [20]byte {
	hash := ntPasswordHash(secret)
	h := md4.New()
	h.Write(hash[:])
	hashHash := h.Sum(nil)

	s := sha1.New()
	s.Write(hashHash)
	s.Write(response[:])
	s.Write([]byte("Magic server to client signing constant"))
	digest := s.Sum(nil)

	challenge := challengeHash(peer, authenticator, name)
	s.Reset()
	s.Write(digest)
	s.Write(challenge[:])
	s.Write([]byte("Pad to make it do more than one iteration"))
	return [20]byte(s.Sum(nil))
}
