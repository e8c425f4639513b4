package dial

import (
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"pppdial/dial/dialtest"
)

// TestSer2net calls over modems of another machine, which ser2net serves there:
// raw, and by RFC 2217.
func TestSer2net(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ what, accepter string }{
		{"raw", "tcp"},
		{"RFC 2217", "telnet(rfc2217),tcp"},
	} {
		t.Run(c.what, func(t *testing.T) {
			t.Parallel()
			s := newCellSite(t, dialtest.BC66())
			port := freePort(t)
			config := filepath.Join(s.dir, "ser2net.yaml")
			// Locks are named by the device behind the link, which are ours too.
			write(t, config, fmt.Sprintf("connection: &modem\n  accepter: %s,127.0.0.1,%d\n  connector: serialdev,%s,115200n81,local\n  options:\n    kickolduser: true\n",
				c.accepter, port, s.near.Path()))
			cmd := exec.Command("ser2net", "-n", "-u", "-d", "-c", config)
			log := new(logBuffer)
			cmd.Stdout, cmd.Stderr = log, log
			if err := cmd.Start(); err != nil {
				t.Fatal(err)
			}
			t.Cleanup(func() {
				cmd.Process.Kill()
				cmd.Wait()
				if t.Failed() {
					t.Logf("ser2net:\n%s", log)
				}
			})
			awaitPort(t, port)
			s.cfg.Devices = []string{fmt.Sprintf("tcp:127.0.0.1:%d", port)}
			call := s.call()
			if caps := call.Line.Caps(); caps.ModemLines != (c.what == "RFC 2217") {
				t.Errorf("the line can %+v", caps)
			}
			all := make([]byte, 256)
			for i := range all {
				all[i] = byte(i)
			}
			wantEcho(t, call.Line, string(all)+"\xff\xff~")
			call.Hangup(t.Context())
			s.wantIdle()
			if !strings.Contains(s.near.Transcript(), "ATH") {
				t.Errorf("the modem was told\n%s", s.near.Transcript())
			}
		})
	}
}

// freePort is one at which nobody listens.
func freePort(t *testing.T) int {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	return l.Addr().(*net.TCPAddr).Port
}

// awaitPort waits until somebody listens, by what the kernel tells: a connection
// would be the modem's.
func awaitPort(t *testing.T, port int) {
	t.Helper()
	want := fmt.Sprintf("0100007F:%04X 00000000:0000 0A", port)
	for limit := time.After(10 * time.Second); ; {
		b, err := os.ReadFile("/proc/net/tcp")
		if err != nil {
			t.Fatal(err)
		}
		if strings.Contains(string(b), want) {
			return
		}
		select {
		case <-limit:
			t.Fatal("ser2net does not listen")
		case <-time.After(20 * time.Millisecond):
		}
	}
}
