package run

import (
	"os"
	"regexp"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestParseArgs(t *testing.T) {
	base := Options{File: DefaultFile, UUCPDir: DefaultUUCPDir, LockDir: "/var/lock", StateDir: "/run/pppdial", KeepDir: "/var/lib/pppdial", PINFile: "/var/lib/pppdial/pins"}
	with := func(f func(*Options)) *Options { o := base; f(&o); return &o }
	for _, tt := range []struct {
		args, user, runtime string
		want                *Options
		status              int
		out                 string // part of what is printed
	}{
		{args: "-r rmt", want: with(func(o *Options) { o.Remote = "rmt" })},
		{args: "-rrmt", want: with(func(o *Options) { o.Remote = "rmt" })},
		{args: "-d -d -r rmt -f x", want: with(func(o *Options) { o.Remote, o.Debug, o.File, o.FileSet = "rmt", 2, "x", true })},
		{args: "-ddr rmt -fx -uy", want: with(func(o *Options) { o.Remote, o.Debug, o.File, o.FileSet, o.UUCPDir = "rmt", 2, "x", true, "y" })},
		{args: "-r rmt --", want: with(func(o *Options) { o.Remote = "rmt" })},
		{args: "-r -d", want: with(func(o *Options) { o.Remote = "-d" })},
		{args: "-n", user: "joe", want: with(func(o *Options) { o.Check = true })},
		{args: "-nj -r rmt", want: with(func(o *Options) { o.Check, o.JSON, o.Remote = true, true, "rmt" })},
		{user: "joe", want: with(func(o *Options) { o.Remote, o.Login = "joe", true })},
		{args: "-r rmt", user: "joe", want: with(func(o *Options) { o.Remote = "rmt" })},
		{args: "-r rmt", runtime: "/x", want: with(func(o *Options) { o.Remote, o.StateDir = "rmt", "/x" })},
		{args: "-V", out: "ppp " + Version},
		{args: "-h", out: "usage:"},
		{args: "-p", want: with(func(o *Options) { o.Probe, o.Devices = true, []string{"auto"} })},
		{args: "-dp /dev/ttyS0 usb:1:2", user: "joe", want: with(func(o *Options) { o.Debug, o.Probe, o.Devices = 1, true, []string{"/dev/ttyS0", "usb:1:2"} })},
		{args: "-p -r rmt", status: StatusOptions, out: "-p goes with -d only"},
		{args: "-np", status: StatusOptions, out: "-p goes with -d only"},
		{status: StatusOptions, out: "$USER"},
		{args: "-r", status: StatusOptions, out: "-r needs a value"},
		{args: "-x", status: StatusOptions, out: "no option -x"},
		{args: "--help", status: StatusOptions, out: "no option --"},
		{args: "-r rmt now", status: StatusOptions, out: `what is "now"?`},
		{args: "rmt", status: StatusOptions, out: "behind -r"},
		{args: "-j -r rmt", status: StatusOptions, out: "-j goes with -n"},
	} {
		t.Run(tt.args, func(t *testing.T) {
			t.Setenv("USER", tt.user)
			t.Setenv("RUNTIME_DIRECTORY", tt.runtime)
			var stdout, stderr strings.Builder
			got, status := ParseArgs(append([]string{"ppp"}, strings.Fields(tt.args)...), &stdout, &stderr)
			if d := cmp.Diff(tt.want, got); d != "" || status != tt.status {
				t.Errorf("status %d, want %d\n%s", status, tt.status, d)
			}
			printed := &stdout
			if tt.status != 0 {
				printed = &stderr
			}
			if !strings.Contains(printed.String(), tt.out) || stdout.Len()+stderr.Len() != printed.Len() {
				t.Errorf("stdout %q, stderr %q, want %q", stdout.String(), stderr.String(), tt.out)
			}
		})
	}
}

// The manual has the options of the usage, in its synopsis and with what they do.
func TestManualOptions(t *testing.T) {
	src, err := os.ReadFile("../../../man/ppp.8")
	if err != nil {
		t.Fatal(err)
	}
	synopsis, description, _ := strings.Cut(string(src), "\n.Sh DESCRIPTION\n")
	for _, m := range regexp.MustCompile(`(?m)^  -(\w)`).FindAllStringSubmatch(usage, -1) {
		if !regexp.MustCompile(`(Fl|\|) ` + m[1] + `\b`).MatchString(synopsis) {
			t.Errorf("-%s is not in the synopsis", m[1])
		}
		if !strings.Contains(description, "\n.It Fl "+m[1]) {
			t.Errorf("-%s is not described", m[1])
		}
	}
}
