package conf

import (
	"fmt"
	"os"
	"reflect"
	"slices"
	"strings"
	"testing"
)

// TestTableMatchesSpecification: every keyword of testdata/keywords.txt has its
// row, with those forms, that default and those bounds, and no row is more.
func TestTableMatchesSpecification(t *testing.T) {
	text, err := os.ReadFile("testdata/keywords.txt")
	if err != nil {
		t.Fatal(err)
	}
	var names []string
	for line := range strings.Lines(string(text)) {
		if line[0] == '#' {
			continue
		}
		var name, forms, def, bounds, source string
		if n, _ := fmt.Sscan(line, &name, &forms, &def, &bounds, &source); n != 5 {
			t.Fatalf("line %q", line)
		}
		names = append(names, name)
		k := lookup(name)
		if k == nil {
			t.Errorf("%s has no row", name)
			continue
		}
		if k.Name != name {
			t.Errorf("%s is spelled %s", name, k.Name)
		}
		if got := formsOf(k); !slices.Equal(got, sorted(strings.Split(forms, ","))) {
			t.Errorf("%s: forms %v, want %s", name, got, forms)
		}
		if got := defaultOf(k); got != def && (def != "-" || got != "depends") {
			t.Errorf("%s: default %s, want %s", name, got, def)
		}
		lo, hi := k.bounds()
		switch got := fmt.Sprintf("%d..%d", lo, hi); {
		case bounds == "-":
		case bounds == "1..":
			if lo != 1 {
				t.Errorf("%s: range %s, want %s", name, got, bounds)
			}
		case bounds == "1..maxdevs":
			if mx := lookup("maxdevs"); lo != 1 || hi != mx.Max {
				t.Errorf("%s: range %s, want %s", name, got, bounds)
			}
		case got != bounds:
			t.Errorf("%s: range %s, want %s", name, got, bounds)
		}
		if k.Ours != (source == "ours") {
			t.Errorf("%s: Ours = %v, want source %s", name, k.Ours, source)
		}
	}
	for _, k := range Keywords() {
		if !slices.Contains(names, k.Name) {
			t.Errorf("%s is in no specification", k.Name)
		}
	}
}

func sorted(s []string) []string { slices.Sort(s); return s }

func formsOf(k *Keyword) []string {
	var f []string
	for form, s := range map[Forms]string{Bare: "k", Negated: "-k", Valued: "k=v", Repeat: "*"} {
		if k.Forms&form != 0 {
			f = append(f, s)
		}
	}
	return sorted(f)
}

// defaultOf gives the default as keywords.txt has it, by way of an entry in
// which nothing is said.
func defaultOf(k *Keyword) string {
	switch {
	case k.Default == "-":
		return "off"
	case k.Default == "" && k.Otherwise != "":
		return "depends"
	case k.Default == "":
		return "-"
	}
	v := blank().slot(k).json()
	if list, ok := v.([]any); ok {
		var s []string
		for _, x := range list {
			s = append(s, fmt.Sprint(x))
		}
		return strings.Join(s, ",")
	}
	return fmt.Sprint(v)
}

// TestRowsAreComplete: each row can say what it is, its default is within its
// own bounds, and there is a field of its name in Entry, which it sets.
func TestRowsAreComplete(t *testing.T) {
	fields := make(map[string]bool)
	et := reflect.TypeFor[Entry]()
	for i := range et.NumField() {
		fields[strings.ToLower(et.Field(i).Name)] = true
	}
	seen := make(map[string]bool)
	groups := make(map[string]bool)
	last := ""
	for _, k := range Keywords() {
		if name := strings.ToLower(k.Name); seen[name] {
			t.Errorf("%s has two rows", k.Name)
		} else {
			seen[name] = true
		}
		if manual[k.Name] == "" || k.Type == "" || k.Forms&(Bare|Negated|Valued) == 0 || k.Forms&Repeat != 0 && k.Forms&Valued == 0 {
			t.Errorf("%s is not complete: %+v", k.Name, k)
		}
		if k.Group != last && groups[k.Group] {
			t.Errorf("%s stands apart from its group %s", k.Name, k.Group)
		}
		last, groups[k.Group] = k.Group, true
		if (k.Forms&Bare != 0 && k.Forms&Valued != 0) != (k.Alone != "") {
			t.Errorf("%s: Alone goes with the forms k and k=v", k.Name)
		}
		if k.Default != "" && k.Otherwise != "" {
			t.Errorf("%s has two defaults", k.Name)
		}
		if k.slot == nil {
			if k.Name != "continue" {
				t.Errorf("%s has no slot", k.Name)
			}
			continue
		}
		field := strings.ToLower(strings.ReplaceAll(k.Name, "_", ""))
		if k.Name != "in" && k.Name != "out" && k.Name != "quiet" && !fields[field] {
			t.Errorf("Entry has no field for %s", k.Name)
		}
		switch k.Default {
		case "", "true", "false", "-":
		default:
			for _, v := range defaultValues(&k) {
				o := house()
				if err := k.slot(blank(), &k, &o).set(Valued, v); err != nil {
					t.Errorf("%s: its own default %s: %v", k.Name, v, err)
				}
			}
		}
		if k.Alone != "" {
			o := house()
			if err := k.slot(blank(), &k, &o).set(Valued, k.Alone); err != nil {
				t.Errorf("%s: what it is by itself, %s: %v", k.Name, k.Alone, err)
			}
		}
	}
}

