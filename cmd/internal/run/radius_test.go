package run

import (
	"fmt"
	"log/slog"
	"net"
	"net/netip"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"pppdial/cmd/internal/radius"
	"pppdial/cmd/internal/radius/radiustest"
	"pppdial/mp"
	"pppdial/mp/wire"
)

// What a server grants takes the place of the entry's own words, or narrows
// them.
func TestGranted(t *testing.T) {
	addr, prefix := netip.MustParseAddr, netip.MustParsePrefix
	const own = "localhost=10.0.0.1 remotehost=10.0.0.2 "
	for _, c := range []struct {
		why   string
		words string
		grant radius.Grant
		same  string // words that say the same
	}{
		{"nothing", own, radius.Grant{}, own},
		{"an address", own, radius.Grant{Address: addr("192.0.2.7")}, "localhost=10.0.0.1 remotehost=192.0.2.7"},
		{"any address", own, radius.Grant{PeerChooses: true}, "localhost=10.0.0.1 remotehost=0,0"},
		{"a netmask", own, radius.Grant{Netmask: addr("255.255.255.0")}, own + "netmask=255.255.255.0"},
		{"an identifier", own, radius.Grant{InterfaceID: wire.InterfaceID{7: 9}}, own + "remoteif=::9"},
		{"a smaller MTU", own + "mtu=1500", radius.Grant{MTU: 1400}, own + "mtu=1400"},
		{"a larger MTU", own + "mtu=1300", radius.Grant{MTU: 1400}, own + "mtu=1300"},
		{"an MTU too small for IPv6, beside IPv4", own, radius.Grant{MTU: 576}, own + "mtu=576"},
		{"an MTU too small for IPv6 alone", "-ipv4", radius.Grant{MTU: 576}, "-ipv4 mtu=1280"},
		{"the least MTU of IPv6 alone", "-ipv4", radius.Grant{MTU: 1280}, "-ipv4 mtu=1280"},
		{"a limit of the call", own, radius.Grant{SessionTimeout: time.Hour}, own + "max_connect_secs=3600"},
		{"a shorter limit", own + "max_connect_secs=7200", radius.Grant{SessionTimeout: time.Hour}, own + "max_connect_secs=3600"},
		{"a longer limit", own + "max_connect_secs=60", radius.Grant{SessionTimeout: time.Hour}, own + "max_connect_secs=60"},
		{"an idle limit", own + "active_timeout=900 inactive_timeout=60", radius.Grant{IdleTimeout: time.Minute * 5},
			own + "active_timeout=300 inactive_timeout=300"},
		{"routes", own + "add_route='add -net 10.9.0.0/16 #'", radius.Grant{Routes: []radius.Route{
			{Prefix: prefix("198.51.100.0/24"), Metric: 3}, {Prefix: prefix("203.0.113.9/32"), Gateway: addr("192.0.2.1")}, {Prefix: prefix("0.0.0.0/0")}}},
			own + "add_route='add -net 10.9.0.0/16 #' add_route='add -net 198.51.100.0/24 # 3' add_route='add -host 203.0.113.9 192.0.2.1' add_route='add default #'"},
		{"prefixes", own, radius.Grant{Prefixes: []netip.Prefix{prefix("2001:db8:7::/48")}}, own + "add_route6='add -inet6 2001:db8:7::/48 #'"},
		{"what is the daemon's own matter", own, radius.Grant{User: "joe", Ports: 2, Message: "hi", Class: [][]byte{{1}}}, own},
	} {
		t.Run(c.why, func(t *testing.T) {
			e := entryOf(t, c.words)
			before := makeAll(t, e)
			same := entryOf(t, c.same)
			same.RemoteIfOnly = c.grant.InterfaceID != wire.InterfaceID{}
			got, want := makeAll(t, granted(e, &c.grant, silence)), makeAll(t, same)
			want.link = got.link // LCP has been negotiated already
			if got != want {
				t.Errorf("got\n%+v\nwant\n%+v", got, want)
			}
			if after := makeAll(t, e); after != before {
				t.Error("the entry itself was changed")
			}
		})
	}
}

