package uucp

import (
	"os"
	"path/filepath"
	"testing"
)

// seeds adds all test files as inputs: each kind of file finds the others' too.
func seeds(f *testing.F) {
	files, err := filepath.Glob("testdata/*/*")
	if err != nil {
		f.Fatal(err)
	}
	for _, file := range files {
		src, err := os.ReadFile(file)
		if err != nil {
			continue // the fuzzer's own folders
		}
		f.Add(src)
	}
}

// sane checks what every problem has: a place in the file, and words.
func sane(t *testing.T, problems []Problem) {
	for _, p := range problems {
		if p.Pos.Line < 1 || p.Pos.Col < 1 || p.Msg == "" {
			t.Errorf("problem without place or words: %s", p)
		}
	}
}

func FuzzSystems(f *testing.F) {
	seeds(f)
	f.Fuzz(func(t *testing.T, src []byte) {
		lines, problems := ParseSystems("f", src)
		sane(t, problems)
		devices, _ := ParseDevices("f", []byte("ACU a - Any direct\nDirect b - Any\n"))
		db := &DB{Systems: lines, Devices: devices}
		db.check(&reader{})
		for _, l := range lines {
			routes, err := db.Routes(l.Name, monday)
			if (err == nil) != (len(routes) > 0) {
				t.Errorf("%d routes, %v", len(routes), err)
			}
			if next := l.Times.Next(monday); !next.IsZero() && !l.Times.Allow(next) {
				t.Errorf("not allowed at the next time, %v", next)
			}
			l.Login.Where(len(l.Login.Text))
		}
	})
}

func FuzzDevices(f *testing.F) {
	seeds(f)
	f.Fuzz(func(t *testing.T, src []byte) {
		lines, problems := ParseDevices("f", src)
		sane(t, problems)
		dialers, _ := ParseDialers("f", []byte("hayes =,-, x\n"))
		db := &DB{Devices: lines, Dialers: dialers}
		db.check(&reader{})
		for _, l := range lines {
			db.steps(&l, "1=2")
		}
	})
}

func FuzzDialers(f *testing.F) {
	seeds(f)
	f.Fuzz(func(t *testing.T, src []byte) {
		dialers, problems := ParseDialers("f", src)
		sane(t, problems)
		for _, d := range dialers {
			d.substitute("0=1-2")
			d.Script.Where(len(d.Script.Text))
		}
	})
}

func FuzzDialcodes(f *testing.F) {
	seeds(f)
	f.Fuzz(func(t *testing.T, src []byte) {
		codes, problems := ParseDialcodes("f", src)
		sane(t, problems)
		for c, digits := range codes {
			if got, ok := translate(codes, c+"1"); !ok || got != digits+"1" {
				t.Errorf("%s1 is %q, %v", c, got, ok)
			}
		}
	})
}

func FuzzSysfiles(f *testing.F) {
	seeds(f)
	f.Fuzz(func(t *testing.T, src []byte) {
		files, problems := ParseSysfiles("f", src, "/etc/uucp", "ppp")
		sane(t, problems)
		for _, list := range [][]string{files.Systems, files.Devices, files.Dialers} {
			for _, path := range list {
				if !filepath.IsAbs(path) {
					t.Errorf("path %q", path)
				}
			}
		}
	})
}
