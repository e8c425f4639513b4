package dial

import (
	"errors"
	"strings"

	"pppdial/dial/chat"
)

// earlyEnds are the answers after which CONNECT does not come any more. Scripts
// of Dialers are older than ABORT, and would wait for a minute.
var earlyEnds = func() []chat.Step {
	s, err := chat.Parse(`ABORT BUSY ABORT "NO CARRIER" ABORT "NO DIALTONE" ABORT "NO DIAL TONE" ABORT "NO ANSWER"`, nil)
	if err != nil {
		panic(err)
	}
	return s.Steps
}()

// endEarly makes a dialer's script end with them from where it waits for CONNECT;
// at is the number of that step. A script that says itself what ends it, or what
// to do when CONNECT does not come, stays as it is.
func endEarly(s chat.Script) (_ chat.Script, at int) {
	for i, step := range s.Steps {
		text := step.String()
		switch {
		case strings.HasPrefix(text, "ABORT"):
			return s, 0
		case strings.HasPrefix(text, "expect") && strings.Contains(text, "CONNECT") && at == 0:
			if strings.Contains(text, "else send") {
				return s, 0
			}
			at = i + 1
		}
	}
	if at == 0 {
		return s, 0
	}
	steps := append([]chat.Step{}, s.Steps[:at-1]...)
	steps = append(steps, earlyEnds...)
	return chat.Script{Steps: append(steps, s.Steps[at-1:]...)}, at
}

// inScript gives an error the step's number in the script as it was written.
func inScript(err error, at int) error {
	if e := new(chat.Error); at > 0 && errors.As(err, &e) && e.Step > at {
		e.Step -= len(earlyEnds)
	}
	return err
}
