package rtcmd

import (
	"errors"
	"flag"
	"fmt"
	"net/netip"
	"os"
	"strings"
	"testing"
)

var update = flag.Bool("update", false, "write the golden files anew")

// parseLine reads a line of testdata/commands.txt.
func parseLine(line string) (Command, error) {
	if text, six := strings.CutPrefix(line, "6: "); six {
		return Parse6(text)
	}
	return Parse(line)
}

func TestCommands(t *testing.T) {
	src, err := os.ReadFile("testdata/commands.txt")
	if err != nil {
		t.Fatal(err)
	}
	var out strings.Builder
	for line := range strings.Lines(string(src)) {
		line = strings.TrimSuffix(line, "\n")
		if strings.HasPrefix(line, "# ") {
			continue
		}
		c, err := parseLine(line)
		if err != nil {
			fmt.Fprintf(&out, "%s\n    %v\n", line, err)
			continue
		}
		fmt.Fprintf(&out, "%s\n    = %s\n", line, c)
	}
	const golden = "testdata/commands.golden"
	if *update {
		if err := os.WriteFile(golden, []byte(out.String()), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(golden)
	if err != nil {
		t.Fatal(err)
	}
	gotLines, wantLines := strings.Split(out.String(), "\n"), strings.Split(string(want), "\n")
	for i := range max(len(gotLines), len(wantLines)) {
		if i >= len(gotLines) || i >= len(wantLines) || gotLines[i] != wantLines[i] {
			t.Fatalf("%s differs from line %d on (-update writes it anew):\n%s", golden, i+1, out.String())
		}
	}
}

func TestErrorsTellTheColumn(t *testing.T) {
	tests := []struct {
		text string
		col  int
	}{
		{"", 1},
		{"  ad default #", 3},
		{"add", 4},
		{"add defualt #", 5},
		{"add default ", 13},
		{"add default rmt", 13},
		{"add 10.0.0.0/33 #", 14},
		{"add 10.0.0.0 -netmask 255.0.255.0 #", 23},
		{"add default # 1 junk", 17},
	}
	for _, tt := range tests {
		_, err := Parse(tt.text)
		var e *Error
		if !errors.As(err, &e) || e.Col != tt.col {
			t.Errorf("Parse(%q): %v, want an error at column %d", tt.text, err, tt.col)
		}
	}
}

func TestInverse(t *testing.T) {
	tests := []struct{ text, want string }{
		{"add default #", "delete default #"},
		{"add net 192.26.61 10.0.0.1 3", "delete -net 192.26.61.0/24 10.0.0.1 3"},
		{"add -inet6 default -interface eth0", "delete -inet6 default -interface eth0"},
		{"delete default #", ""},
		{"change default #", ""},
	}
	for _, tt := range tests {
		c, err := Parse(tt.text)
		if err != nil {
			t.Fatal(err)
		}
		got := ""
		if inv, ok := c.Inverse(); ok {
			got = inv.String()
		}
		if got != tt.want {
			t.Errorf("the inverse of %q is %q, want %q", tt.text, got, tt.want)
		}
	}
}

func TestResolve(t *testing.T) {
	tests := []struct{ text, remote, want string }{
		{"add default #", "10.1.2.3", "add default #"},
		{"add default #", "", "add default #"},
		{"add $REMOTEADDR/24 192.168.1.1", "10.1.2.3", "add -net 10.1.2.0/24 192.168.1.1"},
		{"add # 192.168.1.1 4", "10.1.2.3", "add -host 10.1.2.3 192.168.1.1 4"},
		{"add # 192.168.1.1", "::ffff:10.1.2.3", "add -host 10.1.2.3 192.168.1.1"},
		{"add #/24 #", "10.1.2.3", "add -net 10.1.2.0/24 #"},
		{"add default 10.0.0.1", "", "add default 10.0.0.1"},
		{"add -inet6 # fe80::1", "fe80::7%ppp0", "add -inet6 -host fe80::7 fe80::1"},
		{"add # 192.168.1.1", "", "rtcmd: add -host # 192.168.1.1: the peer's address is not known"},
		{"add #/24 #", "", "rtcmd: add -net #/24 #: the peer's address is not known"},
		{"add # 192.168.1.1", "fe80::7", "rtcmd: add -host # 192.168.1.1: the peer's address fe80::7 is of the other family"},
		{"add -inet6 # #", "10.1.2.3", "rtcmd: add -inet6 -host # #: the peer's address 10.1.2.3 is of the other family"},
	}
	for _, tt := range tests {
		c, err := Parse(tt.text)
		if err != nil {
			t.Fatal(err)
		}
		remote, _ := netip.ParseAddr(tt.remote)
		c, err = c.Resolve(remote)
		got := c.String()
		if err != nil {
			got = err.Error()
		}
		if got != tt.want {
			t.Errorf("%q with the peer %q: %q, want %q", tt.text, tt.remote, got, tt.want)
		}
	}
}

func TestDefault(t *testing.T) {
	for _, inet6 := range []bool{false, true} {
		want, err := parse("add default #", inet6)
		if err != nil || Default(inet6) != want {
			t.Errorf("Default(%v) is %+v, want %+v, %v", inet6, Default(inet6), want, err)
		}
	}
}

// FuzzParse: nothing panics; a fault has its place within the text; what is
// read has a canonical form that means the same and is its own canonical form.
func FuzzParse(f *testing.F) {
	src, err := os.ReadFile("testdata/commands.txt")
	if err != nil {
		f.Fatal(err)
	}
	for line := range strings.Lines(string(src)) {
		text, six := strings.CutPrefix(strings.TrimSuffix(line, "\n"), "6: ")
		f.Add(text, six)
	}
	f.Fuzz(func(t *testing.T, text string, inet6 bool) {
		c, err := parse(text, inet6)
		if err != nil {
			var e *Error
			if !errors.As(err, &e) || e.Col < 1 || e.Col > len(text)+1 || e.Msg == "" {
				t.Fatalf("%q: bad error %#v", text, err)
			}
			return
		}
		again, err := parse(c.String(), inet6)
		if err != nil || again != c {
			t.Fatalf("%q is %+v; its form %q is %+v, %v", text, c, c, again, err)
		}
		if inet6 != c.Inet6 {
			return
		}
		remote := netip.MustParseAddr("10.1.2.3")
		if c.Inet6 {
			remote = netip.MustParseAddr("fe80::7")
		}
		r, err := c.Resolve(remote)
		if err != nil || r.ToPeer || r.ViaPeer != c.ViaPeer || !r.Dst.IsValid() || r.Dst != r.Dst.Masked() {
			t.Fatalf("%q resolves to %+v, %v", text, r, err)
		}
	})
}
