package dialtest

import (
	"fmt"
	"strconv"
	"strings"
	"time"
)

// reply is the answer to one command: information text and a result. NoResult
// as the result: it comes later, from the exchange, or never.
type reply struct {
	lines  []string
	result string // "": OK
}

var failed = reply{result: resError}

// basic answers a command by the built-in rules: ITU-T V.250 and the usage of Hayes.
func (m *machine) basic(now time.Time, cmd string) reply {
	if strings.IndexByte("+^$#!*_", cmd[0]) >= 0 {
		return m.extended(now, cmd)
	}
	cmd = upperOutside(cmd)
	switch cmd[0] {
	case 'D':
		return m.dial(now, cmd[1:])
	case 'S':
		return m.register(cmd[1:])
	}
	name, arg := cmd[:1], cmd[1:]
	if strings.IndexByte(`&%\`, cmd[0]) >= 0 {
		if len(cmd) < 2 {
			return failed
		}
		name, arg = cmd[:2], cmd[2:]
	}
	n := 0
	if arg != "" {
		v, err := strconv.Atoi(arg)
		if err != nil || v > 255 {
			return failed
		}
		n = v
	}
	return m.letter(now, name, n)
}

// letter answers the commands of the form letter and number.
func (m *machine) letter(now time.Time, name string, n int) reply {
	flag := func(v *bool) reply {
		if n > 1 {
			return failed
		}
		*v = n == 1
		return reply{}
	}
	switch name {
	case "A":
		m.ex.answer(now, m)
		return reply{result: NoResult}
	case "E":
		return flag(&m.echo)
	case "V":
		return flag(&m.verbose)
	case "Q":
		return flag(&m.quiet)
	case "X":
		if n > 4 {
			return failed
		}
		m.x = n
	case "&D":
		if n > 3 {
			return failed
		}
		m.dropDTR = n
	case "H":
		if n == 0 {
			held := m.state == Escaped
			m.ex.leave(now, m)
			if held {
				m.ex.hooks.carrier(m)
			}
		}
	case "I":
		return reply{lines: m.ident()}
	case "O":
		return m.ex.resume(now, m)
	case "Z":
		m.ex.leave(now, m)
		m.settings = m.stored
	case "&F":
		m.settings = factory()
	case "&W":
		m.stored = m.settings
	case "&V":
		return reply{lines: m.view()}
	case "B", "C", "F", "L", "M", "N", "P", "T", "W", "Y",
		"&A", "&B", "&C", "&G", "&H", "&I", "&J", "&K", "&L", "&M", "&N", "&P", "&Q", "&R", "&S", "&T", "&U", "&X", "&Y", "&Z",
		`\A`, `\G`, `\J`, `\K`, `\N`, `\Q`, `\V`, "%C", "%E", "%B":
	default:
		return failed
	}
	return reply{}
}

// register is Sn=value and Sn?.
func (m *machine) register(s string) reply {
	i := strings.IndexAny(s, "=?")
	if i < 0 {
		i = len(s)
	}
	n, err := strconv.Atoi(s[:i])
	if err != nil || n >= len(m.s) {
		return failed
	}
	switch op := s[i:]; {
	case op == "?":
		return reply{lines: []string{fmt.Sprintf("%03d", m.s[n])}}
	case strings.HasPrefix(op, "="):
		v, err := strconv.Atoi("0" + op[1:])
		if err != nil || v > 255 {
			return failed
		}
		m.s[n] = byte(v)
	}
	return reply{}
}

// dial is ATD.
func (m *machine) dial(now time.Time, arg string) reply {
	d := parseDial(arg)
	switch {
	case m.state == Ringing:
		m.ex.glare(now, m)
		return reply{result: NoResult}
	case m.state != Idle || m.first != nil:
		return failed
	case d.voice || d.number == "":
		// A voice call or an open line: nothing that carries data.
		return reply{}
	}
	m.ex.dial(now, m, d)
	return reply{result: NoResult}
}

// ident is ATI.
func (m *machine) ident() []string {
	if len(m.prof.Ident) > 0 {
		return m.prof.Ident
	}
	return []string{m.prof.Manufacturer, m.prof.Model, "Revision: " + m.prof.Revision}
}

// view is AT&V.
func (m *machine) view() []string {
	bit := func(b bool) int {
		if b {
			return 1
		}
		return 0
	}
	v := []string{fmt.Sprintf("E%d Q%d V%d X%d &D%d", bit(m.echo), bit(m.quiet), bit(m.verbose), m.x, m.dropDTR)}
	var regs []string
	for i, x := range m.s[:13] {
		regs = append(regs, fmt.Sprintf("S%02d:%03d", i, x))
	}
	return append(v, strings.Join(regs, " "))
}
