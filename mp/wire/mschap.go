package wire

import (
	"encoding/hex"
	"fmt"
	"strconv"
	"strings"
)

// mschapResponse is the length of the response value (RFC 2759 section 4).
const mschapResponse = 49

// MSCHAPResponse is the value of an MS-CHAPv2 Response (RFC 2759 section 4).
//
//	+----------------+----------+-------------+-------+
//	| peer challenge | reserved | NT response | flags |
//	+----------------+----------+-------------+-------+
//	       16             8           24          1
type MSCHAPResponse struct {
	PeerChallenge [16]byte
	NTResponse    [24]byte
}

// AppendMSCHAPResponse appends the 49 octets of the value, reserved fields
// zero.
func AppendMSCHAPResponse(b []byte, r MSCHAPResponse) []byte {
	b = append(b, r.PeerChallenge[:]...)
	b = append(b, make([]byte, 8)...)
	b = append(b, r.NTResponse[:]...)
	return append(b, 0)
}

// ParseMSCHAPResponse reads the value. The reserved fields, which ought to be
// zero, are not looked at: the responses of some peers have flags there.
func ParseMSCHAPResponse(value []byte) (MSCHAPResponse, error) {
	if len(value) != mschapResponse {
		return MSCHAPResponse{}, wrongLength("MS-CHAPv2 response", len(value), mschapResponse)
	}
	return MSCHAPResponse{PeerChallenge: [16]byte(value), NTResponse: [24]byte(value[24:])}, nil
}

// MSCHAPSuccess is the message of an MS-CHAPv2 Success (RFC 2759 section 5):
// the proof that the authenticator knows the secret too, and a text.
type MSCHAPSuccess struct {
	Auth    [20]byte
	Message string
}

// AppendMSCHAPSuccess appends "S=<40 capital hex digits> M=<message>".
func AppendMSCHAPSuccess(b []byte, s MSCHAPSuccess) []byte {
	b = append(b, "S="...)
	b = append(b, strings.ToUpper(hex.EncodeToString(s.Auth[:]))...)
	return append(append(b, " M="...), s.Message...)
}

// ParseMSCHAPSuccess reads the message. Case of the digits does not matter;
// the text may be missing.
func ParseMSCHAPSuccess(data []byte) (MSCHAPSuccess, error) {
	const digits = 40
	rest, ok := strings.CutPrefix(string(data), "S=")
	if !ok || len(rest) < digits {
		return MSCHAPSuccess{}, fmt.Errorf("wire: MS-CHAPv2 success: no S= with %d digits", digits)
	}
	auth, err := hex.DecodeString(rest[:digits])
	if err != nil {
		return MSCHAPSuccess{}, fmt.Errorf("wire: MS-CHAPv2 success: %w", err)
	}
	_, msg, _ := strings.Cut(rest[digits:], "M=")
	return MSCHAPSuccess{Auth: [20]byte(auth), Message: msg}, nil
}

// Errors in [MSCHAPFailure] (RFC 2759 section 6).
const (
	MSCHAPRestrictedHours  = 646
	MSCHAPAccountDisabled  = 647
	MSCHAPPasswordExpired  = 648
	MSCHAPNoDialinRight    = 649
	MSCHAPBadCredentials   = 691
	MSCHAPChangingPassword = 709
)

// MSCHAPFailure is the message of an MS-CHAPv2 Failure (RFC 2759 section 6).
type MSCHAPFailure struct {
	Error     int
	Retry     bool     // the peer may try again with Challenge
	Challenge [16]byte // zero when the authenticator gave none
	Version   int      // of the change-password protocol, 3
	Message   string
}

// AppendMSCHAPFailure appends "E=<error> R=<0 or 1> C=<32 hex digits> V=<version> M=<message>".
func AppendMSCHAPFailure(b []byte, f MSCHAPFailure) []byte {
	retry := 0
	if f.Retry {
		retry = 1
	}
	return fmt.Appendf(b, "E=%d R=%d C=%X V=%d M=%s", f.Error, retry, f.Challenge, f.Version, f.Message)
}

// ParseMSCHAPFailure reads the message. Fields other than E= may be missing:
// Windows and its imitators leave some out.
func ParseMSCHAPFailure(data []byte) (MSCHAPFailure, error) {
	const what = "wire: MS-CHAPv2 failure"
	var f MSCHAPFailure
	head, msg, _ := strings.Cut(string(data), "M=")
	f.Message = msg
	found := false
	for field := range strings.FieldsSeq(head) {
		key, value, _ := strings.Cut(field, "=")
		var err error
		switch key {
		case "E":
			f.Error, err = strconv.Atoi(value)
			found = true
		case "R":
			f.Retry = value == "1"
		case "C":
			var c []byte
			if c, err = hex.DecodeString(value); err == nil && len(c) != len(f.Challenge) {
				err = ErrLength
			}
			if err == nil {
				f.Challenge = [16]byte(c)
			}
		case "V":
			f.Version, err = strconv.Atoi(value)
		}
		if err != nil {
			return MSCHAPFailure{}, fmt.Errorf("%s: %s=: %w", what, key, err)
		}
	}
	if !found {
		return MSCHAPFailure{}, fmt.Errorf("%s: no E=", what)
	}
	return f, nil
}
