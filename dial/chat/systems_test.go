package chat

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"pppdial/dial/uucp"
)

// The manual page's own line (Installation Notes), from the file to the wire.
func TestManualPagesLine(t *testing.T) {
	lines, problems := uucp.ParseSystems("Systems", []byte(
		`rmt Any ACUSLIP 19200 5551234 "" @\r\c ogin: mynam ssword: xxx PPP`+"\n"))
	if len(lines) != 1 || len(problems) > 0 {
		t.Fatalf("%d lines, problems %v", len(lines), problems)
	}
	s, err := Parse(lines[0].Login.Text, lines[0].Login.Where)
	if err != nil {
		t.Fatal(err)
	}
	o := runScript(t, Runner{}, s, func(f *far) {
		f.hears("@\r", "the kill character and CR")
		f.says("IRIX\r\nlogin: ")
		f.hears("mynam\r", "the name")
		f.says("mynam\r\nPassword:")
		f.hears("xxx\r", "the password")
		f.says("\r\nmessage of the day\r\nPPP~")
	})
	o.succeeds(t)
	wantText(t, "unread", string(o.Unread), "~")

	o = runScript(t, Runner{}, s, func(f *far) {
		f.hears("@\r", "the kill character and CR")
		f.says("login: ")
		f.hears("mynam\r", "the name")
		f.isSilent(time.Hour, "no prompt came")
	})
	wantText(t, "message", o.err.Error(),
		`chat: Systems:1:52: step 5: "ssword:" did not come within 45s; the line said " "`)
}

// What a fault in the script is reported at, across continuation lines.
func TestPlaceInContinuedLine(t *testing.T) {
	lines, _ := uucp.ParseSystems("Systems", []byte("rmt Any ACU Any - \"\" \\\n  \\r ogin: \\\n\tm\\Qe\n"))
	_, err := Parse(lines[0].Login.Text, lines[0].Login.Where)
	if err == nil {
		t.Fatal("no error")
	}
	wantText(t, "error", err.Error(), `Systems:3:3: chat: unknown escape \Q; write \\ for a backslash`)
}

// Every script of the files that the project shows as examples parses.
func TestExampleScripts(t *testing.T) {
	dir := filepath.Join("..", "..", "examples", "uucp")
	if _, err := os.Stat(dir); err != nil {
		t.Fatal(err)
	}
	db, _ := uucp.Open(dir, "ppp")
	var scripts []uucp.Chat
	for _, s := range db.Systems {
		scripts = append(scripts, s.Login)
	}
	for _, d := range db.Dialers {
		scripts = append(scripts, d.Script)
	}
	for _, c := range scripts {
		s, err := Parse(c.Text, c.Where)
		if err != nil {
			t.Error(err)
		}
		for _, st := range s.Steps {
			if !strings.HasPrefix(st.Where, dir) {
				t.Errorf("a step without its place: %v at %q", st, st.Where)
			}
		}
	}
}
