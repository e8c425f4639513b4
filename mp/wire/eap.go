package wire

// Codes of EAP (RFC 3748 section 4). Its packets have the same header as
// those of LCP; see [Packet].
const (
	EAPRequest  Code = 1
	EAPResponse Code = 2
	EAPSuccess  Code = 3
	EAPFailure  Code = 4
)

// EAPType is the first octet of the data of an EAP Request or Response.
type EAPType uint8

// Types of EAP (RFC 3748 section 5).
const (
	EAPIdentity     EAPType = 1
	EAPNotification EAPType = 2
	EAPNak          EAPType = 3 // Response alone; data is the types wished instead
	EAPMD5          EAPType = 4 // data is a [CHAPValue]
)

// EAPBody is the data of an EAP Request or Response. Success and Failure have
// no data.
type EAPBody struct {
	Type EAPType
	Data []byte
}

// AppendEAPBody appends the data of an EAP Request or Response.
func AppendEAPBody(b []byte, e EAPBody) []byte {
	return append(append(b, byte(e.Type)), e.Data...)
}

// ParseEAPBody reads the data of an EAP Request or Response.
func ParseEAPBody(data []byte) (EAPBody, error) {
	if len(data) < 1 {
		return EAPBody{}, short("EAP type", 0, 1)
	}
	return EAPBody{Type: EAPType(data[0]), Data: data[1:]}, nil
}
