package convert

import (
	"regexp"
	"slices"
	"strings"
)

// A call is what a script tells a modem, in the terms of ppp.conf's own dialogue
// with modems.
type call struct {
	apn    *command // AT+CGDCONT
	pdp    pdp
	pin    *command // AT+CPIN
	digits string
	init   []command
	dial   *command // ATD
	number string
	login  []step
	left   []command // what the built-in dialogue does by itself, and
	why    []string  // why that is left out
}

// A command is what a script sends when the modem is ready.
type command struct {
	text  string // AT...
	shown string // as a remark has it, secrets left out
	at    place
}

func (c command) was() was { return was{c.at, c.shown} }

func (c command) usesContext() bool {
	return contextUse.MatchString(c.text) && !queryCommand.MatchString(c.text)
}

// A pdp is the context of a cellular network that AT+CGDCONT defines.
type pdp struct {
	name, kind string
	cid        string
}

func (p pdp) apn() string {
	switch {
	case p.cid != "1":
		return p.name + "," + p.kind + "," + p.cid
	case p.kind != "IP":
		return p.name + "," + p.kind
	}
	return p.name
}

// results are the texts at which scripts end because the modem says so; the
// built-in dialogue knows them.
var results = map[string]bool{
	"BUSY": true, "NO CARRIER": true, "NO DIALTONE": true, "NO DIAL TONE": true, "NO DIAL": true,
	"NO ANSWER": true, "NO ANSWERTONE": true, "NO PREFIXES": true, "ERROR": true, "+CME ERROR": true, "+CMS ERROR": true,
	"VOICE": true, "FAX": true, "DATA": true, "DELAYED": true, "BLACKLISTED": true, "BLACK LISTED": true,
	"RING": true, "RINGING": true, "FCERROR": true, "NO CONNECTION": true, "LOCKED": true,
}

// Reasons why something is left out.
const (
	whyResults  = "the built-in dialogue knows the results of modems"
	whyTexts    = "the built-in dialogue does not look for this text"
	whyTimes    = "the built-in dialogue has times of its own"
	whyTelling  = "the log tells how the call goes"
	whyWakes    = "ppp wakes the modem and ends an old call by itself"
	whyQueries  = "with apn= ppp asks that by itself, waits for the network, and tells it in the log"
	whyNumber   = "apn= stands for this number"
	whyNoAnswer = "nothing is said"
)

var (
	dialCommand  = regexp.MustCompile(`(?i)^ATD([TP]?)(.*)$`)
	plainNumber  = regexp.MustCompile(`^[0-9A-Da-d*#+,!@W;=\-() /TPtp.]*$`)
	contextDef   = regexp.MustCompile(`(?i)^AT\+CGDCONT=(\d{1,3}),"?(IP|IPV6|IPV4V6|PPP)"?,"([^"]*)"`)
	pinCommand   = regexp.MustCompile(`(?i)^AT\+CPIN="?(\d{4,8})"?$`)
	wakeCommand  = regexp.MustCompile(`(?i)^AT(H0?)?$`)
	queryCommand = regexp.MustCompile(`(?i)^AT(I\d*|\+CSQ|\+CGM[IMR]|\+CGSN|\+CIMI|\+[CQ]?CCID|\^?\+?[A-Z$#]+\?)$`)
	// secretCommand tells commands that carry a PIN or a password, by the
	// letters that makers of modems give them.
	secretCommand = regexp.MustCompile(`(?i)^("?AT.*(?:PIN|PWD|LCK|AUTH|PASS|ICSGP|PDPP)[A-Z]*=).+`)
	askedSecret   = regexp.MustCompile(`(?i)pass|sswd|word|wort\b|secret|code\b|\bpin\b`)
	// contextUse tells commands that use a context or attach with it, by the
	// letters that their names have.
	contextUse = regexp.MustCompile(`(?i)^AT[^"]*(CGACT|CGATT|CGCMOD|CGDATA|CGDSCONT|CGTFT|CGE?Q(REQ|MIN|OS)|AUTH|ICSGP|PDP|QIACT|CNACT|NDISDUP)`)
)

