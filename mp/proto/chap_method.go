package proto

import (
	"crypto/md5"

	"pppdial/mp/fsm"
	"pppdial/mp/wire"
)

// A chapClientMethod is what the algorithms of CHAP differ in for who answers.
type chapClientMethod interface {
	// answer is the value of the Response to a challenge; an error when no such
	// challenge can be.
	answer(id uint8, challenge []byte) ([]byte, error)
	// success reads the data of a Success. The error is ErrAuthUnproved.
	success(data []byte) (message string, err error)
	// failure reads the data of a Failure.
	failure(data []byte) (message string)
}

// A chapServerMethod is what they differ in for who challenges.
type chapServerMethod interface {
	challengeSize() int
	// success makes the data of a Success, and gives its text. The error is
	// ErrAuthUnproved: there may be none.
	success(r *AuthRequest, message string) (data []byte, text string, err error)
	// failure makes the data of a Failure, and gives its text.
	failure(message string) (data []byte, text string)
}

func newCHAPClientMethod(c *CHAPClientConfig) chapClientMethod {
	if c.Algorithm == wire.CHAPMSv2 {
		return &mschapClient{name: c.Name, secret: c.Secret, random: c.Random}
	}
	return md5Client{c.Secret}
}

func newCHAPServerMethod(c *CHAPServerConfig) chapServerMethod {
	if c.Algorithm == wire.CHAPMSv2 {
		return mschapServer{c.Random}
	}
	return md5Server{}
}

// md5Response is the value of a Response (RFC 1994, section 4.1).
func md5Response(id uint8, secret string, challenge []byte) []byte {
	h := md5.New()
	h.Write([]byte{id})
	h.Write([]byte(secret))
	h.Write(challenge)
	return h.Sum(nil)
}

type md5Client struct{ secret string }

func (m md5Client) answer(id uint8, challenge []byte) ([]byte, error) {
	return md5Response(id, m.secret, challenge), nil
}

func (md5Client) success(data []byte) (string, error) { return fsm.Printable(data), nil }
func (md5Client) failure(data []byte) string          { return fsm.Printable(data) }

type md5Server struct{}

// challengeSize is the length of our challenges: the output of MD5 or more
// (RFC 1994, section 2.3).
func (md5Server) challengeSize() int { return 24 }

func (md5Server) success(_ *AuthRequest, message string) ([]byte, string, error) {
	return []byte(message), message, nil
}

func (md5Server) failure(message string) ([]byte, string) { return []byte(message), message }
