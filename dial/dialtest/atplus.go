package dialtest

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
	"time"
)

// plus is an extended command taken apart: +NAME, what is asked of it, and the arguments.
type plus struct {
	name string   // in upper case, with its mark
	op   string   // "" execute, "?" read, "=?" test, "=" set
	args []string // of set; quotes removed
}

func parsePlus(cmd string) plus {
	i := strings.IndexAny(cmd, "=?")
	if i < 0 {
		return plus{name: strings.ToUpper(cmd)}
	}
	p := plus{name: strings.ToUpper(cmd[:i])}
	switch rest := cmd[i:]; {
	case rest == "?", rest == "=?":
		p.op = rest
	default:
		p.op = "="
		p.args = splitArgs(rest[1:])
	}
	return p
}

// splitArgs splits at commas outside of quotes.
func splitArgs(s string) []string {
	var args []string
	var b strings.Builder
	quoted := false
	for _, c := range s {
		switch {
		case c == '"':
			quoted = !quoted
		case c == ',' && !quoted:
			args = append(args, strings.TrimSpace(b.String()))
			b.Reset()
		default:
			b.WriteRune(c)
		}
	}
	return append(args, strings.TrimSpace(b.String()))
}

// arg is an argument by place, "" where there is none.
func (p plus) arg(i int) string {
	if i < len(p.args) {
		return p.args[i]
	}
	return ""
}

// number is a numeric argument, or def where it is left out, or -1.
func (p plus) number(i, def int) int {
	s := p.arg(i)
	if s == "" {
		return def
	}
	n, err := strconv.Atoi(s)
	if err != nil {
		return -1
	}
	return n
}

// extended answers a command with a mark in front.
func (m *machine) extended(now time.Time, cmd string) reply {
	p := parsePlus(cmd)
	if p.op == "" || p.op == "=?" {
		if text, ok := m.identity(p.name); ok {
			return reply{lines: slices.DeleteFunc([]string{text}, func(s string) bool { return p.op == "=?" })}
		}
	}
	switch p.name {
	case "+IPR", "+IFC", "+ICF", "+FCLASS", "+MS", "+DS", "+ES", "+DR", "+ER", "+EB", "+ILRR", "+GCAP":
		return reply{}
	}
	switch {
	case m.cell != nil:
		return m.cell.extended(now, p)
	case p.name == "+VCID" && p.op == "=":
		m.tellCaller = p.number(0, 0) == 1
		return reply{}
	}
	return failed
}

// identity answers the commands that ask who the modem is, with and without the C of TS 27.007.
func (m *machine) identity(name string) (string, bool) {
	if m.cell != nil {
		name = strings.Replace(name, "+CG", "+G", 1)
	}
	switch name {
	case "+GMI":
		return m.prof.Manufacturer, true
	case "+GMM":
		return m.prof.Model, true
	case "+GMR":
		return m.prof.Revision, true
	case "+GSN":
		return m.prof.Serial, true
	}
	return "", false
}

// extended answers the commands of 3GPP TS 27.007.
func (c *cell) extended(now time.Time, p plus) reply {
	switch p.name {
	case "+CMEE":
		return c.mode(&c.cmee, p, 2)
	case "+CREG":
		return c.registration(0, p)
	case "+CGREG":
		return c.registration(1, p)
	case "+CEREG":
		return c.registration(2, p)
	case "+CFUN":
		return c.function(now, p)
	case "+CPIN":
		return c.pin(now, p)
	case "+CGDCONT":
		return c.context(p)
	}
	if c.sim != simReady && p.op != "=?" {
		switch p.name {
		case "+CIMI", "+CCID", "+ICCID", "+QCCID", "+COPS", "+CGATT", "+CGACT", "+CGPADDR":
			return c.simError()
		}
	}
	switch p.name {
	case "+CSQ":
		return text("+CSQ: %d,%d", c.rssi(), c.ber())
	case "+CIMI":
		return text("%s", c.conf.SIM.IMSI)
	case "+CCID", "+ICCID", "+QCCID":
		return text("%s: %s", p.name, c.conf.SIM.ICCID)
	case "+CEER":
		return text("+CEER: %s", c.cause)
	case "+COPS":
		return c.operator(p)
	case "+CGATT":
		return c.attach(p)
	case "+CGACT":
		return c.activate(p)
	case "+CGPADDR":
		return text("+CGPADDR: %d,\"0.0.0.0\"", max(1, p.number(0, 1)))
	case "+CGAUTH", "+CGQREQ", "+CGQMIN", "+CGEREP", "+CSCS", "+CMGF", "+CNMI", "+CLIP", "+CRC", "+CTZU", "+CTZR", "+CPMS", "+CSMS", "+WS46":
		return reply{}
	}
	return c.fail(4)
}

// text is a reply of one line and OK.
func text(format string, args ...any) reply {
	return reply{lines: []string{fmt.Sprintf(format, args...)}}
}

