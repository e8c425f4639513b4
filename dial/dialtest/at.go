package dialtest

import (
	"strings"
	"time"
)

const (
	lineMax = 512  // characters of a command line
	heldMax = 4096 // bytes that wait while a command is worked on
)

// S-registers that mean something here (ITU-T V.250 section 6, and usage).
const (
	sAutoAnswer = 0  // rings until it answers by itself; 0: never
	sRings      = 1  // rings so far
	sEscape     = 2  // escape character
	sCR         = 3  // ends a command line
	sLF         = 4  //
	sBS         = 5  // deletes a character
	sWait       = 7  // seconds until an unanswered call is given up
	sPause      = 8  // seconds of a comma
	sGuard      = 12 // guard time around the escape sequence, 1/50 s
)

// settings is what commands change and ATZ restores.
type settings struct {
	tellCaller           bool // +VCID=1
	echo, verbose, quiet bool
	x                    int // ATX: what is heard, see heard
	dropDTR              int // AT&D: what DTR going off does: 0 nothing, 1 command mode, 2 hang up, 3 hang up and ATZ
	s                    [40]byte
}

func factory() settings {
	v := settings{echo: true, verbose: true, x: 4, dropDTR: 2}
	v.s[sEscape], v.s[sCR], v.s[sLF], v.s[sBS], v.s[6] = '+', '\r', '\n', '\b', 2
	v.s[sWait], v.s[sPause], v.s[10], v.s[sGuard] = 50, 2, 14, 50
	return v
}

// machine is the AT interpreter of one modem. It belongs to its exchange.
type machine struct {
	ex     *exchange
	name   string
	cfg    ModemConfig
	prof   *Profile
	served bool // a Service answers, at the first ring

	state  State
	call   *call
	dtr    bool // a program has the port open
	wedged bool

	settings
	stored settings // by AT&W
	line   []byte   // command line under way
	long   bool     // it is too long
	last   string   // for A/
	rest   string   // commands of the line that are still to be run
	busy   bool     // a command is worked on
	held   []byte   // input meanwhile
	esc    escape
	life   int   // raised by every power-on; timers of an earlier life are void
	used   []int // per row of the profile
	cell   *cell // nil: not cellular

	// A tty beside the one that makes calls has the modem's cell, and makes none.
	first *machine // the one that does; nil: this one
	deaf  bool     // nothing answers at it

	echoed []byte
}

// boot is power-on.
func (m *machine) boot(now time.Time) {
	m.life++
	m.state, m.wedged, m.busy = Idle, false, false
	m.settings, m.stored = factory(), factory()
	m.line, m.rest, m.held, m.last = nil, "", nil, ""
	m.used = make([]int, len(m.prof.Rows))
	if m.first != nil {
		m.wedged, m.cell = m.deaf, m.first.cell
		m.ex.hooks.changed(m)
		return
	}
	if m.prof.Cellular != nil {
		m.cell = newCell(m, m.prof.Cellular)
		m.cell.boot(now)
	}
	for _, s := range m.prof.Boot {
		m.after(now, s.After, func(now time.Time) { m.step(now, s) })
	}
	m.ex.hooks.changed(m)
}

// after runs f at now+d, unless the modem is switched off before.
func (m *machine) after(now time.Time, d time.Duration, f func(now time.Time)) {
	if d <= 0 {
		f(now)
		return
	}
	life := m.life
	m.ex.after(now, d, func(now time.Time) {
		if m.life == life {
			f(now)
		}
	})
}

// to changes the state.
func (m *machine) to(s State) {
	if m.state != s {
		m.state = s
		m.ex.hooks.changed(m)
	}
}

// input is what the program sends. It returns the part that is data of the call.
func (m *machine) input(now time.Time, b []byte) (data []byte) {
	defer m.flush()
	for i, c := range b {
		switch {
		case m.state == Off || m.wedged || m.first != nil && m.first.wedged:
			return nil
		case m.state == Online:
			m.esc.data(now, b[i:])
			m.ex.watchEscape(now, m)
			return b[i:]
		case m.busy:
			m.held = append(m.held, b[i:min(len(b), i+heldMax-len(m.held))]...)
			return nil
		case m.state == Dialing, m.state == Training:
			if c != '\n' { // of the CR LF that some send after the command
				m.ex.abort(now, m)
			}
		default:
			m.char(now, c)
		}
	}
	return nil
}

// char is one character of a command line.
func (m *machine) char(now time.Time, c byte) {
	if m.echo {
		m.echoed = append(m.echoed, c)
	}
	switch {
	case c == m.s[sCR]:
		line, long := string(m.line), m.long
		m.line, m.long = m.line[:0], false
		if long {
			m.final(resError)
			return
		}
		m.command(now, line)
	case c == '/' && len(m.line) > 0 && strings.EqualFold(string(m.line), "A"):
		m.line = m.line[:0]
		m.run(now, m.last)
	case c == m.s[sBS] || c == 0x7f:
		m.line = m.line[:max(0, len(m.line)-1)]
	case c < ' ':
	case len(m.line) == lineMax:
		m.long = true
	default:
		m.line = append(m.line, c)
	}
}

