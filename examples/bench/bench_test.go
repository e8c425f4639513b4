package main

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// TestBench makes one short run of what involves two machines, and looks
// whether it leaves anything behind.
func TestBench(t *testing.T) {
	dir := t.TempDir()
	for name, pkg := range map[string]string{"ppp": "../../cmd/ppp", "bench": "."} {
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
	bench := exec.Command(filepath.Join(dir, "bench"), "-ppp", filepath.Join(dir, "ppp"),
		"-run", "path|socket|latency|start|many", "-seconds", "1", "-best", "1", "-bundles", "1")
	bench.Env = append(os.Environ(), "TMPDIR="+tmp)
	out, err := bench.CombinedOutput()
	if err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	t.Logf("one run each on this machine:\n%s", out)
	for _, want := range []string{"| TUN - ppp - pty - ppp - TUN, one TCP stream | ", "socket pair", "| ping of 64 octets", "first Configure-Request", "| daemon with 1 bundles | "} {
		if !strings.Contains(string(out), want) {
			t.Errorf("the table lacks %q", want)
		}
	}
	if left, err := os.ReadDir(tmp); err != nil || len(left) > 0 {
		t.Errorf("files are left: %v, %v", left, err)
	}
	if out, err := exec.Command("pgrep", "-f", dir).CombinedOutput(); err == nil {
		t.Errorf("processes are left: %s", out)
	}
}
