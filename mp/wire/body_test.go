package wire

import (
	"bytes"
	"errors"
	"net/netip"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"pppdial/mp/mptest"
)

// roundTrip parses data, appends what came out and wants to parse the same
// again, whatever the slice was appended to.
func roundTrip[T any](t *testing.T, data []byte, parse func([]byte) (T, error), app func([]byte, T) []byte) {
	t.Helper()
	v, err := parse(bytes.Clone(data))
	if err != nil {
		var zero T
		if !cmp.Equal(v, zero) {
			t.Errorf("%x: %+v beside error %v", data, v, err)
		}
		return
	}
	before := []byte("before")
	b := app(bytes.Clone(before), v)
	if !bytes.HasPrefix(b, before) {
		t.Fatalf("%+v: appended to %q gives %q", v, before, b)
	}
	again, err := parse(b[len(before):])
	if err != nil || !cmp.Equal(v, again) {
		t.Errorf("%x: %+v, appended %x, parsed %+v, %v", data, v, b[len(before):], again, err)
	}
}

// optionData turns an appender of whole options into one of their data.
func optionData[T any](app func([]byte, T) []byte) func([]byte, T) []byte {
	return func(b []byte, v T) []byte {
		n := len(b)
		b = app(b, v)
		return append(b[:n], b[n+2:]...)
	}
}

// FuzzBodies round-trips the data of every control packet and option that has
// a codec of its own.
func FuzzBodies(f *testing.F) {
	for _, s := range []string{
		"\xc0\x23", "\xc2\x23\x05", "\x02\x04", "\x12\x34\xab\xcdtext", "\x12\x34\xab\xcd\x00\x00\x00\x3ctext", "\x80\xfd\x01\x01\x00\x04",
		"\x03\x00\x01\x02\x03\x04\x05", "\x02\x0a\x00\x00\x01", "\x00",
		"\x02me\x06secret", "\x02ok", "\x0412345678name", "\x04\x02abname",
		"S=0123456789ABCDEF0123456789abcdef01234567 M=welcome", "E=691 R=1 C=0123456789ABCDEF0123456789abcdef V=3 M=no",
		strings.Repeat("x", mschapResponse), "\x00\x2d\x0f\x01", "12345678", "\x2f", "\x78\x00",
	} {
		f.Add([]byte(s))
	}
	for _, said := range mptest.Frames(seeds, control...) {
		p, err := ParsePacket(said.Info)
		if err != nil {
			continue
		}
		f.Add(p.Data)
		opts, _ := ParseOptions(p.Data)
		for _, o := range opts {
			f.Add(o.Data)
		}
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		roundTrip(t, data, ParseAuth, optionData(AppendAuth))
		roundTrip(t, data, ParseMPHeaders, optionData(AppendMPHeaders))
		roundTrip(t, data, ParseEndpoint, optionData(AppendEndpoint))
		roundTrip(t, data, ParseEcho, AppendEcho)
		roundTrip(t, data, ParseIdent, AppendIdent)
		roundTrip(t, data, ParseRemaining, AppendRemaining)
		roundTrip(t, data, ParseRejected, AppendRejected)
		roundTrip(t, data, ParsePAPRequest, AppendPAPRequest)
		roundTrip(t, data, ParsePAPReply, AppendPAPReply)
		roundTrip(t, data, ParseCHAPValue, AppendCHAPValue)
		roundTrip(t, data, ParseMSCHAPResponse, AppendMSCHAPResponse)
		roundTrip(t, data, ParseMSCHAPSuccess, AppendMSCHAPSuccess)
		roundTrip(t, data, ParseMSCHAPFailure, AppendMSCHAPFailure)
		roundTrip(t, data, ParseEAPBody, AppendEAPBody)
		roundTrip(t, data, ParseVJ, optionData(AppendVJ))
		roundTrip(t, data, ParseInterfaceID, optionData(AppendInterfaceID))
		if o, err := ParseBSD(data); err == nil && o.Valid() {
			roundTrip(t, data, ParseBSD, optionData(func(b []byte, o BSD) []byte { return AppendBSD(b, o.Bits) }))
		}
		if o, err := ParseDeflate(data); err == nil && o.Valid() {
			roundTrip(t, data, ParseDeflate, optionData(func(b []byte, o Deflate) []byte { return AppendDeflate(b, CCPDeflate, o.Window) }))
		}
	})
}