// An address that another ppp has, or nobody yet, is no reason to send callers
// away; what is no address cannot be meant.
func TestCheckRadius(t *testing.T) {
	first, err := net.ListenPacket("udp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer first.Close()
	secret := filepath.Join(t.TempDir(), "secret")
	if err := os.WriteFile(secret, []byte("xyzzy\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	d := newDaemon(Options{StateDir: t.TempDir(), KeepDir: t.TempDir()}, nil, newMemWorld(t).world(), new(slog.LevelVar), silence)
	defer d.nursery.Close()
	defer d.closeRadius()
	for at, want := range map[string]string{first.LocalAddr().String(): "", "192.0.2.1": "", "nobody.invalid": "requests of the RADIUS servers cannot be taken"} {
		v := d.checkRadius(entryOf(t, "recv_chap radius=127.0.0.1,"+secret+" radius_coa="+at))
		if v == nil {
			v = &Verdict{}
		}
		if v.Cause != want || v.Status == StatusOptions {
			t.Errorf("%s: %+v, want the cause %q", at, v, want)
		}
	}
}

// TestCheckRadiusFiles: a secret that is not there is an error of who has named it,
// a disk that is full or in trouble is none, and may be mended while we wait.
func TestCheckRadiusFiles(t *testing.T) {
	file := filepath.Join(t.TempDir(), "secret")
	if err := os.WriteFile(file, []byte("xyzzy\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		secret, keep string
		status       int
		says         string
	}{
		{file + "x", t.TempDir(), StatusOptions, "radius in ppp.conf(5)"},
		{file, filepath.Join(file, "keep"), StatusFatal, "room in " + filepath.Join(file, "keep")},
	} {
		d := newDaemon(Options{StateDir: t.TempDir(), KeepDir: c.keep}, nil, newMemWorld(t).world(), new(slog.LevelVar), silence)
		defer d.nursery.Close()
		v := d.checkRadius(entryOf(t, "recv_chap radius=127.0.0.1,"+c.secret))
		if v == nil || v.Status != c.status || !strings.Contains(v.Try, c.says) {
			t.Errorf("%+v, want status %d with %q", v, c.status, c.says)
		}
	}
}

// TestSharedCoA: two lists of servers in one process cannot share an address for
// their requests, and nobody waits for it.
func TestSharedCoA(t *testing.T) {
	secret := filepath.Join(t.TempDir(), "secret")
	if err := os.WriteFile(secret, []byte("xyzzy\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	var log lockedBuffer
	d := newDaemon(Options{StateDir: t.TempDir(), KeepDir: t.TempDir()}, nil, newMemWorld(t).world(), new(slog.LevelVar), slog.New(slog.NewTextHandler(&log, nil)))
	defer d.nursery.Close()
	defer d.closeRadius()
	for _, server := range []string{"127.0.0.1", "127.0.0.2", "127.0.0.1"} {
		if v := d.checkRadius(entryOf(t, "recv_chap radius="+server+","+secret+" radius_coa=127.0.0.1:37991")); v != nil {
			t.Errorf("%s: %+v", server, v)
		}
	}
	log.mu.Lock()
	defer log.mu.Unlock()
	if said := log.b.String(); strings.Count(said, "level=ERROR") != 1 || !strings.Contains(said, "taken by entries with other servers") {
		t.Error(said)
	}
}

// TestSmallMTUOfIPv6: where a server's MTU would leave no link, it is said whose it is.
func TestSmallMTUOfIPv6(t *testing.T) {
	for words, want := range map[string]string{"-ipv4": "name=joe granted=576 mtu=1280", "-ipv6": "", "": ""} {
		var log lockedBuffer
		granted(entryOf(t, words), &radius.Grant{User: "joe", MTU: 576}, slog.New(slog.NewTextHandler(&log, nil)))
		if said := log.b.String(); (said == "") != (want == "") || !strings.Contains(said, want) {
			t.Errorf("%q: %q, want %q", words, said, want)
		}
	}
}

func TestTerminateCause(t *testing.T) {
	for _, c := range []struct {
		v         Verdict
		goingDown bool
		want      radius.Cause
	}{
		{explainLink(&mp.Failure{Kind: mp.PeerTerminated, Up: true}, nil), false, radius.UserRequest},
		{explainLink(&mp.Failure{Kind: mp.Hangup}, nil), false, radius.LostCarrier},
		{explainLink(&mp.Failure{Kind: mp.PeerDead}, nil), false, radius.LostCarrier},
		{explainLink(&mp.Failure{Kind: mp.Idle}, nil), false, radius.IdleTimeout},
		{explainLink(&mp.Failure{Kind: mp.ConnectTime}, nil), false, radius.SessionTimeout},
		{explainLink(&mp.Failure{Kind: mp.Loopback}, nil), false, radius.PortError},
		{explainLink(&mp.Failure{Kind: mp.PeerAuth}, nil), false, radius.UserError},
		{explainLink(&mp.Failure{Kind: mp.Refused}, nil), false, radius.NASRequest},
		{explainLink(&mp.Failure{Kind: mp.Closed}, nil), false, radius.AdminReset},
		{explainLink(&mp.Failure{Kind: mp.Closed}, nil), true, radius.AdminReboot},
		{Verdict{Status: StatusHangup, By: "us"}, false, radius.AdminReset}, // SIGHUP
		{Verdict{Status: StatusNoTUN}, false, radius.NASError},
	} {
		if got := terminateCause(c.v, c.goingDown); got != c.want {
			t.Errorf("%v (going down: %v): %v, want %v", c.v, c.goingDown, got, c.want)
		}
	}
}

// TestLastRecords: the end of the program waits for a server that takes its time
// with the last records.
func TestLastRecords(t *testing.T) {
	t.Parallel()
	s := radiustest.Start(t, "shh", "")
	dir := t.TempDir()
	secret := filepath.Join(dir, "secret")
	if err := os.WriteFile(secret, []byte("shh\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	books := slowly(t, s.Port+1, 500*time.Millisecond)
	e := entryOf(t, fmt.Sprintf("in recv_pap remotehost=0 radius=127.0.0.1:%d,%s", books-1, secret))
	d := newDaemon(Options{StateDir: dir, KeepDir: dir}, nil, newMemWorld(t).world(), new(slog.LevelVar), silence)
	d.run(t.Context(), nil, func() *Verdict {
		c, err := d.radiusFor(e)
		if err != nil {
			t.Fatal(err)
		}
		joe, err := c.Open(radius.SessionConfig{
			Call: radius.Call{ID: radius.NewID(), Line: "ttyS3"}, Grant: &radius.Grant{User: "joe"},
			Usage: func() radius.Usage { return radius.Usage{} },
		})
		if err != nil {
			t.Fatal(err)
		}
		joe.Close(radius.Usage{}, radius.AdminReboot)
		return &Verdict{Status: StatusUser}
	})
	left, err := filepath.Glob(filepath.Join(dir, "acct-*"))
	if n := len(s.Details()); n != 2 || len(left) > 0 || err != nil {
		t.Errorf("the server has %d records, on the disk: %v, %v", n, left, err)
	}
}

func TestLineNumber(t *testing.T) {
	for name, want := range map[string]uint32{"ttyS3": 3, "ttyUSB12": 12, "pts/7": 7, "modem": 0, "": 0, "tty99999999999": 0, "4": 4} {
		if got := lineNumber(name); got != want {
			t.Errorf("%s: %d, want %d", name, got, want)
		}
	}
}
