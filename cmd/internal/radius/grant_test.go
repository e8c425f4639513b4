package radius

import (
	"fmt"
	"net/netip"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"layeh.com/radius"
	"layeh.com/radius/rfc2865"
	"layeh.com/radius/rfc2869"
	"layeh.com/radius/rfc3162"
	"layeh.com/radius/vendors/microsoft"

	"pppdial/mp/proto"
	"pppdial/mp/wire"
)

var compareAddrs = cmp.Options{
	cmp.Comparer(func(a, b netip.Addr) bool { return a == b }),
	cmp.Comparer(func(a, b netip.Prefix) bool { return a == b }),
}

func TestGrant(t *testing.T) {
	addr, prefix := netip.MustParseAddr, netip.MustParsePrefix
	for _, c := range []struct {
		why  string
		kind radius.Type
		in   string // several are separated by |
		want Grant
	}{
		{"an address", rfc2865.FramedIPAddress_Type, "\xc0\x00\x02\x07", Grant{Address: addr("192.0.2.7")}},
		{"the peer chooses", rfc2865.FramedIPAddress_Type, "\xff\xff\xff\xff", Grant{PeerChooses: true}},
		{"we choose", rfc2865.FramedIPAddress_Type, "\xff\xff\xff\xfe", Grant{}},
		{"the last one counts", rfc2865.FramedIPAddress_Type, "\xff\xff\xff\xff|\xc0\x00\x02\x07", Grant{Address: addr("192.0.2.7")}},
		{"a netmask", rfc2865.FramedIPNetmask_Type, "\xff\xff\xff\xf0", Grant{Netmask: addr("255.255.255.240")}},
		{"a host's netmask", rfc2865.FramedIPNetmask_Type, "\xff\xff\xff\xff", Grant{Netmask: addr("255.255.255.255")}},
		{"a pool", rfc2869.FramedPool_Type, "main", Grant{Pool: "main"}},
		{"an identifier", rfc3162.FramedInterfaceID_Type, "\x00\x00\x00\x00\x00\x00\x00\x07", Grant{InterfaceID: wire.InterfaceID{7: 7}}},
		{"prefixes", rfc3162.FramedIPv6Prefix_Type, "\x00\x40\x20\x01\x0d\xb8\x00\x00\x00\x01|\x00\x30\x20\x01\x0d\xb8\x00\x02",
			Grant{Prefixes: []netip.Prefix{prefix("2001:db8:0:1::/64"), prefix("2001:db8:2::/48")}}},
		{"a prefix with all its octets", rfc3162.FramedIPv6Prefix_Type, "\x00\x40\x20\x01\x0d\xb8\x00\x00\x00\x01" + strings.Repeat("\x00", 8),
			Grant{Prefixes: []netip.Prefix{prefix("2001:db8:0:1::/64")}}},
		{"a route through the peer", rfc2865.FramedRoute_Type, "198.51.100.0/24 0.0.0.0 1", Grant{Routes: []Route{{Prefix: prefix("198.51.100.0/24"), Metric: 1}}}},
		{"routes", rfc2865.FramedRoute_Type, "192.168.1.9 192.168.1.1 1 2 -1 3 400|10.1.2.3|172.16.5.5/12 10.0.0.1|0.0.0.0",
			Grant{Routes: []Route{
				{Prefix: prefix("192.168.1.0/24"), Gateway: addr("192.168.1.1"), Metric: 1}, {Prefix: prefix("10.0.0.0/8")},
				{Prefix: prefix("172.16.0.0/12"), Gateway: addr("10.0.0.1")}, {Prefix: prefix("0.0.0.0/0")}}}},
		{"an MTU", rfc2865.FramedMTU_Type, "\x00\x00\x05\xdc", Grant{MTU: 1500}},
		{"a session's time", rfc2865.SessionTimeout_Type, "\x00\x00\x0e\x10", Grant{SessionTimeout: time.Hour}},
		{"the longest time", rfc2865.SessionTimeout_Type, "\xff\xff\xff\xff", Grant{SessionTimeout: (1<<32 - 1) * time.Second}},
		{"an idle time", rfc2865.IdleTimeout_Type, "\x00\x00\x00\x3c", Grant{IdleTimeout: time.Minute}},
		{"ports", rfc2865.PortLimit_Type, "\x00\x00\x00\x02", Grant{Ports: 2}},
		{"a message", rfc2865.ReplyMessage_Type, "one\r\n|two", Grant{Message: "one\ntwo"}},
		{"classes", rfc2865.Class_Type, "a\x00b|c", Grant{Class: [][]byte{[]byte("a\x00b"), []byte("c")}}},
		{"a filter", rfc2865.FilterID_Type, "premium", Grant{Filter: "premium"}},
		{"a name for the books", rfc2865.UserName_Type, "joe@example.net", Grant{User: "joe@example.net"}},
		{"updates", rfc2869.AcctInterimInterval_Type, "\x00\x00\x01\x2c", Grant{Interim: 5 * time.Minute}},
		{"updates that are too often", rfc2869.AcctInterimInterval_Type, "\x00\x00\x00\x01", Grant{Interim: time.Minute}},
		{"no updates", rfc2869.AcctInterimInterval_Type, "\x00\x00\x00\x00", Grant{}},
		{"something else", rfc2865.LoginService_Type, "\x00\x00\x00\x00", Grant{}},
	} {
		t.Run(c.why, func(t *testing.T) {
			got, odd, err := parseGrant(packetOf(c.kind, c.in))
			if err != nil || len(odd) > 0 {
				t.Fatal(err, odd)
			}
			if d := cmp.Diff(&c.want, got, compareAddrs); d != "" {
				t.Error(d)
			}
		})
	}
}

