package chat

import (
	"bytes"
	"regexp"
	"strconv"
	"strings"
	"time"
)

// A parser turns words into steps.
type parser struct {
	words    []Word
	where    func(off int) string
	chatFile bool // chat(8)'s own file, where @ means something
	faults   []*SyntaxError

	// What the script is about at this point.
	modem    bool // it speaks with a modem in command mode, see the package comment
	password bool // the last expect asks for a secret

	secrets []Word // that are sent
}

// directive gives the kind of a word of chat(8) that stands in place of an expect.
func directive(word string) (k kind, ok bool) {
	for k := abort; k <= hangup; k++ {
		if word == k.String() {
			return k, true
		}
	}
	return 0, false
}

func (p *parser) parse() (Script, error) {
	p.modem = true
	var s Script
	sendDue := false
	for i := 0; i < len(p.words); i++ {
		w := p.words[i]
		k, isDirective := directive(w.Text)
		switch {
		// Where something to send is due, a directive says that there is nothing
		// (chat(8) would send its name). A password may be any word.
		case isDirective && !(sendDue && p.password):
			sendDue = false
			if i++; i == len(p.words) {
				p.fault(w, 0, w.Text+" without a word behind it", "")
				break
			}
			s.Steps = append(s.Steps, p.directive(k, w, p.words[i]))
		case sendDue:
			sendDue = false
			s.Steps = append(s.Steps, Step{Where: w.Where, kind: send, send: p.message(w)})
			p.password = false
		default:
			sendDue = true
			s.Steps = append(s.Steps, p.expect(w))
		}
	}
	if len(p.faults) > 0 {
		return Script{}, joined(p.faults)
	}
	return s, nil
}

func (p *parser) directive(k kind, w, arg Word) Step {
	st := Step{Where: w.Where, kind: k}
	switch k {
	case abort, clearAbort, report, clearReport:
		st.match = p.pattern(arg, true)
		if len(st.match.text) == 0 {
			p.fault(arg, 0, w.Text+" of nothing", "write the text that it is about")
		}
	case timeout:
		n, err := strconv.Atoi(arg.Text)
		if err != nil || n < 0 || n > 24*60*60 {
			p.fault(arg, 0, "TIMEOUT wants a number of seconds", "write 0 for the default or a number up to 86400")
		}
		st.wait = time.Duration(n) * time.Second
	case say:
		st.say = p.said(arg)
	case echo, hangup:
		st.on = strings.EqualFold(arg.Text, "ON")
		if !st.on && !strings.EqualFold(arg.Text, "OFF") {
			p.fault(arg, 0, w.Text+" wants ON or OFF", "")
		}
	}
	return st
}

// expect reads a word of the form expect[-send-expect]... The parts alternate,
// and a last part to send ends the step by going on.
func (p *parser) expect(w Word) Step {
	st := Step{Where: w.Where, kind: expect}
	p.password = false
	connected := false
	for i, part := range p.parts(w) {
		if i%2 == 1 {
			st.turns[i/2].reply = p.message(part)
			continue
		}
		want := p.pattern(part, p.modem)
		p.password = p.password || asksSecret.Match(want.text)
		connected = connected || want.isConnect()
		st.turns = append(st.turns, turn{want: want})
	}
	if connected {
		p.modem = false
	}
	return st
}

// asksSecret tells a prompt whose answer nobody else should see.
var asksSecret = regexp.MustCompile(`(?i)pass|sswd|word|wort\b|secret|code\b|\bpin\b`)

// parts cuts a word at the minus signs that have no backslash before them,
// quotes or not, as chat(8) does.
func (p *parser) parts(w Word) []Word {
	var parts []Word
	start := 0
	cut := func(end int) {
		parts = append(parts, Word{Text: w.Text[start:end], Where: p.place(w, start), Off: w.Off + start})
		start = end + 1
	}
	for i := 0; i < len(w.Text); i++ {
		switch w.Text[i] {
		case '\\':
			i++
		case '-':
			cut(i)
		}
	}
	cut(len(w.Text))
	return parts
}

