package run

import (
	"fmt"
	"io"
	"log/slog"
	"net/netip"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"

	"pppdial/cmd/internal/pool"
	"pppdial/cmd/internal/radius"
	"pppdial/conf"
	"pppdial/dial"
	"pppdial/mp"
	"pppdial/route"
	"pppdial/route/rtcmd"
)

// entryOf reads one entry of a control file that has no errors.
func entryOf(t testing.TB, words string) *conf.Entry {
	t.Helper()
	o := checks
	o.Lookup = func(host string) ([]netip.Addr, error) { return nil, fmt.Errorf("no such host") }
	o.Hostname = func() (string, error) { return "here", nil }
	o.Source = func() netip.Addr { return netip.MustParseAddr("192.0.2.1") }
	f, diags := o.Parse("ppp.conf", []byte("peer\t"+words+"\n"))
	e, more := f.Entry("peer")
	if diags = append(diags, more...); diags.HasErrors() {
		t.Fatalf("%s:\n%s", words, diags)
	}
	return e
}

// made is everything that an entry is turned into.
type made struct {
	dial, link, bundle, kernel, daemon string
}

// makeAll makes it, for an interface with IPv4 and IPv6 and a few peers that
// want to be let in.
func makeAll(t *testing.T, e *conf.Entry) made {
	t.Helper()
	log := slog.New(slog.DiscardHandler)
	v4 := &mp.Network{Family: mp.IPv4, Local: netip.MustParseAddr("10.0.0.1"), Remote: netip.MustParseAddr("10.0.0.2"), MTU: 65535}
	v6 := &mp.Network{Family: mp.IPv6, Local: netip.MustParseAddr("fe80::1"), Remote: netip.MustParseAddr("fe80::2"), MTU: 65535}
	up := networks{v4, v6}
	state, once, err := routeState(e, "ppp0", up)
	if err != nil {
		t.Fatal(err)
	}
	last, err := delRoutes(e, up)
	if err != nil {
		t.Fatal(err)
	}
	var let []string
	for _, name := range []string{"", "joe", "ann"} {
		for _, secret := range []string{"", "wilma"} {
			if accepts(e, e.RecvName, name, func(s string) bool { return s == secret }) {
				let = append(let, name+":"+secret)
			}
		}
	}
	kernel := struct {
		State      route.State
		Once, Last []rtcmd.Command
	}{state, once, last}
	_, file := captureConfig(e, &Options{}, log)
	var servers radius.Config
	if len(e.Radius) > 0 {
		if servers, err = radiusConfig(e, &Options{}, log); err != nil {
			t.Fatal(err)
		}
	}
	daemon := struct {
		Policy   dial.PolicyConfig
		Lines    dial.LinesConfig
		Stands   *mp.Network
		Keeping  keepingPlan
		Mode     conf.Mode
		Whose    whose
		Debug    int
		IfName   string
		File     string
		RADIUS   radius.Config
		Pool     []pool.Range
		Up, Down []string
		UTMP     bool
	}{policyConfig(e), linesConfig(e), standing(e, 0), keepingConfig(e), e.Mode, whoseIs(e, &mp.Admission{}), e.Debug, e.IfName, file, servers, ranges(e), e.UpCmd, e.DownCmd, (&member{}).records(e)}
	return made{
		dial:   show(dialConfig(e, &Options{}, nil, log)),
		link:   show(linkConfig(e, 0, nil, log)) + fmt.Sprint(let),
		bundle: show(bundleConfig(e, nil, nil, log)),
		kernel: show(kernel),
		daemon: show(daemon),
	}
}

// show prints a configuration, with what is behind pointers and without
// functions and loggers.
func show(v any) string {
	var b strings.Builder
	showValue(&b, reflect.ValueOf(v))
	return b.String()
}

