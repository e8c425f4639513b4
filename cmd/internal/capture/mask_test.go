package capture

import (
	"bytes"
	"encoding/hex"
	"strings"
	"testing"

	"pppdial/mp/mptest"
	"pppdial/mp/wire"
)

// auth is a frame with a packet of an authentication protocol.
func auth(p wire.Protocol, code wire.Code, data []byte) []byte {
	b := wire.AppendProtocol([]byte{0xff, 3}, p, false)
	return wire.AppendPacket(b, wire.Packet{Code: code, ID: 7, Data: data})
}

// rejected is a Protocol-Reject of a packet.
func rejected(p wire.Protocol, packet wire.Packet) []byte {
	data := wire.AppendPacket(wire.AppendProtocol(nil, p, false), packet)
	return auth(wire.LCP, wire.ProtocolReject, data)
}

const secret = "s3cr3t-of-ours-!"

func TestMasked(t *testing.T) {
	pap := wire.AppendPAPRequest(nil, wire.PAPRequest{PeerID: "me", Password: secret})
	papShown := wire.AppendPAPRequest(nil, wire.PAPRequest{PeerID: "me", Password: hidden})
	response := wire.AppendCHAPValue(nil, wire.CHAPValue{Value: []byte(secret), Name: "me"})
	responseShown := wire.AppendCHAPValue(nil, wire.CHAPValue{Value: []byte("****************"), Name: "me"})
	body := func(t wire.EAPType, data []byte) []byte {
		return wire.AppendEAPBody(nil, wire.EAPBody{Type: t, Data: data})
	}
	cut := rejected(wire.PAP, wire.Packet{Code: wire.PAPAuthReq, ID: 1, Data: append(pap, "padding"...)})
	cut = cut[:len(cut)-3]
	stars := []byte(strings.Repeat("*", len(secret)))
	for _, tc := range []struct {
		name     string
		in, want []byte
	}{
		{"PAP request", auth(wire.PAP, wire.PAPAuthReq, pap), auth(wire.PAP, wire.PAPAuthReq, papShown)},
		{"without address", auth(wire.PAP, wire.PAPAuthReq, pap)[2:], auth(wire.PAP, wire.PAPAuthReq, papShown)[2:]},
		{"padding", append(auth(wire.PAP, wire.PAPAuthReq, pap), secret...), auth(wire.PAP, wire.PAPAuthReq, papShown)},
		{"PAP request cut short", auth(wire.PAP, wire.PAPAuthReq, []byte(secret)), auth(wire.PAP, wire.PAPAuthReq, stars)},
		{"PAP answer", auth(wire.PAP, wire.PAPAuthNak, []byte("\x04what")), auth(wire.PAP, wire.PAPAuthNak, []byte("\x04what"))},
		{"PAP, unknown code", auth(wire.PAP, 9, []byte(secret)), auth(wire.PAP, 9, stars)},
		{"CHAP challenge", auth(wire.CHAP, wire.CHAPChallenge, response), auth(wire.CHAP, wire.CHAPChallenge, response)},
		{"CHAP response", auth(wire.CHAP, wire.CHAPResponse, response), auth(wire.CHAP, wire.CHAPResponse, responseShown)},
		{"CHAP success", auth(wire.CHAP, wire.CHAPSuccess, []byte("hi")), auth(wire.CHAP, wire.CHAPSuccess, []byte("hi"))},
		{"MS-CHAP change of password", auth(wire.CHAP, 7, []byte(secret)), auth(wire.CHAP, 7, stars)},
		{"EAP identity", auth(wire.EAP, wire.EAPResponse, body(wire.EAPIdentity, []byte("me"))), auth(wire.EAP, wire.EAPResponse, body(wire.EAPIdentity, []byte("me")))},
		{"EAP MD5", auth(wire.EAP, wire.EAPResponse, body(wire.EAPMD5, response)), auth(wire.EAP, wire.EAPResponse, body(wire.EAPMD5, responseShown))},
		{"EAP token card", auth(wire.EAP, wire.EAPResponse, body(6, []byte(secret))), auth(wire.EAP, wire.EAPResponse, body(6, stars))},
		{"Protocol-Reject of PAP",
			rejected(wire.PAP, wire.Packet{Code: wire.PAPAuthReq, ID: 1, Data: pap}),
			rejected(wire.PAP, wire.Packet{Code: wire.PAPAuthReq, ID: 1, Data: papShown})},
		{"Protocol-Reject cut short", cut, append(cut[:8:8], strings.Repeat("*", len(cut)-8)...)},
		{"Protocol-Reject of IP", auth(wire.LCP, wire.ProtocolReject, []byte("\x00\x21xyz")), auth(wire.LCP, wire.ProtocolReject, []byte("\x00\x21xyz"))},
		{"LCP", auth(wire.LCP, wire.ConfigureRequest, []byte{1, 4, 5, 220}), auth(wire.LCP, wire.ConfigureRequest, []byte{1, 4, 5, 220})},
	} {
		if got := appendMasked(nil, tc.in); !bytes.Equal(got, tc.want) {
			t.Errorf("%s:\n%s\nwant\n%s", tc.name, hex.Dump(got), hex.Dump(tc.want))
		}
	}
}

