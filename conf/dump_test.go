package conf

import (
	"bytes"
	"encoding/json"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// everything is an entry that says every keyword.
func everything() string {
	var b strings.Builder
	b.WriteString("all")
	for _, k := range Keywords() {
		switch k.Name {
		case "continue", "in", "out", "max_FSM_term", "device", "camp", "mp", "noicmp", "ipv4", "xon_xoff":
			continue // those that are errors beside others
		}
		b.WriteString("\t" + example(&k) + "\n")
	}
	return b.String()
}

// TestDumpGolden holds the exact form of both dumps.
func TestDumpGolden(t *testing.T) {
	for name, src := range map[string]string{
		"plain":      "rmt\n",
		"everything": everything(),
		"negated":    "a -del_route -del_route6 -inact_port -inact_icmp -proxy_arp -tx_bsd tx_deflate -send_pap -sync -dns -tcp_mss bps=0 send_name= del_route='delete 10.0.0.0/8'\n",
		"cellular":   "cell device=/dev/ttyUSB2 apn=internet,IPV4V6 pin=1234 phone='*99#' quiet add_route\n\tlogin_chat='\"\" \\r ogin: it'\"'\"'s'\n",
		"unresolved": "a remotehost=nowhere,255.255.0.0 remotehost=0 localhost=box localhost=10.0.0.0,255.0.0.0\n",
	} {
		label := strings.Fields(src)[0]
		e := mustEntry(t, src, label)
		var text, js bytes.Buffer
		Dump(&text, e)
		if err := DumpJSON(&js, e); err != nil {
			t.Fatal(err)
		}
		golden(t, "testdata/dump/"+name+".text", text.Bytes())
		golden(t, "testdata/dump/"+name+".json", js.Bytes())
		if bytes.Count(js.Bytes(), []byte("\n")) != 1 || !json.Valid(js.Bytes()) {
			t.Errorf("%s: not one JSON object on one line", name)
		}
		parsesBack(t, e, true)
	}
}

// parsesBack checks that the text dump of e is an entry that is the same but
// for its secrets, and keeps the rules if e, being sound, does.
func parsesBack(t *testing.T, e *Entry, sound bool) {
	t.Helper()
	var text bytes.Buffer
	Dump(&text, e)
	f, ds := house().Parse("dump", text.Bytes())
	if ds.HasErrors() {
		t.Fatalf("%s\n%s", text.String(), ds)
	}
	if len(f.entries) != 1 {
		t.Fatalf("%d entries in\n%s", len(f.entries), &text)
	}
	again, ds := f.Entry(e.Label)
	if again == nil || sound && ds.HasErrors() {
		t.Fatalf("the entry %q does not come back from\n%s%s", e.Label, &text, ds)
	}
	if a, b := masked(e), masked(again); !reflect.DeepEqual(a, b) {
		t.Errorf("%s\ncomes back as another entry:\n%s", &text, cmp.Diff(a, b, allFields))
	}
}

var allFields = cmp.Exporter(func(reflect.Type) bool { return true })

// masked gives e as it looks after a dump: without secrets, without the names
// of hosts that have an address, and without its history.
func masked(e *Entry) Entry {
	m := *e
	m.Set, m.Origin, m.settings = nil, nil, nil
	for name, s := range map[string]*Secret{"send_passwd": &m.SendPasswd, "recv_passwd": &m.RecvPasswd, "pin": &m.PIN} {
		if e.Set[name] {
			*s = hidden
		}
	}
	for _, set := range []*[]Addr{&m.LocalHost, &m.RemoteHost} {
		*set = append([]Addr(nil), *set...)
		for i := range *set {
			if (*set)[i].Addr.IsValid() {
				(*set)[i].Name = ""
			}
		}
	}
	return m
}

// TestDumpJSONShape reads the JSON as a program would.
func TestDumpJSONShape(t *testing.T) {
	const src = `rmt	remotehost=rmt.example
	quiet localhost=0 localhost=10.0.0.0,255.0.0.0
	send_passwd=geheim restart_ms=500 busy_delay=11 -inact_port
	-del_route -tx_bsd remotehost=nowhere phone=1 device=/dev/x
	continue=+c
+c	mtu=576 accm=0xa0000
`
	var b bytes.Buffer
	if err := DumpJSON(&b, mustEntry(t, src, "rmt")); err != nil {
		t.Fatal(err)
	}
	var got struct {
		Entry, Mode string
		Settings    map[string]any
		Origin      map[string]string
	}
	dec := json.NewDecoder(&b)
	dec.DisallowUnknownFields()
	if err := dec.Decode(&got); err != nil {
		t.Fatal(err)
	}
	set := func(addr, mask string) any { return map[string]any{"addr": addr, "mask": mask} }
	for key, want := range map[string]any{
		"send_passwd":     "******",
		"restart_ms":      500.0,
		"busy_delay":      15.0,
		"idle_delay":      30.0,
		"inact_port":      []any{},
		"del_route_auto":  false,
		"del_route6_auto": nil,
		"del_route":       nil,
		"tx_bsd":          false,
		"rx_bsd":          12.0,
		"proxy_arp":       nil,
		"utmp":            true,
		"camp":            false,
		"send_pap":        true,
		"send_chap":       nil,
		"mtu":             576.0,
		"accm":            655360.0,
		"phone":           []any{"1"},
		"continue":        nil,
		"quiet":           nil,
		"uucp_name":       "rmt",
		"active_timeout":  300.0,
		"max_FSM_term":    nil,
		"max_term_ms":     7000.0,
		"bps":             nil,
		"localhost":       []any{set("0.0.0.0", "0.0.0.0"), set("10.0.0.0", "255.0.0.0")},
		"remotehost":      []any{set("192.0.2.3", "255.255.255.255"), set("nowhere", "255.255.255.255")},
	} {
		if d := cmp.Diff(want, got.Settings[key]); d != "" {
			t.Errorf("%s:\n%s", key, d)
		}
	}
	for key, want := range map[string]string{
		"remotehost": "ppp.conf:4:21", "quiet": "ppp.conf:2:2", "mtu": "ppp.conf:6:4",
		"del_route_auto": "ppp.conf:4:2", "utmp": "", "continue": "", "inact_port": "ppp.conf:3:50",
	} {
		if got.Origin[key] != want {
			t.Errorf("origin of %s is %q, want %q", key, got.Origin[key], want)
		}
	}
	if got.Entry != "rmt" || got.Mode != "quiet" {
		t.Error(got.Entry, got.Mode)
	}
	for key := range got.Settings {
		if lookup(strings.TrimSuffix(key, "_auto")) == nil {
			t.Errorf("%s is no keyword", key)
		}
	}
}

// TestDumpOddFileName: the name of the file cannot break out of the comment.
func TestDumpOddFileName(t *testing.T) {
	f, _ := house().Parse("x\ny", []byte("a mtu=576"))
	e, _ := f.Entry("a")
	parsesBack(t, e, true)
}

func FuzzParse(f *testing.F) {
	files, err := filepath.Glob("testdata/diagnostics/*.conf")
	if err != nil {
		f.Fatal(err)
	}
	for _, file := range files {
		src, err := os.ReadFile(file)
		if err != nil {
			f.Fatal(err)
		}
		for line := range bytes.Lines(src) {
			f.Add(append([]byte("x "), line...))
		}
	}
	examples, err := filepath.Glob("../examples/*.conf")
	if err != nil || len(examples) == 0 {
		f.Fatal("where are the examples?", err)
	}
	for _, file := range examples {
		src, err := os.ReadFile(file)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(src)
	}
	f.Add([]byte("a send_name=\"\\377\\001#'\" chat='\"' up_cmd=x\\ y\n"))
	f.Add([]byte("a continue=b\nb\n\tcontinue=a mtu=9\n"))
	f.Fuzz(func(t *testing.T, src []byte) {
		file, ds := house().Parse("ppp.conf", src)
		_ = ds.String()
		entries, more := file.Entries()
		_ = more.String()
		for _, e := range entries {
			var js bytes.Buffer
			if err := DumpJSON(&js, e); err != nil || !json.Valid(js.Bytes()) {
				t.Fatalf("JSON %v: %s", err, &js)
			}
			if !ds.HasErrors() {
				_, rules := file.Entry(e.Label)
				parsesBack(t, e, !rules.HasErrors())
			}
		}
	})
}

// TestWord: a setting that Word writes is read as it was meant.
func TestWord(t *testing.T) {
	for _, tt := range []struct{ keyword, value, want string }{
		{"send_name", "me", `send_name=me`},
		{"send_name", "", `send_name=""`},
		{"send_passwd", `a "b" #c\d`, `send_passwd="a \"b\" #c\\d"`},
		{"send_passwd", "a\nb\xff", `send_passwd="a\012b\377"`},
		{"phone", "*99#", `phone="*99#"`},
		{"chat", `"" AT\r it's`, `chat='"" AT\r it'"'"'s'`},
	} {
		got := Word(tt.keyword, tt.value)
		if got != tt.want {
			t.Errorf("%s %q: %s, want %s", tt.keyword, tt.value, got, tt.want)
		}
		f := parse(t, house(), "x\tdevice=/dev/a "+got)
		e, _ := f.Entry("x")
		var back string
		switch tt.keyword {
		case "send_name":
			back = e.SendName
		case "send_passwd":
			back = e.SendPasswd.Reveal()
		case "phone":
			back = e.Phone[0]
		case "chat":
			back = e.Chat
		}
		if back != tt.value {
			t.Errorf("%s: read as %q", got, back)
		}
	}
}