func packetOf(kind radius.Type, in string) *radius.Packet {
	p := &radius.Packet{Code: radius.CodeAccessAccept}
	for v := range strings.SplitSeq(in, "|") {
		p.Add(kind, []byte(v))
	}
	return p
}

func TestBadGrant(t *testing.T) {
	for _, c := range []struct {
		kind radius.Type
		in   string
		want string
	}{
		{rfc2865.FramedIPAddress_Type, "\x00\x00\x00\x00", "attribute Framed-IP-Address: 0.0.0.0 is nobody's address"},
		{rfc2865.FramedIPAddress_Type, "\xe0\x00\x00\x01", "attribute Framed-IP-Address: 224.0.0.1 is nobody's address"},
		{rfc2865.FramedIPAddress_Type, "\x0a\x00\x00", "attribute Framed-IP-Address: 3 octets instead of 4"},
		{rfc2865.FramedIPNetmask_Type, "\xff\x00\xff\x00", "attribute Framed-IP-Netmask: 255.0.255.0 is no netmask"},
		{rfc2865.FramedIPNetmask_Type, "", "attribute Framed-IP-Netmask: 0 octets instead of 4"},
		{rfc2865.FramedMTU_Type, "\x00\x00\x00\x00", "attribute Framed-MTU: 0 is not between 64 and 65535"},
		{rfc2865.FramedMTU_Type, "\x00\x01\x00\x00", "attribute Framed-MTU: 65536 is not between 64 and 65535"},
		{rfc2865.FramedMTU_Type, "\x05\xdc", "attribute Framed-MTU: 2 octets instead of 4"},
		{rfc2865.SessionTimeout_Type, "\x00", "attribute Session-Timeout: 1 octets instead of 4"},
		{rfc2865.IdleTimeout_Type, "\x00", "attribute Idle-Timeout: 1 octets instead of 4"},
		{rfc2865.PortLimit_Type, "12345", "attribute Port-Limit: 5 octets instead of 4"},
		{rfc2869.AcctInterimInterval_Type, "", "attribute Acct-Interim-Interval: 0 octets instead of 4"},
		{rfc3162.FramedInterfaceID_Type, "1234567", "attribute Framed-Interface-Id: 7 octets instead of 8"},
		{rfc3162.FramedIPv6Prefix_Type, "\x00", "attribute Framed-IPv6-Prefix: 1 octets instead of 2 to 18"},
		{rfc3162.FramedIPv6Prefix_Type, "\x00\x81", "attribute Framed-IPv6-Prefix: prefix length 129 too large for IPv6"},
		{rfc3162.FramedIPv6Prefix_Type, "\x00\x40\x20\x01", "attribute Framed-IPv6-Prefix: 2001 is no prefix of 64 bits"},
		{rfc3162.FramedIPv6Prefix_Type, "\x00\x08\x20\x01", "attribute Framed-IPv6-Prefix: 2001 is no prefix of 8 bits"},
		{rfc2865.Class_Type, strings.Repeat("|"+strings.Repeat("x", 250), 9)[1:], "attribute Class: 2250 octets are too many"},
	} {
		_, _, err := parseGrant(packetOf(c.kind, c.in))
		if fmt.Sprint(err) != c.want {
			t.Errorf("%d %q:\n got %v\nwant %s", c.kind, c.in, err, c.want)
		}
	}
}