func TestWrongLengths(t *testing.T) {
	check := func(name string, err, want error) {
		t.Helper()
		if !errors.Is(err, want) {
			t.Errorf("%s: %v, want %v", name, err, want)
		}
	}
	parse := func(name, data string, want error, f func([]byte) error) {
		t.Helper()
		check(name+" "+data, f(unhex(t, data)), want)
	}
	auth := func(b []byte) error { _, err := ParseAuth(b); return err }
	parse("auth", "c2", ErrShort, auth)
	parse("auth", "c223", ErrLength, auth)
	parse("auth", "c2230500", ErrLength, auth)
	parse("auth", "c02300", ErrLength, auth)
	parse("auth", "c12300", nil, auth)
	endpoint := func(b []byte) error { _, err := ParseEndpoint(b); return err }
	parse("endpoint", "", ErrShort, endpoint)
	parse("endpoint", "0001", ErrLength, endpoint)
	parse("endpoint", "020a0000", ErrLength, endpoint)
	parse("endpoint", "03010203040506 07", ErrLength, endpoint)
	parse("endpoint", "05"+strings.Repeat("00", 16), ErrLength, endpoint)
	parse("endpoint", "63"+strings.Repeat("00", 21), ErrLength, endpoint)
	parse("endpoint", "63"+strings.Repeat("00", 20), nil, endpoint)
	pap := func(b []byte) error { _, err := ParsePAPRequest(b); return err }
	parse("PAP", "", ErrShort, pap)
	parse("PAP", "0161", ErrShort, pap)
	parse("PAP", "0261", ErrShort, pap)
	parse("PAP", "0161 0562", ErrShort, pap)
	parse("PAP", "0161 0162 ff", nil, pap)
	reply := func(b []byte) error { _, err := ParsePAPReply(b); return err }
	parse("PAP reply", "", nil, reply)
	parse("PAP reply", "0261", ErrShort, reply)
	chap := func(b []byte) error { _, err := ParseCHAPValue(b); return err }
	parse("CHAP", "", ErrShort, chap)
	parse("CHAP", "0261", ErrShort, chap)
	parse("CHAP", "00", ErrLength, chap)
	vj := func(b []byte) error { _, err := ParseVJ(b); return err }
	parse("VJ", "00", ErrShort, vj)
	parse("VJ", "002d", ErrLength, vj)
	parse("VJ", "002d0f0100", ErrLength, vj)
	check("MS-CHAPv2 response", func() error { _, err := ParseMSCHAPResponse(make([]byte, 48)); return err }(), ErrLength)
	for _, s := range []string{"", "S=", "S=0123", "M=hello", "S=" + strings.Repeat("x", 40)} {
		if v, err := ParseMSCHAPSuccess([]byte(s)); err == nil {
			t.Errorf("MS-CHAPv2 success %q: %+v", s, v)
		}
	}
	for _, s := range []string{"", "R=1", "E=x", "E=691 C=00", "E=691 C=zz", "E=691 V=three", "M=E=691"} {
		if v, err := ParseMSCHAPFailure([]byte(s)); err == nil {
			t.Errorf("MS-CHAPv2 failure %q: %+v", s, v)
		}
	}
}

func TestCutsOverlongFields(t *testing.T) {
	long := strings.Repeat("x", 300)
	r, err := ParsePAPRequest(AppendPAPRequest(nil, PAPRequest{long, long}))
	if err != nil || len(r.PeerID) != 255 || len(r.Password) != 255 {
		t.Errorf("PAP: %d and %d octets, %v", len(r.PeerID), len(r.Password), err)
	}
	m, err := ParsePAPReply(AppendPAPReply(nil, PAPReply{long}))
	if err != nil || len(m.Message) != 255 {
		t.Errorf("PAP reply: %d octets, %v", len(m.Message), err)
	}
	v, err := ParseCHAPValue(AppendCHAPValue(nil, CHAPValue{[]byte(long), "me"}))
	if err != nil || len(v.Value) != 255 || v.Name != "me" {
		t.Errorf("CHAP: %d octets of %q, %v", len(v.Value), v.Name, err)
	}
	if e := AppendEndpoint(nil, Endpoint{EndpointLocal, long}); len(e) != 23 {
		t.Errorf("endpoint: %d octets", len(e))
	}
	if o := AppendOption(nil, Option{1, []byte(long)}); len(o) != 255 || o[1] != 255 {
		t.Errorf("option: %d octets, length %d", len(o), o[1])
	}
}

