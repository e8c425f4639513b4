package screen

import (
	"encoding/json"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/charmbracelet/x/ansi"
	"github.com/google/go-cmp/cmp"

	"pppdial/cmd/internal/status"
)

var update = flag.Bool("update", false, "write the golden files anew")

func TestMain(m *testing.M) {
	time.Local = time.UTC // as the recorded state has it
	os.Exit(m.Run())
}

// recorded is a view of a state, seen for a while with rates that go up and
// down.
func recorded(t *testing.T) View {
	t.Helper()
	j, err := os.ReadFile("testdata/state.json")
	if err != nil {
		t.Fatal(err)
	}
	var doc status.Document
	if err := json.Unmarshal(j, &doc); err != nil {
		t.Fatal(err)
	}
	b := &doc.Bundles[0]
	now := time.Date(2026, 11, 21, 12, 13, 33, 0, time.UTC)
	v := View{Bundle: b, Mode: Reset, History: &History{}, Now: now, Keys: true}
	const refreshes = 150
	var before []uint64 // octets of each refresh, still to come
	for i := range refreshes {
		wave := uint64(i % 40)
		before = append(before, 200*wave)
	}
	for i := range before {
		past := *b
		past.Links = append([]status.Link{}, b.Links...)
		var rest uint64
		for _, n := range before[i:] {
			rest += n
		}
		past.Rx.Bytes -= rest
		past.Tx.Bytes -= rest / 8
		for k := range past.Links[:2] {
			past.Links[k].Rx.Bytes -= rest / 2
			past.Links[k].Tx.Bytes -= rest / 16
		}
		v.History.Add(&past, now.Add(time.Duration(i-refreshes)*time.Second))
	}
	v.History.Add(b, now)
	return v
}

