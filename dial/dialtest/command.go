package dialtest

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"time"

	"golang.org/x/sys/unix"
)

const graceDefault = 5 * time.Second

// terminal is a session's pseudo-terminal: the call is at its master, the service at its slave.
type terminal struct {
	*pty
	tty *os.File // slave, in the poller: for the login dialogue and for Run
}

// openTerminal makes one. Its slave starts raw.
func openTerminal() (*terminal, error) {
	p, err := openPTY()
	if err != nil {
		return nil, err
	}
	p.sync = func() {}
	p.open.Store(true)
	tty, err := os.OpenFile(p.path, os.O_RDWR|unix.O_NOCTTY|unix.O_NONBLOCK, 0)
	if err != nil {
		p.close()
		return nil, fmt.Errorf("dialtest: %w", err)
	}
	return &terminal{p, tty}, nil
}

// Close hangs up: who has the slave gets SIGHUP, and end of file or EIO.
func (t *terminal) Close() error {
	t.pty.close()
	return nil
}

// leave lets go of the slave, so that the master reads the end after what was
// written.
func (t *terminal) leave() {
	t.tty.Close()
	t.pty.closeSlave()
}

func (c Command) start(s *session) error {
	return startTerminal(s, func(t *terminal) error { return c.run(s, t, nil) })
}

func (l Login) start(s *session) error {
	return startTerminal(s, func(t *terminal) error {
		user, err := l.greet(t.tty)
		if err != nil {
			return err
		}
		return l.Command.run(s, t, []string{"USER=" + user, "LOGNAME=" + user})
	})
}

// startTerminal runs f on a terminal of its own.
func startTerminal(s *session, f func(t *terminal) error) error {
	t, err := openTerminal()
	if err != nil {
		return err
	}
	s.port = t
	s.b.wg.Go(func() {
		if err := f(t); err != nil && s.ctx.Err() == nil {
			s.b.Log.Info("service", "modem", s.name, "err", err)
		}
		t.leave()
	})
	return nil
}

// run runs the command, or the function in its place, until it ends.
func (c Command) run(s *session, t *terminal, env []string) error {
	if c.Run != nil {
		return c.Run(s.ctx, t.tty)
	}
	if len(c.Command) == 0 {
		return errors.New("dialtest: no command")
	}
	// The child's description must be a blocking one, and its own.
	fd, err := unix.Open(t.path, unix.O_RDWR|unix.O_NOCTTY|unix.O_CLOEXEC, 0)
	if err != nil {
		return fmt.Errorf("dialtest: %s: %w", t.path, err)
	}
	tty := os.NewFile(uintptr(fd), t.path)
	defer tty.Close()
	if !c.Raw {
		if err := makeCooked(fd); err != nil {
			return fmt.Errorf("dialtest: %s: %w", t.path, err)
		}
	}
	cmd := exec.Command(c.Command[0], c.Command[1:]...)
	if c.Shell {
		cmd.Args[0] = "-" + filepath.Base(c.Command[0])
	}
	cmd.Env = append(append(os.Environ(), env...), c.Env...)
	cmd.Dir = c.Dir
	cmd.Stdin, cmd.Stdout, cmd.Stderr = tty, tty, tty
	cmd.SysProcAttr = &syscall.SysProcAttr{Setsid: true, Setctty: true}
	if err := cmd.Start(); err != nil {
		return fmt.Errorf("dialtest: %w", err)
	}
	tty.Close()
	return c.wait(s.ctx, cmd)
}

// wait waits for the command; when the call ends first, no longer than Grace.
func (c Command) wait(ctx context.Context, cmd *exec.Cmd) error {
	done := make(chan error, 1)
	go func() { done <- cmd.Wait() }()
	select {
	case err := <-done:
		return err
	case <-ctx.Done():
	}
	grace := c.Grace
	if grace == 0 {
		grace = graceDefault
	}
	kill := time.NewTimer(grace)
	defer kill.Stop()
	select {
	case err := <-done:
		return err
	case <-kill.C:
		syscall.Kill(-cmd.Process.Pid, syscall.SIGKILL)
		return <-done
	}
}

// greet is the dialogue of getty and login. It gives the name.
func (l Login) greet(tty io.ReadWriter) (string, error) {
	prompt := l.Prompt
	if prompt == "" {
		prompt = "login: "
	}
	tries := l.Tries
	if tries == 0 {
		tries = 3
	}
	if _, err := io.WriteString(tty, "\r\n"+l.Banner); err != nil {
		return "", err
	}
	for range tries {
		name, err := ask(tty, prompt, true)
		if err != nil {
			return "", err
		}
		if l.Password == "" && (l.User == "" || name == l.User) {
			return name, nil
		}
		password, err := ask(tty, "Password: ", false)
		if err != nil {
			return "", err
		}
		if (l.User == "" || name == l.User) && password == l.Password {
			return name, nil
		}
		if _, err := io.WriteString(tty, "\r\nLogin incorrect\r\n\r\n"); err != nil {
			return "", err
		}
	}
	return "", errors.New("dialtest: login failed")
}

// killChar takes back the line in getty's first idea of a terminal.
const killChar = '@'

// ask writes a prompt and reads a line, which CR or LF ends. An empty line is asked for again.
func ask(tty io.ReadWriter, prompt string, echo bool) (string, error) {
	var line strings.Builder
	c := make([]byte, 1)
	for line.Len() == 0 {
		if _, err := io.WriteString(tty, prompt); err != nil {
			return "", err
		}
		for {
			if _, err := tty.Read(c); err != nil {
				return "", err
			}
			if c[0] == '\r' || c[0] == '\n' {
				break
			}
			switch {
			case echo && c[0] == killChar:
				line.Reset()
			case line.Len() < 256:
				line.WriteByte(c[0])
			}
			if echo {
				if _, err := tty.Write(c); err != nil {
					return "", err
				}
			}
		}
		if echo || line.Len() > 0 {
			if _, err := io.WriteString(tty, "\r\n"); err != nil {
				return "", err
			}
		}
		if !echo {
			break
		}
	}
	return line.String(), nil
}
