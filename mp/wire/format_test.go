package wire

import (
	"encoding/hex"
	"strings"
	"testing"

	"pppdial/mp/mptest"
)

// unhex decodes hex with blanks for the eye.
func unhex(t testing.TB, s string) []byte {
	t.Helper()
	b, err := hex.DecodeString(strings.ReplaceAll(s, " ", ""))
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// TestFormat holds the lines that users of pppd know.
func TestFormat(t *testing.T) {
	for _, c := range []struct {
		p    Protocol
		info string
		want string
	}{
		{LCP, "01 01 0018 0104 05dc 0206 00000000 0506 1234abcd 0702 0802",
			"LCP ConfReq id=0x1 <mru 1500> <asyncmap 0x0> <magic 0x1234abcd> <pcomp> <accomp>"},
		{LCP, "01 01 0012 0305 c22305 1104 05dc 1202 1303 00",
			"LCP ConfReq id=0x1 <auth chap MD5> <mrru 1500> <ssnhf> <endpoint [null]>"},
		{LCP, "02 0a 0016 0304 c023 0304 c227 0305 c22380 0305 c22381", "LCP ConfAck id=0xa <auth pap> <auth eap> <auth chap MS> <auth chap MS-v2>"},
		{LCP, "03 ff 0011 0305 c22306 0304 c123 0404 c025", "LCP ConfNak id=0xff <auth chap 0x6> <auth 0xc123> <quality lqr>"},
		{LCP, "04 02 0019 0d03 06 1309 03 0018f3a50b1c 1307 02 0a000001 9902",
			"LCP ConfRej id=0x2 <callback CBCP> <endpoint [MAC:00:18:f3:a5:0b:1c]> <endpoint [IP:10.0.0.1]> < 99 02>"},
		{LCP, "01 02 0012 0103 05 1304 01 65 1b04 0204 0502 ff", "LCP ConfReq id=0x2 < 01 03 05> <endpoint [local:65]> <mp-headers 2 classes 4> < 05 02> ff"},
		{LCP, "05 02 0010 5573657220726571 75657374", `LCP TermReq id=0x2 "User request"`},
		{LCP, "06 02 0004", "LCP TermAck id=0x2"},
		{LCP, "06 02 0006 0001", "LCP TermAck id=0x2 00 01"},
		{LCP, "07 03 0008 11 02 0004", "LCP CodeRej id=0x3 11 02 00 04"},
		{LCP, "08 04 000c 80fd 01 01 0006 1503", "LCP ProtRej id=0x4 80 fd 01 01 00 06 15 03"},
		{LCP, "08 04 000c c023 01 01 0006 0173", "LCP ProtRej id=0x4 c0 23 <hidden>"},
		{LCP, "09 00 0008 1234abcd", "LCP EchoReq id=0x0 magic=0x1234abcd"},
		{LCP, "0a 00 000a 00000000 6869", "LCP EchoRep id=0x0 magic=0x0 68 69"},
		{LCP, "0b 00 0008 1234abcd 00", "LCP DiscReq id=0x0 magic=0x1234abcd"},
		{LCP, "0c 01 000c 1234abcd 70707021", `LCP Ident id=0x1 magic=0x1234abcd "ppp!"`},
		{LCP, "0d 01 000c 1234abcd 0000003c", "LCP TimeRem id=0x1 magic=0x1234abcd seconds=60"},
		{LCP, "0c 01 0006 1234", "LCP Ident id=0x1 12 34"},
		{LCP, "0d 01 0006 1234", "LCP TimeRem id=0x1 12 34"},
		{LCP, "09 01 0006 1234", "LCP EchoReq id=0x1 12 34"},
		{LCP, "08 01 0005 12", "LCP ProtRej id=0x1 12"},
		{LCP, "42 01 0006 1234", "LCP code=0x42 id=0x1 12 34"},
		{LCP, "01 01", "LCP 01 01"},
		{IPCP, "01 01 0010 0206 002d 0f 01 0306 0a000001", "IPCP ConfReq id=0x1 <compress VJ 0f 01> <addr 10.0.0.1>"},
		{IPCP, "03 01 0022 8106 01010101 8306 08080808 8206 0a000002 0306 0a000003 0206 1234 0001",
			"IPCP ConfNak id=0x1 <ms-dns1 1.1.1.1> <ms-dns2 8.8.8.8> <ms-wins 10.0.0.2> <addr 10.0.0.3> <compress 0x1234 00 01>"},
		{IPCP, "01 02 000e 010a 0a000001 0a000002", "IPCP ConfReq id=0x2 <addrs 10.0.0.1 10.0.0.2>"},
		{IPCP, "0e 02 0004", "IPCP code=0xe id=0x2"},
		{IPV6CP, "01 01 000e 010a 0123456789abcdef", "IPV6CP ConfReq id=0x1 <addr fe80::0123:4567:89ab:cdef>"},
		{IPV6CP, "04 01 0008 0204 004f", "IPV6CP ConfRej id=0x1 <compress 0x4f>"},
		{CCP, "01 01 0013 1a04 7800 1804 7800 1503 2f 0102 0202", "CCP ConfReq id=0x1 <deflate 15> <deflate(old#) 15> <bsd v1 15> <predictor 1> <predictor 2>"},
		{CCP, "04 01 000e 1206 01000060 1a04 7401", "CCP ConfRej id=0x1 <mppe +H -M +S +L -D -C> <deflate 15 method 4 check 1>"},
		{CCP, "0e 01 0004", "CCP ResetReq id=0x1"},
		{CCPLink, "0f 01 0004", "CCP-link ResetAck id=0x1"},
		{ECP, "01 01 0007 0103 01", "ECP ConfReq id=0x1 < 01 03 01>"},
		{PAP, "01 01 000d 026d65 0570 617373 77", `PAP AuthReq id=0x1 user="me" password=<hidden>`},
		{PAP, "01 01 000c 026d65 0970 617373 77", "PAP AuthReq id=0x1 <hidden>"},
		{PAP, "02 01 0008 03 4f4b0a", `PAP AuthAck id=0x1 "OK\n"`},
		{PAP, "03 01 0004", `PAP AuthNak id=0x1 ""`},
		{PAP, "09 01 0005 41", "PAP code=0x9 id=0x1 <hidden>"},
		{PAP, "01 01 00", "PAP <3 octets, truncated>"},
		{CHAP, "01 01 000c 04 01020304 6c6e73", `CHAP Challenge id=0x1 <hidden>, name = "lns"`},
		{CHAP, "02 01 000b 04 01020304 226d", `CHAP Response id=0x1 <hidden>, name = "\"m"`},
		{CHAP, "03 01 0010 533d30314142204d 3d6f6b5c", `CHAP Success id=0x1 "S=<hidden> M=ok\\"`},
		{CHAP, "04 01 0013 453d36393120523d3120433d304620", `CHAP Failure id=0x1 "E=691 R=1 C=<hidden> "`},
		{CHAP, "01 01 0006 00 6c", "CHAP Challenge id=0x1 <hidden>"},
		{EAP, "01 01 0005 01", "EAP Request id=0x1 Identity"},
		{EAP, "01 01 0008 02 686f09", `EAP Request id=0x1 Notification <Message "ho\t">`},
		{EAP, "02 01 0007 01 6d65", `EAP Response id=0x1 Identity <Name "me">`},
		{EAP, "02 01 0007 03 04 1a", "EAP Response id=0x1 Nak <Suggested-type 04 (MD5-Challenge)> <Suggested-type 1A (MSCHAPv2)>"},
		{EAP, "01 02 000a 04 02 0102 6d0d", `EAP Request id=0x2 MD5-Challenge <Value <hidden>> <Name "m\r">`},
		{EAP, "02 02 0008 04 02 0102", "EAP Response id=0x2 MD5-Challenge <Value <hidden>>"},
		{EAP, "02 02 0008 04 07 0102", "EAP Response id=0x2 MD5-Challenge <hidden>"},
		{EAP, "01 02 0006 6301", "EAP Request id=0x2 type 99 <hidden>"},
		{EAP, "01 02 0004", "EAP Request id=0x2 <missing type>"},
		{EAP, "03 02 0004", "EAP Success id=0x2"},
		{EAP, "05 02 0005 41", "EAP code=0x5 id=0x2 <hidden>"},
		{IPv4, "4500", "IP data, 2 octets"},
		{0x8031, "0102", "proto=0x8031 01 02"},
		{0x8031, strings.Repeat("00", 33), "proto=0x8031" + strings.Repeat(" 00", 32) + " ..."},
	} {
		if got := Format(c.p, unhex(t, c.info)); got != c.want {
			t.Errorf("%v %s:\ngot  %s\nwant %s", c.p, c.info, got, c.want)
		}
	}
}

// FuzzFormat: whatever is in a packet, the line is one line of printable
// ASCII.
func FuzzFormat(f *testing.F) {
	f.Add(uint16(LCP), []byte("\x01\x01\x00\x08\x01\x04\x05\xdc"))
	f.Add(uint16(IPCP), []byte("\x01\x01\x00\x0a\x03\x06\x0a\x00\x00\x01"))
	f.Add(uint16(CCP), []byte("\x01\x01\x00\x08\x1a\x04\x78\x00"))
	f.Add(uint16(IPV6CP), []byte("\x01\x01\x00\x0e\x01\x0a12345678"))
	f.Add(uint16(CHAP), []byte("\x03\x01\x00\x0aS=0123"))
	f.Add(uint16(EAP), []byte("\x01\x01\x00\x09\x04\x03abc"))
	for _, said := range mptest.Frames(seeds) {
		f.Add(said.Protocol, said.Info)
	}
	f.Fuzz(func(t *testing.T, p uint16, info []byte) {
		for _, c := range Format(Protocol(p), info) {
			if c < ' ' || c > '~' {
				t.Fatalf("%q", Format(Protocol(p), info))
			}
		}
	})
}

// FuzzFormatHidesPasswords: the line of a request does not depend on the
// password in it, read or not.
func FuzzFormatHidesPasswords(f *testing.F) {
	f.Add("me", "secret", uint8(0))
	f.Add("", "", uint8(1))
	f.Fuzz(func(t *testing.T, user, password string, cut uint8) {
		lines := [2]string{}
		for i, pw := range []string{password, strings.Repeat("*", len(password))} {
			info := AppendPacket(nil, Packet{Code: PAPAuthReq, ID: 1, Data: AppendPAPRequest(nil, PAPRequest{user, pw})})
			info = info[:max(0, len(info)-int(cut))]
			lines[i] = Format(PAP, info) + Format(LCP, AppendPacket(nil, Packet{Code: ProtocolReject, Data: AppendRejected(nil, Rejected{PAP, info})}))
		}
		if lines[0] != lines[1] {
			t.Errorf("%s\n%s", lines[0], lines[1])
		}
	})
}
