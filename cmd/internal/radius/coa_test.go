package radius

import (
	"bytes"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/netip"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"
	"testing/synctest"
	"time"

	"layeh.com/radius"
	"layeh.com/radius/rfc2865"
	"layeh.com/radius/rfc2866"
	"layeh.com/radius/rfc2869"
	"layeh.com/radius/rfc3576"
)

// order makes the octets of a server's request.
func orderOf(t *testing.T, code radius.Code, at time.Time, attrs ...*radius.AVP) *radius.Packet {
	t.Helper()
	p := &radius.Packet{Code: code, Identifier: 5, Secret: []byte(testSecret), Attributes: attrs}
	if !at.IsZero() {
		p.Add(rfc2869.EventTimestamp_Type, radius.NewInteger(uint32(at.Unix())))
	}
	return p
}

func octets(t *testing.T, p *radius.Packet, sign bool) []byte {
	t.Helper()
	b, err := encode(p, sign)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

var (
	theServer = netip.MustParseAddrPort("192.0.2.1:3000")
	stranger  = netip.MustParseAddrPort("192.0.2.66:3000")
)

// office is a client with two sessions of joe's and one of ann's, and what it
// was asked to do.
type office struct {
	*Client
	did []string
}

func newOffice(t *testing.T) *office {
	o := &office{}
	o.Client = testClient(t, newNetwork(), func(cfg *Config) {
		cfg.Disconnect = func(s *Session) { o.did = append(o.did, "disconnect "+s.Config().Call.ID) }
		cfg.Change = func(s *Session, c Change) {
			text := "change " + s.Config().Call.ID
			for _, x := range []struct {
				name string
				d    *time.Duration
			}{{"session", c.SessionTimeout}, {"idle", c.IdleTimeout}, {"interim", c.Interim}} {
				if x.d != nil {
					text += fmt.Sprint(" ", x.name, "=", *x.d)
				}
			}
			o.did = append(o.did, text)
		}
	}, "192.0.2.1", "192.0.2.2")
	open(t, o.Client, testSession("j1", func(c *SessionConfig) {
		c.Bundle, c.Call.Port, c.Call.Line, c.Address = "b1", 1, "ttyS1", netip.MustParseAddr("192.0.2.9")
	}))
	open(t, o.Client, testSession("j2", func(c *SessionConfig) { c.Bundle, c.Call.Port, c.Call.Line, c.Call.Calling = "b1", 2, "ttyS2", "030" }))
	open(t, o.Client, testSession("a1", func(c *SessionConfig) { c.Grant, c.Call.Called = &Grant{User: "ann"}, "040" }))
	return o
}

func TestObey(t *testing.T) {
	text := func(kind radius.Type, s string) *radius.AVP { return avp(kind, []byte(s)) }
	num := func(kind radius.Type, n uint32) *radius.AVP { return avp(kind, radius.NewInteger(n)) }
	const dis, coa = radius.CodeDisconnectRequest, radius.CodeCoARequest
	j1 := text(rfc2866.AcctSessionID_Type, "j1")
	minute := num(rfc2865.SessionTimeout_Type, 60)
	for _, c := range []struct {
		why   string
		code  radius.Code
		attrs []*radius.AVP
		did   []string
		cause rfc3576.ErrorCause
	}{
		{"by session", dis, []*radius.AVP{j1}, []string{"disconnect j1"}, 0},
		{"by name", dis, []*radius.AVP{text(rfc2865.UserName_Type, "joe")}, []string{"disconnect j1", "disconnect j2"}, 0},
		{"by bundle", dis, []*radius.AVP{text(rfc2866.AcctMultiSessionID_Type, "b1")}, []string{"disconnect j1", "disconnect j2"}, 0},
		{"by name and port", dis, []*radius.AVP{text(rfc2865.UserName_Type, "joe"), num(rfc2865.NASPort_Type, 2)}, []string{"disconnect j2"}, 0},
		{"by line", dis, []*radius.AVP{text(rfc2869.NASPortID_Type, "ttyS2")}, []string{"disconnect j2"}, 0},
		{"by address", dis, []*radius.AVP{avp(rfc2865.FramedIPAddress_Type, []byte{192, 0, 2, 9})}, []string{"disconnect j1"}, 0},
		{"by calling number", dis, []*radius.AVP{text(rfc2865.CallingStationID_Type, "030")}, []string{"disconnect j2"}, 0},
		{"by called number", dis, []*radius.AVP{text(rfc2865.CalledStationID_Type, "040")}, []string{"disconnect a1"}, 0},
		{"with our name", dis, []*radius.AVP{j1, text(rfc2865.NASIdentifier_Type, "nas")}, []string{"disconnect j1"}, 0},
		{"with what does not matter", dis, []*radius.AVP{j1, num(rfc2865.NASIPAddress_Type, 9), text(rfc2865.ReplyMessage_Type, "bye")}, []string{"disconnect j1"}, 0},
		{"for another machine", dis, []*radius.AVP{j1, text(rfc2865.NASIdentifier_Type, "other")}, nil, 403},
		{"one matches, one does not", dis, []*radius.AVP{j1, text(rfc2865.UserName_Type, "ann")}, nil, 503},
		{"nobody", dis, []*radius.AVP{text(rfc2866.AcctSessionID_Type, "x")}, nil, 503},
		{"an empty name is nobody's", dis, []*radius.AVP{text(rfc2866.AcctMultiSessionID_Type, "")}, nil, 503},
		{"no name", dis, nil, nil, 402},
		{"what we do not know", dis, []*radius.AVP{j1, text(rfc2865.VendorSpecific_Type, "\x00\x00\x00\x09\x01\x05abc")}, nil, 401},
		{"a change in a disconnection", dis, []*radius.AVP{j1, minute}, nil, 401},
		{"authorize only", coa, []*radius.AVP{j1, num(rfc2865.ServiceType_Type, 17)}, nil, 405},
		{"a change", coa, []*radius.AVP{j1, minute}, []string{"change j1 session=1m0s"}, 0},
		{"changes", coa, []*radius.AVP{j1, minute, num(rfc2865.IdleTimeout_Type, 0), num(rfc2869.AcctInterimInterval_Type, 300)},
			[]string{"change j1 session=1m0s idle=0s interim=5m0s"}, 0},
		{"no change", coa, []*radius.AVP{j1}, nil, 402},
		{"a change for nobody in particular", coa, []*radius.AVP{minute}, nil, 402},
		{"a change of what cannot be", coa, []*radius.AVP{j1, text(rfc2865.FilterID_Type, "x")}, nil, 401},
		{"a short number", coa, []*radius.AVP{j1, text(rfc2865.SessionTimeout_Type, "1")}, nil, 404},
	} {
		t.Run(c.why, func(t *testing.T) {
			o, now := newOffice(t), time.Now()
			p := orderOf(t, c.code, now, append(slices.Clone(c.attrs), avp(rfc2865.ProxyState_Type, []byte("back")))...)
			request := octets(t, p, true)
			answer, err := newListener(o.Client).request(request, theServer, now)
			if err != nil {
				t.Fatal(err)
			}
			slices.Sort(o.did)
			if !slices.Equal(o.did, c.did) {
				t.Errorf("did %q, want %q", o.did, c.did)
			}
			a, err := radius.Parse(answer, []byte(testSecret))
			if err != nil || !radius.IsAuthenticResponse(answer, request, []byte(testSecret)) {
				t.Fatalf("%v %v", a, err)
			}
			if present, right := signed(answer, request[authenticatorAt:headerSize], []byte(testSecret)); !present || !right {
				t.Error("the Message-Authenticator of the answer is wrong")
			}
			want := c.code + 1
			if c.cause != 0 {
				want++
			}
			if a.Code != want || rfc3576.ErrorCause_Get(a) != c.cause || string(rfc2865.ProxyState_Get(a)) != "back" {
				t.Errorf("%v, Error-Cause %v; want %v, %v", a.Code, rfc3576.ErrorCause_Get(a), want, c.cause)
			}
		})
	}
}

// Requests that are not authentic, not recent, or not from a server are dropped
// without a word.
func TestDropOrders(t *testing.T) {
	o, now := newOffice(t), time.Now()
	l := newListener(o.Client)
	good := func(at time.Time) *radius.Packet {
		return orderOf(t, radius.CodeDisconnectRequest, at, avp(rfc2866.AcctSessionID_Type, []byte("j1")))
	}
	changed := func(at int) []byte {
		b := octets(t, good(now), true)
		b[at]++
		return b
	}
	other := good(now)
	other.Secret = []byte("other")
	access := good(now)
	access.Code = radius.CodeAccessRequest
	for why, c := range map[string]struct {
		b    []byte
		from netip.AddrPort
		want error
	}{
		"a stranger":               {octets(t, good(now), true), stranger, errStranger},
		"another secret":           {octets(t, other, true), theServer, errForged},
		"no Message-Authenticator": {octets(t, good(now), false), theServer, errUnsigned},
		"a changed attribute":      {changed(41), theServer, errForged},
		"a changed code":           {changed(0), theServer, nil},
		"no request of this kind":  {octets(t, access, true), theServer, nil},
		"no time":                  {octets(t, good(time.Time{}), true), theServer, errNoTime},
		"too old":                  {octets(t, good(now.Add(-replayWindow-time.Second)), true), theServer, errStale},
		"of the future":            {octets(t, good(now.Add(replayWindow+time.Second)), true), theServer, errStale},
		"cut":                      {octets(t, good(now), true)[:40], theServer, nil},
		"empty":                    {nil, theServer, nil},
	} {
		answer, err := l.request(c.b, c.from, now)
		if answer != nil || err == nil || c.want != nil && err != c.want || o.did != nil {
			t.Errorf("%s: %x, %v, did %q; want %v", why, answer, err, o.did, c.want)
		}
	}
}

// A repeated request gets the same answer and does nothing; when it is too old
// to be remembered it is too old to be taken.
func TestReplayedOrder(t *testing.T) {
	o, now := newOffice(t), time.Now().Truncate(time.Second)
	l := newListener(o.Client)
	b := octets(t, orderOf(t, radius.CodeDisconnectRequest, now, avp(rfc2865.UserName_Type, []byte("ann"))), true)
	first, err := l.request(b, theServer, now)
	if err != nil {
		t.Fatal(err)
	}
	fill := func(at time.Time) {
		p := orderOf(t, radius.CodeCoARequest, at, avp(rfc2865.UserName_Type, []byte("nobody")))
		if _, err := l.request(octets(t, p, true), theServer, at); err != nil {
			t.Fatal(err)
		}
	}
	for after := time.Duration(0); after < 2*replayWindow; after += 10 * time.Second {
		fill(now.Add(after))
		again, err := l.request(b, netip.MustParseAddrPort("192.0.2.1:4000"), now.Add(after))
		if within := after <= replayWindow; within && !bytes.Equal(again, first) || !within && err != errStale {
			t.Fatalf("after %v: %x, %v", after, again, err)
		}
	}
	if len(o.did) != 1 || len(l.replies) > 40 {
		t.Errorf("did %q, %d replies kept", o.did, len(l.replies))
	}
}

func TestListen(t *testing.T) {
	did := make(chan string, 1)
	c := testClient(t, newNetwork(), func(cfg *Config) {
		cfg.Listen = "127.0.0.1:0"
		cfg.Disconnect = func(s *Session) { did <- s.Config().Call.ID }
	}, "localhost")
	open(t, c, testSession("s1", nil))
	conn, err := net.Dial("udp", c.listener.conn.LocalAddr().String())
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	p := orderOf(t, radius.CodeDisconnectRequest, time.Now(), avp(rfc2866.AcctSessionID_Type, []byte("s1")))
	forged := octets(t, p, false)
	for _, b := range [][]byte{forged, octets(t, p, true)} {
		if _, err := conn.Write(b); err != nil {
			t.Fatal(err)
		}
	}
	b := make([]byte, radius.MaxPacketLength)
	n, err := conn.Read(b)
	if err != nil || radius.Code(b[0]) != radius.CodeDisconnectACK || <-did != "s1" {
		t.Errorf("%x, %v", b[:n], err)
	}
	_, err = New(Config{Servers: c.cfg.Servers, Identifier: "x", Dir: t.TempDir(), Listen: "127.0.0.1:x"})
	if !errors.Is(err, ErrListen) || !strings.Contains(err.Error(), "unknown port") {
		t.Error(err)
	}
}

// TestAddressInUse: the second client of a machine lets its callers in, and
// takes the requests when the first has ended.
func TestAddressInUse(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		first, err := net.ListenPacket("udp", "127.0.0.1:0")
		if err != nil {
			t.Fatal(err)
		}
		defer first.Close()
		n, said := newNetwork(), make(logLines, 10)
		n.serve("127.0.0.1:1812", accept())
		second := func(cfg *Config) {
			cfg.Listen = first.LocalAddr().String()
			cfg.Log = slog.New(slog.NewTextHandler(said, nil))
		}
		c := testClient(t, n, second, "127.0.0.1")
		if line := <-said; !strings.Contains(line, "level=ERROR") || !strings.Contains(line, "address="+first.LocalAddr().String()) {
			t.Error(line)
		}
		wantServed(t, c, said)
		first.Close()
		if line := <-said; !strings.Contains(line, "level=INFO") {
			t.Error(line)
		}
		conn, err := net.Dial("udp", first.LocalAddr().String())
		if err != nil {
			t.Fatal(err)
		}
		defer conn.Close()
		p := orderOf(t, radius.CodeDisconnectRequest, time.Now(), avp(rfc2866.AcctSessionID_Type, []byte("s1")))
		if _, err := conn.Write(octets(t, p, true)); err != nil {
			t.Fatal(err)
		}
		b := make([]byte, radius.MaxPacketLength)
		if n, err := conn.Read(b); err != nil || radius.Code(b[0]) != radius.CodeDisconnectNAK {
			t.Errorf("%x, %v", b[:n], err)
		}
		testClient(t, n, second, "127.0.0.1") // which ends while it waits
	})
}

