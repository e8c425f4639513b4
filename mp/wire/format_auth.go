package wire

import (
	"fmt"
	"regexp"
)

// auth prints a packet of PAP, CHAP or EAP. Data that cannot be read is not
// printed, since nobody knows what is in it.
func (l *line) auth(p Protocol, info []byte) {
	pkt, err := ParsePacket(info)
	if err != nil {
		l.add(" <%d octets, truncated>", len(info))
		return
	}
	switch p {
	case PAP:
		l.pap(pkt)
	case CHAP:
		l.chap(pkt)
	case EAP:
		l.eap(pkt)
	}
}

// hidden stands for data that cannot be read or must not be shown.
func (l *line) hidden() { l.add(" <hidden>") }

func (l *line) pap(pkt Packet) {
	name := map[Code]string{PAPAuthReq: "AuthReq", PAPAuthAck: "AuthAck", PAPAuthNak: "AuthNak"}[pkt.Code]
	l.header(name, pkt)
	switch pkt.Code {
	case PAPAuthReq:
		if r, err := ParsePAPRequest(pkt.Data); err == nil {
			l.add(" %v", r)
			return
		}
	case PAPAuthAck, PAPAuthNak:
		if r, err := ParsePAPReply(pkt.Data); err == nil {
			l.text([]byte(r.Message))
			return
		}
	}
	l.hidden()
}

// proofs are the parts of MS-CHAPv2's messages that are made with the secret
// or that a secret is used upon.
var proofs = regexp.MustCompile(`\b([SC])=[0-9A-Fa-f]+`)

func (l *line) chap(pkt Packet) {
	name := map[Code]string{
		CHAPChallenge: "Challenge", CHAPResponse: "Response", CHAPSuccess: "Success", CHAPFailure: "Failure",
	}[pkt.Code]
	l.header(name, pkt)
	switch pkt.Code {
	case CHAPChallenge, CHAPResponse:
		if v, err := ParseCHAPValue(pkt.Data); err == nil {
			l.add(" <hidden>, name = %s", quote([]byte(v.Name)))
			return
		}
	case CHAPSuccess, CHAPFailure:
		l.text(proofs.ReplaceAll(pkt.Data, []byte("$1=<hidden>")))
		return
	}
	l.hidden()
}

// eapTypes are the names of EAP types in pppd's words.
var eapTypes = map[EAPType]string{
	EAPIdentity: "Identity", EAPNotification: "Notification", EAPNak: "Nak", EAPMD5: "MD5-Challenge",
	5: "OTP", 6: "Generic-Token", 13: "TLS", 21: "TTLS", 25: "PEAP", 26: "MSCHAPv2",
}

// String returns the type's name.
func (t EAPType) String() string {
	if s, ok := eapTypes[t]; ok {
		return s
	}
	return fmt.Sprintf("type %d", uint8(t))
}

func (l *line) eap(pkt Packet) {
	name := map[Code]string{
		EAPRequest: "Request", EAPResponse: "Response", EAPSuccess: "Success", EAPFailure: "Failure",
	}[pkt.Code]
	l.header(name, pkt)
	switch pkt.Code {
	case EAPSuccess, EAPFailure:
		return
	case EAPRequest, EAPResponse:
		if body, err := ParseEAPBody(pkt.Data); err == nil {
			l.eapBody(pkt.Code, body)
			return
		}
		l.add(" <missing type>")
		return
	}
	l.hidden()
}

func (l *line) eapBody(code Code, body EAPBody) {
	l.add(" %v", body.Type)
	switch body.Type {
	case EAPIdentity, EAPNotification:
		label := "Message"
		if code == EAPResponse && body.Type == EAPIdentity {
			label = "Name"
		}
		if len(body.Data) > 0 {
			l.add(" <%s %s>", label, quote(body.Data))
		}
	case EAPNak:
		for _, t := range body.Data {
			l.add(" <Suggested-type %02X (%v)>", t, EAPType(t))
		}
	case EAPMD5:
		v, err := ParseCHAPValue(body.Data)
		if err != nil {
			l.hidden()
			return
		}
		l.add(" <Value <hidden>>")
		if v.Name != "" {
			l.add(" <Name %s>", quote([]byte(v.Name)))
		}
	default:
		if len(body.Data) > 0 {
			l.hidden()
		}
	}
}