// The texts are those of RFC 2759 section 9.2 and of Windows servers.
func TestMSCHAPMessages(t *testing.T) {
	s, err := ParseMSCHAPSuccess([]byte("S=407A5589115FD0D6209F510FE9C04566932CDA56 M=Welcome"))
	if err != nil || s.Auth[0] != 0x40 || s.Auth[19] != 0x56 || s.Message != "Welcome" {
		t.Errorf("success: %+v, %v", s, err)
	}
	if got := string(AppendMSCHAPSuccess(nil, s)); got != "S=407A5589115FD0D6209F510FE9C04566932CDA56 M=Welcome" {
		t.Errorf("success: %s", got)
	}
	if s, err := ParseMSCHAPSuccess([]byte("S=407a5589115fd0d6209f510fe9c04566932cda56")); err != nil || s.Message != "" {
		t.Errorf("success in small letters: %+v, %v", s, err)
	}
	f, err := ParseMSCHAPFailure([]byte("E=691 R=1 C=00112233445566778899AABBCCDDEEFF V=3 M=Access denied = no"))
	want := MSCHAPFailure{Error: MSCHAPBadCredentials, Retry: true, Version: 3, Message: "Access denied = no",
		Challenge: [16]byte{0, 0x11, 0x22, 0x33, 0x44, 0x55, 0x66, 0x77, 0x88, 0x99, 0xaa, 0xbb, 0xcc, 0xdd, 0xee, 0xff}}
	if err != nil || f != want {
		t.Errorf("failure: %+v, %v", f, err)
	}
	if got := string(AppendMSCHAPFailure(nil, MSCHAPFailure{Error: 648, Version: 3})); got != "E=648 R=0 C=00000000000000000000000000000000 V=3 M=" {
		t.Errorf("failure: %s", got)
	}
	if f, err := ParseMSCHAPFailure([]byte("E=648")); err != nil || f.Error != MSCHAPPasswordExpired || f.Retry {
		t.Errorf("bare failure: %+v, %v", f, err)
	}
}

func TestSecretsDoNotPrint(t *testing.T) {
	r := PAPRequest{PeerID: "me", Password: "open sesame"}
	if s := r.String() + r.GoString(); strings.Contains(s, "sesame") {
		t.Error(s)
	}
}

func TestVJ(t *testing.T) {
	for _, v := range []VJ{{15, true}, {255, false}} {
		o, err := ParseOptions(AppendVJ(nil, v))
		if err != nil || len(o) != 1 || o[0].Type != IPCPCompression {
			t.Fatalf("%+v: %v, %v", v, o, err)
		}
		if got, err := ParseVJ(o[0].Data); err != nil || got != v {
			t.Errorf("%+v came back as %+v, %v", v, got, err)
		}
	}
	if _, err := ParseVJ([]byte{0, 0x03, 15, 1}); err == nil {
		t.Error("IP header compression was taken for Van Jacobson's")
	}
}

func TestInterfaceID(t *testing.T) {
	id := InterfaceID{0x02, 0x18, 0xf3, 0xff, 0xfe, 0, 0, 1}
	if got, want := id.LinkLocal(), netip.MustParseAddr("fe80::218:f3ff:fe00:1"); got != want {
		t.Errorf("link-local address %v, want %v", got, want)
	}
	if got := id.String(); got != "0218:f3ff:fe00:0001" {
		t.Errorf("printed as %s", got)
	}
	if id.IsZero() || !(InterfaceID{}).IsZero() {
		t.Error("IsZero")
	}
}

func TestCompressionOptions(t *testing.T) {
	if got, want := AppendBSD(nil, 12), []byte{CCPBSD, 3, 0x2c}; !bytes.Equal(got, want) {
		t.Errorf("BSD 12: %x, want %x", got, want)
	}
	if got, want := AppendDeflate(nil, CCPDeflate, 15), []byte{CCPDeflate, 4, 0x78, 0}; !bytes.Equal(got, want) {
		t.Errorf("Deflate 15: %x, want %x", got, want)
	}
	for _, c := range []struct {
		o    BSD
		want bool
	}{{BSD{1, 9}, true}, {BSD{1, 16}, true}, {BSD{1, 8}, false}, {BSD{1, 17}, false}, {BSD{2, 12}, false}} {
		if c.o.Valid() != c.want {
			t.Errorf("%+v valid: %v", c.o, !c.want)
		}
	}
	for _, c := range []struct {
		o    Deflate
		want bool
	}{{Deflate{8, 8, 0}, true}, {Deflate{15, 8, 0}, true}, {Deflate{16, 8, 0}, false}, {Deflate{15, 7, 0}, false}, {Deflate{15, 8, 1}, false}} {
		if c.o.Valid() != c.want {
			t.Errorf("%+v valid: %v", c.o, !c.want)
		}
	}
}

func TestEndpointText(t *testing.T) {
	for _, c := range []struct {
		e    Endpoint
		want string
	}{
		{Endpoint{}, "null"},
		{Endpoint{EndpointMagic, "\x01\x02\x03\x04"}, "magic:01.02.03.04"},
		{Endpoint{EndpointPSN, "12"}, "phone:31.32"},
		{Endpoint{9, "\xff"}, "9:ff"},
	} {
		if got := c.e.String(); got != c.want {
			t.Errorf("%#v prints as %s, want %s", c.e, got, c.want)
		}
	}
}