func golden(t *testing.T, name, got string) {
	t.Helper()
	path := filepath.Join("testdata", name)
	if *update {
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if d := cmp.Diff(string(want), got); d != "" {
		t.Errorf("%s (mend it with -update):\n%s", path, d)
	}
}

// All screens, in a small window and in a large one.
func TestScreens(t *testing.T) {
	for _, size := range []struct{ width, height int }{{80, 24}, {120, 40}} {
		for s := First; s <= Last; s++ {
			v := recorded(t)
			v.Screen = s
			got := ansi.Strip(v.Render(size.width, size.height))
			lines := strings.Split(got, "\n")
			if len(lines) != size.height {
				t.Errorf("screen %d: %d lines", s, len(lines))
			}
			for _, l := range lines {
				if w := ansi.StringWidth(l); w > size.width {
					t.Errorf("screen %d: a line of %d cells: %s", s, w, l)
				}
			}
			golden(t, fmt.Sprintf("%dx%d/%d.txt", size.width, size.height, s), got+"\n")
		}
	}
}

func TestOtherViews(t *testing.T) {
	v := recorded(t)
	v.Screen, v.Page = 1, 1
	golden(t, "80x24/second-page.txt", ansi.Strip(v.Render(80, 24))+"\n")
	v.Screen = 4
	golden(t, "80x24/no-link.txt", ansi.Strip(v.Render(80, 24))+"\n")
	v.Screen, v.Page, v.Mode, v.Base = Rates, 0, Zeroed, *v.Bundle
	v.ASCII, v.Names = true, map[string]string{"10.0.0.1": "here", "10.0.0.2": "there.example"}
	golden(t, "80x24/zeroed.txt", ansi.Strip(v.Render(80, 24))+"\n")
	v.Screen, v.Mode = Accounting, Reset
	golden(t, "80x24/names.txt", ansi.Strip(v.Render(80, 24))+"\n")
	v = recorded(t)
	golden(t, "text.txt", v.Text(80))
	v.Bundle, v.Notice = nil, "permission denied"
	golden(t, "80x24/nothing.txt", ansi.Strip(v.Render(80, 24))+"\n")
}

// What a call has ended with is folded, not cut off.
func TestLongEvidence(t *testing.T) {
	v := recorded(t)
	v.Screen = Accounting
	v.Bundle.Verdicts[1].Evidence = strings.Repeat("CONNECT 33600/ARQ ", 6) + "NO CARRIER"
	for _, got := range []string{ansi.Strip(v.Render(80, 40)), v.Text(80)} {
		if !strings.Contains(got, "NO CARRIER") {
			t.Error(got)
		}
		for l := range strings.Lines(got) {
			if n := ansi.StringWidth(strings.TrimSuffix(l, "\n")); n > 80 {
				t.Errorf("%d cells: %s", n, l)
			}
		}
	}
}

// A window may be of any size, an interface without anything, and what a peer
// says is no command for the terminal.
func TestAnyWindow(t *testing.T) {
	v := recorded(t)
	v.Bundle.PeerName = "evil\x1b[2J\u202e\x07"
	v.Bundle.Verdicts[0].Evidence = "\x1b]0;title\x07"
	bare := View{Bundle: &status.Bundle{}, Now: v.Now, Mode: Delta}
	for s := range Last + 1 {
		for _, w := range []int{1, 2, 10, 20, 40, 79, 200, 600} {
			for _, h := range []int{0, 1, 2, 3, 5, 23, 100} {
				for _, v := range []View{v, bare} {
					v.Screen = s
					got := v.Render(w, h)
					if n := strings.Count(got, "\n") + 1; n != max(h, 1) && h != 0 {
						t.Fatalf("screen %d at %dx%d: %d lines", s, w, h, n)
					}
					for l := range strings.Lines(got) {
						if n := ansi.StringWidth(strings.TrimSuffix(l, "\n")); n > w {
							t.Fatalf("screen %d at %dx%d: a line of %d cells", s, w, h, n)
						}
					}
					if strings.ContainsAny(got, "\x07\u202e") || strings.Contains(got, "\x1b[2J") || strings.Contains(got, "\x1b]") {
						t.Fatalf("screen %d at %dx%d: %q", s, w, h, got)
					}
				}
			}
		}
	}
}

func TestBits(t *testing.T) {
	for in, want := range map[float64]string{
		0: "0", -1: "0", 999: "999", 9999: "9999", 10e3: "10.0k", 99949: "99.9k", 99951: "100k", 999400: "999k", 999600: "1.0M", 1.5e9: "1.5G",
	} {
		if got := bits(in); got != want {
			t.Errorf("%v: %s, want %s", in, got, want)
		}
	}
}

func TestGraph(t *testing.T) {
	got := graph([]float64{0, 1, 50, 100, 150}, 6, 2, 100, true)
	want := []string{"    @@", "  .@@@"}
	if d := cmp.Diff(want, got); d != "" {
		t.Error(d)
	}
	for in, want := range map[float64]float64{0: 1000, 1000: 1000, 1001: 2000, 4999: 5000, 64e3: 100e3} {
		if got := scale(in); got != want {
			t.Errorf("scale of %v: %v", in, got)
		}
	}
}

func FuzzRender(f *testing.F) {
	j, err := os.ReadFile("testdata/state.json")
	if err != nil {
		f.Fatal(err)
	}
	f.Add(j, 80, 24, 5)
	f.Add([]byte(`{"bundles":[{"links":[{}]}]}`), 1, 1, 1)
	f.Fuzz(func(t *testing.T, j []byte, width, height, screen int) {
		var doc status.Document
		if json.Unmarshal(j, &doc) != nil || len(doc.Bundles) == 0 {
			return
		}
		doc.Complete()
		v := View{Bundle: &doc.Bundles[0], Screen: screen, Mode: Delta, History: &History{}}
		v.History.Add(v.Bundle, v.Now)
		v.Render(min(max(width, 0), 500), min(max(height, 0), 500))
		v.Text(80)
	})
}