// fail is an error as +CMEE asks for it.
func (c *cell) fail(code int) reply {
	switch c.cmee {
	case 1:
		return reply{result: fmt.Sprintf("+CME ERROR: %d", code)}
	case 2:
		return reply{result: "+CME ERROR: " + cme[code]}
	}
	return failed
}

// mode is a parameter from 0 to limit that can be set and read.
func (c *cell) mode(v *int, p plus, limit int) reply {
	switch p.op {
	case "?":
		return text("%s: %d", p.name, *v)
	case "=?":
		return text("%s: (0-%d)", p.name, limit)
	}
	n := p.number(0, 0)
	if n < 0 || n > limit {
		return c.fail(50)
	}
	*v = n
	return reply{}
}

// registration is +CREG, +CGREG and +CEREG.
func (c *cell) registration(domain int, p plus) reply {
	if p.op == "?" {
		return text("%s: %d,%d", p.name, c.report[domain], c.status)
	}
	return c.mode(&c.report[domain], p, 2)
}

// resetAfter is how long after the answer to +CFUN=1,1 the modem resets.
const resetAfter = 200 * time.Millisecond

// function is +CFUN.
func (c *cell) function(now time.Time, p plus) reply {
	switch p.op {
	case "?":
		return text("+CFUN: %d", c.fun)
	case "=?":
		return text("+CFUN: (0,1,4),(0,1)")
	}
	n := p.number(0, 1)
	if n != 0 && n != 1 && n != 4 {
		return c.fail(50)
	}
	if p.arg(1) == "1" {
		c.m.after(now, resetAfter, func(time.Time) { c.m.ex.hooks.replug(c.m) })
		return reply{}
	}
	c.fun = n
	if n == 1 {
		c.search(now)
	} else {
		c.m.ex.drop(now, c.m)
		c.searching++
		c.setStatus(0)
	}
	return reply{}
}

// operator is +COPS.
func (c *cell) operator(p plus) reply {
	switch p.op {
	case "?":
		if !c.registered() {
			return text("+COPS: %d", c.copsMode)
		}
		name := c.conf.Operator
		if c.copsFormat == 2 {
			name = c.conf.PLMN
		}
		return text("+COPS: %d,%d,\"%s\",%d", c.copsMode, c.copsFormat, name, c.conf.AcT)
	case "=?":
		return text("+COPS: (2,\"%s\",\"%s\",\"%s\",%d),,(0-4),(0-2)", c.conf.Operator, c.conf.Operator, c.conf.PLMN, c.conf.AcT)
	case "=":
		switch mode := p.number(0, 0); mode {
		case 0, 2:
			c.copsMode = mode
		case 1, 4:
			if p.arg(2) != c.conf.PLMN && p.arg(2) != c.conf.Operator {
				return c.fail(30)
			}
			c.copsMode = mode
		case 3:
			c.copsFormat = p.number(1, 0)
		default:
			return c.fail(50)
		}
	}
	return reply{}
}

// context is +CGDCONT: the packet data contexts.
func (c *cell) context(p plus) reply {
	switch p.op {
	case "?":
		var r reply
		for _, cid := range slices.Sorted(maps.Keys(c.contexts)) {
			r.lines = append(r.lines, fmt.Sprintf("+CGDCONT: %d,%s", cid, c.contexts[cid]))
		}
		return r
	case "=?":
		var r reply
		for _, t := range c.types() {
			r.lines = append(r.lines, fmt.Sprintf("+CGDCONT: (1-16),\"%s\",,,(0-2),(0-4)", t))
		}
		return r
	}
	cid := p.number(0, 0)
	if cid < 1 || cid > 16 {
		return c.fail(50)
	}
	if len(p.args) == 1 {
		delete(c.contexts, cid)
		return reply{}
	}
	if !slices.Contains(c.types(), p.arg(1)) {
		return c.fail(50)
	}
	c.contexts[cid] = fmt.Sprintf("\"%s\",\"%s\",\"%s\",%s,%s", p.arg(1), p.arg(2), p.arg(3), cmp.Or(p.arg(4), "0"), cmp.Or(p.arg(5), "0"))
	return reply{}
}

// attach is +CGATT, activate +CGACT.
func (c *cell) attach(p plus) reply {
	attached := 0
	if c.registered() {
		attached = 1
	}
	if p.op == "?" {
		return text("+CGATT: %d", attached)
	}
	if p.op == "=" && p.arg(0) == "1" && attached == 0 {
		return c.fail(30)
	}
	return reply{}
}

func (c *cell) activate(p plus) reply {
	if p.op == "?" {
		var r reply
		for _, cid := range slices.Sorted(maps.Keys(c.contexts)) {
			active := 0
			if c.m.state == Online || c.m.state == Escaped {
				active = 1
			}
			r.lines = append(r.lines, fmt.Sprintf("+CGACT: %d,%d", cid, active))
		}
		return r
	}
	if p.op == "=" && p.arg(0) == "1" && !c.registered() {
		return c.fail(30)
	}
	return reply{}
}
