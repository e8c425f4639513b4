package wire

// Codes of CHAP (RFC 1994 section 4).
const (
	CHAPChallenge Code = 1
	CHAPResponse  Code = 2
	CHAPSuccess   Code = 3
	CHAPFailure   Code = 4
)

// maxCHAPValue is the longest challenge or response.
const maxCHAPValue = 0xff

// CHAPValue is the data of a Challenge or Response of CHAP, and of the
// MD5-Challenge of EAP (RFC 1994 section 4.1). The data of Success and Failure
// is plain text.
//
//	+-----+-------+------
//	| len | value | name
//	+-----+-------+------
type CHAPValue struct {
	Value []byte
	Name  string
}

// AppendCHAPValue appends the data of a Challenge or Response. A value beyond
// 255 octets is cut.
func AppendCHAPValue(b []byte, v CHAPValue) []byte {
	value := v.Value[:min(len(v.Value), maxCHAPValue)]
	b = append(append(b, byte(len(value))), value...)
	return append(b, v.Name...)
}

// ParseCHAPValue reads the data of a Challenge or Response. An empty value is
// an error (RFC 1994 section 4.1 wants at least one octet).
func ParseCHAPValue(data []byte) (CHAPValue, error) {
	value, name, err := counted("CHAP value", data)
	if err != nil {
		return CHAPValue{}, err
	}
	if len(value) == 0 {
		return CHAPValue{}, wrongLength("CHAP value", 0, 1)
	}
	return CHAPValue{Value: value, Name: string(name)}, nil
}
