// Package radiustest runs Debian's freeradius on the loopback interface, with a
// configuration of its own, for tests.
package radiustest

import (
	"bytes"
	"errors"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"
)

const (
	program = "/usr/sbin/freeradius"
	startIn = 20 * time.Second
	stopIn  = 10 * time.Second
)

// A Server is one freeradius.
type Server struct {
	Port   int // of authentication; accounting is one above
	Secret string

	t   testing.TB
	dir string
	cmd *exec.Cmd
}

// Start starts a server whose users file is given, as users(5) has it, and ends
// it with the test. Its clock's zone is UTC.
func Start(t testing.TB, secret, users string) *Server {
	t.Helper()
	if _, err := os.Stat(program); err != nil {
		t.Fatalf("radiustest: %v; this installs it:\n\tapt-get install -y --no-install-recommends freeradius", err)
	}
	s := &Server{Secret: secret, t: t, dir: t.TempDir(), Port: freePorts(t)}
	for name, text := range map[string]string{
		"radiusd.conf": fmt.Sprintf(config, s.dir, s.Port, s.Port+1, secret),
		"users":        users,
		"dictionary":   "",
	} {
		if err := os.WriteFile(filepath.Join(s.dir, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	s.Restart()
	t.Cleanup(s.Stop)
	return s
}

// freePorts finds two ports in a row that nobody has.
func freePorts(t testing.TB) int {
	t.Helper()
	for range 100 {
		a, err := net.ListenUDP("udp4", &net.UDPAddr{IP: net.IPv4(127, 0, 0, 1)})
		if err != nil {
			t.Fatal(err)
		}
		port := a.LocalAddr().(*net.UDPAddr).Port
		b, err := net.ListenUDP("udp4", &net.UDPAddr{IP: net.IPv4(127, 0, 0, 1), Port: port + 1})
		a.Close()
		if err == nil {
			b.Close()
			return port
		}
	}
	t.Fatal("radiustest: no two ports are free")
	return 0
}

// Restart starts the server again after Stop, and waits until it answers.
func (s *Server) Restart() {
	s.t.Helper()
	s.cmd = exec.Command(program, "-f", "-d", s.dir, "-n", "radiusd", "-l", filepath.Join(s.dir, "log"))
	s.cmd.Env = append(os.Environ(), "TZ=UTC")
	var out bytes.Buffer
	s.cmd.Stdout, s.cmd.Stderr = &out, &out
	if err := s.cmd.Start(); err != nil {
		s.t.Fatal(err)
	}
	for end := time.Now().Add(startIn); ; time.Sleep(50 * time.Millisecond) {
		if log, _ := os.ReadFile(filepath.Join(s.dir, "log")); bytes.Count(log, []byte("Ready to process requests")) > 0 {
			os.Rename(filepath.Join(s.dir, "log"), filepath.Join(s.dir, "log.before"))
			return
		}
		if err := s.cmd.Process.Signal(syscall.Signal(0)); err != nil || time.Now().After(end) {
			s.Stop()
			log, _ := os.ReadFile(filepath.Join(s.dir, "log"))
			s.t.Fatalf("radiustest: freeradius does not start\n%s%s", &out, log)
		}
	}
}

// Stop ends the server.
func (s *Server) Stop() {
	if s.cmd == nil {
		return
	}
	timer := time.AfterFunc(stopIn, func() { s.cmd.Process.Kill() })
	defer timer.Stop()
	s.cmd.Process.Signal(syscall.SIGTERM)
	s.cmd.Wait()
	s.cmd = nil
}

// Details are the records of the detail file, without the line that tells the
// time of arrival in front, and without that at the end, Timestamp.
func (s *Server) Details() []string {
	s.t.Helper()
	b, err := os.ReadFile(filepath.Join(s.dir, "detail"))
	if err != nil && !errors.Is(err, os.ErrNotExist) {
		s.t.Fatal(err)
	}
	var all []string
	for r := range strings.SplitSeq(string(b), "\n\n") {
		_, r, ok := strings.Cut(r, "\n")
		if !ok {
			continue
		}
		r, _, _ = strings.Cut(r, "\tTimestamp = ")
		all = append(all, r)
	}
	return all
}

// Files are all that the server has written, and its configuration is not part
// of it.
func (s *Server) Files() string {
	var all strings.Builder
	for _, name := range []string{"log", "log.before", "detail"} {
		b, _ := os.ReadFile(filepath.Join(s.dir, name))
		all.Write(b)
	}
	return all.String()
}

// config takes the directory, both ports and the secret. A Message-Authenticator
// is demanded, and sent: versions before 3.2.5 do that only when told to.
const config = `
prefix = /usr
raddbdir = %[1]s
logdir = %[1]s
run_dir = %[1]s
name = radiusd
libdir = /usr/lib/freeradius
max_requests = 4096
security {
	reject_delay = 0
	status_server = no
	max_attributes = 200
}
proxy_requests = no
thread pool {
	start_servers = 4
	max_servers = 8
	min_spare_servers = 1
	max_spare_servers = 8
}
modules {
	pap {
	}
	chap {
	}
	mschap {
		use_mppe = no
	}
	files {
		filename = %[1]s/users
	}
	detail {
		filename = %[1]s/detail
		permissions = 0600
		header = "record"
	}
}
client loopback {
	ipaddr = 127.0.0.1
	secret = "%[4]s"
	require_message_authenticator = yes
}
server default {
	listen {
		type = auth
		ipaddr = 127.0.0.1
		port = %[2]d
	}
	listen {
		type = acct
		ipaddr = 127.0.0.1
		port = %[3]d
	}
	authorize {
		chap
		mschap
		files
		pap
	}
	authenticate {
		Auth-Type PAP {
			pap
		}
		Auth-Type CHAP {
			chap
		}
		Auth-Type MS-CHAP {
			mschap
		}
	}
	accounting {
		detail
	}
	post-auth {
		update reply {
			Message-Authenticator := 0x00
		}
		Post-Auth-Type REJECT {
			update reply {
				Message-Authenticator := 0x00
			}
		}
	}
}
`