// A route that makes no sense costs the user this route, not the connection.
func TestOddRoutes(t *testing.T) {
	for in, want := range map[string]string{
		"":                     `attribute Framed-Route "": is empty`,
		"home":                 `attribute Framed-Route "home": "home" is no network`,
		"10.0.0.0/33":          `attribute Framed-Route "10.0.0.0/33": "10.0.0.0/33" is no network`,
		"2001:db8::/32":        `attribute Framed-Route "2001:db8::/32": "2001:db8::/32" is no network`,
		"10.0.0.0/8 gw":        `attribute Framed-Route "10.0.0.0/8 gw": "gw" is no gateway`,
		"10.0.0.0/8 10.1 1":    `attribute Framed-Route "10.0.0.0/8 10.1 1": "10.1" is no gateway`,
		"10.0.0.0/8 0.0.0.0x":  `attribute Framed-Route "10.0.0.0/8 0.0.0.0x": "0.0.0.0x" is no gateway`,
		"10.0.0.0/8 0.0.0.0 x": `attribute Framed-Route "10.0.0.0/8 0.0.0.0 x": "x" is no metric`,
		"239.0.0.1":            `attribute Framed-Route "239.0.0.1": "239.0.0.1" is of no class that has networks`,
	} {
		g, odd, err := parseGrant(packetOf(rfc2865.FramedRoute_Type, in+"|10.0.0.0/8"))
		if err != nil || len(odd) != 1 || odd[0].Error() != want || len(g.Routes) != 1 {
			t.Errorf("%q: %v, %v, %v; want %s", in, g, odd, err, want)
		}
	}
}

func mschapRequest() *proto.AuthRequest {
	return &proto.AuthRequest{
		Method: wire.Auth{Protocol: wire.CHAP, Algorithm: wire.CHAPMSv2}, Name: "joe", ID: 9,
		Challenge: make([]byte, 16), Response: wire.AppendMSCHAPResponse(nil, wire.MSCHAPResponse{}),
	}
}

