package radius

import (
	"net/netip"
	"testing"
	"time"

	"layeh.com/radius"
	"layeh.com/radius/rfc2865"
	"layeh.com/radius/rfc2866"
	"layeh.com/radius/rfc2869"
	"layeh.com/radius/rfc3162"
)

// attributes are some of each kind that is read here, as in a packet.
func attributes(f *testing.F) []byte {
	p := &radius.Packet{}
	for kind, v := range map[radius.Type]string{
		rfc2865.UserName_Type: "joe", rfc2865.FramedIPAddress_Type: "\xc0\x00\x02\x01", rfc2865.FramedIPNetmask_Type: "\xff\xff\xff\x00",
		rfc2869.FramedPool_Type: "p", rfc3162.FramedInterfaceID_Type: "12345678", rfc3162.FramedIPv6Prefix_Type: "\x00\x20\x20\x01\x0d\xb8",
		rfc2865.FramedRoute_Type: "10.0.0.0/8 192.0.2.1 1", rfc2865.FramedMTU_Type: "\x00\x00\x05\xdc", rfc2865.SessionTimeout_Type: "\x00\x00\x00\x01",
		rfc2865.IdleTimeout_Type: "\x00\x00\x00\x01", rfc2865.PortLimit_Type: "\x00\x00\x00\x01", rfc2865.ReplyMessage_Type: "hi",
		rfc2865.Class_Type: "c", rfc2865.FilterID_Type: "f", rfc2869.AcctInterimInterval_Type: "\x00\x00\x01\x00",
		rfc2865.VendorSpecific_Type: "\x00\x00\x01\x37\x1a\x2d\x09S=0123456789012345678901234567890123456789", rfc2866.AcctSessionID_Type: "s1",
	} {
		p.Add(kind, []byte(v))
	}
	b, err := p.MarshalBinary()
	if err != nil {
		f.Fatal(err)
	}
	return b[headerSize:]
}

// What a server says, whatever it is, leads to an answer or an error; and what
// it grants can be written into the books.
func FuzzAnswer(f *testing.F) {
	f.Add(byte(radius.CodeAccessAccept), attributes(f))
	f.Add(byte(radius.CodeAccessReject), []byte("\x1a\x0c\x00\x00\x01\x37\x02\x06\x09E=6"))
	f.Fuzz(func(t *testing.T, code byte, attrs []byte) {
		p := &radius.Packet{Code: radius.Code(code)}
		var err error
		if p.Attributes, err = radius.ParseAttributes(attrs); err != nil {
			return
		}
		c := &Client{cfg: Config{Identifier: "nas"}, log: newTestLog(t)}
		c.read(p, papRequest("joe", "x"))
		a := c.read(p, mschapRequest())
		if a.Grant == nil {
			return
		}
		s := &Session{client: c, cfg: SessionConfig{Call: Call{ID: "1"}, Grant: a.Grant}}
		r, err := s.record(rfc2866.AcctStatusType_Value_Stop, Usage{}, time.Now(), 1)
		if err != nil && len(attrs) < radius.MaxPacketLength/2 {
			t.Fatal(err)
		}
		if err == nil {
			if _, err := r.packet(NewSecret("x"), time.Now()); err != nil && len(attrs) < radius.MaxPacketLength/2 {
				t.Fatal(err)
			}
		}
	})
}

// Datagrams that claim to be an answer or a request.
func FuzzDatagram(f *testing.F) {
	request := append([]byte{1, 5, 0, 20}, make([]byte, 16)...)
	f.Add(answerWith(request, radius.CodeAccessAccept, true), request)
	p := &radius.Packet{Code: radius.CodeCoARequest, Secret: []byte(testSecret)}
	p.Add(rfc2865.UserName_Type, []byte("joe"))
	p.Add(rfc2865.SessionTimeout_Type, radius.NewInteger(1))
	b, err := encode(p, true)
	if err != nil {
		f.Fatal(err)
	}
	f.Add(b, request)
	c := &Client{cfg: Config{Servers: []Server{{Host: "192.0.2.1", Secret: NewSecret(testSecret)}}, Identifier: "nas",
		Disconnect: func(*Session) {}, Change: func(*Session, Change) {}}, sessions: map[*Session]bool{}}
	f.Fuzz(func(t *testing.T, b, request []byte) {
		if len(request) >= headerSize {
			if p, err := parseAnswer(b, request, NewSecret(testSecret)); err == nil && b[1] != request[1] {
				t.Fatalf("%v answers another request", p)
			}
		}
		newListener(c).request(b, netip.MustParseAddrPort("192.0.2.1:1"), time.Now())
		// The same octets as a server that knows the secret would send them.
		if b, err := trim(b); err == nil {
			if p, err := radius.Parse(b, []byte(testSecret)); err == nil {
				c.obey(p)
			}
		}
	})
}
