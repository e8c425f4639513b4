package radius

import (
	"crypto/hmac"
	"crypto/md5"
	"encoding/binary"
	"errors"

	"layeh.com/radius"
	"layeh.com/radius/rfc2869"
)

// Layout of a packet (RFC 2865, section 3).
const (
	headerSize        = 20
	authenticatorAt   = 4
	authenticatorSize = 16
)

// Why a packet is dropped.
var (
	errForged     = errors.New("it was not made with the shared secret for this request")
	errUnsigned   = errors.New("it has no Message-Authenticator (CVE-2024-3596); let the server send it, or update the server")
	errWrongReply = errors.New("it is no answer to this request")
)

// encode makes the octets of p. With sign, its first attribute is a
// Message-Authenticator (RFC 3579, section 3.2): the HMAC-MD5 over the packet,
// in which that attribute is zero and the authenticator is the one of p. For
// answers, p has that of the request; for a Disconnect-Request or CoA-Request
// (RFC 5176, section 3.4), zeros.
func encode(p *radius.Packet, sign bool) ([]byte, error) {
	if !sign {
		return p.Encode()
	}
	q := *p
	own := make(radius.Attribute, md5.Size)
	q.Attributes = append(radius.Attributes{{Type: rfc2869.MessageAuthenticator_Type, Attribute: own}}, p.Attributes...)
	b, err := q.MarshalBinary()
	if err != nil {
		return nil, err
	}
	copy(own, messageAuthenticator(b, p.Secret))
	return q.Encode()
}

// messageAuthenticator is that of the octets of a packet, in which the place
// for it is zero.
func messageAuthenticator(b, secret []byte) []byte {
	h := hmac.New(md5.New, secret)
	h.Write(b)
	return h.Sum(nil)
}

// signed reports whether the packet b has one Message-Authenticator, and whether
// that is right, where the authenticator is the one that was in effect when it
// was made. The attributes of b are well formed.
func signed(b, authenticator, secret []byte) (present, right bool) {
	b = append([]byte(nil), b...)
	copy(b[authenticatorAt:], authenticator)
	var claim []byte
	for rest := b[headerSize:]; len(rest) > 0; rest = rest[rest[1]:] {
		if radius.Type(rest[0]) != rfc2869.MessageAuthenticator_Type {
			continue
		}
		value := rest[2:rest[1]]
		if claim != nil || len(value) != md5.Size {
			return true, false
		}
		claim = append([]byte{}, value...)
		clear(value)
	}
	if claim == nil {
		return false, false
	}
	return true, hmac.Equal(claim, messageAuthenticator(b, secret))
}

// trim cuts what follows a packet in its datagram (RFC 2865, section 3:
// padding).
func trim(b []byte) ([]byte, error) {
	if len(b) < headerSize {
		return nil, errors.New("it is too short")
	}
	n := int(binary.BigEndian.Uint16(b[2:]))
	if n < headerSize || n > len(b) || n > radius.MaxPacketLength {
		return nil, errors.New("its length is wrong")
	}
	return b[:n], nil
}

// parseAnswer takes a datagram for the answer to a request, or says why it is
// none. Access-Requests are answered with a Message-Authenticator; the answer to
// an Accounting-Request need not have one.
func parseAnswer(b, request []byte, secret Secret) (*radius.Packet, error) {
	b, err := trim(b)
	if err != nil {
		return nil, err
	}
	p, err := radius.Parse(b, secret.octets)
	if err != nil {
		return nil, err
	}
	access := radius.Code(request[0]) == radius.CodeAccessRequest
	switch {
	case b[1] != request[1], !answers(p.Code, access):
		return nil, errWrongReply
	case !radius.IsAuthenticResponse(b, request, secret.octets):
		return nil, errForged
	}
	present, right := signed(b, request[authenticatorAt:authenticatorAt+authenticatorSize], secret.octets)
	switch {
	case present && !right:
		return nil, errForged
	case !present && access:
		return nil, errUnsigned
	}
	return p, nil
}

// answers reports whether a packet of this code answers an Access-Request, or
// else an Accounting-Request.
func answers(c radius.Code, access bool) bool {
	switch c {
	case radius.CodeAccessAccept, radius.CodeAccessReject, radius.CodeAccessChallenge:
		return access
	case radius.CodeAccountingResponse:
		return !access
	}
	return false
}
