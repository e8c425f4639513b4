package convert

import (
	"slices"
	"strings"
)

const (
	whyUUCP  = "about UUCP, not about the line"
	whyFirst = "all lines and numbers of an entry have that of the first; another one wants an entry of its own"
)

// A uuCall is what the alternates of a system say together.
type uuCall struct {
	u      *uucp
	d      *draft
	sys    *uuBlock
	phones []uuCommand
	lines  []string
	dialer *uuBlock
}

// system makes an entry of a system.
func (u *uucp) system(s *uuBlock) {
	c := &uuCall{u: u, d: u.j.draft(s.name), sys: s}
	for i := range len(s.alts) + 1 {
		cmds := s.cmds
		if i > 0 {
			cmds = append(append([]uuCommand(nil), s.cmds...), s.alts[i-1]...)
		}
		c.alternate(cmds, i == 0)
	}
	c.dial()
	c.login()
	if !c.d.has("device") && !c.d.has("in") {
		c.d.put("device", "auto", was{}, "no port of the system is known; auto is the first tty that answers AT")
		if _, named := lastOf(s.cmds, "port"); !named && len(u.ports) > 0 {
			u.j.warn(s.at, "no port fits the system %s: none has its speed and leads to its number or host", quotedIf(s.name))
		} else {
			u.j.warn(s.at, "no port of the system %s is known, give the port file as well", quotedIf(s.name))
		}
	}
	c.rest()
}

// alternate takes phone and ports.
func (c *uuCall) alternate(cmds []uuCommand, first bool) {
	phone, ok := lastOf(cmds, "phone")
	if !ok {
		phone, ok = lastOf(cmds, "address")
	}
	if ok && !slices.ContainsFunc(c.phones, func(p uuCommand) bool { return p.rest == phone.rest }) {
		c.phones = append(c.phones, phone)
	}
	speed, hasSpeed := speedOf(cmds)
	switch {
	case speed.rest == "0":
		speed.rest, hasSpeed = "", false // that of the port
	case hasSpeed && first:
		c.d.put("speed", speed.rest, speed.was())
	case hasSpeed:
		c.oneSpeed(speed)
	}
	for _, p := range c.ports(cmds, phone.rest, speed.rest) {
		c.port(p, phone, !hasSpeed)
	}
}

// oneSpeed says so of a speed that is not the entry's.
func (c *uuCall) oneSpeed(x uuCommand) {
	if s := c.d.get("speed"); s == nil || s.value != x.rest {
		c.onlyFirst(x.was())
	}
}

// onlyFirst says that an entry has no place for what an alternate has of its own.
func (c *uuCall) onlyFirst(w was) {
	c.u.j.warn(w.at, "%s: %s", w.text, whyFirst)
	c.d.none(w, whyFirst)
}

// uuScript gives the words of a chat with its fail strings and time-out first.
func uuScript(cmds []uuCommand, prefix string) (words []word, w was) {
	for _, x := range cmds {
		if x.key == prefix+"-fail" {
			words = append(words, word{text: "ABORT", at: x.at}, word{text: uuEscapes(x.rest), at: x.at})
		}
	}
	if x, ok := lastOf(cmds, prefix+"-timeout"); ok {
		words = append(words, word{text: "TIMEOUT", at: x.at}, word{text: x.rest, at: x.at})
	}
	x, ok := lastOf(cmds, prefix)
	if !ok {
		return nil, was{}
	}
	for _, s := range strings.Fields(x.rest) {
		if s == `""` {
			s = ""
		}
		words = append(words, word{text: uuEscapes(s), at: x.at})
	}
	return words, x.was()
}

// uuEscapes turns hexadecimal escapes into octal ones, takes \W, a time-out for
// one expect, away, and keeps ^ what it is.
func uuEscapes(s string) string {
	var b strings.Builder
	for i := 0; i < len(s); i++ {
		if s[i] == '^' {
			b.WriteByte('\\')
		}
		if s[i] != '\\' || i+1 == len(s) {
			b.WriteByte(s[i])
			continue
		}
		i++
		switch s[i] {
		case 'x':
			v := 0
			for ; i+1 < len(s); i++ {
				d := strings.IndexByte("0123456789abcdef", s[i+1]|0x20)
				if d < 0 || s[i+1] < '0' {
					break
				}
				v = (v<<4 | d) & 0xff
			}
			b.Write([]byte{'\\', '0' + byte(v)>>6, '0' + byte(v)>>3&7, '0' + byte(v)&7})
		case 'W':
			return b.String()
		default:
			b.WriteByte('\\')
			b.WriteByte(s[i])
		}
	}
	return b.String()
}

