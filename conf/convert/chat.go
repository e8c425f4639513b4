package convert

import (
	"fmt"
	"path"
	"regexp"
	"strings"
)

// A script is a conversation in the words of chat(8), made ready for ours: with
// telephone numbers, variables and files put in.
type script struct {
	words []word
}

// chatCommand reads a command that pppd runs for its line. It is false when that
// is not chat(8), or cannot be read.
func (j *job) chatCommand(command string, at place) (script, bool) {
	argv, plain := shellWords(command)
	if plain && len(argv) > 0 && argv[0] == "exec" {
		argv = argv[1:]
	}
	if len(argv) == 0 || path.Base(argv[0]) != "chat" {
		return script{}, false
	}
	var s script
	var file, timeout string
	var phone [2]string
	echo, env := false, false
	args := argv[1:]
	for len(args) > 0 && len(args[0]) > 1 && args[0][0] == '-' {
		a := args[0]
		args = args[1:]
		if a == "--" {
			break
		}
		for letters := a[1:]; letters != ""; {
			c := letters[0]
			letters = letters[1:]
			if strings.IndexByte("ftrTU", c) < 0 {
				switch c {
				case 'e':
					echo = true
				case 'E':
					env = true
				case 'v', 'V', 's', 'S':
				default:
					j.fail(at, "chat has no option -%c", c)
				}
				continue
			}
			if letters == "" {
				if len(args) == 0 {
					j.fail(at, "-%c of chat wants a word behind it", c)
					break
				}
				letters, args = args[0], args[1:]
			}
			switch c { // what -r names a file for goes to the log
			case 'f':
				file = letters
			case 't':
				timeout = letters
			case 'T':
				phone[0] = letters
			case 'U':
				phone[1] = letters
			}
			break
		}
	}
	if file != "" {
		f, ok := j.open(file, at.file, chatFile)
		if !ok {
			j.fail(at, "the script %s cannot be read, give it beside this file", file)
			return s, false
		}
		s.words = scriptWords(f, func(p place, msg string) { j.fail(p, "%s", msg) })
	} else {
		for _, a := range args {
			s.words = append(s.words, word{text: a, at: at})
		}
	}
	if timeout != "" {
		s.words = append([]word{{text: "TIMEOUT", at: at}, {text: timeout, at: at}}, s.words...)
	}
	if echo {
		s.words = append([]word{{text: "ECHO", at: at}, {text: "ON", at: at}}, s.words...)
	}
	s.words = j.filled(s.words, phone, env)
	return s, true
}

var variable = regexp.MustCompile(`\$(\w+|\{\w+\})`)

// filled puts the numbers, variables and files of a script in.
func (j *job) filled(words []word, phone [2]string, env bool) []word {
	out := make([]word, 0, len(words))
	expect := true
	for i := 0; i < len(words); i++ {
		w := words[i]
		directive := isDirective(w.text) && i+1 < len(words)
		if directive {
			out = append(out, w)
			i++
			w = words[i]
		}
		if env {
			w.text = j.expanded(w)
		}
		if !directive && !expect && len(w.text) > 1 && w.text[0] == '@' {
			w = j.included(w)
		}
		w.text = numbered(w.text, phone)
		out = append(out, w)
		expect = directive || !expect
	}
	return out
}

// expanded puts variables of the environment in.
func (j *job) expanded(w word) string {
	return variable.ReplaceAllStringFunc(w.text, func(v string) string {
		value, ok := j.opt.LookupEnv(strings.Trim(v[1:], "{}"))
		if !ok {
			j.fail(w.at, "the script wants the variable %s, which is not set here; set it and run pppimport again, or put its value in", v)
			return v
		}
		return value
	})
}

// included puts in the file whose name is behind an @.
func (j *job) included(w word) word {
	f, ok := j.open(w.text[1:], w.at.file, unknownFile)
	if !ok {
		j.fail(w.at, "the script sends the file %s, which cannot be read; put its text in", w.text[1:])
		return w
	}
	text, _ := strings.CutSuffix(string(f.Src), "\n")
	text, _ = strings.CutSuffix(text, "\r")
	if len(text) > 1000 {
		j.fail(w.at, "the file %s is too long to be sent by a script", w.text[1:])
		return w
	}
	w.text = `\q` + text
	return w
}

// numbered puts telephone numbers in place of \T and \U, and takes what chat(8)
// does not know for the letter that it is.
func numbered(s string, phone [2]string) string {
	var b strings.Builder
	for i := 0; i < len(s); i++ {
		if s[i] != '\\' || i+1 == len(s) {
			b.WriteByte(s[i])
			continue
		}
		i++
		switch {
		case s[i] == 'T' && phone[0] != "":
			b.WriteString(phone[0])
		case s[i] == 'U':
			b.WriteString(phone[1])
		case strings.IndexByte("DEeMm", s[i]) >= 0: // they mean something to UUCP only
			b.WriteByte(s[i])
		default:
			b.WriteByte('\\')
			b.WriteByte(s[i])
		}
	}
	return b.String()
}

