package modem

import (
	"context"
	"errors"
	"io"
	"log/slog"
	"os"
	"time"

	"pppdial/dial/chat"
)

// Options are what a Modem may use beside the line.
type Options struct {
	// DropDTR drops DTR for long enough that the modem hangs up; nil: the line
	// has no DTR.
	DropDTR func(context.Context) error
	Log     *slog.Logger  // Debug: the dialogue; nil: none
	Secrets *chat.Secrets // that have gone over the line and may come back; nil: none have
}

// A Modem is the dialogue with one modem.
type Modem struct {
	conn    chat.Conn
	drop    func(context.Context) error
	secrets *chat.Secrets
	log     *slog.Logger

	in  []byte // read and not looked at
	got []byte // the end of what was looked at since the last command, as it may be shown

	command string // the last one, as it may be shown
	secret  bool   // it is one that must not be
	began   time.Time

	status    *Status // of a cellular modem, the last that is known; nil: never asked
	vendor    *vendor // nil: not known
	restarted bool    // it has said so, unasked

	s7 time.Duration // how long it waits for carrier, as it was told; 0: nothing was said

	caller Caller
	tells  bool // it was told to tell who calls
	rang   time.Time
	taken  bool // it has answered a call unasked
}

// New makes a Modem of a line. Both deadlines of c are used and end up cleared.
func New(c chat.Conn, o Options) *Modem {
	m := &Modem{conn: c, drop: o.DropDTR, log: o.Log, secrets: o.Secrets}
	if m.secrets == nil {
		m.secrets = new(chat.Secrets)
	}
	if m.log == nil {
		m.log = slog.New(slog.DiscardHandler)
	}
	return m
}

// Unread gives, once, the bytes that were read behind the last result code.
func (m *Modem) Unread() []byte {
	b := m.in
	m.in = nil
	return b
}

const (
	maxLine  = 512 // of a line of text; what a modem says is shorter, data may be longer
	maxShown = 256 // of what an error shows
)

// past is a deadline that ends a read or write at once.
var past = time.Unix(1, 0)

// arm lets the end of ctx free reads and writes until disarm is called.
func (m *Modem) arm(ctx context.Context) (disarm func()) {
	freed := make(chan struct{})
	stop := context.AfterFunc(ctx, func() {
		defer close(freed)
		m.conn.SetReadDeadline(past)
		m.conn.SetWriteDeadline(past)
	})
	return func() {
		if !stop() {
			<-freed
		}
		// These fail on a closed line only.
		m.conn.SetReadDeadline(time.Time{})
		m.conn.SetWriteDeadline(time.Time{})
	}
}

// read waits for bytes until end; the zero time is never.
func (m *Modem) read(ctx context.Context, end time.Time) error {
	if err := m.conn.SetReadDeadline(end); err != nil {
		return err
	}
	// Looked at after the deadline is set, which may have replaced arm's.
	if ctx.Err() != nil {
		return context.Cause(ctx)
	}
	var buf [512]byte
	n, err := m.conn.Read(buf[:])
	m.in = append(m.in, buf[:n]...)
	switch {
	case n > 0:
		return nil
	case ctx.Err() != nil:
		return context.Cause(ctx)
	case errors.Is(err, os.ErrDeadlineExceeded):
		return ErrSilent
	case err == nil:
		return io.ErrNoProgress
	}
	return err
}

// line gives the next line that is not empty.
func (m *Modem) line(ctx context.Context, end time.Time) (string, error) {
	for {
		if s := m.take(); s != "" {
			return s, nil
		}
		if err := m.read(ctx, end); err != nil {
			return "", err
		}
	}
}

// take gives the next line that is not empty, of what was read; "" when there is
// none. Lines end with CR, LF or both.
func (m *Modem) take() string {
	for i := 0; i < len(m.in); i++ {
		c := m.in[i] & 0x7f // some modems send parity
		if c != '\r' && c != '\n' && i < maxLine {
			continue
		}
		text := m.in[:i]
		m.in = m.in[i+1:]
		if s := clean(text); s != "" {
			return s
		}
		i = -1
	}
	return ""
}

// clean gives a line as text: seven bits, without padding and noise around it.
func clean(b []byte) string {
	s := make([]byte, 0, len(b))
	for _, c := range b {
		if c &= 0x7f; c >= ' ' && c < 0x7f {
			s = append(s, c)
		}
	}
	for len(s) > 0 && s[0] == ' ' {
		s = s[1:]
	}
	for len(s) > 0 && s[len(s)-1] == ' ' {
		s = s[:len(s)-1]
	}
	return string(s)
}

// hidden stands for what is secret, in logs and errors.
const hidden = "******"

// send sends a command. What was said before it is no answer.
func (m *Modem) send(ctx context.Context, command, end string) error {
	for text := m.take(); text != ""; text = m.take() {
		m.note(text) // what it has said unasked may matter
	}
	if chat.SecretCommand(command) {
		m.secret, m.command = true, hidden
	} else {
		m.command = command
	}
	m.in, m.got, m.began = nil, nil, time.Now()
	m.log.Debug("modem is told", "command", m.command)
	m.conn.SetWriteDeadline(m.began.Add(writeTime))
	n, err := 0, ctx.Err()
	if err == nil {
		n, err = io.WriteString(m.conn, command+end)
	}
	if err == nil {
		return nil
	}
	switch {
	case ctx.Err() != nil:
		err = context.Cause(ctx)
	case errors.Is(err, os.ErrDeadlineExceeded):
		err = errTakesNothing
	}
	e := m.failed(err)
	e.Unsent = n == 0
	return e
}

var errTakesNothing = errors.New("the line takes nothing: flow control stops it, or nothing is connected")

// next waits for the next line, and takes note of it.
func (m *Modem) next(ctx context.Context, end time.Time) (Result, error) {
	text, err := m.line(ctx, end)
	if err != nil {
		return Result{}, m.failed(err)
	}
	return m.note(text), nil
}

func (m *Modem) note(text string) Result {
	r := ParseResult(text)
	m.overhear(text)
	shown := string(m.secrets.Mask([]byte(text)))
	if r.Code == None && m.secret {
		shown = hidden // the echo
	}
	m.log.Debug("modem says", "text", shown)
	m.got = append(append(m.got, shown...), "\r\n"...)
	m.got = m.got[max(0, len(m.got)-maxShown):]
	return r
}

// until waits for one of the results, within d.
func (m *Modem) until(ctx context.Context, d time.Duration, wanted ...Code) (Result, error) {
	end := time.Now().Add(d)
	for {
		r, err := m.next(ctx, end)
		if err != nil {
			return r, err
		}
		for _, c := range wanted {
			if r.Code == c {
				return r, nil
			}
		}
		if !time.Now().Before(end) { // who chatters gains no time
			return r, m.failed(ErrSilent)
		}
	}
}

func (m *Modem) failed(err error) *Error {
	e := &Error{Command: m.command, After: time.Since(m.began), Err: err, Got: m.got}
	if !m.secret {
		e.Got = append(append([]byte(nil), m.got...), m.secrets.Mask(m.in)...)
		e.Got = e.Got[max(0, len(e.Got)-maxShown):]
	}
	return e
}

func (m *Modem) refused(r Result) *Error {
	return &Error{Command: m.command, Result: r, After: time.Since(m.began), Got: m.got}
}
