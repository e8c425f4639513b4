package run

import (
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"log/slog"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// The messages that programs may rely on are those of the manual, and somebody
// says them.
func TestEvents(t *testing.T) {
	manual, err := os.ReadFile("../../../man/ppp.8")
	if err != nil {
		t.Fatal(err)
	}
	_, section, _ := strings.Cut(string(manual), "\n.Ss Messages\n")
	section, _, _ = strings.Cut(section, "\n.Ss ")
	var described []string
	for line := range strings.Lines(section) {
		if m, ok := strings.CutPrefix(line, ".It Li "); ok {
			described = append(described, strings.TrimSpace(m))
		}
	}
	slices.Sort(described)
	if d := cmp.Diff(slices.Sorted(maps.Keys(events)), described); d != "" {
		t.Errorf("the manual describes others (+):\n%s", d)
	}
	said := map[string]bool{}
	for _, dir := range []string{"cmd/internal", "mp", "dial", "route"} {
		for _, s := range literals(t, filepath.Join("../../..", dir)) {
			said[s] = true
		}
	}
	for m := range events {
		if !said[m] {
			t.Errorf("nobody says %q", m)
		}
	}
	for m, want := range map[string]string{"connection begins": "connection-begins", "breaking the link: SIGHUP": "breaking-the-link-sighup", "a caller's line": "a-caller's-line"} {
		if events[m] != want {
			t.Errorf("%q is %s, want %s", m, events[m], want)
		}
	}
}

// literals are the strings that calls of loggers begin with.
func literals(t *testing.T, dir string) (all []string) {
	t.Helper()
	err := filepath.WalkDir(dir, func(path string, _ fs.DirEntry, err error) error {
		if err != nil || !strings.HasSuffix(path, ".go") || strings.HasSuffix(path, "_test.go") {
			return err
		}
		f, err := parser.ParseFile(token.NewFileSet(), path, nil, 0)
		if err != nil {
			return err
		}
		ast.Inspect(f, func(n ast.Node) bool {
			call, ok := n.(*ast.CallExpr)
			if !ok || len(call.Args) == 0 {
				return true
			}
			name, ok := call.Fun.(*ast.SelectorExpr)
			if !ok || !slices.Contains([]string{"Info", "Warn", "Error", "warn"}, name.Sel.Name) {
				return true
			}
			if l, ok := call.Args[0].(*ast.BasicLit); ok {
				s, err := strconv.Unquote(l.Value)
				if err != nil {
					t.Error(err)
				}
				all = append(all, s)
			}
			return true
		})
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return all
}

// Events and verdicts in the journal, field by field, and a verdict elsewhere.
func TestJournalEvents(t *testing.T) {
	v := Verdict{Status: 16, Phase: "network", By: "line", Evidence: "carrier \"lost\"", Cause: "a\nb", Try: "again"}
	c := socket(t, &journalSocket)
	log := newLogger(slog.LevelInfo, os.Stderr, true).With("entry", "rmt")
	log.With("line", "/dev/ttyS0").Info("link joined", "links", 2)
	log.Info("some other thing", "odd key/é", 1)
	v.log(log)
	for _, want := range []string{
		"MESSAGE=rmt: /dev/ttyS0: link joined links=2\nPRIORITY=6\nSYSLOG_IDENTIFIER=ppp\nPPP_EVENT=link-joined\nPPP_ENTRY=rmt\nPPP_LINE=/dev/ttyS0\nPPP_LINKS=2\n",
		"MESSAGE=rmt: some other thing odd key/é=1\nPRIORITY=6\nSYSLOG_IDENTIFIER=ppp\nPPP_ENTRY=rmt\nPPP_ODD_KEY__=1\n",
		"MESSAGE=rmt: " + v.String() + "\nPRIORITY=3\nSYSLOG_IDENTIFIER=ppp\nPPP_ENTRY=rmt\nPPP_EVENT=verdict\nPPP_STATUS=16\nPPP_PHASE=network\nPPP_BY=line\n" +
			"PPP_EVIDENCE=carrier \"lost\"\nPPP_CAUSE\n\x03\x00\x00\x00\x00\x00\x00\x00a\nb\nPPP_TRY=again\n",
	} {
		if d := cmp.Diff(want, datagram(t, c)); d != "" {
			t.Error(d)
		}
	}
	t.Setenv("JOURNAL_STREAM", "")
	got := readAll(t, func(stderr *os.File) { v.log(newLogger(slog.LevelInfo, stderr, false)) })
	if want := " error: " + v.String() + "\n"; !strings.HasSuffix(got, want) {
		t.Errorf("got %q, want %q", got, want)
	}
}
