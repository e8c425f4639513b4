package chat

import (
	"errors"
	"fmt"
	"sort"
	"strings"
	"time"
	"unicode/utf8"
)

// A Word is one word of a script, with its quotes taken off and its escapes as
// they stand.
type Word struct {
	Text  string
	Where string // "file:line:col", for messages
	Off   int    // of Text's first byte in what was split
}

// String gives the place, not the text, which may be a password.
func (w Word) String() string { return w.Where }

// A Script is a conversation, ready to be run. The zero Script says nothing.
type Script struct {
	Steps []Step
}

// A Step is one expect with its sub-expects, one send, or one directive.
type Step struct {
	Where string // of its first word

	kind  kind
	turns []turn   // expect
	send  *message // send
	match pattern  // abort, clearAbort, report, clearReport
	say   string
	wait  time.Duration // timeout; 0 stands for the default
	on    bool          // echo, hangup
}

// String gives the step in the words of scripts, secrets left out.
func (s Step) String() string {
	switch s.kind {
	case expect:
		var b strings.Builder
		b.WriteString("expect")
		for _, t := range s.turns {
			fmt.Fprintf(&b, " %v", t.want)
			if t.reply != nil {
				fmt.Fprintf(&b, " else send %q", t.reply.String())
			}
		}
		return b.String()
	case send:
		return fmt.Sprintf("send %q", s.send.String())
	case timeout:
		return fmt.Sprintf("%v %d", s.kind, s.wait/time.Second)
	case say:
		return fmt.Sprintf("%v %q", s.kind, s.say)
	case echo, hangup:
		if s.on {
			return s.kind.String() + " ON"
		}
		return s.kind.String() + " OFF"
	}
	return fmt.Sprintf("%v %v", s.kind, s.match)
}

// kind is what a step does.
type kind uint8

const (
	expect kind = iota
	send
	abort
	clearAbort
	report
	clearReport
	timeout
	say
	echo
	hangup
)

var kindNames = [...]string{
	"expect", "send", "ABORT", "CLR_ABORT", "REPORT", "CLR_REPORT", "TIMEOUT", "SAY", "ECHO", "HANGUP",
}

func (k kind) String() string { return kindNames[k] }

// A turn is one part of an expect word: what to wait for, and what to send when
// it does not come, nil for the end of the script.
type turn struct {
	want  pattern
	reply *message
}

// A SyntaxError is one fault of a script. It quotes no more of the script than
// an escape, since any word may be a password.
type SyntaxError struct {
	Where string // "file:line:col"
	Off   int    // bytes from the beginning of what was parsed
	Msg   string
	Hint  string // what to write instead
}

func (e *SyntaxError) Error() string {
	s := "chat: " + e.Msg
	if e.Where != "" {
		s = e.Where + ": " + s
	}
	if e.Hint != "" {
		s += "; " + e.Hint
	}
	return s
}

// Parse reads a script that is one string: the tail of a Systems or Dialers
// line, a value of chat=, login_chat= or hangup_chat=. where, if not nil, turns
// an offset in text into a place for messages. The error joins a *SyntaxError
// for every fault.
func Parse(text string, where func(off int) string) (Script, error) {
	words, faults := split(text, where)
	p := parser{words: words, where: where, faults: faults}
	return p.parse()
}

// Check judges a script that stands in a control file. col is the place of its
// first fault in script, in bytes from 1, and 0 without one.
func Check(script string) (col int, err error) {
	_, err = Parse(script, nil)
	var fault *SyntaxError
	if errors.As(err, &fault) {
		return fault.Off + 1, fault
	}
	return 0, nil
}

// ParseWords reads a script that is split into words already.
func ParseWords(words []Word) (Script, error) {
	p := parser{words: words}
	return p.parse()
}

// ParseFile reads a script file as chat(8) has them: words on as many lines as
// one likes, and lines that begin with # for remarks. In such a file a send
// that begins with @ names another file to chat(8); it is refused here.
func ParseFile(name string, src []byte) (Script, error) {
	text := string(src)
	lines := []int{0} // where each line begins
	for i := range len(text) {
		if text[i] == '\n' {
			lines = append(lines, i+1)
		}
	}
	where := func(off int) string {
		n := sort.SearchInts(lines, off+1) // lines that begin at off or before
		return fmt.Sprintf("%s:%d:%d", name, n, utf8.RuneCountInString(text[lines[n-1]:off])+1)
	}
	words, faults := split(withoutRemarks(text), where)
	p := parser{words: words, where: where, faults: faults, chatFile: true}
	return p.parse()
}