// uuCredential writes a name or password as a part of what is sent: its escapes
// are those of an expect, in which minus signs part nothing.
func uuCredential(s string) string {
	return strings.NewReplacer(`\\`, `\\`, `\-`, `\-`, `-`, `\-`).Replace(escapes1(uuEscapes(s), true))
}

// dial makes settings of the dialer.
func (c *uuCall) dial() {
	d := c.d
	tone, pause := ",", ","
	if c.dialer != nil {
		if x, ok := c.dialer.last("dialtone"); ok {
			tone = x.rest
			d.none(x.was(), "it is in the number")
		}
		if x, ok := c.dialer.last("pause"); ok {
			pause = x.rest
			d.none(x.was(), "it is in the number")
		}
	}
	number := func(p uuCommand) string { return strings.NewReplacer("=", tone, "-", pause).Replace(p.rest) }
	c.phones = slices.DeleteFunc(c.phones, func(p uuCommand) bool {
		bad := !plainNumber.MatchString(number(p))
		if bad {
			c.u.j.fail(p.at, "%s: not a telephone number", p.was().text)
			d.none(p.was(), "not a telephone number")
		}
		return bad
	})
	if c.dialer == nil {
		for _, p := range c.phones {
			d.add("phone", number(p), p.was())
		}
		return
	}
	if x, ok := c.dialer.last("chat-program"); ok {
		program := strings.NewReplacer(`\\`, `\`, `\D`, `"$PHONE"`, `\T`, `"$PHONE"`, `\Y`, `"$DEVICE"`, `\S`, `"$SPEED"`).Replace(x.rest)
		d.put("connect_cmd", program, x.was())
	}
	if len(c.phones) == 0 {
		d.remark("no number is known: phone= is missing")
	}
	words, w := uuScript(c.dialer.cmds, "chat")
	ss := steps(words)
	// A dialogue that the built-in one can do has its number in one place.
	const marker = "00000000000000"
	var tried []word
	for _, x := range words {
		x.text = strings.NewReplacer(`\D`, marker, `\T`, marker, `\M`, "", `\m`, "", `\E`, "", `\e`, "").Replace(x.text)
		tried = append(tried, x)
	}
	known, ok := recognise(steps(tried))
	before, after, found := strings.Cut(known.number, marker)
	switch {
	case len(words) == 0:
		for _, p := range c.phones {
			d.add("phone", number(p), p.was())
		}
	case ok && found && len(c.phones) > 0 && len(known.login) == 0:
		known.number = ""
		d.takes(known)
		for _, p := range c.phones {
			d.add("phone", before+number(p)+after, p.was(), known.dial.shownAs(marker))
		}
	default:
		d.put("chat", ours(ss), was{w.at, "chat ..."}, whyWhole)
		for _, p := range c.phones {
			d.add("phone", number(p), p.was())
		}
	}
	if words, w := uuScript(c.dialer.cmds, "complete-chat"); len(words) > 0 {
		d.put("hangup_chat", ours(steps(words)), w)
	} else if x, ok := c.dialer.last("complete"); ok {
		d.put("hangup_chat", `"" `+ourWord(uuEscapes(x.rest), false), x.was())
	}
	for _, x := range c.dialer.cmds {
		switch x.key {
		case "abort", "abort-chat":
			d.none(x.was(), "hangup_chat= serves after failed calls, too")
		case "dtr-toggle":
			d.none(x.was(), "ppp drops DTR when it has to")
		case "chat", "chat-fail", "chat-timeout", "chat-program", "complete", "complete-chat", "dialtone", "pause":
		case "carrier":
			if !truth(x.rest) {
				d.flag("local", x.was())
			}
		case "carrier-wait":
			d.none(x.was(), whyTimes)
		default:
			d.none(x.was(), whyUUCP)
		}
	}
}

// shownAs is the command that dials, with \D in place of the marker.
func (c *command) shownAs(marker string) string {
	return "dialed by: " + strings.ReplaceAll(c.text, marker, `\D`)
}

// login makes login_chat of the system's chat.
func (c *uuCall) login() {
	d, cmds := c.d, c.sys.cmds
	name, hasName := lastOf(cmds, "call-login")
	password, hasPassword := lastOf(cmds, "call-password")
	known, hasKnown := c.u.logins[strings.ToLower(c.sys.name)]
	for _, x := range []struct {
		cmd *uuCommand
		has bool
		i   int
	}{{&name, hasName, 0}, {&password, hasPassword, 1}} {
		if x.has && x.cmd.rest == "*" {
			if !hasKnown {
				c.u.j.fail(x.cmd.at, "%s *: the call file has no line for %s, give it as well", x.cmd.key, quotedIf(c.sys.name))
				d.none(x.cmd.was(), "login_chat= is missing")
				return
			}
			x.cmd.rest = known[x.i]
		}
	}
	words, w := uuScript(cmds, "chat")
	if len(words) == 0 {
		if !hasName {
			return
		}
		words, _ = uuScript(append(slices.Clone(cmds), uuCommand{"chat", `"" \r\c ogin:-BREAK-ogin:-BREAK-ogin: \L word: \P`, name.at}), "chat")
		w = was{name.at, "call-login, call-password"}
	}
	for i := range words {
		words[i].text = strings.NewReplacer(`\\`, `\\`, `\L`, uuCredential(name.rest), `\P`, `\q`+uuCredential(password.rest)).Replace(words[i].text)
	}
	if w.text != "call-login, call-password" {
		w.text = "chat " + shownLogin(steps(words))
	}
	if len(words) == 2 && words[0].text == "" && words[1].text == "" {
		return
	}
	d.put("login_chat", ours(steps(words)), w)
}

// rest says something of the other commands of the system.
func (c *uuCall) rest() {
	said := []string{"phone", "address", "speed", "baud", "port", "chat", "chat-fail", "chat-timeout", "call-login", "call-password"}
	said = append(said, "default-alternates")
	for _, x := range slices.Concat(c.sys.alts...) {
		c.alternateLogin(x)
	}
	all := slices.Concat(append([][]uuCommand{c.sys.cmds}, c.sys.alts...)...)
	for _, x := range all {
		switch {
		case slices.Contains(said, x.key):
		case x.key == "time" && strings.EqualFold(x.rest, "any"):
			c.d.none(x.was(), whyDefault)
		case x.key == "time", x.key == "timegrade":
			c.u.j.warn(x.at, "%s: when calls are allowed can be said in /etc/uucp/Systems, not in an entry with device=", x.was().text)
			c.d.none(x.was(), "when calls are allowed can be said in /etc/uucp/Systems, not in an entry with device=")
		case x.key == "chat-program":
			c.u.j.warn(x.at, "chat-program: a login can only be a dialogue, as login_chat=")
			c.d.none(x.was(), "a login can only be a dialogue, as login_chat=")
		case x.key == "max-retries":
			c.d.put("modtries", x.rest, x.was())
		case x.key == "success-wait":
			c.d.put("modwait", x.rest, x.was())
		default:
			c.d.none(x.was(), whyUUCP)
		}
	}
}

// alternateLogin says what an alternate's login has of its own.
func (c *uuCall) alternateLogin(x uuCommand) {
	w := x.was()
	same := func(y uuCommand) bool { return y.key == x.key && y.rest == x.rest }
	switch x.key {
	case "chat-fail":
		if slices.ContainsFunc(c.sys.cmds, same) {
			return
		}
	case "chat":
		words, _ := uuScript([]uuCommand{x}, "chat")
		w.text = "chat " + shownLogin(steps(words))
		fallthrough
	case "chat-timeout", "call-login", "call-password":
		if first, ok := lastOf(c.sys.cmds, x.key); ok && same(first) {
			return
		}
	default:
		return
	}
	c.onlyFirst(w)
}
