package getopt

import (
	"reflect"
	"slices"
	"strings"
	"testing"
)

func TestOptions(t *testing.T) {
	for _, c := range []struct {
		line    string
		options []Option
		rest    string
	}{
		{"", nil, ""},
		{"a -b", nil, "a -b"},
		{"-", nil, "-"},
		{"-a", []Option{{Letter: 'a'}}, ""},
		{"-ab -a rest", []Option{{Letter: 'a'}, {Letter: 'b'}, {Letter: 'a'}}, "rest"},
		{"-a -- -b", []Option{{Letter: 'a'}}, "-b"},
		{"-vx", []Option{{Letter: 'v', Value: "x"}}, ""},
		{"-v x y", []Option{{Letter: 'v', Value: "x"}}, "y"},
		{"-v -- y", []Option{{Letter: 'v', Value: "--"}}, "y"},
		{"-avb b", []Option{{Letter: 'a'}, {Letter: 'v', Value: "b"}}, "b"},
		{"-av", []Option{{Letter: 'a'}, {Letter: 'v', Missing: true}}, ""},
		{"--a", []Option{{Letter: '-'}, {Letter: 'a'}}, ""},
	} {
		rest := strings.Fields(c.line)
		if got := slices.Collect(Options(&rest, "v")); !reflect.DeepEqual(got, c.options) {
			t.Errorf("%q: options %+v, want %+v", c.line, got, c.options)
		}
		if got := strings.Join(rest, " "); got != c.rest {
			t.Errorf("%q: left %q, want %q", c.line, got, c.rest)
		}
	}
}

func TestOptionsStopped(t *testing.T) {
	rest := strings.Fields("-ab -c rest")
	for o := range Options(&rest, "") {
		if o.Letter == 'b' {
			break
		}
	}
	if got := strings.Join(rest, " "); got != "-c rest" {
		t.Errorf("left %q", got)
	}
}
