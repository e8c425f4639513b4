package convert

import (
	"slices"
	"strings"
	"testing"

	"pppdial/conf"
)

// TestWvdialOctets: Init is sent as it stands in wvdial.conf.
func TestWvdialOctets(t *testing.T) {
	const src = `[Dialer Defaults]
Init1 = AT&F\V1\Q3%C0
Init2 = AT\r\\N-^x"\"'
Init3 = AT^SYSCFG=2,2
Phone = 5551234
`
	text, problems := Options{Check: checks()}.Convert([]File{{"wvdial.conf", []byte(src)}})
	if len(problems) > 0 {
		t.Error(problems)
	}
	file, _ := checks().Parse("result", text)
	entries, diags := file.Entries()
	if len(entries) != 1 || diags.HasErrors() {
		t.Fatalf("%v\n%s", diags, text)
	}
	want := []string{`AT&F\V1\Q3%C0`, `AT\r\\N-^x"\"'`, `AT^SYSCFG=2,2`}
	if got := entries[0].ModemInit; !slices.Equal(got, want) {
		t.Errorf("got %q, want %q", got, want)
	}
}

// TestWvdialNumbers: a call that stays a script tries all its numbers, too.
func TestWvdialNumbers(t *testing.T) {
	const some = "[Dialer Defaults]\nStupid Mode = 1\nInit1 = ATZ\nDial Command = ATX3^DP\nDial Prefix = 9\nPhone = 5551234\n"
	const before = `ABORT BUSY ABORT "NO CARRIER" ABORT "NO DIALTONE" ABORT "NO DIAL TONE" ABORT "NO ANSWER" ABORT VOICE ABORT ERROR "" ATZ OK ATX3\^DP`
	for _, c := range []struct {
		more   string
		script string
		phones []string
		remark string
	}{
		{"", `9,5551234 CONNECT`, nil, ""},
		{"Phone1 = 555-1235\nPhone2 = 5551236", `\D CONNECT`, []string{"9,5551234", "9,555-1235", "9,5551236"}, ""},
		{"Phone1 = 555^1235", `9,5551234 CONNECT`, nil, "# was: Phone1=555^1235; chat= has the first number only"},
	} {
		e, text, problems := converted(t, File{"wvdial.conf", []byte(some + c.more)})
		if e.Chat != before+c.script || !slices.Equal(e.Phone, c.phones) || !strings.Contains(text, c.remark) || len(problems) > 0 {
			t.Errorf("%q: got %s and %q, want %s and %q; %v\n%s", c.more, e.Chat, e.Phone, before+c.script, c.phones, problems, text)
		}
	}
}

// TestWvdialUser: user and password among the options for pppd count, as they do
// for pppd.
func TestWvdialUser(t *testing.T) {
	const some = "[Dialer Defaults]\nStupid Mode = 1\nPhone = 5551234\nUsername = me\nPassword = geheim\nPPPD Option = refuse-eap "
	for _, c := range []struct{ options, name, password string }{
		{"name joe", "me", "geheim"},
		{"user fred", "fred", "geheim"},
		{"user me password geheim", "me", "geheim"},
		{"user fred password geheim2", "fred", "geheim2"},
	} {
		e, text, problems := converted(t, File{"wvdial.conf", []byte(some + c.options)})
		if e.SendName != c.name || e.SendPasswd.Reveal() != c.password || e.SendPAP != conf.Yes || e.SendCHAP != conf.Yes || e.SendEAP == conf.Yes || len(problems) > 0 {
			t.Errorf("%s: %v\n%s", c.options, problems, text)
		}
	}
}