// FuzzMasked: a secret is nowhere in what is kept, and nothing but authentication
// is changed.
func FuzzMasked(f *testing.F) {
	f.Add(auth(wire.PAP, wire.PAPAuthReq, []byte{2, 'm', 'e', 16}), byte(3))
	f.Add(auth(wire.CHAP, wire.CHAPResponse, []byte{16}), byte(1))
	f.Add(auth(wire.EAP, wire.EAPResponse, []byte{4, 16}), byte(0))
	f.Add(auth(wire.LCP, wire.ProtocolReject, []byte{0xc0, 0x23, 1, 1, 0, 30, 0}), byte(9))
	for _, said := range mptest.Frames(40, uint16(wire.LCP), uint16(wire.PAP), uint16(wire.CHAP), uint16(wire.EAP)) {
		f.Add(append(wire.AppendProtocol([]byte{0xff, 3}, wire.Protocol(said.Protocol), false), said.Info...), byte(5))
	}
	f.Fuzz(func(t *testing.T, raw []byte, cut byte) {
		got := appendMasked(nil, raw)
		p, _, err := split(raw)
		if err != nil || p != wire.PAP && p != wire.CHAP && p != wire.EAP && p != wire.LCP {
			if !bytes.Equal(got, raw) {
				t.Errorf("%x became %x", raw, got)
			}
			return
		}
		// A password request whose lengths are right hides its password.
		name := raw[:min(len(raw), int(cut))]
		request := wire.AppendPAPRequest(nil, wire.PAPRequest{PeerID: string(name), Password: secret})
		for _, frame := range [][]byte{
			auth(wire.PAP, wire.PAPAuthReq, request),
			rejected(wire.PAP, wire.Packet{Code: wire.PAPAuthReq, Data: request}),
		} {
			if got := appendMasked(nil, frame); bytes.Contains(got, []byte(secret)) && !bytes.Contains(name, []byte(secret)) {
				t.Errorf("%x shows the password", got)
			}
		}
	})
}

func TestIsControl(t *testing.T) {
	ip := []byte{0xff, 3, 0, 0x21, 0x45}
	for _, tc := range []struct {
		name  string
		frame []byte
		want  bool
	}{
		{"Configure-Request", auth(wire.LCP, wire.ConfigureRequest, nil), true},
		{"Echo-Request", auth(wire.LCP, wire.EchoRequest, nil), false},
		{"PAP", auth(wire.PAP, wire.PAPAuthReq, nil), true},
		{"IPCP", auth(wire.IPCP, wire.ConfigureRequest, nil), true},
		{"IP", ip, false},
		{"IPCP in a bundle", append([]byte{0, 0x3d, 0xc0, 0, 0, 1}, 0x80, 0x21, 1), true},
		{"IPCP in a bundle with short numbers", append([]byte{0x3d, 0xc0, 1}, 0x80, 0x21, 1), true},
		{"first part of a packet in a bundle", append([]byte{0x3d, 0x80, 0, 0, 1}, 0x80, 0x21, 1), false},
		{"IP in a bundle", append([]byte{0x3d, 0xc0, 0, 0, 1}, 0x21, 0x45), false},
		{"nothing", nil, false},
	} {
		if got := isControl(tc.frame); got != tc.want {
			t.Errorf("%s: %v", tc.name, got)
		}
	}
}