// TestAddressNotThere: an address that this machine has not got, not yet perhaps,
// is waited for, too.
func TestAddressNotThere(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		n, said := newNetwork(), make(logLines, 10)
		n.serve("127.0.0.1:1812", accept())
		c := testClient(t, n, func(cfg *Config) {
			cfg.Listen = "192.0.2.1:3799"
			cfg.Log = slog.New(slog.NewTextHandler(said, nil))
		}, "127.0.0.1")
		if line := <-said; !strings.Contains(line, "level=ERROR") || !strings.Contains(line, "this machine has not got the address") {
			t.Error(line)
		}
		wantServed(t, c, said)
	})
}

// wantServed: callers are let in though the address is not to be had, and nothing
// more is said of that.
func wantServed(t *testing.T, c *Client, said logLines) {
	t.Helper()
	if o := <-question(t.Context(), c, papRequest("joe", "x")); o.Grant == nil {
		t.Error(o.Err)
	}
	time.Sleep(10*listenEvery + time.Second)
	if len(said) > 0 {
		t.Error(<-said)
	}
}

// logLines are what a log says.
type logLines chan string

func (l logLines) Write(b []byte) (int, error) {
	l <- string(b)
	return len(b), nil
}

// TestListenerWithoutAPlace: a client that can't be made gives its socket back.
func TestListenerWithoutAPlace(t *testing.T) {
	file := filepath.Join(t.TempDir(), "file")
	if err := os.WriteFile(file, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	free, err := net.ListenPacket("udp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	at := free.LocalAddr().String()
	free.Close()
	_, err = New(Config{Servers: []Server{{"localhost", 1812, NewSecret(testSecret)}}, Identifier: "x", Dir: filepath.Join(file, "dir"), Listen: at})
	if !errors.Is(err, ErrSpool) || !errors.Is(err, syscall.ENOTDIR) {
		t.Error(err)
	}
	again, err := net.ListenPacket("udp", at)
	if err != nil {
		t.Fatal(err)
	}
	again.Close()
}
