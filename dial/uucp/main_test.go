package uucp

import (
	"errors"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

var update = flag.Bool("update", false, "write the golden files anew")

// golden compares text with a file of testdata.
func golden(t *testing.T, file, got string) {
	t.Helper()
	path := filepath.Join("testdata", file)
	if *update {
		if err := os.WriteFile(path, []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if got != string(want) {
		t.Errorf("%s:\n got:\n%s\nwant:\n%s", path, got, want)
	}
}

func list(problems []Problem) string {
	var b strings.Builder
	for _, p := range problems {
		fmt.Fprintln(&b, p)
	}
	return b.String()
}

// monday is a quiet Monday morning.
var monday = time.Date(2024, 1, 1, 10, 30, 15, 0, time.UTC)

func TestFaults(t *testing.T) {
	_, problems := Open("testdata/faults", "ppp")
	golden(t, "faults.golden", list(problems))
}

func TestMissingFiles(t *testing.T) {
	dir := t.TempDir()
	db, problems := Open(dir, "ppp")
	hint := "no such file; write one, or name the line in the control file with device=\n"
	want := dir + "/Devices: error: " + hint + dir + "/Systems: error: " + hint
	if got := list(problems); got != want {
		t.Errorf("got:\n%s\nwant:\n%s", got, want)
	}
	var re *RouteError
	if _, err := db.Routes("rmt", monday); !errors.As(err, &re) || re.Reason != UnknownSystem {
		t.Errorf("got %v", err)
	}
}

func TestUnreadableFiles(t *testing.T) {
	dir := t.TempDir()
	for _, name := range []string{"Systems", "Sysfiles"} {
		if err := os.Mkdir(filepath.Join(dir, name), 0o755); err != nil {
			t.Fatal(err)
		}
	}
	if err := os.WriteFile(filepath.Join(dir, "Devices"), nil, 0o644); err != nil {
		t.Fatal(err)
	}
	_, problems := Open(dir, "ppp")
	want := dir + "/Sysfiles: error: cannot be read: not a file of UUCP's\n" +
		dir + "/Systems: error: cannot be read: not a file of UUCP's\n"
	if got := list(problems); got != want {
		t.Errorf("got:\n%s\nwant:\n%s", got, want)
	}
}

func TestSysfiles(t *testing.T) {
	src := "service=cu:ppp systems=S.ppp:/abs/S \\\n dialers=D\n# no\nservice=ppp systems=Late\nservice=uucico devices=X\n"
	files, problems := ParseSysfiles("Sysfiles", []byte(src), "/etc/uucp", "ppp")
	if len(problems) > 0 {
		t.Error(list(problems))
	}
	got := fmt.Sprint(files)
	if want := "{[/etc/uucp/S.ppp /abs/S /etc/uucp/Late] [/etc/uucp/Devices] [/etc/uucp/D] /etc/uucp/Dialcodes}"; got != want {
		t.Errorf("got %s, want %s", got, want)
	}
}

func TestLogicalLines(t *testing.T) {
	src := "# remark \\\n\n first\r\na b\\\r\n\tc\\\\\nd\\\\\\\n# e\n\\\nü x\\"
	var got []string
	for _, l := range logicals("f", []byte(src)) {
		var places []string
		for _, f := range l.fields() {
			places = append(places, fmt.Sprintf("%s@%s", f.text, f.pos(0)))
		}
		got = append(got, strings.Join(places, " "))
	}
	want := []string{`a@f:4:1 b@f:4:3 c\\@f:5:2`, `d\\#@f:6:1 e@f:7:3`, `ü@f:9:1 x@f:9:3`}
	if strings.Join(got, "\n") != strings.Join(want, "\n") {
		t.Errorf("got:\n%s\nwant:\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
	}
}

// What the operator's files hold in secret is not printed by accident.
func TestChatPrintsItsPlace(t *testing.T) {
	lines, _ := ParseSystems("S", []byte("rmt Any ACU Any - ogin: me \\\nssword: hunter2\n"))
	s := fmt.Sprintf("%v %+v", lines, lines[0].Login)
	if strings.Contains(s, "hunter2") || !strings.Contains(s, "S:1:19") {
		t.Errorf("got %s", s)
	}
	if at := lines[0].Login.Where(strings.Index(lines[0].Login.Text, "hunter2")); at != "S:2:9" {
		t.Errorf("the password is at %s, want S:2:9", at)
	}
	if s := fmt.Sprint(Chat{}); s != "" {
		t.Errorf("the empty script is at %q", s)
	}
}
