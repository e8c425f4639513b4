package chat

import (
	"errors"
	"fmt"
	"strings"
	"testing"
)

func steps(s Script) string {
	var b strings.Builder
	for _, st := range s.Steps {
		fmt.Fprintln(&b, st)
	}
	return b.String()
}

func TestParse(t *testing.T) {
	for _, tt := range []struct{ name, text, want string }{
		{"nothing", " \t\n", ""},
		{"the manual page's login", `"" @\r\c ogin: mynam ssword: xxx PPP`, `
			expect ""
			send "@\r"
			expect "ogin:"
			send "mynam\r"
			expect "ssword:"
			send "******"
			expect "PPP"`},
		{"sub-expects", `ogin:--ogin:-\K\c-in: me`, `
			expect "ogin:" else send "\r" "ogin:" else send "\K" "in:"
			send "me\r"`},
		{"quotes do not join", `'ogin:--ogin:' me`, `
			expect "ogin:" else send "\r" "ogin:"
			send "me\r"`},
		{"minus signs to wait for", `a\055b\-c\\-x`, `
			expect "a-b-c\\" else send "x\r"`},
		{"result codes while speaking with a modem", `"" AT OK\r ATD\D CONNECT \c OK me OK +++\c OK\r\n-AT-OK`, `
			expect ""
			send "AT\r"
			expect "OK" by line to its end
			send "ATD\D\r"
			expect "CONNECT" by line
			send ""
			expect "OK"
			send "me\r"
			expect "OK"
			send "+++"
			expect "OK" by line to its end else send "AT\r" "OK" by line`},
		{"answering", `RING ATA CONNECT`, `
			expect "RING" by line
			send "ATA\r"
			expect "CONNECT" by line`},
		{"a HoneyDanBer dialer", `"" \dA\pTE1V1X1\r\c OK\r \EATDT\T\r\c CONNECT`, `
			expect ""
			send "\dA\pTE1V1X1\r"
			expect "OK" by line to its end
			send "\EATDT\T\r"
			expect "CONNECT" by line`},
		{"directives", `ABORT 'NO-CARRIER' CLR_ABORT BUSY REPORT 'x y' CLR_REPORT x TIMEOUT 7 SAY "a\n" ECHO ON HANGUP off`, `
			ABORT "NO-CARRIER"
			CLR_ABORT "BUSY" by line
			REPORT "x y"
			CLR_REPORT "x"
			TIMEOUT 7
			SAY "a"
			ECHO ON
			HANGUP OFF`},
		{"a directive where a send is due", `CONNECT TIMEOUT 10 ogin: ABORT bad ssword: TIMEOUT x`, `
			expect "CONNECT" by line
			TIMEOUT 10
			expect "ogin:"
			ABORT "bad"
			expect "ssword:"
			send "******"
			expect "x"`},
		{"secrets", `ogin: me word: x $ a Passphrase? y $ \qb "" AT+CPIN=1234 "" AT+CPIN? "" at+cgauth=1,2,"u","p" "" \rAT+CPIN=1234`, `
			expect "ogin:"
			send "me\r"
			expect "word:"
			send "******"
			expect "$"
			send "a\r"
			expect "Passphrase?"
			send "******"
			expect "$"
			send "******"
			expect ""
			send "******"
			expect ""
			send "AT+CPIN?\r"
			expect ""
			send "******"
			expect ""
			send "******"`},
		{"prompts of all sorts", `Code: a asswd: b Kennwort: c PIN: d pinging e decoder f worth g +CPIN: h`, `
			expect "Code:"
			send "******"
			expect "asswd:"
			send "******"
			expect "Kennwort:"
			send "******"
			expect "PIN:"
			send "******"
			expect "pinging"
			send "e\r"
			expect "decoder"
			send "f\r"
			expect "worth"
			send "g\r"
			expect "+CPIN:"
			send "h\r"`},
		{"quoted words", `"a b" 'c "d"' "e\"f"g ""`, `
			expect "a b"
			send "c "d"\r"
			expect "e"f"
			send "g\r"
			expect ""`},
	} {
		t.Run(tt.name, func(t *testing.T) {
			s, err := Parse(tt.text, nil)
			if err != nil {
				t.Fatal(err)
			}
			want := strings.TrimPrefix(strings.ReplaceAll(tt.want, "\t", ""), "\n")
			if want != "" {
				want += "\n"
			}
			// Printable doubles backslashes within quotes: compare what is meant.
			wantText(t, "steps", unquoted(steps(s)), want)
		})
	}
}

