package line

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"os/exec"
	"strings"
	"syscall"
	"time"

	"golang.org/x/sys/unix"
)

const (
	// exitWait is how long after its last byte a command may take to end.
	exitWait = time.Second
	// endWait is how long after its line is closed a command may take to end of
	// its own accord: it may have an interface to take down.
	endWait = 5 * time.Second
	// killWait is how long a command may take to end after SIGTERM.
	killWait = 2 * time.Second
)

// OpenCommand runs a command by sh(1), in a session of its own, and makes its
// standard input and output the line. They are a raw pseudo-terminal: what runs
// at the other end of a line may insist on a tty (a login shell, telnet), and raw
// it passes bytes like a socket. What the command writes to its standard error is
// logged. When it ends, so does the line: with a *CommandError in the
// *DownError; processes that it left behind are ended. Close waits until the
// command has seen the end of its input and ended, and ends one that does not.
// The error is an *OpenError.
func OpenCommand(ctx context.Context, command string, o Options) (*Line, error) {
	name := CommandName(command)
	if err := ctx.Err(); err != nil {
		return nil, &OpenError{Path: name, Err: context.Cause(ctx)}
	}
	master, slave, err := openPTY()
	if err != nil {
		return nil, &OpenError{Path: name, Err: err}
	}
	defer slave.Close()
	l := newLine(name, Caps{}, o.Log, master)
	c := newCommand(command, o.Env, l.log)
	c.cmd.Stdin, c.cmd.Stdout = slave, slave
	if err := c.start(); err != nil {
		master.Close()
		return nil, &OpenError{Path: name, Err: err}
	}
	l.reason, l.release = c.reason, c.leave
	return l, nil
}

// CommandName is the name of the line that a command is.
func CommandName(command string) string { return "exec:" + firstWord(command) }

// firstWord is what a command is called in logs and errors: the program, without
// its arguments and what is put into its environment, which may be secret.
func firstWord(command string) string {
	for rest := command; rest != ""; {
		var word string
		if word, rest = cutWord(strings.TrimLeft(rest, " \t\n")); word == "" {
			break
		}
		if name, _, assigned := strings.Cut(word, "="); !assigned || strings.Contains(name, "/") {
			return strings.TrimSuffix(word, ";")
		}
	}
	return "sh"
}

// cutWord cuts off a word of the shell, with its quotes. One that does not end is
// none.
func cutWord(s string) (word, rest string) {
	var quote byte
	for i := 0; i < len(s); i++ {
		switch c := s[i]; {
		case c == '\\' && quote != '\'':
			i++
		case quote != 0:
			if c == quote {
				quote = 0
			}
		case c == '\'' || c == '"':
			quote = c
		case c == ' ' || c == '\t' || c == '\n':
			return s[:i], s[i:]
		}
	}
	if quote != 0 {
		return "", ""
	}
	return s, ""
}

// openPTY makes a pseudo-terminal: the master, in Go's poller, and the raw slave
// for a child.
func openPTY() (master, slave *os.File, err error) {
	master, err = os.OpenFile("/dev/ptmx", os.O_RDWR|unix.O_NOCTTY|unix.O_NONBLOCK, 0)
	if err != nil {
		return nil, nil, err
	}
	var n int
	err = control(master, func(fd int) (err error) {
		if err = unix.IoctlSetPointerInt(fd, unix.TIOCSPTLCK, 0); err != nil {
			return err
		}
		n, err = unix.IoctlGetInt(fd, unix.TIOCGPTN)
		return err
	})
	if err == nil {
		slave, err = os.OpenFile(fmt.Sprintf("/dev/pts/%d", n), os.O_RDWR|unix.O_NOCTTY, 0)
	}
	if err == nil {
		d := device{path: slave.Name(), file: slave}
		err = d.changeTermios((*termios).setRaw)
	}
	if err != nil {
		if slave != nil {
			slave.Close()
		}
		master.Close()
		return nil, nil, err
	}
	return master, slave, nil
}

// A command is a process whose standard streams are a line, with all that it
// starts.
type command struct {
	cmd    *exec.Cmd
	stderr lastLine
	ended  chan struct{} // closed after cmd.Wait
}

func newCommand(text string, env []string, log *slog.Logger) *command {
	c := &command{cmd: exec.Command("/bin/sh", "-c", text), ended: make(chan struct{})}
	c.stderr.log = log
	c.cmd.Stderr = &c.stderr
	c.cmd.Env = append(os.Environ(), env...)
	c.cmd.SysProcAttr = &syscall.SysProcAttr{Setsid: true}
	c.cmd.WaitDelay = exitWait
	return c
}

func (c *command) start() error {
	if err := c.cmd.Start(); err != nil {
		return err
	}
	go func() {
		defer close(c.ended)
		c.cmd.Wait() // the outcome is in ProcessState
		c.signal(unix.SIGTERM)
	}()
	return nil
}

// signal reaches the command and all that it started, as far as that has not
// left its process group. Of a group that is gone the number is not used again
// soon.
func (c *command) signal(s syscall.Signal) { syscall.Kill(-c.cmd.Process.Pid, s) }

// leave waits for the end of a command whose line is closed, and ends it if it
// does not end.
func (c *command) leave(ctx context.Context) {
	if !c.endsWithin(ctx, endWait) {
		c.stop()
	}
}

// stop ends the command, first politely.
func (c *command) stop() {
	c.signal(unix.SIGTERM)
	if !c.endsWithin(context.Background(), killWait) {
		c.signal(unix.SIGKILL)
		<-c.ended
	}
}

func (c *command) endsWithin(ctx context.Context, limit time.Duration) bool {
	ctx, cancel := context.WithTimeout(ctx, limit)
	defer cancel()
	select {
	case <-c.ended:
		return true
	case <-ctx.Done():
		return false
	}
}

// outcome says how the command ended, which it has.
func (c *command) outcome() *CommandError {
	return &CommandError{Command: firstWord(c.cmd.Args[2]), Status: c.cmd.ProcessState.String(), Said: c.stderr.last()}
}

// reason says how the command ended, if it did.
func (c *command) reason(err error) error {
	if !errors.Is(err, unix.EIO) {
		return err
	}
	timer := time.NewTimer(exitWait)
	defer timer.Stop()
	select {
	case <-c.ended:
		return c.outcome()
	case <-timer.C:
		return errors.New("the command has closed its standard streams")
	}
}