func showValue(w io.Writer, v reflect.Value) {
	switch v.Kind() {
	case reflect.Invalid, reflect.Func, reflect.Chan:
	case reflect.Pointer, reflect.Interface:
		if v.Type() == reflect.TypeFor[*slog.Logger]() || v.IsNil() {
			return
		}
		showValue(w, v.Elem())
	case reflect.Struct:
		if v.CanInterface() {
			if s, ok := v.Interface().(fmt.Stringer); ok {
				fmt.Fprint(w, s)
				return
			}
		}
		for i := range v.NumField() {
			fmt.Fprint(w, v.Type().Field(i).Name, "{")
			showValue(w, v.Field(i))
			fmt.Fprint(w, "}")
		}
	case reflect.Slice, reflect.Array:
		for i := range v.Len() {
			fmt.Fprint(w, "[")
			showValue(w, v.Index(i))
			fmt.Fprint(w, "]")
		}
	default:
		fmt.Fprint(w, v)
	}
}

// An effect is what a keyword changes: the entry with words and with is made
// into something else than that with words alone, at one of the named places.
type effect struct {
	words, with string
	where       string // dial, link, bundle, kernel, daemon
}

// effects has a row for each keyword that is not pending. What only says more
// in -n (continue) or nothing at all (stream_module) is not here.
var effects = map[string]effect{
	"debug": {"", "debug=2", "daemon"},

	"recv_name":        {"recv_passwd=wilma", "recv_name=joe", "link"},
	"send_name":        {"send_chap", "send_name=me", "link"},
	"send_passwd":      {"send_pap", "send_passwd=x", "link"},
	"recv_passwd":      {"recv_pap", "recv_passwd=wilma", "link"},
	"send_pap":         {"send_chap", "send_pap", "link"},
	"send_chap":        {"send_pap", "send_chap", "link"},
	"recv_pap":         {"recv_chap recv_passwd=x", "recv_pap", "link"},
	"recv_chap":        {"recv_pap recv_passwd=x", "recv_chap", "link"},
	"send_mschap":      {"send_pap", "send_mschap", "link"},
	"recv_mschap":      {"recv_pap recv_passwd=x", "recv_mschap", "link"},
	"send_eap":         {"send_pap", "send_eap", "link"},
	"recv_eap":         {"recv_pap recv_passwd=x", "recv_eap", "link"},
	"max_auth_secs":    {"", "max_auth_secs=7", "link"},
	"auth_secs":        {"", "auth_secs=7", "link"},
	"radius":           {"recv_pap", "radius=host,@SECRET", "daemon"},
	"radius_coa":       {"recv_pap radius=host,@SECRET", "radius_coa=127.0.0.1", "daemon"},
	"chap_reauth_secs": {"recv_chap recv_passwd=x", "chap_reauth_secs=60", "link"},

	"netmask":       {"", "netmask=255.255.255.0", "kernel"},
	"metric":        {"", "metric=7", "kernel"},
	"mtu":           {"", "mtu=576", "link bundle kernel daemon"},
	"add_route":     {"", "add_route", "kernel"},
	"del_route":     {"", "del_route='delete default'", "kernel"},
	"add_route6":    {"", "add_route6", "kernel"},
	"del_route6":    {"", "del_route6='delete -inet6 default'", "kernel"},
	"replace_route": {"", "replace_route", "kernel"},
	"proxy_arp":     {"", "-proxy_arp", "kernel"},
	"up_cmd":        {"", "up_cmd=/bin/true", "daemon"},
	"down_cmd":      {"", "down_cmd=/bin/true", "daemon"},
	"ifname":        {"", "ifname=wan0", "daemon"},

	"uucp_name":      {"", "uucp_name=other", "dial"},
	"localhost":      {"", "localhost=10.9.0.1", "bundle daemon"},
	"remotehost":     {"", "remotehost=10.9.0.2", "bundle daemon"},
	"localif":        {"", "localif=::1", "bundle"},
	"remoteif":       {"", "remoteif=::2", "bundle"},
	"addr_negotiate": {"localhost=10.9.0.1 remotehost=10.9.0.2", "-addr_negotiate", "bundle"},
	"dns":            {"", "dns", "bundle"},
	"ms_dns":         {"", "ms_dns=10.9.0.3", "bundle"},
	"utmp":           {"", "-utmp", "daemon"},
	"pool":           {"", "pool=10.9.0.0/24", "daemon"},

	"bps": {"", "bps=9600", "link"},

	"capture": {"", "capture=/tmp/x.pcapng", "daemon"},

	"mp":                     {"", "-mp", "link daemon"},
	"mp_send_ssn":            {"", "mp_send_ssn", "link"},
	"mp_recv_ssn":            {"", "mp_recv_ssn", "link"},
	"mp_interleave":          {"", "mp_interleave", "link"},
	"mp_headers":             {"", "mp_headers", "bundle"},
	"mp_frag":                {"", "-mp_frag", "bundle"},
	"endpoint_discriminator": {"", "-endpoint_discriminator", "link"},
	"busy_delay":             {"", "busy_delay=20", "bundle"},
	"idle_delay":             {"", "idle_delay=60", "bundle"},

	"map_char_num": {"", "map_char_num=0x80", "link"},
	"accm":         {"", "accm=0xa0000", "link"},
	"map_char":     {"", "map_char=QS", "link"},
	"accm_parity":  {"", "accm_parity", "link"},
	"rx_accm":      {"", "-rx_accm", "link"},

	"in":       {"", "in", "daemon"},
	"out":      {"in", "out", "daemon"},
	"modwait":  {"", "modwait=1", "daemon"},
	"modtries": {"", "modtries=1", "daemon"},
	"quiet":    {"localhost=10.9.0.1 remotehost=10.9.0.2", "quiet", "bundle daemon"},
	"camp":     {"", "camp", "daemon"},
	"modpause": {"", "modpause=9", "daemon"},

	"redial_limit":     {"", "redial_limit=9", "daemon"},
	"active_timeout":   {"inactive_timeout=5", "active_timeout=9", "bundle"},
	"inactive_timeout": {"", "inactive_timeout=9", "bundle daemon"},
	"toll_boundary":    {"inactive_timeout=5", "toll_boundary=60", "bundle"},
	"max_connect_secs": {"", "max_connect_secs=9", "bundle"},
	"inact_port":       {"", "inact_port=9", "bundle"},
	"inact_icmp":       {"", "inact_icmp=77", "bundle"},

	"mindevs":   {"outdevs=2 maxdevs=2", "mindevs=2", "daemon"},
	"outdevs":   {"", "outdevs=2", "daemon"},
	"maxdevs":   {"", "maxdevs=2", "daemon"},
	"unsafe_mp": {"", "unsafe_mp", "daemon"},

	"rem_sysname": {"", "rem_sysname=other", "daemon"},
	"reconfigure": {"", "reconfigure", "link daemon"},

	"restart_ms":        {"", "restart_ms=200", "link bundle"},
	"restart_ms_lim":    {"", "restart_ms_lim=2000", "link bundle"},
	"ccp_restart_ms":    {"", "ccp_restart_ms=2000", "bundle"},
	"max_FSM_fail":      {"", "max_FSM_fail=3", "link bundle"},
	"max_FSM_conf":      {"", "max_FSM_conf=3", "link bundle"},
	"max_FSM_term":      {"", "max_FSM_term=3", "link bundle"},
	"max_term_ms":       {"", "max_term_ms=100", "link bundle"},
	"LCP_IDENT":         {"", "-LCP_IDENT", "link"},
	"LCP_ECHOS":         {"", "-LCP_ECHOS", "link"},
	"LCP_ECHO_INTERVAL": {"", "LCP_ECHO_INTERVAL=3", "link"},
	"lcp_echo_fails":    {"", "lcp_echo_fails=7", "link"},
	"ipv4":              {"", "-ipv4", "bundle"},
	"ipv6":              {"", "-ipv6", "bundle"},

	"noicmp":    {"", "noicmp", "bundle"},
	"qmax":      {"", "qmax=7", "bundle"},
	"telnettos": {"", "-telnettos", "bundle"},
	"tcp_mss":   {"", "-tcp_mss", "bundle"},

	"xon_xoff":      {"", "xon_xoff", "dial link"},
	"pcomp":         {"", "-pcomp", "link"},
	"acomp":         {"", "-acomp", "link"},
	"sync":          {"", "sync", "link"},
	"vj_comp":       {"", "-vj_comp", "bundle"},
	"vj_compslot":   {"", "vj_compslot", "bundle"},
	"vj_slots":      {"", "vj_slots=8", "bundle"},
	"ccp":           {"", "-ccp", "bundle"},
	"tx_predictor1": {"", "-tx_predictor1", "bundle"},
	"rx_predictor1": {"", "-rx_predictor1", "bundle"},
	"tx_bsd":        {"", "-tx_bsd", "bundle"},
	"rx_bsd":        {"", "rx_bsd=9", "bundle"},
	"tx_deflate":    {"", "tx_deflate", "bundle"},
	"rx_deflate":    {"", "rx_deflate=9", "bundle"},

	"device":      {"", "device=/dev/ttyS0", "dial bundle daemon"},
	"speed":       {"device=/dev/ttyS0", "speed=9600", "dial"},
	"flow":        {"device=/dev/ttyS0", "flow=none", "dial"},
	"local":       {"", "local", "dial"},
	"phone":       {"device=/dev/ttyS0", "phone=1", "dial"},
	"modem_init":  {"device=/dev/ttyS0", "modem_init=ATX3", "dial"},
	"chat":        {"device=/dev/ttyS0", "chat='\"\" ATZ OK'", "dial"},
	"login_chat":  {"", "login_chat='ogin: me'", "dial"},
	"hangup_chat": {"", "hangup_chat='\"\" ATH OK'", "dial"},
	"connect_cmd": {"", "connect_cmd=/bin/true", "dial"},

	"apn":      {"device=/dev/ttyS0", "apn=internet", "dial"},
	"pin":      {"device=/dev/ttyS0", "pin=1234", "dial"},
	"net_mode": {"device=/dev/ttyS0", "net_mode=lte", "dial"},
	"carrier":  {"device=/dev/ttyS0", "carrier=26201", "dial"},

	"reset_cmd":     {"", "reset_cmd=/bin/true", "dial"},
	"reset_wait":    {"", "reset_wait=9", "dial"},
	"monitor":       {"", "monitor=auto", "daemon"},
	"monitor_secs":  {"monitor=auto", "monitor_secs=7", "daemon"},
	"monitor_fails": {"monitor=auto", "monitor_fails=7", "daemon"},
	"reset_at":      {"", "reset_at=03:30", "daemon"},
	"reset_on_fail": {"", "reset_on_fail", "daemon"},
	"reset_always":  {"", "reset_always", "daemon"},
}

