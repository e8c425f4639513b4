package main

import (
	"bytes"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"
)

// TestBench makes one short run of what involves two machines, and looks
// whether it leaves anything behind.
func TestBench(t *testing.T) {
	dir, tmp := programs(t)
	readme := filepath.Join(dir, "README.md")
	if err := os.WriteFile(readme, []byte("before\n"+tableBegin+"old\n"+tableEnd+"after\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	bench := exec.Command(filepath.Join(dir, "bench"), "-ppp", filepath.Join(dir, "ppp"),
		"-run", "path|socket|latency|start|many", "-seconds", "1", "-best", "1", "-bundles", "1", "-readme", readme)
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
	if text, err := os.ReadFile(readme); err != nil || string(text) != "before\n"+tableBegin+string(out)+tableEnd+"after\n" {
		t.Errorf("README is %q, %v", text, err)
	}
	wantNothingLeft(t, dir, tmp)
}

// TestInterrupted ends a run in the midst of a transfer.
func TestInterrupted(t *testing.T) {
	dir, tmp := programs(t)
	bench := exec.Command(filepath.Join(dir, "bench"), "-ppp", filepath.Join(dir, "ppp"), "-run", "path", "-seconds", "600")
	bench.Env = append(os.Environ(), "TMPDIR="+tmp)
	var out bytes.Buffer
	bench.Stdout, bench.Stderr = &out, &out
	if err := bench.Start(); err != nil {
		t.Fatal(err)
	}
	for began := time.Now(); exec.Command("pgrep", "-f", "^"+filepath.Join(dir, "bench")+" -relay").Run() != nil; time.Sleep(50 * time.Millisecond) {
		if time.Since(began) > patience {
			bench.Process.Kill()
			bench.Wait()
			t.Fatalf("no relay: %s", &out)
		}
	}
	bench.Process.Signal(syscall.SIGTERM)
	if err := bench.Wait(); err == nil || !strings.Contains(out.String(), "terminated") {
		t.Errorf("it ends with %v: %s", err, &out)
	}
	wantNothingLeft(t, dir, tmp)
}

// programs are what a run needs, and a place for its files.
func programs(t *testing.T) (dir, tmp string) {
	t.Helper()
	dir = t.TempDir()
	for name, pkg := range map[string]string{"ppp": "../../cmd/ppp", "bench": "."} {
		build := exec.Command("go", "build", "-o", filepath.Join(dir, name), pkg)
		build.Env = append(os.Environ(), "CGO_ENABLED=0")
		if out, err := build.CombinedOutput(); err != nil {
			t.Fatalf("go build: %v\n%s", err, out)
		}
	}
	tmp = filepath.Join(dir, "tmp")
	if err := os.Mkdir(tmp, 0o700); err != nil {
		t.Fatal(err)
	}
	return dir, tmp
}

func wantNothingLeft(t *testing.T, dir, tmp string) {
	t.Helper()
	if left, err := os.ReadDir(tmp); err != nil || len(left) > 0 {
		t.Errorf("files are left: %v, %v", left, err)
	}
	if out, err := exec.Command("pgrep", "-af", dir).CombinedOutput(); err == nil {
		t.Errorf("processes are left: %s", out)
	}
}