// hiddenCommand leaves the secrets of a command out.
func hiddenCommand(s string) string { return secretCommand.ReplaceAllString(s, "${1}******") }

// hidden is what a remark has in place of a secret.
const hidden = "******"

// shownStep is a step of a script without its secrets.
func shownStep(s step) string {
	send := hiddenCommand(s.send.text)
	if askedSecret.MatchString(s.expect.text) && !s.directive || strings.Contains(send, `\q`) {
		send = hidden
	}
	expect := parts(s.expect.text)
	for i := 1; i < len(expect); i += 2 {
		expect[i] = hiddenCommand(expect[i])
	}
	return strings.TrimSpace(quotedIf(strings.Join(expect, "-")) + " " + quotedIf(send))
}

// shownLogin is a login without its secrets: whatever the prompts are, only the
// first text that is sent, the name, shows.
func shownLogin(ss []step) string {
	var words []string
	named := false
	for _, s := range ss {
		if !s.directive {
			expect := parts(s.expect.text)
			for i := 1; i < len(expect); i += 2 {
				if tells(expect[i]) {
					expect[i] = hidden
				}
			}
			s.expect.text = strings.Join(expect, "-")
			if tells(s.send.text) {
				if named {
					s.send.text = hidden
				}
				named = true
			}
		}
		words = append(words, shownStep(s))
	}
	return strings.Join(words, " ")
}

// tells says whether a word to send has a text, beside line ends, pauses and
// breaks.
func tells(s string) bool {
	text, ok := said(strings.ReplaceAll(s, `\K`, ""))
	return !ok || text != "" && text != "BREAK" && text != "EOT"
}

func quotedIf(s string) string {
	switch {
	case strings.Contains(s, "'"):
		return `"` + s + `"`
	case s == "" || strings.ContainsAny(s, " \t"):
		return "'" + s + "'"
	}
	return s
}

// recognise reads steps as a dialogue with a modem. It is false when the script
// does what the built-in dialogue cannot do; then it must stay a script. Without
// dial there is no ATD.
func recognise(ss []step) (call, bool) {
	var c call
	var own []step // ABORT and CLR_ABORT of texts that modems do not say
	var timing []step
	i := 0
	for ; i < len(ss) && c.dial == nil; i++ {
		s := ss[i]
		if s.directive {
			if !c.directive(s, &own, &timing) {
				return c, false
			}
			continue
		}
		if !readyExpect(s.expect.text) {
			return c, false
		}
		if s.last {
			continue
		}
		text, ok := said(s.send.text)
		switch {
		case !ok:
			return c, false
		case text == "" || strings.HasPrefix(text, "+++"):
			continue
		case !strings.EqualFold(text[:min(2, len(text))], "AT"):
			return c, false
		}
		c.command(command{text, shownStep(s), s.send.at})
	}
	c.contexts()
	if c.dial == nil {
		return c, i == len(ss)
	}
	return c, c.connected(ss[i:], own, timing)
}

// directive takes a directive that comes before the call.
func (c *call) directive(s step, own, timing *[]step) bool {
	cmd := command{shown: shownStep(s), at: s.expect.at}
	switch s.expect.text {
	case "ABORT", "CLR_ABORT":
		text, ok := said(s.send.text)
		if ok && results[strings.ToUpper(strings.TrimSpace(text))] {
			c.leave(cmd, whyResults)
		} else {
			*own = append(*own, s)
		}
	case "TIMEOUT":
		*timing = []step{s}
		c.leave(cmd, whyTimes)
	case "HANGUP":
		return false
	default:
		c.leave(cmd, whyTelling)
	}
	return true
}

func (c *call) leave(cmd command, why string) {
	c.left = append(c.left, cmd)
	c.why = append(c.why, why)
}