var directives = map[string]bool{
	"ABORT": true, "CLR_ABORT": true, "REPORT": true, "CLR_REPORT": true,
	"TIMEOUT": true, "SAY": true, "ECHO": true, "HANGUP": true,
}

func isDirective(s string) bool { return directives[s] }

// A step is an expect with what is sent then, or a directive with its word.
type step struct {
	expect, send word
	directive    bool
	last         bool // an expect at the end, without anything to send
}

// steps pairs the words of a script. A directive in place of something to send
// stands for nothing to send.
func steps(words []word) []step {
	var ss []step
	for i := 0; i < len(words); i++ {
		w := words[i]
		if i+1 == len(words) {
			return append(ss, step{expect: w, last: true})
		}
		if !isDirective(w.text) && isDirective(words[i+1].text) && i+2 < len(words) {
			ss = append(ss, step{expect: w, send: word{text: `\c`, at: w.at}})
			continue
		}
		i++
		ss = append(ss, step{expect: w, send: words[i], directive: isDirective(w.text)})
	}
	return ss
}

// ours writes steps in the grammar of ppp.conf's expect-send values.
func ours(ss []step) string {
	var words []string
	for _, s := range ss {
		if s.directive {
			words = append(words, s.expect.text, ourWord(s.send.text, s.expect.text != "SAY"))
			continue
		}
		words = append(words, noDirective(ourExpect(s.expect.text)))
		if !s.last {
			words = append(words, noDirective(ourWord(s.send.text, false)))
		}
	}
	return strings.Join(words, " ")
}

// noDirective keeps a word from being taken for a directive.
func noDirective(s string) string {
	if !isDirective(s) {
		return s
	}
	return fmt.Sprintf(`\%03o%s`, s[0], s[1:])
}

// ourExpect writes a word to wait for, whose parts to send between minus signs
// have escapes of their own.
func ourExpect(s string) string {
	var b strings.Builder
	for i, part := range parts(s) {
		if i > 0 {
			b.WriteByte('-')
		}
		b.WriteString(escapes1(part, i%2 == 0))
	}
	return inQuotes(b.String())
}

// parts cuts an expect at its minus signs.
func parts(s string) []string {
	var ps []string
	start := 0
	for i := 0; i < len(s); i++ {
		switch s[i] {
		case '\\':
			i++
		case '-':
			ps = append(ps, s[start:i])
			start = i + 1
		}
	}
	return append(ps, s[start:])
}

func ourWord(s string, expect bool) string { return inQuotes(escapes1(s, expect)) }

// escapes1 makes the escapes of a word ours: of those that chat(8) does not know
// it takes the letter, and likewise of those that mean nothing in an expect.
func escapes1(s string, expect bool) string {
	known := `rntbs\^-"'` + "01234567"
	if !expect {
		known += "NcdpKDTEeMmq"
	}
	var b strings.Builder
	for i := 0; i < len(s); i++ {
		c := s[i]
		switch {
		case c == '^' && i+1 < len(s) && (i != 2 || !vendorCommand.MatchString(s)):
			i++
			b.Write([]byte{'\\', '0', '0' + s[i]>>3&3, '0' + s[i]&7})
		case c == '\\' && i+1 == len(s):
			b.WriteString(`\\`)
		case c == '\\':
			i++
			if strings.IndexByte(known, s[i]) >= 0 {
				b.WriteByte('\\')
			}
			plain(&b, s[i])
		default:
			plain(&b, c)
		}
	}
	return b.String()
}

// plain writes a character, as an octal escape where it is none of ASCII's that
// can be shown.
func plain(b *strings.Builder, c byte) {
	if c < ' ' || c >= 0x7f {
		b.Write([]byte{'\\', '0' + c>>6, '0' + c>>3&7, '0' + c&7})
		return
	}
	b.WriteByte(c)
}

// vendorCommand is the beginning of commands like AT^SYSCFG, whose ^ stands for
// itself.
var vendorCommand = regexp.MustCompile(`(?i)^AT\^[A-Z][A-Z0-9]{2}`)

// inQuotes makes one word of s.
func inQuotes(s string) string {
	switch {
	case s == "":
		return `""`
	case !strings.ContainsAny(s, " ") && s[0] != '"' && s[0] != '\'':
		return s
	case !strings.Contains(s, `"`):
		return `"` + s + `"`
	}
	s = strings.ReplaceAll(s, " ", `\s`)
	switch s[0] {
	case '"':
		s = `\042` + s[1:]
	case '\'':
		s = `\047` + s[1:]
	}
	return s
}
