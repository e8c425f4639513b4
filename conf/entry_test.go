package conf

import (
	"errors"
	"fmt"
	"net/netip"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

func TestContinue(t *testing.T) {
	const file = `
+base	mtu=576 phone=1 send_name=base device=/dev/b
+more	phone=2 continue=+base send_name=more
a	mtu=1000 phone=0 continue=+base phone=3
b	continue=+base mtu=1000
c	continue=+more phone=4
d	-inact_port inact_port=7 continue=+ports
e	inact_port=7 continue=+ports
f	inact_port=7 continue=+none inact_port=8
+ports	inact_port=9 inact_port=7
+none	-inact_port
g	quiet continue=+in
h	continue=+in quiet localhost=10.0.0.1 remotehost=10.0.0.2
+in	in
i	xon_xoff flow=none
j	flow=none xon_xoff
k	tx_bsd=9 -tx_bsd
l	-tx_bsd tx_bsd=9
m	send_pap -send_pap
`
	for _, tt := range []struct {
		label, why string
		get        func(*Entry) any
		want       any
	}{
		{"a", "continue= stands in its place: what is left of it loses", func(e *Entry) any { return e.MTU }, 576},
		{"a", "values add up in that order", func(e *Entry) any { return e.Phone }, []string{"0", "1", "3"}},
		{"b", "what is right of it wins", func(e *Entry) any { return e.MTU }, 1000},
		{"c", "it nests", func(e *Entry) any { return e.Phone }, []string{"2", "1", "4"}},
		{"c", "and keeps the order", func(e *Entry) any { return e.SendName }, "more"},
		{"d", "a cleared list has only what comes later, each once", func(e *Entry) any { return e.InactPort }, []uint16{7, 9}},
		{"e", "else the defaults are added to", func(e *Entry) any { return e.InactPort }, []uint16{13, 37, 123, 520, 525, 7, 9}},
		{"f", "clearing clears what was said before, too", func(e *Entry) any { return e.InactPort }, []uint16{8}},
		{"+none", "cleared and nothing else", func(e *Entry) any { return e.InactPort }, []uint16{}},
		{"g", "the later mode wins", func(e *Entry) any { return e.Mode }, In},
		{"h", "the later mode wins", func(e *Entry) any { return e.Mode }, Quiet},
		{"i", "flow after xon_xoff", func(e *Entry) any { return fmt.Sprint(e.Flow, e.XonXoff) }, "none false"},
		{"j", "xon_xoff after flow", func(e *Entry) any { return fmt.Sprint(e.Flow, e.XonXoff) }, "xon true"},
		{"k", "the negated form is a value like others", func(e *Entry) any { return e.TxBSD }, 0},
		{"l", "and loses like others", func(e *Entry) any { return e.TxBSD }, 9},
		{"m", "flags as well", func(e *Entry) any { return e.SendPAP }, No},
	} {
		e := mustEntry(t, file, tt.label)
		if d := cmp.Diff(tt.want, tt.get(e)); d != "" {
			t.Errorf("%s: %s:\n%s", tt.label, tt.why, d)
		}
	}
	e := mustEntry(t, file, "h")
	if _, ok := e.Origin["in"]; ok || e.Set["in"] || e.Origin["quiet"].Line != 13 {
		t.Errorf("a mode that was overruled is still said: %v", e.Origin)
	}
}

// TestContinueIsBounded: entries that double each other end with a message.
func TestContinueIsBounded(t *testing.T) {
	var wide, deep strings.Builder
	for i := range 30 {
		fmt.Fprintf(&wide, "e%d\tcontinue=e%d continue=e%d mtu=576\n", i, i+1, i+1)
	}
	wide.WriteString("e30\tmtu=576\n")
	for i := range 300 {
		fmt.Fprintf(&deep, "e%d\tcontinue=e%d\n", i, i+1)
	}
	deep.WriteString("e300\n")
	for src, want := range map[string]string{
		wide.String(): "makes an entry of more than 10000 settings",
		deep.String(): "nested more than 100 deep",
	} {
		f, ds := house().Parse("ppp.conf", []byte(src))
		if !strings.Contains(ds.String(), want) {
			t.Errorf("got\n%s, want %q", ds, want)
		}
		if e, _ := f.Entry("e0"); len(e.settings) > maxSettings {
			t.Errorf("%d settings", len(e.settings))
		}
	}
}

// TestDefaults: what holds when nothing, or only something else, is said.
func TestDefaults(t *testing.T) {
	secs := func(active, inactive time.Duration) string {
		return fmt.Sprint(active*time.Second, inactive*time.Second)
	}
	timeouts := func(e *Entry) any { return fmt.Sprint(e.ActiveTimeout, e.InactiveTimeout) }
	auth := func(e *Entry) any {
		var s []string
		for i, c := range e.protocols() {
			if *c != Unset {
				s = append(s, map[Choice]string{Yes: "+", No: "-"}[*c]+[]string{"sp", "rp", "sc", "rc", "sm", "rm", "se", "re"}[i])
			}
		}
		return strings.Join(s, " ") + " " + e.SendName
	}
	set := func(as []Addr) any {
		var s []string
		for _, a := range as {
			s = append(s, fmt.Sprintf("%s=%v/%v", a.Name, a.Addr, a.Mask))
		}
		return strings.Join(s, " ")
	}
	local := func(e *Entry) any { return set(e.LocalHost) }
	remote := func(e *Entry) any { return set(e.RemoteHost) }
	const anywhere = "=0.0.0.0/0.0.0.0"
	for _, tt := range []struct {
		src  string
		get  func(*Entry) any
		want any
	}{
		{"", func(e *Entry) any { return e.Mode }, Out},
		{"reconfigure", func(e *Entry) any { return e.Mode }, In},
		{"in", func(e *Entry) any { return e.Demand() }, false},
		{"active_timeout=9", func(e *Entry) any { return e.Demand() }, true},
		{"in active_timeout=9", func(e *Entry) any { return e.Demand() }, false},

		{"", timeouts, secs(0, 0)},
		{"active_timeout=9", timeouts, secs(9, 9)},
		{"inactive_timeout=9", timeouts, secs(9, 9)},
		{"inactive_timeout=9 active_timeout=10", timeouts, secs(10, 9)},
		{"in active_timeout=9", timeouts, secs(9, 0)},
		{"quiet remotehost=rmt", timeouts, secs(300, 30)},
		{"quiet remotehost=rmt active_timeout=9", timeouts, secs(9, 9)},

		{"", func(e *Entry) any { return e.UUCPName + " " + e.RemSysname }, "a a"},
		{"uucp_name=b rem_sysname=c", func(e *Entry) any { return e.UUCPName + " " + e.RemSysname }, "b c"},
		{"", func(e *Entry) any { return e.MaxDevs }, 4},
		{"outdevs=6", func(e *Entry) any { return e.MaxDevs }, 6},
		{"mindevs=7 outdevs=6", func(e *Entry) any { return e.MaxDevs }, 7},
		{"outdevs=2 maxdevs=2", func(e *Entry) any { return e.MaxDevs }, 2},
		{"", func(e *Entry) any { return e.BPS }, Measured},
		{"bps=0", func(e *Entry) any { return e.BPS }, 0},
		{"", func(e *Entry) any { return fmt.Sprint(e.MaxFSMTerm, e.MaxTermMs) }, "0 7s"},
		{"max_FSM_term=3", func(e *Entry) any { return fmt.Sprint(e.MaxFSMTerm, e.MaxTermMs) }, "3 0s"},
		{"busy_delay=10 idle_delay=11", func(e *Entry) any { return fmt.Sprint(e.BusyDelay, e.IdleDelay) }, "10s 15s"},
		{"", func(e *Entry) any { return e.DNS }, false},
		{"device=/dev/x", func(e *Entry) any { return e.DNS }, true},
		{"apn=x", func(e *Entry) any { return e.DNS }, true},
		{"device=/dev/x -dns", func(e *Entry) any { return e.DNS }, false},
		{"in device=/dev/x", func(e *Entry) any { return e.DNS }, false},
		{"reconfigure device=/dev/x", func(e *Entry) any { return e.DNS }, false},
		{"in device=/dev/x dns", func(e *Entry) any { return e.DNS }, true},
		{"dns", func(e *Entry) any { return e.DNS }, true},
		{"", func(e *Entry) any { return fmt.Sprint(e.DelRouteAuto, e.DelRoute6Auto) }, "true true"},
		{"-del_route -del_route6", func(e *Entry) any { return fmt.Sprint(e.DelRouteAuto, e.DelRoute6Auto) }, "false false"},
		{"add_route add_route6", func(e *Entry) any { return append(e.AddRoute, e.AddRoute6...) }, []string{"add default #", "add -inet6 default #"}},
		{"-proxy_arp", func(e *Entry) any { return e.ProxyARP }, ProxyARP{Off: true}},
		{"proxy_arp=eth0", func(e *Entry) any { return e.ProxyARP }, ProxyARP{Interface: "eth0"}},
		{"localif=fe80::1:2:3:4", func(e *Entry) any { return e.LocalIf }, InterfaceID(0x0001000200030004)},
		{"localif=ffff:0123:4567:89ab", func(e *Entry) any { return e.LocalIf }, InterfaceID(0xffff0123456789ab)},
		{"localif=::abcd", func(e *Entry) any { return e.LocalIf }, InterfaceID(0xabcd)},
		{"pool=192.0.2.0/24", func(e *Entry) any { return fmt.Sprint(e.Pool[0].First, e.Pool[0].Last) }, "192.0.2.1 192.0.2.254"},
		{"pool=192.0.2.4/31", func(e *Entry) any { return fmt.Sprint(e.Pool[0].First, e.Pool[0].Last) }, "192.0.2.4 192.0.2.5"},
		{"radius_coa=[::1]", func(e *Entry) any { return e.RadiusCoA }, "[::1]:3799"},
		{"radius_coa=nas:99", func(e *Entry) any { return e.RadiusCoA }, "nas:99"},
		{"radius=[::1]:99,/f radius=r,/g", func(e *Entry) any { return fmt.Sprintf("%+v", e.Radius[0].Port+e.Radius[1].Port) }, "1911"},
		{"apn=x", func(e *Entry) any { return fmt.Sprint(e.APN.Name, e.APN.Type, e.APN.CID) }, "xIP1"},
		{"apn=x,PPP,3", func(e *Entry) any { return fmt.Sprint(e.APN.Name, e.APN.Type, e.APN.CID) }, "xPPP3"},
		{"reset_at=03:30", func(e *Entry) any { return time.Duration(e.ResetAt[0]) }, 210 * time.Minute},

		{"", auth, " "},
		{"send_name=x", auth, "+sp x"},
		{`send_name=""`, auth, "+sp "},
		{"send_passwd=x", auth, "+sp "},
		{"recv_name=x", auth, "+rp "},
		{"recv_passwd=x", auth, "+rp "},
		{"reconfigure", auth, "+sp +rp "},
		{"reconfigure recv_chap", auth, "+rc box"},
		{"reconfigure send_pap", auth, "+sp +rp "},
		{"reconfigure send_chap", auth, "+rp +sc box"},
		{"send_name=x send_chap", auth, "+sc x"},
		{"radius=r,/f", auth, "+rp "},
		{"radius=r,/f send_name=x", auth, "+sp +rp x"},
		{"radius=r,/f send_eap send_passwd=x", auth, "+rp +se box"},
		{"radius=r,/f recv_chap", auth, "+rc box"},
		{"recv_name=x send_pap send_passwd=y", auth, "+sp +rp "},
		{"recv_passwd=x send_chap send_passwd=y", auth, "+rp +sc box"},
		{"recv_passwd=x send_chap send_passwd=y recv_chap", auth, "+sc +rc box"},
		{"recv_passwd=x -recv_chap", auth, "+rp -rc "},
		{"send_passwd=x send_chap", auth, "+sc box"},
		{`send_passwd=x send_chap send_name=""`, auth, "+sc "},
		{"send_passwd=x recv_passwd=y recv_eap", auth, "+re box"},
		{"send_passwd=x -send_chap", auth, "+sp -sc "},
		{"send_passwd=x -send_pap", auth, "-sp "},
		{"apn=i send_passwd=x", auth, "+sp +sc box"},
		{"apn=i send_passwd=x send_name=y", auth, "+sp +sc y"},
		{"apn=i send_name=y -send_chap", auth, "+sp -sc y"},
		{"apn=i recv_passwd=y", auth, "+rp +rc box"},
		{"apn=i", auth, " "},

		{"", local, "box=192.0.2.1/255.255.255.255"},
		{"device=/dev/x", local, anywhere},
		{"apn=x", local, anywhere},
		{"localhost=0", local, anywhere},
		{"localhost=0,0", local, anywhere},
		{"localhost=0.0.0.0", local, anywhere},
		{"localhost=0.0.0.0,128.0.0.0", local, "=0.0.0.0/128.0.0.0"},
		{"localhost=10.0.0.1,0", local, anywhere},
		{"localhost=box", local, "box=192.0.2.1/255.255.255.255"},
		{"localhost=10.0.0.1 localhost=rmt,0xffffff00", local, "=10.0.0.1/255.255.255.255 rmt=192.0.2.2/255.255.255.0"},
		{"localhost=nowhere", local, "nowhere=invalid IP/255.255.255.255"},
		{"", remote, anywhere},
		{"device=/dev/x", remote, anywhere},
		{"uucp_name=rmt", remote, "rmt=192.0.2.2/255.255.255.255"},
		{"uucp_name=self", remote, anywhere},
		{"remotehost=rmt.example", remote, "rmt.example=192.0.2.3/255.255.255.255"},
	} {
		e := mustEntry(t, "a\t"+tt.src, "a")
		if d := cmp.Diff(tt.want, tt.get(e)); d != "" {
			t.Errorf("%s:\n%s", tt.src, d)
		}
	}
	if e := mustEntry(t, "rmt\n10.1.2.3\n", "rmt"); remote(e) != "rmt=192.0.2.2/255.255.255.255" {
		t.Errorf("a label that is a host: %v", remote(e))
	}
	if e := mustEntry(t, "rmt\n10.1.2.3\n", "10.1.2.3"); remote(e) != "=10.1.2.3/255.255.255.255" {
		t.Errorf("a label that is an address: %v", remote(e))
	}
}

// TestOwnAddress: the host name's address, else that towards the default
// route, else any; and only the start is barred when quiet mode needs one.
func TestOwnAddress(t *testing.T) {
	o := house()
	o.Hostname = func() (string, error) { return "self", nil }
	e, _ := parse(t, o, "a").Entry("a")
	if got := e.LocalHost[0].Addr.String(); got != "198.51.100.9" {
		t.Error("with a host name on loopback:", got)
	}
	o.Source = func() netip.Addr { return netip.Addr{} }
	e, ds := parse(t, o, "a quiet remotehost=rmt").Entry("a")
	if !e.LocalHost[0].Any() {
		t.Error("with no address at all:", e.LocalHost)
	}
	if ds.HasErrors() || !ds.Start().HasErrors() {
		t.Errorf("want a warning that is an error at start, got %s", ds)
	}
	if want := "ppp.conf:1:3: warning: quiet needs both addresses, and this machine has none; give localhost=\n"; ds.String() != want {
		t.Errorf("got %q, want %q", ds, want)
	}
	o.Hostname = func() (string, error) { return "", errors.New("none") }
	if e, _ = parse(t, o, "a send_chap send_passwd=x").Entry("a"); e.SendName != "" {
		t.Error("a name from nowhere", e.SendName)
	}
}

func parse(t *testing.T, o Options, src string) *File {
	t.Helper()
	f, ds := o.Parse("ppp.conf", []byte(src))
	if ds.HasErrors() {
		t.Fatal(ds)
	}
	return f
}

func TestUnresolvedIsFatalAtStartOnly(t *testing.T) {
	f := parse(t, house(), "a remotehost=nowhere")
	_, ds := f.Entry("a")
	if ds.HasErrors() || !ds.Start().HasErrors() || len(ds) != 1 {
		t.Error(ds)
	}
}

// TestAnswering: a login has started us; the mode words do not count.
func TestAnswering(t *testing.T) {
	f := parse(t, house(), "a quiet\nb in camp mtu=576\nc out camp active_timeout=60")
	for _, l := range f.Labels() {
		e, ds := f.Answering(l)
		if len(ds) > 0 || e.Mode != In || e.Camp || e.Demand() || len(e.Set) > 1 {
			t.Errorf("%s: mode %v, camp %v, said %v, %s", l, e.Mode, e.Camp, e.Set, ds)
		}
	}
	e := house().Default("joe")
	if e.Mode != In || e.Label != "joe" || e.MTU != 1500 || e.UUCPName != "joe" || !e.LocalHost[0].Single() || !e.RemoteHost[0].Any() {
		t.Errorf("%+v", e)
	}
}

func TestAddr(t *testing.T) {
	ip := netip.MustParseAddr
	one := Addr{Addr: ip("10.0.0.1"), Mask: allOnes}
	net := Addr{Addr: ip("10.0.0.0"), Mask: ip("255.0.0.0")}
	odd := Addr{Addr: ip("10.9.9.1"), Mask: ip("255.0.0.255")}
	lost := Addr{Name: "nowhere", Mask: allOnes}
	for _, tt := range []struct {
		a           Addr
		any, single bool
		in, out     string
		text        string
	}{
		{anyAddr, true, false, "1.2.3.4", "::1", "0.0.0.0,0.0.0.0"},
		{one, false, true, "10.0.0.1", "10.0.0.2", "10.0.0.1"},
		{net, false, false, "10.200.0.1", "11.0.0.1", "10.0.0.0,255.0.0.0"},
		{odd, false, false, "10.1.2.1", "10.1.2.2", "10.9.9.1,255.0.0.255"},
		{lost, false, false, "", "10.0.0.1", "nowhere"},
	} {
		if tt.a.Any() != tt.any || tt.a.Single() != tt.single || tt.a.String() != tt.text {
			t.Errorf("%v: Any %v, Single %v", tt.a, tt.a.Any(), tt.a.Single())
		}
		if tt.in != "" && !tt.a.Contains(ip(tt.in)) || tt.a.Contains(ip(tt.out)) {
			t.Errorf("%v: Contains", tt.a)
		}
	}
	if !one.Contains(ip("::ffff:10.0.0.1")) || (Addr{}).Contains(ip("10.0.0.1")) {
		t.Error("Contains")
	}
}

// TestReconfigure: the rules of the manual page, one a row. The link began
// with the words of base; the entry joe has the words of named.
func TestReconfigure(t *testing.T) {
	for _, tt := range []struct {
		why, base, named string
		get              func(*Entry) any
		want             any
		fails            string
	}{
		{why: "what LCP has agreed stays", base: "-mp", named: "mtu=576", get: func(e *Entry) any { return e.MP }, want: false},
		{why: "and cannot be changed", base: "", named: "-mp", get: func(e *Entry) any { return e.MP }, want: true},
		{why: "and leaves its words about calls alone", base: "-mp", named: "outdevs=3 mindevs=2", get: func(e *Entry) any { return fmt.Sprint(e.OutDevs, e.MinDevs) }, want: "3 2"},
		{why: "the protocols, too, also when implied", base: "", named: "send_chap", get: func(e *Entry) any { return fmt.Sprint(*e.protocols()[0], *e.protocols()[1], *e.protocols()[2]) }, want: "1 1 0"},
		{why: "the line stays as it was opened", base: "speed=9600 device=/dev/x", named: "speed=300 xon_xoff", get: func(e *Entry) any { return fmt.Sprint(e.Speed, e.XonXoff) }, want: "9600 false"},
		{why: "what can be negotiated anew changes", base: "accm=1", named: "accm=2", get: func(e *Entry) any { return e.ACCM }, want: uint32(2)},
		{why: "or falls back to its default", base: "accm=1 mtu=576 qmax=9", named: "", get: func(e *Entry) any { return fmt.Sprint(e.ACCM, e.MTU, e.QMax) }, want: "0 1500 50"},
		{why: "all the rest is the new entry's", base: "remotehost=10.0.0.9", named: "remotehost=10.0.0.2 netmask=255.0.0.0", get: func(e *Entry) any { return fmt.Sprint(e.RemoteHost, e.Netmask) }, want: "[10.0.0.2] 255.0.0.0"},
		{why: "the name for UUCP too, which may tell the address", base: "", named: "uucp_name=rmt", get: func(e *Entry) any { return fmt.Sprint(e.UUCPName, e.RemoteHost) }, want: "rmt[192.0.2.2]"},
		{why: "and does not from here", base: "uucp_name=rmt", named: "", get: func(e *Entry) any { return fmt.Sprint(e.UUCPName, e.RemoteHost) }, want: "joe[0.0.0.0,0.0.0.0]"},
		{why: "through continue=", base: "", named: "continue=+more", get: func(e *Entry) any { return e.Metric }, want: 7},
		{why: "the new entry is an incoming one", base: "", named: "quiet", get: func(e *Entry) any { return e.Mode }, want: In},
		{why: "and no reconfigure", base: "", named: "", get: func(e *Entry) any { return e.Reconfigure }, want: false},
		{why: "recv_name has nothing left to say", base: "recv_name=joe recv_name=jim", named: "recv_name=ann", get: func(e *Entry) any { return e.RecvName }, want: []string{"joe", "jim"}},
		{why: "the secret comes with the new entry", base: "recv_chap", named: "recv_passwd=x", get: func(e *Entry) any { return e.RecvPasswd.Reveal() }, want: "x"},
		{why: "and must", base: "recv_chap", named: "", fails: "recv_chap needs the secret"},
		{why: "unless the peer may have used PAP, and has an account", base: "recv_chap recv_pap", named: "", get: func(e *Entry) any { return fmt.Sprint(e.RecvPasswd == "", e.RecvPAP, e.RecvCHAP) }, want: "true 1 1"},
		{why: "unless RADIUS has it", base: "recv_chap radius=r,/f", named: "", get: func(e *Entry) any { return len(e.Radius) }, want: 1},
		{why: "what was too small for IPv6 is not", base: "mtu=576", named: "-ipv4", get: func(e *Entry) any { return fmt.Sprint(e.IPv4, e.MTU) }, want: "false 1500"},
		{why: "unless it is again", base: "", named: "-ipv4 mtu=576", fails: "-ipv4 and mtu=576 leave nothing to carry"},
		{why: "our PAP name may come late", base: "", named: "send_name=x send_passwd=y", get: func(e *Entry) any { return e.SendName + e.SendPasswd.Reveal() }, want: "xy"},
		{why: "our name may be said again", base: "send_name=x", named: "send_name=x", get: func(e *Entry) any { return e.SendName }, want: "x"},
		{why: "or not", base: "send_name=x", named: "", get: func(e *Entry) any { return e.SendName }, want: "x"},
		{why: "but not changed", base: "send_name=x", named: "send_name=y", fails: `ppp.conf:2:5: the entry "joe" has another send_name than "x"`},
		{why: "nor from the empty one", base: `send_name=""`, named: "send_name=y", fails: "another send_name"},
		{why: "nor from CHAP's default", base: "recv_chap", named: "recv_passwd=x send_name=y", fails: `another send_name than "box"`},
		{why: "our password may be said again", base: "send_passwd=x", named: "send_passwd=x", get: func(e *Entry) any { return e.SendPasswd.Reveal() }, want: "x"},
		{why: "or not", base: "send_passwd=x", named: "", get: func(e *Entry) any { return e.SendPasswd.Reveal() }, want: "x"},
		{why: "but not changed", base: "send_passwd=geheim", named: "send_passwd=secret", fails: "another send_passwd"},
		{why: "a circle ends", base: "", named: "reconfigure", fails: "says reconfigure itself"},
		{why: "names must resolve now", base: "", named: "remotehost=nowhere", fails: "does not resolve"},
	} {
		t.Run(tt.why, func(t *testing.T) {
			f := parse(t, house(), "_IN reconfigure "+tt.base+"\njoe "+tt.named+"\n+more metric=7\n")
			base, _ := f.Entry("_IN")
			e, err := f.Reconfigure(base, "joe")
			switch {
			case tt.fails != "":
				if err == nil || !strings.Contains(err.Error(), tt.fails) {
					t.Errorf("error %v, want %q", err, tt.fails)
				}
				if err != nil && (strings.Contains(err.Error(), "geheim") || strings.Contains(err.Error(), "secret than")) {
					t.Errorf("the error tells a secret: %v", err)
				}
			case err != nil:
				t.Error(err)
			default:
				if d := cmp.Diff(tt.want, tt.get(e)); d != "" {
					t.Error(d)
				}
			}
		})
	}
	f := parse(t, house(), "_IN reconfigure")
	base, _ := f.Entry("_IN")
	if _, err := f.Reconfigure(base, "nobody"); err == nil || !strings.Contains(err.Error(), `no entry "nobody"`) {
		t.Error(err)
	}
}

// TestChosenEntry: where reconfigure or RADIUS may choose an entry, its protocols
// are another's.
func TestChosenEntry(t *testing.T) {
	const reauth, unasked = "chap_reauth_secs=60", "-recv_pap"
	for _, tt := range []struct {
		joe, other string
		want       int
	}{
		{reauth, "", 1},
		{reauth, "_IN reconfigure recv_chap", 0},
		{reauth, "_IN recv_chap radius=r,/f", 0},
		{unasked, "", 1},
		{unasked, "_IN reconfigure recv_chap", 0},
	} {
		f := parse(t, house(), "joe recv_passwd=x "+tt.joe+"\n"+tt.other)
		for _, find := range []func(string) (*Entry, Diagnostics){f.Entry, f.Answering} {
			if _, ds := find("joe"); len(ds) != tt.want {
				t.Errorf("%s %q: %d diagnostics, want %d: %v", tt.joe, tt.other, len(ds), tt.want, ds)
			}
		}
	}
}

// TestSecretForCallers: the secret for who is to be chosen for the entry asks nothing
// of who is called by it, unless there is nothing else about authentication.
func TestSecretForCallers(t *testing.T) {
	for _, tt := range []struct {
		joe  string
		asks bool
	}{
		{"send_chap send_passwd=a recv_passwd=b", false},
		{"recv_passwd=b", true},
		{"send_chap send_passwd=a recv_passwd=b recv_name=joe", true},
	} {
		f := parse(t, house(), "_IN reconfigure recv_chap\njoe quiet localhost=10.0.0.1 remotehost=10.0.0.2 "+tt.joe)
		if e, ds := f.Entry("joe"); e.demands() != tt.asks || len(ds) > 0 {
			t.Errorf("%s: asks %t; %v", tt.joe, e.demands(), ds)
		}
	}
}

// TestEntriesDoNotShare: changing one entry's lists must not reach another.
func TestEntriesDoNotShare(t *testing.T) {
	f := parse(t, house(), "a continue=c\nb continue=c\nc phone=1 inact_port=9 device=/dev/x")
	a, _ := f.Entry("a")
	a.Phone[0], a.InactPort[0] = "2", 99
	b, _ := f.Entry("b")
	if b.Phone[0] != "1" || slices.Contains(b.InactPort, 99) {
		t.Error(b.Phone, b.InactPort)
	}
}

// TestConcerns: a warning is for those entries that have the word.
func TestConcerns(t *testing.T) {
	const file = "+base\tstream_module=x\na\tcontinue=+base\nb\tdebug\n\tstream_module=y\nc\tdebug\n"
	f, ds := Parse("f", []byte(file))
	for _, tt := range []struct {
		label string
		lines []int
	}{{"+base", []int{1}}, {"a", []int{1}}, {"b", []int{4}}, {"c", nil}} {
		e, _ := f.Entry(tt.label)
		var lines []int
		for _, d := range ds {
			if e.Concerns(d) {
				lines = append(lines, d.Pos.Line)
			}
		}
		if !slices.Equal(lines, tt.lines) {
			t.Errorf("%s: warnings of lines %v, want %v", tt.label, lines, tt.lines)
		}
	}
}