// command takes what is sent while the modem is in command mode.
func (c *call) command(cmd command) {
	if m := dialCommand.FindStringSubmatch(cmd.text); m != nil {
		c.dial, c.number = &cmd, strings.TrimSpace(m[2])
		if strings.EqualFold(m[1], "P") {
			c.number = "P" + c.number
		}
		return
	}
	if m := pinCommand.FindStringSubmatch(cmd.text); m != nil && c.pin == nil {
		c.pin, c.digits = &cmd, m[1]
		return
	}
	if wakeCommand.MatchString(cmd.text) {
		c.leave(cmd, whyWakes)
		return
	}
	c.init = append(c.init, cmd)
}

// contexts finds the definition of the context that is dialed, and leaves out
// what apn= makes needless. The definition stays where it is as well if later
// commands want the context, for that of apn= comes behind all of them.
func (c *call) contexts() {
	cid := "1"
	if m := regexp.MustCompile(`^\*9\d\*\*\*?(\d+)`).FindStringSubmatch(c.number); m != nil {
		cid = m[1]
	}
	var rest []command
	at, kept := 0, false // of the definition, among rest
	for _, cmd := range c.init {
		m := contextDef.FindStringSubmatch(cmd.text)
		if m != nil && m[1] == cid && m[3] != "" && !strings.ContainsAny(m[3], ", ") {
			if c.apn != nil && !kept {
				c.leave(*c.apn, "a later line defines the context anew")
			}
			c.apn, c.pdp = &cmd, pdp{m[3], strings.ToUpper(m[2]), m[1]}
			at, kept = len(rest), false
			continue
		}
		if c.apn != nil && !kept && cmd.usesContext() {
			rest, kept = slices.Insert(rest, at, *c.apn), true
		}
		rest = append(rest, cmd)
	}
	c.init = rest
	if c.apn == nil {
		return
	}
	c.init = nil
	for _, cmd := range rest {
		if queryCommand.MatchString(cmd.text) {
			c.leave(cmd, whyQueries)
		} else {
			c.init = append(c.init, cmd)
		}
	}
	if c.dial != nil && c.number == "*99***"+c.pdp.cid+"#" {
		c.leave(*c.dial, whyNumber)
		c.number = ""
	}
}

// connected takes what follows ATD: CONNECT, and then a login or nothing.
func (c *call) connected(ss, own, timing []step) bool {
	var login []step
	wakes := -1 // where login has what is sent behind CONNECT
	for n, s := range ss {
		if s.directive {
			if s.expect.text == "TIMEOUT" {
				timing = nil
			}
			login = append(login, s)
			continue
		}
		if text, ok := said(s.expect.text); !ok || !strings.HasPrefix(strings.TrimSpace(text), "CONNECT") || len(parts(s.expect.text)) > 1 {
			return false
		}
		if !s.last && !silent(s.send.text) {
			s.expect.text = ""
			wakes = len(login)
			login = append(login, s)
		}
		login = append(login, ss[n+1:]...)
		break
	}
	talks := false
	for _, s := range login {
		text, ok := said(s.send.text)
		talks = talks || !s.directive && (s.expect.text != "" || !ok || text != "")
	}
	if talks {
		next := login
		if wakes == 0 {
			next = login[1:]
		}
		if len(next) > 0 && next[0].directive && next[0].expect.text == "TIMEOUT" {
			timing = nil
		}
		c.login = append(append(own, timing...), login...)
		return true
	}
	if wakes >= 0 { // it wakes nobody
		login = slices.Delete(login, wakes, wakes+1)
	}
	for _, s := range append(own, login...) {
		cmd := command{shown: shownStep(s), at: s.expect.at}
		switch {
		case !s.directive:
			c.leave(cmd, whyNoAnswer)
		case s.expect.text == "TIMEOUT":
			c.leave(cmd, whyTimes)
		case strings.HasSuffix(s.expect.text, "ABORT"):
			c.leave(cmd, whyTexts)
		default:
			c.leave(cmd, whyTelling)
		}
	}
	return true
}

