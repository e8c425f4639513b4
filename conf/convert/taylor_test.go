package convert

import (
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