// examples has for each keyword a word that is not its default.
var examples = map[string]string{
	"debug": "debug=2", "recv_name": "recv_name=joe", "send_name": "send_name=me", "send_passwd": "send_passwd=x",
	"recv_passwd": "recv_passwd=y", "max_auth_secs": "max_auth_secs=7", "auth_secs": "auth_secs=7",
	"chap_reauth_secs": "chap_reauth_secs=60", "radius": "radius=host,/etc/secret", "radius_coa": "radius_coa=192.0.2.1", "netmask": "netmask=255.255.0.0",
	"metric": "metric=3", "mtu": "mtu=576", "add_route": "add_route", "del_route": "del_route=x",
	"add_route6": "add_route6", "del_route6": "del_route6=x", "proxy_arp": "proxy_arp=eth0", "ifname": "ifname=wan",
	"up_cmd": "up_cmd=/bin/up", "down_cmd": "down_cmd=/bin/down", "uucp_name": "uucp_name=u", "localhost": "localhost=10.0.0.1",
	"remotehost": "remotehost=10.0.0.2", "localif": "localif=::abcd", "remoteif": "remoteif=1:2:3:4", "rem_sysname": "rem_sysname=r",
	"pool": "pool=192.0.2.0/24", "ms_dns": "ms_dns=192.0.2.53", "active_timeout": "active_timeout=60",
	"inactive_timeout": "inactive_timeout=60", "toll_boundary": "toll_boundary=60", "max_connect_secs": "max_connect_secs=60",
	"busy_delay": "busy_delay=11", "idle_delay": "idle_delay=4", "bps": "bps=0", "maxdevs": "maxdevs=7", "outdevs": "outdevs=2",
	"mindevs": "mindevs=2", "map_char_num": "map_char_num=0x11", "accm": "accm=0xa0000", "map_char": `map_char='@QS\'`,
	"modwait": "modwait=0", "modtries": "modtries=9", "modpause": "modpause=9", "redial_limit": "redial_limit=9",
	"restart_ms": "restart_ms=2000", "restart_ms_lim": "restart_ms_lim=9000", "ccp_restart_ms": "ccp_restart_ms=1",
	"max_FSM_fail": "max_fsm_fail=3", "max_FSM_conf": "max_FSM_conf=3", "max_FSM_term": "max_FSM_term=3",
	"max_term_ms": "max_term_ms=3", "LCP_ECHO_INTERVAL": "lcp_echo_interval=120", "lcp_echo_fails": "lcp_echo_fails=9",
	"qmax": "qmax=9", "inact_port": "inact_port=domain", "inact_icmp": "inact_icmp=8", "stream_module": "stream_module=tty",
	"vj_slots": "vj_slots=256", "tx_bsd": "tx_bsd=15", "rx_bsd": "rx_bsd=9", "tx_deflate": "tx_deflate", "rx_deflate": "rx_deflate=10",
	"device": "device=/dev/ttyUSB*", "speed": "speed=9600", "flow": "flow=xon", "phone": "phone='*99#'", "modem_init": "modem_init=AT&F",
	"chat": `chat='"" ATDT1 CONNECT'`, "login_chat": `login_chat='ogin: me'`, "hangup_chat": `hangup_chat="'"`, "connect_cmd": "connect_cmd='dial it'",
	"apn": "apn=internet,PPP,2", "pin": "pin=1234", "net_mode": "net_mode=lte", "carrier": "carrier=26201", "monitor": "monitor=auto",
	"monitor_secs": "monitor_secs=9", "monitor_fails": "monitor_fails=9", "reset_cmd": "reset_cmd=/bin/x", "reset_at": "reset_at=03:30",
	"reset_wait": "reset_wait=9", "capture": "capture=/tmp/x.pcapng",
}

// example gives a word for k that is not its default.
func example(k *Keyword) string {
	if w := examples[k.Name]; w != "" {
		return w
	}
	if k.Forms&Bare != 0 && k.Default != "true" {
		return k.Name
	}
	return "-" + k.Name
}

// TestNoKeywordIsInert: a word that is not the default changes the entry, shows
// in both dumps and is traced to where it stands.
func TestNoKeywordIsInert(t *testing.T) {
	plain := mustEntry(t, "a", "a")
	for _, k := range Keywords() {
		if k.slot == nil {
			continue
		}
		word := example(&k)
		f, ds := house().Parse("ppp.conf", []byte("a\t"+word))
		if ds.HasErrors() {
			t.Errorf("%s: %s", word, ds)
			continue
		}
		e, _ := f.Entry("a")
		name := k.Name
		if strings.HasPrefix(word, "-") && k.NegatedAs != "" {
			name = k.NegatedAs
		}
		if !e.Set[name] || e.Origin[name].String() != "ppp.conf:1:3" {
			t.Errorf("%s: Set %v, Origin %v", word, e.Set[name], e.Origin[name])
		}
		if k.Name == "in" || k.Name == "out" || k.Name == "quiet" {
			if e.Mode.String() != k.Name {
				t.Errorf("%s: mode %v", word, e.Mode)
			}
			continue
		}
		if reflect.DeepEqual(e.slot(&k).json(), plain.slot(&k).json()) && !k.Secret {
			t.Errorf("%s changes nothing: %v", word, plain.slot(&k).json())
		}
	}
}