// readyExpect tells whether an expect only waits for the modem to be ready: OK
// or nothing, and what is tried again when OK does not come.
func readyExpect(s string) bool {
	for i, p := range parts(s) {
		text, ok := said(p)
		switch {
		case !ok:
			return false
		case i%2 == 1:
			if text != "" && !strings.EqualFold(text[:min(2, len(text))], "AT") && !strings.HasPrefix(text, "+++") {
				return false
			}
		case text != "" && text != "OK":
			return false
		}
	}
	return true
}

// said gives the text of a word without its line ends and pauses. It is false
// when there is more to it: breaks, other people's numbers, control characters.
func said(s string) (string, bool) {
	var b strings.Builder
	for i := 0; i < len(s); i++ {
		c := s[i]
		switch {
		case c == '^' && i+1 < len(s):
			i++
			switch s[i] {
			case 'M', 'm', 'J', 'j':
			default:
				if !strings.EqualFold(b.String(), "AT") { // Huawei's commands
					return "", false
				}
				b.WriteByte('^')
				b.WriteByte(s[i])
			}
		case c == '\\' && i+1 < len(s):
			i++
			switch e := s[i]; e {
			case 'r', 'n', 'c', 'd', 'p', 'q':
				// commands are ended, paced and kept secret anyway
			case 's':
				b.WriteByte(' ')
			case 'D', 'T', 'U', 'K', 'N', 'E', 'e', 'M', 'm', 't', 'b', '0', '1', '2', '3', '4', '5', '6', '7':
				return "", false
			default:
				b.WriteByte(e)
			}
		case c < ' ' || c >= 0x7f:
			return "", false
		default:
			b.WriteByte(c)
		}
	}
	return strings.TrimSpace(b.String()), true
}

// silent tells a word of which nothing is sent, not even a CR.
func silent(s string) bool {
	return strings.Contains(s, `\c`) && strings.NewReplacer(`\c`, "", `\d`, "", `\p`, "", `\q`, "").Replace(s) == ""
}

// takes makes settings of a call.
func (d *draft) takes(c call) {
	for _, cmd := range c.init {
		d.add("modem_init", cmd.text, cmd.was())
	}
	if c.apn != nil {
		why := []string{}
		if i := strings.IndexByte(c.pdp.name, ':'); i > 0 {
			why = append(why, "the part before the colon is for modems that take the authentication from it")
		}
		d.put("apn", c.pdp.apn(), c.apn.was(), why...)
	}
	if c.pin != nil {
		d.put("pin", c.digits, c.pin.was())
	}
	if c.dial != nil && c.number != "" {
		d.add("phone", c.number, c.dial.was())
	}
	if len(c.login) > 0 {
		d.put("login_chat", ours(c.login), was{c.login[0].expect.at, shownLogin(c.login)})
	}
	for i, cmd := range c.left {
		d.none(cmd.was(), c.why[i])
	}
}

// dials makes settings of the script that makes the call, and of what is said to
// the modem before it.
func (d *draft) dials(before []step, s script, w was) {
	ss := steps(s.words)
	if len(ss) == 0 {
		d.none(w, "the script is empty")
		return
	}
	if n := len(before); n > 0 && before[n-1].last { // nothing is sent before the next expect
		before[n-1].last = false
		before[n-1].send = word{text: `\c`, at: before[n-1].expect.at}
	}
	ss = append(before, ss...)
	c, ok := recognise(ss)
	if ok && c.dial != nil && plainNumber.MatchString(c.number) {
		d.takes(c)
		return
	}
	d.put("chat", ours(ss), w, whyWhole)
}

const whyWhole = "as a whole: it does more than the built-in dialogue with modems"

// scriptAlone makes an entry of a script that no other file names.
func (j *job) scriptAlone(in *input) {
	words := scriptWords(in.File, func(p place, msg string) { j.fail(p, "%s", msg) })
	words = j.filled(words, [2]string{}, false)
	d := j.draft(base(in.Name))
	d.put("device", "auto", was{}, "the script names no line; auto is the first tty that answers AT")
	d.dials(nil, script{words: words}, was{place{in.Name, 1}, base(in.Name)})
}