// What the peer gets to read, and what we make of answers that are none.
func TestReadAnswer(t *testing.T) {
	proof := "S=" + strings.Repeat("0123456789", 4)
	for _, c := range []struct {
		why     string
		code    radius.Code
		request *proto.AuthRequest
		attrs   func(*radius.Packet)
		granted bool
		message string
		err     string
	}{
		{"a plain Accept", radius.CodeAccessAccept, papRequest("joe", "x"), nil, true, "", ""},
		{"a plain Reject", radius.CodeAccessReject, papRequest("joe", "x"), nil, false, "", ""},
		{"a Reject with a reason", radius.CodeAccessReject, papRequest("joe", "x"),
			func(p *radius.Packet) { rfc2865.ReplyMessage_SetString(p, "not today") }, false, "not today", ""},
		{"a Challenge", radius.CodeAccessChallenge, papRequest("joe", "x"),
			func(p *radius.Packet) { rfc2865.ReplyMessage_SetString(p, "your token?") }, false, "", "wants a dialogue"},
		{"what cannot be read refuses", radius.CodeAccessAccept, papRequest("joe", "x"),
			func(p *radius.Packet) { p.Add(rfc2865.FramedMTU_Type, []byte{1}) }, false, "", "Framed-MTU: 1 octets"},
		{"MS-CHAPv2 with its proof", radius.CodeAccessAccept, mschapRequest(),
			func(p *radius.Packet) { microsoft.MSCHAP2Success_SetString(p, "\x09"+proof) }, true, proof, ""},
		{"and with a message", radius.CodeAccessAccept, mschapRequest(), func(p *radius.Packet) {
			microsoft.MSCHAP2Success_SetString(p, "\x09"+proof)
			rfc2865.ReplyMessage_SetString(p, "hello")
		}, true, proof + " M=hello", ""},
		{"the proof has one already", radius.CodeAccessAccept, mschapRequest(), func(p *radius.Packet) {
			microsoft.MSCHAP2Success_SetString(p, "\x09"+proof+" M=hi")
			rfc2865.ReplyMessage_SetString(p, "hello")
		}, true, proof + " M=hi", ""},
		{"MS-CHAPv2 without a proof", radius.CodeAccessAccept, mschapRequest(), nil, false, "", "without the proof"},
		{"with the proof of another response", radius.CodeAccessAccept, mschapRequest(),
			func(p *radius.Packet) { microsoft.MSCHAP2Success_SetString(p, "\x08"+proof) }, false, "", "without the proof"},
		{"MS-CHAPv2 refused", radius.CodeAccessReject, mschapRequest(),
			func(p *radius.Packet) { microsoft.MSCHAPError_SetString(p, "\x09E=691 R=1 V=3") }, false, "E=691 R=1 V=3", ""},
		{"some servers leave out the identifier", radius.CodeAccessReject, mschapRequest(),
			func(p *radius.Packet) { microsoft.MSCHAPError_SetString(p, "E=648 R=0") }, false, "E=648 R=0", ""},
		{"the reason of a refusal", radius.CodeAccessReject, mschapRequest(), func(p *radius.Packet) {
			microsoft.MSCHAPError_SetString(p, "\x09E=649 R=0")
			rfc2865.ReplyMessage_SetString(p, "not paid")
		}, false, "E=649 R=0 M=not paid", ""},
		{"the reason alone", radius.CodeAccessReject, mschapRequest(),
			func(p *radius.Packet) { rfc2865.ReplyMessage_SetString(p, "not paid") }, false, "not paid", ""},
		{"MS-CHAPv2 refused without a word", radius.CodeAccessReject, mschapRequest(), nil, false, "", ""},
	} {
		t.Run(c.why, func(t *testing.T) {
			p := radius.New(c.code, []byte("x"))
			if c.attrs != nil {
				c.attrs(p)
			}
			cl := &Client{log: newTestLog(t)}
			a := cl.read(p, c.request)
			if (a.Grant != nil) != c.granted || a.Message != c.message || !strings.Contains(fmt.Sprint(a.Err), c.err) || (c.err == "") != (a.Err == nil) {
				t.Errorf("got %+v", a)
			}
		})
	}
}

// What RADIUS has no room for is told, and no server is asked.
func TestQuestionsThatCannotBe(t *testing.T) {
	chap := &proto.AuthRequest{Method: wire.Auth{Protocol: wire.CHAP, Algorithm: wire.CHAPMD5}, Name: "joe", Challenge: make([]byte, 16), Response: make([]byte, 15)}
	short := mschapRequest()
	short.Response = short.Response[1:]
	for _, c := range []struct {
		r    *proto.AuthRequest
		want string
	}{
		{papRequest("joe", strings.Repeat("x", 129)), "radius: a password of 129 octets is too long for RADIUS, which takes 128"},
		{papRequest("", "x"), "radius: the peer's name has 0 octets; RADIUS takes 1 to 253"},
		{papRequest(strings.Repeat("x", 254), "x"), "radius: the peer's name has 254 octets; RADIUS takes 1 to 253"},
		{chap, "radius: a response of 15 octets is none of CHAP, which has 16"},
		{short, "radius: wire: MS-CHAPv2 response: wrong length: 48 octets, not 49"},
		{&proto.AuthRequest{Name: "joe"}, "radius: no RADIUS server can check"},
	} {
		n := newNetwork()
		n.serve("a:1812", accept())
		o := <-question(t.Context(), testClient(t, n, nil, "a"), c.r)
		if o.Grant != nil || o.Err == nil || !strings.HasPrefix(o.Err.Error(), c.want) {
			t.Errorf("%v: %v, want %s", c.r, o.Err, c.want)
		}
	}
}
