package main

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// TestDemo runs the demo as make does, on a faster line, and looks whether it
// leaves anything behind.
func TestDemo(t *testing.T) {
	dir := t.TempDir()
	for name, pkg := range map[string]string{"ppp": "../../cmd/ppp", "pppstat": "../../cmd/pppstat", "demo": "."} {
		build := exec.Command("go", "build", "-o", filepath.Join(dir, name), pkg)
		build.Env = append(os.Environ(), "CGO_ENABLED=0")
		if out, err := build.CombinedOutput(); err != nil {
			t.Fatalf("go build: %v\n%s", err, out)
		}
	}
	tmp := filepath.Join(dir, "tmp")
	if err := os.Mkdir(tmp, 0o700); err != nil {
		t.Fatal(err)
	}
	readme := filepath.Join(dir, "README.md")
	if err := os.WriteFile(readme, []byte("before\n"+screensBegin+screensEnd+"after\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	demo := exec.Command(filepath.Join(dir, "demo"), "-ppp", filepath.Join(dir, "ppp"), "-pppstat", filepath.Join(dir, "pppstat"), "-readme", readme, "-rate", "1000000", "-size", "20000")
	demo.Env = append(os.Environ(), "TMPDIR="+tmp)
	began := time.Now()
	out, err := demo.CombinedOutput()
	if err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	t.Logf("the demo takes %v", time.Since(began).Round(time.Millisecond))
	for _, want := range []string{"ATDT5551234", "CONNECT", "Welcome to the museum", "[LCP ConfReq", "[IPCP ConfAck", "== ping 10.20.30.1: ", "== 20000 bytes to 10.20.30.1 by TCP", "== 20000 bytes to 10.20.30.2 by TCP", "verdict: status=5 "} {
		if !strings.Contains(string(out), want) {
			t.Errorf("the demo does not show %q:\n%s", want, out)
		}
	}
	text, err := os.ReadFile(readme)
	if err != nil || !strings.HasPrefix(string(text), "before\n") || !strings.HasSuffix(string(text), "after\n") ||
		!strings.Contains(string(text), "rmt  ppp0  unit 0  out  network for ") || !strings.Contains(string(text), " Link 1 of 1: modem0\n") {
		t.Errorf("%v: %s", err, text)
	}
	if left, err := os.ReadDir(tmp); err != nil || len(left) > 0 {
		t.Errorf("files are left: %v, %v", left, err)
	}
	if out, err := exec.Command("pgrep", "-f", dir).CombinedOutput(); err == nil {
		t.Errorf("processes are left: %s", out)
	}
}