// command is a whole command line. What stands before its AT is noise.
func (m *machine) command(now time.Time, line string) {
	at := indexFold(line, "AT")
	if at < 0 {
		return
	}
	m.last = line[at+2:]
	m.run(now, m.last)
}

// run works on commands until the line is at its end, one fails, or one takes time.
func (m *machine) run(now time.Time, commands string) {
	m.rest = commands
	for {
		var cmd string
		cmd, m.rest = splitCommand(m.rest)
		if cmd == "" {
			m.final(resOK)
			return
		}
		row, delay := m.script(now, cmd)
		if m.state == Off || m.wedged {
			return
		}
		if delay > 0 {
			m.busy = true
			m.after(now, delay, func(now time.Time) { m.resume(now, cmd, row) })
			return
		}
		if !m.answer(now, cmd, row) {
			return
		}
	}
}

// resume goes on after a delay.
func (m *machine) resume(now time.Time, cmd string, row *Row) {
	defer m.flush()
	m.busy = false
	if m.wedged {
		return
	}
	if m.answer(now, cmd, row) {
		m.run(now, m.rest)
	}
	if held := m.held; !m.busy {
		m.held = nil
		m.input(now, held)
	}
}

// answer answers one command, by its row or by the interpreter, and reports whether the
// line's next command may run.
func (m *machine) answer(now time.Time, cmd string, row *Row) bool {
	r := reply{result: resOK}
	if row != nil {
		r.lines, r.result = m.fillIn(row.Lines), row.Result
		if r.result == "" {
			r.result = resOK
		}
	} else if r = m.basic(now, cmd); r.result == "" {
		r.result = resOK
	}
	m.info(r.lines)
	switch r.result {
	case resOK:
		return true
	case NoResult:
	default:
		m.final(r.result)
	}
	return false
}

// script finds the row for a command, which is nil where the interpreter is to answer,
// and sets going what follows it.
func (m *machine) script(now time.Time, cmd string) (*Row, time.Duration) {
	upper := upperOutside(cmd)
	for i := range m.prof.Rows {
		row := &m.prof.Rows[i]
		if prefix, any := strings.CutSuffix(row.Command, "*"); upper != row.Command && !(any && strings.HasPrefix(upper, prefix)) {
			continue
		}
		if row.Times > 0 && m.used[i] >= row.Times {
			continue
		}
		m.used[i]++
		for _, s := range row.Then {
			m.after(now, s.After, func(now time.Time) { m.step(now, s) })
		}
		if row.Pass {
			return nil, row.Delay
		}
		return row, row.Delay
	}
	return nil, 0
}

// step does what a profile's script says.
func (m *machine) step(now time.Time, s Step) {
	defer m.flush()
	if s.Text != "" {
		m.urc(s.Text)
	}
	switch s.Do {
	case Wedge:
		m.wedge(true)
	case Replug:
		m.ex.hooks.replug(m)
	case DropCall:
		m.ex.drop(now, m)
	case Mute:
		m.ex.hooks.mute(m)
	default:
		if m.cell != nil {
			m.cell.step(now, s.Do)
		}
	}
}

// wedge makes the modem deaf and dumb, its line included.
func (m *machine) wedge(on bool) {
	m.wedged = on
	if on {
		m.ex.hooks.mute(m)
	}
}

// urc is an unsolicited result code. In data mode there is no place for it.
func (m *machine) urc(text string) {
	if m.state != Off && m.state != Online && !m.wedged {
		m.flush()
		m.ex.hooks.text(m, "\r\n"+text+"\r\n")
	}
}

// info is information text before a result.
func (m *machine) info(lines []string) {
	if len(lines) == 0 {
		return
	}
	text := strings.Join(lines, "\r\n") + "\r\n"
	if m.verbose {
		text = "\r\n" + text
	}
	m.flush()
	m.ex.hooks.text(m, text)
}

// final is a result code.
func (m *machine) final(text string) {
	m.flush()
	if m.quiet || m.wedged {
		return
	}
	text = heard(text, m.x)
	if m.verbose {
		text = "\r\n" + text + "\r\n"
	} else {
		text = code(text) + "\r"
	}
	m.ex.hooks.text(m, text)
}

// flush sends the echo that has gathered.
func (m *machine) flush() {
	if len(m.echoed) > 0 {
		m.ex.hooks.text(m, string(m.echoed))
		m.echoed = m.echoed[:0]
	}
}

// setDTR is told that a program has opened the port, or that none has it open any more.
func (m *machine) setDTR(now time.Time, on bool) {
	m.dtr = on
	if on || m.state == Off || m.wedged {
		return
	}
	m.line, m.long, m.held, m.echoed = m.line[:0], false, nil, nil
	switch {
	case m.dropDTR == 0:
	case m.dropDTR == 1 && m.state == Online:
		m.ex.escape(now, m)
	case m.dropDTR >= 2:
		m.ex.leave(now, m)
		if m.dropDTR == 3 {
			m.settings = m.stored
		}
	}
}
