package main

import (
	"net"
	"os"
	"path/filepath"
	"testing"
)

// A daemon that ends while it is asked has done nothing, and a pipe that it has
// broken is not the output's.
func TestDaemonEnds(t *testing.T) {
	dir := t.TempDir()
	if err := os.Chmod(dir, 0o755); err != nil {
		t.Fatal(err)
	}
	l, err := net.Listen("unix", filepath.Join(dir, "1.sock"))
	if err != nil {
		t.Fatal(err)
	}
	ended := make(chan bool)
	go func() {
		defer close(ended)
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			c.Close()
		}
	}()
	defer func() {
		l.Close()
		<-ended
	}()
	for range 5 {
		out, err := pppstat(t, dir, "-c", "up", "rmt").CombinedOutput()
		if err == nil || string(out) != "pppstat: the ppp there has just ended\n" {
			t.Errorf("%q, %v", out, err)
		}
	}
	if out, err := pppstat(t, dir, "-j").CombinedOutput(); err == nil || string(out) != "pppstat: no ppp is running\n" {
		t.Errorf("%q, %v", out, err)
	}
}