// unquoted takes back the escapes that %q adds.
func unquoted(s string) string {
	return strings.NewReplacer(`\\`, `\`, `\"`, `"`).Replace(s)
}

func TestSyntaxErrors(t *testing.T) {
	for _, tt := range []struct{ text, want string }{
		{`OK "AT x`, `f:1:4: chat: a quotation mark without its end; write \042 or \047 for such a mark at the beginning of a word`},
		{`OK\c AT`, `f:1:3: chat: the escape \c has no meaning in a text to wait for; write \\ for a backslash`},
		{`ab\Q x`, `f:1:3: chat: unknown escape \Q; write \\ for a backslash`},
		{`"" ab\8`, `f:1:6: chat: unknown escape \8; write \\ for a backslash`},
		{`"" ab\400`, `f:1:6: chat: an octal character above \377; write three digits, the first of them 0 to 3`},
		{`"" ab\`, `f:1:6: chat: a backslash at the end of a word; write \\ for a backslash`},
		{`a\200`, `f:1:2: chat: NUL cannot be waited for`},
		{`a\N`, `f:1:2: chat: NUL cannot be waited for`},
		{`ABORT`, `f:1:1: chat: ABORT without a word behind it`},
		{`ABORT ""`, `f:1:8: chat: ABORT of nothing; write the text that it is about`},
		{`TIMEOUT x`, `f:1:9: chat: TIMEOUT wants a number of seconds; write 0 for the default or a number up to 86400`},
		{`TIMEOUT -1`, `f:1:9: chat: TIMEOUT wants a number of seconds; write 0 for the default or a number up to 86400`},
		{`ECHO maybe`, `f:1:6: chat: ECHO wants ON or OFF`},
		{"a-\\Q-b x\n c\\Q\n'x", `f:1:3: chat: unknown escape \Q; write \\ for a backslash` +
			"\n" + `f:2:3: chat: unknown escape \Q; write \\ for a backslash` +
			"\n" + `f:3:1: chat: a quotation mark without its end; write \042 or \047 for such a mark at the beginning of a word`},
		{`"" @/etc/password`, `f:1:4: chat: chat(8) takes what begins with @ for the name of a file to send; ` +
			`put the text itself here, or write \100 for the sign @`},
	} {
		s, err := ParseFile("f", []byte(tt.text))
		if err == nil {
			t.Errorf("%q: no error", tt.text)
			continue
		}
		if len(s.Steps) > 0 {
			t.Errorf("%q: steps in spite of an error", tt.text)
		}
		wantText(t, tt.text, err.Error(), tt.want)
	}
}

func TestSyntaxErrorPlace(t *testing.T) {
	_, err := Parse(`OK ab\Qc`, func(off int) string { return fmt.Sprintf("at %d", off) })
	var e *SyntaxError
	if !errors.As(err, &e) || e.Off != 5 || e.Where != "at 5" {
		t.Errorf("got %+v", e)
	}
	_, err = ParseWords([]Word{{Text: "OK", Where: "x:1:1"}, {Text: `a\Q`, Where: "x:1:4"}})
	if !errors.As(err, &e) || e.Where != "x:1:4" {
		t.Errorf("got %+v", e)
	}
}

func TestParseFileLines(t *testing.T) {
	s, err := ParseFile("f", []byte("# remark 'with a mark\r\nOK\tAT#x\r\n  # \"another\r\n'# ' ü-x\n"))
	if err != nil {
		t.Fatal(err)
	}
	wantText(t, "steps", steps(s), "expect \"OK\" by line\nsend \"AT#x\\\\r\"\nexpect \"# \"\nsend \"\\\\303\\\\274-x\\\\r\"\n")
	var places []string
	for _, st := range s.Steps {
		places = append(places, st.Where)
	}
	wantText(t, "places", strings.Join(places, " "), "f:2:1 f:2:4 f:4:2 f:4:6")
}

func TestCheck(t *testing.T) {
	if col, err := Check(`"" AT OK`); col != 0 || err != nil {
		t.Errorf("got %d, %v", col, err)
	}
	col, err := Check(`ab\Q cd\Q`)
	if col != 3 || err == nil {
		t.Fatalf("got %d, %v", col, err)
	}
	wantText(t, "error", err.Error(), `chat: unknown escape \Q; write \\ for a backslash`)
}
