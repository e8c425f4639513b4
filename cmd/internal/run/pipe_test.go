package run

import (
	"os"
	"os/exec"
	"testing"
)

// TestLogReaderGone: who reads the log may end, and the program goes on to its own
// end.
func TestLogReaderGone(t *testing.T) {
	const nowhere = "PPPTEST_NOWHERE"
	if os.Getenv(nowhere) != "" {
		os.Exit(Run(t.Context(), Options{Remote: "rmt", File: os.Getenv(nowhere)}))
	}
	r, w, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	r.Close()
	defer w.Close()
	self := exec.Command(os.Args[0], "-test.run=^TestLogReaderGone$")
	self.Env = append(os.Environ(), nowhere+"="+t.TempDir()+"/ppp.conf")
	self.Stderr = w
	if self.Run(); self.ProcessState.ExitCode() != StatusOptions {
		t.Errorf("it ended: %v", self.ProcessState)
	}
}
