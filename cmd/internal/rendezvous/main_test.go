package rendezvous

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"sync"
	"syscall"
	"testing"
	"time"

	"go.uber.org/goleak"
	"golang.org/x/sys/unix"

	"pppdial/cmd/internal/status"
)

// A test that needs another process, of another user perhaps, runs this program
// again with these.
const (
	envRole = "RENDEZVOUS_TEST_ROLE"
	envTask = "RENDEZVOUS_TEST_TASK"
)

// A task is what the other process is to do.
type task struct {
	Dir, Label, TTY string
	Unread          []byte
	Raw             []byte // to the first daemon, as it is
	Files           int    // go with Raw
	Hold            bool   // keep a lock, or a connection, until killed
}

// An outcome is what it tells.
type outcome struct {
	Result Result
	Error  string
	Answer string
	Nobody, Denied, Lost,
	Unknown bool
}

var roles = map[string]func(context.Context, task) outcome{
	"handover": playHandOver, "state": playState, "act": playAct, "raw": playRaw, "daemon": playDaemon, "lock": playLock,
	"activated": playActivated,
}

func TestMain(m *testing.M) {
	if play := roles[os.Getenv(envRole)]; play != nil {
		var what task
		if err := json.Unmarshal([]byte(os.Getenv(envTask)), &what); err != nil {
			panic(err)
		}
		if err := json.NewEncoder(os.Stdout).Encode(play(context.Background(), what)); err != nil {
			panic(err)
		}
		os.Exit(0)
	}
	goleak.VerifyTestMain(m)
}

func told(err error) (o outcome) {
	if err != nil {
		o.Error = err.Error()
	}
	o.Nobody, o.Denied = errors.Is(err, ErrNobody), errors.Is(err, ErrDenied)
	o.Lost, o.Unknown = errors.Is(err, ErrLost), errors.Is(err, ErrUnknown)
	return o
}

func playHandOver(ctx context.Context, t task) outcome {
	tty, err := os.OpenFile(t.TTY, os.O_RDWR|unix.O_NOCTTY, 0)
	if err != nil {
		return told(err)
	}
	res, err := HandOver(ctx, t.Dir, Line{Label: t.Label, TTY: tty, Unread: t.Unread})
	o := told(err)
	o.Result = res
	return o
}

func playState(ctx context.Context, t task) outcome {
	doc, err := State(ctx, t.Dir, Query{})
	o := told(err)
	for _, b := range doc.Bundles {
		o.Answer += b.Entry + " "
	}
	return o
}

func playAct(ctx context.Context, t task) outcome {
	return told(Act(ctx, t.Dir, Command{Target: Target{Entry: t.Label}, Verb: Up}))
}

// playRaw says what no client says.
func playRaw(ctx context.Context, t task) outcome {
	p, err := openPlace(t.Dir)
	if err != nil {
		return told(err)
	}
	names, err := p.sockets()
	if err != nil {
		return told(err)
	}
	c, err := p.dial(ctx, names[0])
	if err != nil {
		return told(err)
	}
	defer c.Close()
	var rights []byte
	if t.Files > 0 {
		f, err := os.OpenFile(t.TTY, os.O_RDWR|unix.O_NOCTTY, 0)
		if err != nil {
			return told(err)
		}
		fds := make([]int, t.Files)
		for i := range fds {
			fds[i] = int(f.Fd())
		}
		rights = unix.UnixRights(fds...)
	}
	if _, _, err := c.WriteMsgUnix(t.Raw, rights, nil); err != nil {
		return told(err)
	}
	if !t.Hold {
		c.CloseWrite()
	}
	line, err := answers(c).ReadString('\n')
	o := told(err)
	o.Answer = line
	return o
}

// playDaemon owns an entry until it is killed.
func playDaemon(ctx context.Context, t task) outcome {
	h := &house{adopt: func(h *Handover) {
		h.Accept()
		fmt.Println("adopted")
	}}
	s, err := Listen(t.Dir, Options{}, h)
	if err != nil {
		return told(err)
	}
	if _, err := s.Claim(t.Label); err != nil {
		return told(err)
	}
	fmt.Println("ready")
	<-ctx.Done()
	select {}
}

// playActivated takes one line from the socket that it was started with.
func playActivated(ctx context.Context, t task) outcome {
	os.Setenv("LISTEN_PID", fmt.Sprint(os.Getpid()))
	os.Setenv("LISTEN_FDS", "1")
	done := make(chan bool)
	s, err := Listen(t.Dir, Options{Anybody: true}, &house{adopt: func(h *Handover) {
		h.Accept()
		h.Done(Result{Text: "by activation"})
		close(done)
	}})
	if err != nil {
		return told(err)
	}
	<-done
	s.Close()
	return outcome{Answer: os.Getenv("LISTEN_FDS")}
}

