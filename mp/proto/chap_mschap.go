package proto

import (
	"crypto/subtle"
	"fmt"

	"pppdial/mp/fsm"
	"pppdial/mp/wire"
)

// mschapClient answers by MS-CHAPv2. It wants the authenticator's proof in
// return.
type mschapClient struct {
	name, secret string
	random       func([]byte)
	proof        [20]byte // what a Success to the last answer must have
}

func (m *mschapClient) answer(_ uint8, challenge []byte) ([]byte, error) {
	if len(challenge) != mschapChallenge {
		return nil, fmt.Errorf("challenge of %d octets", len(challenge))
	}
	var r wire.MSCHAPResponse
	m.random(r.PeerChallenge[:])
	authenticator := [mschapChallenge]byte(challenge)
	r.NTResponse = generateNTResponse(authenticator, r.PeerChallenge, m.name, m.secret)
	m.proof = generateAuthenticatorResponse(m.secret, r.NTResponse, r.PeerChallenge, authenticator, m.name)
	return wire.AppendMSCHAPResponse(nil, r), nil
}

func (m *mschapClient) success(data []byte) (string, error) {
	s, err := wire.ParseMSCHAPSuccess(data)
	if err != nil || subtle.ConstantTimeCompare(s.Auth[:], m.proof[:]) != 1 {
		return "", ErrAuthUnproved
	}
	return fsm.Printable([]byte(s.Message)), nil
}

// failure puts the error into words. We never make use of R=1, the leave to
// try again: there is no other password to try.
func (m *mschapClient) failure(data []byte) string {
	f, err := wire.ParseMSCHAPFailure(data)
	if err != nil {
		return fsm.Printable(data)
	}
	return mschapFailure(f)
}

// mschapErrors are the meanings in RFC 2759, section 6.
var mschapErrors = map[int]string{
	wire.MSCHAPRestrictedHours:  "the account may not be used at this time",
	wire.MSCHAPAccountDisabled:  "the account is disabled",
	wire.MSCHAPPasswordExpired:  "the password has expired",
	wire.MSCHAPNoDialinRight:    "the account has no right to dial in",
	wire.MSCHAPBadCredentials:   "wrong name or password",
	wire.MSCHAPChangingPassword: "the password could not be changed",
}

func mschapFailure(f wire.MSCHAPFailure) string {
	s := fmt.Sprintf("E=%d", f.Error)
	if words, ok := mschapErrors[f.Error]; ok {
		s = fmt.Sprintf("%s (%s)", words, s)
	}
	if m := fsm.Printable([]byte(f.Message)); m != "" {
		s += ": " + m
	}
	return s
}

// mschapServer challenges by MS-CHAPv2.
type mschapServer struct{ random func([]byte) }

func (mschapServer) challengeSize() int { return mschapChallenge }

// success takes the proof from the message, if somebody else has made it, and
// otherwise the one that CheckSecret has made.
func (mschapServer) success(r *AuthRequest, message string) ([]byte, string, error) {
	s, err := wire.ParseMSCHAPSuccess([]byte(message))
	if err != nil {
		if r.proof == nil {
			return nil, "", ErrAuthUnproved
		}
		s = wire.MSCHAPSuccess{Auth: *r.proof, Message: message}
	}
	return wire.AppendMSCHAPSuccess(nil, s), s.Message, nil
}

// changeProtocol is the version of the protocol for changing passwords, which
// is not spoken here.
const changeProtocol = 3

// failure takes the error from the message, if somebody else has found it. The
// peer is not to try again: one try a link.
func (m mschapServer) failure(message string) ([]byte, string) {
	f, err := wire.ParseMSCHAPFailure([]byte(message))
	if err != nil {
		f = wire.MSCHAPFailure{Error: wire.MSCHAPBadCredentials, Message: message}
	}
	f.Retry, f.Version = false, changeProtocol
	m.random(f.Challenge[:])
	return wire.AppendMSCHAPFailure(nil, f), mschapFailure(f)
}

// checkMSCHAP reports whether the response was made with the secret, and if so
// the proof that we know it, too.
func checkMSCHAP(r *AuthRequest, secret string) (proof *[20]byte, ok bool) {
	v, err := wire.ParseMSCHAPResponse(r.Response)
	if err != nil || len(r.Challenge) != mschapChallenge {
		return nil, false
	}
	authenticator := [mschapChallenge]byte(r.Challenge)
	want := generateNTResponse(authenticator, v.PeerChallenge, r.Name, secret)
	if subtle.ConstantTimeCompare(want[:], v.NTResponse[:]) != 1 {
		return nil, false
	}
	p := generateAuthenticatorResponse(secret, v.NTResponse, v.PeerChallenge, authenticator, r.Name)
	return &p, true
}
