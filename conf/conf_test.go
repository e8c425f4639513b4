package conf

import (
	"bytes"
	"errors"
	"flag"
	"fmt"
	"log/slog"
	"net/netip"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

var update = flag.Bool("update", false, "write the golden files anew")

// house is a machine named box with a short list of known hosts.
func house() Options {
	hosts := map[string][]netip.Addr{
		"box":         {netip.MustParseAddr("127.0.1.1"), netip.MustParseAddr("192.0.2.1")},
		"rmt":         {netip.MustParseAddr("192.0.2.2")},
		"rmt.example": {netip.MustParseAddr("192.0.2.3")},
		"self":        {netip.MustParseAddr("127.0.0.1")},
	}
	return Options{
		CheckRoute: func(command string, inet6 bool) (int, error) {
			if i := strings.Index(command, "nonsense"); i >= 0 {
				return i + 1, errors.New("nonsense is no destination")
			}
			return 0, nil
		},
		CheckChat: func(script string) (int, error) {
			if i := strings.Index(script, `\z`); i >= 0 {
				return i + 1, errors.New(`unknown escape \z`)
			}
			return 0, nil
		},
		Lookup: func(host string) ([]netip.Addr, error) {
			if a, ok := hosts[host]; ok {
				return a, nil
			}
			return nil, errors.New("no such host")
		},
		Hostname: func() (string, error) { return "box", nil },
		Source:   func() netip.Addr { return netip.MustParseAddr("198.51.100.9") },
		Service: func(name string) (uint16, error) {
			if name == "domain" {
				return 53, nil
			}
			return 0, errors.New("no such service")
		},
	}
}

// mustEntry parses a file that must be free of errors and gives one of its entries,
// which must be, too.
func mustEntry(t *testing.T, src, label string) *Entry {
	t.Helper()
	f, ds := house().Parse("ppp.conf", []byte(src))
	if ds.HasErrors() {
		t.Fatalf("parse:\n%s%s", src, ds)
	}
	e, ds := f.Entry(label)
	if ds.HasErrors() {
		t.Fatalf("entry %s:\n%s%s", label, src, ds)
	}
	return e
}

// golden compares got with the file, or writes it with -update.
func golden(t *testing.T, file string, got []byte) {
	t.Helper()
	if *update {
		if err := os.WriteFile(file, got, 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	want, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if d := cmp.Diff(string(want), string(got)); d != "" {
		t.Errorf("%s (-update writes it anew):\n%s", file, d)
	}
}

// TestDiagnostics holds the exact words of everything that can be wrong: of
// each file first what Parse says, then what the rules say of all entries.
func TestDiagnostics(t *testing.T) {
	files, err := filepath.Glob("testdata/diagnostics/*.conf")
	if err != nil || len(files) == 0 {
		t.Fatal("no files", err)
	}
	for _, file := range files {
		t.Run(filepath.Base(file), func(t *testing.T) {
			src, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			var b bytes.Buffer
			f, ds := house().Parse("ppp.conf", src)
			b.WriteString(ds.String())
			b.WriteString("--\n")
			_, ds = f.Entries()
			b.WriteString(ds.String())
			golden(t, strings.TrimSuffix(file, ".conf")+".golden", b.Bytes())
		})
	}
}

func TestGrammar(t *testing.T) {
	for _, tt := range []struct {
		why, src string
		want     map[string]string // label -> send_name
	}{
		{"settings on the label's line", "a send_name=x\n", map[string]string{"a": "x"}},
		{"continuation by blank and by tab", "a\n send_name=x\n\tmtu=576\n", map[string]string{"a": "x"}},
		{"no newline at the end", "a\n send_name=x", map[string]string{"a": "x"}},
		{"carriage returns", "a\r\n\tsend_name=x\r\n\r\n# c\r\nb\tsend_name=y\r\n", map[string]string{"a": "x", "b": "y"}},
		{"a carriage return and no newline at the end", "a send_name=x\r", map[string]string{"a": "x"}},
		{"a byte order mark", "\ufeffa send_name=x\n", map[string]string{"a": "x"}},
		{"comment and blank lines do not end an entry", "a\n\n# c\n   # d\n \t\n send_name=x\n", map[string]string{"a": "x"}},
		{"comment behind blanks", "a # c send_name=y\n send_name=x # d\n", map[string]string{"a": "x"}},
		{"comment directly behind a value", "a send_name=x#y\n", map[string]string{"a": "x"}},
		{"keywords in any case", "a SEND_Name=x\n", map[string]string{"a": "x"}},
		{"labels as they are", "A send_name=x\na send_name=y\n", map[string]string{"A": "x", "a": "y"}},
		{"odd labels", "+common send_name=x\n_ISDN_INCOMING send_name=y\nü.1-2 send_name=z", map[string]string{"+common": "x", "_ISDN_INCOMING": "y", "ü.1-2": "z"}},
		{"double quotes", `a send_name="x # y"`, map[string]string{"a": "x # y"}},
		{"single quotes", `a send_name='x # \y"'`, map[string]string{"a": `x # \y"`}},
		{"pieces", `a send_name=x" "'"'y`, map[string]string{"a": `x "y`}},
		{"empty", `a send_name=`, map[string]string{"a": ""}},
		{"equals signs in a value", `a send_name=x=y==`, map[string]string{"a": "x=y=="}},
		{"escapes", `a send_name="\a\b\f\n\r\t\v\\\"\'\?\101\7\x41\x7e."`, map[string]string{"a": "\a\b\f\n\r\t\v\\\"'?A\aA~."}},
		{"escapes outside quotes", `a send_name=x\ y\#\\z`, map[string]string{"a": `x y#\z`}},
		{"bytes that are no UTF-8", "a send_name=\xff\"\xfe\"", map[string]string{"a": "\xff\xfe"}},
	} {
		t.Run(tt.why, func(t *testing.T) {
			f, ds := house().Parse("ppp.conf", []byte(tt.src))
			if ds.HasErrors() {
				t.Fatal(ds)
			}
			got := make(map[string]string)
			for _, l := range f.Labels() {
				e, _ := f.Entry(l)
				got[l] = e.SendName
			}
			if d := cmp.Diff(tt.want, got); d != "" {
				t.Error(d)
			}
		})
	}
}

// TestRaw: the values of the expect-send keywords keep their backslashes.
func TestRaw(t *testing.T) {
	for src, want := range map[string]string{
		`'"" \r ogin: me ssword: \qx PPP'`: `"" \r ogin: me ssword: \qx PPP`,
		`"\"\" \r ogin: \\ \"x\""`:         `"" \r ogin: \\ "x"`,
		`\d+++\d\c`:                        `\d+++\d\c`,
		`"it's \d"' a\'`:                   `it's \d a\`,
		`"\\"`:                             `\\`,
		`"a\\\"b"`:                         `a\\"b`,
	} {
		e := mustEntry(t, "a device=/dev/x chat="+src, "a")
		if e.Chat != want {
			t.Errorf("chat=%s is %s, want %s", src, e.Chat, want)
		}
		again := mustEntry(t, "a device=/dev/x chat="+quote(e.Chat, true), "a")
		if again.Chat != want {
			t.Errorf("chat=%s comes back as %s", quote(e.Chat, true), again.Chat)
		}
	}
}

// TestAt: a message about the inside of a value can name the very character.
func TestAt(t *testing.T) {
	e := mustEntry(t, "a phone=1 phone=\"ü\\\"x\"\n\tlogin_chat='ogin: \\d'\n\tdevice=/dev/x add_route", "a")
	for _, tt := range []struct {
		key    string
		i, off int
		want   string
	}{
		{"phone", 0, 0, "ppp.conf:1:9"},
		{"phone", 1, 0, "ppp.conf:1:18"}, // ü, two bytes
		{"phone", 1, 1, "ppp.conf:1:18"},
		{"phone", 1, 2, "ppp.conf:1:19"}, // \"
		{"phone", 1, 3, "ppp.conf:1:21"},
		{"phone", 2, 0, ""},
		{"login_chat", 0, 6, "ppp.conf:2:20"},
		{"add_route", 0, 4, "ppp.conf:3:16"}, // by itself: the keyword
		{"mtu", 0, 0, ""},
	} {
		if got := e.At(tt.key, tt.i, tt.off).String(); got != tt.want {
			t.Errorf("At(%s, %d, %d) = %s, want %s", tt.key, tt.i, tt.off, got, tt.want)
		}
	}
}

func TestEntryUnknown(t *testing.T) {
	f, _ := house().Parse("ppp.conf", []byte("rmt\nother\n"))
	if !f.Has("rmt") || f.Has("rnt") {
		t.Error("Has")
	}
	e, ds := f.Entry("rnt")
	if want := "ppp.conf: error: there is no entry \"rnt\"; did you mean \"rmt\"?\n"; e != nil || ds.String() != want {
		t.Errorf("got %v, %q, want %q", e, ds, want)
	}
	if _, ds = f.Answering("zebra"); ds.String() != "ppp.conf: error: there is no entry \"zebra\"\n" {
		t.Error(ds)
	}
}

// TestSecretsStaySecret: nothing that is said, dumped or printed repeats a
// password, however badly it was written.
func TestSecretsStaySecret(t *testing.T) {
	for _, src := range []string{
		"a send_name=x send_passwd=guess@it recv_passwd=guess@it",
		"a send_passwd=my guess@it",
		"a send_passwd = guess@it",
		"a send_passwd =guess@it",
		"a send_passwd= guess@it",
		"a send_pasword=guess@it",
		"a send_pasword=my guess@it",
		"a send_passwd:guess@it",
		"a send_passwd=\"guess@it",
		"a send_passwd=guess@it\\",
		"a send_passwd=\"guess@it\\0\"",
		"a send_passwd=\"guess@it\\q\"",
		"a -send_passwd=guess@it",
		"a pin=guess@it",
		"a pin=12345678901guess@it",
		`a login_chat='ogin: me ssword: guess@it \z' device=/dev/x`,
		"a recv_passwd=" + strings.Repeat("guess@it", 50),
	} {
		var b bytes.Buffer
		f, ds := house().Parse("ppp.conf", []byte(src))
		es, more := f.Entries()
		b.WriteString(ds.String() + more.String())
		for _, e := range es {
			Dump(&b, e)
			if err := DumpJSON(&b, e); err != nil {
				t.Fatal(err)
			}
			ds := []any{e.SendPasswd, e.RecvPasswd, e.PIN}
			for _, s := range ds {
				for _, verb := range []string{"%v", "%s", "%q", "%#v", "%x", "%d"} {
					b.WriteString(strings.ToLower(fmt.Sprintf(verb, s)))
				}
			}
		}
		if strings.Contains(b.String(), "guess@it") || strings.Contains(b.String(), "6775657373") {
			t.Errorf("%s\nis repeated in\n%s", src, &b)
		}
	}
	var b bytes.Buffer
	logged := &Entry{SendPasswd: "guess@it"}
	slog.New(slog.NewJSONHandler(&b, nil)).Info("x", "entry", logged, "secret", logged.SendPasswd)
	slog.New(slog.NewTextHandler(&b, nil)).Info("x", "entry", logged, "secret", logged.SendPasswd)
	if strings.Contains(b.String(), "guess") || !strings.Contains(b.String(), hidden) {
		t.Errorf("the log tells a secret: %s", &b)
	}
	if logged.SendPasswd.Reveal() != "guess@it" {
		t.Error("Reveal does not")
	}
}
