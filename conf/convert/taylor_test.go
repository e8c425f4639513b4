package convert

import (
	"slices"
	"strings"
	"testing"

	"pppdial/conf"
)

// converted gives the one entry that files make, and the problems.
func converted(t *testing.T, files ...File) (*conf.Entry, string, []Problem) {
	t.Helper()
	text, problems := Options{Check: checks()}.Convert(files)
	passes(t, text)
	file, _ := checks().Parse("result", text)
	entries, diags := file.Entries()
	if len(entries) != 1 || diags.HasErrors() {
		t.Fatalf("%v\n%s", diags, text)
	}
	return entries[0], string(text), problems
}

// TestTaylorLogin: names and passwords have the escapes of an expect, nothing
// else in them means anything.
func TestTaylorLogin(t *testing.T) {
	for _, c := range []struct{ written, want string }{
		{`ab^cd`, `ab\^cd`},
		{`pass\sword`, `pass\sword`},
		{`pass-word`, `pass\-word`},
		{`pass\-word`, `pass\-word`},
		{`a\\b`, `a\\b`},
		{`a\\-b`, `a\\\-b`},
		{`a\x41\102\tb`, `a\101\102\tb`},
		{`a\c\d\Kb`, `acdKb`},
		{`end\`, `end\\`},
		{`ä`, `\303\244`},
	} {
		const chat = "system beta\nport type tcp\nchat ogin: \\L word: \\P\n"
		for _, files := range [][]File{
			{{"sys", []byte(chat + "call-login " + c.written + " \ncall-password " + c.written + " ")}},
			{{"sys", []byte(chat + "call-login *\ncall-password *")}, {"call", []byte("beta " + c.written + " " + c.written + " ")}},
		} {
			e, _, problems := converted(t, files...)
			if want := `ogin: ` + c.want + ` word: \q` + c.want; e.LoginChat != want || len(problems) > 0 {
				t.Errorf("%s in %s: got %s, want %s; %v", c.written, files[len(files)-1].Name, e.LoginChat, want, problems)
			}
		}
	}
}

// TestTaylorCaret: ^ is itself in the words of a chat, too.
func TestTaylorCaret(t *testing.T) {
	e, _, _ := converted(t, File{"sys", []byte("system beta\nport type tcp\nchat ^>-x^y-^> in^vt\nchat-fail ^no\n")})
	if want := `ABORT \^no \^>-x\^y-\^> in\^vt`; e.LoginChat != want {
		t.Errorf("got %s, want %s", e.LoginChat, want)
	}
}

const uuPorts = `port p
device ttyS0
dialer hayes
speed 2400
port q
device ttyS1
dialer isdn
speed 2400
port r
device ttyS2
dialer hayes
speed 2400
`

const uuDialers = `dialer hayes
chat "" ATZ OK ATDT\D CONNECT
dialer isdn
chat "" AT&F OK ATD\D CONNECT
`

// TestTaylorAlternates: what an alternate has of its own and an entry cannot
// have twice is said, what it repeats is not.
func TestTaylorAlternates(t *testing.T) {
	const first = "system delta\nport p\nphone 5551\ncall-login me\ncall-password geheim\nchat ogin: \\L word: \\P\nchat-fail bad\nspeed 2400\n"
	for _, c := range []struct {
		alternate string
		told      []string
	}{
		{"phone 5552", nil},
		{"port r", nil},
		{"port r\nbaud 2400\ncall-login me\nchat-fail bad", nil},
		{"port q", []string{"dialer isdn"}},
		{"port device ttyS3\nport dialer chat \"\" ATD\\D", []string{"dialer ..."}},
		{"speed 9600", []string{"speed 9600"}},
		{"call-login other\ncall-password geheim2", []string{"call-login other", "call-password ******"}},
		{"chat name: joe code: \\P\nchat-timeout 9\nchat-fail no", []string{"chat name: joe code: ******", "chat-timeout 9", "chat-fail no"}},
	} {
		_, text, problems := converted(t, File{"sys", []byte(first + "alternate\n" + c.alternate + "\n")},
			File{"port", []byte(uuPorts)}, File{"dial", []byte(uuDialers)})
		var told []string
		for _, p := range problems {
			told = append(told, p.Msg)
		}
		var want []string
		for _, what := range c.told {
			want = append(want, what+": "+whyFirst)
		}
		slices.Sort(told)
		slices.Sort(want)
		if !slices.Equal(told, want) {
			t.Errorf("%q: told %q, want %q\n%s", c.alternate, told, want, text)
		}
		for _, what := range c.told {
			if !strings.Contains(text, what) {
				t.Errorf("%q: no remark on %s in\n%s", c.alternate, what, text)
			}
		}
	}
}

// TestTaylorAnyPort: a system that names no port may use each that has its speed
// and leads to its number or host.
func TestTaylorAnyPort(t *testing.T) {
	const ports = `port a
device ttyS0
baud 2400
port b
device ttyS1
speed-range 9600 38400
speed 19200
port c
device ttyS2
port d
type direct
device ttyS3
speed 9600
port e
type direct
device ttyS4
port f
type tcp
port g
type stdin
port h
type tli
port i
type pipe
command /bin/nc
`
	for _, c := range []struct {
		system string
		want   string
	}{
		{"phone 555", "/dev/ttyS0 /dev/ttyS1 /dev/ttyS2"},
		{"phone 555\nspeed 0", "/dev/ttyS0 /dev/ttyS1 /dev/ttyS2"},
		{"phone 9=555\nspeed 2400", "/dev/ttyS0 /dev/ttyS2"},
		{"phone 555\nbaud 9600", "/dev/ttyS1 /dev/ttyS2"},
		{"phone 555\nspeed 38400", "/dev/ttyS1 /dev/ttyS2"},
		{"phone 555\nspeed 57600", "/dev/ttyS2"},
		{"phone 555\nspeed 19200\nport a", "/dev/ttyS0"},
		{"address uu.example.net", "tcp:uu.example.net:540"},
		{"time any\nspeed 9600", "/dev/ttyS3 /dev/ttyS4 tcp:gamma:540"},
		{"time any\nspeed 1200", "/dev/ttyS4 tcp:gamma:540"},
	} {
		e, text, _ := converted(t, File{"sys", []byte("system gamma\n" + c.system + "\n")}, File{"port", []byte(ports)})
		if got := strings.Join(e.Device, " "); got != c.want {
			t.Errorf("%q: got %s, want %s\n%s", c.system, got, c.want, text)
		}
	}
}

// TestTaylorNoPort: that the port file is missing is said only when it is.
func TestTaylorNoPort(t *testing.T) {
	sys := File{"sys", []byte("system gamma\nphone 555\nspeed 9600\n")}
	_, _, problems := converted(t, sys)
	if want := "no port of the system gamma is known, give the port file as well"; len(problems) != 1 || problems[0].Msg != want {
		t.Errorf("got %v, want %s", problems, want)
	}
	_, _, problems = converted(t, sys, File{"port", []byte("port p\nspeed 2400\n")})
	if want := "no port fits the system gamma: none has its speed and leads to its number or host"; len(problems) != 1 || problems[0].Msg != want {
		t.Errorf("got %v, want %s", problems, want)
	}
}
