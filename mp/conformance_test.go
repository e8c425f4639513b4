package mp_test

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// TestConformance: the tests that README.md names exist.
func TestConformance(t *testing.T) {
	text, err := os.ReadFile("README.md")
	if err != nil {
		t.Fatal(err)
	}
	tests := map[string]string{} // source of the tests, by package
	for _, pattern := range []string{"*_test.go", "*/*_test.go", "*/*/*_test.go", "../cmd/internal/run/*_test.go"} {
		names, err := filepath.Glob(pattern)
		if err != nil {
			t.Fatal(err)
		}
		for _, name := range names {
			b, err := os.ReadFile(name)
			if err != nil {
				t.Fatal(err)
			}
			dir, err := filepath.Abs(filepath.Dir(name))
			if err != nil {
				t.Fatal(err)
			}
			tests[filepath.Base(dir)] += string(b)
		}
	}
	rows := 0
	named := regexp.MustCompile("`([a-z]+)\\.((?:Test|Fuzz)\\w+)`")
	for line := range strings.Lines(string(text)) {
		all := named.FindAllStringSubmatch(line, -1)
		if strings.HasPrefix(line, "| ") && !strings.HasPrefix(line, "| Section") {
			rows++
			if len(all) == 0 {
				t.Errorf("no test for: %s", line)
			}
		}
		for _, m := range all {
			if !strings.Contains(tests[m[1]], "func "+m[2]+"(") {
				t.Errorf("there is no %s.%s", m[1], m[2])
			}
		}
	}
	if rows < 60 {
		t.Errorf("%d rows", rows)
	}
}
