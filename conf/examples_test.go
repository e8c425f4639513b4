package conf

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// TestExamples: every example is free of errors, and of warnings but those
// that say what this version cannot do yet or what depends on the machine.
func TestExamples(t *testing.T) {
	files, err := filepath.Glob("../examples/*.conf")
	if err != nil || len(files) < 6 {
		t.Fatal("where are the examples?", files, err)
	}
	for _, file := range files {
		t.Run(filepath.Base(file), func(t *testing.T) {
			src, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			f, ds := house().Parse(file, src)
			entries, more := f.Entries()
			for _, d := range append(ds, more...) {
				if !d.Warning || !d.AtStart && !strings.Contains(d.Msg, "no effect in this version") {
					t.Error(d)
				}
			}
			if len(entries) == 0 {
				t.Error("no entries")
			}
			for _, e := range entries {
				parsesBack(t, e, false)
			}
		})
	}
}

// TestAnsweringExample: each caller that the example knows gets its entry.
func TestAnsweringExample(t *testing.T) {
	src, err := os.ReadFile("../examples/answering.conf")
	if err != nil {
		t.Fatal(err)
	}
	f := parse(t, house(), string(src))
	base, _ := f.Entry("answer")
	for _, name := range []string{"fred", "barney", "carl", "dora"} {
		if _, err := f.Reconfigure(base, name); err != nil {
			t.Error(err)
		}
	}
}

// TestManualSample: the sample file of the IRIX manual page does what the page
// says of it.
func TestManualSample(t *testing.T) {
	src, err := os.ReadFile("../examples/irix.conf")
	if err != nil {
		t.Fatal(err)
	}
	f := parse(t, house(), string(src))
	if got := strings.Join(f.Labels(), " "); got != "me rmt other _ISDN_INCOMING _WSYNC_INCOMING _INCOMING" {
		t.Error("labels:", got)
	}
	rmt, ds := f.Entry("rmt")
	if len(ds) != 1 || !ds[0].AtStart { // rmt.foo.bar.com is nobody's
		t.Error(ds)
	}
	if rmt.Mode != Quiet || rmt.UUCPName != "rmt" || len(rmt.AddRoute) != 1 || rmt.AddRoute[0] != "add default #" || rmt.RemoteHost[0].Name != "rmt.foo.bar.com" {
		t.Errorf("rmt: %+v", rmt)
	}
	if got := rmt.Origin["add_route"].String(); got != "ppp.conf:2:6" {
		t.Error("add_route comes from", got)
	}
	other, _ := f.Entry("other")
	if other.Mode != Out || other.OutDevs != 2 || !other.RemoteHost[0].Any() || other.SendName != "mynam" ||
		other.SendPasswd.Reveal() != "guess@it" || other.SendPAP != Yes || other.RecvPAP != Unset || len(other.AddRoute) != 1 {
		t.Errorf("other: %+v", other)
	}
	for _, l := range []string{"_ISDN_INCOMING", "_WSYNC_INCOMING", "_INCOMING"} {
		e, ds := f.Entry(l)
		if len(ds) > 0 || !e.Reconfigure || e.Mode != In || e.RecvPAP != Yes || e.RecvCHAP != Unset {
			t.Errorf("%s: %s%+v", l, ds, e)
		}
	}
	var b bytes.Buffer
	Dump(&b, other)
	if strings.Contains(b.String(), "guess") {
		t.Error("the password shows")
	}
}

// TestUnit: ppp@LABEL.service runs the entry LABEL, whatever systemd makes of a
// hyphen (systemd.unit(5), Specifiers).
func TestUnit(t *testing.T) {
	unit, err := os.ReadFile("../examples/systemd/ppp@.service")
	if err != nil {
		t.Fatal(err)
	}
	_, run, _ := strings.Cut(string(unit), "\nExecStart=/usr/sbin/ppp -r ")
	run, _, _ = strings.Cut(run, "\n")
	for _, label := range []string{"isp", "quectel-ppp"} {
		expand := strings.NewReplacer("%i", label, "%I", strings.ReplaceAll(label, "-", "/"))
		if got := expand.Replace(run); got != label {
			t.Errorf("ppp@%s runs the entry %q", label, got)
		}
	}
}
