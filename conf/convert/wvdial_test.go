package convert

import (
	"slices"
	"testing"
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
