package dialtest

import (
	"context"
	"io"
	"time"
)

// A Service is what sits behind an answering modem: [Login], [Command], [Relay],
// [Func], or one of [Echo], [Text] and [Silent]. The call ends when the service does,
// and the service is ended when the call is.
type Service interface {
	start(s *session) error
}

// Func is a service made of a function. c is a [net.Conn] in memory: its deadlines
// work, Read gives io.EOF when the caller has hung up. That also ends ctx; the function must return
// then. Returning hangs up.
type Func func(ctx context.Context, c io.ReadWriteCloser)

// Echo sends every byte back: a peer in which our own frames come back.
func Echo() Service {
	return Func(func(_ context.Context, c io.ReadWriteCloser) { io.Copy(c, c) })
}

// Text sends text once, reads whatever comes and says nothing else: a peer
// that is no PPP.
func Text(text string) Service {
	return Func(func(_ context.Context, c io.ReadWriteCloser) {
		io.WriteString(c, text)
		io.Copy(io.Discard, c)
	})
}

// Silent answers the telephone and never says a word.
func Silent() Service { return Text("") }

// Login is a system with a login prompt: it prints Banner and Prompt, reads the
// name with echo, asks for the password without, and runs Command.
type Login struct {
	Banner   string // before the first prompt, e.g. "Welcome\r\n"
	Prompt   string // "": "login: "
	User     string // "": any name is let in
	Password string // "": no password is asked for
	Tries    int    // after so many wrong answers it hangs up; 0: 3
	Command
}

// Command is a program that has a terminal, with the call at its other end, as its
// controlling terminal and standard input, output and error. When the caller hangs up, the
// terminal is hung up (SIGHUP, and the end of file for who reads); a program that is still
// there after Grace is killed. When the program ends, what it wrote is delivered and the call ends.
type Command struct {
	Command []string // path and arguments
	Shell   bool     // argv[0] gets the "-" in front that marks a login shell
	Env     []string // added to the environment; Login adds USER and LOGNAME
	Dir     string
	Raw     bool          // the terminal starts raw; otherwise as login(1) leaves it: cooked, with echo
	Grace   time.Duration // 0: 5 s

	// Run takes the place of Command: it is given the terminal's slave side, raw. It
	// must return when ctx ends or the tty is hung up.
	Run func(ctx context.Context, tty io.ReadWriter) error
}

// Relay joins the call to something that exists: a tty (the line of a guest, say)
// or a pair of fifos. A tty is made raw.
type Relay struct {
	Path string // tty, or the fifo to read from
	Out  string // the fifo to write to; "" for a tty
}
