package wire

import (
	"fmt"
	"strings"
)

// Format prints the information of a packet of protocol p on one line, in the
// words of pppd's debug log but without the brackets:
//
//	LCP ConfReq id=0x1 <mru 1500> <asyncmap 0x0> <magic 0x1234abcd> <pcomp> <accomp>
//
// Passwords, challenges, responses and what was made of them are printed as
// <hidden>, also inside of a Protocol-Reject. What cannot be read is printed as
// octets in hex. Building the line is slow: callers ask first whether anybody
// will read it.
func Format(p Protocol, info []byte) string {
	l := line{out: []byte(p.String())}
	switch p {
	case LCP, IPCP, IPV6CP, CCP, CCPLink, ECP:
		l.control(p, info)
	case PAP, CHAP, EAP:
		l.auth(p, info)
	case IPv4, IPv6, MP, VJCompressed, VJUncompressed, Compressed, CompressedLink:
		l.add(" data, %d octets", len(info))
	default:
		l = line{out: fmt.Appendf(nil, "proto=0x%x", uint16(p))}
		l.octets(info)
	}
	return string(l.out)
}

// line is a line that is being built.
type line struct{ out []byte }

func (l *line) add(format string, args ...any) { l.out = fmt.Appendf(l.out, format, args...) }

// maxOctets is how many octets are printed in hex at a time.
const maxOctets = 32

func (l *line) octets(b []byte) {
	for _, c := range b[:min(len(b), maxOctets)] {
		l.add(" %02x", c)
	}
	if len(b) > maxOctets {
		l.add(" ...")
	}
}

// text prints octets that are meant for people, in quotes.
func (l *line) text(b []byte) { l.add(" %s", quote(b)) }

// textOrOctets prints b as text if it looks like text.
func (l *line) textOrOctets(b []byte) {
	if len(b) > 0 && b[0] >= ' ' && b[0] < 0x7f {
		l.text(b)
		return
	}
	l.octets(b)
}

// quote writes octets between double quotes, with everything but printable
// ASCII escaped.
func quote(b []byte) string {
	var s strings.Builder
	s.WriteByte('"')
	for _, c := range b {
		switch {
		case c == '"' || c == '\\':
			s.WriteByte('\\')
			s.WriteByte(c)
		case c >= ' ' && c < 0x7f:
			s.WriteByte(c)
		case c == '\n':
			s.WriteString(`\n`)
		case c == '\r':
			s.WriteString(`\r`)
		case c == '\t':
			s.WriteString(`\t`)
		default:
			fmt.Fprintf(&s, `\%03o`, c)
		}
	}
	s.WriteByte('"')
	return s.String()
}

// header prints code and identifier, with name for the code unless empty.
func (l *line) header(name string, pkt Packet) {
	if name == "" {
		l.add(" code=0x%x", uint8(pkt.Code))
	} else {
		l.add(" %s", name)
	}
	l.add(" id=0x%x", pkt.ID)
}

// codeNames are the codes 1 to 7 of all control protocols, 8 to 13 of LCP and
// 14, 15 of CCP.
var codeNames = [...]string{
	ConfigureRequest: "ConfReq", ConfigureAck: "ConfAck", ConfigureNak: "ConfNak", ConfigureReject: "ConfRej",
	TerminateRequest: "TermReq", TerminateAck: "TermAck", CodeReject: "CodeRej",
	ProtocolReject: "ProtRej", EchoRequest: "EchoReq", EchoReply: "EchoRep", DiscardRequest: "DiscReq",
	Identification: "Ident", TimeRemaining: "TimeRem",
	ResetRequest: "ResetReq", ResetAck: "ResetAck",
}

// CodeName returns pppd's name of a code of LCP or a network control protocol,
// or "" where protocol p has no such code.
func CodeName(p Protocol, c Code) string {
	switch {
	case c == VendorSpecific || int(c) >= len(codeNames):
		return ""
	case c >= ResetRequest && p != CCP && p != CCPLink && p != ECP:
		return ""
	case c > CodeReject && c < ResetRequest && p != LCP:
		return ""
	}
	return codeNames[c]
}

// control prints a packet of LCP or a network control protocol.
func (l *line) control(p Protocol, info []byte) {
	pkt, err := ParsePacket(info)
	if err != nil {
		l.octets(info)
		return
	}
	name := CodeName(p, pkt.Code)
	l.header(name, pkt)
	if name == "" {
		l.octets(pkt.Data)
		return
	}
	switch pkt.Code {
	case ConfigureRequest, ConfigureAck, ConfigureNak, ConfigureReject:
		l.options(p, pkt.Data)
	case TerminateRequest, TerminateAck:
		l.textOrOctets(pkt.Data)
	case ProtocolReject:
		l.rejected(pkt.Data)
	case EchoRequest, EchoReply, DiscardRequest:
		if e, err := ParseEcho(pkt.Data); err == nil {
			l.add(" magic=0x%x", e.Magic)
			l.octets(e.Data)
			return
		}
		l.octets(pkt.Data)
	case Identification:
		if i, err := ParseIdent(pkt.Data); err == nil {
			l.add(" magic=0x%x", i.Magic)
			l.textOrOctets(i.Message)
			return
		}
		l.octets(pkt.Data)
	case TimeRemaining:
		if r, err := ParseRemaining(pkt.Data); err == nil {
			l.add(" magic=0x%x seconds=%d", r.Magic, r.Seconds)
			l.textOrOctets(r.Message)
			return
		}
		l.octets(pkt.Data)
	default:
		l.octets(pkt.Data)
	}
}

// rejected prints the data of a Protocol-Reject. That of a packet that
// authenticates may hold a password.
func (l *line) rejected(data []byte) {
	r, err := ParseRejected(data)
	if err != nil {
		l.octets(data)
		return
	}
	switch r.Protocol {
	case PAP, CHAP, EAP:
		l.octets(data[:2])
		l.add(" <hidden>")
	default:
		l.octets(data)
	}
}