// playLock locks what it can of an entry.
func playLock(_ context.Context, t task) outcome {
	f, err := os.Open(filepath.Join(t.Dir, claimPrefix+t.Label))
	if err != nil {
		return told(err)
	}
	return told(unix.Flock(int(f.Fd()), unix.LOCK_EX))
}

// as makes a command of a role; uid 0 stays who we are.
func as(t *testing.T, uid uint32, groups []uint32, role string, what task) *exec.Cmd {
	t.Helper()
	j, err := json.Marshal(what)
	if err != nil {
		t.Fatal(err)
	}
	// The way to the test's binary is closed to others, the binary is not.
	cmd := exec.Command("/proc/self/exe")
	cmd.Env = append(os.Environ(), envRole+"="+role, envTask+"="+string(j), "GORACE=atexit_sleep_ms=0")
	cmd.Stderr = os.Stderr
	if uid != 0 {
		cmd.Dir = "/"
		cmd.SysProcAttr = &syscall.SysProcAttr{Credential: &syscall.Credential{Uid: uid, Gid: uid, Groups: groups}}
	}
	return cmd
}

// play runs a role to its end.
func play(t *testing.T, uid uint32, groups []uint32, role string, what task) (o outcome) {
	t.Helper()
	out, err := as(t, uid, groups, role, what).Output()
	if err != nil {
		t.Fatalf("%s: %v", role, err)
	}
	if err := json.Unmarshal(out, &o); err != nil {
		t.Fatalf("%s: %v: %s", role, err, out)
	}
	return o
}

const nobody = 65534 // an account of every system

// runDir is a directory for sockets that everybody can reach.
func runDir(t *testing.T) string {
	t.Helper()
	base, err := os.MkdirTemp("", "rdv")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { os.RemoveAll(base) })
	if err := os.Chmod(base, 0o755); err != nil {
		t.Fatal(err)
	}
	return filepath.Join(base, "run")
}

// pty is a pseudo-terminal: the far side, and the name of the line's side.
func pty(t *testing.T) (far *os.File, name string) {
	t.Helper()
	far, err := os.OpenFile("/dev/ptmx", os.O_RDWR|unix.O_NOCTTY, 0)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { far.Close() })
	raw, err := far.SyscallConn()
	if err != nil {
		t.Fatal(err)
	}
	raw.Control(func(fd uintptr) {
		if err = unix.IoctlSetPointerInt(int(fd), unix.TIOCSPTLCK, 0); err != nil {
			return
		}
		var n uint32
		n, err = unix.IoctlGetUint32(int(fd), unix.TIOCGPTN)
		name = fmt.Sprintf("/dev/pts/%d", n)
	})
	if err == nil {
		err = os.Chmod(name, 0o666)
	}
	if err != nil {
		t.Fatal(err)
	}
	return far, name
}

func openTTY(t *testing.T, name string) *os.File {
	t.Helper()
	f, err := os.OpenFile(name, os.O_RDWR|unix.O_NOCTTY, 0)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { f.Close() })
	return f
}

// A house is a handler whose answers a test gives.
type house struct {
	bundles []status.Bundle
	adopt   func(*Handover)
	mu      sync.Mutex
	acts    []Command
	queries []Query
}

func (h *house) State(_ context.Context, q Query) ([]status.Bundle, error) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.queries = append(h.queries, q)
	var found []status.Bundle
	for _, b := range h.bundles {
		if q.Match(b.Entry, b.Unit) {
			found = append(found, b)
		}
	}
	return found, nil
}

func (h *house) Act(_ context.Context, _ Caller, c Command) error {
	h.mu.Lock()
	defer h.mu.Unlock()
	for _, b := range h.bundles {
		if c.Match(b.Entry, b.Unit) {
			h.acts = append(h.acts, c)
			return nil
		}
	}
	return ErrUnknown
}

func (h *house) Adopt(o *Handover) {
	h.mu.Lock()
	adopt := h.adopt
	h.mu.Unlock()
	if adopt == nil {
		o.Decline()
		return
	}
	adopt(o)
}

func (h *house) onAdopt(f func(*Handover)) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.adopt = f
}

func listen(t *testing.T, dir string, o Options, h Handler) *Server {
	t.Helper()
	s, err := Listen(dir, o, h)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(s.Close)
	return s
}

// always is for Options.Entry.
func always(string) bool { return true }

// soon waits for what another goroutine or process brings about.
func soon(t *testing.T, what string, ready func() bool) {
	t.Helper()
	for end := time.Now().Add(20 * time.Second); !ready(); time.Sleep(time.Millisecond) {
		if time.Now().After(end) {
			t.Fatal("waited in vain: ", what)
		}
	}
}