// pattern reads a text to wait for. If codes is set, modem result codes match
// at the beginning of a line only.
func (p *parser) pattern(w Word, codes bool) pattern {
	var text []byte
	p.tokens(w, 0, func(i int, t token) {
		switch {
		case t.op != opText:
			p.fault(w, i, "the escape "+w.Text[i:i+2]+" has no meaning in a text to wait for", `write \\ for a backslash`)
		case t.char&0x7f == 0:
			p.fault(w, i, "NUL cannot be waited for", "")
		default:
			text = append(text, t.char&0x7f)
		}
	})
	return newPattern(w.Text, text, codes)
}

// said reads what SAY shows: the characters that can be shown.
func (p *parser) said(w Word) string {
	var text []byte
	p.tokens(w, 0, func(_ int, t token) {
		if t.op == opText && t.char != 0 {
			text = append(text, t.char)
		}
	})
	return string(bytes.TrimSpace(text))
}

// message reads a word to send.
func (p *parser) message(w Word) *message {
	switch w.Text {
	case "BREAK":
		return &message{ops: []op{{code: opBreak}}}
	case "EOT":
		return &message{ops: []op{{code: opText, text: []byte{4}}}}
	}
	if p.chatFile && len(w.Text) > 1 && w.Text[0] == '@' {
		p.fault(w, 0, "chat(8) takes what begins with @ for the name of a file to send",
			`put the text itself here, or write \100 for the sign @`)
	}
	m := &message{secret: p.password}
	start, noCR := 0, false
	if n := vendorCommand(w.Text); n > 0 {
		m.add(op{code: opText, text: []byte(w.Text[:n])})
		start = n
	}
	p.tokens(w, start, func(_ int, t token) {
		switch t.op {
		case opText:
			m.add(op{code: opText, text: []byte{t.char}})
		case opNoCR:
			noCR = true
		case opSecret:
			m.secret = true
		default:
			m.add(op{code: t.op, pause: t.pause})
		}
	})
	said := bytes.Trim(m.text(), "\r\n")
	if SecretCommand(string(said)) {
		m.secret = true
	}
	if len(said) > 0 {
		p.modem = commandLine.Match(said)
	}
	if m.cr = !noCR; m.secret && len(said) > 0 {
		p.secrets = append(p.secrets, w)
	}
	return m
}

var (
	// commandLine tells a line to a modem in command mode, or its escape.
	commandLine = regexp.MustCompile(`(?i)^(AT|A/|\+\+\+)`)

	huawei = regexp.MustCompile(`(?i)^AT\^[A-Z][A-Z0-9]{2}`)
)

// vendorCommand gives the length of AT^ at the beginning of a command like
// AT^SYSCFG, whose ^ no one means as a control character; AT^M is AT and CR.
func vendorCommand(s string) int {
	if huawei.MatchString(s) {
		return len("AT^")
	}
	return 0
}

// tokens gives each token of w from the byte start on to yield, and reports the
// faults.
func (p *parser) tokens(w Word, start int, yield func(i int, t token)) {
	for i := start; i < len(w.Text); {
		t, n, fault, hint := lex(w.Text[i:])
		if fault != "" {
			p.fault(w, i, fault, hint)
		} else {
			yield(i, t)
		}
		i += n
	}
}

func (p *parser) fault(w Word, i int, msg, hint string) {
	p.faults = append(p.faults, &SyntaxError{Where: p.place(w, i), Off: w.Off + i, Msg: msg, Hint: hint})
}

// place gives the place of byte i of w, or of the word when the text it was cut
// from is not known.
func (p *parser) place(w Word, i int) string {
	if p.where == nil {
		return w.Where
	}
	return p.where(w.Off + i)
}
