package main

import (
	"bufio"
	"bytes"
	"encoding/json"
	"io"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"pppdial/cmd/internal/rendezvous"
	"pppdial/cmd/internal/status"
)

// stranger is a daemon with one answer to whatever is asked; "" is to end.
func stranger(t *testing.T, dir, answer string) {
	t.Helper()
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
			if answer != "" {
				bufio.NewReader(c).ReadSlice('\n')
				io.WriteString(c, answer+"\n")
			}
			c.Close()
		}
	}()
	t.Cleanup(func() {
		l.Close()
		<-ended
	})
}

// A daemon that ends while it is asked has done nothing, and a pipe that it has
// broken is not the output's.
func TestDaemonEnds(t *testing.T) {
	dir := t.TempDir()
	if err := os.Chmod(dir, 0o755); err != nil {
		t.Fatal(err)
	}
	stranger(t, dir, "")
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

// watch starts the program and returns what it says; it ends with the test.
func watch(t *testing.T, cmd *exec.Cmd) (stdout, stderr *bufio.Reader) {
	t.Helper()
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	errs, err := cmd.StderrPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	late := time.AfterFunc(20*time.Second, func() { cmd.Process.Kill() })
	t.Cleanup(func() {
		late.Stop()
		cmd.Process.Kill()
		cmd.Wait()
	})
	return bufio.NewReader(out), bufio.NewReader(errs)
}

// A daemon that fails takes nothing of the others' away.
func TestDaemonFails(t *testing.T) {
	const said = "pppstat: out of order\n"
	dir, _ := house(t)
	stranger(t, dir, `{"version":1,"error":"out of order","code":"failed"}`)
	cmd := pppstat(t, dir, "-j")
	var errs bytes.Buffer
	cmd.Stderr = &errs
	out, err := cmd.Output()
	var doc status.Document
	if err == nil || errs.String() != said || json.Unmarshal(out, &doc) != nil || len(doc.Bundles) != 2 {
		t.Errorf("%s %v, %s", out, err, &errs)
	}
	stdout, stderr := watch(t, pppstat(t, dir, "-j", "-i", "0.1"))
	for range 3 {
		line, err := stdout.ReadBytes('\n')
		if err != nil || json.Unmarshal(line, &doc) != nil || len(doc.Bundles) != 2 {
			t.Fatalf("%s %v", line, err)
		}
	}
	if line, err := stderr.ReadString('\n'); line != said || stderr.Buffered() > 0 {
		t.Errorf("%s %v, and %d octets again", line, err, stderr.Buffered())
	}
}

// With -i a daemon may be started anew, and counts anew then.
func TestDaemonComesBack(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "run")
	d := &daemon{}
	start := func(pid int, octets uint64) *rendezvous.Server {
		d.set(status.Bundle{Entry: "rmt", Interface: "ppp1", Unit: 1, PID: pid, Rx: status.Traffic{Bytes: octets}})
		s, err := rendezvous.Listen(dir, rendezvous.Options{}, d)
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(s.Close)
		return s
	}
	for args, want := range map[string][2]string{
		"-n -m z -i 0.1": {" octets                1007", " octets             1001000"},
		"-j -i 0.1":      {`"bytes":1007,`, `"bytes":1001000,`},
	} {
		t.Run(args, func(t *testing.T) {
			s := start(1, 7)
			stdout, stderr := watch(t, pppstat(t, dir, strings.Fields(args)...))
			see := func(want string) {
				t.Helper()
				for line := ""; !strings.Contains(line, want); {
					var err error
					if line, err = stdout.ReadString('\n'); err != nil {
						t.Fatal(err)
					}
				}
			}
			see(want[0])
			s.Close()
			if line, err := stderr.ReadString('\n'); line != "pppstat: no ppp is running\n" {
				t.Errorf("%q, %v", line, err)
			}
			s = start(2, 1000000)
			see(want[1])
			s.Close()
		})
	}
}
