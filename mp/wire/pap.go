package wire

// Codes of PAP (RFC 1334 section 2.2).
const (
	PAPAuthReq Code = 1
	PAPAuthAck Code = 2
	PAPAuthNak Code = 3
)

// maxPAPField is the longest peer-id, password or message.
const maxPAPField = 0xff

// PAPRequest is the data of an Authenticate-Request.
//
//	+-----+---------+-----+----------
//	| len | peer-id | len | password
//	+-----+---------+-----+----------
type PAPRequest struct {
	PeerID   string
	Password string
}

// String leaves the password out.
func (r PAPRequest) String() string { return "user=" + quote([]byte(r.PeerID)) + " password=<hidden>" }

// GoString leaves the password out.
func (r PAPRequest) GoString() string { return "wire.PAPRequest{" + r.String() + "}" }

// AppendPAPRequest appends the data of an Authenticate-Request. Fields beyond
// 255 octets are cut.
func AppendPAPRequest(b []byte, r PAPRequest) []byte {
	for _, field := range [...]string{r.PeerID, r.Password} {
		field = field[:min(len(field), maxPAPField)]
		b = append(append(b, byte(len(field))), field...)
	}
	return b
}

// ParsePAPRequest reads the data of an Authenticate-Request.
func ParsePAPRequest(data []byte) (PAPRequest, error) {
	id, rest, err := counted("PAP peer-id", data)
	if err != nil {
		return PAPRequest{}, err
	}
	password, _, err := counted("PAP password", rest)
	if err != nil {
		return PAPRequest{}, err
	}
	return PAPRequest{PeerID: string(id), Password: string(password)}, nil
}

// PAPReply is the data of an Authenticate-Ack or -Nak: a text for people.
type PAPReply struct {
	Message string
}

// AppendPAPReply appends the data of an Authenticate-Ack or -Nak. A message
// beyond 255 octets is cut.
func AppendPAPReply(b []byte, r PAPReply) []byte {
	msg := r.Message[:min(len(r.Message), maxPAPField)]
	return append(append(b, byte(len(msg))), msg...)
}

// ParsePAPReply reads the data of an Authenticate-Ack or -Nak. Data without
// even the length octet, as some servers send, is an empty message.
func ParsePAPReply(data []byte) (PAPReply, error) {
	if len(data) == 0 {
		return PAPReply{}, nil
	}
	msg, _, err := counted("PAP message", data)
	if err != nil {
		return PAPReply{}, err
	}
	return PAPReply{Message: string(msg)}, nil
}

// counted splits a field off that follows one octet with its length.
func counted(what string, b []byte) (field, rest []byte, err error) {
	if len(b) < 1 {
		return nil, nil, short(what, 0, 1)
	}
	n := 1 + int(b[0])
	if n > len(b) {
		return nil, nil, short(what, len(b), n)
	}
	return b[1:n], b[n:], nil
}