// negated are forms of keywords that say something else than the plain one.
var negated = []effect{
	{"add_route", "-del_route", "kernel"},
	{"add_route6", "-del_route6", "kernel"},
	{"", "proxy_arp=eth0", "kernel"},
	{"", "add_route='change default #'", "kernel"},
}

func (row effect) check(t *testing.T) {
	secret := filepath.Join(t.TempDir(), "secret")
	if err := os.WriteFile(secret, []byte("x\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	row.words, row.with = strings.ReplaceAll(row.words, "@SECRET", secret), strings.ReplaceAll(row.with, "@SECRET", secret)
	before, after := makeAll(t, entryOf(t, row.words)), makeAll(t, entryOf(t, row.words+" "+row.with))
	var changed []string
	for _, part := range []struct{ name, before, after string }{
		{"dial", before.dial, after.dial}, {"link", before.link, after.link}, {"bundle", before.bundle, after.bundle},
		{"kernel", before.kernel, after.kernel}, {"daemon", before.daemon, after.daemon},
	} {
		if part.before != part.after {
			changed = append(changed, part.name)
		}
	}
	if got := strings.Join(changed, " "); got != row.where {
		t.Errorf("%s changes %q, want %q", row.with, got, row.where)
	}
}

// TestStanding: the first whole address of a set is that of an interface which
// nobody has called with yet.
func TestStanding(t *testing.T) {
	for _, tt := range []struct{ words, want string }{
		{"localhost=10.0.0.1 remotehost=10.1.0.1", "10.0.0.1 10.1.0.1"},
		{"localhost=10.0.0.1 remotehost=10.1.0.1 remotehost=10.1.0.2", "10.0.0.1 10.1.0.1"},
		{"localhost=10.0.0.9,255.255.255.0 localhost=10.0.0.1 remotehost=0 remotehost=10.1.0.1", "10.0.0.1 10.1.0.1"},
		{"device=/dev/x localhost=10.0.0.9,255.255.255.0", "10.64.64.7 10.112.112.7"},
	} {
		if n := standing(entryOf(t, "quiet "+tt.words), 7); fmt.Sprint(n.Local, " ", n.Remote) != tt.want {
			t.Errorf("%s: %v %v, want %s", tt.words, n.Local, n.Remote, tt.want)
		}
	}
}

// TestLater: a reconfigure entry waits for the name or password by which we
// prove ourselves where it lacks one of them.
func TestLater(t *testing.T) {
	for _, tt := range []struct {
		words string
		later bool
	}{
		{"send_name=me send_passwd=x", false},
		{"reconfigure", true},
		{"reconfigure send_name=me", true},
		{"reconfigure send_passwd=x", true},
		{"reconfigure send_chap recv_chap send_passwd=x", false}, // the host's name
		{"reconfigure send_name=me send_passwd=x", false},
		{`reconfigure send_name="" send_passwd=x`, false},
	} {
		if got := linkConfig(entryOf(t, tt.words), 0, nil, nil).Auth.Later; got != tt.later {
			t.Errorf("%s: later %v, want %v", tt.words, got, tt.later)
		}
	}
}

// TestLineRate: a synchronous line has no start and stop bits, and a clock that
// the tty's speed says nothing of.
func TestLineRate(t *testing.T) {
	for _, tt := range []struct {
		words       string
		rate, limit float64 // octets a second
	}{
		{"", 0, 11520},
		{"bps=64000", 6400, 11520},
		{"bps=0", 0, 11520},
		{"sync", 0, 0},
		{"sync bps=64000", 8000, 0},
		{"sync -sync bps=64000", 6400, 11520},
	} {
		if c := linkConfig(entryOf(t, tt.words), 115200, nil, nil); c.Rate != tt.rate || c.Limit != tt.limit {
			t.Errorf("%q: rate %v, limit %v, want %v, %v", tt.words, c.Rate, c.Limit, tt.rate, tt.limit)
		}
	}
}

// TestEveryKeywordHasAnEffect: what a keyword says changes what is made, and
// where the table says so.
func TestEveryKeywordHasAnEffect(t *testing.T) {
	for _, k := range conf.Keywords() {
		row, ok := effects[k.Name]
		if !ok {
			if k.Remark == "" && k.Name != "continue" {
				t.Errorf("%s has no row", k.Name)
			}
			continue
		}
		t.Run(k.Name, row.check)
	}
	for _, row := range negated {
		t.Run(row.with, row.check)
	}
	known := conf.Keywords()
	for name := range effects {
		if !slices.ContainsFunc(known, func(k conf.Keyword) bool { return k.Name == name }) {
			t.Errorf("there is no keyword %s", name)
		}
	}
}
