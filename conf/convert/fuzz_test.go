package convert

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/rogpeppe/go-internal/txtar"
)

// seeds adds the files of the archives.
func seeds(f *testing.F, add func(name string, src []byte)) {
	archives, err := filepath.Glob("testdata/*.txtar")
	if err != nil {
		f.Fatal(err)
	}
	for _, name := range archives {
		a, err := txtar.ParseFile(name)
		if err != nil {
			f.Fatal(err)
		}
		for _, file := range withoutWant(a.Files) {
			add("/"+file.Name, file.Data)
		}
	}
}

// comesOut wants of a conversion that its result can be read, that what the
// cross-field rules say against it is told, and that it ends.
func comesOut(t *testing.T, files ...File) {
	t.Helper()
	o := Options{
		ReadFile: func(name string) ([]byte, error) {
			for _, f := range files {
				if filepath.Base(f.Name) == filepath.Base(name) {
					return f.Src, nil
				}
			}
			return nil, os.ErrNotExist
		},
		LookupEnv: func(string) (string, bool) { return "", false },
		Check:     checks(),
	}
	start := time.Now()
	text, problems := o.Convert(files)
	if d := time.Since(start); d > 20*time.Second {
		t.Errorf("took %v", d)
	}
	told := false
	for _, p := range problems {
		told = told || p.File == "the result"
		if strings.ContainsAny(p.String(), "\n\x00") {
			t.Errorf("a problem of several lines: %q", p)
		}
	}
	file, diags := checks().Parse("result", text)
	for _, d := range diags {
		if !d.Warning {
			t.Errorf("%v\n%s", d, text)
		}
	}
	_, more := file.Entries()
	if more.HasErrors() && !told {
		t.Errorf("not told: %v\n%s", more, text)
	}
}

func FuzzConvert(f *testing.F) {
	seeds(f, func(name string, src []byte) { f.Add(name, src) })
	f.Add("/etc/ppp/peers/x", []byte("connect 'chat -T 1 -U 2 -E -e -t 3 \"$A\" @x \\\\U ABORT'"))
	f.Fuzz(func(t *testing.T, name string, src []byte) {
		if len(src) > 4000 || len(name) > 200 {
			return
		}
		comesOut(t, File{name, src})
	})
}

// Each kind gets what is not its own, too.
func FuzzKinds(f *testing.F) {
	seeds(f, func(_ string, src []byte) { f.Add(src, uint8(0)); f.Add(src, uint8(3)) })
	f.Fuzz(func(t *testing.T, src []byte, as uint8) {
		if len(src) > 2000 {
			return
		}
		in := &input{File: File{"/etc/ppp/peers/x", src}, kind: kind(as)%keyFile + 1}
		o := Options{ReadFile: func(string) ([]byte, error) { return nil, os.ErrNotExist }, LookupEnv: os.LookupEnv, Check: checks()}
		j := &job{opt: o, labels: make(map[string]bool), inputs: []*input{in}}
		j.all()
		if _, diags := checks().Parse("result", j.text()); diags.HasErrors() {
			t.Errorf("%v\n%s", diags, j.text())
		}
	})
}

// FuzzScript: what chat(8) can say, ours can say; a script goes over in the same
// number of words.
func FuzzScript(f *testing.F) {
	seeds(f, func(name string, src []byte) {
		if strings.Contains(name, "chat") {
			f.Add(src)
		}
	})
	f.Fuzz(func(t *testing.T, src []byte) {
		if len(src) > 2000 {
			return
		}
		words := scriptWords(File{"s", src}, nil)
		text := ours(steps(words))
		if text == "" {
			return
		}
		if _, err := checks().CheckChat(text); err != nil && !excused(err.Error()) {
			t.Errorf("%v in\n%s\nmade of\n%s", err, text, src)
		}
	})
}

// excused are faults that are in the script itself.
func excused(msg string) bool {
	for _, m := range []string{"TIMEOUT wants", "wants ON or OFF", "of nothing", "NUL cannot", "without a word behind"} {
		if strings.Contains(msg, m) {
			return true
		}
	}
	return strings.Contains(msg, `above \377`)
}
